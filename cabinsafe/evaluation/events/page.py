"""An evaluation of events as rows of words, and as a page of its own."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path
from typing import Final

from cabinsafe.evaluation.events.measures import Measures
from cabinsafe.evaluation.events.report import EventReport, Mistake, Point
from cabinsafe.evaluation.html import document, table
from cabinsafe.evaluation.results import Interval
from cabinsafe.evaluation.tables import NOTHING, Row
from cabinsafe.whole_files import replace_file

JSON_FILE: Final = "report.json"
HTML_FILE: Final = "report.html"

_Value = Callable[[Measures], str]
_FIGURES: Final[tuple[tuple[str, str, _Value], ...]] = (
    ("acts", "to be reported", lambda m: str(m.acts)),
    ("acts", "found", lambda m: str(m.found)),
    ("acts", "recall", lambda m: share(m.recall)),
    ("acts", "recall, 95 %", lambda m: interval(m.recall_interval)),
    ("acts", "not judged: too brief", lambda m: str(m.brief)),
    ("acts", "not judged: rule is off", lambda m: str(m.unwatched)),
    ("false alarms", "about nothing", lambda m: str(m.false)),
    ("false alarms", "repeats", lambda m: str(m.repeats)),
    ("false alarms", "cabin-hours", lambda m: f"{m.hours:.3f}"),
    ("false alarms", "per cabin-hour", lambda m: f"{m.false_per_hour:.2f}"),
    ("false alarms", "per cabin-hour, 95 %", lambda m: interval(m.false_interval, ".1f")),
    ("false alarms", "near misses", lambda m: str(m.near_misses)),
    ("false alarms", "near misses reported", lambda m: str(m.near_misses_alarmed)),
    ("both", "precision", lambda m: share(m.precision)),
    ("both", "F1", lambda m: share(m.f1)),
    ("both", "F1, 95 %", lambda m: interval(m.f1_interval)),
    ("both", "F1 with begin and end in the collar", lambda m: share(m.f1_collar)),
    ("seconds to alarm", "median", lambda m: share(m.delay_median_s)),
    ("seconds to alarm", "median, 95 %", lambda m: interval(m.delay_interval_s)),
    ("seconds to alarm", "95th percentile", lambda m: share(m.delay_p95_s)),
)


def share(value: float | None) -> str:
    """Two decimals, or a dash."""
    return NOTHING if value is None else f"{value:.2f}"


def interval(ends: Interval | None, form: str = ".2f") -> str:
    """Both ends, or a dash."""
    return NOTHING if ends is None else f"{ends[0]:{form}} to {ends[1]:{form}}"


def point_text(point: Point) -> str:
    """Recall of a point, and its false alarms."""
    return f"{share(point.recall)} ({point.false_per_hour:.1f}/h)"


def figure_rows(report: EventReport) -> list[Row]:
    """The main figures: a column for each kind, and one for all."""
    return [
        Row(section, label, tuple(value(measures) for measures in report.kinds.values()))
        for section, label, value in _FIGURES
    ]


def budget_rows(report: EventReport) -> list[Row]:
    """Recall within budgets of false alarms, and in vehicles whose threshold the others chose."""
    rows = []
    budgets = next(iter(report.recall_at.values()))
    for budget in budgets:
        cells = tuple(point_text(points[budget]) for points in report.recall_at.values())
        rows.append(Row("recall within false alarms per hour", budget, cells))
    vehicles = sorted({vehicle for points in report.new_vehicle.values() for vehicle in points})
    for vehicle in vehicles:
        cells = tuple(point_text(points[vehicle]) for points in report.new_vehicle.values())
        rows.append(Row("recall with the other vehicles' threshold", vehicle, cells))
    return rows


def attribute_rows(report: EventReport) -> list[Row]:
    """Recall and false alarms by vehicle, view and light: a column for each kind, and one for all."""
    return [
        Row(
            f"by {key}",
            f"{value} ({next(iter(kinds.values())).rides})",
            tuple(f"{share(m.recall)} of {m.acts}, {m.false + m.repeats} false" for m in kinds.values()),
        )
        for key, values in report.by.items()
        for value, kinds in values.items()
    ]


def html_page(report: EventReport, rides: int) -> str:
    """The whole page."""
    kinds, judged = list(report.kinds), list(report.recall_at)
    collar = report.options.collar_s
    note = (
        f"{rides} rides. An alarm is about an act if kind and seats agree and it lasts while the act does, "
        f"give or take {collar:g} s; a second alarm about one act is a repeat, and counts as false. "
        "Intervals are over rides drawn with repetition, those of false alarms per hour are exact Poisson "
        "ones. Points of the curves keep only alarms of at least a score."
    )
    mistakes = "".join(_mistake(mistake) for mistake in report.mistakes)
    parts = [
        f'<p class="note">{escape(note)}</p>',
        table(kinds, figure_rows(report)),
        table(judged, budget_rows(report)),
        *(f"<h3>{escape(kind)}</h3>{curve_svg(points)}" for kind, points in report.curve.items()),
        "<h2>By what is known of the rides</h2>",
        table(kinds, attribute_rows(report)),
        "<h2>What went wrong</h2>",
        f"<table><tr><th>ride</th><th>kind</th><th>what</th><th>when</th><th>seats</th></tr>{mistakes}</table>",
    ]
    return document("Events", "".join(parts))


def _mistake(mistake: Mistake) -> str:
    when = f"{mistake.t_start_s:.1f} to {mistake.t_end_s:.1f} s"
    seats = " > ".join(seat or "?" for seat in mistake.seats)
    cells = (mistake.ride, mistake.kind, mistake.what, when, seats)
    return f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"


def curve_svg(points: Sequence[Point], size_wh: tuple[int, int] = (420, 220)) -> str:
    """Recall over false alarms per hour as a drawing; the axis of the latter ends at the largest value."""
    width, height = size_wh
    most = max((point.false_per_hour for point in points), default=0.0) or 1.0
    spots = [
        (40 + (width - 60) * p.false_per_hour / most, height - 30 - (height - 50) * (p.recall or 0.0))
        for p in points
    ]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in spots)
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3"/>' for x, y in spots)
    return (
        f'<svg width="{width}" height="{height}" role="img" aria-label="recall over false alarms per hour" '
        'fill="currentColor" font-size="11">'
        f'<path d="M40 20V{height - 30}H{width - 20}" stroke="currentColor" fill="none"/>'
        f'<polyline points="{line}" fill="none" stroke="currentColor" stroke-width="1.5"/>{dots}'
        '<text x="36" y="24" text-anchor="end">1</text>'
        f'<text x="36" y="{height - 30}" text-anchor="end">0</text>'
        f'<text x="{width - 20}" y="{height - 12}" text-anchor="end">{most:.3g} false alarms per hour</text>'
        '<text x="46" y="14">recall</text></svg>'
    )


def write_report(folder: Path, report: EventReport, rides: int) -> None:
    """Write ``report.json`` and ``report.html``.

    Raises:
        OutputError: they cannot be written.
    """
    texts = {
        JSON_FILE: json.dumps(report.plain(), indent=1, allow_nan=False) + "\n",
        HTML_FILE: html_page(report, rides),
    }
    for name, text in texts.items():
        replace_file(folder / name, text.encode())
