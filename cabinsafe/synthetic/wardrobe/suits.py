"""Clothes, shoes and hair of MakeHuman on a body."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from cabinsafe.synthetic.mesh import Material
from cabinsafe.synthetic.rotations import Array
from cabinsafe.synthetic.topology import Index
from cabinsafe.synthetic.wardrobe.fitting import Fitting
from cabinsafe.synthetic.wardrobe.garment import Layer, garment
from cabinsafe.synthetic.wardrobe.hair import strands
from cabinsafe.synthetic.wardrobe.makehuman import read_garment
from cabinsafe.synthetic.wardrobe.skirt import leg_weights
from cabinsafe.synthetic.wardrobe.spec import LookSpec
from cabinsafe.synthetic.wardrobe.surface import Surface

_SMALL = 0.04
"""Pieces with a smaller share of the triangles are trimmings: buttons, a tie."""


def suit(fit: Fitting, look: LookSpec, assets: Path | None) -> Layer:
    """Top and bottom of a MakeHuman suit."""
    surface, covered = _put_on(fit, assets, "clothes", str(look.makehuman_suit))
    waist = fit.bone("upperleg01.L")[2] + 0.1 * fit.scale
    fabrics = {"top": look.top_fabric, "bottom": look.bottom_fabric, "trimming": look.under_fabric}
    part = _part_of_triangles(surface, waist)
    surface = _with_skirt(fit, surface, part)
    parts = [
        garment(name, surface.kept(part == name)[0], fabric.material())
        for name, fabric in fabrics.items()
        if (part == name).any()
    ]
    return Layer(tuple(parts), covered)


def suit_shoes(fit: Fitting, look: LookSpec, assets: Path | None, hem_z: float) -> Layer:
    """MakeHuman's shoes; they end under trousers whose hem is at a height ``hem_z``."""
    whole, covered = _put_on(fit, assets, "clothes", str(look.makehuman_shoes))
    surface = whole.cut(hem_z + 0.012 * fit.scale - whole.points[:, 2])
    sole = surface.points[:, 2] < surface.points[:, 2].min() + 0.02 * fit.scale
    below = sole[surface.triangles].all(axis=1)
    leather = Material(look.shoe_color, roughness=0.5, wrinkles=0.1, ir_reflectance=0.45)
    rubber = Material(look.sole_color, roughness=0.8, ir_reflectance=0.35)
    return Layer(
        (
            garment("shoes", surface.kept(~below)[0], leather),
            garment("soles", surface.kept(below)[0], rubber),
        ),
        covered,
    )


def suit_hair(fit: Fitting, look: LookSpec, assets: Path | None) -> Layer:
    """MakeHuman's hair."""
    surface, _ = _put_on(fit, assets, "hair", str(look.makehuman_hair))
    return Layer((garment("hair", surface, strands(look)),))


def _put_on(fit: Fitting, assets: Path | None, kind: str, name: str) -> tuple[Surface, Array]:
    """The garment on the body, and 1 per covered vertex of the body, else -1."""
    binding = read_garment(assets, kind, name)
    surface = binding.worn(fit.points, fit.body.skin.weights)
    covered = np.full(len(fit.points), -1.0)
    covered[binding.hidden[binding.hidden < len(covered)]] = 1.0
    return surface, covered


def _with_skirt(fit: Fitting, surface: Surface, part: Index) -> Surface:
    """If the bottom closes between the thighs it is a skirt, and must not tear when they part."""
    rows = np.unique(surface.triangles[part == "bottom"])
    low = surface.points[rows][:, 2] < fit.bone("upperleg01.L")[2] - 0.22 * fit.scale
    if not (low & (np.abs(surface.points[rows][:, 1]) < 0.015 * fit.scale)).any():
        return surface
    chosen = np.isin(np.arange(len(surface.points)), rows).astype(np.float32)
    both = sparse.diags(1 - chosen) @ surface.weights + sparse.diags(chosen) @ leg_weights(
        fit, surface.points
    )
    return Surface(surface.points, both.tocsr(), surface.triangles)


def _part_of_triangles(surface: Surface, waist: float) -> Index:
    """(T,) ``top``, ``bottom`` or ``trimming`` of each triangle, by its connected piece."""
    piece = _pieces(surface)[surface.triangles[:, 0]]
    middle = surface.points[surface.triangles].mean(axis=1)[:, 2]
    names = np.empty(len(piece), dtype="<U8")
    for number in np.unique(piece):
        rows = piece == number
        heights = middle[rows]
        if rows.mean() < _SMALL:
            names[rows] = "trimming"
        elif np.ptp(heights) > 0.7 * np.ptp(middle):
            names[rows] = np.where(heights > waist, "top", "bottom")
        else:
            names[rows] = "top" if heights.mean() > waist else "bottom"
    return names


def _pieces(surface: Surface) -> Index:
    """(V,) number of the connected piece of each vertex."""
    count = len(surface.points)
    a, b = surface.triangles[:, [0, 1, 1, 2]].reshape(-1, 2).T
    links = sparse.coo_matrix((np.ones(len(a)), (a, b)), shape=(count, count))
    pieces: Index = connected_components(links, directed=False)[1]
    return pieces
