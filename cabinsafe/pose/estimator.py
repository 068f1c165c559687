"""PoseEstimator: frames in, skeletons per frame out. Nothing above this file knows of batches or maps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cabinsafe.errors import EngineError, ModelError, ShapeError
from cabinsafe.pose.card import PoseCard
from cabinsafe.pose.decoder import DecodedPoses, PafDecoder
from cabinsafe.pose.engines.base import Engine
from cabinsafe.pose.preprocess import LetterboxTransform, letterbox, normalise
from cabinsafe.types import Frame, Skeleton

FloatArray = NDArray[np.float32]


class PoseMaps(NamedTuple):
    """Network outputs of one frame: heatmaps (C, H, W) and PAFs (P, H, W)."""

    heatmaps: FloatArray
    pafs: FloatArray


class PoseResult(NamedTuple):
    """All that pose estimation found in one frame, each step's outcome included."""

    skeletons: tuple[Skeleton, ...]
    decoded: DecodedPoses
    maps: PoseMaps
    transform: LetterboxTransform


class PoseEstimator:
    """Letterbox, network, decoder.

    Args:
        engine: runs the network.
        card: says how to feed it and how to read it.
        decoder: decoder for the card's topology.

    Raises:
        ModelError: the engine's tensors are not those of the card.
    """

    def __init__(self, engine: Engine, card: PoseCard, decoder: PafDecoder) -> None:
        _check_tensors(engine, card)
        self.engine = engine
        self.card = card
        self.decoder = decoder

    def estimate(self, frames: Sequence[Frame]) -> list[PoseResult]:
        """Skeletons of each frame, all frames in one batch.

        Raises:
            EngineError, ShapeError, DataError: the network failed, or its maps are malformed.
            CapacityError: a frame holds more than the decoder's options allow.
        """
        if not frames:
            return []
        batch, transforms = self.preprocess(frames)
        maps = self.infer(batch)
        return [self.decode(m, t) for m, t in zip(maps, transforms, strict=True)]

    def preprocess(self, frames: Sequence[Frame]) -> tuple[FloatArray, list[LetterboxTransform]]:
        """Input tensor (B, 3, H, W) float32, and the way back to each frame's pixels."""
        spec = self.card.input
        fitted = [letterbox(frame.image, spec.size_wh, spec.pad_value) for frame in frames]
        return normalise([canvas for canvas, _ in fitted], spec), [transform for _, transform in fitted]

    def infer(self, batch: FloatArray) -> list[PoseMaps]:
        """Maps of each image of an input tensor (B, 3, H, W).

        Raises:
            EngineError: the engine failed, or left out an output.
            ShapeError: an output has another shape than the card says.
        """
        outputs = self._run(batch)
        width, height = (side // self.card.maps.stride for side in self.card.input.size_wh)
        topology = self.card.topology
        channels = {
            self.card.maps.heatmaps: topology.heatmap_count,
            self.card.maps.pafs: topology.paf_count,
        }
        for name, count in channels.items():
            if name not in outputs:
                raise EngineError(f"the engine returned no '{name}', only {sorted(outputs)}")
            expected = (len(batch), count, height, width)
            if outputs[name].shape != expected:
                raise ShapeError(f"output '{name}'", expected, outputs[name].shape)
        heatmaps, pafs = (outputs[name] for name in channels)
        return [PoseMaps(*maps) for maps in zip(heatmaps, pafs, strict=True)]

    def _run(self, batch: FloatArray) -> dict[str, FloatArray]:
        """One run for the whole batch, or one per image if the network takes no more."""
        name = self.card.input.name
        if self.engine.inputs[0].shape[0] != 1 or len(batch) == 1:
            return self.engine.infer({name: batch})
        runs = [self.engine.infer({name: image[None]}) for image in batch]
        return {output: np.concatenate([run[output] for run in runs]) for output in runs[0]}

    def decode(self, maps: PoseMaps, transform: LetterboxTransform) -> PoseResult:
        """Skeletons of one frame's maps, in frame pixels."""
        decoded = self.decoder.decode(*maps)
        frame_xy = transform.to_frame(decoded.xy * self.card.maps.stride)
        topology = self.card.topology
        skeletons = tuple(
            Skeleton(
                topology=topology.name,
                keypoints=topology.keypoints,
                xy=frame_xy[person],
                score=decoded.score[person],
                person_score=float(decoded.person_score[person]),
                ambiguity=float(decoded.ambiguity[person]),
            )
            for person in range(len(decoded))
        )
        return PoseResult(skeletons, decoded, maps, transform)

    def close(self) -> None:
        """Close the engine."""
        self.engine.close()


def _check_tensors(engine: Engine, card: PoseCard) -> None:
    inputs, outputs = ([spec.name for spec in specs] for specs in (engine.inputs, engine.outputs))
    wanted = [card.maps.heatmaps, card.maps.pafs]
    if inputs != [card.input.name] or not set(wanted) <= set(outputs):
        raise ModelError(
            f"network '{card.name}': its card names input '{card.input.name}' and outputs {wanted}, "
            f"the engine has inputs {inputs} and outputs {outputs}"
        )
    width, height = card.input.size_wh
    shape, wanted_shape = engine.inputs[0].shape, (3, height, width)
    fits = [have in (None, want) for have, want in zip(shape[1:], wanted_shape, strict=False)]
    if len(shape) != 4 or not all(fits):
        raise ModelError(
            f"network '{card.name}': its card says input (N, 3, {height}, {width}), the engine wants {shape}"
        )
