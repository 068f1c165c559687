"""Where the trunk goes: sitting, lying, kneeling, standing, sliding, leaning out; hips, pelvis and spine.

Lateral quantities are positive towards the *near* side: where the partner, the window or the free place is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from cabinsafe.synthetic.posing.draft import Draft, Range
from cabinsafe.synthetic.posing.ik import trunk
from cabinsafe.synthetic.rotations import Array, about, about_x, about_y, about_z, normalized

RESTING: Mapping[str, Range] = MappingProxyType(
    {
        "recline": (0.55, 1.0),  # of the backrest's own recline
        "lean": (-2, 4),  # pelvis tipped forward, degrees, as are all angles
        "yaw": (-8, 8),  # whole body turned to the near side
        "roll": (-4, 4),  # whole body tipped to the near side
        "slide": (0.0, 0.05),  # hips forward, m
        "aside": (-0.02, 0.02),  # hips to the near side, m
        "lift": (0.0, 0.01),  # hips up, m
        "bend": (4, 22),  # spine forward
        "side": (-5, 5),  # spine to the near side
        "twist": (-8, 8),  # shoulders against hips, to the near side
        "nod": (-8, 18),  # head below level
        "tilt": (-8, 8),  # head to the near shoulder
        "turn": (-35, 35),  # head to the near side
        "out": (0.0, 0.0),  # head past the window, m
    }
)
"""Every quantity, at the range of somebody who just sits; a style names only what differs."""

Base = Callable[[Draft, int, Callable[[str], float]], None]
"""Takes a draft, the near side, and what gives each quantity (radians, metres or a share)."""

_CLEARANCE_M = 0.03


def sitting(d: Draft, near: int, q: Callable[[str], float]) -> None:
    """On the cushion, against the backrest or off it."""
    recline = d.seat.recline_rad * q("recline") - q("lean")
    d.sit(recline, near * q("yaw"), near * q("roll"), (q("slide"), near * q("aside"), q("lift")))
    _bend(d, near, q)
    _duck(d)


def sliding(d: Draft, near: int, q: Callable[[str], float]) -> None:
    """Far down in the seat, the shoulders still against the backrest."""
    sitting(d, near, q)
    behind = d.axes.T @ (trunk(d.body, d.posture()).head("spine01") - d.seat.along_back(0.25, 0.12))
    d.hips = d.hips + d.way(max(-behind[0], 0.0), 0, 0)


def lying(d: Draft, near: int, q: Callable[[str], float]) -> None:
    """Across the seats, the head to the near side; a roll of 0 on the side, of 90 degrees on the back."""
    head = d.way(0, near, 0)
    up = normalized(head * np.cos(q("lean")) + np.array([0, 0, np.sin(q("lean"))]))
    facing = about(up, -near * q("roll")) @ d.way(1, 0, 0)
    front = normalized(facing - up * (facing @ up))
    d.pelvis = np.stack([front, np.cross(up, front), up], axis=1) @ about_z(near * q("yaw"))
    thickness = d.body.radius("pelvis") + 0.05 * d.scale * abs(float(front[0]))
    d.hips = d.seat.hip_m + d.way(q("slide"), 0, thickness - d.seat.hip_m[2] + d.seat.cushion_top_m)
    crown = float(np.ptp([d.body.rig.head("upperleg01.L")[2], d.body.points("head")[:, 2].max()]))
    d.hips[1] = head[1] * (d.setting.half_width_m - crown * np.cos(q("lean")) - q("aside"))
    _bend(d, near, q)


def kneeling(d: Draft, near: int, q: Callable[[str], float]) -> None:
    """On the cushion on the knees; a yaw of 180 degrees faces the backrest."""
    d.pelvis = d.axes @ about_z(near * q("yaw")) @ about_x(-near * q("roll")) @ about_y(q("lean"))
    thigh = d.body.length("upperleg01.L", "lowerleg01.L")
    height = thigh * 0.93 + d.body.radius("left_shin") - d.seat.hip_m[2] + d.seat.cushion_top_m + q("lift")
    d.hips = d.seat.hip_m + d.way(q("slide"), near * q("aside"), height)
    _bend(d, near, q)
    _duck(d)


def standing(d: Draft, near: int, q: Callable[[str], float]) -> None:
    """Before the seat on bent or straight legs, ducked under the roof."""
    d.pelvis = d.axes @ about_z(near * q("yaw")) @ about_x(-near * q("roll")) @ about_y(q("lean"))
    height = d.seat.floor_m + d.body.ankle_m + d.body.leg_m * q("lift") - d.seat.hip_m[2]
    d.hips = d.seat.hip_m + d.way(q("slide"), near * q("aside"), height)
    _bend(d, near, q)
    _duck(d)


def leaning_out(d: Draft, near: int, q: Callable[[str], float]) -> None:
    """The head out of the side window, over its sill."""
    sitting(d, near, q)
    window = d.seat.window
    if window is None:
        return
    low, high = window[:, 2].min(), window[:, 2].max()
    for _ in range(4):
        pose = trunk(d.body, d.posture())
        head, chest = pose.head("head"), pose.head("spine01")
        out = (abs(window[:, 1].mean()) + q("out") - abs(head[1])) * np.sign(window[0, 1])
        up = max(low + 0.16 - chest[2], 0.0) - max(head[2] + 0.16 * d.scale - high, 0.0)
        d.hips = d.hips + np.array([0, np.clip(out, -0.22, 0.22) * 0.5, np.clip(up, -0.1, 0.2) * 0.7])
        tip = float(np.clip(abs(out), 0, 0.3))
        d.spine = d.spine + np.array([0.0, near * tip * 0.8, 0.0])


def _bend(d: Draft, near: int, q: Callable[[str], float]) -> None:
    d.spine = np.array([q("bend"), near * q("side"), near * q("twist")])
    d.face(q("nod"), near * q("tilt"), near * q("turn"))


def _duck(d: Draft) -> None:
    """Bend forward, then go down, until the head is under the roof."""
    for step in range(8):
        over = _crown(d) + _CLEARANCE_M - d.setting.roof_m
        if over <= 0:
            return
        if step < 5:
            d.pelvis = d.pelvis @ about_y(0.12)
            d.spine = d.spine + np.array([0.10, 0, 0])
        else:
            d.hips = d.hips - np.array([0, 0, over])


def _crown(d: Draft) -> float:
    """Height of the top of the head."""
    head = next(capsule for capsule in d.body.capsules if capsule.name == "head")
    line: Array = head.posed(trunk(d.body, d.posture()))
    return float(line[:, 2].max()) + head.radius_m
