"""The commands of ``cabinsafe export``: thin; nothing slow is imported before a command runs."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from cabinsafe.cli_parts import SplitName, progress_bar, require_extra
from cabinsafe.errors import ConfigError

if TYPE_CHECKING:
    from cabinsafe.training.pose.quantise import QuantisationReport

export_app = typer.Typer(no_args_is_help=True, help="Networks as files that the library can use.")

_OutOption = Annotated[
    Path, typer.Option("--out", "-o", help="File to write, .onnx; its card goes beside it, .json.")
]


class _Target(str, Enum):
    onnxruntime = "onnxruntime"
    tensorrt = "tensorrt"


class _Calibrator(str, Enum):
    mse = "mse"
    minmax = "minmax"
    percentile = "percentile"
    entropy = "entropy"


@export_app.command("onnx")
def onnx_(
    checkpoint: Annotated[
        Path, typer.Argument(help="best.pt of a training run, or a checkpoint of trt_pose.")
    ],
    out: _OutOption,
    size: Annotated[int, typer.Option(min=1, help="Input side that the library shall use, pixels.")] = 352,
    licence: Annotated[str | None, typer.Option(help="Of the network, for its card.")] = None,
) -> None:
    """Write a trained network as float ONNX, with its card, and check it against torch."""
    require_extra("exporting a pose network", "train", "torch", "onnx")
    from cabinsafe.resources import sha256_of
    from cabinsafe.training.pose.cards import UNKNOWN_LICENCE, write_card
    from cabinsafe.training.pose.export import export_onnx, largest_difference, read_any_network

    network = read_any_network(checkpoint)
    if size % network.input_multiple:
        raise ConfigError(f"--size: this network takes multiples of {network.input_multiple}, got {size}")
    _check_out(out)
    notes = {"checkpoint": f"{checkpoint.name} sha256 {sha256_of(checkpoint)}"}
    export_onnx(network, out, notes)
    difference = largest_difference(network, out, [(1, size, size)])
    card = write_card(
        out,
        network.layout,
        (size, size),
        side_multiple=network.input_multiple,
        licence=licence or UNKNOWN_LICENCE,
        notes=notes,
        metrics={"onnx_against_torch_largest_difference": difference},
    )
    console = Console(highlight=False)
    console.print(f"largest difference from torch: {difference:.1e}")
    console.print(f"wrote {out} and {card}", soft_wrap=True, markup=False)


@export_app.command()
def int8(
    card: Annotated[str, typer.Argument(help="The float network's card, or an embedded one's name.")],
    calibration: Annotated[
        Path, typer.Option("--calibration", "-c", help="Folder of real pictures like those of use.")
    ],
    out: _OutOption,
    *,
    annotations: Annotated[
        Path | None, typer.Option(help="COCO-style annotations: only their pictures are taken.")
    ] = None,
    split: Annotated[SplitName | None, typer.Option(help="Only this part of the annotated pictures.")] = None,
    target: Annotated[_Target, typer.Option(help="What shall run it.")] = _Target.onnxruntime,
    calibrator: Annotated[_Calibrator, typer.Option(help="How ranges are chosen.")] = _Calibrator.mse,
    images: Annotated[int, typer.Option("--images", "-n", min=1, help="Pictures to calibrate on.")] = 150,
    held_out: Annotated[int, typer.Option(min=1, help="Others, to compare the maps on.")] = 20,
    seed: Annotated[int, typer.Option("--seed", "-s", min=0, help="Of the choice of pictures.")] = 0,
    threads: Annotated[int, typer.Option(min=1, help="Of the network.")] = 1,
    data_note: Annotated[
        str | None, typer.Option(help="What the pictures are, and their licence, for the card.")
    ] = None,
) -> None:
    """Quantise a float network, weights and activations, and write it with its card.

    `cabinsafe evaluate pose` then tells what it costs in accuracy.
    """
    require_extra("quantising a pose network", "train", "onnx")
    from cabinsafe.training.pose.int8.pictures import find_pictures
    from cabinsafe.training.pose.quantise import QuantisationOptions, quantise

    options = QuantisationOptions(
        target=target.value,
        calibrator=calibrator.value,
        images=images,
        held_out=held_out,
        seed=seed,
        threads=threads,
        data_note=data_note,
    )
    pictures = find_pictures(calibration, annotations, None if split is None else split.value)
    console = Console(highlight=False)
    with progress_bar(console) as progress:
        task = progress.add_task("calibrating", total=None)
        report = quantise(
            card,
            pictures,
            out,
            options,
            lambda done, total: progress.update(task, completed=done, total=total),
        )
    _show(console, report)


def _show(console: Console, report: QuantisationReport) -> None:
    table = Table("", "largest", "mean", title="int8 against float", box=SIMPLE_HEAD)
    for name, difference in report.differences.items():
        table.add_row(name, f"{difference.largest:.4f}", f"{difference.mean:.5f}")
    console.print(table)
    sizes = f"{report.float_bytes / 1e6:.2f} MB became {report.int8_bytes / 1e6:.2f} MB"
    left = ", ".join(report.float_nodes) or "none"
    for line in (sizes, f"nodes left in float: {left}", f"wrote {report.model} and {report.card}"):
        console.print(line, soft_wrap=True, markup=False)


def _check_out(out: Path) -> None:
    if out.suffix != ".onnx" or not out.parent.is_dir():
        raise ConfigError(f"--out: expected a file name ending in .onnx, in a folder that exists; got {out}")
