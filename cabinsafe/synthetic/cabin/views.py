"""What a camera sees of a cabin, as cabin files hold it: zones, seat lines and cushions, normalised."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
from scipy.spatial import ConvexHull, QhullError

from cabinsafe.geometry import crosses_itself, polygon_area
from cabinsafe.synthetic.cabin.boxes import OrientedBox, hidden
from cabinsafe.synthetic.cabin.model import Cabin
from cabinsafe.synthetic.cabin.mounts import in_view
from cabinsafe.synthetic.cabin.seats import Seat
from cabinsafe.synthetic.camera import Camera
from cabinsafe.synthetic.rotations import Array
from cabinsafe.views import LEAST_AREA, CameraView, SeatView

MIN_VISIBLE_SHARE = 0.4
"""A seat is in the view if the camera sees at least this share of where its occupant's trunk is."""
_RANGE = (-0.5, 1.5)
_NEAR_PICTURE = (-0.15, 1.15)
_LEAST_GAP = 0.02
"""Of two seats with hip points nearer to each other than this in the picture, the farther has no zone."""
_LINE_LIFT_M = 0.02
_CORNERS = np.array([(1, 1, 1), (1, -1, 1), (-1, -1, 1), (-1, 1, 1)])
"""Of a box's upper side, in halves of its size."""
_SIDE_POINTS, _WAY_POINTS = 4, 65
_ANKLE_ON_DASH_M = (0.05, 0.10, 0.15)
"""Of a foot on the dashboard: behind its rear face, over its lower edge, over its upper face, at most."""
Outline = tuple[tuple[float, float], ...]


def camera_view(cabin: Cabin, camera: Camera) -> CameraView:
    """The seats that a camera sees, the nearest first.

    A zone is the outline of where the hips and the lower trunk of a sitting adult are, if enough of that is
    seen; between two seats it ends halfway between their hip points, so that zones do not overlap. A seat
    line is there if both ends and the middle of the cushion's front edge are near the picture and not hidden,
    the outline of a cushion if it is near the picture, hidden or not, but neither of a seat seen from behind;
    the outline of the dashboard is if a foot on it can be in the picture.
    """
    seats = sorted(cabin.seats.values(), key=lambda seat: float(np.linalg.norm(seat.hip_m - camera.position)))
    hips: dict[str, Array] = {}
    for seat in seats:
        point = _normalized(camera, seat.hip_m[None])[0]
        if _is_seen(cabin, camera, seat) and all(
            np.linalg.norm(point - other) > _LEAST_GAP for other in hips.values()
        ):
            hips[seat.name] = point
    places = (
        (
            seat.name,
            _zone(camera, seat, hips) if seat.name in hips else None,
            _seat_line(cabin, camera, seat) if _is_faced(camera, seat) else None,
            _cushion(camera, seat) if _is_faced(camera, seat) else None,
        )
        for seat in seats
    )
    return CameraView(
        camera_id=camera.spec.camera_id,
        mirrored=camera.spec.mirrored,
        seats=tuple(
            SeatView(name=name, zone=zone, seat_line=line, cushion=cushion)
            for name, zone, line, cushion in places
            if zone or line or cushion
        ),
        dashboard=_dashboard(cabin, camera),
    )


def cabin_file(cabin: Cabin, camera: Camera) -> dict[str, Any]:
    """A complete cabin file for :class:`~cabinsafe.config.CabinConfig`, as plain values.

    Feet on seats are watched for only where the camera sees a seat line or a cushion.
    """
    view = camera_view(cabin, camera)
    judges_feet = any(seat.seat_line or seat.cushion for seat in view.seats)
    detectors: dict[str, dict[str, Any]] = {"feet_on_seats": {}} if judges_feet else {}
    return {
        "name": f"synthetic {cabin.spec.kind}",
        "cameras": [view.model_dump(mode="json")],
        "detectors": detectors | {"hand_on_leg": {}, "unsafe_sitting": {}},
        "events": {
            "default": {"hold_s": 1.0, "release_s": 1.0, "bridge_s": 0.7, "cooldown_s": 5.0},
            "unsafe_sitting": {
                "enter_score": 0.8,
                "exit_score": 0.5,
                "hold_s": 2.0,
                "release_s": 1.5,
                "bridge_s": 1.0,
                "cooldown_s": 5.0,
            },
        },
    }


def _trunk(seat: Seat) -> Array:
    """(N, 3) points over the volume of hips and lower trunk, on a lattice."""
    half = min(0.2, seat.width_m / 2 - 0.03)
    lattice = product((-0.06, 0.1, 0.22, 0.34), (0.03, 0.13, 0.22), (-half, 0.0, half))
    return np.array([seat.along_back(up, off, left) for up, off, left in lattice])


def _is_seen(cabin: Cabin, camera: Camera, seat: Seat) -> bool:
    hip = _normalized(camera, seat.hip_m[None])[0]
    if not (np.isfinite(hip).all() and (hip > _NEAR_PICTURE[0]).all() and (hip < _NEAR_PICTURE[1]).all()):
        return False
    return float(in_view(cabin, camera, _trunk(seat)).mean()) >= MIN_VISIBLE_SHARE


def _is_faced(camera: Camera, seat: Seat) -> bool:
    """Whether the camera is before the hip point: from behind, feet on the floor lie over the cushion."""
    return bool((camera.position - seat.hip_m) @ seat.frame[:, 0] > 0)


def _zone(camera: Camera, seat: Seat, hips: dict[str, Array]) -> Outline | None:
    own = hips[seat.name]
    outline = _hull(_normalized(camera, np.concatenate([_trunk(seat), seat.hip_m[None]])))
    for name, other in hips.items():
        if name != seat.name and outline is not None:
            outline = _clipped(outline, other - own, (own + other) / 2)
    return _within_range(outline)


def _cushion(camera: Camera, seat: Seat) -> Outline | None:
    """Outline of the cushion's upper side as if nothing hid it, or None where none is near the picture.

    A point of the outline that the camera cannot see is moved towards one that it sees best, until it can.
    """
    corners = seat.cushion.center + (_CORNERS * seat.cushion.size / 2) @ seat.cushion.rotation.T
    shares = np.arange(_SIDE_POINTS)[:, None] / _SIDE_POINTS
    outline = np.concatenate(
        [a + (b - a) * shares for a, b in zip(corners, np.roll(corners, -1, 0), strict=True)]
    )
    surface = _lattice(seat.cushion, (-1, 1), (-1, 1), (1, 1))
    towards = surface - camera.position
    best = surface[np.argmax(towards @ camera.rotation[2] / np.linalg.norm(towards, axis=1))]
    ways = best + (outline - best) * np.linspace(0, 1, _WAY_POINTS)[:, None, None]
    pixels = _normalized(camera, ways.reshape(-1, 3)).reshape(*ways.shape[:2], 2)
    known = np.isfinite(pixels[..., 0]).cumprod(axis=0).sum(axis=0)
    if not known.all():
        return None
    return _within_range(pixels[known - 1, np.arange(len(outline))])


def _dashboard(cabin: Cabin, camera: Camera) -> Outline | None:
    """Outline of where the ankles are of feet on the dashboard: over its top, and before its upper face."""
    spec, dash = cabin.spec, cabin.spec.dash
    if dash is None:
        return None
    low = (spec.front_m - _ANKLE_ON_DASH_M[0], -spec.half_width_m, dash.bottom_m + _ANKLE_ON_DASH_M[1])
    high = (cabin.shell.cowl_x, spec.half_width_m, dash.top_m + _ANKLE_ON_DASH_M[2])
    points = _lattice(OrientedBox.upright(low, high), (-1, 1), (-1, 1), (-1, 1))
    pixels = _normalized(camera, points)
    with np.errstate(invalid="ignore"):
        near = ((pixels > _NEAR_PICTURE[0]) & (pixels < _NEAR_PICTURE[1])).all(axis=1)
    return _within_range(_hull(pixels)) if near.any() else None


def _lattice(box: OrientedBox, *ranges: tuple[int, int]) -> Array:
    """(N, 3) points over a box or its face: along each axis from one share of its half to another."""
    shares = np.array(list(product(*(np.linspace(low, high, 5) for low, high in ranges))))
    points: Array = box.center + (np.unique(shares, axis=0) * box.size / 2) @ box.rotation.T
    return points


def _hull(points: Array) -> Array | None:
    """Convex outline (V, 2) of the points (N, 2) that are known, or None where they span no area."""
    known = points[np.isfinite(points).all(axis=1)]
    try:
        outline: Array = known[ConvexHull(known).vertices]
    except (QhullError, ValueError):  # too few points before the camera, or all on one line
        return None
    return outline


def _within_range(outline: Array | None) -> Outline | None:
    """The part of an outline that a view may hold; None for a cushion seen edge-on and bent across itself."""
    if outline is None:
        return None
    for axis in np.eye(2):
        outline = _clipped(outline, axis, np.full(2, _RANGE[1]))
        outline = _clipped(outline, -axis, np.full(2, _RANGE[0]))
    corners = tuple((round(float(x), 4), round(float(y), 4)) for x, y in outline)
    if len(corners) < 3 or polygon_area(corners) < LEAST_AREA or crosses_itself(corners):
        return None
    return corners


def _clipped(polygon: Array, outward: Array, point: Array) -> Array:
    """The part (V, 2) of a convex polygon behind the line through ``point`` across ``outward``.

    Sutherland and Hodgman, Reentrant polygon clipping, 1974.
    """
    over = (polygon - point) @ outward
    kept = []
    for i in range(len(polygon)):
        a, b, over_a, over_b = polygon[i - 1], polygon[i], over[i - 1], over[i]
        if (over_a > 0) != (over_b > 0):
            kept.append(a + (b - a) * over_a / (over_a - over_b))
        if over_b <= 0:
            kept.append(b)
    return np.array(kept).reshape(-1, 2)


def _seat_line(
    cabin: Cabin, camera: Camera, seat: Seat
) -> tuple[tuple[float, float], tuple[float, float]] | None:
    left, right = seat.front_edge
    edge = np.array([left, (left + right) / 2, right])
    pixels = _normalized(camera, edge)
    with np.errstate(invalid="ignore"):
        near = ((pixels > _NEAR_PICTURE[0]) & (pixels < _NEAR_PICTURE[1])).all()
    inner = edge + (edge[1] - edge) * 0.15  # the very ends touch the neighbours, or the door
    lifted = inner + seat.frame @ (_LINE_LIFT_M, 0, _LINE_LIFT_M)
    if not near or hidden(camera.position, lifted, cabin.solids).any():
        return None
    (x1, y1), (x2, y2) = (tuple(round(float(v), 4) for v in pixels[i]) for i in (0, 2))
    return None if (x1, y1) == (x2, y2) else ((x1, y1), (x2, y2))


def _normalized(camera: Camera, points: Array) -> Array:
    """Normalised picture coordinates (N, 2) of points (N, 3), NaN where the camera cannot see them."""
    pixels: Array = camera.project(points)[0] / camera.spec.size_wh
    return pixels
