"""Dashboard, steering wheel, centre console, tunnel, pedals: what they look like, and their solids."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from cabinsafe.synthetic.cabin.boxes import OrientedBox
from cabinsafe.synthetic.cabin.parts import Padded, Parts, oval, padded, rounded_loop, smooth
from cabinsafe.synthetic.cabin.seats import Seat, SteeringWheel
from cabinsafe.synthetic.cabin.shell import Shell
from cabinsafe.synthetic.cabin.spec import CabinSpec, DashSpec
from cabinsafe.synthetic.mesh import Material, rounded_box, tube
from cabinsafe.synthetic.rotations import Array, about_y

_GLASS = Material(color=(0.008, 0.008, 0.01), roughness=0.15, ir_reflectance=0.05)
_PICTURE = Material(color=(0.05, 0.09, 0.16), roughness=0.3, ir_reflectance=0.08)
_BLACK = Material(color=(0.015, 0.015, 0.015), roughness=0.5, ir_reflectance=0.15)
_CONSOLE_REAR_M = 0.38
"""How far the console reaches behind the front seats' hip points."""


def dash_solids(shell: Shell) -> Iterator[OrientedBox]:
    """The dashboard as boxes: the middle, and the ends which stand back."""
    spec, dash = shell.spec, shell.spec.dash
    if dash is None:
        return
    for name, low_y, high_y in (
        ("dashboard left", 0.55, 1.0),
        ("dashboard", -0.55, 0.55),
        ("dashboard right", -1.0, -0.55),
    ):
        back = 0.0 if name == "dashboard" else 0.5 * dash.crown_m
        low = (spec.front_m - back, low_y * spec.half_width_m, dash.bottom_m)
        high = (shell.cowl_x, high_y * spec.half_width_m, dash.top_m)
        yield OrientedBox.upright(low, high, name)
    if dash.screen != "none":
        yield OrientedBox(*_screen(spec.front_m, dash), "dashboard screen")


def _screen(front: float, dash: DashSpec) -> tuple[Array, Array, Array]:
    """Middle (3,), size (3,) and rotation (3, 3) of the screen in the middle of the dashboard."""
    high = 0.6 * min(dash.screen_width_m, 0.32)
    up = 0.35 * high if dash.screen == "floating" else -0.02 - high / 2
    size = np.array([0.02, dash.screen_width_m, high])
    return np.array([front - 0.025, 0.0, dash.top_m + up]), size, about_y(-0.2)


def console_solids(spec: CabinSpec) -> Iterator[OrientedBox]:
    """Tunnel and console as boxes."""
    console, front = spec.console, spec.front_m
    if console.tunnel_m > 0:
        half = 0.6 * console.width_m
        high = (front + 0.3, half, console.tunnel_m)
        yield OrientedBox.upright((spec.rows[-1].x_m + 0.3, -half, 0), high, "tunnel")
    if console.console_m > 0:
        half = console.width_m / 2
        low = (spec.rows[0].x_m - _CONSOLE_REAR_M, -half, 0)
        yield OrientedBox.upright(low, (front, half, console.console_m), "console")


def add_interior(parts: Parts, shell: Shell, seats: Iterable[Seat]) -> None:
    """Add what stands between the seats and before them."""
    wheel = next((seat.wheel for seat in seats if seat.wheel), None)
    if shell.spec.dash:
        _add_dash(parts, shell, shell.spec.dash, wheel)
    if wheel and shell.spec.wheel:
        _add_wheel(parts, wheel, shell.spec.wheel.spokes)
        _add_pedals(parts, shell, float(wheel.center[1]))
    _add_console(parts, shell.spec)


def _add_dash(parts: Parts, shell: Shell, dash: DashSpec, wheel: SteeringWheel | None) -> None:
    front, side = shell.spec.front_m, shell.spec.half_width_m - 0.005
    stations = np.linspace(-side, side, 11)
    split = dash.top_m - 0.35 * (dash.top_m - dash.bottom_m)

    def crown(loop: Array, y: float) -> Array:
        return dash.crown_m * (y / side) ** 2 * smooth((front + 0.12 - loop[:, 0]) / 0.1)

    end = shell.cowl_x + 0.02
    upper = rounded_loop(
        [
            (front - 0.015, split, 0.02, 1),
            (end, split, 0.0, 1),
            (end, dash.top_m - 0.02, 0.0, 6),
            (front + 0.05, dash.top_m, 0.05, 1),
            (front - 0.015, dash.top_m - 0.06, 0.03, 2),
        ]
    )
    lower = rounded_loop(
        [
            (front + 0.06, dash.bottom_m, 0.04, 1),
            (end, dash.bottom_m, 0.0, 1),
            (end, split, 0.0, 1),
            (front + 0.012, split, 0.01, 4),
        ]
    )
    for name, loop in (("trim_top", upper), ("trim", lower)):
        surface = padded(loop, stations, 0.01, crown)
        parts.add(name, *surface.between(surface.across[0], surface.across[-1]))
        parts.add(name, surface.ends())
    strip = padded(upper, stations, 0.01, crown).points[:, 0] - (0.004, 0, 0.004)
    parts.add("accent", oval(strip, (0, 0, 1), 0.016, 0.008, 6))
    _add_dash_details(parts, shell, dash, wheel)


def _add_dash_details(parts: Parts, shell: Shell, dash: DashSpec, wheel: SteeringWheel | None) -> None:
    front, side = shell.spec.front_m, shell.spec.half_width_m
    driver = float(wheel.center[1]) if wheel else 0.0
    if wheel:
        hood = [
            (
                front + 0.02 + 0.10 * s,
                driver,
                dash.top_m - 0.005 + 0.045 * np.sin(np.pi * (0.15 + 0.8 * (1 - s))),
            )
            for s in np.linspace(0, 1, 6)
        ]
        parts.add("trim_top", oval(hood, (0, 1, 0), (0.34, 0.38, 0.40, 0.38, 0.34, 0.28), 0.03, 12))
        tilt = about_y(-0.35)
        parts.add(
            _GLASS, rounded_box((front - 0.005, driver, dash.top_m - 0.03), (0.012, 0.30, 0.10), tilt, 10, 3)
        )
        for shift in (-0.07, 0.07):
            turn = np.linspace(0, 2 * np.pi, 14, endpoint=False)
            ring = np.stack([np.full(14, -0.008), shift + 0.042 * np.cos(turn), 0.042 * np.sin(turn)], axis=1)
            parts.add(
                "accent", tube(ring @ tilt.T + (front - 0.005, driver, dash.top_m - 0.03), 0.003, 4, True)
            )
    if dash.screen != "none":
        center, size, tilt = _screen(front, dash)
        parts.add(_GLASS, rounded_box(center, size, tilt, 12, 3))
        parts.add(_PICTURE, rounded_box(center - tilt[:, 0] * 0.007, size * (0.4, 0.93, 0.88), tilt, 14, 2))
    if dash.vents:
        middle = 0.5 * dash.screen_width_m + 0.08
        for y in (-side + 0.13, -middle, middle, side - 0.13):
            back = dash.crown_m * (y / side) ** 2
            _add_vent(parts, np.array([front - 0.016 - back, y, dash.top_m - 0.105]))
    if shell.spec.console.console_m > 0:
        stack = (front + 0.03, 0, (dash.bottom_m + shell.spec.console.console_m) / 2 + 0.05)
        height = abs(dash.bottom_m - shell.spec.console.console_m) + 0.25
        parts.add("trim", rounded_box(stack, (0.10, 0.26, height), about_y(0.2), 8, 5))
        for y in (-0.07, 0.0, 0.07):
            knob = np.array([front - 0.025, y, dash.bottom_m + 0.02])
            parts.add("accent", tube([knob, knob - (0.02, 0, 0)], (0.02, 0.016), 10))
            parts.add(_BLACK, rounded_box(knob - (0.016, 0, 0), (0.01, 0.03, 0.03), None, 2.5, 3))


def _add_vent(parts: Parts, center: Array) -> None:
    parts.add(_BLACK, rounded_box(center, (0.02, 0.12, 0.05), None, 8, 2))
    for z in (-0.014, 0.0, 0.014):
        parts.add("accent", rounded_box(np.add(center, (-0.009, 0, z)), (0.008, 0.11, 0.005), None, 8, 1))


def _add_wheel(parts: Parts, wheel: SteeringWheel, spokes: int) -> None:
    def at(away: float, left: float, up: float) -> Array:
        point: Array = wheel.center + wheel.rotation @ (away, left, up)
        return point

    turn = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    parts.add(_BLACK, tube([wheel.rim(t) for t in turn], 0.0155, 8, closed=True))
    parts.add(_BLACK, rounded_box(at(0.03, 0, -0.01), (0.06, 0.17, 0.13), wheel.rotation, 3, 5))
    parts.add("accent", rounded_box(at(0.0, 0, 0.0), (0.01, 0.04, 0.03), wheel.rotation, 2.5, 3))
    angles = {2: (0.0, np.pi), 3: (0.15, np.pi - 0.15, 1.5 * np.pi), 4: (0.3, np.pi - 0.3, 3.9, 5.5)}[spokes]
    for angle in angles:
        start, end = (np.array([np.cos(angle), np.sin(angle)]) * r for r in (0.05, wheel.radius_m))
        path = [at(0.025 * (1 - s), *(start + (end - start) * s)) for s in np.linspace(0, 1, 5)]
        parts.add("accent" if angle > np.pi else _BLACK, oval(path, wheel.rotation[:, 0], 0.018, 0.035))
    parts.add(_BLACK, tube([at(0.05, 0, -0.01), at(0.32, 0, -0.03)], 0.045, 10))
    for side in (-1.0, 1.0):
        parts.add(_BLACK, tube([at(0.07, 0, 0), at(0.05, side * 0.16, 0.03)], (0.009, 0.007), 6))


def _add_pedals(parts: Parts, shell: Shell, driver_y: float) -> None:
    for shift, high, wide in ((-0.14, 0.12, 0.06), (0.0, 0.16, 0.09)):
        center = np.array([shell.front_x - 0.12, driver_y + shift, high])
        parts.add(_BLACK, rounded_box(center, (0.02, wide, 0.10), about_y(0.6), 6, 2))
        parts.add(_BLACK, tube([center, np.add(center, (0.1, 0, 0.2))], 0.01, 5))


def _add_console(parts: Parts, spec: CabinSpec) -> None:
    console, front = spec.console, spec.front_m
    for box in console_solids(spec):
        surface = _hump(box)
        parts.add(
            "floor" if box.name == "tunnel" else "trim",
            *surface.between(surface.across[0], surface.across[-1]),
        )
        parts.add("trim", surface.ends())
    if console.console_m <= 0:
        return
    rear, top, width = spec.rows[0].x_m - _CONSOLE_REAR_M, console.console_m, console.width_m
    parts.add("seat_side", rounded_box((rear + 0.17, 0, top + 0.015), (0.32, width, 0.07), None, 5, 6))
    for x in (rear + 0.42, rear + 0.51):
        turn = np.linspace(0, 2 * np.pi, 14, endpoint=False)
        ring = np.stack([x + 0.037 * np.cos(turn), 0.037 * np.sin(turn), np.full(14, top + 0.004)], axis=1)
        parts.add("accent", tube(ring, 0.004, 5, closed=True))
        parts.add(_BLACK, rounded_box((x, 0, top), (0.07, 0.07, 0.006), None, 2, 3))
    if console.lever:
        foot = np.array([front - 0.22, 0.0, top])
        parts.add(_BLACK, tube([foot, np.add(foot, (-0.03, 0, 0.09))], (0.022, 0.01), 8))
        parts.add(_BLACK, rounded_box(np.add(foot, (-0.034, 0, 0.11)), (0.05, 0.05, 0.06), None, 2.5, 4))


def _hump(box: OrientedBox) -> Padded:
    """A box along the vehicle with soft upper edges, lofted across."""
    (x0, _, z0), (x1, _, z1) = box.center - box.size / 2, box.center + box.size / 2
    soft = min(0.05, 0.3 * (z1 - z0))
    loop = rounded_loop([(x0, z0, 0.0, 1), (x1, z0, 0.0, 2), (x1, z1, soft, 9), (x0, z1, soft, 2)])
    half = box.size[1] / 2
    return padded(loop, np.linspace(-half, half, 5), 0.02)
