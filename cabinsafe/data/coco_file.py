"""The layout of a COCO keypoint file (cocodataset.org, "Data format"), and its strict reading."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cabinsafe.errors import DataError

COCO_KEYPOINTS: Final[tuple[str, ...]] = (
    "nose",
    *("left_eye", "right_eye", "left_ear", "right_ear"),
    *("left_shoulder", "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist"),
    *("left_hip", "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle"),
)
"""COCO's 17 keypoints in its own order (cocodataset.org, keypoint task)."""


class _Entry(BaseModel):
    """Keys beyond those named stay in ``model_extra``."""

    model_config = ConfigDict(extra="allow", frozen=True, allow_inf_nan=False)


class ImageEntry(_Entry):
    """One of ``images``."""

    id: int
    file_name: str


class AnnotationEntry(_Entry):
    """One of ``annotations``: a person, or a crowd. ``bbox`` is left, top, width, height."""

    id: int
    image_id: int
    keypoints: list[float]
    num_keypoints: int = Field(ge=0)
    iscrowd: int = Field(ge=0, le=1)
    bbox: tuple[float, float, float, float]


class CategoryEntry(_Entry):
    """The one of ``categories``: which keypoints a person has, and in which order."""

    id: int
    keypoints: tuple[str, ...] = Field(COCO_KEYPOINTS, min_length=1)


class CocoFile(_Entry):
    """A whole file."""

    images: list[ImageEntry]
    annotations: list[AnnotationEntry]
    categories: list[CategoryEntry]


def read_coco(path: Path) -> CocoFile:
    """Read a COCO keypoint file whose entries are whole and refer to each other as they should.

    Raises:
        DataError: it does not exist, is no JSON, or is no such file; the message names the entry.
    """
    try:
        content = CocoFile.model_validate_json(path.read_bytes())
    except OSError as error:
        raise DataError(f"{path}: not a readable annotation file: {error.strerror or error}") from error
    except ValidationError as error:
        raise DataError(f"{path}: {_first_refusal(error)}") from error
    if len(content.categories) != 1:
        raise DataError(f"{path}: expected one entry of categories, a person; got {len(content.categories)}")
    _require_distinct(path, "images", (image.id for image in content.images))
    _require_distinct(path, "annotations", (annotation.id for annotation in content.annotations))
    known = {image.id for image in content.images}
    for number, annotation in enumerate(content.annotations):
        if annotation.image_id not in known:
            raise DataError(f"{path}: annotations[{number}] is of image {annotation.image_id}, not in images")
    return content


def keypoint_values(
    path: Path, keypoints: Sequence[Sequence[float]], names: Sequence[str], place: Callable[[int], str]
) -> NDArray[np.float64]:
    """Return x, y and visibility (M, K, 3) of flat keypoint lists.

    Args:
        path: the file, for messages.
        keypoints: one flat list for each of M annotations.
        names: the K keypoints.
        place: what messages call an annotation, by its number.

    Raises:
        DataError: a list has another length, or a visibility is none.
    """
    for number, values in enumerate(keypoints):
        if len(values) != 3 * len(names):
            raise DataError(
                f"{path}: {place(number)}: expected 3 values for each of {len(names)} keypoints, "
                f"{3 * len(names)} in all, got {len(values)}"
            )
    given = np.array(keypoints, np.float64).reshape(-1, len(names), 3)
    odd = np.argwhere(~np.isin(given[..., 2], (0, 1, 2)))
    if len(odd):
        number, column = odd[0]
        raise DataError(
            f"{path}: {place(number)}: expected 0, 1 or 2 for the visibility of {names[column]}, "
            f"got {given[number, column, 2]:g}"
        )
    return given


def _require_distinct(path: Path, name: str, ids: Iterable[int]) -> None:
    repeated = [key for key, count in Counter(ids).items() if count > 1]
    if repeated:
        raise DataError(f"{path}: {len(repeated)} ids of {name} are used more than once, first {repeated[0]}")


def _first_refusal(error: ValidationError) -> str:
    """Only the first: a file of another layout would give one for every entry."""
    details: Any = error.errors()[0]
    location = details["loc"]
    if details["type"] == "json_invalid":
        return f"not a readable annotation file: {details['msg']}"
    if len(location) < 2:
        name = location[0] if location else "images"
        return f"not a COCO keypoint file: it has no list '{name}'"
    entry = f"{location[0]}[{location[1]}]"
    if details["type"] == "missing":
        return f"{entry} lacks {location[2]}"
    key = ".".join(map(str, (entry, *location[2:])))
    return f"{key}: {details['msg']}, got {details['input']!r:.80}"
