"""What every format is read into: images and their people, in the library's own 18 keypoints."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from cabinsafe.data.keypoints import KEYPOINTS
from cabinsafe.errors import DataError

BOX_MARGIN: Final = 0.07
"""By how much of its longer side a box of keypoints is widened on each side.

Margins of 0.06 and 0.07 agree best with COCO's own boxes: mean IoU 0.79, against 0.62 without any and 0.76
with 0.1 (1,796 people with at least 14 labelled keypoints, both hands and feet among them).
"""

AREA_OF_BOX: Final = 0.53
"""Share of a person's box that the person covers, where no outline tells; OKS is scaled by it.

It is the one of CrowdPose's and xtcocotools' evaluations of sets without outlines.
"""

Box = tuple[float, float, float, float]
"""Left, top, width, height in pixels."""

_CROWD: Final = "crowd"
REGIONS: Final = frozenset({"person", _CROWD})
"""Labels of boxes that are to be ignored where they hold nobody's keypoints."""

_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})
_HIDDEN, _VISIBLE = 1, 2


@dataclass(frozen=True)
class Person:
    """One person, or a crowd.

    Attributes:
        rows: (18, 3) x, y in pixels and visibility 0, 1 or 2, in the order of
            :data:`~cabinsafe.data.KEYPOINTS`.
        box: around the whole person.
        area: that the person covers, square pixels; by default :data:`AREA_OF_BOX` of the box.
        is_crowd: whether it stands for several people who are not labelled one by one.
        attributes: whatever else is known, such as the seat; the file's own keys win.
    """

    rows: NDArray[np.float64]
    box: Box
    area: float | None = None
    is_crowd: bool = False
    attributes: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)


@dataclass(frozen=True)
class Picture:
    """One image and its people.

    Attributes:
        file_name: relative to the folder of images.
        size_wh: its pixels, where they are known.
        people: may be empty.
        image_id: a number to be kept; by default they are counted from 1.
        attributes: whatever else is known.
    """

    file_name: str
    size_wh: tuple[int, int] | None
    people: tuple[Person, ...]
    image_id: int | None = None
    attributes: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)


@dataclass(frozen=True)
class Labels:
    """All that a source says.

    Attributes:
        pictures: in its order.
        left_out: how many of what have no place in the result.
    """

    pictures: list[Picture]
    left_out: Counter[str] = field(default_factory=Counter)


class PersonRows:
    """Collects one person's keypoints.

    Args:
        where: who, for messages.
        size_wh: of the image.
    """

    def __init__(self, where: str, size_wh: tuple[int, int]) -> None:
        self.rows = np.zeros((len(KEYPOINTS), 3))
        self._where = where
        self._size_wh = size_wh

    def add(self, place: int, xy: tuple[float, float], is_hidden: bool) -> None:
        """Take note of a labelled keypoint.

        Raises:
            DataError: the person has it already, or it lies outside the image.
        """
        if self.rows[place, 2]:
            raise DataError(f"{self._where}: {KEYPOINTS[place]} is labelled twice")
        self.rows[place] = (*xy, _HIDDEN if is_hidden else _VISIBLE)
        if outside(self.rows[place], self._size_wh):
            width, height = self._size_wh
            raise DataError(
                f"{self._where}: {KEYPOINTS[place]} at ({xy[0]:g}, {xy[1]:g}) lies outside the image "
                f"of {width}x{height} pixels"
            )

    def person(self, box: Box | None, attributes: Mapping[str, Any] = _NOTHING) -> Person | None:
        """The person, with the box that was drawn or else one around the keypoints; None without either."""
        labelled = self.rows[:, 2] > 0
        if box is None and not labelled.any():
            return None
        if box is None:
            box = box_around(self.rows[labelled, :2], self._size_wh)
        return Person(self.rows, box, attributes=attributes)


def outside(rows: NDArray[np.float64], size_wh: tuple[int, int] | NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which labelled keypoints (..., 3) lie outside their image.

    Args:
        rows: x, y, visibility.
        size_wh: (..., 2) of the image.
    """
    xy = rows[..., :2]
    within = ((xy >= 0) & (xy <= size_wh)).all(axis=-1)  # of NaN, too, this is false
    return np.asarray((rows[..., 2] > 0) & ~within)


def box_around(xy: NDArray[np.float64], size_wh: tuple[int, int]) -> Box:
    """Box of labelled points (P, 2), widened by :data:`BOX_MARGIN`, at least a pixel, within the image."""
    low, high = xy.min(axis=0), xy.max(axis=0)
    margin = max(BOX_MARGIN * float((high - low).max()), 1.0)
    x0, y0 = np.maximum(low - margin, 0).tolist()
    x1, y1 = np.minimum(high + margin, size_wh).tolist()
    return (x0, y0, x1 - x0, y1 - y0)


def region(box: Box, label: str) -> Person:
    """Somebody without labelled keypoints, a part of the image to be ignored; the label is of REGIONS."""
    return Person(np.zeros((len(KEYPOINTS), 3)), box, is_crowd=label.casefold() == _CROWD)
