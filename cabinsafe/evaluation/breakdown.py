"""Average precision of a part: of some keypoints only, or of some people or images only."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from cabinsafe.data import COCO_KEYPOINTS
from cabinsafe.evaluation.accuracy import Accuracy, Prediction, measure
from cabinsafe.evaluation.attributes import known
from cabinsafe.evaluation.pairs import Annotation, Pairs, rows

KEYPOINT_GROUPS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "face": tuple(name for name in COCO_KEYPOINTS if name.endswith(("nose", "eye", "ear"))),
        "arms": tuple(name for name in COCO_KEYPOINTS if name.endswith(("shoulder", "elbow", "wrist"))),
        "hips and legs": tuple(name for name in COCO_KEYPOINTS if name.endswith(("hip", "knee", "ankle"))),
    }
)

ATTRIBUTES: Final = ("mount", "lens", "light", "style")
"""Those of images and people by which AP is broken down."""

Found = Mapping[int, Sequence[Prediction]]


def by_keypoints(found: Found, names: Sequence[str], pairs: Sequence[Pairs]) -> dict[str, Accuracy]:
    """AP with only the keypoints of each group counted, over people who have one of them labelled."""
    return {
        group: _measure_part(
            found,
            [name if name in members else "" for name in names],
            pairs,
            partial(_only_keypoints, members),
        )
        for group, members in KEYPOINT_GROUPS.items()
    }


def by_attribute(
    found: Found, names: Sequence[str], pairs: Sequence[Pairs], images: Mapping[int, Mapping[str, Any]]
) -> dict[str, dict[str, Accuracy]]:
    """AP over the people of each value of :data:`ATTRIBUTES`, in the images where that value occurs.

    Args:
        found: image id to its people.
        names: keypoint names of the predictions.
        pairs: all images.
        images: image id to its entry in the annotations.

    Returns:
        Attribute to its values to AP; attributes that nothing is known of are left out.
    """
    tables: dict[str, dict[str, Accuracy]] = {}
    for key in ATTRIBUTES:
        value_of = partial(_value, key, images)
        occurring = [
            {known(images[one.image_id]).get(key), *map(value_of, one.people)} - {None} for one in pairs
        ]
        for value in sorted({value for values in occurring for value in values if value is not None}):
            chosen = [one for one, values in zip(pairs, occurring, strict=True) if value in values]
            part = partial(_only_value, value_of, value)
            tables.setdefault(key, {})[value] = _measure_part(found, names, chosen, part)
    return tables


def _only_keypoints(members: Sequence[str], person: Annotation) -> Annotation:
    points = np.where(np.isin(COCO_KEYPOINTS, members)[:, None], rows(person), 0.0)
    labelled = int((points[:, 2] > 0).sum())
    return {**person, "keypoints": points.ravel().tolist(), "num_keypoints": labelled}


def _only_value(value_of: Callable[[Annotation], str | None], value: str, person: Annotation) -> Annotation:
    return person if value_of(person) == value else {**person, "num_keypoints": 0}


def _value(key: str, images: Mapping[int, Mapping[str, Any]], person: Annotation) -> str | None:
    return known(images[person["image_id"]], person).get(key)


def _measure_part(
    found: Found, names: Sequence[str], pairs: Sequence[Pairs], part: Callable[[Annotation], Annotation]
) -> Accuracy:
    """Score a part of everybody; people of whom nothing is left are left out with their predictions.

    A prediction goes with the person whom it is most like, however poor it is: otherwise those of other
    people would count as false.
    """
    people, kept_found = [], {}
    for one in pairs:
        parts = [part(person) for person in one.people]
        counts = np.array([*(p["num_keypoints"] > 0 for p in parts), True])  # the last: owned by nobody
        people += [p for p, counted in zip(parts, counts[:-1], strict=True) if counted]
        owned = zip(found[one.image_id], counts[one.owner] & ~one.excused, strict=True)
        kept_found[one.image_id] = [prediction for prediction, counted in owned if counted]
    return measure(kept_found, names, {"annotations": people})
