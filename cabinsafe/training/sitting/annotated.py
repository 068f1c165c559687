"""Labelled skeletons from COCO-style keypoints of people with a posture, and what a network sees there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from cabinsafe.data import KEYPOINTS, read_keypoints
from cabinsafe.data.keypoints import LabelledImage
from cabinsafe.data.posture import SAFE, posture, posture_of
from cabinsafe.detectors.features import FEATURE_KEYPOINTS, upright
from cabinsafe.detectors.unsafe_sitting import UnsafeSittingOptions, judged_points
from cabinsafe.errors import DataError
from cabinsafe.geometry import XY
from cabinsafe.training.sitting.samples import Array, Samples, make
from cabinsafe.training.sitting.sight import Sight, match

SEAT_MIDDLE = "seat_middle"
_ORDER = tuple(KEYPOINTS.index(name) for name in FEATURE_KEYPOINTS)


class Labelled(NamedTuple):
    """One skeleton with its label, on the way to :class:`~cabinsafe.training.sitting.samples.Samples`."""

    points: Array
    label: str
    vehicle: str
    person: str
    source: str
    note: str


def gather(rows: Iterator[Labelled]) -> Samples:
    """Samples of such rows."""
    columns = list(zip(*rows, strict=True)) or [()] * len(Labelled._fields)
    return make(*columns)


def read_annotated(
    path: Path,
    sight: Sight | None,
    options: UnsafeSittingOptions,
    looks: int = 1,
    advance: Callable[[], None] = lambda: None,
) -> Samples:
    """Skeletons of an annotation file: the labelled ones and, with a ``sight``, those it sees.

    A person's attribute ``seat_middle`` is the x, y of the middle of their cushion in pixels, where that is
    known. A person's label is its attribute ``posture``; in sets of ``cabinsafe synth images`` it is what the
    rendered body does. People without a label are left out. Images name their ``vehicle``, people their
    ``person``; each picture of a synthetic set is a vehicle with people of its own.

    Args:
        path: the file, its pictures in ``images/`` beside it or else right beside it.
        sight: looks at the pictures; None leaves them closed.
        looks: how often at pictures of somebody unsafe, of whom there are few, each time in another way; see
            :class:`~cabinsafe.training.sitting.sight.Sight`. Once at the others.
        options: which keypoints the detector would judge by.
        advance: called after each picture.

    Raises:
        DataError: no such file, an image without a vehicle, or an unknown posture.
        MediaError: a picture cannot be read.
    """
    keypoints = read_keypoints(path)
    folder = path.parent / "images"
    folder = folder if folder.is_dir() else path.parent
    if sight is not None:
        keypoints.require_images(folder)
    images = keypoints.labelled_images(folder, KEYPOINTS)
    return gather(row for image in images for row in _people(path, image, sight, options, looks, advance))


def _people(
    path: Path,
    image: LabelledImage,
    sight: Sight | None,
    options: UnsafeSittingOptions,
    looks: int,
    advance: Callable[[], None],
) -> Iterator[Labelled]:
    where = f"{path}: image {image.image_id}"
    mirrored = bool(image.attributes.get("mirrored", False))
    vehicle = _vehicle(path, image, where)
    known = [
        (label, str(person.get("person", f"{vehicle}/{number}")), str(person.get("style", label)))
        if (label := _label(person, where))
        else None
        for number, person in enumerate(image.people)
    ]
    seats = [_seat(person, where) for person in image.people]
    for one, xy, seat in zip(known, image.xy, seats, strict=True):
        if one is not None:
            points = upright(np.vstack([xy[list(_ORDER)], seat or (np.nan, np.nan)]), mirrored)
            yield Labelled(points, one[0], vehicle, one[1], "labelled", one[2])
    for look in range(_looks(known, looks)):
        seen = [] if sight is None else sight.people(image.path, mirrored, look)
        for skeleton, owner in zip(seen, match(seen, image.xy.astype(np.float64)), strict=True):
            one = known[owner] if owner >= 0 else None
            if one is not None:
                points = judged_points(skeleton, seats[owner], options, mirrored)
                yield Labelled(points, one[0], vehicle, one[1], "seen", one[2])
    advance()


def _looks(known: Sequence[tuple[str, str, str] | None], most: int) -> int:
    labels = {one[0] for one in known if one}
    return most if labels - {SAFE} else min(len(labels), most)


def _vehicle(path: Path, image: LabelledImage, where: str) -> str:
    if "vehicle" in image.attributes:
        return str(image.attributes["vehicle"])
    if {"seed", "cabin"} <= image.attributes.keys():
        return f"{path.parent.name}/{image.attributes['seed']}"
    raise DataError(
        f"{where} lacks 'vehicle': training must know which pictures show the same cabin, so that it never "
        "measures on what it has learnt from"
    )


def _seat(person: Mapping[str, Any], where: str) -> XY | None:
    middle = person.get(SEAT_MIDDLE)
    if middle is None:
        return None
    try:
        x, y = map(float, middle)
    except (TypeError, ValueError):
        raise DataError(f"{where}: expected '{SEAT_MIDDLE}' to be [x, y] in pixels, got {middle!r}") from None
    return x, y


def _label(person: Mapping[str, Any], where: str) -> str | None:
    if "posture" in person:
        return posture(person["posture"], where)
    if not {"sitting", "style", "events"} <= person.keys():
        return None
    kinds = {event["kind"] for event in person["events"]}
    return posture_of(person["sitting"], person["style"], kinds, where)
