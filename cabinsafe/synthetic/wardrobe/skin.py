"""The body's own surface: skin with lips and stubble, eyes, brows."""

from __future__ import annotations

import numpy as np

from cabinsafe.synthetic.mesh import Material, Pattern
from cabinsafe.synthetic.rotations import Array
from cabinsafe.synthetic.sampling import generator
from cabinsafe.synthetic.topology import Index, Mask
from cabinsafe.synthetic.wardrobe import palette
from cabinsafe.synthetic.wardrobe.face import Face
from cabinsafe.synthetic.wardrobe.fitting import Fitting
from cabinsafe.synthetic.wardrobe.garment import Garment, garment, ramp
from cabinsafe.synthetic.wardrobe.spec import LookSpec
from cabinsafe.synthetic.wardrobe.surface import bumps, rigid, ring_triangles, sheet_triangles

_SCLERA = Material((0.62, 0.60, 0.57), roughness=0.35, ir_reflectance=0.55)


def skin(fit: Fitting, look: LookSpec, covered: Mask) -> list[Garment]:
    """Skin where nothing covers it (mask (V,)), eyes and brows."""
    face = Face(fit)
    eyes = fit.near("eye_front.L", "eye_front.R", "eye_back.L", "eye_back.R")
    hidden = covered | face.cavities
    triangles = fit.surface.triangles
    of_eyes = eyes[triangles.T].all(axis=0)
    bare, rows = fit.surface.kept(~hidden[triangles.T].all(axis=0) & ~of_eyes)
    color = palette.skin_color(look.skin_tone, look.skin_redness)
    material = Material(color, roughness=0.6, wrinkles=0.05, ir_reflectance=0.6)
    balls, _ = fit.surface.kept(of_eyes)
    return [
        garment("skin", bare, material, _tint(fit, face, look, rows)),
        garment("eyes", balls, _SCLERA),
        *(_iris(fit, look, mark) for mark in ("L", "R")),
        *(_brow(fit, face, look, sign) for sign in (1, -1)),
    ]


def _tint(fit: Fitting, face: Face, look: LookSpec, rows: Index) -> Array:
    """(R, 3) factors on the skin's colour at some vertices."""
    rng, points = generator(look.seed, "skin"), fit.points[rows]
    spots = 1 + 0.05 * bumps(points, 0.09 * fit.scale, rng) + 0.03 * bumps(points, 0.03 * fit.scale, rng)
    tint = np.repeat(spots[:, None], 3, axis=1)
    rosy = 0.10 * face.cheeks[rows] + 0.12 * face.ears[rows] + 0.1 * fit.near("hand")[rows]
    tint *= 1 - rosy[:, None] * np.array([0.0, 1.0, 0.9])
    lips: Array = face.lips[rows, None] * rng.uniform(0.6, 1.0)
    tint *= 1 - lips * np.array([0.22, 0.5, 0.42])
    if look.beard == "stubble":
        tint *= 1 - 0.4 * ramp(face.beard_field[rows], -0.004, 0.012)[:, None]
    if look.makehuman_hair is not None or look.hair_style not in ("bald", "receding"):
        scalp = 0.8 * ramp(face.hair_field(0.3)[rows], 0.0, 0.015 * fit.scale)[:, None]
        skin_color = palette.skin_color(look.skin_tone, look.skin_redness)
        tint = tint * (1 - scalp) + scalp * np.array(look.hair_color) / skin_color
    return np.clip(tint, 0.03, 1.6)


def _iris(fit: Fitting, look: LookSpec, mark: str) -> Garment:
    """A small disc with a pupil on the front of an eyeball."""
    front = fit.points[fit.near(f"eye_front.{mark}")]
    ball = fit.points[fit.near(f"eye_front.{mark}", f"eye_back.{mark}")]
    center = (ball.min(axis=0) + ball.max(axis=0)) / 2
    pole = front[np.argmax(front[:, 0])]
    radius = float(np.linalg.norm(pole - center)) + 0.0004
    turn = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    angles = (0.0, 0.21, 0.24, 0.5)
    points = [
        [radius * np.cos(a), radius * np.sin(a) * np.cos(t), radius * np.sin(a) * np.sin(t)]
        for a in angles
        for t in turn
    ]
    triangles = ring_triangles(len(angles), 12)
    bones = fit.body.rig
    surface = rigid((center + np.array(points), triangles), bones.index[f"eye.{mark}"], len(bones.labels))
    tint = np.where(np.arange(len(points)) < 24, 0.1, 1.0)[:, None].repeat(3, axis=1)
    return garment(
        f"iris.{mark}", surface, Material(look.iris_color, roughness=0.2, ir_reflectance=0.25), tint
    )


def _brow(fit: Fitting, face: Face, look: LookSpec, sign: int) -> Garment:
    """A strip of hair over an eye."""
    across = np.linspace(-0.42, 0.62, 9)
    rise = 0.72 + 0.1 * np.cos((across - 0.15) * 2.6)
    half = (0.05 + 0.09 * look.brow_thickness) * (1.1 - np.abs(across - 0.05))
    rows = [
        face.eye
        + face.unit * np.column_stack([0 * across, sign * (face.eye_gap_units / 2 + across), rise + edge])
        for edge in (-half, 0 * half, half)
    ]
    points = face.on_front(np.concatenate(rows)) + np.array([0.04, 0, 0]) * face.unit
    bones = fit.body.rig
    hair = Material(
        look.hair_color, palette.shaded(look.hair_color, 0.6), Pattern.STRANDS, 300, 0.9, 0.2, 0.3
    )
    surface = rigid((points, sheet_triangles(3, len(across))), bones.index["head"], len(bones.labels))
    return garment(f"brow{sign}", surface, hair)
