"""The library's own keypoint file, written from what a source says."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from os.path import isfile
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from cabinsafe.data.convert.people import AREA_OF_BOX, Labels, Person, Picture
from cabinsafe.data.keypoints import KEYPOINTS
from cabinsafe.errors import DataError
from cabinsafe.whole_files import replace_file

_PERSON: Final = 1  # category id
_NECK: Final = KEYPOINTS.index("neck")
_SHOULDERS: Final = (KEYPOINTS.index("left_shoulder"), KEYPOINTS.index("right_shoulder"))
_DIGITS: Final = 2


@dataclass(frozen=True)
class Summary:
    """What was written.

    Attributes:
        images: how many, with and without people.
        people: with labelled keypoints.
        ignored: crowds and people without.
        keypoints: labelled ones of all people, derived necks among them.
        derived_necks: how many necks are the middle of two shoulders.
        left_out: how many of what had no place in the file.
    """

    images: int
    people: int
    ignored: int
    keypoints: int
    derived_necks: int
    left_out: dict[str, int]


def write_labels(labels: Labels, out: Path, source: Path, folder: Path) -> Summary:
    """Write labels as a file for :func:`~cabinsafe.data.read_keypoints`; whole or not at all.

    Args:
        labels: what to write.
        out: the file.
        source: where the labels are from, for messages.
        folder: of images.

    Raises:
        DataError: an image is missing or is there twice, a box is none, or nobody has a labelled keypoint.
        OutputError: the file cannot be written.
    """
    _require_distinct(labels.pictures, source)
    _require_images(labels.pictures, folder)
    _require_boxes(labels.pictures, source)
    people = [person for picture in labels.pictures for person in picture.people]
    rows, derived = with_necks(np.array([person.rows for person in people]).reshape(-1, len(KEYPOINTS), 3))
    counts = np.count_nonzero(rows[..., 2], axis=1)
    labelled = (counts > 0) & ~np.array([person.is_crowd for person in people], bool)
    if not labelled.any():
        raise DataError(f"{source}: no people: {len(labels.pictures)} images without a labelled keypoint")
    content = {
        "images": list(_image_entries(labels.pictures)),
        "annotations": list(_annotation_entries(labels.pictures, rows)),
        "categories": [{"id": _PERSON, "name": "person", "keypoints": list(KEYPOINTS)}],
    }
    try:
        text = json.dumps(content, separators=(",", ":"), allow_nan=False)
    except ValueError as error:
        raise DataError(f"{source}: it has an attribute that is not finite: {error}") from error
    replace_file(out, text.encode() + b"\n")
    return Summary(
        images=len(labels.pictures),
        people=int(labelled.sum()),
        ignored=int((~labelled).sum()),
        keypoints=int(counts[labelled].sum()),
        derived_necks=int(derived[labelled].sum()),
        left_out={what: count for what, count in labels.left_out.items() if count},
    )


def with_necks(rows: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Derive the necks that are not labelled, where both shoulders are.

    Args:
        rows: (M, 18, 3) x, y and visibility.

    Returns:
        The rows with necks in the middle of the shoulders, as visible as the less visible of them, and
        which (M,) are derived.
    """
    shoulders = rows[:, _SHOULDERS]
    derived = (rows[:, _NECK, 2] == 0) & (shoulders[..., 2] > 0).all(axis=1)
    necks = np.concatenate((shoulders[..., :2].mean(axis=1), shoulders[..., 2:].min(axis=1)), axis=1)
    completed = rows.copy()
    completed[derived, _NECK] = necks[derived]
    return completed, derived


def _require_distinct(pictures: list[Picture], source: Path) -> None:
    names = [picture.file_name for picture in pictures]
    ids = [str(picture.image_id) for picture in pictures if picture.image_id is not None]
    for what, values in (("image", names), ("image id", ids)):
        value, count = Counter(values).most_common(1)[0] if values else ("", 0)
        if count > 1:
            raise DataError(f"{source}: the {what} {value} is there {count} times")


def _require_images(pictures: list[Picture], folder: Path) -> None:
    missing = [picture.file_name for picture in pictures if not isfile(folder / picture.file_name)]
    if missing:
        raise DataError(f"{folder}: {len(missing)} of {len(pictures)} images are missing, first {missing[0]}")


def _require_boxes(pictures: list[Picture], source: Path) -> None:
    boxes = np.array([person.box for picture in pictures for person in picture.people]).reshape(-1, 4)
    with np.errstate(over="ignore"):
        right = np.isfinite(boxes[:, 2:].prod(axis=1)) & np.isfinite(boxes).all(axis=1)
    wrong = np.flatnonzero(~(right & (boxes[:, 2:] >= 0).all(axis=1)))
    if len(wrong):
        names = [picture.file_name for picture in pictures for _ in picture.people]
        raise DataError(
            f"{source}: {names[wrong[0]]}: expected a box of left, top, width and height, "
            f"got {boxes[wrong[0]].tolist()}"
        )


def _image_entries(pictures: list[Picture]) -> Iterator[dict[str, Any]]:
    for number, picture in enumerate(pictures, start=1):
        size = {} if picture.size_wh is None else dict(zip(("width", "height"), picture.size_wh, strict=True))
        yield {
            **picture.attributes,
            "id": _image_id(picture, number),
            "file_name": picture.file_name,
            **size,
        }


def _annotation_entries(pictures: list[Picture], rows: NDArray[np.float64]) -> Iterator[dict[str, Any]]:
    remaining = iter(rows)
    annotation_id = 0
    for number, picture in enumerate(pictures, start=1):
        for person in picture.people:
            annotation_id += 1
            yield {
                **person.attributes,
                "id": annotation_id,
                "image_id": _image_id(picture, number),
                "category_id": _PERSON,
                **_measures(person),
                **_keypoints(next(remaining)),
            }


def _image_id(picture: Picture, number: int) -> int:
    return number if picture.image_id is None else picture.image_id


def _measures(person: Person) -> dict[str, Any]:
    _, _, width, height = person.box
    area = AREA_OF_BOX * width * height if person.area is None else person.area
    return {
        "bbox": [round(value, _DIGITS) for value in person.box],
        "area": round(area, _DIGITS),
        "iscrowd": int(person.is_crowd),
    }


def _keypoints(rows: NDArray[np.float64]) -> dict[str, Any]:
    flat: list[float] = []
    for x, y, visibility in rows.round(_DIGITS).tolist():
        flat += (x, y, int(visibility)) if visibility else (0, 0, 0)
    return {"keypoints": flat, "num_keypoints": int(np.count_nonzero(rows[:, 2]))}
