"""The repertoire: what people do in cabins, each as ranges for the trunk and places for hands and feet.

A style says what it *shows* (kinds of events) or of which kind it is a near miss: looks like it, must not
be reported. What a picture really holds is measured afterwards, in :mod:`cabinsafe.synthetic.truth`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from cabinsafe.synthetic.posing import bases
from cabinsafe.synthetic.posing.bases import Base
from cabinsafe.synthetic.posing.draft import Range

Sitting = Literal["seated", "lying", "kneeling", "standing", "sliding", "leaning_out", "fighting"]
Need = Literal["driver", "passenger", "dash", "window", "free_beside", "bench", "partner", "tall"]

_QUIET = ("lap", "lap", "lap", "knee", "belly", "beside", "armrest")
_BUSY = ("talk", "lap", "ahead", "face", "belly")
_FLOOR = ("floor", "floor", "floor", "tucked", "stretched")


@dataclass(frozen=True)
class Style:
    """One thing that people do.

    Attributes:
        base: how the trunk is held.
        ranges: quantities of :data:`~cabinsafe.synthetic.posing.bases.RESTING` that differ; degrees.
        near, far: names of :data:`~cabinsafe.synthetic.posing.hands.HANDS` for the hand on the near side (the
            partner's, the window's, the free place's; any, where there is none) and the other; one is drawn.
        near_foot, far_foot: the same of :data:`~cabinsafe.synthetic.posing.feet.FEET`.
        needs: what there must be.
        shows: kinds of events that it is meant to show.
        near_miss_of: the kind of event that it resembles, or None.
        sitting: how the person sits, for the sitting classifier.
        weight: how often it is drawn.
        answer: what the partner does meanwhile: the name of a style, or None.
        phone: whether a phone is in the near hand.
    """

    base: Base = bases.sitting
    ranges: Mapping[str, Range] = field(default_factory=dict)
    near: tuple[str, ...] = _QUIET
    far: tuple[str, ...] = _QUIET
    near_foot: tuple[str, ...] = _FLOOR
    far_foot: tuple[str, ...] = _FLOOR
    needs: tuple[Need, ...] = ()
    shows: tuple[str, ...] = ()
    near_miss_of: str | None = None
    sitting: Sitting = "seated"
    weight: float = 1.0
    answer: str | None = None
    phone: bool = False


def _leg_styles() -> dict[str, Style]:
    feet, dash = "feet_on_seats", "feet_on_dash"
    back: dict[str, Range] = {"recline": (0.8, 1.1), "bend": (8, 30)}
    return {
        "legs_crossed": Style(near_foot=("over_leg",), far_foot=("floor",), weight=1.5),
        "feet_own_seat": Style(
            ranges=back, near_foot=("own_seat",), far_foot=("own_seat", "own_seat", "floor"), shows=(feet,),
            near=(*_QUIET, "knee"), needs=("passenger",), weight=2.0,
        ),
        "feet_tailor": Style(
            near_foot=("tailor",), far_foot=("tailor",), shows=(feet,), needs=("passenger",), weight=1.0
        ),
        "feet_other_seat": Style(
            ranges={"yaw": (8, 30), **back}, near_foot=("seat_beside",), far_foot=("seat_beside", "floor"),
            shows=(feet,), needs=("passenger", "free_beside"), weight=1.5,
        ),
        "ankle_on_knee": Style(near_foot=("on_knee",), far_foot=("floor",), near_miss_of=feet, weight=1.2),
        "feet_tucked": Style(near_foot=("tucked",), far_foot=("tucked",), near_miss_of=feet, weight=0.8),
        "feet_dash": Style(
            ranges={"recline": (0.9, 1.2), "slide": (0.03, 0.12), "bend": (10, 30)}, near_foot=("dashboard",),
            far_foot=("dashboard", "dashboard", "floor"), shows=(dash,), needs=("dash", "passenger"),
            weight=4.0,
        ),
        "legs_stretched": Style(
            ranges={"recline": (0.9, 1.1)}, near_foot=("under_dashboard",),
            far_foot=("under_dashboard", "stretched"),
            near_miss_of=dash, needs=("dash", "passenger"), weight=2.5,
        ),
    }  # fmt: skip


def _plain_styles() -> dict[str, Style]:
    return {
        "rest": Style(weight=4.0),
        "drive": Style(
            ranges={"turn": (-25, 25), "nod": (-6, 10)}, near=("wheel",),
            far=("wheel", "wheel", "wheel", "armrest", "lap"),
            near_foot=("floor",), far_foot=("floor",), needs=("driver",), weight=6.0,
        ),
        "phone": Style(ranges={"tilt": (-2, 14)}, near=("ear",), phone=True, weight=1.5),
        "text": Style(
            ranges={"nod": (18, 42), "bend": (12, 34), "turn": (-12, 12)}, near=("screen",),
            far=("screen", "screen", "lap"),
            phone=True, needs=("passenger",), weight=2.0,
        ),
        "sleep": Style(
            ranges={"recline": (0.9, 1.1), "nod": (5, 42), "tilt": (5, 35), "side": (0, 14),
            "turn": (-25, 35)},
            near=("lap", "belly", "beside"), far=("lap", "belly", "crossed"), needs=("passenger",),
            weight=1.5,
        ),
        "turn_back": Style(
            ranges={"yaw": (15, 40), "twist": (18, 40), "turn": (35, 70), "bend": (0, 15),
            "slide": (0.02, 0.1)},
            near=("behind", "lap", "beside"), far=_BUSY, weight=1.2,
        ),
        "reach": Style(
            ranges={"lean": (8, 28), "bend": (10, 35), "nod": (-5, 20)}, near=("ahead",),
            far=_QUIET, weight=1.2
        ),
        "talk": Style(ranges={"turn": (10, 60), "twist": (0, 20)}, near=("talk",), far=_BUSY, weight=2.0),
        "arms_folded": Style(near=("crossed",), far=("crossed",), needs=("passenger",), weight=1.0),
        "holding_handle": Style(ranges={"side": (-4, 10)}, near=("handle",), needs=("passenger",),
        weight=0.8),
        "chin_in_hand": Style(
            ranges={"side": (2, 14), "bend": (10, 28), "turn": (0, 50)}, near=("face",),
            needs=("passenger",), weight=0.8
        ),
        "looking_out": Style(ranges={"turn": (40, 75), "twist": (0, 15)}, weight=1.2),
    }  # fmt: skip


def _pair_styles() -> dict[str, Style]:
    leg = "hand_on_leg"
    lean: dict[str, Range] = {"side": (0, 14), "twist": (0, 18), "turn": (-10, 50)}
    return {
        "touch_leg": Style(ranges=lean, near=("partner_leg",), needs=("partner",), shows=(leg,), weight=4.0),
        "hover_leg": Style(ranges=lean, near=("over_partner_leg",), needs=("partner",),
        near_miss_of=leg, weight=2.0),
        "hand_between": Style(ranges=lean, near=("between",), needs=("partner",),
        near_miss_of=leg, weight=1.5),
        "lean_on_neighbour": Style(
            ranges={"side": (10, 24), "tilt": (10, 35), "roll": (2, 8),
            "nod": (0, 25)}, near=("lap", "belly"),
            far=("lap", "belly"), needs=("partner", "passenger"), weight=1.2,
        ),
        "hug": Style(
            ranges={"yaw": (12, 35), "twist": (15, 35), "side": (6, 18),
            "turn": (-10, 25)}, near=("partner_shoulder",),
            far=("partner_back",), needs=("partner", "passenger"), answer="hug_back", weight=2.5,
        ),
        "hug_back": Style(
            ranges={"yaw": (10, 25), "twist": (12, 28), "side": (2, 12)}, near=("partner_back", "lap"),
            far=("partner_back",), needs=("partner",), weight=0.0,
        ),
        "cross_arms_two": Style(
            ranges={"twist": (5, 20), "turn": (0, 30)}, near=("before_partner",),
            far=_BUSY, needs=("partner",),
            answer="cross_arms_back", weight=1.5,
        ),
        "cross_arms_back": Style(
            ranges={"twist": (5, 20)}, near=("before_partner",), far=_BUSY, needs=("partner",), weight=0.0
        ),
    }  # fmt: skip


def _quarrel_styles() -> dict[str, Style]:
    fight = "fighting"
    return {
        "fight": Style(
            ranges={"yaw": (20, 50), "twist": (15, 35), "side": (4, 18), "bend": (5, 28),
            "slide": (0.02, 0.12)},
            near=("partner_head", "guard"), far=("partner_head",), needs=("partner", "passenger"),
            shows=(fight,),
            sitting="fighting", answer="defend", weight=3.0,
        ),
        "defend": Style(
            ranges={"yaw": (-10, 40), "twist": (-10, 30), "side": (-22, -2), "nod": (0, 25)},
            near=("guard", "partner_head"), far=("guard",), needs=("partner",), shows=(fight,),
            sitting="fighting",
            weight=0.0,
        ),
        "high_five": Style(
            ranges={"twist": (8, 25), "turn": (20, 60)}, near=("partner_hand",), needs=("partner",),
            near_miss_of=fight, answer="high_five_back", weight=0.8,
        ),
        "high_five_back": Style(
            ranges={"twist": (8, 25), "turn": (20, 60)}, near=("partner_hand",), needs=("partner",),
            near_miss_of=fight, weight=0.0,
        ),
    }  # fmt: skip


def _lying_styles() -> dict[str, Style]:
    unsafe = ("unsafe_sitting",)
    flat: dict[str, Range] = {
        "lean": (2, 26), "yaw": (-8, 8), "bend": (-5, 25), "side": (-12, 12), "turn": (-40, 40),
        "nod": (-10, 25),
        "aside": (0.0, 0.08), "tilt": (-15, 15),
    }  # fmt: skip
    hands = ("belly", "face", "lap", "talk")
    return {
        "lie_on_side": Style(
            bases.lying, {**flat, "roll": (-5, 35),
            "slide": (0.06, 0.14)}, hands, hands, ("along_bench", "off_bench"),
            ("along_bench",), ("passenger", "bench"), unsafe, sitting="lying", weight=6.0,
        ),
        "lie_on_back": Style(
            bases.lying, {**flat, "roll": (50, 85),
            "slide": (0.04, 0.12)}, hands, hands, ("along_bench", "off_bench"),
            ("along_bench", "off_bench"), ("passenger", "bench"), unsafe, sitting="lying", weight=6.0,
        ),
        "recline": Style(
            ranges={"recline": (1.0, 1.25), "slide": (0.02, 0.09), "bend": (0, 15)}, near_foot=("stretched",),
            far_foot=("stretched",), near_miss_of="unsafe_sitting", weight=1.2,
        ),
        "lean_on_door": Style(
            ranges={"side": (10, 24), "roll": (2, 8), "tilt": (5, 25), "nod": (0, 20)}, near=("sill", "lap"),
            needs=("window",), near_miss_of="unsafe_sitting", weight=1.2,
        ),
    }  # fmt: skip


def _risen_styles() -> dict[str, Style]:
    unsafe = ("unsafe_sitting",)
    knees: dict[str, Range] = {"lean": (0, 22), "lift": (-0.04, 0.02), "bend": (0, 25), "turn": (-40, 40)}
    up: dict[str, Range] = {"lean": (10, 40), "lift": (0.86, 0.98), "bend": (5, 35), "turn": (-40, 40)}
    return {
        "kneel_back": Style(
            bases.kneeling, {**knees, "yaw": (145, 215), "slide": (0.08, 0.2)}, ("backrest",),
            ("backrest", "talk"),
            ("kneeling",), ("kneeling",), ("passenger",), unsafe, sitting="kneeling", weight=2.0,
        ),
        "kneel_forward": Style(
            bases.kneeling, {**knees, "yaw": (-60, 60), "slide": (0.14, 0.26)}, ("ahead", "lap"),
            ("ahead", "lap", "talk"),
            ("kneeling",), ("kneeling",), ("passenger",), unsafe, sitting="kneeling", weight=1.0,
        ),
        "stand": Style(
            bases.standing, {**up, "yaw": (-60, 60), "slide": (0.28, 0.42)}, ("ahead", "handle"),
            ("ahead", "handle", "lap"),
            ("standing",), ("standing",), ("passenger", "tall"), unsafe, sitting="standing", weight=1.6,
        ),
        "stand_turned": Style(
            bases.standing, {**up, "yaw": (120, 240), "slide": (0.34, 0.46)}, ("backrest", "handle"),
            ("backrest", "talk"),
            ("standing",), ("standing",), ("passenger", "tall"), unsafe, sitting="standing", weight=0.8,
        ),
        "slide_down": Style(
            bases.sliding, {"lean": (-32, -16), "slide": (0.15, 0.27), "bend": (24, 48), "nod": (5, 35),
            "recline": (1.0, 1.1)},
            ("belly", "lap", "beside"), ("belly", "lap", "beside"), ("floor", "stretched"),
            ("floor", "stretched"),
            ("passenger",), unsafe, sitting="sliding", weight=1.8,
        ),
        "lean_out": Style(
            bases.leaning_out,
            {"yaw": (15, 60), "side": (15, 34), "bend": (5, 28), "lift": (0.02, 0.12), "lean": (2, 20),
            "out": (0.02, 0.22)},
            ("outside", "sill"), ("sill", "ahead", "handle"), ("floor",), ("floor",), ("window", "passenger"),
            (*unsafe, "leaning_out"), sitting="leaning_out", weight=1.6,
        ),
    }  # fmt: skip


def _harmless_styles() -> dict[str, Style]:
    miss = "unsafe_sitting"
    return {
        "pick_up": Style(
            ranges={"lean": (20, 45), "bend": (30, 60), "nod": (0, 30),
            "slide": (0.0, 0.08)}, near=("floor",),
            far=("floor", "knee", "lap"), needs=("passenger",), near_miss_of=miss, weight=1.0,
        ),
        "slouch": Style(
            ranges={"slide": (0.05, 0.10), "recline": (1.0, 1.15),
            "bend": (15, 32)}, near_miss_of=miss, weight=1.2
        ),
        "reach_up": Style(
            ranges={"lift": (0.0, 0.05), "side": (-3, 10)}, near=("handle",), far=("handle", "lap"),
            needs=("passenger",),
            near_miss_of=miss, weight=0.8,
        ),
        "elbow_out": Style(
            ranges={"side": (2, 12), "turn": (10, 60)}, near=("sill", "outside"), needs=("window",),
            near_miss_of="leaning_out", weight=1.0,
        ),
    }  # fmt: skip


STYLES: Mapping[str, Style] = MappingProxyType(
    {
        **_plain_styles(),
        **_leg_styles(),
        **_pair_styles(),
        **_quarrel_styles(),
        **_lying_styles(),
        **_risen_styles(),
        **_harmless_styles(),
    }
)
"""Every style by name."""
