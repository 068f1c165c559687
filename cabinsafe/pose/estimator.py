"""PoseEstimator: frames in, skeletons and boxes per frame out. Nothing above knows of batches or maps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cabinsafe.errors import EngineError, ModelError, ShapeError
from cabinsafe.pose.boxes import BOX_CHANNELS, BoxOptions, decode_boxes
from cabinsafe.pose.card import PoseCard
from cabinsafe.pose.decoder import PafDecoder
from cabinsafe.pose.engines.base import Engine, ImageEngine
from cabinsafe.pose.poses import DecodedPoses, PosePrior
from cabinsafe.pose.preprocess import (
    INPUT_DTYPES,
    Image,
    LetterboxTransform,
    Tensor,
    input_tensor,
    way_back,
    without_bars,
)
from cabinsafe.pose.topology import Topology
from cabinsafe.skeleton import LEAST_AMBIGUITY
from cabinsafe.types import Box, Frame, Skeleton

FloatArray = NDArray[np.float32]


class PoseMaps(NamedTuple):
    """Network outputs of one frame: heatmaps (C, H, W), PAFs (P, H, W), boxes (5, H, W) if it has them."""

    heatmaps: FloatArray
    pafs: FloatArray
    boxes: FloatArray | None = None


class PoseResult(NamedTuple):
    """All that pose estimation found in one frame, each step's outcome included.

    ``boxes`` are the people's boxes in frame pixels, clipped to the frame, the best first; None if the
    network has no head for them or they are switched off. They are not linked to the skeletons.
    """

    skeletons: tuple[Skeleton, ...]
    decoded: DecodedPoses
    maps: PoseMaps
    transform: LetterboxTransform
    boxes: tuple[Box, ...] | None = None


class PoseEstimator:
    """Letterbox, network, decoder.

    Args:
        engine: runs the network.
        card: says how to feed it and how to read it; of one size, if the engine takes no other.
        decoder: decoder for the card's topology.
        box_options: how to read the network's person boxes, if it has them; None leaves them aside.
        threads: frames of a batch that are pre-processed at once.

    Raises:
        ModelError: the engine's tensors are not those of the card.
    """

    def __init__(
        self,
        engine: Engine,
        card: PoseCard,
        decoder: PafDecoder,
        box_options: BoxOptions | None = BoxOptions(),  # noqa: B008 - it is immutable
        threads: int = 1,
    ) -> None:
        _check_tensors(engine, card)
        self.engine = engine
        self.card = card if engine.inputs[0].shape[2:] == (None, None) else card.of_one_size()
        self.decoder = decoder
        self.box_options = box_options
        self.threads = threads

    @property
    def keypoints(self) -> tuple[str, ...]:
        """Names of a skeleton's keypoints, in order."""
        return self.card.topology.keypoints

    def estimate(
        self, frames: Sequence[Frame], expected: Sequence[PosePrior | None] | None = None
    ) -> list[PoseResult]:
        """Skeletons and boxes of each frame, all frames in one batch.

        Args:
            frames: any number of frames of any size.
            expected: for each frame who is expected where, in frame pixels; contested limbs go to them.

        Raises:
            EngineError, ShapeError, DataError: the network failed, or its maps are malformed.
            CapacityError: a frame holds more than the decoder's options allow.
        """
        if not frames:
            return []
        batch, transforms = self.preprocess(frames)
        maps = self.infer(batch)
        priors = [None] * len(frames) if expected is None else expected
        return [self.decode(m, t, p) for m, t, p in zip(maps, transforms, priors, strict=True)]

    def preprocess(self, frames: Sequence[Frame]) -> tuple[Tensor | list[Image], list[LetterboxTransform]]:
        """Input tensor (B, 3, H, W) of the engine's type, and the way back to each frame's pixels.

        An engine that prepares images gets them as they are. Where card and engine leave the input's size
        free, it has no bars that no frame needs: a frame of 16 to 9 takes little more than half of a square.
        """
        images = [frame.image for frame in frames]
        if isinstance(self.engine, ImageEngine) and self.engine.prepares_images:
            return images, way_back(images, self.card.input)
        spec = without_bars(self.card.input, images)
        return input_tensor(images, spec, self.engine.inputs[0].dtype, self.threads)

    def infer(self, batch: Tensor | Sequence[Image]) -> list[PoseMaps]:
        """Maps of each image of what :meth:`preprocess` made.

        Raises:
            EngineError: the engine failed, or left out an output.
            ShapeError: an output has another shape than the card says.
        """
        outputs = self._run(batch)
        sides = batch.shape[:1:-1] if isinstance(batch, np.ndarray) else self.card.input.size_wh
        width, height = (side // self.card.maps.stride for side in sides)
        names = self.card.maps.names
        counts = (self.card.topology.heatmap_count, self.card.topology.paf_count, BOX_CHANNELS)
        for name, count in zip(names, counts, strict=False):
            if name not in outputs:
                raise EngineError(f"the engine returned no '{name}', only {sorted(outputs)}")
            expected = (len(batch), count, height, width)
            if outputs[name].shape != expected:
                raise ShapeError(f"output '{name}'", expected, outputs[name].shape)
        return [PoseMaps(*maps) for maps in zip(*(outputs[name] for name in names), strict=True)]

    def _run(self, batch: Tensor | Sequence[Image]) -> dict[str, FloatArray]:
        """One run for the whole batch, or one per image if the network takes no more."""
        if self.engine.inputs[0].shape[0] != 1 or len(batch) == 1:
            return self._run_once(batch)
        runs = [self._run_once(batch[i : i + 1]) for i in range(len(batch))]
        return {output: np.concatenate([run[output] for run in runs]) for output in runs[0]}

    def _run_once(self, batch: Tensor | Sequence[Image]) -> dict[str, FloatArray]:
        if isinstance(batch, np.ndarray):
            return self.engine.infer({self.card.input.name: batch})
        assert isinstance(self.engine, ImageEngine)
        return self.engine.infer_images(batch)

    def decode(
        self, maps: PoseMaps, transform: LetterboxTransform, expected: PosePrior | None = None
    ) -> PoseResult:
        """Skeletons and boxes of one frame's maps, in frame pixels; so are the people who are expected."""
        stride = self.card.maps.stride
        prior = expected and PosePrior(transform.to_input(expected.xy) / np.float32(stride), expected.ids)
        decoded = self.decoder.decode(maps.heatmaps, maps.pafs, prior)
        frame_xy = transform.to_frame(decoded.xy * stride)
        topology = self.card.topology
        skeletons = tuple(
            Skeleton(
                topology=topology.name,
                keypoints=topology.keypoints,
                xy=frame_xy[person],
                score=decoded.score[person],
                person_score=float(decoded.person_score[person]),
                ambiguity=float(decoded.ambiguity[person]),
                limb_ambiguity=_contested(topology, decoded.limb_ambiguity[person]),
            )
            for person in range(len(decoded))
        )
        return PoseResult(skeletons, decoded, maps, transform, self._decode_boxes(maps, transform))

    def _decode_boxes(self, maps: PoseMaps, transform: LetterboxTransform) -> tuple[Box, ...] | None:
        """Boxes clipped to the frame; those of which less than a pixel is left are not in it."""
        if maps.boxes is None or self.box_options is None:
            return None
        xyxy, scores = decode_boxes(maps.boxes, self.card.maps.stride, self.box_options)
        corners = np.clip(transform.to_frame(xyxy.reshape(-1, 2, 2)), 0.0, transform.frame_wh)
        in_frame = (corners[:, 1] - corners[:, 0] >= 1.0).all(axis=1)
        rows = zip(corners.reshape(-1, 4)[in_frame].tolist(), scores[in_frame].tolist(), strict=True)
        return tuple(Box(xyxy=xyxy, score=score) for xyxy, score in rows)

    def close(self) -> None:
        """Close the engine."""
        self.engine.close()


def _contested(topology: Topology, ambiguity: FloatArray) -> dict[str, float]:
    """The contested ones of a person's limbs (L,), to two places: scenes hold them for every frame."""
    rows = np.flatnonzero(ambiguity >= LEAST_AMBIGUITY)
    limbs = topology.limbs
    return {f"{limbs[i].start}-{limbs[i].end}": round(float(ambiguity[i]), 2) for i in rows}


def _check_tensors(engine: Engine, card: PoseCard) -> None:
    inputs, outputs = ([spec.name for spec in specs] for specs in (engine.inputs, engine.outputs))
    wanted = list(card.maps.names)
    if inputs != [card.input.name] or not set(wanted) <= set(outputs):
        raise ModelError(
            f"network '{card.name}': its card names input '{card.input.name}' and outputs {wanted}, "
            f"the engine has inputs {inputs} and outputs {outputs}"
        )
    if engine.inputs[0].dtype not in INPUT_DTYPES:
        raise ModelError(
            f"network '{card.name}': the engine wants an input of {engine.inputs[0].dtype}, which is none of "
            f"{', '.join(INPUT_DTYPES)}"
        )
    width, height = card.input.size_wh
    shape, wanted_shape = engine.inputs[0].shape, (3, height, width)
    fits = [have in (None, want) for have, want in zip(shape[1:], wanted_shape, strict=False)]
    if len(shape) != 4 or not all(fits):
        raise ModelError(
            f"network '{card.name}': its card says input (N, 3, {height}, {width}), the engine wants {shape}"
        )
