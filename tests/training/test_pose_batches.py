"""A sample is a pure function of its number; sources come as often as their weights say."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch")

from cabinsafe.data import LabelledImage  # noqa: E402
from cabinsafe.pose import Topology  # noqa: E402
from cabinsafe.training.pose.augment import AugmentSpec  # noqa: E402
from cabinsafe.training.pose.batches import Batch, Loader, Mixture, Source, collate  # noqa: E402
from cabinsafe.training.pose.layout import MapLayout  # noqa: E402

MIRROR = MapLayout(Topology.openpose(), 8).mirror_order
STILL = AugmentSpec(
    zoom=(1, 1), log_aspect=(0, 0), rotation_deg=0, flip=0, grey=0, infrared=0, low_light=0, blur=0, motion=0,
    noise=0, jpeg=0, gamma=(1, 1), contrast=0, brightness=0, colour=0, cabin=0, occluder=0, cutout=0, aim=0,
)  # fmt: skip


def pictures(folder: Path, count: int, first: int = 0) -> list[LabelledImage]:
    """Images of one grey each, so that a crop shows which it was cut from; image n has n % 3 people."""
    generator = np.random.default_rng(first)
    images = []
    for number in range(first, first + count):
        path = folder / f"{number}.png"
        cv2.imwrite(str(path), np.full((48, 48, 3), number, np.uint8))
        people = number % 3
        xy = generator.uniform(4, 44, (people, 18, 2)).astype(np.float32)
        box = np.tile(np.array([[2, 2, 46, 46]], np.float32), (people, 1))
        images.append(
            LabelledImage(
                number, path, xy, np.full((people, 18), 2, np.uint8), box, np.zeros((0, 4), np.float32)
            )
        )
    return images


@pytest.fixture
def mixture(tmp_path: Path) -> Mixture:
    sources = [
        Source(pictures(tmp_path, 5), 3.0, 0.5, 0.25, True, STILL),
        Source(pictures(tmp_path, 4, first=100), 1.0, 1.0, 0.0, False, AugmentSpec()),
    ]
    return Mixture(sources, 48, 48, MIRROR, seed=1)


def equal(one: Batch, other: Batch) -> bool:
    parts = [(one.image, other.image), *zip(one.labels, other.labels, strict=True)]
    parts += zip(one[2:], other[2:], strict=True)
    return all(torch.equal(a.nan_to_num(-1), b.nan_to_num(-1)) for a, b in parts)


def test_a_sample_is_a_function_of_its_number(mixture: Mixture) -> None:
    assert equal(collate([mixture[7], mixture[8]]), collate([mixture[7], mixture[8]]))
    assert not equal(collate([mixture[3]]), collate([mixture[4]]))


def test_sources_come_in_proportion_and_evenly(mixture: Mixture) -> None:
    drawn = [mixture.sources.index(mixture[number][1]) for number in range(200)]
    assert Counter(drawn) == {0: 150, 1: 50}
    assert all(3 <= drawn[start : start + 20].count(1) <= 7 for start in range(180))


def test_every_image_comes_once_a_round(mixture: Mixture) -> None:
    shown = []
    for number in range(200):
        sample, source = mixture[number]
        if source is mixture.sources[0]:
            shown.append(int(sample.image.min()))  # padding is lighter than any picture of this source
    rounds = [tuple(shown[start : start + 5]) for start in range(0, 150, 5)]
    assert all(set(one) == set(range(5)) for one in rounds)
    assert len(set(rounds)) > 5  # in another order each time


def test_people_are_padded_and_numbers_kept(mixture: Mixture) -> None:
    samples = [mixture[number] for number in range(8)]
    batch = collate(samples)
    counts = [len(sample.xy) for sample, _ in samples]
    assert batch.image.shape == (8, 3, 48, 48)
    assert batch.image.dtype == torch.uint8
    assert batch.labels.xy.shape == (8, max(counts), 18, 2)
    for row, count in enumerate(counts):
        assert batch.labels.boxes[row, count:].isnan().all()
        assert not batch.labels.boxes[row, :count].isnan().any()
    assert batch.teacher_share.tolist() == [source.teacher_share for _, source in samples]
    assert batch.complete.tolist() == [source.complete for _, source in samples]


@pytest.mark.parametrize("workers", [0, 2])
def test_the_loader_gives_each_step_its_own_samples(mixture: Mixture, workers: int) -> None:
    batches = list(Loader(mixture, 3, workers)(2, 5))
    assert len(batches) == 3
    assert equal(batches[0], collate([mixture[number] for number in (6, 7, 8)]))


def test_processes_share_out_each_step(mixture: Mixture) -> None:
    whole = next(Loader(mixture, 4)(1, 2))
    halves = [next(Loader(mixture, 2, rank=rank, world=2)(1, 2)) for rank in (0, 1)]
    assert torch.equal(torch.cat([half.image for half in halves]), whole.image)
