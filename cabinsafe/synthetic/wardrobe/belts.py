"""What lies on a posed person without being worn, and belongs to the cabin: a seat belt, a blanket, a bag."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy import ndimage
from scipy.spatial import cKDTree

from cabinsafe.synthetic.mesh import CABIN, Color, Material, Mesh, joined, mesh, ribbon, rounded_box, tube
from cabinsafe.synthetic.rig import BonePose
from cabinsafe.synthetic.rotations import Array, about_z, normalized
from cabinsafe.synthetic.sampling import generator
from cabinsafe.synthetic.wardrobe.dressed import Dressed
from cabinsafe.synthetic.wardrobe.surface import bumps, sheet_triangles, vertex_normals

BELT_WIDTH_M = 0.047
BELT_GAP_M = 0.012
"""Distance of belts and blankets from the clothes, metres."""
WEBBING = Material((0.03, 0.03, 0.032), roughness=0.7, ir_reflectance=0.25)
_STEPS, _TIGHTENINGS, _EVENINGS = 49, 80, 20
_FALL = 2.5
"""Slope of a blanket beside what it lies on."""
_CELL_M, _REACH = 0.02, 9
_TRUNK = ("spine", "root", "pelvis", "clavicle", "shoulder", "breast", "upperleg", "neck01")
_LEGS = ("root", "pelvis", "upperleg", "lowerleg")
_NOT_UNDER_BELTS = frozenset({"hair", "locks", "ponytail", "beard", "strap"})


def seat_belt(
    person: Dressed,
    pose: BonePose,
    seat_side: int,
    shoulder_anchor: ArrayLike,
    buckle: ArrayLike,
    lap_anchor: ArrayLike | None = None,
    material: Material = WEBBING,
) -> list[Mesh]:
    """A worn three-point belt: over the shoulder to the buckle, and from there across the lap.

    A string between the anchors is tightened over the clothes until it hugs them.

    Args:
        person: who wears it.
        pose: seated in any way.
        seat_side: 1 if the shoulder anchor is on the person's left, -1 if on the right.
        shoulder_anchor: (3,) where the belt leaves the pillar or the backrest, metres.
        buckle: (3,) beside the opposite hip.
        lap_anchor: (3,) beside the hip on the anchor's side; by default the buckle, mirrored about the hips.
        material: of the webbing.
    """
    start, end = np.asarray(shoulder_anchor, np.float64), np.asarray(buckle, np.float64)
    over, breast, flank, lap, mirrored = _way(person, pose, seat_side, end)
    other = mirrored if lap_anchor is None else np.asarray(lap_anchor, np.float64)
    cloth = _Posed(person, pose, _TRUNK)
    lines = (start, over, breast, flank, end), (end, lap, other)
    return _straps(cloth, [np.stack(line) for line in lines], material)


def _way(person: Dressed, pose: BonePose, seat_side: int, buckle: Array) -> tuple[Array, ...]:
    """Points in front of the body: over the shoulder, breast, flank, lap; and the buckle mirrored."""
    body = person.body
    size, chest, wide = body.stature_m / 1.7, body.radius("chest"), body.radius("pelvis")
    ahead, left, up = pose.rotation("spine02").T
    collar = pose.head("upperarm01.L" if seat_side > 0 else "upperarm01.R")
    over = (collar + pose.head("neck01")) / 2 + up * 0.1 * size
    breast = pose.head("spine02") + ahead * (chest * 2 + 0.06) + seat_side * left * 0.04 * size
    hips = (pose.head("upperleg01.L") + pose.head("upperleg01.R")) / 2
    front, across, rise = pose.rotation("root").T
    beside = across @ (buckle - hips)
    flank = hips + 0.9 * wide * front + 1.2 * wide * rise
    flank += (body.rig.head("upperleg01.L")[1] + 0.1 * size) * np.sign(beside) * across
    return over, breast, flank, hips + (front + rise) * (wide + 0.08), buckle - 2 * beside * across


def blanket(person: Dressed, pose: BonePose, seed: int, material: Material, share: float = 0.8) -> list[Mesh]:
    """A blanket over the lap and the legs of a seated person.

    Args:
        person: whose legs.
        pose: seated.
        seed: of its folds.
        material: of the cloth.
        share: how far it hangs over the knees, as a share of the shins.
    """
    body = person.body
    hips, knees = (
        np.mean([pose.head(f"{b}.{m}") for m in "LR"], axis=0) for b in ("upperleg01", "lowerleg01")
    )
    ahead = normalized((knees - hips) * (1, 1, 0))
    axes = np.stack([ahead, np.cross([0, 0, 1.0], ahead), [0, 0, 1.0]])
    local = (_Posed(person, pose, _LEGS).points - hips) @ axes.T
    reach, half = float(np.linalg.norm((knees - hips)[:2])) + 0.16, float(np.abs(local[:, 1]).max()) + 0.12
    u, v = np.arange(-0.02, reach, _CELL_M), np.arange(-half, half, _CELL_M)
    hanging = float((knees - hips)[2]) - share * body.length("lowerleg01.L", "foot.L")
    lowest = np.where(u > reach - 0.13, hanging, -0.12)[:, None]
    height = np.maximum(_draped(local, u, v), lowest)
    flat = np.stack([*np.broadcast_arrays(u[:, None], v, height)], axis=-1).reshape(-1, 3)
    flat[:, 2] += 0.006 * bumps(flat * (1, 1, 0.3), 0.13, generator(seed, "blanket"))
    rest = np.column_stack([flat[:, 0], 0 * flat[:, 0], flat[:, 1]]).astype(np.float32)
    triangles = sheet_triangles(len(u), len(v)).astype(np.int32)
    return [Mesh((flat @ axes + hips).astype(np.float32), triangles, material, CABIN, rest)]


def bag_on_lap(person: Dressed, pose: BonePose, seed: int, color: Color, width_m: float = 0.32) -> list[Mesh]:
    """A soft bag with two handles that stands on the thighs.

    Args:
        person: whose lap.
        pose: seated.
        seed: of its shape and place.
        color: linear reflectance.
        width_m: across the lap; as high as two thirds of it.
    """
    rng = generator(seed, "bag")
    hips, knees = (
        np.mean([pose.head(f"{b}.{m}") for m in "LR"], axis=0) for b in ("upperleg01", "lowerleg01")
    )
    ahead = normalized((knees - hips) * (1, 1, 0))
    turn = about_z(float(np.arctan2(ahead[1], ahead[0])) + float(rng.uniform(-0.3, 0.3)))
    size = np.array([0.42, 1.0, 0.68]) * width_m * rng.uniform(0.9, 1.1, 3)
    spot = hips + (knees - hips) * rng.uniform(0.6, 0.75)
    center = spot + np.array([0, 0, person.body.radius("left_thigh") * 1.15 + size[2] / 2 + 0.005])
    cloth = Material(color, roughness=0.7, wrinkles=0.25, ir_reflectance=0.45)
    bow = np.linspace(0, np.pi, 13)
    handles = [
        tube(
            center
            + np.column_stack(
                [0 * bow + x, -np.cos(bow) * size[1] * 0.22, size[2] * (0.48 + 0.3 * np.sin(bow))]
            )
            @ turn.T,
            0.007,
            6,
        )
        for x in (-0.12 * width_m, 0.12 * width_m)
    ]
    leather = Material((0.03, 0.022, 0.018), roughness=0.5, ir_reflectance=0.3)
    return [mesh(rounded_box(center, size, turn, 4.5, 7), cloth), mesh(joined(handles), leather)]


class _Posed:
    """The posed clothes and skin on some bones: how far out of them points are."""

    def __init__(self, person: Dressed, pose: BonePose, part_of: tuple[str, ...]) -> None:
        on_bones = np.array([name.startswith(part_of) for name in person.body.rig.labels], np.float32)
        points, normals = [], []
        for part, posed in zip(person.garments, person.meshes(pose, CABIN), strict=True):
            rows = part.skin.weights @ on_bones > 0.5
            if part.name not in _NOT_UNDER_BELTS and rows.any():
                points.append(posed.vertices[rows].astype(np.float64))
                normals.append(vertex_normals(posed.vertices.astype(np.float64), part.triangles)[rows])
        self.points, self.normals = np.concatenate(points), np.concatenate(normals)
        self._tree = cKDTree(self.points, balanced_tree=False, compact_nodes=False)

    def gaps(self, points: Array) -> tuple[Array, Array]:
        """How far out (N,) of the nearest spots, metres, and the normal there (N, 3)."""
        nearest = self._tree.query(points, k=3)[1]
        out = self.normals[nearest].sum(axis=1)
        out /= np.maximum(np.sqrt(np.einsum("nj,nj->n", out, out)), 1e-9)[:, None]
        gaps = np.einsum("nkj,nj->nk", points[:, None] - self.points[nearest], out)
        return gaps.min(axis=1), out


def _straps(cloth: _Posed, ways: Sequence[Array], material: Material) -> list[Mesh]:
    """Straps from the first to the last corner of each way (C, 3), tightened over the clothes."""
    paths = np.stack([_stepped(corners) for corners in ways])
    free = paths[:, 1:-1]
    for _ in range(_TIGHTENINGS):
        free[:] = (paths[:, :-2] + paths[:, 2:]) / 2
        gap, out = cloth.gaps(free.reshape(-1, 3))
        push = np.minimum(np.maximum(BELT_GAP_M - gap, 0), 0.03)[:, None] * out
        free += push.reshape(free.shape)
    for _ in range(_EVENINGS):
        free[:] = (paths[:, :-2] + 6 * free + paths[:, 2:]) / 8
    facing = cloth.gaps(paths.reshape(-1, 3))[1].reshape(paths.shape)
    for _ in range(_EVENINGS):
        facing[:, 1:-1] = (facing[:, :-2] + facing[:, 1:-1] + facing[:, 2:]) / 3
    strips = (ribbon(path, out, BELT_WIDTH_M) for path, out in zip(paths, facing, strict=True))
    return [mesh(strip, material) for strip in strips]


def _stepped(corners: Array) -> Array:
    """(S, 3) even steps along the way through corners (C, 3)."""
    lengths = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(corners, axis=0), axis=1))])
    along = np.linspace(0, lengths[-1], _STEPS)
    return np.stack([np.interp(along, lengths, axis) for axis in corners.T], axis=1)


def _draped(local: Array, u: Array, v: Array) -> Array:
    """(U, V) heights of a cloth over points: it spans the gap between the legs and falls beside them."""
    rows = np.rint((local[:, 0] - u[0]) / _CELL_M).astype(int)
    columns = np.rint((local[:, 1] - v[0]) / _CELL_M).astype(int)
    fits = (rows >= 0) & (rows < len(u)) & (columns >= 0) & (columns < len(v)) & (local[:, 2] < 0.3)
    height = np.full((len(u), len(v)), -1.0)
    np.maximum.at(height, (rows[fits], columns[fits]), local[fits, 2] + BELT_GAP_M)
    spanned = ndimage.grey_closing(ndimage.grey_dilation(height, size=3), size=(3, 2 * _REACH))
    offsets = np.arange(-_REACH, _REACH + 1) * _CELL_M
    fall = ndimage.grey_dilation(spanned, structure=-_FALL * np.hypot(offsets[:, None], offsets))
    return np.asarray(ndimage.gaussian_filter(fall, 1.0, mode="nearest"))
