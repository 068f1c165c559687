"""COCO keypoint files as downloaded: ``person_keypoints_train2017.json`` (cocodataset.org, "Data format").

COCO numbers pixels: its keypoints are whole numbers, the top-left pixel is (0, 0). Its boxes are continuous,
as all is here, where the centre of that pixel is (0.5, 0.5); so half a pixel is added to keypoints that are
all whole numbers. Files with fractions are taken to be continuous.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, Field

from cabinsafe.data.coco_file import COCO_KEYPOINTS, keypoint_values
from cabinsafe.data.convert.names import KeypointNames
from cabinsafe.data.convert.people import Labels, Person, Picture, outside
from cabinsafe.data.convert.source import Entry, Pixels, checked, read_json
from cabinsafe.data.keypoints import KEYPOINTS
from cabinsafe.errors import DataError

_COUNTED: Final = frozenset({"num_keypoints"})  # anew, with the neck


class _Image(Entry):
    model_config = ConfigDict(extra="allow")

    id: int
    file_name: str
    width: Pixels
    height: Pixels


class _Annotation(Entry):
    model_config = ConfigDict(extra="allow")

    id: int
    image_id: int
    category_id: int
    keypoints: list[float]
    bbox: tuple[float, float, float, float]
    area: float | None = None
    iscrowd: int = Field(0, ge=0, le=1)


class _Category(Entry):
    id: int
    keypoints: tuple[str, ...] = ()


class _File(Entry):
    images: list[_Image]
    annotations: list[_Annotation]
    categories: list[_Category] = Field(min_length=1)


def read_labels(source: Path, _folder: Path, names: KeypointNames) -> Labels:
    """Read a COCO keypoint file; crowds stay crowds, outlines are left out.

    Raises:
        DataError: it is no such file, or has a keypoint that is not known.
    """
    content = checked(source, _File, read_json(source, _without_outline), "a COCO keypoint file")
    category = _people(source, content.categories)
    chosen = [annotation for annotation in content.annotations if annotation.category_id == category.id]
    images = {image.id: image for image in content.images}
    for annotation in chosen:
        if annotation.image_id not in images:
            raise DataError(
                f"{source}: annotation {annotation.id} is of image {annotation.image_id}, not in images"
            )
    rows = _rows(source, category.keypoints or COCO_KEYPOINTS, chosen, names)
    sizes = [(images[each.image_id].width, images[each.image_id].height) for each in chosen]
    strays = outside(rows, np.reshape(sizes, (-1, 1, 2)))
    rows[strays] = 0
    left_out = Counter(
        {
            "keypoints outside their image": int(strays.sum()),
            "annotations of other categories": len(content.annotations) - len(chosen),
        }
    )
    people: dict[int, list[Person]] = {image_id: [] for image_id in images}
    for annotation, own in zip(chosen, rows, strict=True):
        people[annotation.image_id].append(_person(annotation, own))
    return Labels([_picture(image, people[image.id]) for image in content.images], left_out)


def _without_outline(values: dict[str, Any]) -> dict[str, Any]:
    """Nine tenths of COCO's files are outlines."""
    values.pop("segmentation", None)
    return values


def _people(source: Path, categories: list[_Category]) -> _Category:
    named = [category for category in categories if category.keypoints] or categories
    if len(named) != 1:
        raise DataError(f"{source}: expected one category with keypoints, a person; got {len(named)}")
    return named[0]


def _rows(
    source: Path, given_names: tuple[str, ...], annotations: list[_Annotation], names: KeypointNames
) -> NDArray[np.float64]:
    """Return x, y and visibility (M, 18, 3), continuous, in the order of :data:`KEYPOINTS`."""
    given = keypoint_values(
        source,
        [annotation.keypoints for annotation in annotations],
        given_names,
        lambda n: f"annotation {annotations[n].id}",
    )
    labelled = given[given[..., 2] > 0, :2]
    if (labelled == np.floor(labelled)).all():
        given[..., :2] += 0.5
    rows = np.zeros((len(given), len(KEYPOINTS), 3))
    taken: set[int] = set()
    for column, name in enumerate(given_names):
        place = names.place(name, str(source))
        if place is not None:
            if place in taken:
                raise DataError(f"{source}: two of its keypoints are {KEYPOINTS[place]}")
            taken.add(place)
            rows[:, place] = given[:, column]
    return rows


def _person(annotation: _Annotation, rows: NDArray[np.float64]) -> Person:
    extra = annotation.model_extra or {}
    return Person(
        rows,
        annotation.bbox,
        annotation.area,
        bool(annotation.iscrowd),
        {key: value for key, value in extra.items() if key not in _COUNTED},
    )


def _picture(image: _Image, people: list[Person]) -> Picture:
    return Picture(
        image.file_name, (image.width, image.height), tuple(people), image.id, image.model_extra or {}
    )
