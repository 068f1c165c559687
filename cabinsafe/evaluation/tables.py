"""An evaluation's figures as rows of words, the same on the console and on the page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from cabinsafe.evaluation.results import Interval, SetResult

NOTHING: Final = "–"


class Row(NamedTuple):
    """One figure of all networks.

    Attributes:
        section: what kind of figure.
        label: which.
        cells: one per network, in words.
        best: the places of the best networks; none where that means nothing.
    """

    section: str
    label: str
    cells: tuple[str, ...]
    best: frozenset[int] = frozenset()


def summary_rows(result: SetResult) -> list[Row]:
    """The figures of a set, most important first."""
    models, first = result.models, result.models[0]
    sizes = [
        _row("AP by size", f"{size} ({part.people})", [m.by_size[size].ap for m in models])
        for size, part in first.by_size.items()
    ]
    groups = [
        _row("AP by keypoints", f"{group} ({part.people})", [m.by_keypoints[group].ap for m in models])
        for group, part in first.by_keypoints.items()
        if part.people
    ]
    times = [{**m.stage_ms, "sum": sum(m.stage_ms.values())} for m in models]
    stages = [Row("median ms", stage, tuple(f"{t[stage]:.2f}" for t in times)) for stage in times[0]]
    return [*_accuracy_rows(result), *sizes, *groups, *_people_rows(result), *stages]


def attribute_rows(result: SetResult) -> list[Row]:
    """Recall, then AP, by attributes: a section each, a row for each value, with its number of people."""
    models, first = result.models, result.models[0]
    recalls = [
        _row(
            f"recall by {key}", f"{value} ({group.people})", [m.recall_by[key][value].recall for m in models]
        )
        for key, groups in first.recall_by.items()
        for value, group in groups.items()
    ]
    precisions = [
        _row(f"AP by {key}", f"{value} ({part.people})", [m.by_attribute[key][value].ap for m in models])
        for key, parts in first.by_attribute.items()
        for value, part in parts.items()
        if part.people
    ]
    return [*recalls, *precisions]


def _accuracy_rows(result: SetResult) -> list[Row]:
    section, every = "accuracy", [m.accuracy for m in result.models]
    if not every[0].people:
        return []
    intervals = Row(section, "AP, 95 %", tuple(_interval(m.ap_interval) for m in result.models))
    gains = [f"{d.ap:+.3f}, {_interval(d.interval, '+.3f')}" for d in result.differences]
    against = [Row(section, "AP less the first's, 95 %", (NOTHING, *gains))] if gains else []
    return [
        _row(section, f"AP ({every[0].people})", [a.ap for a in every]),
        intervals,
        *against,
        _row(section, "AP50", [a.ap50 for a in every]),
        _row(section, "AP75", [a.ap75 for a in every]),
        _row(section, "AR", [a.ar for a in every]),
    ]


def _people_rows(result: SetResult) -> list[Row]:
    section, counts = "people", [m.counts for m in result.models]
    seen, empty = result.models[0].recall.people, counts[0].empty_images
    rows = [
        _row(section, f"recall ({seen})", [m.recall.recall for m in result.models]),
        _row(section, "false per image", [c.false_per_image for c in counts], ".2f", least=True),
        _row(
            section,
            f"false per 100 empty images ({empty})",
            [c.false_per_100_empty for c in counts],
            ".1f",
            least=True,
        ),
        Row(section, f"found ({counts[0].labelled} labelled)", tuple(str(c.found) for c in counts)),
        _row(section, "images with the right number", [c.right_share for c in counts]),
        _row(section, "mean error of the number", [c.mean_error for c in counts], ".2f", least=True),
    ]
    if any(c.refused_images for c in counts):
        rows.append(_row(section, "images refused", [c.refused_images for c in counts], "d", least=True))
    return [row for row in rows if set(row.cells) != {NOTHING}]


def _interval(interval: Interval, form: str = ".3f") -> str:
    return f"{interval[0]:{form}} to {interval[1]:{form}}"


def _row(
    section: str, label: str, values: Sequence[float | None], form: str = ".3f", *, least: bool = False
) -> Row:
    cells = tuple(NOTHING if v is None else f"{v:{form}}" for v in values)
    known = [v for v in values if v is not None]
    best = min(known, default=None) if least else max(known, default=None)
    places = {i for i, v in enumerate(values) if v is not None and v == best}
    return Row(section, label, cells, frozenset(places if len(places) < len(cells) else ()))
