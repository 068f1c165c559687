"""Things worn: hats, glasses, masks, headphones, scarves, straps, watches, phones."""

from __future__ import annotations

import numpy as np

from cabinsafe.synthetic.mesh import Material, Shape, joined, ribbon, rounded_box, tube
from cabinsafe.synthetic.rotations import Array, normalized
from cabinsafe.synthetic.sampling import generator
from cabinsafe.synthetic.wardrobe.clothes import neck_field
from cabinsafe.synthetic.wardrobe.face import Face
from cabinsafe.synthetic.wardrobe.fitting import Fitting
from cabinsafe.synthetic.wardrobe.garment import Cloth, Garment, Layer, garment, hemmed_garment, shell
from cabinsafe.synthetic.wardrobe.spec import LookSpec
from cabinsafe.synthetic.wardrobe.surface import rigid, ring_triangles

_PLASTIC = Material((0.02, 0.02, 0.022), roughness=0.4, ir_reflectance=0.12)
_METAL = Material((0.35, 0.34, 0.32), roughness=0.3, ir_reflectance=0.4)
_SCREEN = Material((0.012, 0.013, 0.016), roughness=0.08, ir_reflectance=0.06)
_MASK_CLOTH = Material((0.45, 0.6, 0.68), roughness=0.95, wrinkles=0.3, ir_reflectance=0.75)
_LENS = Material((0.012, 0.011, 0.01), roughness=0.1, ir_reflectance=0.05)
_LENS_CLEAR_IN_IR = Material((0.012, 0.011, 0.01), roughness=0.1, ir_reflectance=0.3)


def accessories(fit: Fitting, look: LookSpec) -> list[Layer]:
    """All that the look names."""
    face = Face(fit)
    parts: list[Garment] = []
    if look.hat != "none":
        parts += _hat(fit, face, look)
    if look.glasses != "none":
        parts += _glasses(fit, face, look)
    if look.headphones:
        parts += _headphones(fit, face)
    if look.carried == "scarf":
        parts.append(_scarf(fit, look))
    if look.carried == "bag_strap":
        parts.append(_strap(fit, look))
    if look.watch_arm != "none":
        parts += _watch(fit, look.watch_arm)
    if look.phone_hand != "none":
        parts += _phone(fit, look.phone_hand)
    return [Layer(tuple(parts)), *([_mask(fit, face)] if look.face_mask else [])]


def _worn(fit: Fitting, name: str, shape: Shape, bone: str, material: Material) -> Garment:
    rig = fit.body.rig
    return garment(name, rigid(shape, rig.index[bone], len(rig.labels)), material)


def _ellipse(face: Face, spare_m: float, sides: int = 28) -> tuple[Array, Array]:
    """(S, 2) the skull's outline above the ears from above, and the directions (S,), 0 ahead."""
    turn = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    out = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    skull = face.fit.points[face.fit.near("head") & face.fit.drawn & (face.local[:, 2] > 2.0)][:, :2]
    center = (skull.min(axis=0) + skull.max(axis=0)) / 2
    half = (skull.max(axis=0) - skull.min(axis=0)) / 2 + spare_m
    return center + out * half, turn


def _hat(fit: Fitting, face: Face, look: LookSpec) -> list[Garment]:
    """A crown of rings over the skull, and a brim."""
    size, unit = fit.scale, face.unit
    ring, turn = _ellipse(face, (0.012 if look.hat == "beanie" else 0.016) * size)
    center = ring.mean(axis=0)
    top = float(fit.points[fit.near("head") & fit.drawn, 2].max()) + 0.014 * size
    low = face.ear[2] + unit * ({"beanie": 1.6, "cap": 2.0, "fedora": 2.0}[look.hat])
    tilt = (0.35 if look.hat != "fedora" else 0.1) * unit * np.cos(turn)
    if look.hat == "fedora":
        levels = ((0.0, 1.0), (0.35, 1.0), (0.8, 0.93), (1.15, 0.86), (1.2, 0.7), (1.0, 0.3), (0.97, 0.02))
    else:
        levels = ((0.0, 1.0), (0.3, 1.0), (0.55, 0.93), (0.78, 0.76), (0.92, 0.5), (0.99, 0.22), (1.0, 0.01))
    rings = [
        np.column_stack([center + (ring - center) * r, low + (top - low) * h + tilt * (1 - h)])
        for h, r in levels
    ]
    crown = (np.concatenate(rings), ring_triangles(len(rings), len(turn)))
    shapes = [crown]
    if look.hat == "fedora":
        shapes.append(_brim(ring, center, low, np.full(len(turn), 0.065 * size), 0.012 * size, tilt))
    if look.hat == "cap":
        reach = 0.075 * size * np.clip(np.cos(turn) * 1.9 - 0.75, 0, 1) ** 0.6
        shapes.append(_brim(ring, center, low, reach, -0.015 * size, tilt))
    if look.hat == "beanie":
        fold = [
            np.column_stack([center + (ring - center) * r, low + h * unit + tilt])
            for h, r in ((-0.1, 1.0), (-0.1, 1.05), (0.9, 1.06), (0.95, 1.0))
        ]
        shapes.append((np.concatenate(fold), ring_triangles(4, len(turn))))
    return [_worn(fit, "hat", joined(shapes), "head", look.hat_fabric.material())]


def _brim(ring: Array, center: Array, low: float, reach: Array, drop_m: float, tilt: Array) -> Shape:
    """A rim as wide as ``reach`` (S,) around a ring; it falls (or rises) by ``drop_m`` at its widest."""
    out = (ring - center) / np.linalg.norm(ring - center, axis=1, keepdims=True)
    rows = []
    for share in (0.0, 0.35, 0.7, 1.0):
        plane = ring + out * reach[:, None] * share
        rise = drop_m * share**2 * reach / max(float(reach.max()), 1e-9)
        rows.append(np.column_stack([plane, low + tilt + rise]))
    return np.concatenate(rows), ring_triangles(len(rows), len(ring))


def _glasses(fit: Fitting, face: Face, look: LookSpec) -> list[Garment]:
    """Two rims, a bridge, two temples; sunglasses have dark lenses."""
    rng = generator(look.seed, "glasses")
    unit, thick = face.unit, (0.0013 if look.glasses == "glasses" else 0.002) * fit.scale
    half, power = rng.uniform((0.66, 0.5), (0.8, 0.68)) * face.unit, rng.uniform(2.0, 4.0)
    turn = np.linspace(0, 2 * np.pi, 20, endpoint=False)
    ring = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    ring *= half / (np.abs(ring) ** power).sum(axis=1, keepdims=True) ** (1 / power)
    level = face.eye - np.array([0, 0, 0.12 * unit])
    front = float(face.on_front(level[None])[0, 0]) + 0.004 * fit.scale
    frames, lenses, gap = [], [], face.eye_gap_units / 2 * unit
    for sign in (1, -1):
        middle = np.array([front, sign * gap, level[2]])
        rim = middle + np.column_stack([-0.12 * ring[:, 0], sign * ring[:, 0], ring[:, 1]])
        hinge, over_ear = rim[0], face.ear + unit * np.array([-0.1, 0, 0.75])
        over_ear[1] = sign * (face.half_width + 0.06 * unit)
        corner = np.array([hinge[0] - 0.3 * unit, over_ear[1], hinge[2] + 0.2 * unit])
        behind = over_ear + unit * np.array([-0.35, 0, -0.5])
        frames += [
            tube(rim, thick, 6, closed=True),
            tube(np.stack([hinge, corner, over_ear, behind]), thick, 6),
        ]
        lenses.append((np.concatenate([middle[None], rim]), _fan(len(rim))))
    t = np.linspace(-1, 1, 5)
    bow = unit * (1 - t**2)
    bridge = np.column_stack([front + 0.12 * bow, t * (gap - half[0]), level[2] + 0.2 * unit + 0.1 * bow])
    frames.append(tube(bridge, thick, 6))
    parts = [_worn(fit, "frames", joined(frames), "head", _PLASTIC if rng.random() < 0.7 else _METAL)]
    if look.glasses == "sunglasses":
        lens = _LENS if look.glasses_dark_in_ir else _LENS_CLEAR_IN_IR
        parts.append(_worn(fit, "lenses", joined(lenses), "head", lens))
    return parts


def _fan(sides: int) -> np.ndarray:
    a = np.arange(sides)
    return np.stack([np.zeros(sides, np.int64), 1 + a, 1 + (a + 1) % sides], axis=1)


def _mask(fit: Fitting, face: Face) -> Layer:
    """A cloth over nose, mouth and chin."""
    x, y, z = face.local.T
    mouth, nose = (face.mouth - face.ear) / face.unit, (face.nose - face.ear) / face.unit
    width = face.half_width / face.unit * 0.86 - 0.12 * np.abs(z - mouth[2])
    upper = nose[2] + 0.35 - 0.25 * np.abs(y) - z
    inside = (
        np.minimum(np.minimum(upper, z - mouth[2] + 2.1), np.minimum(width - np.abs(y), x - 0.7)) * face.unit
    )
    field = np.where(fit.near("head", "neck") & ~face.cavities & ~face.ears, inside, -1.0)
    cloth = Cloth(0.003 * fit.scale, np.full(len(field), 0.004 * fit.scale), np.zeros(len(field)), 0.1, 150)
    surface = shell(fit, field, cloth, generator(0, "mask"))
    return Layer((hemmed_garment("mask", surface, _MASK_CLOTH, 0.3 * fit.scale),), field)


def _headphones(fit: Fitting, face: Face) -> list[Garment]:
    """Two cups and a band over the head."""
    unit = face.unit
    top = float(fit.points[fit.near("head") & fit.drawn, 2].max()) + 0.02 * fit.scale
    angle = np.linspace(-np.pi / 2, np.pi / 2, 15)
    width = face.half_width + 0.45 * unit
    low = face.ear[2]
    band = np.column_stack(
        [np.full(15, face.ear[0]), width * np.sin(angle), low + (top - low) * np.cos(angle) ** 0.7]
    )
    shapes = [tube(band, 0.22 * unit, 8)]
    for sign in (1, -1):
        center = face.ear + np.array([0, sign * (face.half_width + 0.3 * unit), 0.1 * unit])
        shapes.append(rounded_box(center, np.array([1.7, 0.75, 2.1]) * unit, None, 3, 5))
    return [_worn(fit, "headphones", joined(shapes), "head", _PLASTIC)]


def _scarf(fit: Fitting, look: LookSpec) -> Garment:
    """A thick loose ring around the neck."""
    below = neck_field(fit, 0.0)
    field = np.where(fit.arm > 0.2, -1.0, np.minimum(below + 0.055 * fit.scale, 0.03 * fit.scale - below))
    even = np.full(len(field), 0.012 * fit.scale)
    cloth = Cloth(0.02 * fit.scale, even, even, 0.06 * fit.scale, 10)
    surface = shell(fit, field, cloth, generator(look.seed, "scarf"))
    return hemmed_garment("scarf", surface, look.carried_fabric.material(), fit.scale)


def _strap(fit: Fitting, look: LookSpec) -> Garment:
    """A bag's strap from one shoulder across the chest to the other hip, and back behind."""
    sign = float(generator(look.seed, "strap").choice([-1, 1]))
    size, shoulder, hip = fit.scale, fit.bone("upperarm01.L"), fit.bone("upperleg01.L")
    start = np.array([fit.bone("neck01")[0], sign * shoulder[1] * 0.55, shoulder[2] + 0.05 * size])
    end = np.array([hip[0], -sign * (hip[1] + 0.07 * size), hip[2] + 0.08 * size])
    turn = np.linspace(0, 2 * np.pi, 48)
    there = (1 - np.cos(turn[:, None])) / 2
    path = start + there * (end - start) + np.sin(turn)[:, None] * np.array([0.2 * size, 0, 0])
    for _ in range(12):
        gap, out = fit.gap(path)
        path = path + 0.8 * (0.022 * size - gap)[:, None] * out
        path[1:-1] = (path[:-2] + 2 * path[1:-1] + path[2:]) / 4
    path[-1] = path[0]
    shape = ribbon(path, fit.gap(path)[1], 0.04 * size)
    return _worn(fit, "strap", shape, "spine02", look.carried_fabric.material())


def _watch(fit: Fitting, side: str) -> list[Garment]:
    """A strap around the wrist and a dial."""
    mark = "L" if side == "left" else "R"
    wrist, elbow = fit.bone(f"wrist.{mark}"), fit.bone(f"lowerarm01.{mark}")
    along = normalized(elbow - wrist)
    center = wrist + along * 0.025 * fit.scale
    arm = fit.points[
        fit.near("forearm", "hand") & fit.drawn & (np.abs((fit.points - center) @ along) < 0.012 * fit.scale)
    ]
    arm = arm[np.linalg.norm(arm - center, axis=1) < 0.08 * fit.scale]
    up = normalized(np.cross(along, np.cross([0, 0, 1.0], along)))
    across = np.cross(along, up)
    turn = np.linspace(0, 2 * np.pi, 21)
    out = np.cos(turn)[:, None] * up + np.sin(turn)[:, None] * across
    reach = ((arm - center) @ out.T).max(axis=0) + 0.003 * fit.scale
    path = center + out * reach[:, None]
    axes = np.stack([along, across, up], axis=1)
    dial = rounded_box(path[0], np.array([0.034, 0.034, 0.009]) * fit.scale, axes, 5, 4)
    bone = f"lowerarm02.{mark}"
    return [
        _worn(fit, "watch", ribbon(path, out, 0.018 * fit.scale), bone, _PLASTIC),
        _worn(fit, "dial", dial, bone, _SCREEN),
    ]


def _phone(fit: Fitting, side: str) -> list[Garment]:
    """A phone that lies in the palm."""
    mark = "L" if side == "left" else "R"
    wrist, knuckle = fit.bone(f"wrist.{mark}"), fit.bone(f"finger3-1.{mark}")
    first, last = fit.bone(f"finger2-1.{mark}"), fit.bone(f"finger5-1.{mark}")
    ahead = normalized(knuckle - wrist)
    across = normalized(first - last - ahead * ((first - last) @ ahead))
    palm = np.cross(ahead, across) * (1 if mark == "L" else -1)
    axes = np.stack([ahead, across, palm], axis=1)
    center = knuckle + palm * 0.024 * fit.scale + ahead * 0.01 * fit.scale
    body = rounded_box(center, (0.15, 0.072, 0.009), axes, 8, 5)
    screen = rounded_box(center + palm * 0.0012, (0.14, 0.066, 0.008), axes, 8, 5)
    return [
        _worn(fit, "phone", body, f"wrist.{mark}", _PLASTIC),
        _worn(fit, "screen", screen, f"wrist.{mark}", _SCREEN),
    ]
