"""Exports of Label Studio in its format "JSON" (labelstud.io, "KeyPointLabels", "RectangleLabels").

The person of a keypoint is found by the first of these that it has:

1. the rectangle that it is nested under in the list of regions (``parentID``),
2. the rectangle that a relation joins it to, in either direction,
3. the only rectangle around it.

In a task without rectangles all keypoints are one person. A person's rectangle is the box. A choice made for
a keypoint ("per region"), or its note, that is one of :data:`HIDDEN_WORDS` makes it hidden. Choices made for
a rectangle stay with the person, under the name of their tag. Rectangles without keypoints labelled "person"
or "crowd" are regions to be ignored.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

from pydantic import Field, RootModel

from cabinsafe.data.convert.names import KeypointNames
from cabinsafe.data.convert.people import REGIONS, Box, Labels, Person, PersonRows, Picture, region
from cabinsafe.data.convert.source import Entry, Pixels, checked, find_image, read_json
from cabinsafe.errors import DataError

HIDDEN_WORDS: Final = frozenset({"hidden", "occluded", "invisible", "not visible"})
_IMAGES: Final = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff"})
_READ: Final = frozenset({"rectanglelabels", "keypointlabels", "relation", "choices"})
_NOBODY: Final = ""  # owns the keypoints of a task without rectangles


class _Value(Entry):
    x: float = 0.0
    y: float = 0.0
    width: float = 0.0
    height: float = 0.0
    rotation: float = 0.0
    keypointlabels: tuple[str, ...] = ()
    rectanglelabels: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()


class _Meta(Entry):
    text: tuple[str, ...] | str = ()


class _Result(Entry):
    """One of ``result``: a region, a choice made for the region of the same id, or a relation."""

    type: str
    id: str = ""
    parent: str | None = Field(None, alias="parentID")
    from_name: str = ""
    from_id: str = ""
    to_id: str = ""
    original_width: Pixels | None = None
    original_height: Pixels | None = None
    image_rotation: float = 0.0
    value: _Value = _Value()
    meta: _Meta = _Meta()

    @property
    def size_wh(self) -> tuple[int, int] | None:
        """Of the image, in pixels."""
        width, height = self.original_width, self.original_height
        return None if width is None or height is None else (width, height)


class _Annotation(Entry):
    result: list[_Result]
    was_cancelled: bool = False
    ground_truth: bool = False


class _Task(Entry):
    id: int
    data: dict[str, Any]
    annotations: list[_Annotation]


class _File(RootModel[list[_Task]]):
    pass


def read_labels(source: Path, folder: Path, names: KeypointNames) -> Labels:
    """Read an export; of several annotations of a task, the one that is marked as ground truth.

    Raises:
        DataError: it is no such file, or a region or an image in it cannot be used; the message says which.
    """
    tasks = checked(source, _File, read_json(source), "a Label Studio export of the format 'JSON'").root
    labels = Labels([])
    for task in tasks:
        where = f"{source}: task {task.id}"
        annotation = _chosen(task, where)
        if annotation is None:
            labels.left_out["tasks without an annotation"] += 1
            continue
        file_name = find_image(folder, _image_names(task, where), where)
        regions = _Regions(annotation.result, where)
        people = tuple(regions.people(names, labels.left_out))
        labels.pictures.append(Picture(file_name, regions.size_wh, people))
    return labels


def _chosen(task: _Task, where: str) -> _Annotation | None:
    valid = [annotation for annotation in task.annotations if not annotation.was_cancelled]
    chosen = [annotation for annotation in valid if annotation.ground_truth] if len(valid) > 1 else valid
    if len(chosen) != 1 and valid:
        raise DataError(f"{where}: {len(valid)} annotations; mark one of them as ground truth")
    return chosen[0] if chosen else None


def _image_names(task: _Task, where: str) -> list[str]:
    """What the image may be called: as it was, and without what an upload puts before it."""
    paths = [_path(value) for value in task.data.values() if isinstance(value, str)]
    images = [path for path in paths if path.suffix.lower() in _IMAGES]
    if len(images) != 1:
        raise DataError(f"{where}: expected one image among data ({', '.join(task.data)}), got {len(images)}")
    uploaded = re.sub(r"^[0-9a-f]{8}-", "", images[0].name)
    return [str(images[0]), str(images[0].with_name(uploaded))]


def _path(value: str) -> PurePosixPath:
    """Path within a URL: of an upload, of local files (``?d=``), of a bucket."""
    try:
        url = urlsplit(value)
    except ValueError:
        return PurePosixPath()
    local = parse_qs(url.query).get("d")
    return PurePosixPath(local[0] if local else unquote(url.path))


def _require_plain(result: _Result, where: str) -> None:
    needed = ("x", "y") if result.type == "keypointlabels" else ("x", "y", "width", "height")
    missing = [key for key in needed if key not in result.value.model_fields_set]
    if missing:
        raise DataError(f"{where}: region {result.id} lacks {', '.join(missing)}")
    if result.image_rotation or result.value.rotation:
        raise DataError(f"{where}: region {result.id}: a rotated image or rectangle cannot be converted")


class _Regions:
    """The regions of one image.

    Args:
        results: of the annotation.
        where: the task, for messages.

    Raises:
        DataError: they are not whole, do not agree on the size of the image, or are rotated.
    """

    def __init__(self, results: list[_Result], where: str) -> None:
        rectangles = [result for result in results if result.type == "rectanglelabels"]
        self._results = results
        self._where = where
        self._rectangles = {rectangle.id: rectangle for rectangle in rectangles}
        self._keypoints = [result for result in results if result.type == "keypointlabels"]
        if len(self._rectangles) != len(rectangles):
            raise DataError(
                f"{where}: {len(rectangles)} rectangles have {len(self._rectangles)} different ids"
            )
        used = (*rectangles, *self._keypoints)
        sizes = {result.size_wh for result in used}
        if len(sizes) > 1 or None in sizes:
            raise DataError(
                f"{where}: expected the same original_width and original_height in all regions, "
                f"got {list(sizes)}"
            )
        for result in used:
            _require_plain(result, where)
        self.size_wh = sizes.pop() if sizes else None

    def people(self, names: KeypointNames, left_out: Counter[str]) -> Iterator[Person]:
        """People with keypoints, then regions to be ignored."""
        owned: dict[str, list[_Result]] = {}
        for keypoint in self._keypoints:
            owned.setdefault(self._owner(keypoint), []).append(keypoint)
        for key, keypoints in owned.items():
            person = self._person(keypoints, self._rectangles.get(key), names)
            if person is not None:
                yield person
        for key, rectangle in self._rectangles.items():
            label = " ".join(rectangle.value.rectanglelabels)
            if key not in owned and label.casefold() in REGIONS:
                yield region(self._box(rectangle), label)
            elif key not in owned:
                left_out[f"rectangles labelled '{label}' without keypoints"] += 1
        left_out.update(f"results of the type {r.type}" for r in self._results if r.type not in _READ)

    def _owner(self, keypoint: _Result) -> str:
        """Id of the rectangle of a keypoint's person."""
        label = f"{' '.join(keypoint.value.keypointlabels)} (region {keypoint.id})"
        if keypoint.parent:
            if keypoint.parent not in self._rectangles:
                raise DataError(f"{self._where}: {label} is nested under what is no rectangle")
            return keypoint.parent
        if not self._rectangles:
            return _NOBODY
        pairs = [{result.from_id, result.to_id} for result in self._results if result.type == "relation"]
        owners = {end for pair in pairs if keypoint.id in pair for end in pair if end in self._rectangles}
        if not owners:
            owners = {key for key, each in self._rectangles.items() if self._is_inside(keypoint, each)}
        if len(owners) != 1:
            raise DataError(
                f"{self._where}: {label} belongs to {len(owners)} rectangles; nest it under that of its "
                f"person, or draw a relation to it"
            )
        return owners.pop()

    def _person(
        self, keypoints: list[_Result], rectangle: _Result | None, names: KeypointNames
    ) -> Person | None:
        where = f"{self._where}: rectangle {rectangle.id}" if rectangle else self._where
        rows = PersonRows(where, self._size)
        for keypoint in keypoints:
            labels = keypoint.value.keypointlabels
            if len(labels) != 1:
                raise DataError(f"{where}: region {keypoint.id}: expected one label, got {list(labels)}")
            place = names.place(labels[0], where)
            if place is not None:
                rows.add(place, self._pixels(keypoint.value.x, keypoint.value.y), self._is_hidden(keypoint))
        if rectangle is None:
            return rows.person(None)
        return rows.person(self._box(rectangle), dict(self._choices(rectangle)))

    @property
    def _size(self) -> tuple[int, int]:
        return self.size_wh or (0, 0)

    def _pixels(self, x_percent: float, y_percent: float) -> tuple[float, float]:
        """To hundredths, so that 100 % is not beyond the image."""
        width, height = self._size
        return round(x_percent * width / 100, 2), round(y_percent * height / 100, 2)

    def _box(self, rectangle: _Result) -> Box:
        value = rectangle.value
        return (*self._pixels(value.x, value.y), *self._pixels(value.width, value.height))

    def _is_inside(self, point: _Result, rectangle: _Result) -> bool:
        (x, y), box = (point.value.x, point.value.y), rectangle.value
        return box.x <= x <= box.x + box.width and box.y <= y <= box.y + box.height

    def _choices(self, owner: _Result) -> Iterator[tuple[str, str]]:
        for result in self._results:
            if result.type == "choices" and result.id == owner.id:
                yield result.from_name, ", ".join(result.value.choices)

    def _is_hidden(self, keypoint: _Result) -> bool:
        note = keypoint.meta.text
        words = [note] if isinstance(note, str) else [*note]
        words += (choice for _, choice in self._choices(keypoint))
        return any(word.strip().casefold() in HIDDEN_WORDS for word in words)
