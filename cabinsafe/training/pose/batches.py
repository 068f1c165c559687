"""Training batches: a pure function of the step number, so that resuming is exact."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cabinsafe.data import LabelledImage
from cabinsafe.training.pose.augment import AugmentSpec, Sample, augment
from cabinsafe.training.pose.dataset import load_at_most
from cabinsafe.training.pose.layout import (
    HEATMAP_COUNT,
    PAF_COUNT,
    STRIDE,
    limb_indices,
)
from cabinsafe.training.pose.targets import TargetSpec, draw_heatmaps, draw_pafs


@dataclass(frozen=True)
class Batch:
    """Float32 arrays of B crops of S pixels.

    Attributes:
        image: (B, 3, S, S), BGR, 0 to 255.
        maps: (B, 57, S/8, S/8), the 19 heatmaps, then the 38 PAF channels.
        weights: the shape of ``maps``, 0 (ignored) to 1.
    """

    image: NDArray[np.float32]
    maps: NDArray[np.float32]
    weights: NDArray[np.float32]


@dataclass(frozen=True)
class BatchSpec:
    """How batches are made.

    Attributes:
        size: crops a batch.
        crop_px: side of a crop, a multiple of the stride.
        runtime_px: side of the run-time letterbox, the unit of the augmentation's zoom.
        unlabelled_weight: loss weight, inside a person's box, of the maps of joints of that
            person that carry no label; 1 trusts "not labelled" to mean "not there".
        seed: first part of every sample's seed.
    """

    size: int
    crop_px: int
    runtime_px: int
    unlabelled_weight: float
    seed: int


class BatchMaker:
    """Makes the batch of any step.

    Decoded images stay in memory, none larger than the augmentation's largest zoom shows it (0.2 MB each
    at 256 pixels, 0.6 MB at the default limit of 458).
    """

    def __init__(
        self,
        images: Sequence[LabelledImage],
        spec: BatchSpec,
        augmentation: AugmentSpec,
        targets: TargetSpec,
    ) -> None:
        self.images = images
        self.spec = spec
        self.augmentation = augmentation
        self.targets = targets
        self._longest_px = math.ceil(spec.runtime_px * augmentation.zoom[1])
        self._decoded: dict[int, tuple[NDArray[np.uint8], LabelledImage]] = {}

    def __call__(self, step: int) -> Batch:
        """Return the batch of a step; every image comes once an epoch, in a new order."""
        first = step * self.spec.size
        return _stack([self._sample(first + i) for i in range(self.spec.size)])

    def _sample(self, number: int) -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.float32]]:
        epoch, place = divmod(number, len(self.images))
        order = np.random.default_rng((self.spec.seed, 0, epoch)).permutation(len(self.images))
        index = int(order[place])
        if index not in self._decoded:
            self._decoded[index] = load_at_most(self.images[index], self._longest_px)
        image, labelled = self._decoded[index]
        sample = augment(
            image,
            (labelled.xy, labelled.boxes, labelled.ignored),
            self.spec.crop_px,
            self.spec.runtime_px,
            self.augmentation,
            np.random.default_rng((self.spec.seed, 1, number)),
        )
        size = (self.spec.crop_px, self.spec.crop_px)
        maps = np.concatenate(
            [draw_heatmaps(sample.xy, size, self.targets), draw_pafs(sample.xy, size, self.targets)]
        )
        return sample.image, maps, loss_weights(sample, size, self.spec.unlabelled_weight)


def loss_weights(sample: Sample, size_px: tuple[int, int], unlabelled_weight: float) -> NDArray[np.float32]:
    """Return (57, H/8, W/8) weights: 0 in ignored boxes, reduced for unlabelled joints.

    The background channel follows no single joint and keeps weight 1 outside ignored boxes.
    """
    shape = (HEATMAP_COUNT + PAF_COUNT, size_px[0] // STRIDE, size_px[1] // STRIDE)
    weights = np.ones(shape, np.float32)
    for xy, box in zip(sample.xy, sample.boxes, strict=True):
        absent = np.isnan(xy[:, 0])
        channels = [int(k) for k in np.flatnonzero(absent)]
        for first, second, channel in limb_indices():
            if absent[first] or absent[second]:
                channels += [HEATMAP_COUNT + channel, HEATMAP_COUNT + channel + 1]
        rows, columns = _cells(box)
        lowered = np.minimum(weights[channels, rows, columns], unlabelled_weight)
        weights[channels, rows, columns] = lowered
    for box in sample.ignored:
        rows, columns = _cells(box)
        weights[:, rows, columns] = 0.0
    return weights


def _cells(box: NDArray[np.float32]) -> tuple[slice, slice]:
    x0, y0 = np.maximum(np.floor(box[:2] / STRIDE), 0).astype(int)
    x1, y1 = np.maximum(np.ceil(box[2:] / STRIDE), 0).astype(int)
    return slice(y0, y1), slice(x0, x1)


def _stack(
    samples: Sequence[tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.float32]]],
) -> Batch:
    images = np.stack([image for image, _, _ in samples])
    return Batch(
        image=np.ascontiguousarray(images.transpose(0, 3, 1, 2), np.float32),
        maps=np.stack([maps for _, maps, _ in samples]),
        weights=np.stack([weights for _, _, weights in samples]),
    )


def prefetch(
    make: Callable[[int], Batch], first_step: int, last_step: int, ahead: int = 3
) -> Iterator[tuple[int, Batch]]:
    """Yield (step, batch) for a range of steps; one thread works ahead of the training loop."""
    with ThreadPoolExecutor(1) as pool:
        waiting: list[tuple[int, Future[Batch]]] = []
        for step in range(first_step, last_step):
            waiting.append((step, pool.submit(make, step)))
            if len(waiting) > ahead:
                number, future = waiting.pop(0)
                yield number, future.result()
        for number, future in waiting:
            yield number, future.result()
