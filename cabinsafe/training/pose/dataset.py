"""COCO keypoint annotations read into the network's own keypoint order."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from cabinsafe.errors import DataError
from cabinsafe.training.pose.evaluate import COCO_KEYPOINTS
from cabinsafe.training.pose.layout import KEYPOINTS

_NECK: Final = KEYPOINTS.index("neck")
_SHOULDERS: Final = (KEYPOINTS.index("left_shoulder"), KEYPOINTS.index("right_shoulder"))

_REQUIRED: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "images": frozenset({"id", "file_name"}),
        "annotations": frozenset({"image_id", "keypoints", "num_keypoints", "iscrowd", "bbox"}),
        "categories": frozenset({"id"}),
    }
)
"""Lists of a COCO keypoint file, and the keys that each of their entries must have."""


@dataclass(frozen=True)
class LabelledImage:
    """One image's people; all coordinates are its own pixels, continuous, x right, y down.

    Attributes:
        image_id: COCO image id.
        path: the image file.
        xy: (N, 18, 2) float32 keypoints, NaN where unlabelled.
        boxes: (N, 4) float32 corners x0, y0, x1, y1 of the same people.
        ignored: (M, 4) float32 corners of crowds and of people without labelled keypoints.
    """

    image_id: int
    path: Path
    xy: NDArray[np.float32]
    boxes: NDArray[np.float32]
    ignored: NDArray[np.float32]


def read_annotations(path: Path) -> dict[str, Any]:
    """Read a COCO keypoint file.

    Raises:
        DataError: missing, not JSON, or not a COCO keypoint file.
    """
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: not a readable annotation file: {error}") from error
    for name, keys in _REQUIRED.items():
        entries = content.get(name) if isinstance(content, dict) else None
        if not isinstance(entries, list):
            raise DataError(f"{path}: not a COCO keypoint file: it has no list '{name}'")
        for number, entry in enumerate(entries):
            missing = keys - set(entry)
            if missing:
                raise DataError(f"{path}: {name}[{number}] lacks {', '.join(sorted(missing))}")
    return content


def require_images(annotations: Mapping[str, Any], folder: Path) -> None:
    """Check that every annotated image is there, before anything slow begins.

    Raises:
        DataError: the folder or an image is missing.
    """
    if not folder.is_dir():
        raise DataError(f"no folder of images: {folder}")
    names = [image["file_name"] for image in annotations["images"]]
    missing = [name for name in names if not (folder / name).is_file()]
    if missing:
        raise DataError(f"{folder}: {len(missing)} of {len(names)} images are missing, first {missing[0]}")


def keypoints_of(annotation: Mapping[str, Any]) -> NDArray[np.float32]:
    """Return one person's (18, 2) keypoints in the network's order.

    The neck is the midpoint of the shoulders, and only where both are labelled.
    """
    rows = np.asarray(annotation["keypoints"], np.float32).reshape(len(COCO_KEYPOINTS), 3)
    xy = np.full((len(KEYPOINTS), 2), np.nan, np.float32)
    for name, (x, y, visibility) in zip(COCO_KEYPOINTS, rows, strict=True):
        if visibility > 0:
            xy[KEYPOINTS.index(name)] = (x, y)
    left, right = _SHOULDERS
    xy[_NECK] = (xy[left] + xy[right]) / 2
    return xy


def labelled_images(
    annotations: Mapping[str, Any], folder: Path, image_ids: Iterable[int]
) -> list[LabelledImage]:
    """Return the images of the given ids, in the order of the ids.

    Raises:
        KeyError: an id is not in the annotations.
    """
    names = {image["id"]: image["file_name"] for image in annotations["images"]}
    people: dict[int, list[Mapping[str, Any]]] = {}
    for annotation in annotations["annotations"]:
        people.setdefault(annotation["image_id"], []).append(annotation)
    return [_labelled(i, folder / names[i], people.get(i, [])) for i in image_ids]


def _labelled(image_id: int, path: Path, people: list[Mapping[str, Any]]) -> LabelledImage:
    used = [p for p in people if p["num_keypoints"] > 0 and not p["iscrowd"]]
    unused = [p for p in people if p["num_keypoints"] == 0 or p["iscrowd"]]
    xy = [keypoints_of(person) for person in used]
    shape = (len(used), len(KEYPOINTS), 2)
    return LabelledImage(
        image_id=image_id,
        path=path,
        xy=np.asarray(xy, np.float32).reshape(shape),
        boxes=_corners(used),
        ignored=_corners(unused),
    )


def _corners(people: list[Mapping[str, Any]]) -> NDArray[np.float32]:
    boxes = np.asarray([person["bbox"] for person in people], np.float32).reshape(-1, 4)
    boxes[:, 2:] += boxes[:, :2]
    return boxes


def load_bgr(path: Path) -> NDArray[np.uint8]:
    """Read an image as (H, W, 3) uint8 BGR.

    Raises:
        DataError: the file is missing or no image.
    """
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise DataError(f"no readable image: {path}")
    return np.asarray(image, np.uint8)


def load_at_most(labelled: LabelledImage, longest_px: int) -> tuple[NDArray[np.uint8], LabelledImage]:
    """Read an image, shrunk where its longer side exceeds a limit, and its labels in the pixels read.

    Shrinking by area first keeps the bilinear warp of the augmentation from aliasing.

    Raises:
        DataError: the file is missing or no image.
    """
    image = load_bgr(labelled.path)
    height, width = image.shape[:2]
    scale = longest_px / max(height, width)
    if scale >= 1:
        return image, labelled
    size_wh = (max(round(width * scale), 1), max(round(height * scale), 1))
    factor = np.array([size_wh[0] / width, size_wh[1] / height], np.float32)
    moved = replace(
        labelled,
        xy=labelled.xy * factor,
        boxes=labelled.boxes * np.tile(factor, 2),
        ignored=labelled.ignored * np.tile(factor, 2),
    )
    return np.asarray(cv2.resize(image, size_wh, interpolation=cv2.INTER_AREA), np.uint8), moved
