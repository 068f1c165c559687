"""Settling: a posture pushed out of seats, doors and other bodies, limb by limb, until it fits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from cabinsafe.synthetic.body import Body
from cabinsafe.synthetic.cabin.boxes import OrientedBox
from cabinsafe.synthetic.contact import Figure, closest_points, samples
from cabinsafe.synthetic.posing.ik import solve
from cabinsafe.synthetic.posing.posture import LEFT, RIGHT, Foot, Hand, Posture
from cabinsafe.synthetic.rotations import Array, normalized
from cabinsafe.synthetic.validity import FLESH_M, allowed_depth

_ROUNDS = 10
_MARGIN_M = 0.01
KEEP_OFF_M = 0.05
"""Air between a hand and somebody else's leg where no touch is meant."""
_SWING = 9.0
"""How far a hinge's direction turns per metre that its limb is too deep, against a unit vector."""
_LEAN_RAD_PER_M = 1.6
_TRUNK_SHARES: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "head": (0.5, 1.0), "chest": (0.5, 1.0), "belly": (0.9, 0.0), "pelvis": (0.9, 0.0),
        "upper_arm": (0.2, 0.6), "thigh": (0.3, 0.0),
    }
)  # fmt: skip
"""How much of a push the hips follow, and how much the spine leans with it."""

Push = tuple[str, Array]


def settle(
    body: Body,
    posture: Posture,
    solids: Sequence[OrientedBox],
    others: Sequence[Figure] = (),
    window_open: bool = False,
    touches: bool = False,
) -> Posture:
    """The posture with limbs and trunk moved out of what they are in.

    Args:
        body: whose posture.
        posture: where to begin.
        solids: what it must not go through.
        others: figures that it must not go through; they stay.
        window_open: whether it may reach through the side windows.
        touches: whether its hands may lie on others' legs; else they keep well off.
    """
    obstacles = [s for s in solids if not (window_open and s.name.endswith("window side"))]
    for _ in range(_ROUNDS):
        figure = Figure(body, solve(body, posture))
        pushes = [*_pushes_of_solids(figure, obstacles), *_pushes_of_bodies(figure, others, touches)]
        if not pushes:
            break
        for name, push in pushes:
            posture = _pushed(posture, name, push)
    return posture


def _pushes_of_solids(figure: Figure, solids: Sequence[OrientedBox]) -> list[Push]:
    points, radii = samples(figure)
    pushes = []
    for solid in solids:
        depths = solid.depth(points)
        deepest = depths.argmax(axis=1)
        excess = depths.max(axis=1) + radii - allowed_depth(solid) + _MARGIN_M
        for row in np.flatnonzero(excess > _MARGIN_M):
            out = _way_out(solid, points[row, deepest[row]])
            pushes.append((figure.body.capsules[row].name, out * excess[row]))
    return pushes


def _pushes_of_bodies(figure: Figure, others: Sequence[Figure], touches: bool) -> list[Push]:
    pushes = []
    for other in others:
        mine, theirs = closest_points(figure.lines, other.lines)
        apart = mine - theirs
        distance = np.linalg.norm(apart, axis=-1)
        overlap = figure.radii[:, None] + other.radii[None] - distance
        excess = overlap - _allowed_overlap(figure, other, touches) + _MARGIN_M
        for row in np.flatnonzero(excess.max(axis=1) > _MARGIN_M):
            column = int(excess[row].argmax())
            if distance[row, column] > 1e-6:
                push = apart[row, column] / distance[row, column] * excess[row, column]
                pushes.append((figure.body.capsules[row].name, push))
    return pushes


def _allowed_overlap(figure: Figure, other: Figure, touches: bool) -> Array:
    """(C, C) how deep each pair of body parts may press into each other; below 0 the air between them."""
    allowed = np.full((len(figure.radii), len(other.radii)), FLESH_M)
    legs = ("thigh", "shin")
    if not touches:
        allowed[np.ix_(figure.rows("hand"), other.rows(*legs))] = -KEEP_OFF_M
    allowed[np.ix_(figure.rows(*legs), other.rows("hand"))] = FLESH_M if touches else -KEEP_OFF_M
    return allowed


def _way_out(solid: OrientedBox, point: Array) -> Array:
    """Unit vector (3,) along which a point leaves a box soonest; from outside, straight away from it."""
    local = solid.local(point)
    beyond = np.abs(local) - solid.size / 2
    if (beyond > 0).any():
        away = np.where(beyond > 0, beyond * np.sign(local), 0.0)
    else:
        axis = int(np.argmax(beyond))
        away = np.eye(3)[axis] * (1.0 if local[axis] >= 0 else -1.0)
    return solid.rotation @ normalized(away)


def _pushed(posture: Posture, name: str, push: Array) -> Posture:
    """The posture with the targets changed that move one capsule."""
    prefix, _, part = name.partition("_")
    side = LEFT if prefix == "left" else RIGHT
    if part in ("upper_arm", "forearm", "hand"):
        posture = posture.with_hand(side, _pushed_hand(posture.hand(side), part, push))
    elif part in ("thigh", "shin", "foot"):
        posture = posture.with_foot(side, _pushed_foot(posture.foot(side), part, push))
    hips, lean = _TRUNK_SHARES.get(part or name, (0.0, 0.0))
    local = posture.pelvis.T @ push * lean * _LEAN_RAD_PER_M
    spine = posture.spine + np.array([local[0], local[1], 0.0])
    return replace(posture, hips_m=posture.hips_m + hips * push, spine=spine)


def _pushed_hand(hand: Hand, part: str, push: Array) -> Hand:
    elbow = normalized(hand.elbow) + (0 if part == "hand" else _SWING) * push
    wrist = hand.wrist_m + {"upper_arm": 0.0, "forearm": 0.6, "hand": 1.0}[part] * push
    return replace(hand, wrist_m=wrist, elbow=elbow)


def _pushed_foot(foot: Foot, part: str, push: Array) -> Foot:
    knee = normalized(foot.knee) + (0 if part == "foot" else _SWING) * push
    ankle = foot.ankle_m + {"thigh": 0.15, "shin": 0.6, "foot": 1.0}[part] * push
    return replace(foot, ankle_m=ankle, knee=knee)
