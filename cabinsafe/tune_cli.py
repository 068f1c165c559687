"""The command ``cabinsafe tune``: thin; nothing slow is imported before it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from cabinsafe.cli_parts import print_rows, require_extra
from cabinsafe.errors import ConfigError


def tune(
    scenes: Annotated[
        Path, typer.Argument(help="scenes.jsonl, a folder that holds it, or a folder of such folders.")
    ],
    truth: Annotated[
        Path,
        typer.Argument(help="Accordingly: truth.json, a folder that holds it, or folders of the same names."),
    ],
    cabin: Annotated[str, typer.Option("--cabin", "-c", help="Cabin file to start from.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Cabin file to write; comments are kept.")],
    budget: Annotated[float, typer.Option(min=0, help="False alarms per cabin-hour, for each kind.")] = 0.5,
    held_out: Annotated[
        float, typer.Option(min=0, max=0.9, help="Part of the rides that is only reported on.")
    ] = 1 / 3,
    margin: Annotated[
        list[str] | None,
        typer.Option(help="KIND.OPTION of a detector to turn instead of its usual ones; may be repeated."),
    ] = None,
    report: Annotated[Path | None, typer.Option(help="Folder for tuning.json and tuning.html.")] = None,
) -> None:
    """Find thresholds on labelled rides, within a budget of false alarms; write a cabin file with them."""
    from cabinsafe.config import find_config, load_config
    from cabinsafe.evaluation.events.rides import find_rides
    from cabinsafe.run import SCENES_FILE
    from cabinsafe.tuning import files
    from cabinsafe.tuning.tune import tune as find_settings

    require_extra("tuning", "tune", "ruamel.yaml")
    start, source = load_config(cabin), find_config(cabin)
    margins = _margins(margin or [])
    files.check_places(source, out, report)
    rides = find_rides(truth, scenes, SCENES_FILE)
    console = Console(highlight=False)
    with console.status("tuning") as status:
        results = find_settings(
            start, rides, budget, held_out, margins, lambda kind: status.update(f"tuning {kind}")
        )
    for kind, result in results.items():
        title = f"{kind}: {files.changes_text(result)}"
        print_rows(console, title, list(files.COLUMNS), files.rows(result))
    for kind in [kind for kind in start.detectors if kind not in results]:
        text = f"{kind}: left as it is; no ride has a truth about it and a cabin that watches for it"
        console.print(text, soft_wrap=True, markup=False)
    if report is not None:
        files.write_report(report, results, budget)
        console.print(f"curves in {report / files.HTML_FILE}", soft_wrap=True, markup=False)
    files.write_cabin(source, out, start, results)
    console.print(f"tuned cabin file: {out}", soft_wrap=True, markup=False)


def _margins(given: list[str]) -> dict[str, tuple[str, ...]]:
    margins: dict[str, tuple[str, ...]] = {}
    for text in given:
        kind, dot, name = text.partition(".")
        if not (kind and dot and name):
            raise ConfigError(
                f"--margin: expected KIND.OPTION, such as feet_on_seats.margin_shins, got '{text}'"
            )
        margins[kind] = (*margins.get(kind, ()), name)
    return margins
