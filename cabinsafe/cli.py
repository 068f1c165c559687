"""The command line: thin, every command is a few calls into the library."""

from __future__ import annotations

import json
from contextlib import ExitStack
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from cabinsafe.data_cli import data_app
from cabinsafe.engine_cli import engine_app
from cabinsafe.errors import CabinSafeError, ConfigError
from cabinsafe.evaluate_cli import evaluate_app
from cabinsafe.export_cli import export_app
from cabinsafe.label_cli import label_app
from cabinsafe.replay_cli import replay
from cabinsafe.synth_cli import synth_app
from cabinsafe.train_cli import train_app
from cabinsafe.tune_cli import tune

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)
config_app = typer.Typer(no_args_is_help=True, help="Cabin files.")
app.add_typer(config_app, name="config")
app.add_typer(synth_app, name="synth")
data_app.add_typer(label_app)
app.add_typer(data_app, name="data")
app.add_typer(train_app, name="train")
app.add_typer(export_app, name="export")
app.add_typer(evaluate_app, name="evaluate")
app.add_typer(engine_app, name="engine")
app.command()(replay)
app.command()(tune)

_CabinOption = Annotated[
    str, typer.Option("--cabin", "-c", help="Cabin file, or a bundled one's name: sedan, shuttle.")
]
_OutOption = Annotated[Path, typer.Option("--out", "-o", help="Folder for the results; created if need be.")]


def main() -> None:
    """Run the command line; an error of this library is a message and exit status 1, not a traceback."""
    try:
        app()
    except CabinSafeError as error:
        Console(stderr=True, highlight=False, soft_wrap=True).print(
            "error:", str(error), markup=False, style="red"
        )
        raise SystemExit(1) from None


def _print_version(wanted: bool) -> None:
    if wanted:
        try:
            typer.echo(f"cabinsafe {version('cabinsafe')}")
        except PackageNotFoundError:
            typer.echo("cabinsafe, from a source tree that is not installed")
        raise typer.Exit


@app.callback()
def _cabinsafe(
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Turn the cameras in a vehicle cabin into safety events."""


@app.command()
def analyze(
    cabin: _CabinOption,
    out: _OutOption,
    source: Annotated[
        str | None,
        typer.Argument(metavar="INPUT", help="Video, folder or glob of images, camera index or stream URL."),
    ] = None,
    camera: Annotated[
        list[str] | None,
        typer.Option(
            help="View of the cabin file that INPUT shows; by default its first. Or, in place of INPUT, "
            "VIEW=INPUT for each camera."
        ),
    ] = None,
    image_fps: Annotated[
        float, typer.Option(min=0.001, help="Frames per second that images stand for.")
    ] = 10.0,
    video: Annotated[bool, typer.Option(help="Write the annotated videos.")] = True,
) -> None:
    """Analyse INPUT, or several cameras; write events.jsonl, scenes.jsonl and annotated.mp4."""
    from cabinsafe.analyzer import CabinAnalyzer
    from cabinsafe.media import open_source
    from cabinsafe.run import ResultFiles, run

    console = Console(stderr=False, highlight=False)
    with CabinAnalyzer.from_config(cabin) as analyzer, ExitStack() as stack:
        inputs = _inputs(source, camera or [], list(analyzer.views))
        sources = [stack.enter_context(open_source(path, view, image_fps)) for view, path in inputs.items()]
        rates = {frames.camera_id: frames.fps for frames in sources} if video else None
        protect = [file for frames in sources for file in frames.files]
        counts = [frames.frame_count for frames in sources]
        with ResultFiles(out, rates, protect) as files, _progress_bar(console) as progress:
            name = ", ".join(Path(path).name or path for path in inputs.values())
            total = None if None in counts else sum(count for count in counts if count)
            task = progress.add_task(escape(name), total=total, fps=0.0)

            def advance(_: Any) -> None:
                progress.advance(task)
                progress.update(task, fps=progress.tasks[task].speed or 0.0)

            try:
                summary = run(analyzer, sources, files, advance)
            except CabinSafeError:
                console.print(f"stopped; what was found until then is in {out}", soft_wrap=True, markup=False)
                raise
    console.print(_summary_table(summary.events))
    found = f"{summary.frames} frames, {len(summary.events)} events"
    left_out = "".join(f", {count} of '{view}' left out" for view, count in summary.dropped.items() if count)
    console.print(f"{found}{left_out}; results in {out}", soft_wrap=True, markup=False)
    if summary.interrupted:
        console.print("interrupted: what was found until then is written")
        raise typer.Exit(130)


def _inputs(source: str | None, cameras: list[str], views: list[str]) -> dict[str, str]:
    """What to read for each view: INPUT and its view, or each VIEW=INPUT."""
    pairs = [camera.partition("=") for camera in cameras]
    if source is not None and len(cameras) < 2 and not any(sign for _, sign, _ in pairs):
        inputs = [(cameras[0] if cameras else views[0], source)]
    elif source is None and pairs and all(sign for _, sign, _ in pairs):
        inputs = [(view, path) for view, _, path in pairs]
    else:
        raise ConfigError(
            "give INPUT, with one --camera VIEW at most, or --camera VIEW=INPUT for each camera"
        )
    named = [view for view, _ in inputs]
    for view in named:
        if view not in views:
            raise ConfigError(f"no camera '{view}' in this cabin; it has {', '.join(views)}")
        if named.count(view) > 1:
            raise ConfigError(f"camera '{view}' is given twice")
    return dict(inputs)


@app.command()
def demo(out: _OutOption = Path("cabinsafe-demo")) -> None:
    """Analyse the bundled clip and show what is found in it."""
    from cabinsafe.resources import bundled_dir

    analyze(cabin="shuttle", out=out, source=str(bundled_dir("demo") / "ride.mp4"))


@app.command()
def doctor() -> None:
    """Say which engines, codecs and models are usable here, and why the others are not."""
    from cabinsafe.doctor import examine

    table = Table("area", "name", "usable", "details")
    findings = examine()
    for finding in findings:
        cells = (finding.area, finding.name, "yes" if finding.usable else "no", finding.detail)
        table.add_row(*(Text(cell) for cell in cells))
    Console(highlight=False).print(table)
    vital = {"native", "model", "opencv"}
    if any(finding.area in vital and not finding.usable for finding in findings):
        raise typer.Exit(1)


@config_app.command("schema")
def config_schema() -> None:
    """Print the JSON Schema of a cabin file, for editors."""
    from cabinsafe.config import config_schema as schema

    typer.echo(json.dumps(schema(), indent=2))


@config_app.command("check")
def config_check(file: Annotated[str, typer.Argument(help="Cabin file to check.")]) -> None:
    """Check a cabin file without running it."""
    from cabinsafe.analyzer import CabinAnalyzer
    from cabinsafe.config import load_config

    cabin = load_config(file)
    CabinAnalyzer.from_config(file).close()  # its models and detectors must fit, too
    typer.echo(f"{file}: cabin '{cabin.name}' is valid, {len(cabin.cameras)} camera(s)")


def _progress_bar(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[fps]:.1f} fps, ETA"),
        TimeRemainingColumn(),
        console=console,
    )


def _summary_table(events: list[Any]) -> Table:
    table = Table(title="Events", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name in ("what", "from", "to", "who", "peak", "ended"):
        table.add_column(name, justify="right" if name in ("from", "to", "peak") else "left", no_wrap=True)
    for event in sorted(events, key=lambda e: e.t_start_s):
        people = zip(event.track_ids, event.seats, strict=True)
        table.add_row(
            event.kind.replace("_", " "),
            f"{event.t_start_s:.1f} s",
            f"{event.t_end_s:.1f} s",
            " > ".join(seat or f"#{track_id}" for track_id, seat in people),
            f"{event.peak_score:.2f}",
            event.end_reason.replace("_", " "),
        )
    return table


if __name__ == "__main__":
    main()
