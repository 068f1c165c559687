"""The commands of ``cabinsafe train``: thin; torch is imported only when a command runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
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
