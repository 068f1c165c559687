"""Recorded maps instead of a network: replays what another engine once put out."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from cabinsafe.errors import EngineError, ModelError, ShapeError
from cabinsafe.pose.engines.base import Engine, EngineBase, Tensor, TensorSpec


class ReplayEngine(EngineBase):
    """Returns recorded outputs in order, one per image fed, whatever the image shows.

    Args:
        records: output name to array (T, ...): the T recorded outputs.
        inputs: what it claims to need, so that it can stand in for the engine that was recorded.

    Raises:
        ShapeError: the recordings differ in length, or there are none.
    """

    def __init__(self, records: Mapping[str, Tensor], inputs: tuple[TensorSpec, ...]) -> None:
        self._records = {name: np.asarray(array, dtype=np.float32) for name, array in records.items()}
        lengths = {name: len(array) for name, array in self._records.items()}
        if len(set(lengths.values())) != 1 or not inputs:
            raise ShapeError("recorded maps", "arrays (T, ...) of one length T, and an input", lengths)
        self.inputs = inputs
        self.outputs = tuple(
            TensorSpec(name, (None, *array.shape[1:]), "float32") for name, array in self._records.items()
        )
        self._next = 0
        self._length = next(iter(lengths.values()))

    @classmethod
    def from_file(cls, path: str | Path, inputs: tuple[TensorSpec, ...]) -> ReplayEngine:
        """Read recordings from an ``.npz`` file that :meth:`RecordingEngine.save` wrote.

        Raises:
            ModelError: the file cannot be read as such.
        """
        try:
            with Path(path).open("rb") as file, np.load(file, allow_pickle=False) as archive:
                records = {name: archive[name] for name in archive.files}
        except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            raise ModelError(f"{path}: not a readable .npz file of recorded maps: {error}") from error
        return cls(records, inputs)

    def infer(self, feeds: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return as many recorded outputs as the feeds hold images.

        Raises:
            EngineError: closed, or nothing is left to replay.
        """
        self._check(feeds)
        count = len(feeds[self.inputs[0].name])
        if self._next + count > self._length:
            raise EngineError(
                f"the recording holds {self._length} images; images {self._next + 1} to "
                f"{self._next + count} were asked for"
            )
        taken = slice(self._next, self._next + count)
        self._next += count
        return {name: array[taken].copy() for name, array in self._records.items()}


class RecordingEngine(EngineBase):
    """Passes everything to another engine and keeps its outputs, to be saved for a replay."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.inputs, self.outputs = engine.inputs, engine.outputs
        self._kept: dict[str, list[Tensor]] = {spec.name: [] for spec in engine.outputs}

    def infer(self, feeds: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Run the other engine and keep a copy of what it returns."""
        results = self._engine.infer(feeds)
        for name, kept in self._kept.items():
            kept.append(results[name].copy())
        return results

    def save(self, path: str | Path) -> None:
        """Write what was kept so far as a compressed ``.npz`` file."""
        arrays: dict[str, Any] = {name: np.concatenate(kept) for name, kept in self._kept.items() if kept}
        np.savez_compressed(path, **arrays)

    def close(self) -> None:
        """Close the other engine; what was kept can still be saved."""
        self._engine.close()
        super().close()
