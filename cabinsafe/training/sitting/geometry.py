"""Training poses made from geometry: jointed bodies seated in cabins, seen by pinhole cameras.

No picture and no real person is behind them. A body is a set of bone lengths (adult or child); a pose of
:mod:`~cabinsafe.training.sitting.repertoire` sets its joints; a cabin has seats, obstacles and a camera; the
keypoints are projected and then spoilt the way a pose network spoils them. All is drawn from one seed.

Vehicle frame, metres: x forward, y left, z up, the origin at the hip point between the front seats.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from cabinsafe.training.sitting.camera import draw_cabins, seat_positions, seen_by_camera
from cabinsafe.training.sitting.repertoire import HANDS, KEYPOINTS, MIRRORED_ROWS, REPERTOIRE, RESTING

Array = NDArray[np.float64]
Rng = np.random.Generator

_ROW: Mapping[str, int] = MappingProxyType({name: i for i, name in enumerate(KEYPOINTS)})
_BONES: Mapping[str, float] = MappingProxyType(
    {
        "torso": 0.288,
        "shoulders": 0.207,
        "hips": 0.118,
        "head": 0.115,
        "upper_arm": 0.186,
        "forearm": 0.146,
        "thigh": 0.245,
        "shin": 0.246,
    }
)
"""Lengths over stature, after Winter, Biomechanics and Motor Control of Human Movement, 2009, fig. 4.1;
shoulders, hips and head by own estimate of where pose networks put their points."""


@dataclass(frozen=True)
class PoseSamples:
    """N samples, parallel arrays.

    Attributes:
        xy: (N, 18, 2) pixels in the order of :data:`KEYPOINTS`, NaN where absent.
        unsafe: (N,) bool, the label.
        pose: (N,) name in the repertoire.
        vehicle, person: (N,) ids to split by. A person rides in one vehicle only, and a vehicle has one
            camera, so that a split by vehicle is one by camera and person as well.
    """

    xy: Array
    unsafe: NDArray[np.bool_]
    pose: NDArray[np.str_]
    vehicle: NDArray[np.int64]
    person: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.unsafe)

    def label_in_sight(self) -> NDArray[np.bool_]:
        """(N,) false where only the legs tell the pose from sitting and no knee was seen."""
        by_legs = np.array([REPERTOIRE[name].told_by_legs for name in self.pose])
        knees = self.xy[:, [_ROW["left_knee"], _ROW["right_knee"]], 0]
        mask: NDArray[np.bool_] = ~(by_legs & np.isnan(knees).all(axis=1))
        return mask

    def pick(self, rows: NDArray[np.bool_] | NDArray[np.int64]) -> PoseSamples:
        """The samples at these rows, or where this mask is true."""
        return PoseSamples(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})


def make_samples(count: int, seed: int, *, vehicles: int = 60, unsafe_share: float = 0.4) -> PoseSamples:
    """Draw samples.

    Args:
        count: how many.
        seed: the same seed gives the same samples.
        vehicles: number of vehicles; each has its own camera and its own 12 people.
        unsafe_share: share of unsafe poses, (0, 1).
    """
    rng = np.random.default_rng(seed)
    vehicle = rng.integers(vehicles, size=count)
    person = vehicle * 12 + rng.integers(12, size=count)
    pose = _draw_poses(rng, count, unsafe_share)
    quantities = _draw_quantities(rng, pose)
    bones = {name: lengths[person] for name, lengths in _draw_people(rng, vehicles * 12).items()}
    joints = pose_bodies(rng, pose, quantities, bones)
    cabins = {name: values[vehicle] for name, values in draw_cabins(rng, vehicles).items()}
    joints += seat_positions(rng, cabins, quantities)[:, None]
    unsafe = np.array([REPERTOIRE[name].unsafe for name in pose])
    return PoseSamples(seen_by_camera(rng, joints, cabins, bones["torso"]), unsafe, pose, vehicle, person)


def _draw_poses(rng: Rng, count: int, unsafe_share: float) -> NDArray[np.str_]:
    names = np.array(list(REPERTOIRE))
    weight = np.array([pose.weight for pose in REPERTOIRE.values()])
    unsafe = np.array([pose.unsafe for pose in REPERTOIRE.values()])
    share = np.where(unsafe, unsafe_share / weight[unsafe].sum(), (1 - unsafe_share) / weight[~unsafe].sum())
    return rng.choice(names, size=count, p=weight * share)


def _draw_quantities(rng: Rng, pose: NDArray[np.str_]) -> dict[str, Array]:
    """Each quantity of RESTING (N,), legs as ``thigh_left``, ``thigh_right``, ...; degrees and metres."""
    drawn: dict[str, Array] = {}
    for name, usual in RESTING.items():
        sided = name in {"thigh", "abduct", "knee", "shin_out"}
        common = rng.random(len(pose))
        for key in (f"{name}_left", f"{name}_right") if sided else (name,):
            ranges = {p: r.ranges.get(key, r.ranges.get(name, usual)) for p, r in REPERTOIRE.items()}
            low, high = np.array([ranges[p] for p in pose]).reshape(-1, 2).T
            where = 0.65 * common + 0.35 * rng.random(len(pose)) if sided else common
            drawn[key] = low + (high - low) * where
    return drawn


def _draw_people(rng: Rng, count: int) -> dict[str, Array]:
    """Bone lengths of ``count`` people, metres: three quarters adults, the others children from about 6."""
    child = rng.random(count) < 0.25
    stature = np.where(child, rng.uniform(1.1, 1.45, count), rng.normal(1.70, 0.10, count))
    bones = {
        name: share * stature * rng.normal(1.0, 0.06, count).clip(0.85, 1.15)
        for name, share in _BONES.items()
    }
    bones["head"] *= np.where(child, 1.25, 1.0)
    for name in ("thigh", "shin"):
        bones[name] *= np.where(child, 0.94, 1.0)
    return bones


def pose_bodies(
    rng: Rng, pose: NDArray[np.str_], quantities: dict[str, Array], bones: dict[str, Array]
) -> Array:
    """Keypoints (N, 18, 3) metres about the middle of the hips, axes of the vehicle."""
    q = {name: np.radians(v) if name not in {"slide", "lift"} else v for name, v in quantities.items()}
    root = rotation(2, q["yaw"]) @ rotation(1, q["root_pitch"]) @ rotation(0, q["root_roll"])
    turned = root @ rotation(2, q["twist"]) @ rotation(0, q["lean"])
    loin = turned @ rotation(1, q["torso"] - q["curve"] / 2)
    chest = turned @ rotation(1, q["torso"] + q["curve"] / 2)
    skull = root @ rotation(2, q["twist"] + q["turn"]) @ rotation(0, 0.6 * q["lean"] + q["tilt"])
    skull = skull @ rotation(1, 0.5 * q["torso"] + q["nod"])
    joints = np.zeros((len(pose), len(KEYPOINTS), 3))
    neck = 0.5 * bones["torso"][:, None] * (loin[..., 2] + chest[..., 2])
    joints[:, _ROW["neck"]] = neck
    head = neck + bones["head"][:, None] * (0.35 * chest[..., 2] + 0.65 * skull[..., 2])
    _set_face(joints, head, skull, bones["head"])
    for side, out in (("left", 1.0), ("right", -1.0)):
        shoulder = neck + chest[..., 1] * (out * 0.5 * bones["shoulders"])[:, None]
        hip = root[..., 1] * (out * 0.5 * bones["hips"])[:, None]
        thigh = _leg_bone(root, q[f"thigh_{side}"], out * q[f"abduct_{side}"])
        shin = _leg_bone(root, q[f"thigh_{side}"] - q[f"knee_{side}"], out * q[f"shin_out_{side}"])
        knee = hip + thigh * bones["thigh"][:, None]
        frames = {"chest": (shoulder, chest), "head": (head, skull), "thigh": (hip, root)}
        goal = _wrist_goals(rng, pose, side, frames, knee - hip, bones["torso"])
        elbow, wrist = bend_arm(shoulder, goal, chest, out, bones)
        for part, where in (("shoulder", shoulder), ("hip", hip), ("knee", knee), ("elbow", elbow)):
            joints[:, _ROW[f"{side}_{part}"]] = where
        joints[:, _ROW[f"{side}_wrist"]] = wrist
        joints[:, _ROW[f"{side}_ankle"]] = knee + shin * bones["shin"][:, None]
    return _mirrored_by_half(rng, joints)


def rotation(axis: int, angle: Array) -> Array:
    """Matrices (N, 3, 3) about x (0), y (1) or z (2), angles (N,) in radians."""
    a, b = (axis + 1) % 3, (axis + 2) % 3
    matrix = np.zeros((len(angle), 3, 3))
    matrix[:, axis, axis] = 1.0
    matrix[:, a, a] = matrix[:, b, b] = np.cos(angle)
    matrix[:, b, a] = np.sin(angle)
    matrix[:, a, b] = -matrix[:, b, a]
    return matrix


def _set_face(joints: Array, head: Array, skull: Array, size: Array) -> None:
    """Nose, eyes and ears about the centre of the head, in head heights (neck to ears)."""
    places = {"nose": (0.5, 0.0, -0.05), "eye": (0.42, 0.17, 0.12), "ear": (0.0, 0.38, 0.0)}
    for name, (forward, outward, up) in places.items():
        for prefix, out in (("", 0.0),) if name == "nose" else (("left_", 1.0), ("right_", -1.0)):
            offset = skull @ np.array([forward, out * outward, up])
            joints[:, _ROW[prefix + name]] = head + offset * size[:, None]


def _leg_bone(root: Array, elevation: Array, outward: Array) -> Array:
    """Unit direction (N, 3): 0 elevation is down, 90 degrees forward; then tipped to the left (+)."""
    local = np.stack(
        [np.sin(elevation) * np.cos(outward), np.sin(outward), -np.cos(elevation) * np.cos(outward)], axis=-1
    )
    direction: Array = np.einsum("nij,nj->ni", root, local)
    return direction


def _wrist_goals(
    rng: Rng,
    pose: NDArray[np.str_],
    side: str,
    frames: dict[str, tuple[Array, Array]],
    thigh: Array,
    torso: Array,
) -> Array:
    """Where each wrist should go, (N, 3) metres; a hand may stay short of it."""
    choices = {name: getattr(p, side) for name, p in REPERTOIRE.items()}
    spot = rng.random(len(pose))
    hands = [choices[p][int(r * len(choices[p]))] for p, r in zip(pose, spot, strict=True)]
    low, high = (np.array([HANDS[hand][k] for hand in hands], dtype=float).reshape(-1, 3) for k in (1, 2))
    offset = low + (high - low) * rng.random(low.shape)
    offset[:, 1] *= 1.0 if side == "left" else -1.0
    anchor = np.array([HANDS[hand][0] for hand in hands])
    goal: Array = np.zeros_like(offset)
    for name, (origin, axes) in frames.items():
        local = offset.copy()
        along = np.zeros_like(offset)
        if name == "thigh":
            along = thigh * offset[:, :1]
            local[:, 0] = 0.0
        placed = origin + along + np.einsum("nij,nj->ni", axes, local * torso[:, None])
        goal = np.where((anchor == name)[:, None], placed, goal)
    return goal


def bend_arm(
    shoulder: Array, goal: Array, chest: Array, out: float, bones: dict[str, Array]
) -> tuple[Array, Array]:
    """Elbow and wrist (N, 3) of arms that reach for ``goal``: two bones in a plane, the elbow down and out.

    A goal out of reach is approached as far as the arm goes; one too near is kept at the least distance.
    """
    upper, fore = bones["upper_arm"], bones["forearm"]
    towards = goal - shoulder
    length = np.linalg.norm(towards, axis=1)
    towards /= np.maximum(length, 1e-9)[:, None]
    reach = np.clip(length, 0.35 * (upper + fore), 0.985 * (upper + fore))
    pole = np.einsum("nij,j->ni", chest, np.array([-0.3, 0.6 * out, -1.0]))
    pole -= towards * np.sum(pole * towards, axis=1, keepdims=True)
    pole /= np.maximum(np.linalg.norm(pole, axis=1), 1e-9)[:, None]
    along = (upper**2 - fore**2 + reach**2) / (2 * reach)
    height = np.sqrt(np.maximum(upper**2 - along**2, 0.0))
    elbow = shoulder + towards * along[:, None] + pole * height[:, None]
    return elbow, shoulder + towards * reach[:, None]


def _mirrored_by_half(rng: Rng, joints: Array) -> Array:
    """Half of the bodies mirrored left to right, names with them."""
    flipped = joints[:, MIRRORED_ROWS] * np.array([1.0, -1.0, 1.0])
    return np.where(rng.random(len(joints))[:, None, None] < 0.5, flipped, joints)
