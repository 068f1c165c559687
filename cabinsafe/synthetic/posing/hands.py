"""Where hands go, by name: on the own body, the cabin, a partner. Each function sets one hand of a draft."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from cabinsafe.synthetic.contact import Figure
from cabinsafe.synthetic.posing.draft import Draft
from cabinsafe.synthetic.posing.posture import LEFT, SIDES, side_name
from cabinsafe.synthetic.rotations import Array, normalized

HandPlace = Callable[[Draft, int], None]

_LEANS = 5
_REACHED_M = 0.02
HOVER_M = (0.10, 0.20)
"""Air under a hand that is held over a leg and does not touch it."""


def lap(d: Draft, side: int) -> None:
    """Flat on the own thigh."""
    on_leg(d, side, d.figure(), side, d.draw((0.25, 0.75)))


def knee(d: Draft, side: int) -> None:
    """On the own knee."""
    on_leg(d, side, d.figure(), side, d.draw((0.85, 0.95)))


def on_leg(d: Draft, side: int, owner: Figure, leg_side: int, share: float, gap_m: float = 0.0) -> None:
    """On a thigh, ``share`` of the way from hip to knee, or ``gap_m`` above it."""
    name = f"{side_name(leg_side)}_thigh"
    hip, knee_end = owner.line(name)
    along = normalized(knee_end - hip)
    up = np.array([0.0, 0.0, 1.0]) - d.way(0.25, 0, 0)
    normal = normalized(up - along * (up @ along))
    d.touch(side, hip + (knee_end - hip) * share + normal * owner.body.radius(name), normal, gap_m)


def belly(d: Draft, side: int) -> None:
    """Before the belly."""
    d.put_hand(side, d.from_hips(d.draw((0.20, 0.28)), d.draw((-0.06, 0.10)) * side, d.draw((0.10, 0.24))))


def beside(d: Draft, side: int) -> None:
    """On the seat beside the hips."""
    spot = d.from_hips(d.draw((0.02, 0.20)), side * d.draw((0.22, 0.28)), -0.05)
    d.touch(side, spot, np.array([0.0, 0.0, 1.0]))


def armrest(d: Draft, side: int) -> None:
    """Forward on a low armrest."""
    d.put_hand(side, d.from_hips(d.draw((0.25, 0.42)), side * d.draw((0.20, 0.30)), d.draw((0.14, 0.24))))


def wheel(d: Draft, side: int) -> None:
    """On the steering wheel's rim."""
    steering = d.seat.wheel
    if steering is None:
        armrest(d, side)
        return
    angle = d.draw((-0.25, 0.9))
    rim = steering.rim(angle if side == LEFT else np.pi - angle)
    d.put_hand(side, rim - d.way(0.08 * d.scale, 0, 0.02), palm=d.way(1, 0, -0.3))


def shoulder_of(d: Draft, side: int) -> Array:
    """(3,) the own shoulder."""
    return d.bone(f"upperarm01.{'L' if side == LEFT else 'R'}")


def from_head(d: Draft, forward: float, left: float, up: float) -> Array:
    """(3,) a point by the own face, in bodies, in the head's directions; 0 is between the ears."""
    figure = d.figure()
    ears = figure.keypoints[3:5].mean(axis=0)
    return np.asarray(ears + d.scale * figure.pose.rotation("head") @ np.array([forward, left, up]))


def ear(d: Draft, side: int) -> None:
    """A phone at the ear."""
    wrist = from_head(d, d.draw((0.04, 0.08)), side * d.draw((0.10, 0.13)), -0.11)
    d.put_hand(side, wrist, d.way(0.3, 0.8 * side, -1), d.way(0, -side, 0.2))


def face(d: Draft, side: int) -> None:
    """At the chin or the mouth."""
    wrist = from_head(d, d.draw((0.13, 0.18)), side * d.draw((0.02, 0.07)), -0.17)
    d.put_hand(side, wrist, d.way(0.2, 0.5 * side, -1), d.way(-1, 0, 0.3))


def screen(d: Draft, side: int) -> None:
    """A phone in both hands, before the belly."""
    wrist = d.from_hips(d.draw((0.30, 0.38)), side * d.draw((0.03, 0.08)), d.draw((0.20, 0.34)))
    d.put_hand(side, wrist, palm=d.way(-0.4, -side, 0.6))


def talk(d: Draft, side: int) -> None:
    """In the air before the chest."""
    offset = d.way(d.draw((0.22, 0.42)), side * d.draw((-0.05, 0.25)), d.draw((-0.30, 0.05)))
    d.put_hand(side, d.inside(shoulder_of(d, side) + d.scale * offset), palm=d.way(-0.3, -side, 0.3))


def handle(d: Draft, side: int) -> None:
    """Up at the grab handle."""
    offset = d.way(d.draw((0.05, 0.25)), side * d.draw((0.05, 0.2)), d.draw((0.25, 0.42)))
    d.put_hand(side, d.inside(shoulder_of(d, side) + d.scale * offset), d.way(0.3, side, -0.5))


def ahead(d: Draft, side: int) -> None:
    """Reaching forward: to the dashboard, the seat ahead, the radio."""
    offset = d.way(d.draw((0.42, 0.55)), d.draw((-0.25, 0.15)) * side, d.draw((-0.30, 0.05)))
    d.put_hand(side, shoulder_of(d, side) + d.scale * offset, palm=d.way(0.2, 0, -1))


def behind(d: Draft, side: int) -> None:
    """Back past the own seat, to whoever sits behind."""
    offset = d.way(d.draw((-0.30, -0.1)), side * d.draw((0.25, 0.4)), d.draw((-0.15, 0.15)))
    d.put_hand(side, shoulder_of(d, side) + d.scale * offset, d.way(-0.2, side, -0.6))


def crossed(d: Draft, side: int) -> None:
    """Arms folded on the chest."""
    spine = d.bone("spine02")
    wrist = spine + d.scale * d.way(0.25, -side * d.draw((0.02, 0.1)), d.draw((-0.06, 0.04)))
    d.put_hand(side, wrist, d.way(0.1, 0.8 * side, -0.7), d.way(-1, 0, 0))


def floor(d: Draft, side: int) -> None:
    """Down at the feet, picking something up."""
    spot = d.from_hips(d.draw((0.45, 0.6)), side * d.draw((0.02, 0.2)), 0)
    spot[2] = d.seat.floor_m + d.draw((0.1, 0.25))
    d.put_hand(side, spot)


def between(d: Draft, side: int) -> None:
    """On the seat between oneself and the neighbour on that side, near the neighbour's leg."""
    spot = d.from_hips(d.draw((0.05, 0.3)), side * d.draw((0.20, 0.25)), -0.05)
    d.touch(side, spot, np.array([0.0, 0.0, 1.0]))


def partner_leg(d: Draft, side: int) -> None:
    """On the partner's nearer thigh, leaning over as far as it takes."""
    owner = _partner(d)
    leg, share = _nearer_leg(d, owner), d.draw((0.35, 0.85))
    for _ in range(_LEANS):
        on_leg(d, side, owner, leg, share)
        reached = d.figure().pose.head(f"wrist.{'L' if side == LEFT else 'R'}")
        if np.linalg.norm(reached - d.hands[side].wrist_m) < _REACHED_M:
            return
        d.spine = d.spine + np.array([0.07, 0.10 * _toward_partner(d), 0.06 * _toward_partner(d)])


def over_partner_leg(d: Draft, side: int) -> None:
    """Held over the partner's nearer thigh without touching."""
    owner = _partner(d)
    on_leg(d, side, owner, _nearer_leg(d, owner), d.draw((0.35, 0.85)), d.draw(HOVER_M))


def before_partner(d: Draft, side: int) -> None:
    """Across in front of the partner's chest, so that arms cross in the picture."""
    chest = _partner(d).pose.head("spine01")
    d.put_hand(side, chest + d.scale * d.way(d.draw((0.22, 0.32)), 0, d.draw((-0.2, 0.0))))


def partner_shoulder(d: Draft, side: int) -> None:
    """Around the partner: on the shoulder that is further away."""
    owner = _partner(d)
    far = "R" if _toward_partner(d) < 0 else "L"
    shoulder = owner.pose.head(f"upperarm01.{far}")
    d.put_hand(side, shoulder + d.scale * d.way(d.draw((-0.05, 0.14)), 0, 0.08), d.way(0.6, side, 0.2))


def partner_back(d: Draft, side: int) -> None:
    """Around the partner's waist or chest, from the front."""
    spine = _partner(d).pose.head("spine02")
    d.put_hand(
        side, spine + d.scale * d.way(0.2, _toward_partner(d) * 0.06, d.draw((-0.1, 0.1))), d.way(1, 0, -0.3)
    )


def partner_head(d: Draft, side: int) -> None:
    """At the partner's head or collar: hitting, grabbing."""
    head = _partner(d).keypoints[3:5].mean(axis=0)
    reach = d.way(d.draw((0.1, 0.2)), -_toward_partner(d) * d.draw((0.1, 0.2)), d.draw((-0.2, 0.05)))
    d.put_hand(side, head + d.scale * reach, d.way(0.4, side, 0.3))


def partner_hand(d: Draft, side: int) -> None:
    """Meeting in the air between the two: a high five."""
    middle = (_partner(d).pose.head("spine01") + d.bone("spine01")) / 2
    d.put_hand(
        side, middle + d.scale * d.way(d.draw((0.3, 0.4)), 0, d.draw((0.05, 0.2))), palm=d.way(0.3, 0, 0.5)
    )


def guard(d: Draft, side: int) -> None:
    """Before the own face, warding off."""
    d.put_hand(side, from_head(d, d.draw((0.16, 0.26)), side * d.draw((0.0, 0.15)), d.draw((-0.12, 0.05))))


def backrest(d: Draft, side: int) -> None:
    """On the top of the own backrest."""
    inward = side if d.pelvis[:, 0] @ d.way(1, 0, 0) > 0 else -side
    d.put_hand(side, d.seat.along_back(d.draw((0.42, 0.55)), d.draw((-0.05, 0.05)), 0.16 * inward * d.scale))


def sill(d: Draft, side: int) -> None:
    """The elbow on the window's sill, the hand inside."""
    d.put_hand(side, shoulder_of(d, side) + d.scale * d.way(0.2, 0.14 * side, -0.12), d.way(-0.2, side, -0.2))


def outside(d: Draft, side: int) -> None:
    """Out of the window at that side."""
    window = d.seat.window
    if window is None:
        sill(d, side)
        return
    sill_m = window[:2].mean(axis=0)
    spot = np.array([shoulder_of(d, side)[0] + d.draw((-0.1, 0.15)), sill_m[1], sill_m[2]])
    out = np.sign(sill_m[1]) * d.draw((0.1, 0.3))
    d.put_hand(side, spot + np.array([0.0, out, d.draw((0.02, 0.2))]))


def _partner(d: Draft) -> Figure:
    if d.partner is None:
        raise ValueError("this hand needs a partner")
    return d.partner


def _toward_partner(d: Draft) -> float:
    """+1 if the partner is to the left, else -1."""
    offset = d.axes.T @ (_partner(d).pose.head("root") - d.hips)
    return float(LEFT if offset[1] > 0 else -LEFT)


def _nearer_leg(d: Draft, owner: Figure) -> int:
    knees = {side: owner.line(f"{side_name(side)}_thigh")[1] for side in SIDES}
    return min(SIDES, key=lambda side: float(np.linalg.norm(knees[side] - d.hips)))


HANDS: Mapping[str, HandPlace] = MappingProxyType(
    {
        place.__name__: place
        for place in (
            lap, knee, belly, beside, armrest, wheel, ear, face, screen, talk, handle, ahead, behind, crossed,
            floor, between, partner_leg, over_partner_leg, before_partner, partner_shoulder, partner_back,
            partner_head, partner_hand, guard, backrest, sill, outside,
        )
    }
)  # fmt: skip
"""Every place by name."""
