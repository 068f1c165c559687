"""The commands of ``cabinsafe data``: thin; nothing slow is imported before a command runs."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

data_app = typer.Typer(no_args_is_help=True, help="Labelled pictures of people.")


class _Format(str, Enum):
    coco = "coco"
    lsp = "lsp"
    cvat = "cvat"
    label_studio = "label-studio"


@data_app.command()
def convert(
    format_: Annotated[_Format, typer.Argument(metavar="FORMAT", help="coco, lsp, cvat or label-studio.")],
    source: Annotated[Path, typer.Argument(help="COCO or LSP file, annotations.xml, or JSON export.")],
    images: Annotated[Path, typer.Option("--images", "-i", help="Folder of the images; they stay there.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Keypoint file to write, JSON.")],
    names: Annotated[
        Path | None,
        typer.Option("--names", help="YAML file of unusual keypoint names; null leaves one out."),
    ] = None,
) -> None:
    """Write annotations as a keypoint file, for training and evaluation: 18 keypoints, COCO's and the neck.

    The neck is derived where it is not labelled and both shoulders are.
    """
    from cabinsafe.data.convert import convert as convert_file

    summary = convert_file(format_.value, source, images, out, names)
    console = Console(highlight=False)
    lines = [
        f"{summary.images} images, {summary.people} people with {summary.keypoints} keypoints, "
        f"{summary.derived_necks} of them derived necks; {summary.ignored} regions to be ignored; in {out}",
        *(f"left out: {count} {what}" for what, count in summary.left_out.items()),
    ]
    for line in lines:
        console.print(line, soft_wrap=True, markup=False)
