"""The report of a training as one HTML file: figures, charts, and drawn skeletons of the worst mistakes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any, Final

import numpy as np

from cabinsafe.evaluation.style import STYLE
from cabinsafe.training.sitting.charts import line_chart, skeleton_figure
from cabinsafe.training.sitting.metrics import Answers, confusion, precision_recall, reliability
from cabinsafe.training.sitting.samples import SOURCES, Mask, Samples
from cabinsafe.training.svm import Trained

_OWN_STYLE: Final = """
.charts, .people { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr)); }
.people { grid-template-columns: repeat(auto-fill, minmax(9rem, 1fr)); }
svg { width: 100%; height: auto; }
svg text { font: 11px system-ui, sans-serif; fill: var(--soft); }
svg .aid { stroke: var(--line); fill: none; } svg .line { fill: none; stroke-width: 2; }
svg .line.l0 { stroke: var(--others); } svg text.l0 { fill: var(--others); }
svg .line.l1 { stroke: var(--found); } svg text.l1 { fill: var(--found); }
svg .bone { stroke: var(--ink); stroke-width: 3; } svg .left { stroke: var(--others); stroke-width: 3; }
svg circle { fill: var(--soft); } svg .head { fill: none; stroke: var(--ink); stroke-width: 2; }
"""

_FIGURES: Final = (
    ("balanced_accuracy", "balanced accuracy, of those answered"),
    ("balanced_accuracy_forced", "the same, the undecided forced to answer"),
    ("recall", "unsafe ones reported"),
    ("safe_alarm_rate", "safe ones reported"),
    ("average_precision", "average precision"),
    ("calibration_error", "calibration error"),
    ("too_little_seen_share", "too little seen for an answer"),
    ("undecided_share", "undecided"),
    ("skeletons", "skeletons"),
    ("unsafe", "of which unsafe"),
    ("vehicles", "vehicles"),
)
_WORST: Final = 12


def html_page(trained: Trained, title: str = "Unsafe sitting") -> str:
    """The whole page."""
    sources = [source for source in SOURCES if source in trained.figures]
    parts = [_summary(trained), _charts(trained, sources)]
    for source in sources:
        rows = trained.test.source == source
        parts.append(f"<h2>{source.capitalize()} skeletons</h2>")
        parts.append(_confusion(trained.test, trained.answers, rows))
        parts.append(_breakdown(trained.figures[source]))
        parts.append(_mistakes(trained.test, trained.answers, rows))
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}{_OWN_STYLE}</style></head><body><main>"
        f"<h1>{escape(title)}</h1>{''.join(parts)}</main></body></html>\n"
    )


def _summary(trained: Trained) -> str:
    training = trained.draft.card["training"]
    note = (
        f"Trained on skeletons of {training['vehicles']} vehicles, measured on {len(trained.test)} of "
        f"{len(set(trained.test.vehicle.tolist()))} others that share nobody with them. Labelled skeletons "
        "are perfect ones; seen ones are what the pose network made of the picture. "
    )
    if trained.why_not:
        note += f"The current classifier could not be compared: {trained.why_not}"
    columns = [("this", trained.figures), ("logistic regression", trained.baseline)]
    if trained.current is not None:
        columns.insert(1, ("current", trained.current))
    tables = []
    for source in trained.figures:
        heads = "".join(f"<th>{escape(name)}</th>" for name, _ in columns)
        lines = [f'<tr class="section"><th>{source}</th>{heads}</tr>']
        for key, words in _FIGURES:
            cells = "".join(f"<td>{_number(figures[source][key])}</td>" for _, figures in columns)
            lines.append(f"<tr><td>{words}</td>{cells}</tr>")
        tables.append(f"<table>{''.join(lines)}</table>")
    return f'<p class="note">{escape(note)}</p>{"".join(tables)}'


def _charts(trained: Trained, sources: Sequence[str]) -> str:
    curves, reliabilities, learning = [], [], []
    for source in sources:
        rows = (trained.test.source == source) & trained.answers.judged
        probability, unsafe = trained.answers.unsafe[rows], trained.test.unsafe[rows]
        precision, recall = precision_recall(probability, unsafe)
        curves.append((source, recall.tolist(), precision.tolist()))
        centres, frequency, _, _ = reliability(probability, unsafe)
        reliabilities.append((source, centres.tolist(), frequency.tolist()))
        points = [point for point in trained.curve if source in point]
        learning.append((source, [p["share"] for p in points], [p[source] for p in points]))
    charts = [
        line_chart("Precision and recall", ("recall", "precision"), curves),
        line_chart(
            "Calibration, safe and unsafe weighed the same",
            ("probability", "share of unsafe"),
            reliabilities,
            diagonal=True,
        ),
        line_chart("Learning curve", ("share of the vehicles", "average precision"), learning),
    ]
    return f'<div class="charts">{"".join(charts)}</div>'


def _confusion(samples: Samples, answers: Answers, rows: Mask) -> str:
    labels, columns, table = confusion(samples, answers, rows)
    heads = "".join(f"<th>{escape(column)}</th>" for column in columns)
    lines = [f'<tr class="section"><th>label, answer</th>{heads}</tr>']
    for label, counts in zip(labels, table, strict=True):
        total = max(int(counts.sum()), 1)
        cells = "".join(f'<td class="bar" style="--share:{n / total:.3f}">{n}</td>' for n in counts.tolist())
        lines.append(f"<tr><td>{escape(label)}</td>{cells}</tr>")
    return f"<h3>Confusion matrix</h3><table>{''.join(lines)}</table>"


def _breakdown(figures: dict[str, Any]) -> str:
    tables = [
        _rates("unsafe ones reported, by class", figures["recall_by_class"]),
        _rates("safe ones reported, by act", figures["alarm_rate_by_act"]),
    ]
    return f'<div class="details">{"".join(tables)}</div>'


def _rates(title: str, rates: dict[str, tuple[float, int]]) -> str:
    lines = "".join(
        f'<tr><td>{escape(name.replace("_", " "))}</td><td class="bar" style="--share:{rate}">{rate:.3f}</td>'
        f"<td>{count}</td></tr>"
        for name, (rate, count) in rates.items()
    )
    return f'<table><tr class="section"><th>{title}</th><th></th><th></th></tr>{lines}</table>'


def _mistakes(samples: Samples, answers: Answers, rows: Mask) -> str:
    wrong = rows & answers.decided & (answers.alarm != samples.unsafe)
    parts = []
    for title, side, sign in (("Reported, but safe", False, -1), ("Missed", True, 1)):
        numbers = np.flatnonzero(wrong & (samples.unsafe == side))
        order = numbers[np.argsort(sign * answers.unsafe[numbers], kind="stable")][:_WORST]
        if len(order):
            figures = "".join(_person(samples, answers, int(n)) for n in order)
            parts.append(
                f"<h4>{title} <small>the worst first</small></h4><div class='people'>{figures}</div>"
            )
    return f"<details open><summary>Mistakes</summary>{_joined(parts)}</details>"


def _joined(parts: Iterable[str]) -> str:
    return "".join(parts) or '<p class="note">None.</p>'


def _person(samples: Samples, answers: Answers, number: int) -> str:
    caption = f"{samples.note[number]}: {answers.unsafe[number]:.2f} ({answers.words()[number]})"
    return skeleton_figure(samples.points[number], caption.replace("_", " "))


def _number(value: float | int | None) -> str:
    if value is None:
        return "-"
    return str(value) if isinstance(value, int) else f"{value:.3f}"
