"""Exports of CVAT in the format "CVAT for images 1.1" (docs.cvat.ai, "XML annotation format").

A person is a ``skeleton``, or ``points`` that were grouped in CVAT; points of an image where nothing is
grouped are one person. A point marked as outside is not labelled, an occluded one hidden. A ``box`` in a
person's group is that person's box. Other boxes labelled "person" or "crowd" are regions to be ignored.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, XMLParser

from cabinsafe.data.convert.names import KeypointNames
from cabinsafe.data.convert.people import REGIONS, Box, Labels, Person, PersonRows, Picture, region
from cabinsafe.data.convert.source import find_image, read_bytes
from cabinsafe.errors import DataError

_NO_GROUP: Final = ""


@dataclass
class _Group:
    """The shapes of one person."""

    where: str
    points: list[Element] = field(default_factory=list)
    box: Box | None = None
    attributes: dict[str, str] = field(default_factory=dict)


class _WithoutDoctype(TreeBuilder):
    """Only a document type can declare entities, which can make a small file huge; exports have none."""

    def doctype(self, _name: str, _public: str | None, _system: str | None) -> None:
        raise DataError("not a CVAT export: it declares a document type")


def read_labels(source: Path, folder: Path, names: KeypointNames) -> Labels:
    """Read the ``annotations.xml`` of an export; the attributes of skeletons stay with their people.

    Raises:
        DataError: it is no such file, or a shape or an image in it cannot be used; the message says which.
    """
    root = _root(source)
    if root.find("track") is not None:
        raise DataError(f"{source}: 'CVAT for video': export the task as 'CVAT for images 1.1' instead")
    left_out: Counter[str] = Counter()
    pictures = [_picture(image, source, folder, names, left_out) for image in root.iter("image")]
    return Labels(pictures, left_out)


def _root(source: Path) -> Element:
    parser = XMLParser(target=_WithoutDoctype())  # noqa: S314 - it expands no entities
    try:
        parser.feed(read_bytes(source))
        root: Element = parser.close()
    except ParseError as error:
        raise DataError(f"{source}: not readable XML: {error}") from error
    except DataError as error:
        raise DataError(f"{source}: {error}") from error
    if root.tag != "annotations":
        raise DataError(f"{source}: not a CVAT export: expected <annotations>, got <{root.tag}>")
    return root


def _picture(
    image: Element, source: Path, folder: Path, names: KeypointNames, left_out: Counter[str]
) -> Picture:
    name = _text(image, "name", str(source))
    where = f"{source}: {name}"
    size_wh = (int(_number(image, "width", where)), int(_number(image, "height", where)))
    subset = image.get("subset")  # an export of a project has a folder for each
    file_name = find_image(folder, [f"{subset}/{name}", name] if subset else [name], where)
    groups = _groups(image, where)
    regions = _take_boxes(image, groups, where, left_out)
    people = [_person(group, size_wh, names) for group in groups.values()]
    left_out["people without box and keypoints"] += people.count(None)
    return Picture(file_name, size_wh, (*(person for person in people if person), *regions))


def _groups(image: Element, where: str) -> dict[str, _Group]:
    """People by their group in CVAT."""
    groups: dict[str, _Group] = {}
    for number, skeleton in enumerate(image.findall("skeleton"), start=1):
        key = _group_id(skeleton) or f"skeleton {number}"
        if key in groups:
            raise DataError(f"{where}: two skeletons are in the group {key}")
        groups[key] = _Group(
            f"{where}: skeleton {number}", skeleton.findall("points"), attributes=_attributes(skeleton)
        )
    for points in image.findall("points"):
        key = _group_id(points)
        groups.setdefault(key, _Group(f"{where}: group {key}" if key else where)).points.append(points)
    if _NO_GROUP in groups and len(groups) > 1:
        raise DataError(
            f"{where}: {len(groups[_NO_GROUP].points)} points are in no group; group those of one person"
        )
    return groups


def _take_boxes(
    image: Element, groups: dict[str, _Group], where: str, left_out: Counter[str]
) -> list[Person]:
    """Give boxes to the people of their group; return the others that are to be ignored."""
    regions = []
    for element in image.findall("box"):
        label, key = _text(element, "label", where), _group_id(element)
        if key and key in groups:
            if groups[key].box is not None:
                raise DataError(f"{groups[key].where} has more than one box")
            groups[key].box = _box(element, where)
        elif label.casefold() in REGIONS:
            regions.append(region(_box(element, where), label))
        else:
            left_out[f"boxes labelled '{label}'"] += 1
    return regions


def _person(group: _Group, size_wh: tuple[int, int], names: KeypointNames) -> Person | None:
    rows = PersonRows(group.where, size_wh)
    for points in group.points:
        place = names.place(_text(points, "label", group.where), group.where)
        if place is not None and points.get("outside") != "1":
            rows.add(place, _point(points, group.where), is_hidden=points.get("occluded") == "1")
    return rows.person(group.box, group.attributes)


def _attributes(element: Element) -> dict[str, str]:
    return {each.get("name", ""): each.text or "" for each in element.findall("attribute")}


def _group_id(element: Element) -> str:
    key = element.get("group_id", "0")
    return _NO_GROUP if key == "0" else key


def _box(element: Element, where: str) -> Box:
    x0, y0, x1, y1 = (_number(element, key, where) for key in ("xtl", "ytl", "xbr", "ybr"))
    return (x0, y0, x1 - x0, y1 - y0)


def _point(element: Element, where: str) -> tuple[float, float]:
    text = _text(element, "points", where)
    try:
        x, y = (float(value) for value in text.split(","))
    except ValueError as error:
        label = element.get("label")
        raise DataError(f"{where}: {label}: expected one point 'x,y', got '{text:.80}'") from error
    return x, y


def _text(element: Element, key: str, where: str) -> str:
    value = element.get(key)
    if value is None:
        raise DataError(f"{where}: <{element.tag}> lacks {key}")
    return value


def _number(element: Element, key: str, where: str) -> float:
    text = _text(element, key, where)
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise DataError(f"{where}: {key}: expected a number, got '{text:.80}'")
    return value
