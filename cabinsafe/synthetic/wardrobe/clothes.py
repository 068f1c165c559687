"""Tops and bottoms made from shells of the body, and the fields that say where they end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cabinsafe.synthetic.rotations import Array
from cabinsafe.synthetic.sampling import generator
from cabinsafe.synthetic.wardrobe.fitting import Fitting
from cabinsafe.synthetic.wardrobe.garment import SPREAD_M, Cloth, Garment, Layer, hemmed_garment, ramp, shell
from cabinsafe.synthetic.wardrobe.skirt import skirt
from cabinsafe.synthetic.wardrobe.spec import Fabric, LookSpec
from cabinsafe.synthetic.wardrobe.surface import rigid, ring_triangles


@dataclass(frozen=True)
class TopCut:
    """How a top is cut; lengths in metres of a grown-up.

    Attributes:
        sleeve: where sleeves end: 0 the shoulder, 1 the elbow, 2 the wrist; None for armholes.
        hem_m: how far below the hip joints it ends; negative is above.
        neck_m: how far below the root of the neck it begins.
    """

    sleeve: float | None
    hem_m: float = 0.05
    neck_m: float = 0.0


CUTS = (
    ("t_shirt", TopCut(0.62)),
    ("long_sleeve", TopCut(1.9)),
    ("jacket", TopCut(1.93, 0.07, 0.01)),
    ("hoodie", TopCut(1.93, 0.06, 0.0)),
    ("dress", TopCut(0.35, -0.07, 0.02)),
    ("tank", TopCut(None, 0.04)),
)
"""How each top is cut."""


def neck_field(fit: Fitting, below_m: float) -> Array:
    """(V,) metres below the neckline, which lies lower in front."""
    root = fit.bone("neck01")
    front = fit.points[:, 0] - root[0]
    line: Array = root[2] + (0.012 - below_m) * fit.scale - 0.45 * front - fit.points[:, 2]
    return line


def top_field(fit: Fitting, cut: TopCut) -> Array:
    """(V,) metres inside the hems of a top."""
    hem = fit.points[:, 2] - (fit.bone("upperleg01.L")[2] - cut.hem_m * fit.scale)
    trunk = np.minimum(hem, neck_field(fit, cut.neck_m))
    if cut.sleeve is None:
        between_straps = ramp(-np.abs(fit.points[:, 1]), -0.085 * fit.scale, -0.055 * fit.scale)
        wide = neck_field(fit, 0.0) - (0.075 * between_straps - 0.03) * fit.scale
        without: Array = np.minimum(np.minimum(hem, wide), (0.42 - fit.arm) * 0.12 * fit.scale)
        return without
    upper = fit.body.length("upperarm01.L", "lowerarm01.L")
    lower = fit.body.length("lowerarm01.L", "wrist.L")
    end = (cut.sleeve - 1) * (upper if cut.sleeve < 1 else lower)
    field: Array = np.where(fit.arm > 0.5, end - fit.along_arm, trunk)
    return field


def legs_field(fit: Fitting, length: float, waist_m: float = 0.1) -> Array:
    """(V,) metres inside trousers that end at ``length``: 1 the knee, 2 the ankle."""
    waist = fit.bone("upperleg01.L")[2] + waist_m * fit.scale - fit.points[:, 2]
    part = ("upperleg01.L", "lowerleg01.L") if length < 1 else ("lowerleg01.L", "foot.L")
    end = (length - 1) * fit.body.length(*part) - fit.along_leg
    return np.where(fit.arm > 0.05, -1.0, np.minimum(waist, end))


def top(fit: Fitting, look: LookSpec) -> list[Layer]:
    """The top, outermost first: a jacket has a shirt under it."""
    cut = dict(CUTS)[look.top]
    rng = generator(look.seed, "top")
    if look.top == "t_shirt":
        cut = TopCut(
            float(rng.uniform(0.45, 0.8)), float(rng.uniform(0.02, 0.1)), float(rng.uniform(0, 0.02))
        )
    field = top_field(fit, cut)
    thick = {"jacket": 0.013, "hoodie": 0.012}.get(look.top, 0.007)
    if look.top == "jacket":
        field = np.minimum(field, _open_front(fit, float(rng.uniform(0.01, 0.035))))
    snug = np.where(fit.arm > 0.5, field if (cut.sleeve or 0) > 1 else 1.0, neck_field(fit, cut.neck_m))
    outer = Layer((_sewn(fit, "top", field, snug, thick, look.top_looseness, look.top_fabric, rng),), field)
    if look.top == "hoodie":
        return [Layer((*outer.garments, _hood(fit, look)), field)]
    if look.top != "jacket":
        return [outer]
    collar = np.minimum(
        _open_front(fit, 0.04), np.minimum(neck_field(fit, -0.03), 0.012 - neck_field(fit, 0.01))
    )
    stand = _sewn(fit, "collar", collar, collar, 0.016, 0.2, look.top_fabric, rng)
    under = top_field(fit, TopCut(0.6, 0.04))
    seen = np.minimum(under, SPREAD_M - field)
    shirt = _sewn(fit, "shirt", seen, neck_field(fit, 0.0), 0.005, 0.1, look.under_fabric, rng)
    return [Layer((*outer.garments, stand), field), Layer((shirt,), under)]


def bottom(fit: Fitting, look: LookSpec, over: Sequence[Layer]) -> Layer:
    """Trousers or shorts; with a skirt or dress short tights of its cloth under it.

    Args:
        fit: the body.
        look: what it wears.
        over: the tops, which lie over it; it ends a little under them.
    """
    rng = generator(look.seed, "bottom")
    if look.top == "dress" or look.bottom == "skirt":
        fabric, waist_m = (look.top_fabric, 0.15) if look.top == "dress" else (look.bottom_fabric, 0.06)
        field = legs_field(fit, float(rng.uniform(0.4, 0.55)), waist_m)
        tights = _sewn(fit, "tights", field, field, 0.005, 0.0, fabric, rng)
        return Layer((tights, skirt(fit, look, fabric, rng)), field)
    length = 1.93 if look.bottom == "trousers" else float(rng.uniform(0.75, 1.05))
    field = legs_field(fit, length)
    beyond = -np.max([layer.field for layer in over if layer.field is not None], axis=0)
    seen = np.minimum(field, SPREAD_M * fit.scale + beyond)
    sewn = _sewn(fit, "bottom", seen, beyond, 0.005, look.bottom_looseness, look.bottom_fabric, rng)
    return Layer((sewn,), field)


def _sewn(
    fit: Fitting,
    name: str,
    field: Array,
    snug: Array,
    thick_m: float,
    loose: float,
    fabric: Fabric,
    rng: np.random.Generator,
) -> Garment:
    """A hemmed shell; the looser the wider, except where it lies close: near 0 of ``snug`` (V,), metres."""
    size = fit.scale
    limbs = np.where((fit.arm > 0.5) | fit.near("shin"), 0.7, 1.0)
    ankle = np.where(fit.near("shin"), ramp(fit.along_leg, 0.0, 0.4 * size), 0.0)
    wide = (0.004 + 0.028 * loose) * limbs * ramp(snug, 0.0, 0.07 * size) + 0.025 * loose * ankle
    ease, folds = (0.004 + wide) * size, (0.002 + 0.008 * loose) * size * ramp(snug, 0.0, 0.07 * size)
    cloth = Cloth(thick_m * size, ease, folds, 0.11 * size, 16)
    return hemmed_garment(name, shell(fit, field, cloth, rng), fabric.material(), size)


def _open_front(fit: Fitting, half_m: float) -> Array:
    """(V,) metres from an opening down the front that widens towards the neck."""
    low, high = fit.bone("upperleg01.L")[2], fit.bone("neck01")[2]
    half = half_m + 0.035 * ramp(fit.points[:, 2], low, high)
    front = fit.points[:, 0] > fit.bone("neck01")[0]
    return np.where(front & (fit.arm < 0.5), np.abs(fit.points[:, 1]) - half * fit.scale, 1.0)


def _hood(fit: Fitting, look: LookSpec) -> Garment:
    """A hood that lies on the back and around the neck."""
    angles = np.radians(np.linspace(-125, 125, 19))
    neck = fit.points[fit.near("neck") & fit.drawn]
    center, half = neck.mean(axis=0), np.ptp(neck, axis=0) / 2
    size = fit.scale
    behind = (1 + np.cos(angles)) / 2
    path = np.stack(
        [
            center[0] - (half[0] + 0.03 * size) * np.cos(angles),
            (half[1] + 0.018 * size) * np.sin(angles),
            fit.bone("neck01")[2] - 0.02 * size * (1 - behind),
        ],
        axis=1,
    )
    turn = np.linspace(0, 2 * np.pi, 11)[:-1]
    radii = (0.014 + 0.026 * behind) * size
    outward = np.stack([-np.cos(angles), np.sin(angles), 0 * angles], axis=1)
    rings = path[:, None] + radii[:, None, None] * (
        np.cos(turn)[None, :, None] * outward[:, None] + np.sin(turn)[None, :, None] * np.array([0, 0, 0.8])
    )
    triangles = ring_triangles(len(angles), len(turn))
    bones = fit.body.rig
    surface = rigid((rings.reshape(-1, 3), triangles), bones.index["spine01"], len(bones.labels))
    return hemmed_garment("hood", surface, look.top_fabric.material(), size)
