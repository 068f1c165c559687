"""How varied a set of pictures is: how often each cabin, camera, light, style, event ... comes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

OF_IMAGES = ("cabin", "drive_side", "mount", "lens", "mirrored", "light", "scenery", "mono", "people_count")
OF_PEOPLE = ("seat", "style", "sitting", "near_miss_of", "is_child", "belted", "covering")
OF_LOOKS = ("hair", "beard", "top", "bottom", "shoes", "hat", "glasses", "carried")


def variety(labels: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Counts over the records of :func:`~cabinsafe.synthetic.labels.picture_label`.

    Returns:
        ``images`` and ``people``: how many; ``events``: how often each kind holds; and under each of the
        names above how often each value comes, the most frequent first.
    """
    images = people = 0
    counts: dict[str, Counter[str]] = {
        name: Counter() for name in (*OF_IMAGES, "events", *OF_PEOPLE, *OF_LOOKS, "keypoints")
    }
    for label in labels:
        images += 1
        _count(counts, OF_IMAGES, label["image"])
        counts["events"].update(event["kind"] for event in label["image"]["events"])
        for person in label["annotations"]:
            people += 1
            _count(counts, OF_PEOPLE, person)
            _count(counts, OF_LOOKS, person["look"])
            counts["keypoints"].update(_SHOWN[int(v)] for v in person["keypoints"][2::3])
    ordered = {
        name: dict(sorted(c.items(), key=lambda item: (-item[1], item[0]))) for name, c in counts.items()
    }
    return {"images": images, "people": people, **ordered}


_SHOWN = ("outside", "hidden", "seen")


def _count(counts: Mapping[str, Counter[str]], names: Iterable[str], values: Mapping[str, Any]) -> None:
    for name in names:
        counts[name][_word(values[name])] += 1


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value is None else str(value)
