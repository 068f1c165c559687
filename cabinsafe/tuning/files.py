"""The files of a tuning: the cabin file with its comments kept, a report and a page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any, Final

from cabinsafe.config import CabinConfig, file_places
from cabinsafe.errors import ConfigError
from cabinsafe.evaluation.events.measures import Measures
from cabinsafe.evaluation.events.page import curve_svg, interval, share
from cabinsafe.evaluation.files import prepare_folder
from cabinsafe.evaluation.html import document, table
from cabinsafe.evaluation.tables import NOTHING, Row
from cabinsafe.tuning.tune import KindResult
from cabinsafe.whole_files import replace_file, require_writable
from cabinsafe.yaml_file import read_mapping, update_mapping

JSON_FILE: Final = "tuning.json"
HTML_FILE: Final = "tuning.html"
COLUMNS: Final = ("tuning, before", "tuning, after", "held out, before", "held out, after")


def write_cabin(source: Path, out: Path, cabin: CabinConfig, results: Mapping[str, KindResult]) -> None:
    """Write a cabin file with what was found; all else in it stays, comments included.

    Args:
        source: the file that tuning started from.
        out: where to write; may be the same.
        cabin: what ``source`` says.
        results: by kind.

    Raises:
        ConfigError: the file names others by relative paths, which would be wrong in another folder.
        MissingExtraError: the [tune] extra is not installed.
        OutputError: it cannot be written.
    """
    _require_same_folder(source, out)
    update_mapping(source, out, _updates(read_mapping(source), cabin, results))


def check_places(source: Path, out: Path, report: Path | None) -> None:
    """Check that all files can be written, before anything slow begins; the report's folder is made.

    Args:
        source: the cabin file that tuning starts from.
        out: the one to write.
        report: folder of the report, if there is to be one.

    Raises:
        ConfigError: the cabin file cannot be written to another folder.
        OutputError: a file cannot be written.
    """
    _require_same_folder(source, out)
    require_writable(out)
    if report is not None:
        prepare_folder(report)
        for name in (JSON_FILE, HTML_FILE):
            require_writable(report / name)


def _require_same_folder(source: Path, out: Path) -> None:
    """Refuse to carry relative paths to another folder, where they would be wrong."""
    relative = [s[key] for s, key in file_places(read_mapping(source)) if not Path(s[key]).is_absolute()]
    if relative and source.resolve().parent != out.resolve().parent:
        raise ConfigError(
            f"{source}: names {relative[0]} relative to itself; expected the new file in the same folder, "
            f"got {out}"
        )


def _updates(
    values: Mapping[str, Any], cabin: CabinConfig, results: Mapping[str, KindResult]
) -> dict[tuple[str, ...], Any]:
    """New values by their place in the file; what is left to its defaults stays so where it can."""
    updates: dict[tuple[str, ...], Any] = {}
    if "detectors" not in values and any(result.detector for result in results.values()):
        updates |= {("detectors", kind): {} for kind in cabin.detectors}
    events = values.get("events") or {}
    for kind, result in results.items():
        updates |= {("detectors", kind, name): value for name, value in result.detector.items()}
        if result.gate and kind not in events:
            updates |= {
                ("events", kind, name): value for name, value in (events.get("default") or {}).items()
            }
        updates |= {("events", kind, name): value for name, value in result.gate.items()}
    return updates


def rows(result: KindResult) -> list[Row]:
    """Figures before and after, on the rides tuned on and on those held out."""
    figures = (result.before, result.after, result.held_out_before, result.held_out_after)

    def row(label: str, value: Any) -> Row:
        return Row("", label, tuple(NOTHING if m is None else value(m) for m in figures))

    def near(m: Measures) -> str:
        return f"{m.near_misses_alarmed} of {m.near_misses}"

    return [
        row("rides", lambda m: str(m.rides)),
        row("recall", lambda m: f"{share(m.recall)} ({m.found} of {m.acts})"),
        row("false alarms", lambda m: str(m.false + m.repeats)),
        row("per cabin-hour", lambda m: f"{m.false_per_hour:.2f}"),
        row("per cabin-hour, 95 %", lambda m: interval(m.false_interval, ".1f")),
        row("near misses reported", near),
        row("seconds to alarm, median", lambda m: share(m.delay_median_s)),
    ]


def changes_text(result: KindResult) -> str:
    """What changed, in words."""
    named = [f"{name} {value:g}" for name, value in (*result.detector.items(), *result.gate.items())]
    return ", ".join(named) or "nothing changes"


def html_page(results: Mapping[str, KindResult], budget_per_hour: float) -> str:
    """The whole page."""
    parts = [
        f'<p class="note">At most {budget_per_hour:g} false alarms per cabin-hour and kind were asked for. '
        "The curves show, of all settings that were tried on the tuning rides, those that no other beats in "
        "both recall and false alarms.</p>"
    ]
    for kind, result in results.items():
        note = f"{changes_text(result)}; {result.trials} settings tried"
        parts += [
            f"<h2>{escape(kind)} <small>{escape(note)}</small></h2>",
            table(COLUMNS, rows(result)),
            curve_svg(result.curve),
        ]
    return document("Tuning", "".join(parts))


def write_report(folder: Path, results: Mapping[str, KindResult], budget_per_hour: float) -> None:
    """Write ``tuning.json`` and ``tuning.html``.

    Raises:
        OutputError: they cannot be written.
    """
    plain = {
        "budget_per_hour": budget_per_hour,
        "kinds": {kind: result.plain() for kind, result in results.items()},
    }
    replace_file(folder / JSON_FILE, (json.dumps(plain, indent=1, allow_nan=False) + "\n").encode())
    replace_file(folder / HTML_FILE, html_page(results, budget_per_hour).encode())
