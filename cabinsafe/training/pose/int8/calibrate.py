"""What the tensors of a network hold on real pictures, and which range of it 8 bits should cover."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, Literal, NamedTuple

import numpy as np
import onnx
from numpy.typing import NDArray

from cabinsafe.errors import EngineError, ModelError
from cabinsafe.onnx_session import open_session
from cabinsafe.training.pose.int8.graph import (
    Floats,
    Model,
    convolutions,
    float_tensors,
    outputs,
    with_shapes,
)

Calibrator = Literal["mse", "minmax", "percentile", "entropy"]

_BINS: Final = 2048
_SHARES: Final = np.geomspace(1.0, 0.02, 100)
"""Shares of the full range that the calibrators try on either side, the largest first."""

_ROUNDS: Final = 2
"""How often each side is tried while the other one stays."""

_NEVER: Final = 1e-12
"""Stands for a probability of 0, which has no logarithm."""


class ChannelRange(NamedTuple):
    """(C,) smallest and largest value of each channel of a tensor."""

    low: Floats
    high: Floats

    @property
    def largest(self) -> Floats:
        """(C,) largest absolute value."""
        return np.maximum(np.abs(self.low), np.abs(self.high))


class Histogram(NamedTuple):
    """How often the values of a tensor fall into equal bins from ``low`` to ``high``."""

    low: float
    high: float
    counts: NDArray[np.int64]

    @property
    def centres(self) -> Floats:
        """Middle of each bin."""
        width = (self.high - self.low) / len(self.counts)
        return self.low + width * (np.arange(len(self.counts)) + 0.5)


def channel_ranges(model: Model, batches: Iterable[Floats], threads: int) -> dict[str, ChannelRange]:
    """Range of every channel of every float tensor, the input included, over all batches.

    Raises:
        ModelError: a tensor is not finite.
        EngineError: the network cannot run on these batches.
    """
    found: dict[str, ChannelRange] = {}
    for values in _record(model, batches, threads):
        for name, array in values.items():
            flat = _by_channel(array)
            low, high = flat.min(axis=(0, 2)), flat.max(axis=(0, 2))
            if not (np.isfinite(low).all() and np.isfinite(high).all()):
                raise ModelError(f"the float network is broken: tensor '{name}' holds NaN or infinity")
            if name in found:
                low, high = np.minimum(low, found[name].low), np.maximum(high, found[name].high)
            found[name] = ChannelRange(low, high)
    return found


def histograms(
    model: Model, batches: Iterable[Floats], ranges: Mapping[str, ChannelRange], threads: int
) -> tuple[dict[str, Histogram], dict[str, NDArray[np.float64]]]:
    """Histogram of every tensor whose range is known, and channel means of the convolutions' inputs.

    Raises:
        EngineError: the network cannot run on these batches.
    """
    bounds = {name: (float(r.low.min()), float(r.high.max())) for name, r in ranges.items()}
    counts = {name: np.zeros(_BINS, np.int64) for name in bounds}
    sums = {node.input[0]: np.zeros(1) for node in convolutions(model)}
    total = 0
    for values in _record(model, batches, threads):
        total += 1
        for name, array in values.items():
            if name in bounds:
                counts[name] += _count(array, *bounds[name])
            if name in sums:
                sums[name] = sums[name] + _by_channel(array).mean(axis=(0, 2), dtype=np.float64)
    means = {name: value / max(total, 1) for name, value in sums.items()}
    return {name: Histogram(*bounds[name], counts[name]) for name in bounds}, means


def choose_range(
    histogram: Histogram, calibrator: Calibrator, percentile: float, *, symmetric: bool
) -> tuple[float, float]:
    """The range that 8 bits should cover; it holds zero.

    Args:
        histogram: of the tensor.
        calibrator: ``minmax`` covers everything; ``percentile`` all but the same share at both ends; ``mse``
            has the least squared error, ``entropy`` the least relative entropy (Migacz 2017, "8-bit
            inference with TensorRT") of the ranges that are tried.
        percentile: what ``percentile`` covers, in percent.
        symmetric: whether zero lies in the middle of the 8 bits.
    """
    low, high = min(histogram.low, 0.0), max(histogram.high, 0.0)
    if calibrator == "minmax" or high == low:
        return low, high
    if calibrator == "percentile":
        reached = np.cumsum(histogram.counts) / histogram.counts.sum()
        rest = (1 - percentile / 100) / 2
        edges = np.linspace(histogram.low, histogram.high, len(histogram.counts) + 1)
        first, last = np.searchsorted(reached, (rest, 1 - rest))
        return min(float(edges[first]), 0.0), max(float(edges[min(last + 1, len(edges) - 1)]), 0.0)
    cost = _squared_error if calibrator == "mse" else _relative_entropy
    ends = low, high
    for _ in range(_ROUNDS):
        high = min(ends[1] * _SHARES, key=lambda tried: cost(histogram, low, tried, symmetric))
        low = min(ends[0] * _SHARES, key=lambda tried: cost(histogram, tried, high, symmetric))
    return float(low), float(high)


def _levels(values: Floats, low: float, high: float, symmetric: bool) -> tuple[NDArray[np.int64], Floats]:
    """Which of the 256 levels each value becomes, and what it then stands for."""
    scale = max(-low, high) / 127 if symmetric else (high - low) / 255
    zero = 128 if symmetric else round(-low / scale)
    levels = np.clip(np.round(values / scale) + zero, 0, 255).astype(np.int64)
    return levels, (levels - zero) * scale


def _squared_error(histogram: Histogram, low: float, high: float, symmetric: bool) -> float:
    _, values = _levels(histogram.centres, low, high, symmetric)
    return float(np.sum(histogram.counts * (values - histogram.centres) ** 2))


def _relative_entropy(histogram: Histogram, low: float, high: float, symmetric: bool) -> float:
    """Of the values, with those out of range moved to its ends, to what the levels of the others tell."""
    inside = np.flatnonzero((histogram.centres >= low) & (histogram.centres <= high))
    if not inside.size:
        return np.inf
    first, last = inside[0], inside[-1] + 1
    kept = histogram.counts[first:last].astype(np.float64)
    levels, _ = _levels(histogram.centres[first:last], low, high, symmetric)
    filled = np.bincount(levels, kept > 0, 256)[levels]
    told = np.where(kept > 0, np.bincount(levels, kept, 256)[levels] / np.maximum(filled, 1), 0)
    true = kept.copy()
    true[0] += histogram.counts[:first].sum()
    true[-1] += histogram.counts[last:].sum()
    true, told = true / true.sum(), np.maximum(told / max(told.sum(), 1), _NEVER)
    return float(np.sum(true * np.log(np.maximum(true, _NEVER) / told)))


def _record(model: Model, batches: Iterable[Floats], threads: int) -> Iterator[dict[str, Floats]]:
    """Run a network; give every float tensor, the input included, of each batch."""
    shaped = with_shapes(model)
    names = float_tensors(shaped)
    open_model = onnx.ModelProto()
    open_model.CopyFrom(model)
    hidden = [name for name in names if name not in outputs(model)]
    kind = onnx.TensorProto.FLOAT
    open_model.graph.output.extend(onnx.helper.make_tensor_value_info(name, kind, None) for name in hidden)
    image = model.graph.input[0].name
    with TemporaryDirectory() as folder:
        path = Path(folder) / "open.onnx"
        onnx.save(open_model, str(path))
        session = open_session(path, threads)
        for batch in batches:
            try:
                arrays = session.run(names, {image: batch})
            except Exception as error:  # onnxruntime's exceptions share no base class but this one
                raise EngineError(f"the float network cannot run on {batch.shape}: {error}") from error
            yield {image: batch, **dict(zip(names, arrays, strict=True))}


def _by_channel(array: Floats) -> Floats:
    """(B, C, ...) as (B, C, N); everything else as one channel."""
    return array.reshape(*array.shape[:2], -1) if array.ndim > 2 else array.reshape(1, 1, -1)


def _count(array: Floats, low: float, high: float) -> NDArray[np.int64]:
    if high == low:
        places = np.zeros(array.size, np.int64)
    else:
        places = ((array.ravel() - low) * (_BINS / (high - low))).astype(np.int64)
    counts: NDArray[Any] = np.bincount(np.clip(places, 0, _BINS - 1), minlength=_BINS)
    return counts.astype(np.int64)
