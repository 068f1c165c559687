"""Ways to sit, and not to sit, in a vehicle: ranges of joint angles for a body that is posed by numbers.

Angles in degrees, lengths in metres; one range (low, high) per quantity, drawn evenly. Signs need only one
direction: every body is mirrored half of the time. The person's own frame is x forward, y left, z up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

Range = tuple[float, float]

KEYPOINTS = (
    "nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder", "right_shoulder", "left_elbow",
    "right_elbow", "left_wrist", "right_wrist", "left_hip", "right_hip", "left_knee", "right_knee",
    "left_ankle", "right_ankle", "neck",
)  # fmt: skip
"""Keypoints of the samples: the COCO order, then the neck, which is the middle of the shoulders."""

MIRRORED_ROWS = tuple(
    KEYPOINTS.index(name.replace("left", "*").replace("right", "left").replace("*", "right"))
    for name in KEYPOINTS
)
"""Row of each keypoint's namesake on the other side."""

RESTING: Mapping[str, Range] = MappingProxyType(
    {
        "yaw": (-10, 10),  # whole body about the vertical, 0 = facing the vehicle's front
        "root_pitch": (-3, 3),  # whole body tipped forward (+) or onto the back (-)
        "root_roll": (-3, 3),  # whole body tipped to its right (+)
        "torso": (-28, 6),  # torso against the body's upright, forward +
        "curve": (-5, 30),  # rounding of the back
        "lean": (-8, 8),  # torso to its right (+)
        "twist": (-8, 8),  # shoulders against hips
        "nod": (-10, 25),  # head, chin down +
        "turn": (-30, 30),  # head to its left (+)
        "tilt": (-8, 8),  # head to its right shoulder (+)
        "thigh": (72, 102),  # 0 = straight down, 90 = level forward
        "abduct": (-4, 24),  # thigh outwards
        "knee": (50, 112),  # flexion, 0 = straight
        "shin_out": (-10, 10),  # shin outwards
        "slide": (-0.02, 0.06),  # hips forward from the seat's hip point, m
        "lift": (-0.02, 0.03),  # hips above it, m
    }
)
"""Every quantity, at the range of somebody who just sits; a pose names only what differs. ``thigh_right``
and the like set the right leg apart."""

Hand = tuple[str, tuple[float, float, float], tuple[float, float, float]]
HANDS: Mapping[str, Hand] = MappingProxyType(
    {
        "lap": ("thigh", (0.0, -0.22, 0.05), (0.75, 0.1, 0.18)),
        "knee": ("thigh", (0.85, -0.1, 0.05), (1.0, 0.1, 0.15)),
        "armrest": ("chest", (0.25, 0.2, -0.85), (0.7, 0.45, -0.55)),
        "side": ("chest", (-0.1, 0.2, -1.1), (0.15, 0.45, -0.9)),
        "crossed": ("chest", (0.3, -0.35, -0.6), (0.5, -0.1, -0.3)),
        "wheel": ("chest", (0.75, -0.05, -0.45), (1.1, 0.25, 0.05)),
        "talk": ("chest", (0.3, -0.2, -0.6), (0.9, 0.6, 0.15)),
        "ear": ("head", (-0.05, 0.12, -0.2), (0.2, 0.25, 0.05)),
        "face": ("head", (0.2, -0.1, -0.3), (0.35, 0.1, 0.05)),
        "phone": ("chest", (0.45, -0.3, -0.4), (0.75, 0.05, -0.1)),
        "belt": ("chest", (-0.1, -0.5, -0.2), (0.35, 0.55, 0.15)),
        "buckle": ("chest", (0.1, -0.3, -1.0), (0.3, 0.5, -0.8)),
        "handle": ("chest", (0.1, 0.1, 0.3), (0.5, 0.6, 0.9)),
        "reach": ("chest", (0.8, -0.3, -0.4), (1.1, 0.6, 0.3)),
        "any": ("chest", (-0.2, -0.3, -1.0), (1.0, 0.8, 0.8)),
        "out": ("chest", (-0.1, 0.5, -0.6), (0.5, 1.1, 0.5)),
    }
)
"""Where a wrist goes: the anchor it hangs on, and a box there in torso lengths (forward, outward, up).
On "thigh" the first number is the fraction of the way from hip to knee."""

_QUIET = ("lap", "lap", "knee", "armrest", "side")


@dataclass(frozen=True)
class Pose:
    """One way to sit.

    Attributes:
        unsafe: whether it is what the detector must report.
        weight: how often it is drawn, against the others of the same kind.
        ranges: quantities of :data:`RESTING` that differ.
        left, right: where the wrists may go, names of :data:`HANDS`; drawn evenly.
        told_by_legs: only the legs tell it from safe sitting, so it cannot be learnt where no knee is seen.
    """

    unsafe: bool
    weight: float = 1.0
    ranges: Mapping[str, Range] = field(default_factory=dict)
    left: tuple[str, ...] = _QUIET
    right: tuple[str, ...] = _QUIET
    told_by_legs: bool = False


_ANY = ("any", "lap", "side", "talk")
_FEET_UP: Mapping[str, Range] = MappingProxyType(
    {"thigh": (118, 155), "knee": (110, 150), "torso": (-35, 10)}
)
_TAILOR: Mapping[str, Range] = MappingProxyType(
    {
        "thigh": (80, 105),
        "abduct": (35, 60),
        "knee": (115, 150),
        "shin_out": (-60, -30),
    }
)
_LYING_LEGS: Mapping[str, Range] = MappingProxyType(
    {
        "thigh": (0, 110),
        "abduct": (-8, 25),
        "knee": (0, 130),
        "lift": (-0.1, 0.05),
        "slide": (-0.1, 0.15),
        "torso": (-15, 30),
        "twist": (-20, 20),
        "turn": (-60, 60),
        "nod": (-25, 35),
    }
)
_KNEELING: Mapping[str, Range] = MappingProxyType(
    {
        "thigh": (-12, 48),
        "knee": (85, 145),
        "lift": (0.1, 0.35),
        "slide": (-0.15, 0.15),
        "torso": (-15, 35),
        "abduct": (-2, 22),
    }
)
_UPRIGHT_LEGS: Mapping[str, Range] = MappingProxyType(
    {"thigh": (-8, 28), "knee": (0, 35), "lift": (0.25, 0.6)}
)

REPERTOIRE: Mapping[str, Pose] = MappingProxyType(
    {
        "resting": Pose(False, 3.0),
        "arms_crossed": Pose(False, 1.0, {}, ("crossed",), ("crossed",)),
        "driving": Pose(False, 2.0, {"torso": (-25, 12)}, ("wheel",), ("wheel", "wheel", "lap", "reach")),
        "phone_at_ear": Pose(False, 1.0, {"tilt": (-5, 20)}, _QUIET, ("ear", "ear", "face")),
        "phone_in_hand": Pose(False, 1.0, {"nod": (10, 45), "curve": (0, 40)}, ("phone", "lap"), ("phone",)),
        "looking_aside": Pose(False, 1.5, {"turn": (30, 85), "twist": (-5, 35), "yaw": (-15, 30)}),
        "leaning_a_little": Pose(False, 2.5, {"torso": (-25, 26), "lean": (8, 25), "tilt": (-10, 20)}),
        "forward_a_little": Pose(False, 2.0, {"torso": (8, 34), "curve": (0, 30)}, _ANY, (*_ANY, "reach")),
        "legs_crossed": Pose(
            False,
            1.5,
            {
                "thigh_right": (92, 122),
                "abduct_right": (-22, 5),
                "knee_right": (55, 110),
                "shin_out_right": (0, 45),
            },
            (*_QUIET, "talk"),
        ),
        "tailor_fashion": Pose(False, 0.7, _TAILOR, (*_QUIET, "talk")),
        "legs_stretched": Pose(False, 1.0, {"thigh": (65, 95), "knee": (5, 55)}),
        "talking_with_hands": Pose(
            False,
            1.5,
            {"yaw": (-20, 25), "twist": (-15, 25), "turn": (-30, 60)},
            ("talk", "any"),
            ("talk", "any"),
        ),
        "reaching_for_belt": Pose(
            False, 1.0, {"twist": (-30, 30), "turn": (0, 70)}, ("belt", "buckle", "lap"), ("belt", "buckle")
        ),
        "holding_handle": Pose(False, 0.8, {"lean": (-15, 15)}, _QUIET, ("handle",)),
        "slid_a_little": Pose(False, 1.5, {"torso": (-40, -24), "slide": (0.04, 0.16), "thigh": (75, 112)}),
        "nodding_off": Pose(False, 1.0, {"nod": (20, 60), "tilt": (0, 35), "lean": (-5, 20)}),
        "feet_up": Pose(False, 1.5, _FEET_UP, (*_QUIET, "talk")),
        "one_foot_up": Pose(False, 1.0, {"thigh_right": (115, 150), "knee_right": (105, 150)}),
        "lying_on_back": Pose(
            True, 2.0, {**_LYING_LEGS, "yaw": (60, 115), "root_pitch": (-98, -55)}, _ANY, _ANY
        ),
        "lying_on_side": Pose(
            True, 2.0, {**_LYING_LEGS, "yaw": (-40, 40), "root_roll": (55, 98)}, _ANY, _ANY
        ),
        "lying_face_inwards": Pose(
            True, 0.7, {**_LYING_LEGS, "yaw": (150, 210), "root_roll": (60, 98)}, _ANY, _ANY
        ),
        "slumped_sideways": Pose(
            True, 1.5, {"lean": (58, 95), "torso": (-20, 30), "twist": (-25, 25)}, _ANY, _ANY
        ),
        "leaning_far_aside": Pose(
            True,
            1.5,
            {"lean": (38, 65), "torso": (-15, 30), "tilt": (-25, 25), "yaw": (-25, 25)},
            _ANY,
            ("any", "out", "lap"),
        ),
        "out_of_window": Pose(
            True,
            1.2,
            {"lean": (32, 65), "torso": (-5, 40), "yaw": (-60, 20), "slide": (-0.05, 0.15), "lift": (0, 0.2)},
            ("any", "handle", "lap"),
            ("out", "handle", "any"),
        ),
        "bent_far_forward": Pose(
            True,
            2.0,
            {"torso": (55, 105), "curve": (0, 50), "nod": (-20, 50), "yaw": (-45, 45)},
            (*_ANY, "knee"),
            (*_ANY, "reach"),
        ),
        "slid_far_down": Pose(
            True, 1.5, {"torso": (-85, -58), "slide": (0.2, 0.45), "thigh": (75, 125), "nod": (20, 65)}
        ),
        "kneeling": Pose(True, 1.0, {**_KNEELING, "yaw": (-40, 40)}, _ANY, _ANY, told_by_legs=True),
        "kneeling_reversed": Pose(
            True, 1.5, {**_KNEELING, "yaw": (140, 220)}, _ANY, (*_ANY, "handle"), told_by_legs=True
        ),
        "standing": Pose(
            True, 1.2, {**_UPRIGHT_LEGS, "torso": (-10, 45), "yaw": (-60, 60)}, _ANY, _ANY, True
        ),
        "standing_reversed": Pose(
            True, 0.8, {**_UPRIGHT_LEGS, "torso": (-10, 45), "yaw": (130, 230)}, _ANY, _ANY, True
        ),
        "crouching": Pose(
            True,
            1.2,
            {"thigh": (22, 62), "knee": (35, 95), "lift": (0.15, 0.45), "torso": (5, 65)},
            _ANY,
            _ANY,
            True,
        ),
    }
)
