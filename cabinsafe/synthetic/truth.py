"""What is true in a scene: keypoints in the picture and whether they are seen, boxes, masks, events.

What touches what, and who leans out, is measured on the posed bodies; whether somebody sits, lies, kneels,
stands, slides down or fights is told by the posture's own name, in a ride by the nearer one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cabinsafe.synthetic.body import KEYPOINTS
from cabinsafe.synthetic.cabin.model import Cabin
from cabinsafe.synthetic.camera import Camera
from cabinsafe.synthetic.contact import Figure, hand_on_leg_gap
from cabinsafe.synthetic.posing.styles import STYLES, Sitting
from cabinsafe.synthetic.render import Visibility
from cabinsafe.synthetic.rotations import Array
from cabinsafe.synthetic.scene import Occupant

TOUCH_M = 0.025
"""A hand touches a leg when there is no more air between them than this: clothes and padding."""
ON_SEAT_M = (-0.07, 0.06)
"""A foot is on a cushion when its underside is so far over the surface."""
RULES: Mapping[str, str] = MappingProxyType(
    {
        "feet_on_seats": f"the underside of a foot over a cushion, within {ON_SEAT_M[1]} m of its surface, "
        "and its heel not behind the backrest",
        "feet_on_dash": "a foot over or on the dashboard",
        "hand_on_leg": f"a hand at most {TOUCH_M} m from another's thigh or shin; the toucher first",
        "unsafe_sitting": "leaning out, or the posture of one who lies, kneels, stands or slides far down",
        "leaning_out": "the middle of the head or of a shoulder beyond the side window",
        "fighting": "the posture of one who hits, grabs or wards off",
    }
)
"""How each kind of event is decided."""

TISSUE_M: Mapping[str, float] = MappingProxyType(
    {
        "nose": 0.035, "eye": 0.035, "ear": 0.06, "shoulder": 0.11, "elbow": 0.08, "wrist": 0.06, "hip": 0.19,
        "knee": 0.10, "ankle": 0.08, "neck": 0.13,
    }
)  # fmt: skip
"""Flesh and clothes between a keypoint and the nearest surface in front of it, at most, on an adult."""

VISIBLE, HIDDEN, OUTSIDE = 2, 1, 0


class Fact(NamedTuple):
    """An event that holds: its kind, and the seats of who does it and to whom."""

    kind: str
    seats: tuple[str, ...]


@dataclass(frozen=True)
class PersonTruth:
    """One person in one picture.

    Attributes:
        xy: (18, 2) float64 keypoints, pixels; also of those outside the picture, NaN behind the camera.
        visibility: (18,) 2 seen, 1 in the picture but hidden, 0 outside.
        mask: (H, W) bool, the pixels that show the person.
        box: left, top, width, height of the mask, else of the keypoints in the picture, or None if there are
            fewer than two.
    """

    xy: Array
    visibility: NDArray[np.uint8]
    mask: NDArray[np.bool_]
    box: tuple[float, float, float, float] | None


def person_truth(figure: Figure, number: int, camera: Camera, rendering: Visibility) -> PersonTruth:
    """The truth of one person of a rendering.

    Args:
        figure: the person.
        number: the person's object id in the rendering.
        camera: the camera.
        rendering: depth and object ids, also at higher resolution.
    """
    xy, distance = camera.project(figure.keypoints)
    visibility = _visibility(figure, number, camera, rendering, xy, distance)
    mask = object_mask(rendering.object_id, number, camera.spec.size_wh)
    return PersonTruth(xy, visibility, mask, _box(mask, xy[visibility > 0]))


def object_mask(object_id: NDArray[np.int32], number: int, size_wh: tuple[int, int]) -> NDArray[np.bool_]:
    """(H, W) pixels at least half covered by an object."""
    width, height = size_wh
    scale = object_id.shape[0] // height
    blocks = (object_id == number).reshape(height, scale, width, scale)
    mask: NDArray[np.bool_] = blocks.mean(axis=(1, 3)) >= 0.5
    return mask


def run_lengths(mask: NDArray[np.bool_]) -> list[int]:
    """COCO's uncompressed run-length code of a mask (H, W): runs of 0 and 1 in turn, column by column."""
    flat = np.concatenate([[False], mask.ravel(order="F")])
    changes = np.flatnonzero(flat[1:] != flat[:-1])
    return [int(run) for run in np.diff([0, *changes, mask.size])]


class Actor(NamedTuple):
    """Who is judged: on which seat, sitting how, in which pose."""

    seat: str
    sitting: Sitting
    figure: Figure


def actor(occupant: Occupant) -> Actor:
    """An occupant as one who is judged."""
    return Actor(occupant.spec.seat, STYLES[occupant.spec.style].sitting, occupant.figure)


def facts(cabin: Cabin, actors: Sequence[Actor]) -> tuple[Fact, ...]:
    """The events that hold among people, each once."""
    found: list[Fact] = []
    for one in actors:
        found += [Fact(kind, (one.seat,)) for kind in _single(cabin, one)]
        for other in actors:
            if other is not one and hand_on_leg_gap(one.figure, other.figure) <= TOUCH_M:
                found.append(Fact("hand_on_leg", (one.seat, other.seat)))
    return tuple(found)


def feet_on_seats(cabin: Cabin, figure: Figure) -> bool:
    """Whether a foot is on any cushion; one whose heel is behind its backrest is not."""
    for row in figure.rows("foot"):
        line, radius = figure.lines[row], figure.radii[row]
        points = line[0] + (line[1] - line[0]) * np.linspace(0, 1, 5)[:, None]
        for seat in cabin.seats.values():
            local = seat.cushion.local(points)
            over = (np.abs(local[:, :2]) <= seat.cushion.size[:2] / 2).all(axis=1)
            over &= local[0, 0] >= -seat.cushion.size[0] / 2
            above = local[:, 2] - radius - seat.cushion.size[2] / 2
            if (over & (above >= ON_SEAT_M[0]) & (above <= ON_SEAT_M[1])).any():
                return True
    return False


def feet_on_dash(cabin: Cabin, figure: Figure) -> bool:
    """Whether a foot is over the dashboard's rear face, or on it from behind."""
    dash = cabin.spec.dash
    if dash is None:
        return False
    feet = figure.lines[figure.rows("foot")]
    low, ahead = feet[..., 2].min(axis=1), feet[..., 0].max(axis=1)
    return bool(((low >= dash.bottom_m + 0.1) & (ahead >= cabin.spec.front_m - 0.06)).any())


def leaning_out(cabin: Cabin, one: Actor) -> bool:
    """Whether head or shoulders are beyond the side window."""
    window = cabin.seats[one.seat].window
    if window is None:
        return False
    pose = one.figure.pose
    points = np.stack(
        [one.figure.line("head").mean(axis=0), pose.head("upperarm01.L"), pose.head("upperarm01.R")]
    )
    beyond = np.abs(points[:, 1]) > [cabin.shell.side_y(float(z)) for z in points[:, 2]]
    within = (points[:, 2] > window[:, 2].min()) & (points[:, 0] > window[:, 0].min() - 0.1)
    return bool((beyond & within).any())


def _single(cabin: Cabin, one: Actor) -> Iterator[str]:
    if feet_on_seats(cabin, one.figure):
        yield "feet_on_seats"
    if feet_on_dash(cabin, one.figure):
        yield "feet_on_dash"
    out = leaning_out(cabin, one)
    if out:
        yield "leaning_out"
    if out or one.sitting in ("lying", "kneeling", "standing", "sliding"):
        yield "unsafe_sitting"
    if one.sitting == "fighting":
        yield "fighting"


def _visibility(
    figure: Figure, number: int, camera: Camera, rendering: Visibility, xy: Array, distance: Array
) -> NDArray[np.uint8]:
    width, height = camera.spec.size_wh
    with np.errstate(invalid="ignore"):
        inside = (xy >= 0).all(axis=1) & (xy < (width, height)).all(axis=1)
    scale = rendering.depth.shape[0] / height
    columns, rows = (np.where(inside, xy[:, i] * scale, 0).astype(int) for i in (0, 1))
    own = rendering.object_id[rows, columns] == number
    size = figure.body.stature_m / 1.72
    tissue = size * np.array([TISSUE_M[name.rpartition("_")[2]] for name in KEYPOINTS])
    shallow = distance - rendering.depth[rows, columns] <= tissue
    seen = np.where(own & shallow, VISIBLE, HIDDEN)
    return np.where(inside, seen, OUTSIDE).astype(np.uint8)


def _box(mask: NDArray[np.bool_], xy: Array) -> tuple[float, float, float, float] | None:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if len(rows):
        left, top = float(columns[0]), float(rows[0])
        return left, top, float(columns[-1] + 1 - left), float(rows[-1] + 1 - top)
    if len(xy) < 2:
        return None
    (left, top), (right, bottom) = xy.min(axis=0).tolist(), xy.max(axis=0).tolist()
    return left, top, right - left, bottom - top
