"""Hair: noisy shells over the scalp, locks that hang from them, beards."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from cabinsafe.synthetic.mesh import Material, Pattern, Shape, rounded_box, tube
from cabinsafe.synthetic.rotations import Array
from cabinsafe.synthetic.sampling import generator
from cabinsafe.synthetic.wardrobe import palette
from cabinsafe.synthetic.wardrobe.face import Face
from cabinsafe.synthetic.wardrobe.fitting import Fitting
from cabinsafe.synthetic.wardrobe.garment import Cloth, Layer, garment, ramp, shell
from cabinsafe.synthetic.wardrobe.skirt import widths
from cabinsafe.synthetic.wardrobe.spec import LookSpec
from cabinsafe.synthetic.wardrobe.surface import Surface, rigid, sheet_triangles

_LOCKS, _LEVELS = 29, 12


@dataclass(frozen=True)
class _Style:
    """Lengths on a grown-up: height over the scalp, of bumps, between them; of what hangs below the ears."""

    height_m: float
    bump_m: float = 0.004
    bump_length_m: float = 0.03
    hanging_m: float = 0.0
    raised: float = 0.0


_STYLES = (
    ("receding", _Style(0.006, 0.003, raised=2.2)),
    ("buzz", _Style(0.003, 0.001)),
    ("short", _Style(0.013, 0.007)),
    ("curly", _Style(0.022, 0.016, 0.02)),
    ("afro", _Style(0.060, 0.014, 0.03)),
    ("medium", _Style(0.017, 0.004, 0.04, 0.13)),
    ("long", _Style(0.015, 0.004, 0.04, 0.30)),
    ("ponytail", _Style(0.007, 0.002)),
    ("bun", _Style(0.007, 0.002)),
)


def hair(fit: Fitting, look: LookSpec) -> Layer:
    """Hair; it covers the scalp."""
    style = dict(_STYLES).get(look.hair_style)
    if style is None:
        return Layer(())
    face, rng = Face(fit), generator(look.seed, "hair")
    material = strands(look)
    field = _field(face, look, style, rng)
    parts = [garment("hair", _cap(fit, face, look, style, field, rng), material)]
    if style.hanging_m and look.hat != "beanie":
        parts.append(garment("locks", _locks(fit, face, style, rng), material))
    if look.hair_style in ("ponytail", "bun") and look.hat != "fedora":
        bones = fit.body.rig
        shape = _ponytail(face, rng) if look.hair_style == "ponytail" else _bun(face)
        parts.append(garment(look.hair_style, rigid(shape, bones.index["head"], len(bones.labels)), material))
    return Layer(tuple(parts), field)


def strands(look: LookSpec) -> Material:
    """The hair's material."""
    dark = palette.shaded(look.hair_color, 0.55)
    infrared = 0.22 + 0.25 * min(sum(look.hair_color), 1.0)
    return Material(look.hair_color, dark, Pattern.STRANDS, 250, 0.55, 0.35, infrared)


def _field(face: Face, look: LookSpec, style: _Style, rng: np.random.Generator) -> Array:
    """(V,) metres inside the hairline."""
    field = face.hair_field(style.raised + float(rng.uniform(-0.4, 0.3)))
    if look.hair_style == "receding":
        crown = (2.2 - face.local[:, 2]) * face.unit
        field = np.where(face.local[:, 0] > -2.0, np.minimum(field, crown), field)
    return field


def _cap(
    fit: Fitting, face: Face, look: LookSpec, style: _Style, field: Array, rng: np.random.Generator
) -> Surface:
    """What lies on the scalp; pressed flat by a hat."""
    height = style.height_m if look.hat == "none" else min(style.height_m, 0.006)
    bump = style.bump_m if look.hat == "none" else 0.0
    thin, over = (0.6, 0.02) if style.hanging_m else (0.25, 0.05)
    ease = (thin + (1 - thin) * ramp(field, 0.0, over * fit.scale)) * height * fit.scale
    if style.hanging_m:
        ease *= 0.15 + 0.85 * ramp(face.local[:, 2], 0.2, 2.2)
    crown = ramp(face.local[:, 2], 0.5, 3.0)
    bumps = bump * fit.scale * ramp(field, 0.0, 0.02 * fit.scale)
    bump_length = style.bump_length_m * fit.scale
    cloth = Cloth(0.002 * fit.scale, ease * (0.7 + 0.5 * crown), bumps, bump_length, 6, style.bump_m > 0.003)
    return shell(fit, field, cloth, rng)


def beard(fit: Fitting, look: LookSpec) -> Layer:
    """A beard: a shell over the jaw."""
    height = {"short": 0.003, "full": 0.012}.get(look.beard)
    if height is None:
        return Layer(())
    face, rng = Face(fit), generator(look.seed, "beard")
    chin = ramp(face.local[:, 0], 1.0, 2.6)
    ease = height * fit.scale * ramp(face.beard_field, 0.0, 0.02 * fit.scale) * (0.5 + 0.5 * chin)
    cloth = Cloth(0.0008, ease, 0.3 * ease, 0.012 * fit.scale, 2)
    return Layer((garment("beard", shell(fit, face.beard_field, cloth, rng), strands(look)),))


def _locks(fit: Fitting, face: Face, style: _Style, rng: np.random.Generator) -> Surface:
    """A curtain from temple to temple around the back; its lower end rests on shoulders and back."""
    size, unit = fit.scale, face.unit
    turn = np.radians(np.linspace(68, 292, _LOCKS))
    out = np.stack([np.cos(turn), np.sin(turn), 0 * turn], axis=1)
    center = np.array([face.ear[0], 0.0, 0.0])
    head = fit.points[fit.near("head") & fit.drawn] - center
    start, end = face.ear[2] + 2.0 * unit, face.ear[2] - style.hanging_m * size
    heights = np.linspace(start, end, _LEVELS)
    reach = np.stack([widths(head, out, max(z, face.ear[2] - unit), unit) for z in heights])
    reach = np.maximum.accumulate(reach, axis=0)
    drop = np.linspace(0, 1, _LEVELS)[:, None]
    waves = np.sin(turn * rng.uniform(9, 16) + drop * rng.uniform(0, 5)) * 0.003
    falling = (heights[:, None] - start) / unit
    radius = reach + size * (0.02 * ramp(-falling, 0, 2.4) - 0.006 + waves - 0.02 * ramp(drop, 0.5, 1))
    uneven = 0.02 * size * np.sin(turn * 3 + rng.uniform(0, 6)) * drop
    points = center + radius[..., None] * out + (heights[:, None] + uneven)[..., None] * np.array([0, 0, 1.0])
    points = fit.outside(fit.outside(points.reshape(-1, 3), 0.012 * size), 0.012 * size)
    return Surface(points, _hanging_weights(fit, face, points), sheet_triangles(_LEVELS, _LOCKS))


def _hanging_weights(fit: Fitting, face: Face, points: Array) -> sparse.csr_matrix:
    """With the head; below the chin more and more with the chest."""
    rig = fit.body.rig
    chest = 0.75 * ramp(-points[:, 2], -face.mouth[2], -rig.head("spine01")[2])
    weights = np.zeros((len(points), len(rig.labels)), np.float32)
    weights[:, rig.index["head"]], weights[:, rig.index["spine01"]] = 1 - chest, chest
    return sparse.csr_matrix(weights)


def _ponytail(face: Face, rng: np.random.Generator) -> Shape:
    """A tail from the back of the head, thick then thin."""
    t = np.linspace(0, 1, 12)
    length = face.unit * rng.uniform(3.5, 7)
    high = rng.uniform(0.6, 2.4)
    back = float(face.fit.points[face.fit.near("head") & face.fit.drawn, 0].min())
    x = back + face.unit * (0.15 - 1.1 * np.sin(np.minimum(t * 1.6, 1) * np.pi / 2) + 0.4 * t)
    z = face.ear[2] + face.unit * high - length * np.maximum(t - 0.12, 0) ** 1.2
    radii = face.unit * np.array(np.interp(t, [0, 0.08, 0.3, 0.8, 1], [0.3, 0.38, 0.7, 0.5, 0.03]))
    return tube(np.stack([x, 0 * t, z], axis=1), radii.tolist(), 12)


def _bun(face: Face) -> Shape:
    """A knot at the back of the head."""
    back = float(face.fit.points[face.fit.near("head") & face.fit.drawn, 0].min())
    center = (back - 0.3 * face.unit, 0.0, face.ear[2] + 2.2 * face.unit)
    return rounded_box(center, np.array([1.6, 2.0, 2.0]) * face.unit, None, 2.0, 8)
