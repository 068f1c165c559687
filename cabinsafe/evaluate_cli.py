"""The commands of ``cabinsafe evaluate``: thin; nothing slow is imported before a command runs."""

from __future__ import annotations

from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from cabinsafe.cli_parts import SplitName, print_rows, progress_bar

if TYPE_CHECKING:
    from cabinsafe.evaluation.results import SetResult

evaluate_app = typer.Typer(no_args_is_help=True, help="Accuracy and speed on labelled data.")


@evaluate_app.callback()
def _evaluate() -> None:
    """Accuracy and speed on labelled data."""


@evaluate_app.command()
def pose(  # noqa: PLR0917 - one for each option
    sets: Annotated[
        list[Path],
        typer.Argument(
            metavar="SET...", help="COCO-style annotations, or a folder of them with images/; one or more."
        ),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the report; created if need be.")],
    model: Annotated[
        list[str] | None,
        typer.Option("--model", "-m", help="Embedded network's name, or a card; may be repeated."),
    ] = None,
    split: Annotated[SplitName | None, typer.Option(help="Part of each set; by default all of it.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many images of each set.")] = None,
    threads: Annotated[int, typer.Option(min=1, help="Of the network.")] = 1,
    rounds: Annotated[int, typer.Option(min=1, help="Draws of the images for intervals.")] = 1000,
    min_person_score: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="From which on people count as found; by default as the card says."),
    ] = None,
    worst: Annotated[int, typer.Option(min=0, help="Pictures of each kind of mistake.")] = 8,
) -> None:
    """Measure pose networks; write report.json and report.html.

    Several networks are compared with the first.
    """
    from cabinsafe.evaluation.files import HTML_FILE, prepare_folder, write_report
    from cabinsafe.evaluation.pose import PoseOptions, evaluate_pose
    from cabinsafe.evaluation.predict import open_estimator, short_names
    from cabinsafe.evaluation.sets import open_set

    options = PoseOptions(
        split=None if split is None else split.value,
        limit=limit,
        threads=threads,
        bootstrap_rounds=rounds,
        min_person_score=min_person_score,
        worst=worst,
    )
    models = model or ["cabinsafe-pose"]
    names = short_names(models)
    opened = [open_set(path, options.split, options.limit) for path in sets]
    console = Console(highlight=False)
    with ExitStack() as stack:
        estimators = {
            name: stack.enter_context(closing(open_estimator(given, options.threads)))
            for name, given in zip(names, models, strict=True)
        }
        prepare_folder(out)
        progress = stack.enter_context(progress_bar(console))
        task = progress.add_task("images", total=len(names) * sum(len(one.paths) for one in opened))

        def advance(set_name: str, network: str) -> None:
            progress.update(task, advance=1, description=escape(f"{set_name}, {network}"))

        evaluation = evaluate_pose(opened, estimators, options, advance)
        write_report(out, evaluation, opened)
    for result in evaluation.report.sets:
        _show(console, result)
    console.print(
        f"more figures, and pictures of mistakes, in {out / HTML_FILE}", soft_wrap=True, markup=False
    )


@evaluate_app.command()
def events(
    truth: Annotated[
        Path, typer.Argument(help="truth.json, a ride's folder that holds it, or a folder of such folders.")
    ],
    predictions: Annotated[
        Path,
        typer.Argument(
            help="Accordingly: events.jsonl, a folder that holds it, or folders of the same names."
        ),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the report; created if need be.")],
    cabin: Annotated[
        str | None,
        typer.Option(
            "--cabin",
            "-c",
            help="Cabin file of the run: its kinds are judged, by its hold times. By default the cabin.yaml "
            "beside each truth, if there is one.",
        ),
    ] = None,
    kind: Annotated[list[str] | None, typer.Option(help="Kind to judge; may be repeated.")] = None,
    collar: Annotated[float, typer.Option(min=0, help="Seconds that times may be off.")] = 1.0,
    rounds: Annotated[int, typer.Option(min=0, help="Draws of the rides for intervals.")] = 1000,
) -> None:
    """Compare reported events with the truth of rides; write report.json and report.html."""
    from cabinsafe.config import load_config
    from cabinsafe.evaluation.events.page import HTML_FILE, figure_rows, write_report
    from cabinsafe.evaluation.events.report import EventOptions, evaluate_events
    from cabinsafe.evaluation.events.rides import cabin_of, find_rides, read_ride
    from cabinsafe.evaluation.files import prepare_folder
    from cabinsafe.run import EVENTS_FILE

    given = None if cabin is None else load_config(cabin)
    found = find_rides(truth, predictions, EVENTS_FILE)
    rides = [read_ride(files, cabin_of(files, given)) for files in found]
    report = evaluate_events(rides, EventOptions(collar_s=collar, bootstrap_rounds=rounds), kind or ())
    prepare_folder(out)
    write_report(out, report, len(rides))
    console = Console(highlight=False)
    print_rows(console, f"{len(rides)} rides", list(report.kinds), figure_rows(report))
    console.print(f"more figures in {out / HTML_FILE}", soft_wrap=True, markup=False)


def _show(console: Console, result: SetResult) -> None:
    from cabinsafe.evaluation.tables import summary_rows

    names = [model.model for model in result.models]
    print_rows(console, f"{result.name}, {result.images} images", names, summary_rows(result))
