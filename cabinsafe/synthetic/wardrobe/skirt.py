"""Skirts: tubes around both legs."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from cabinsafe.synthetic.rotations import Array
from cabinsafe.synthetic.wardrobe.fitting import Fitting
from cabinsafe.synthetic.wardrobe.garment import Garment, hemmed_garment, ramp
from cabinsafe.synthetic.wardrobe.spec import Fabric, LookSpec
from cabinsafe.synthetic.wardrobe.surface import Surface, ring_triangles

_SIDES, _LEVELS = 32, 14


def skirt(fit: Fitting, look: LookSpec, fabric: Fabric, rng: np.random.Generator) -> Garment:
    """A tube from the waist down that is as wide as what is in it, and follows both thighs."""
    size = fit.scale
    hip, knee = fit.bone("upperleg01.L"), fit.bone("lowerleg01.L")
    top_z = hip[2] + (0.12 if look.top == "dress" else 0.03) * size
    end_z = knee[2] + float(rng.uniform(-0.12, 0.07)) * size
    heights = np.linspace(top_z, end_z, _LEVELS)
    turn = np.linspace(0, 2 * np.pi, _SIDES, endpoint=False)
    out = np.stack([np.cos(turn), np.sin(turn), 0 * turn], axis=1)
    center = np.array([hip[0], 0.0, 0.0])
    inner = fit.points[fit.near("torso", "pelvis", "thigh", "shin") & fit.drawn & (fit.arm < 0.05)]
    around = np.stack([widths(inner - center, out, z, 0.035 * size) for z in heights])
    for _ in range(3):
        around[1:-1] = np.maximum(around[1:-1], (around[:-2] + around[2:]) / 2)
    drop = np.linspace(0, 1, _LEVELS)[:, None]
    flare = (0.01 + 0.08 * look.bottom_looseness * np.abs(np.sin(turn))) * drop
    pleats = 0.008 * drop * np.sin(turn * int(rng.integers(5, 12)) + rng.uniform(0, 6))
    over_tights = 0.004 + 0.012 * ramp(drop, 0.0, 0.2)
    radius = around + (over_tights + flare + pleats) * size
    points = center + radius[..., None] * out + heights[:, None, None] * np.array([0, 0, 1.0])
    surface = Surface(
        points.reshape(-1, 3),
        leg_weights(fit, points.reshape(-1, 3)),
        ring_triangles(_LEVELS, _SIDES)[:, ::-1],
    )
    return hemmed_garment("skirt", surface, fabric.material(), size)


def widths(points: Array, out: Array, height: float, half_m: float) -> Array:
    """How far the convex hull of a slab of points reaches from the z axis, in level directions (N, 3)."""
    slab = points[np.abs(points[:, 2] - height) < half_m]
    support = np.einsum("vi,ni->vn", slab, out).max(axis=0)
    cosine = np.einsum("mi,ni->mn", out, out)
    reach: Array = np.where(cosine > 0.2, support / np.maximum(cosine, 0.2), np.inf).min(axis=1)
    return reach


def leg_weights(fit: Fitting, points: Array) -> sparse.csr_matrix:
    """Weights of something around both legs: the hips above, then the thighs, below the knees the shins."""
    size, rig = fit.scale, fit.body.rig
    hip, knee = rig.head("upperleg01.L"), rig.head("lowerleg01.L")
    left = ramp(points[:, 1], -0.09 * size, 0.09 * size)
    thigh = ramp(-points[:, 2], -hip[2] - 0.04 * size, -hip[2] + 0.10 * size)
    shin = 0.8 * ramp(-points[:, 2], -knee[2] - 0.03 * size, -knee[2] + 0.08 * size)
    weights = np.zeros((len(points), len(rig.labels)), np.float32)
    weights[:, rig.index["root"]] = 1 - thigh
    for mark, share in (("L", left), ("R", 1 - left)):
        weights[:, rig.index[f"upperleg01.{mark}"]] = thigh * share * (1 - shin)
        weights[:, rig.index[f"lowerleg01.{mark}"]] = thigh * share * shin
    return sparse.csr_matrix(weights)
