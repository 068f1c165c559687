"""Shoes: lofts around the feet, with soles."""

from __future__ import annotations

import numpy as np

from cabinsafe.synthetic.mesh import Material
from cabinsafe.synthetic.rotations import Array, normalized
from cabinsafe.synthetic.wardrobe.fitting import Fitting
from cabinsafe.synthetic.wardrobe.garment import Garment, Layer, garment
from cabinsafe.synthetic.wardrobe.spec import LookSpec
from cabinsafe.synthetic.wardrobe.surface import rigid, ring_triangles

_STATIONS, _SIDES = 10, 28
_SOLE_M = 0.02


def shoes(fit: Fitting, look: LookSpec, hem_z: float) -> Layer:
    """Both shoes; they cover the feet and end under trousers whose hem is at a height ``hem_z``."""
    size = fit.scale
    ankle = fit.bone("foot.L")[2]
    rise = {"sneakers": -0.01, "boots": 0.09, "flats": -0.035}[look.shoes] * size
    rise = min(rise, hem_z + 0.012 * size - ankle)
    below = np.where(fit.near("foot", "shin"), ankle + rise + 0.02 * size - fit.points[:, 2], -1.0)
    parts = [part for mark in ("L", "R") for part in _shoe(fit, look, mark, rise)]
    return Layer(tuple(parts), below)


def _shoe(fit: Fitting, look: LookSpec, mark: str, rise_m: float) -> list[Garment]:
    """Upper and sole of one shoe."""
    size, rig = fit.scale, fit.body.rig
    side = fit.points[:, 1] > 0 if mark == "L" else fit.points[:, 1] < 0
    foot = fit.points[fit.near("foot") & side & fit.drawn]
    leg = fit.points[fit.near("foot", "shin") & side & fit.drawn]
    ankle = rig.head(f"foot.{mark}")
    ahead = normalized((rig.head(f"toe3-1.{mark}") - ankle) * (1, 1, 0))
    axes = np.stack([ahead, np.cross([0, 0, 1.0], ahead), [0, 0, 1.0]])
    local, shaft = (foot - ankle) @ axes.T, (leg - ankle) @ axes.T
    upper, sole = (
        rigid(
            (rings.reshape(-1, 3) @ axes + ankle, ring_triangles(len(rings), _SIDES)),
            rig.index[f"foot.{mark}"],
            len(rig.labels),
        )
        for rings in (_upper(local, shaft, rise_m, size), _sole(local, size))
    )
    leather = Material(look.shoe_color, roughness=0.5, wrinkles=0.1, ir_reflectance=0.45)
    rubber = Material(look.sole_color, roughness=0.8, ir_reflectance=0.35)
    return [garment(f"shoe.{mark}", upper, leather), garment(f"sole.{mark}", sole, rubber)]


def _ring(points: Array, spare_m: float) -> Array:
    """(S, 2) the outline of points (N, 2) from above, star-shaped around the middle, widened."""
    center = (points.min(axis=0) + points.max(axis=0)) / 2
    half = np.maximum((points.max(axis=0) - points.min(axis=0)) / 2, 1e-3)
    round_ = (points - center) / half
    angle, reach = np.arctan2(round_[:, 1], round_[:, 0]), np.linalg.norm(round_, axis=1)
    turn = np.linspace(-np.pi, np.pi, _SIDES, endpoint=False)
    sector = np.floor((angle + np.pi) / (2 * np.pi) * _SIDES).astype(int)
    widest = np.full(_SIDES, 0.3)
    for side in (sector, sector + 1):
        np.maximum.at(widest, side % _SIDES, reach)
    even = (np.roll(widest, 1) + 2 * widest + np.roll(widest, -1)) / 4
    out = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    ring: Array = center + out * (half * even[:, None] + spare_m)
    return ring


def _upper(foot: Array, leg: Array, rise_m: float, size: float) -> Array:
    """(R, S, 3) rings of the upper, from the sole up to the opening around the ankle."""
    floor = float(foot[:, 2].min())
    rings = []
    for z in np.linspace(floor, rise_m, _STATIONS):
        low = min(z - 0.008 * size, rise_m - 0.03 * size)
        above = leg[(leg[:, 2] > low) & (leg[:, 2] < rise_m + 0.02 * size)]
        rings.append(_at(_ring(above[:, :2], 0.006 * size), z))
    return np.stack(rings)


def _sole(foot: Array, size: float) -> Array:
    """(4, S, 3) rings of the sole: its middle below, its lower and upper edge, then inward to the upper."""
    floor = float(foot[:, 2].min())
    wide, narrow = _ring(foot[:, :2], 0.011 * size), _ring(foot[:, :2], 0.004 * size)
    middle = wide.mean(axis=0)
    low, high = floor - _SOLE_M * size, floor + 0.006 * size
    return np.stack(
        [_at(middle + 0.02 * (wide - middle), low), _at(wide, low), _at(wide, high), _at(narrow, high)]
    )


def _at(ring: Array, height: float) -> Array:
    return np.column_stack([ring, np.full(len(ring), height)])
