"""Garments: surfaces with a material; and how a shell of the body becomes cloth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cabinsafe.synthetic.mesh import Material
from cabinsafe.synthetic.rig import Points32, Skin
from cabinsafe.synthetic.rotations import Array
from cabinsafe.synthetic.wardrobe.fitting import Fitting
from cabinsafe.synthetic.wardrobe.surface import Surface, bumps

_HEM_M = 0.012
_HEM_SHADE = 0.35
_HEM_SMOOTHINGS = 12
_KEPT_EASE = 0.7
"""Share of a cloth's ease that smoothing leaves everywhere."""
SPREAD_M = 0.03
"""What lies further than this under the hem of a garment is not drawn."""


@dataclass(frozen=True)
class Garment:
    """One part of a person: triangles of one material that follow the bones.

    Attributes:
        name: what it is, such as ``top``.
        skin: rest coordinates and weights over the body's bones.
        triangles: (T, 3) int32.
        material: the material.
        tint: (V, 3) float32 factors on the colours, or None.
    """

    name: str
    skin: Skin
    triangles: NDArray[np.int32]
    material: Material
    tint: Points32 | None = None


def garment(name: str, surface: Surface, material: Material, tint: Array | None = None) -> Garment:
    """A surface of a material; ``tint`` (V, 3)."""
    return Garment(
        name,
        Skin(surface.points.astype(np.float32), surface.weights.astype(np.float32)),
        surface.triangles.astype(np.int32),
        material,
        None if tint is None else tint.astype(np.float32),
    )


def hemmed_garment(name: str, surface: Surface, material: Material, scale: float) -> Garment:
    """A garment whose edges turn in, darker inside."""
    inner = surface.points - _even(surface, surface.normals) * _HEM_M * scale
    whole, inside = surface.hemmed(inner)
    tint = np.where(inside, _HEM_SHADE, 1.0)[:, None].repeat(3, axis=1)
    return garment(name, whole, material, tint)


@dataclass(frozen=True)
class Layer:
    """Garments and what they cover.

    Attributes:
        garments: what is drawn.
        field: (V,) per vertex of the body, metres inside the hems, negative outside; None covers nothing.
    """

    garments: tuple[Garment, ...]
    field: Array | None = None


@dataclass(frozen=True)
class Cloth:
    """How a cloth lies on the body.

    Attributes:
        thickness_m: nowhere nearer to the skin than this.
        ease_m: (V,) how much further it lies, per vertex of the body.
        folds_m: (V,) height of its folds.
        fold_length_m: distance between them.
        smoothings: how often it is smoothed, so that it spans hollows.
        split: whether triangles are split in four.
    """

    thickness_m: float
    ease_m: Array
    folds_m: Array
    fold_length_m: float = 0.1
    smoothings: int = 12
    split: bool = False


def shell(fit: Fitting, field: Array, cloth: Cloth, rng: np.random.Generator) -> Surface:
    """A sheet around the part of the body where ``field`` (V,), metres from the hem, is positive."""
    piece, rows = fit.surface.kept((field > 0)[fit.surface.triangles.T].any(axis=0))
    values = np.column_stack([field, cloth.ease_m, cloth.folds_m, fit.normals])[rows]
    if cloth.split:
        piece, mix = piece.split()
        values = mix @ values
    inside, ease, folds, out = values[:, 0], values[:, 1], values[:, 2], values[:, 3:]
    points = piece.points + out * (cloth.thickness_m + ease)[:, None]
    for _ in range(cloth.smoothings):
        points = (points + piece.average @ points) / 2
        far = np.einsum("ij,ij->i", points - piece.points, out)
        points += np.maximum(cloth.thickness_m + _KEPT_EASE * ease - far, 0)[:, None] * out
    heights = folds * np.clip(0.5 + 0.5 * bumps(points, cloth.fold_length_m, rng), 0, 1)
    smooth = piece.moved(points)
    cut = piece.moved(points + smooth.normals * heights[:, None]).cut(inside)
    return cut.moved(_even(cut, cut.points))


def _even(surface: Surface, values: Array) -> Array:
    """Values (V, 3) smoothed along the hems: cuts through triangles are jagged."""
    rows, average = surface.topology.hem, surface.topology.hem_average
    hem = values[rows]
    for _ in range(_HEM_SMOOTHINGS):
        hem = (hem + average @ hem) / 2
    result: Array = values.copy()
    result[rows] = hem
    return result


def ramp(values: Array, start: float, end: float) -> Array:
    """0 at ``start``, 1 at ``end``, smooth between."""
    t = np.clip((values - start) / (end - start), 0, 1)
    smooth: Array = t * t * (3 - 2 * t)
    return smooth
