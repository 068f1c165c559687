"""One person's posture in one style: the style's ranges drawn, hands and feet placed."""

from __future__ import annotations

from typing import TypeVar

import numpy as np

from cabinsafe.synthetic.body import Body
from cabinsafe.synthetic.posing.bases import RESTING
from cabinsafe.synthetic.posing.draft import Draft, Setting
from cabinsafe.synthetic.posing.feet import FEET
from cabinsafe.synthetic.posing.hands import HANDS
from cabinsafe.synthetic.posing.posture import LEFT, RIGHT, Posture
from cabinsafe.synthetic.posing.styles import STYLES, Style

_Choice = TypeVar("_Choice")
_NOT_ANGLES = frozenset({"recline", "slide", "aside", "lift", "out"})


def draft_posture(
    style_name: str, body: Body, setting: Setting, rng: np.random.Generator, near: int | None = None
) -> Posture:
    """A posture of a style; what chance decides comes from ``rng``.

    Args:
        style_name: of the repertoire.
        body: whose posture.
        setting: where, and with whom.
        rng: where chance comes from.
        near: the side to which lopsided styles go, +1 left or -1 right; by default :func:`near_side` says.
    """
    style = STYLES[style_name]
    near = near_side(style, setting, rng) if near is None else near
    ranges = {**RESTING, **style.ranges}

    def quantity(name: str) -> float:
        value = draft.draw(ranges[name])
        return value if name in _NOT_ANGLES else float(np.radians(value))

    draft = Draft(body, setting, rng)
    style.base(draft, near, quantity)
    for side, feet in ((-near, style.far_foot), (near, style.near_foot)):
        FEET[_one(feet, rng)](draft, side)
    for side, hands in ((-near, style.far), (near, style.near)):
        HANDS[_one(hands, rng)](draft, side)
    return draft.posture()


def near_side(style: Style, setting: Setting, rng: np.random.Generator) -> int:
    """The side that a style's lateral quantities point to: +1 the sitter's left, -1 the right."""
    if "partner" in style.needs and setting.partner is not None:
        offset = setting.seat.frame.T @ (setting.partner.pose.head("root") - setting.seat.hip_m)
        return LEFT if offset[1] > 0 else RIGHT
    if "window" in style.needs and setting.seat.window is not None:
        offset = setting.seat.frame.T @ (setting.seat.window.mean(axis=0) - setting.seat.hip_m)
        return LEFT if offset[1] > 0 else RIGHT
    if {"free_beside", "bench"} & set(style.needs) and setting.free:
        return int(_one(tuple(sorted(setting.free)), rng))
    return int(_one((LEFT, RIGHT), rng))


def _one(choices: tuple[_Choice, ...], rng: np.random.Generator) -> _Choice:
    return choices[int(rng.integers(len(choices)))]
