"""Things that lie about: child seats, bags, boxes, bottles, blankets, jackets, a phone in its mount."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cabinsafe.synthetic.cabin.boxes import OrientedBox
from cabinsafe.synthetic.cabin.parts import oval, smooth
from cabinsafe.synthetic.cabin.seats import Seat
from cabinsafe.synthetic.cabin.shell import Shell
from cabinsafe.synthetic.cabin.spec import HIP_TO_BACKREST_M, HIP_TO_CUSHION_M, ThingSpec
from cabinsafe.synthetic.mesh import Material, Mesh, Shape, grid, mesh, rounded_box, tube
from cabinsafe.synthetic.rotations import Array, about_y, about_z

_BLACK = Material(color=(0.02, 0.02, 0.02), roughness=0.5, ir_reflectance=0.2)
_SCREEN = Material(color=(0.008, 0.008, 0.01), roughness=0.12, ir_reflectance=0.05)
_CAP = Material(color=(0.5, 0.5, 0.52), roughness=0.4, ir_reflectance=0.5)

CHILD_SEAT_RAISE_M = 0.12
"""How much higher than the seat's cushion a child sits in a child seat."""
CHILD_SEAT_BACK_M = 0.10
"""Thickness of a child seat's back."""
CHILD_HIP_TO_BACK_M = 0.09
"""Nominal distance of a child's hip points from what it leans on."""
CHILD_HIP_TO_SEAT_M = 0.06
"""Nominal height of a child's hip points over what it sits on."""


@dataclass(frozen=True, eq=False)
class Thing:
    """A thing in its place.

    Attributes:
        shapes: its surfaces, each with its material.
        solids: what of it a body must not go through; none where it is soft and thin.
        on_seat: name of the seat that it lies on, or None.
        child_hip_m: (3,) where a child's hips are in it, for a child seat.
    """

    shapes: tuple[tuple[Material, Shape], ...]
    solids: tuple[OrientedBox, ...] = ()
    on_seat: str | None = None
    child_hip_m: Array | None = None

    def meshes(self) -> list[Mesh]:
        """Its surfaces as meshes."""
        return [mesh(shape, material) for material, shape in self.shapes]


def child_seat(
    seat: Seat, shell: Material = _BLACK, cover: Material | None = None, width_m: float = 0.43
) -> Thing:
    """A forward facing child seat (a booster with a back and side wings) on a seat.

    Args:
        seat: what it stands on.
        shell: of its plastic.
        cover: of its cloth; grey if left out.
        width_m: between the outer sides of its armrests.
    """
    tilt, lean = seat.cushion.rotation, seat.frame @ about_y(-max(seat.recline_rad - 0.07, 0.0))
    under = seat.at(0, 0, -HIP_TO_CUSHION_M)
    base = OrientedBox(
        under + tilt @ (0.10, 0, CHILD_SEAT_RAISE_M / 2 - 0.01),
        np.array([0.42, width_m, CHILD_SEAT_RAISE_M]),
        tilt,
        f"{seat.name} child seat base",
    )
    foot = seat.at(-HIP_TO_BACKREST_M + 0.01, 0, 0)
    back = OrientedBox(
        foot + lean @ (CHILD_SEAT_BACK_M / 2, 0, 0.30),
        np.array([CHILD_SEAT_BACK_M, 0.9 * width_m, 0.72]),
        lean,
        f"{seat.name} child seat back",
    )
    surface_z = (base.center + tilt @ (0, 0, CHILD_SEAT_RAISE_M / 2))[2]
    hip = seat.at(CHILD_SEAT_BACK_M + CHILD_HIP_TO_BACK_M - HIP_TO_BACKREST_M, 0, 0)
    hip[2] = surface_z + CHILD_HIP_TO_SEAT_M - 0.01
    cloth = cover or Material(color=(0.12, 0.12, 0.14), roughness=0.9, wrinkles=0.15)
    return Thing(_child_seat_shapes(base, back, shell, cloth), (base, back), seat.name, hip)


def _child_seat_shapes(
    base: OrientedBox, back: OrientedBox, shell: Material, cloth: Material
) -> tuple[tuple[Material, Shape], ...]:
    """Plastic base and back, cushions on them, armrests, wings beside the trunk and the head."""
    wide = float(base.size[1])

    def piece(box: OrientedBox, at: tuple[float, float, float], size: tuple[float, float, float]) -> Shape:
        return rounded_box(box.center + box.rotation @ at, size, box.rotation, 4, 4)

    shapes = [
        (shell, rounded_box(base.center, base.size, base.rotation, 5, 4)),
        (shell, rounded_box(back.center - 0.012 * back.rotation[:, 0], back.size, back.rotation, 5, 4)),
        (cloth, piece(base, (0.015, 0, 0.05), (0.38, 0.66 * wide, 0.045))),
        (cloth, piece(back, (0.042, 0, -0.02), (0.035, 0.62 * wide, 0.6))),
    ]
    for side in (-1.0, 1.0):
        shapes.append((shell, piece(base, (0.02, side * (wide / 2 - 0.025), 0.10), (0.30, 0.05, 0.10))))
        shapes.append((cloth, piece(back, (0.09, side * (0.45 * wide - 0.03), 0.0), (0.18, 0.05, 0.34))))
        shapes.append((cloth, piece(back, (0.10, side * 0.14, 0.27), (0.19, 0.05, 0.20))))
    return tuple(shapes)


def place_thing(spec: ThingSpec, seats: Mapping[str, Seat], shell: Shell) -> Thing:
    """A thing where its spec puts it."""
    surface = spec.surface.material()
    if spec.kind == "phone_mount":
        return _phone_mount(spec, shell)
    seat = seats[str(spec.seat)]
    if spec.kind == "child_seat":
        shade = spec.surface.model_copy(update={"color": (0.03, 0.03, 0.03), "pattern": "plain"})
        return child_seat(seat, shade.material(), surface)
    if spec.kind == "blanket":
        return _blanket(spec, seat, surface)
    if spec.kind == "jacket":
        return _jacket(spec, seat, shell, surface)
    return _standing(spec, seat, surface)


def _standing(spec: ThingSpec, seat: Seat, surface: Material) -> Thing:
    """A bag, a box or a bottle on a seat, on the floor before it, or on its occupant's lap."""
    usual = {"bag": (0.20, 0.34, 0.28), "box": (0.22, 0.34, 0.20), "bottle": (0.07, 0.07, 0.23)}[spec.kind]
    size = np.array(spec.size_m or usual)
    if spec.place == "floor":
        edge = float((seat.front_edge.mean(axis=0) - seat.hip_m) @ seat.frame[:, 0])
        foot, tilt = seat.at(edge + 0.02 + size[0] / 2, 0, 0) * (1, 1, 0) + (0, 0, seat.floor_m), seat.frame
    elif spec.place == "lap":
        foot, tilt = seat.at(0.22, 0, 0.09), seat.frame
    else:
        foot, tilt = seat.at(0.08, 0, 0) * (1, 1, 0) + (0, 0, seat.cushion_top_m), seat.cushion.rotation
        foot = foot + tilt @ (0, 0, 0.02)
    turn = tilt @ about_z(np.radians(spec.yaw_deg))
    center = foot + turn @ (0, 0, size[2] / 2) + spec.offset_m
    shapes = {"bag": _bag, "box": _box, "bottle": _bottle}[spec.kind](center, size, turn, surface)
    solid = OrientedBox(center, size, turn, f"{spec.kind} of {seat.name}")
    return Thing(shapes, (solid,), seat.name if spec.place == "seat" else None)


def _bag(center: Array, size: Array, turn: Array, surface: Material) -> tuple[tuple[Material, Shape], ...]:
    vertices, triangles = rounded_box(center, size, turn, 3.5, 6)
    up = ((vertices - center) @ turn[:, 2]) / size[2] + 0.5
    slack = 1 - 0.35 * smooth((up - 0.45) / 0.55)
    vertices = (
        center
        + (vertices - center) * slack[:, None]
        + np.outer((up - 0.5) * size[2] * (1 - slack), turn[:, 2])
    )
    shapes: list[tuple[Material, Shape]] = [(surface, (vertices, triangles))]
    arch = np.linspace(0, np.pi, 9)
    for side in (-0.2, 0.2):
        local = np.stack(
            [
                np.full(9, side * size[0]),
                0.26 * size[1] * np.cos(arch),
                size[2] * (0.42 + 0.3 * np.sin(arch)),
            ],
            axis=1,
        )
        shapes.append((_BLACK, tube(center + local @ turn.T, 0.008, 6)))
    pocket = center + turn @ (-0.42 * size[0], 0, -0.14 * size[2])
    shapes.append((surface, rounded_box(pocket, (0.3 * size[0], 0.6 * size[1], 0.4 * size[2]), turn, 4, 4)))
    return tuple(shapes)


def _box(center: Array, size: Array, turn: Array, surface: Material) -> tuple[tuple[Material, Shape], ...]:
    tape = np.array([size[0] + 0.004, min(0.05, 0.3 * size[1]), size[2] + 0.004])
    return (
        (surface, rounded_box(center, size, turn, 40, 3)),
        (_CAP, rounded_box(center, tape, turn, 60, 1)),
    )


def _bottle(center: Array, size: Array, turn: Array, surface: Material) -> tuple[tuple[Material, Shape], ...]:
    heights = np.array([-0.5, -0.49, -0.2, 0.12, 0.24, 0.34, 0.42, 0.46]) * size[2]
    radii = np.array([0.02, 0.46, 0.5, 0.5, 0.42, 0.2, 0.18, 0.18]) * size[0]
    path = center + np.stack([0 * heights, 0 * heights, heights], axis=1) @ turn.T
    cap = center + np.array([[0, 0, 0.44], [0, 0, 0.5], [0, 0, 0.505]]) * size[2] @ turn.T
    return (surface, tube(path, tuple(radii), 12)), (
        _CAP,
        tube(cap, (0.2 * size[0], 0.2 * size[0], 0.001), 10),
    )


def _blanket(spec: ThingSpec, seat: Seat, surface: Material) -> Thing:
    """A cloth thrown over a cushion: it follows the surface and hangs over the front edge."""
    length, width, _ = spec.size_m or (0.62, min(0.46, 0.95 * seat.width_m), 0.02)
    tilt, ahead = seat.cushion.rotation, seat.cushion.size[0] / 2
    top = seat.cushion.center + tilt @ (ahead, 0, seat.cushion.size[2] / 2 + 0.012) + spec.offset_m
    turn = about_z(np.radians(spec.yaw_deg))[:2, :2]
    shape = grid([(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0)], (14, 12))
    u, v = shape[0][:, 0], shape[0][:, 1] - 0.5
    back, left = ((np.stack([(u - 0.25) * length, v * width], axis=1)) @ turn.T).T
    wave = 0.011 * np.sin(23 * v + 5 * u) * np.sin(11 * u + 3 * v) + 0.006 * np.sin(41 * v - 17 * u)
    hang = np.maximum(-back, 0)
    local = np.stack([np.minimum(-back, 0.02 + 0.1 * hang), left, wave + 0.018 - 0.9 * hang], axis=1)
    return Thing(((surface, (top + local @ tilt.T, shape[1])),), (), seat.name)


def _jacket(spec: ThingSpec, seat: Seat, shell: Shell, surface: Material) -> Thing:
    """A jacket that hangs from the grab handle beside a seat, behind its occupant."""
    sign = 1.0 if seat.hip_m[1] >= 0 else -1.0
    x = float(seat.at(-0.30, 0, 0)[0])
    hook = shell.on_side(x, sign, shell.rail_z - 0.06) - (0, sign * 0.05, 0) + spec.offset_m
    length, width, height = spec.size_m or (0.36, 0.09, 0.55)
    share = np.linspace(0, 1, 9)
    path = hook - np.stack([0.02 * np.sin(6 * share), sign * 0.03 * share, height * share], axis=1) * (
        1,
        -1,
        1,
    )
    widths = length * np.array([0.25, 0.75, 1.0, 0.95, 0.92, 0.95, 1.0, 1.02, 1.0])
    shapes: list[tuple[Material, Shape]] = [(surface, oval(path, (1, 0, 0), widths, width, 14))]
    for side in (-1.0, 1.0):
        sleeve = path[1:7] + np.array([side * 0.44 * length, 0, -0.02])
        shapes.append((surface, oval(sleeve, (1, 0, 0), 0.11, 0.08, 10)))
    return Thing(tuple(shapes))


def _phone_mount(spec: ThingSpec, shell: Shell) -> Thing:
    """A phone on the dashboard, turned towards the driver."""
    x, z = shell.spec.front_m + 0.03, shell.sill_z
    side = 1.0 if shell.spec.drive_side == "left" else -1.0
    foot = np.array([x, side * 0.16, z]) + spec.offset_m
    turn = about_z(side * -0.25 + np.radians(spec.yaw_deg)) @ about_y(-0.25)
    center, knee = (np.add(foot, up) for up in ((-0.03, 0, 0.10), (0, 0, 0.05)))
    shapes = (
        (_BLACK, tube([foot, knee, center], 0.009, 6)),
        (_BLACK, rounded_box(center, (0.012, 0.078, 0.158), turn, 8, 4)),
        (_SCREEN, rounded_box(center - turn @ (0.006, 0, 0), (0.004, 0.07, 0.148), turn, 10, 2)),
    )
    return Thing(shapes)
