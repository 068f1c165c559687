"""The commands of ``cabinsafe engine``: thin; nothing slow is imported before a command runs."""

from __future__ import annotations

import json
import platform
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from cabinsafe.errors import EngineError, ModelError

if TYPE_CHECKING:
    from cabinsafe.evaluation.engines import EngineProfile
    from cabinsafe.pose.engines import TensorRTOptions

engine_app = typer.Typer(no_args_is_help=True, help="Engines that run pose networks.")


class _Precision(str, Enum):
    fp32 = "fp32"
    fp16 = "fp16"
    int8 = "int8"


class _Engine(str, Enum):
    onnx = "onnx"
    openvino = "openvino"
    tensorrt = "tensorrt"


class _Flavour(str, Enum):
    tensorrt = "tensorrt"
    tensorrt_rtx = "tensorrt_rtx"


_PrecisionOption = Annotated[
    _Precision, typer.Option(help="Of TensorRT's layers; int8 needs a network for it.")
]
_FlavourOption = Annotated[
    _Flavour | None, typer.Option(help="TensorRT package; by default the first installed.")
]


@engine_app.command()
def build(
    model: Annotated[str, typer.Argument(help="Embedded network's name, or a card.")],
    precision: _PrecisionOption = _Precision.fp16,
    batch: Annotated[int, typer.Option(min=1, help="Frames per run to tune for: the number of cameras.")] = 1,
    max_batch: Annotated[int, typer.Option(min=1, help="Most frames per run.")] = 8,
    workspace: Annotated[int, typer.Option(min=16, help="Scratch memory that a layer may use, MiB.")] = 1024,
    flavour: _FlavourOption = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Plan to write; by default into the cache.")
    ] = None,
) -> None:
    """Build a TensorRT plan, on the GPU that shall run it; TensorRT-RTX needs none."""
    from cabinsafe.pose import PoseCard
    from cabinsafe.pose.engines import TensorRTOptions
    from cabinsafe.pose.engines.tensorrt import build_plan

    options = TensorRTOptions(
        precision=precision.value,
        batch=batch,
        max_batch=max_batch,
        workspace_mib=workspace,
        flavour=None if flavour is None else flavour.value,
    )
    path = build_plan(PoseCard.load(model), options, out)
    typer.echo(f"wrote {path}, {path.stat().st_size / 1e6:.1f} MB")


@engine_app.command()
def profile(
    model: Annotated[
        str,
        typer.Argument(metavar="MODEL|PLAN", help="Embedded network's name, a card, or a plan of `build`."),
    ],
    *,
    video: Annotated[str, typer.Option(help="Video, folder or glob of images.")],
    cameras: Annotated[int, typer.Option(min=1, help="Frames per run.")] = 1,
    card: Annotated[
        str | None, typer.Option(help="Of a plan's network, if that is not an embedded one.")
    ] = None,
    engine: Annotated[
        list[_Engine] | None, typer.Option(help="May be repeated; by default onnx, or a plan's own.")
    ] = None,
    precision: _PrecisionOption = _Precision.fp16,
    flavour: _FlavourOption = None,
    allow_foreign: Annotated[bool, typer.Option(help="Load a plan that was built elsewhere.")] = False,
    threads: Annotated[int, typer.Option(min=1, help="On the CPU.")] = 1,
    batches: Annotated[int, typer.Option(min=1, help="Runs to time, at most.")] = 100,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="JSON file to write.")] = None,
) -> None:
    """Time engines stage by stage on the frames of a video, and compare them with ONNX Runtime.

    Stages are medians; p95, p99 and CPU, the processor time of all threads, are of the total.
    """
    from cabinsafe.evaluation.engines import ProfileRequest, profile_engines
    from cabinsafe.pose.engines import EngineOptions, TensorRTOptions
    from cabinsafe.whole_files import replace_file

    if model.endswith(".plan"):
        model, tensorrt = _of_plan(Path(model), card, allow_foreign)
        kinds = [_Engine.onnx, _Engine.tensorrt] if engine is None else engine
    else:
        name = None if flavour is None else flavour.value
        tensorrt = TensorRTOptions(precision=precision.value, flavour=name, allow_foreign=allow_foreign)
        kinds = engine or [_Engine.onnx]
    requests = [
        ProfileRequest(
            model,
            EngineOptions(engine=kind.value, threads=threads, tensorrt=tensorrt),
            video,
            cameras,
            batches,
        )
        for kind in kinds
    ]
    profiles = list(profile_engines(requests))
    title = f"{model}, {cameras} camera(s), {threads} thread(s), milliseconds per run"
    for table in (_times(title, profiles), _likeness(profiles)):
        if table.row_count:
            Console(highlight=False).print(table)
    for one in profiles:
        if one.refusal is not None:
            typer.echo(f"{one.engine} cannot run: {one.refusal}")
    if out is not None:
        report = {"model": model, "video": Path(video).name, "cameras": cameras, "threads": threads,
                  "machine": platform.machine(), "engines": [one.plain() for one in profiles]}  # fmt: skip
        replace_file(out, json.dumps(report, indent=1).encode() + b"\n")
        typer.echo(f"wrote {out}")
    if all(one.refusal is not None for one in profiles):
        raise EngineError("none of the engines could run")


def _of_plan(path: Path, card: str | None, allow_foreign: bool) -> tuple[str, TensorRTOptions]:
    """The network of a plan, and the options that it was built with."""
    from cabinsafe.pose import PoseCard
    from cabinsafe.pose.engines import TensorRTOptions
    from cabinsafe.pose.engines.tensorrt.plan import read_plan

    key = read_plan(path).key
    model = card or key.model
    sides = set(key.chw[1:])
    if card is None and len(sides) == 1 and sides != set(PoseCard.load(model).input.size_wh):
        model = f"{model}@{sides.pop()}"
    if PoseCard.load(model).sha256 != key.network_sha256:
        raise ModelError(f"{path}: built from another network than that of '{model}': build it again")
    return model, TensorRTOptions(
        precision=key.precision,
        flavour=key.flavour,
        batch=key.batches[1],
        max_batch=key.batches[2],
        workspace_mib=key.workspace_mib,
        plan=str(path),
        allow_foreign=allow_foreign,
    )


def _times(title: str, profiles: list[EngineProfile]) -> Table:
    from cabinsafe.evaluation.engines import STAGES

    table = Table("engine", title=title, box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name in (*STAGES, "p95", "p99", "CPU", "fps", "MB", "GPU MB"):
        table.add_column(name, justify="right", no_wrap=True)
    for one in profiles:
        if one.refusal is not None:
            continue
        total = one.stages["total"]
        medians = [one.stages[stage].median for stage in STAGES]
        figures = [*medians, total.p95, total.p99, total.cpu, one.fps or 0.0]
        memory = ["-" if mb is None else f"{mb:.0f}" for mb in (one.peak_memory_mb, one.device_memory_mb)]
        table.add_row(one.engine, *(f"{value:.{1 + (value < 10)}f}" for value in figures), *memory)
    return table


def _likeness(profiles: list[EngineProfile]) -> Table:
    table = Table(
        "engine", "largest map difference", "people", "OKS", title="beside ONNX Runtime", box=SIMPLE_HEAD
    )
    for one in profiles:
        if one.likeness is not None:
            differences = ", ".join(f"{n} {value:.2g}" for n, value in one.likeness.map_difference.items())
            people = f"{one.likeness.people} of {one.likeness.expected_people}"
            oks = "-" if one.likeness.oks is None else f"{one.likeness.oks:.4f}"
            table.add_row(one.engine, differences, people, oks)
    return table
