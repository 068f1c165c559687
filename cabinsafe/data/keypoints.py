"""Labelled keypoints of people in images: COCO-style files read into the library's own 18 keypoints."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from cabinsafe.data.coco_file import (
    COCO_KEYPOINTS,
    AnnotationEntry,
    CocoFile,
    ImageEntry,
    keypoint_values,
    read_coco,
)
from cabinsafe.errors import DataError

KEYPOINTS: Final[tuple[str, ...]] = (*COCO_KEYPOINTS, "neck")
"""The 18 keypoints of the library's pose layouts, in the order of trt_pose."""

_NECK: Final = KEYPOINTS.index("neck")
_SHOULDERS: Final = (KEYPOINTS.index("left_shoulder"), KEYPOINTS.index("right_shoulder"))
_SCORED: Final = frozenset({"area", "category_id"})


@dataclass(frozen=True)
class LabelledImage:
    """One image's people; all coordinates are its own pixels, continuous, x right, y down.

    Attributes:
        image_id: id in the file.
        path: the image file.
        xy: (N, K, 2) float32 keypoints, NaN where unlabelled.
        visibility: (N, K) uint8: 0 unlabelled, 1 labelled but hidden, 2 visible.
        boxes: (N, 4) float32 corners x0, y0, x1, y1 of the same people.
        ignored: (M, 4) float32 corners of crowds and of people without labelled keypoints.
        attributes: keys that the file gives the image beside those above.
        people: the same for each of the N people, such as the seat.
    """

    image_id: int
    path: Path
    xy: NDArray[np.float32]
    visibility: NDArray[np.uint8]
    boxes: NDArray[np.float32]
    ignored: NDArray[np.float32]
    attributes: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    people: tuple[Mapping[str, Any], ...] = ()


class KeypointSet:
    """A COCO-style keypoint file, read by :func:`read_keypoints`.

    Attributes:
        path: the file.
        keypoints: names of the file's own keypoints, in its order.
    """

    def __init__(self, path: Path, content: CocoFile) -> None:
        self.path = path
        self.keypoints = content.categories[0].keypoints
        self._content = content
        self._rows = _rows(path, content)
        self._images = {image.id: image for image in content.images}
        self._people: dict[int, list[int]] = {image_id: [] for image_id in self._images}
        for place, annotation in enumerate(content.annotations):
            self._people[annotation.image_id].append(place)

    @property
    def image_ids(self) -> list[int]:
        """Ids of all images, in the file's order."""
        return list(self._images)

    def require_images(self, folder: Path) -> None:
        """Check that every image is in a folder, before anything slow begins.

        Raises:
            DataError: the folder or an image is missing.
        """
        if not folder.is_dir():
            raise DataError(f"no folder of images: {folder}")
        names = [image.file_name for image in self._images.values()]
        missing = [name for name in names if not (folder / name).is_file()]
        if missing:
            raise DataError(
                f"{folder}: {len(missing)} of {len(names)} images are missing, first {missing[0]}"
            )

    def labelled_images(
        self, folder: Path, keypoints: Sequence[str], image_ids: Iterable[int] | None = None
    ) -> list[LabelledImage]:
        """Images with their people.

        The neck is as labelled where the file has it; else it is the midpoint of the shoulders, only where
        both are labelled, and as visible as the less visible of the two.

        Args:
            folder: where the images are.
            keypoints: the K names in the order that the arrays shall have, from :data:`KEYPOINTS`; those
                that the file lacks are unlabelled.
            image_ids: which images, in this order; by default all.

        Raises:
            DataError: the file has no such image, or the library no such keypoint.
        """
        order = _places(self.path, keypoints)
        wanted = self.image_ids if image_ids is None else list(image_ids)
        unknown = [image_id for image_id in wanted if image_id not in self._images]
        if unknown:
            raise DataError(f"{self.path}: it has no image with the id {unknown[0]}")
        return [self._labelled(self._images[image_id], folder, order) for image_id in wanted]

    def _labelled(self, image: ImageEntry, folder: Path, order: list[int]) -> LabelledImage:
        people = [(place, self._content.annotations[place]) for place in self._people[image.id]]
        used = [(place, person) for place, person in people if person.num_keypoints and not person.iscrowd]
        unused = [person for _, person in people if not person.num_keypoints or person.iscrowd]
        rows = self._rows[[place for place, _ in used]][:, order]
        return LabelledImage(
            image_id=image.id,
            path=folder / image.file_name,
            xy=rows[..., :2].astype(np.float32),
            visibility=rows[..., 2].astype(np.uint8),
            boxes=_corners(person for _, person in used),
            ignored=_corners(unused),
            attributes=image.model_extra or {},
            people=tuple(person.model_extra or {} for _, person in used),
        )

    def coco(self) -> dict[str, Any]:
        """The file as a dictionary with COCO's own 17 keypoints, as pycocotools scores them.

        Raises:
            DataError: an annotation lacks what scoring needs beside keypoints.
        """
        rows = np.nan_to_num(self._rows[:, : len(COCO_KEYPOINTS)], nan=0.0)
        annotations = []
        for number, (annotation, row) in enumerate(zip(self._content.annotations, rows, strict=True)):
            missing = _SCORED - (annotation.model_extra or {}).keys()
            if missing:
                raise DataError(f"{self.path}: annotations[{number}] lacks {', '.join(sorted(missing))}")
            labelled = int(np.count_nonzero(row[:, 2]))
            values = {"keypoints": row.ravel().tolist(), "num_keypoints": labelled}
            annotations.append(annotation.model_dump() | values)
        category = {"id": self._content.categories[0].id, "name": "person", "keypoints": list(COCO_KEYPOINTS)}
        return self._content.model_dump(exclude={"annotations", "categories"}) | {
            "annotations": annotations,
            "categories": [category],
        }


def read_keypoints(path: str | Path) -> KeypointSet:
    """Read a COCO-style keypoint file; ``categories[0].keypoints`` names its keypoints and their order.

    Without that list the keypoints are COCO's 17. All of the file is checked; images are not opened.

    Raises:
        DataError: missing, not JSON, or not such a file; the message names the entry.
    """
    return KeypointSet(Path(path), read_coco(Path(path)))


def _rows(path: Path, content: CocoFile) -> NDArray[np.float64]:
    """Return x, y and visibility (M, 18, 3) of every annotation, in the order of :data:`KEYPOINTS`."""
    names = content.categories[0].keypoints
    places = _places(path, names)
    given = keypoint_values(
        path, [a.keypoints for a in content.annotations], names, lambda n: f"annotations[{n}].keypoints"
    )
    rows = np.zeros((len(given), len(KEYPOINTS), 3))
    rows[:, places] = given
    rows[rows[..., 2] == 0, :2] = np.nan
    if "neck" not in names:
        rows[:, _NECK, :2] = rows[:, _SHOULDERS, :2].mean(axis=1)
        rows[:, _NECK, 2] = rows[:, _SHOULDERS, 2].min(axis=1)
    return rows


def _places(path: Path, names: Sequence[str]) -> list[int]:
    """Return the positions of different names in :data:`KEYPOINTS`."""
    strange = [name for name in names if name not in KEYPOINTS]
    if strange or len(set(names)) != len(names):
        raise DataError(
            f"{path}: keypoint names must differ and be among {', '.join(KEYPOINTS)}; "
            f"got {', '.join(strange or names)}"
        )
    return [KEYPOINTS.index(name) for name in names]


def _corners(people: Iterable[AnnotationEntry]) -> NDArray[np.float32]:
    boxes = np.array([person.bbox for person in people], np.float32).reshape(-1, 4)
    boxes[:, 2:] += boxes[:, :2]
    return boxes
