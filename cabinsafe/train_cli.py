"""The commands of ``cabinsafe train``: thin; torch is imported only when a command runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress

from cabinsafe.cli_parts import progress_bar, require_extra

train_app = typer.Typer(no_args_is_help=True, help="Networks and classifiers of your own.")


@train_app.command()
def pose(config: Annotated[Path, typer.Argument(help="YAML file of the run.")]) -> None:
    """Train a pose network, or go on where the same command stopped; export it with its card.

    With several accelerators: torchrun --nproc-per-node N -m cabinsafe.cli train pose CONFIG.
    """
    require_extra("training a pose network", "train", "torch", "onnx", "pycocotools")
    from cabinsafe.training.pose.config import load_config
    from cabinsafe.training.pose.recipe import run

    settings = load_config(config)
    console = Console(highlight=False)
    with progress_bar(console) as progress:
        path = run(settings, _Bar(progress, settings.steps))
    if path is not None:
        console.print(f"wrote {path}", soft_wrap=True, markup=False)


@train_app.command()
def svm(  # noqa: PLR0917 - options of a command
    data: Annotated[
        list[Path],
        typer.Argument(
            metavar="DATA...",
            help="Labelled skeletons: .jsonl, .parquet, COCO keypoints with postures, or folders of clips "
            "with truth.json; one or more.",
        ),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Card to write; the ONNX file lies beside it.")],
    cabin: Annotated[
        Path | None, typer.Option(help="Cabin file: its network, detector options and classifier in use.")
    ] = None,
    test: Annotated[
        list[Path] | None,
        typer.Option(help="Data to measure on; by default a share of DATA, split by vehicle and person."),
    ] = None,
    report: Annotated[Path | None, typer.Option(help="HTML file; by default beside the card.")] = None,
    keep: Annotated[
        Path | None,
        typer.Option(help="Folder to keep the skeletons in, train.jsonl and test.jsonl, as DATA."),
    ] = None,
    look: Annotated[bool, typer.Option(help="Whether the pose network looks at pictures and clips.")] = True,
    seat: Annotated[
        bool,
        typer.Option("--seat", help="Judge also by where the seat is: for people whose cushion is outlined."),
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Of split, augmentation and choice of rows.")] = 0,
    licence: Annotated[str | None, typer.Option(help="Of the classifier, for its card.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Write it also over a better classifier.")] = False,
) -> None:
    """Train the unsafe-sitting classifier on your own people; compare it with the one in use.

    A better classifier at --out is not overwritten; the report is written in any case.
    """
    require_extra("training a classifier", "train", "sklearn", "onnx")
    from cabinsafe.training.sitting.command import SvmJob, run_job
    from cabinsafe.training.sitting.files import LICENCE
    from cabinsafe.training.sitting.fit import Recipe

    job = SvmJob(
        data=tuple(data), out=out, cabin=cabin, test=tuple(test or ()), report=report, keep=keep, look=look,
        seed=seed, force=force, licence=licence or LICENCE, recipe=Recipe(with_seat=seat),
    )  # fmt: skip
    console = Console(highlight=False)
    with progress_bar(console) as progress:
        task = progress.add_task("reading", total=None)

        def say(what: str) -> None:
            progress.update(task, description=escape(what), advance=1)

        outcome = run_job(job, say)
    for line in outcome.lines:
        console.print(line, soft_wrap=True, markup=False)


class _Bar:
    """Shows a run as a progress bar with its loss, and a line for every validation."""

    def __init__(self, progress: Progress, steps: int) -> None:
        self._progress = progress
        self._task = progress.add_task("training", total=steps)

    def step(self, number: int, loss: float) -> None:
        """Move the bar."""
        self._progress.update(self._task, completed=number, description=f"loss {loss:.2f}")

    def validated(self, number: int, figures: Mapping[str, float]) -> None:
        """Print a line."""
        values = ", ".join(f"{name} {value:.4f}" for name, value in figures.items())
        self._progress.console.print(f"step {number}: {values}", markup=False)
