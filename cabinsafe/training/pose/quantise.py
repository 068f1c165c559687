"""Static int8 quantisation of a whole pose network, from its card to a file with a card of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from pydantic import Field

from cabinsafe.errors import OutputError
from cabinsafe.onnx_session import open_session
from cabinsafe.options import Options
from cabinsafe.pose.card import InputSpec, PoseCard
from cabinsafe.resources import sha256_of
from cabinsafe.training.pose.cards import save_card
from cabinsafe.training.pose.int8.calibrate import Calibrator, channel_ranges, choose_range, histograms
from cabinsafe.training.pose.int8.entry import fold_entry
from cabinsafe.training.pose.int8.equalise import correct_bias, equalise
from cabinsafe.training.pose.int8.graph import Model, drop_unused
from cabinsafe.training.pose.int8.heads import Levels, find_ends, merge_levels, split_levels
from cabinsafe.training.pose.int8.pictures import batches, draw
from cabinsafe.training.pose.int8.qdq import Target, float_nodes, insert_qdq, read_levels_from_image
from cabinsafe.training.pose.int8.source import load_source
from cabinsafe.whole_files import replacing

Progress = Callable[[int, int], None]
"""Is told how many pictures are done, and of how many."""

_PASSES = 2


class QuantisationOptions(Options):
    """How to quantise."""

    target: Target = Field("onnxruntime", description="uint8 activations, or TensorRT's int8 around zero.")
    calibrator: Calibrator = Field("mse", description="How the range of each tensor is chosen.")
    percentile: float = Field(99.99, gt=50, le=100, description="What the calibrator 'percentile' covers.")
    images: int = Field(150, ge=1, description="Pictures to calibrate on.")
    held_out: int = Field(20, ge=1, description="Other pictures, to compare the maps on.")
    seed: int = Field(0, ge=0, description="Of the choice of pictures.")
    equalise: bool = Field(True, description="Move scales between layers first (cross-layer equalisation).")
    correct_bias: bool = Field(True, description="Take the mean error of rounded weights out of the biases.")
    threads: int = Field(1, ge=1, description="Of ONNX Runtime.")
    data_note: str | None = Field(None, description="For the card: what the pictures are, their licence.")


@dataclass(frozen=True)
class MapDifference:
    """Absolute difference between the int8 and the float network's values of one output."""

    largest: float
    mean: float


@dataclass(frozen=True)
class QuantisationReport:
    """What came of it.

    Attributes:
        model, card: the files that were written.
        float_bytes, int8_bytes: size of the float network and of the quantised one.
        float_nodes: kind and name of every node that still computes with floats.
        differences: by output, on pictures that were not calibrated on.
    """

    model: Path
    card: Path
    float_bytes: int
    int8_bytes: int
    float_nodes: tuple[str, ...]
    differences: Mapping[str, MapDifference]


def quantise(
    card: str | Path,
    pictures: Sequence[Path],
    out: Path,
    options: QuantisationOptions = QuantisationOptions(),  # noqa: B008 - it is immutable
    progress: Progress | None = None,
) -> QuantisationReport:
    """Quantise a float network, weights and activations, and write it with its card.

    Scales are moved between layers, ranges measured on real pictures, mean errors taken out; see the modules
    of :mod:`cabinsafe.training.pose.int8`. The same pictures and options give the same network.

    Args:
        card: the float network's card, or the name of an embedded one.
        pictures: image files, more than the options ask for: those used are drawn from them.
        out: ``.onnx`` file to write; its card goes beside it.
        options: how.
        progress: is told how far it is.

    Raises:
        ModelError: the card or its network is missing, broken, already quantised or of another kind.
        DataError, MediaError: too few pictures, or one that cannot be read.
        EngineError: the network cannot run on pictures of the card's size.
        OutputError: ``out`` cannot be written, or would overwrite the float network.
    """
    parent = PoseCard.load(card)
    _check_target(out, parent)
    chosen, held_out = draw(pictures, (options.images, options.held_out), options.seed)
    source = load_source(parent)
    notes = {entry.key: entry.value for entry in source.metadata_props}
    target = parent.of_one_size() if options.target == "tensorrt" else parent
    model = _quantised(source, parent.input, _Feeds(target.input, chosen, progress), options)
    note = f"quantised by cabinsafe from {parent.file}, sha256 {parent.sha256}"
    onnx.helper.set_model_props(model, {**notes, "quantisation": note})
    _save(model, out)
    report = QuantisationReport(
        model=out,
        card=out.with_suffix(".json"),
        float_bytes=parent.verified_file().stat().st_size,
        int8_bytes=out.stat().st_size,
        float_nodes=float_nodes(model, options.target),
        differences=_compare(target, out, held_out, options.threads),
    )
    save_card(_card_of(parent, report, options), report.card)
    return report


def _check_target(out: Path, parent: PoseCard) -> None:
    if out.suffix != ".onnx":
        raise OutputError(f"{out}: expected a file name that ends in .onnx")
    if not out.parent.is_dir():
        raise OutputError(f"{out}: its folder does not exist")
    taken = {parent.path.resolve(), (parent.path.parent / parent.file).resolve()}
    if taken & {out.resolve(), out.with_suffix(".json").resolve()}:
        raise OutputError(f"{out}: that is the float network itself; choose another name")


def _quantised(model: Model, spec: InputSpec, feeds: _Feeds, options: QuantisationOptions) -> Model:
    """The quantised network; the float one is taken apart."""
    for_onnxruntime = options.target == "onnxruntime"
    entry = fold_entry(model, spec)
    channels = channel_ranges(model, feeds, options.threads)
    if options.equalise:
        equalise(model, channels)
    heads, tail = find_ends(model)
    levels = split_levels(model, heads, channels) if for_onnxruntime else Levels([], [])
    counts, means = histograms(model, feeds, channels, options.threads)
    if options.correct_bias:
        correct_bias(model, means)
    ranges = {
        name: choose_range(count, options.calibrator, options.percentile, symmetric=not for_onnxruntime)
        for name, count in counts.items()
    }
    if entry.centred is not None:
        ranges[entry.centred] = (-128.0, 127.0) if for_onnxruntime else (-127.0, 127.0)
    ranges |= dict.fromkeys(levels.tensors, (0.0, 255.0))
    excluded = (*entry.nodes, *levels.nodes, *tail)
    quantised = insert_qdq(model, ranges, excluded, options.target)
    if for_onnxruntime:
        merge_levels(quantised, heads)
        if entry.centred is not None:
            read_levels_from_image(quantised, entry.centred)
    drop_unused(quantised)
    return quantised


def _save(model: Model, out: Path) -> None:
    onnx.checker.check_model(model)
    with replacing(out) as partial:
        onnx.save(model, str(partial))


def _compare(parent: PoseCard, out: Path, pictures: Sequence[Path], threads: int) -> dict[str, MapDifference]:
    sessions = [open_session(path, threads) for path in (parent.verified_file(), out)]
    names = list(parent.maps.names)
    differences: dict[str, list[NDArray[np.float32]]] = {name: [] for name in names}  # (cells,) a picture
    for batch in batches(pictures, parent.input):
        before, after = (session.run(names, {parent.input.name: batch}) for session in sessions)
        for name, one, other in zip(names, before, after, strict=True):
            differences[name].append(np.abs(one - other).ravel())
    return {
        name: MapDifference(float(np.max(values)), float(np.mean(values)))
        for name, values in ((name, np.concatenate(parts)) for name, parts in differences.items())
    }


def _card_of(parent: PoseCard, report: QuantisationReport, options: QuantisationOptions) -> PoseCard:
    pictures = options.data_note or "not described"
    settings = options.model_dump(mode="json", exclude={"threads", "data_note"})
    return PoseCard.model_validate(
        {
            **parent.model_dump(),
            "name": report.model.stem,
            "file": report.model.name,
            "sha256": sha256_of(report.model),
            "sources": [
                *parent.sources,
                {
                    "what": "float network that this one was quantised from",
                    "file": parent.file,
                    "sha256": parent.sha256,
                },
                {"what": f"{options.images} pictures that ranges were measured on", "value": pictures},
            ],
            "training": {**parent.training, "quantisation": settings},
            "metrics": {
                "of_the_float_network": parent.metrics,
                "int8_against_float": {
                    "how": f"absolute difference of the maps on {options.held_out} other pictures",
                    **{name: asdict(difference) for name, difference in report.differences.items()},
                },
                "float_nodes": list(report.float_nodes),
                "size_bytes": report.int8_bytes,
            },
        }
    )


class _Feeds:
    """Input tensors of the same pictures, as often as they are iterated."""

    def __init__(self, spec: InputSpec, pictures: Sequence[Path], progress: Progress | None) -> None:
        self._spec, self._pictures, self._progress = spec, pictures, progress
        self._done = 0

    def __iter__(self) -> Iterator[NDArray[np.float32]]:
        for batch in batches(self._pictures, self._spec):
            yield batch
            self._done += 1
            if self._progress is not None:
                self._progress(self._done, _PASSES * len(self._pictures))
