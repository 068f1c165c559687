"""Small charts and drawn skeletons as SVG: they need no library, no script, and follow the page's colours."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np

from cabinsafe.detectors.features import FEATURE_KEYPOINTS
from cabinsafe.training.sitting.samples import Array

_WIDTH, _HEIGHT, _EDGE = 300, 220, 36
_BONES = (
    ("nose", "neck"), ("neck", "left_shoulder"), ("neck", "right_shoulder"), ("left_shoulder", "left_elbow"),
    ("right_shoulder", "right_elbow"), ("left_elbow", "left_wrist"), ("right_elbow", "right_wrist"),
    ("left_shoulder", "left_hip"), ("right_shoulder", "right_hip"), ("left_hip", "right_hip"),
    ("left_hip", "left_knee"), ("right_hip", "right_knee"), ("left_knee", "left_ankle"),
    ("right_knee", "right_ankle"),
)  # fmt: skip

Line = tuple[str, Sequence[float], Sequence[float]]
"""Name, x and y of one line."""


def line_chart(title: str, axes: tuple[str, str], lines: Sequence[Line], *, diagonal: bool = False) -> str:
    """Lines over x and y from 0 to 1, as an SVG figure; points that are NaN are left out."""
    shapes = [_frame(axes)]
    if diagonal:
        shapes.append(f'<path class="aid" d="{_path([0, 1], [0, 1])}"/>')
    for number, (name, x, y) in enumerate(lines):
        known = ~np.isnan(np.asarray(y, float))
        path = _path(np.asarray(x, float)[known], np.asarray(y, float)[known])
        shapes.append(f'<path class="line l{number}" d="{path}"/>')
        y_px = _HEIGHT - _EDGE - 8 - 14 * number
        shapes.append(f'<text class="l{number}" x="{_EDGE + 8}" y="{y_px}">{escape(name)}</text>')
    box = f"0 0 {_WIDTH} {_HEIGHT}"
    return (
        f'<figure class="chart"><svg viewBox="{box}" role="img" aria-label="{escape(title)}">'
        f"{''.join(shapes)}</svg><figcaption>{escape(title)}</figcaption></figure>"
    )


def skeleton_figure(points: Array, caption: str) -> str:
    """A person's keypoints (P, 2) as a stick figure; what is the person's left is lighter."""
    seen = ~np.isnan(points[:, 0])
    low, high = points[seen].min(axis=0), points[seen].max(axis=0)
    size = max(float((high - low).max()), 1.0)
    at = (points - (low + high) / 2) / size * 150 + 90
    row = FEATURE_KEYPOINTS.index
    shapes = [
        f'<path class="{"left" if "left" in a + b else "bone"}" '
        f'd="M{at[row(a), 0]:.0f} {at[row(a), 1]:.0f}L{at[row(b), 0]:.0f} {at[row(b), 1]:.0f}"/>'
        for a, b in _BONES
        if seen[row(a)] and seen[row(b)]
    ]
    shapes += [f'<circle cx="{x:.0f}" cy="{y:.0f}" r="3"/>' for x, y in at[seen]]
    if seen[row("nose")]:
        x, y = at[row("nose")]
        shapes.append(f'<circle class="head" cx="{x:.0f}" cy="{y:.0f}" r="8"/>')
    return (
        f'<figure class="person"><svg viewBox="0 0 180 180" role="img" aria-label="{escape(caption)}">'
        f"{''.join(shapes)}</svg><figcaption>{escape(caption)}</figcaption></figure>"
    )


def _frame(axes: tuple[str, str]) -> str:
    right, bottom = _WIDTH - 10, _HEIGHT - _EDGE
    ticks = "".join(
        f'<text class="tick" x="{_x(v):.0f}" y="{bottom + 14}" text-anchor="middle">{v:g}</text>'
        f'<text class="tick" x="{_EDGE - 5}" y="{_y(v) + 4:.0f}" text-anchor="end">{v:g}</text>'
        for v in (0.0, 0.5, 1.0)
    )
    names = (
        f'<text class="tick" x="{_WIDTH // 2}" y="{_HEIGHT - 6}" text-anchor="middle">'
        f"{escape(axes[0])}</text>"
        f'<text class="tick" transform="translate(11 {_HEIGHT / 2:.0f}) rotate(-90)" '
        f'text-anchor="middle">{escape(axes[1])}</text>'
    )
    return f'<path class="aid" d="M{_EDGE} 10V{bottom}H{right}"/>{ticks}{names}'


def _x(value: float) -> float:
    return _EDGE + value * (_WIDTH - 10 - _EDGE)


def _y(value: float) -> float:
    return _HEIGHT - _EDGE - value * (_HEIGHT - 10 - _EDGE)


def _path(x: Sequence[float] | Array, y: Sequence[float] | Array) -> str:
    return "".join(
        f"{'L' if number else 'M'}{_x(float(a)):.1f} {_y(float(b)):.1f}"
        for number, (a, b) in enumerate(zip(x, y, strict=True))
    )
