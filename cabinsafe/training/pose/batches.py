"""Training batches from several sets: every sample is a pure function of its number, so resuming is exact."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from cabinsafe.data import LabelledImage
from cabinsafe.training.pose.augment import AugmentSpec, Sample, augment
from cabinsafe.training.pose.dataset import load_at_most
from cabinsafe.training.pose.targets import Labels

_CYCLE = 200
"""Samples in which every source comes as often as its weight says."""


@dataclass(frozen=True)
class Source:
    """One set in the mixture.

    Attributes:
        images: its labelled images.
        weight: how often it is drawn, beside the others.
        unlabelled_weight: see :func:`cabinsafe.training.pose.targets.weigh`.
        teacher_share: share of the teacher's maps in the target, 0 to 1.
        complete: whether every person is labelled. If not, what lies outside the labelled people's boxes is
            the teacher's alone or, without one, left out.
        augmentation: how its pictures are varied.
    """

    images: Sequence[LabelledImage]
    weight: float
    unlabelled_weight: float
    teacher_share: float
    complete: bool
    augmentation: AugmentSpec


class Batch(NamedTuple):
    """B crops of S pixels.

    Attributes:
        image: (B, 3, S, S) uint8, BGR.
        labels: what is in them.
        unlabelled, teacher_share: (B,), the numbers of each crop's source.
        complete: (B,) bool.
    """

    image: Tensor
    labels: Labels
    unlabelled: Tensor
    teacher_share: Tensor
    complete: Tensor

    def to(self, device: torch.device) -> Batch:
        """Copy to a device."""
        labels = Labels(*(part.to(device, non_blocking=True) for part in self.labels))
        others = (part.to(device, non_blocking=True) for part in self[2:])
        return Batch(self.image.to(device, non_blocking=True), labels, *others)


class Mixture(Dataset[tuple[Sample, Source]]):
    """Crops by number, drawn from sources in fixed proportions; each source shows every image once a round.

    Args:
        sources: what to draw from.
        crop_px: side of a crop.
        runtime_px: side of the run-time letterbox, the unit of the augmentation's zoom.
        mirror_order: the keypoint that takes each keypoint's place in a mirrored image.
        seed: first part of every sample's seed.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        crop_px: int,
        runtime_px: int,
        mirror_order: NDArray[np.int64],
        seed: int,
    ) -> None:
        self.sources = tuple(sources)
        self.crop_px = crop_px
        self.runtime_px = runtime_px
        self.mirror_order = mirror_order
        self.seed = seed
        self._pattern = _interleave([source.weight for source in sources])

    def __getitem__(self, number: int) -> tuple[Sample, Source]:
        """Return the crop of a number, and the source that it came from."""
        cycle, place = divmod(number, len(self._pattern))
        which = int(self._pattern[place])
        mine = self._pattern == which
        turn = cycle * int(mine.sum()) + int(mine[:place].sum())
        source = self.sources[which]
        image, labelled = self._picture(source, which, turn)
        sample = augment(
            image,
            (labelled.xy, labelled.boxes, labelled.ignored),
            self.crop_px,
            self.runtime_px,
            source.augmentation,
            np.random.default_rng((self.seed, 1, number)),
            mirror_order=self.mirror_order,
        )
        return sample, source

    def _picture(self, source: Source, which: int, turn: int) -> tuple[NDArray[np.uint8], LabelledImage]:
        epoch, place = divmod(turn, len(source.images))
        order = np.random.default_rng((self.seed, 0, which, epoch)).permutation(len(source.images))
        longest_px = int(np.ceil(self.runtime_px * source.augmentation.zoom[1]))
        return load_at_most(source.images[int(order[place])], longest_px)


def _interleave(weights: Sequence[float]) -> NDArray[np.int64]:
    """Return the source of each sample of a cycle, every source spread evenly over it."""
    shares = np.asarray(weights, np.float64) / sum(weights)
    counts = np.maximum(np.round(shares * _CYCLE), 1).astype(int)
    moments = [(np.arange(count) + 0.5) / count for count in counts]
    owners = np.repeat(np.arange(len(counts)), counts)
    pattern: NDArray[np.int64] = owners[np.argsort(np.concatenate(moments), kind="stable")]
    return pattern


def collate(samples: Sequence[tuple[Sample, Source]]) -> Batch:
    """Stack crops; people are padded with NaN to the largest count."""
    crops = [sample for sample, _ in samples]
    sources = [source for _, source in samples]
    image = np.stack([crop.image for crop in crops]).transpose(0, 3, 1, 2)
    labels = Labels(
        *(_padded([getattr(crop, part) for crop in crops]) for part in ("xy", "boxes", "ignored"))
    )
    return Batch(
        torch.from_numpy(np.ascontiguousarray(image)),
        labels,
        torch.tensor([source.unlabelled_weight for source in sources]),
        torch.tensor([source.teacher_share for source in sources]),
        torch.tensor([source.complete for source in sources]),
    )


def _padded(arrays: Sequence[NDArray[np.float32]]) -> Tensor:
    longest = max(1, *(len(array) for array in arrays))
    padded = np.full((len(arrays), longest, *arrays[0].shape[1:]), np.nan, np.float32)
    for row, array in zip(padded, arrays, strict=True):
        row[: len(array)] = array
    return torch.from_numpy(padded)


class Loader:
    """Batches by step, made ahead by worker processes.

    Args:
        mixture: where crops come from.
        size: crops a batch, of this process.
        workers: processes; 0 makes batches in the training process itself.
        rank, world: which share of each step's crops is this process's.
    """

    def __init__(
        self, mixture: Dataset[Any], size: int, workers: int = 0, rank: int = 0, world: int = 1
    ) -> None:
        self.mixture = mixture
        self.size = size
        self.workers = workers
        self.rank = rank
        self.world = world

    def __call__(self, first_step: int, last_step: int) -> Iterator[Batch]:
        """Yield the batches of a range of steps."""
        steps = range(first_step, last_step)
        numbers = [
            [(step * self.world + self.rank) * self.size + i for i in range(self.size)] for step in steps
        ]
        yield from DataLoader(
            self.mixture,
            batch_sampler=numbers,
            num_workers=self.workers,
            collate_fn=collate,
            pin_memory=torch.cuda.is_available(),
            worker_init_fn=_one_thread,
            persistent_workers=False,
        )


def _one_thread(_: int) -> None:
    torch.set_num_threads(1)
