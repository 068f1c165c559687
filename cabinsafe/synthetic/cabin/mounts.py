"""Cameras where vehicles carry them: at the mirror, on the dashboard, at the A pillars, under the roof."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cabinsafe.errors import ConfigError
from cabinsafe.synthetic.cabin.boxes import hidden
from cabinsafe.synthetic.cabin.model import Cabin
from cabinsafe.synthetic.cabin.seats import Seat
from cabinsafe.synthetic.camera import Camera, CameraSpec
from cabinsafe.synthetic.rotations import Array
from cabinsafe.synthetic.sampling import generator, merged

HEAD_M = 0.65
"""Height of a sitting adult's head over the hip points, along the back."""
_SHOULDER_M = 0.45
_TRIES = 200
_MOUNTS = ("mirror", "dash", "a_pillar", "rear_roof")
_SHARES = (0.32, 0.22, 0.22, 0.24)
_EQUISOLID = (-1 / 24, 1 / 1920, -1 / 322560, 1 / 92897280)
"""The distortion of a lens with radius 2 f sin(t / 2); any share of it up to 1 rises all the way to pi."""
_CORNER_DEG = 132.0

Rng = np.random.Generator


def draw_camera(cabin: Cabin, seed: int, fixed: Mapping[str, Any] = MappingProxyType({})) -> CameraSpec:
    """A camera that sees at least one seat's occupant, drawn until it does.

    A mount from where no seat is seen gives way to another, unless it is fixed.

    Args:
        cabin: where it is mounted.
        seed: the same cabin, seed and fixed values give the same camera.
        fixed: values that are not drawn, by :class:`CameraSpec` key.

    Raises:
        ConfigError: a fixed value is out of range or unknown, or with the fixed values no seat can be seen.
    """
    order = generator(seed, "camera mount").choice(_MOUNTS, size=len(_MOUNTS), replace=False, p=_SHARES)
    for attempt in range(_TRIES):
        mount = str(order[attempt * len(order) // _TRIES])
        spec = CameraSpec(**_drawn(cabin, generator(seed, "camera", attempt), mount, fixed))
        position = np.array(spec.position_m)
        if any(solid.contains(position) for solid in cabin.solids):
            continue
        if facing_seats(cabin, Camera(spec)):
            return spec
    given = ", ".join(f"{key} {value!r}" for key, value in fixed.items()) or "no fixed values"
    raise ConfigError(
        f"camera: with {given} none of {_TRIES} draws lies outside of all solids and sees a seat's occupant"
    )


def facing_seats(cabin: Cabin, camera: Camera) -> tuple[str, ...]:
    """Seats whose adult occupant's head, shoulders and hips are in view, unhidden, and not from behind.

    The best come first: those seen to the knees before those who are not, the near ones before the far.
    Seats with something on them but a child seat are left out.
    """
    found = []
    for seat in cabin.seats.values():
        if seat.laden and seat.child_hip_m is None:
            continue
        to_camera = camera.position - seat.hip_m
        upper, lower = _upper_body(seat), _legs(seat)
        if to_camera @ seat.frame[:, 0] > 0.05 and in_view(cabin, camera, upper).all():
            legs = float(in_view(cabin, camera, lower).mean())
            found.append((-legs + 0.5 * float(np.linalg.norm(to_camera)), seat.name))
    return tuple(name for _, name in sorted(found))


def in_view(cabin: Cabin, camera: Camera, points: Array) -> NDArray[np.bool_]:
    """Which points (N, 3) lie in the picture, not hidden by solids."""
    pixels, _ = camera.project(points)
    with np.errstate(invalid="ignore"):
        inside = ((pixels >= 0) & (pixels <= camera.spec.size_wh)).all(axis=1)
    return inside & ~hidden(camera.position, points, cabin.solids)


def _upper_body(seat: Seat) -> Array:
    places = [(0.0, 0.0), (_SHOULDER_M, 0.18), (_SHOULDER_M, -0.18), (HEAD_M, 0.0), (HEAD_M + 0.12, 0.0)]
    return np.array([seat.along_back(up, left_m=left) for up, left in places])


def _legs(seat: Seat) -> Array:
    return np.array([seat.at(0.4, 0.12, 0.14), seat.at(0.4, -0.12, 0.14), seat.at(0.5, 0.0, -0.1)])


def _drawn(cabin: Cabin, rng: Rng, mount: str, fixed: Mapping[str, Any]) -> dict[str, Any]:
    mount = str(fixed.get("mount", "custom" if "position_m" in fixed else mount))
    place = {"dash": _dash, "a_pillar": _a_pillar, "rear_roof": _rear_roof}.get(mount, _mirror)
    position, target, fov = place(cabin, rng)
    if "position_m" in fixed:
        nearest = min(cabin.seats.values(), key=lambda seat: _reach(seat, fixed["position_m"]))
        target = nearest.at(0, 0, 0.3)
    model = str(fixed.get("model", rng.choice(["pinhole", "fisheye"])))
    widest = 125.0 if model == "pinhole" else _widest_fisheye_deg(fixed.get("size_wh"))
    fov = fov * (1.0 if model == "pinhole" else float(rng.uniform(1.05, 1.3)))
    bends = float(rng.uniform(-0.5, 0.5)) * np.array(_EQUISOLID)
    drawn = {
        "mount": mount,
        "model": model,
        "position_m": tuple(float(v) for v in position),
        "look_at_m": tuple(float(v) for v in target + rng.normal(0, 0.06, 3)),
        "roll_deg": float(np.clip(rng.normal(0, 3.0), -9, 9)),
        "fov_deg": float(min(fov, widest)),
        "distortion": tuple(float(v) for v in bends) if model == "fisheye" else (0.0,) * 4,
    }
    return merged(drawn, fixed)


def _widest_fisheye_deg(size_wh: object) -> float:
    """The field of view at which the corners of a picture (of the default size if None) come near pi."""
    try:
        width, height = np.asarray(size_wh or CameraSpec.model_fields["size_wh"].default, np.float64)
        return float(min(185.0, _CORNER_DEG * 2 * width / np.hypot(width, height)))
    except (TypeError, ValueError):  # no size: the options say so
        return 185.0


def _reach(seat: Seat, position: object) -> float:
    try:
        return float(np.linalg.norm(np.asarray(position, np.float64) - seat.at(0.6, 0, 0.4)))
    except (TypeError, ValueError):  # no position: the options say so
        return 0.0


def _row_target(cabin: Cabin, row: int, up_m: float) -> Array:
    hips = [seat.hip_m for seat in cabin.seats.values() if seat.row == row]
    target: Array = np.mean(hips, axis=0) * (1, 0, 1) + (0, 0, up_m)
    return target


def _first_facing_row(cabin: Cabin) -> int:
    return min((seat.row for seat in cabin.seats.values() if seat.facing > 0), default=1)


def _mirror(cabin: Cabin, rng: Rng) -> tuple[Array, Array, float]:
    shell = cabin.shell
    x = shell.header_x + float(rng.uniform(-0.04, 0.06))
    position = np.array([x, rng.uniform(-0.08, 0.08), cabin.spec.roof_m - rng.uniform(0.07, 0.16)])
    target = _row_target(cabin, _first_facing_row(cabin), float(rng.uniform(0.18, 0.42)))
    target[1] += rng.uniform(-0.12, 0.12)
    return position, target, float(rng.uniform(85, 125))


def _dash(cabin: Cabin, rng: Rng) -> tuple[Array, Array, float]:
    """On the dashboard between the wheel and the passenger's side, so that the wheel does not hide all."""
    shell, spec = cabin.shell, cabin.spec
    x = spec.front_m + (float(rng.uniform(-0.02, 0.06)) if spec.dash else -0.05)
    y = float(rng.uniform(-0.6, 0.12)) * spec.half_width_m
    y = y if spec.drive_side == "left" else -y
    position = np.array([x, y, max(shell.sill_z, _backs_ahead_m(cabin)) + rng.uniform(0.05, 0.15)])
    target = _row_target(cabin, _first_facing_row(cabin), float(rng.uniform(0.15, 0.38)))
    return position, target - (0, 0.3 * y, 0), float(rng.uniform(85, 125))


def _backs_ahead_m(cabin: Cabin) -> float:
    """Height of the first row where it turns its back to the front, else 0."""
    backs = [seat.headrest or seat.back for seat in cabin.seats.values() if seat.row == 1 and seat.facing < 0]
    return float(max((box.corners[:, 2].max() for box in backs), default=0.0))


def _a_pillar(cabin: Cabin, rng: Rng) -> tuple[Array, Array, float]:
    shell, sign = cabin.shell, float(rng.choice([-1.0, 1.0]))
    share = float(rng.uniform(0.25, 0.8))
    x = min(shell.cowl_x + (shell.header_x - shell.cowl_x) * share - 0.05, cabin.spec.front_m + 0.08)
    z = max(shell.sill_z, cabin.spec.belt_line_m) + (shell.rail_z - cabin.spec.belt_line_m) * share * 0.9
    position = shell.on_side(x, sign, z) - (0, sign * 0.08, 0)
    target = _row_target(cabin, _first_facing_row(cabin), float(rng.uniform(0.15, 0.4)))
    target -= (0.1, sign * rng.uniform(0.0, 0.2), 0)
    return position, target, float(rng.uniform(85, 125))


def _rear_roof(cabin: Cabin, rng: Rng) -> tuple[Array, Array, float]:
    """Under the roof ahead of a row behind the first, or of the only one."""
    rows = sorted({seat.row for seat in cabin.seats.values()})
    row = int(rng.choice(rows[1:] or rows))
    facing = next(seat.facing for seat in cabin.seats.values() if seat.row == row)
    target = _row_target(cabin, row, float(rng.uniform(0.05, 0.25)))
    x = target[0] + facing * float(rng.uniform(0.35, 0.75))
    y = float(rng.uniform(-0.12, 0.12))
    position = np.array([x, y, cabin.shell.roof_z(x, y) - rng.uniform(0.02, 0.08)])
    return position, target, float(rng.uniform(105, 135))
