"""A vehicle from a seed: kind, measures, seats, colours, things, any of which may be fixed instead."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from cabinsafe.options import Options
from cabinsafe.synthetic.cabin.palette import draw_materials, draw_thing_surface
from cabinsafe.synthetic.cabin.spec import CabinSpec, RowSpec
from cabinsafe.synthetic.sampling import generator, merged

Range = tuple[float, float]
Rng = np.random.Generator

KINDS = ("sedan", "suv", "van", "shuttle")
_SHARES = (0.35, 0.3, 0.18, 0.17)
_SIZES: Mapping[str, Mapping[str, Range]] = MappingProxyType(
    {
        "sedan": MappingProxyType(
            {
                "half_width_m": (0.68, 0.76), "hip_m": (0.24, 0.30), "headroom_m": (0.88, 0.97),
                "belt_over_hip_m": (0.38, 0.47), "front_m": (0.56, 0.68), "pitch_m": (0.78, 0.92),
                "tumblehome_m": (0.12, 0.19), "rear_m": (0.62, 0.95), "rake_m": (0.5, 0.75),
                "rear_rake_m": (0.25, 0.5), "recline_deg": (20, 29),
            }
        ),
        "suv": MappingProxyType(
            {
                "half_width_m": (0.72, 0.80), "hip_m": (0.29, 0.36), "headroom_m": (0.93, 1.04),
                "belt_over_hip_m": (0.38, 0.47), "front_m": (0.58, 0.72), "pitch_m": (0.82, 0.96),
                "tumblehome_m": (0.10, 0.17), "rear_m": (0.85, 1.3), "rake_m": (0.4, 0.65),
                "rear_rake_m": (0.1, 0.3), "recline_deg": (18, 27),
            }
        ),
        "van": MappingProxyType(
            {
                "half_width_m": (0.76, 0.88), "hip_m": (0.34, 0.41), "headroom_m": (0.98, 1.18),
                "belt_over_hip_m": (0.40, 0.50), "front_m": (0.58, 0.75), "pitch_m": (0.85, 1.0),
                "tumblehome_m": (0.06, 0.13), "rear_m": (0.55, 1.0), "rake_m": (0.4, 0.7),
                "rear_rake_m": (0.03, 0.15), "recline_deg": (14, 23),
            }
        ),
        "shuttle": MappingProxyType(
            {
                "half_width_m": (0.82, 1.02), "hip_m": (0.40, 0.47), "headroom_m": (1.15, 1.5),
                "belt_over_hip_m": (0.28, 0.46), "front_m": (0.60, 0.78), "pitch_m": (0.85, 1.05),
                "tumblehome_m": (0.03, 0.12), "rear_m": (0.45, 0.6), "rake_m": (0.05, 0.2),
                "rear_rake_m": (0.02, 0.12), "recline_deg": (10, 20),
            }
        ),
    }
)  # fmt: skip


class _Sizes(Options):
    """What is drawn first, since the rest follows from it."""

    kind: str
    half_width_m: float
    hip_m: float
    headroom_m: float
    belt_over_hip_m: float
    front_m: float
    pitch_m: float
    tumblehome_m: float
    rear_m: float
    rake_m: float
    rear_rake_m: float
    recline_deg: float
    facing_each_other: bool
    driverless: bool


def draw_cabin(seed: int, fixed: Mapping[str, Any] = MappingProxyType({})) -> CabinSpec:
    """A vehicle's interior.

    Args:
        seed: the same seed and fixed values give the same spec.
        fixed: values that are not drawn, by :class:`CabinSpec` key; nested mappings fix single values within.
            A fixed kind, half width, roof or front changes how the rest is drawn.

    Raises:
        ConfigError: a fixed value is out of range, unknown, or does not fit the others.
    """
    sizes = _draw_sizes(generator(seed, "cabin sizes"), fixed)
    drawn = _draw_body(generator(seed, "cabin body"), sizes)
    drawn["rows"] = _draw_rows(generator(seed, "cabin rows"), sizes, drawn["wheel"] is not None)
    rows_x = _places(fixed.get("rows", drawn["rows"]))
    drawn["rear_m"] = rows_x[-1] - sizes.rear_m
    drawn["windows"] = _draw_windows(generator(seed, "cabin windows"), sizes, rows_x)
    drawn["fittings"] = _draw_fittings(generator(seed, "cabin fittings"), sizes)
    drawn["materials"] = draw_materials(generator(seed, "cabin materials"), sizes.kind)
    whole = merged(drawn, fixed)
    if "things" not in fixed:
        whole["things"] = _draw_things(generator(seed, "cabin things"), CabinSpec(**whole))
    return CabinSpec(**whole)


def _draw_sizes(rng: Rng, fixed: Mapping[str, Any]) -> _Sizes:
    kind = str(rng.choice(KINDS, p=_SHARES))
    uniform = rng.random(len(_SIZES["sedan"]))
    facing, driverless = rng.random() < 0.5, rng.random() < 0.6
    if fixed.get("wheel") or fixed.get("dash"):
        facing = driverless = False
    kind = str(fixed.get("kind", kind))
    ranges = _SIZES.get(kind, _SIZES["sedan"])
    drawn = {
        name: float(low + (high - low) * u)
        for (name, (low, high)), u in zip(ranges.items(), uniform, strict=True)
    }
    for name in ("half_width_m", "front_m"):
        if isinstance(fixed.get(name), int | float):
            drawn[name] = float(fixed[name])
    roof = fixed.get("roof_m")
    if isinstance(roof, int | float):
        drawn["hip_m"] = min(drawn["hip_m"], float(roof) - 0.85)
        drawn["headroom_m"] = float(roof) - drawn["hip_m"]
    facing = facing and kind == "shuttle"
    driverless = facing or (driverless and kind == "shuttle") or fixed.get("dash", ...) is None
    return _Sizes(
        kind=kind,
        facing_each_other=facing,
        driverless=driverless,
        **drawn,
    )


def _draw_body(rng: Rng, sizes: _Sizes) -> dict[str, Any]:
    belt = sizes.hip_m + sizes.belt_over_hip_m
    front = sizes.front_m + (0.05 if sizes.facing_each_other else 0.0)
    top = belt + float(rng.uniform(0.02, 0.10))
    crowded = sizes.kind == "van" or rng.random() < 0.15
    dash = {
        "top_m": top,
        "bottom_m": min(sizes.hip_m + float(rng.uniform(0.15, 0.20)), top - 0.2),
        "depth_m": float(rng.uniform(0.32, 0.5)),
        "crown_m": float(rng.uniform(0.02, 0.09)),
        "screen": str(rng.choice(["none", "inset", "floating"], p=[0.15, 0.4, 0.45])),
        "screen_width_m": float(rng.uniform(0.17, 0.4)),
        "vents": bool(rng.random() < 0.85),
    }
    wheel = {
        "ahead_m": float(rng.uniform(0.39, min(0.45, max(sizes.front_m - 0.13, 0.40)))),
        "above_m": float(rng.uniform(0.34, 0.39)),
        "radius_m": float(rng.uniform(0.175, 0.2)),
        "tilt_deg": float(rng.uniform(20, 30) + (10 if sizes.kind == "van" else 0)),
        "spokes": int(rng.choice([2, 3, 3, 4])),
    }
    console = {
        "tunnel_m": float(rng.uniform(0.06, 0.16)) if not sizes.driverless and not crowded else 0.0,
        "console_m": float(sizes.hip_m + rng.uniform(0.0, 0.10))
        if not sizes.driverless and not crowded
        else 0.0,
        "width_m": float(rng.uniform(0.14, 0.19)),
        "lever": bool(rng.random() < 0.7),
    }
    return {
        "kind": sizes.kind,
        "drive_side": str(rng.choice(["left", "right"], p=[0.7, 0.3])),
        "half_width_m": sizes.half_width_m,
        "roof_m": sizes.hip_m + sizes.headroom_m,
        "belt_line_m": min(belt, sizes.hip_m + sizes.headroom_m - 0.3),
        "front_m": front,
        "tumblehome_m": sizes.tumblehome_m,
        "dash": None if sizes.driverless else dash,
        "wheel": None if sizes.driverless else wheel,
        "console": console,
    }


def _draw_rows(rng: Rng, sizes: _Sizes, has_driver: bool) -> list[dict[str, Any]]:
    bolster = float(rng.uniform(0.01, 0.05))
    look = {
        "cushion_m": min(float(rng.uniform(0.11, 0.18)), sizes.hip_m - 0.14),
        "cushion_angle_deg": float(rng.uniform(6, 14)),
        "cushion_ahead_m": float(rng.uniform(0.33, 0.39)),
        "back_m": float(rng.uniform(0.54, 0.62)),
        "back_thickness_m": float(rng.uniform(0.08, 0.13)),
        "back_angle_deg": sizes.recline_deg,
        "bolster_m": bolster,
        "headrests": str(rng.choice(["posts", "integrated"], p=[0.8, 0.2])),
    }
    wide = 2 * sizes.half_width_m
    count = {"van": 3, "shuttle": 2 if sizes.facing_each_other else int(rng.choice([2, 3]))}.get(
        sizes.kind, 2
    )
    x, rows = 0.0, []
    for number in range(count):
        row = dict(look)
        row |= {"x_m": x, "hip_m": sizes.hip_m + (0.0 if number == 0 else float(rng.uniform(0.0, 0.05)))}
        bench = number > 0 or not has_driver
        if sizes.kind == "van" and number == 1 and rng.random() < 0.4:
            bench = False
        row |= _bench_seats(rng, wide, sizes.kind) if bench else _single_seats(rng, wide)
        if bench:
            row |= {
                "bolster_m": 0.4 * bolster,
                "headrests": str(rng.choice(["posts", "none", "posts"])),
            }
        if sizes.facing_each_other and number == 0:
            row["facing"] = "backward"
        gap = float(rng.uniform(1.35, 1.7)) if sizes.facing_each_other else sizes.pitch_m
        x -= gap + float(rng.uniform(0, 0.08))
        rows.append(row)
    return rows


def _single_seats(rng: Rng, wide: float) -> dict[str, Any]:
    width = float(min(rng.uniform(0.47, 0.53), wide / 2 - 0.12))
    middle = float(min(rng.uniform(0.25, 0.27) * wide, wide / 2 - width / 2 - 0.04))
    middle = max(middle, width / 2 + 0.02)
    seats = [{"y_m": y, "width_m": width} for y in (middle, -middle)]
    return {"bench": False, "seats": seats, "armrests": bool(rng.random() < 0.3) and middle - width / 2 > 0.1}


def _bench_seats(rng: Rng, wide: float, kind: str) -> dict[str, Any]:
    count = 2 if wide < 1.28 or (kind == "shuttle" and rng.random() < 0.25) else 3
    total = min(wide - float(rng.uniform(0.06, 0.16)), 0.62 * count)
    middle = total / count * (1.0 if count == 2 else float(rng.uniform(0.84, 1.0)))
    widths = [total / 2] * 2 if count == 2 else [(total - middle) / 2, middle, (total - middle) / 2]
    edge, seats = total / 2, []
    for width in widths:
        seats.append({"y_m": edge - width / 2, "width_m": width})
        edge -= width
    return {"bench": True, "seats": seats}


def _places(rows: Any) -> list[float]:
    """Where rows stand that may be a user's; what is none of a row is left for the options to refuse."""
    listed = rows if isinstance(rows, list | tuple) else ()
    values = [row.model_dump() if isinstance(row, RowSpec) else row for row in listed]
    places = [row.get("x_m", 0.0) for row in values if isinstance(row, Mapping)]
    return [float(x) for x in places if isinstance(x, int | float)] or [0.0]


def _draw_windows(rng: Rng, sizes: _Sizes, rows_x: list[float]) -> dict[str, Any]:
    pillars = [x - float(rng.uniform(0.24, 0.34)) for x in rows_x[:-1]]
    if sizes.facing_each_other:
        pillars = [(rows_x[0] + rows_x[-1]) / 2]
    pillars.append(max(rows_x[-1] - sizes.rear_m + float(rng.uniform(0.1, 0.3)), rows_x[-1] - 0.5))
    closed = []
    for number in range(2, len(pillars) + 1):
        if sizes.kind in ("van", "shuttle") and rng.random() < 0.12:
            closed += [f"left{number}", f"right{number}"]
    if rng.random() < (0.25 if sizes.kind in ("van", "shuttle") else 0.03):
        closed.append("rear")
    return {
        "pillars_m": pillars,
        "pillar_width_m": float(rng.uniform(0.08, 0.14)),
        "closed": closed,
        "windscreen_rake_m": sizes.rake_m,
        "rear_rake_m": sizes.rear_rake_m,
    }


def _draw_fittings(rng: Rng, sizes: _Sizes) -> dict[str, Any]:
    shares = {"sun_visors": 0.9, "mirror": 0.95, "grab_handles": 0.85, "belts": 0.85, "door_pockets": 0.9}
    drawn: dict[str, Any] = {name: bool(rng.random() < share) for name, share in shares.items()}
    drawn["poles"] = bool(sizes.kind == "shuttle" and rng.random() < 0.6)
    return drawn


def _draw_things(rng: Rng, spec: CabinSpec) -> list[dict[str, Any]]:
    """Mostly none or one; nothing lies on the driver's seat or in the feet's way of the front row."""
    things: list[dict[str, Any]] = []
    rear = [name for name in spec.seat_names if not name.startswith("Row1.")] or list(spec.seat_names)
    free = list(rng.permutation(rear))
    if rng.random() < 0.10 and free:
        things.append({"kind": "child_seat", "seat": str(free.pop())})
    for kind, share in (("bag", 0.14), ("box", 0.06), ("blanket", 0.08), ("bottle", 0.08)):
        if rng.random() < share and len(free) > 1:
            place = "floor" if kind != "blanket" and rng.random() < 0.5 else "seat"
            name = str(free.pop() if place == "seat" else rng.choice(rear))
            yaw = float(rng.uniform(-40, 40)) * (1.0 if place == "seat" else 0.25)
            things.append({"kind": kind, "seat": name, "place": place, "yaw_deg": yaw})
    if rng.random() < 0.08:
        things.append({"kind": "jacket", "seat": str(rear[0] if rng.random() < 0.5 else rear[-1])})
    if spec.dash and rng.random() < 0.2:
        things.append({"kind": "phone_mount", "yaw_deg": float(rng.uniform(-15, 15))})
    return [thing | {"surface": draw_thing_surface(rng)} for thing in things]
