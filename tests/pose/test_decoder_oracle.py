"""The native decoder equals the numpy one.

Both compute in the same precision; the tolerance only allows for sums taken in another order.
"""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cabinsafe.errors import CabinSafeError
from cabinsafe.pose.decoder import DecoderOptions, PafDecoder
from cabinsafe.pose.poses import DecodedPoses, PosePrior
from cabinsafe.pose.reference import decode_reference
from cabinsafe.pose.topology import Limb, Topology

LAYOUTS = [Topology.trt_pose(), Topology.openpose()]
NAMES = [layout.name for layout in LAYOUTS]
ROOMY = DecoderOptions(max_people=4096, max_peaks_per_keypoint=1024)
GAPPY = ROOMY.model_copy(update={"peak_threshold": 0.7, "max_merge_misfit": 0.0})
"""Half of the keypoints are found only because a neighbour's field points at them."""

SQUARE = Topology(
    name="square",
    keypoints=("a", "b", "c", "d"),
    heatmap_channels=(3, 0, 2, 4),
    heatmap_count=5,
    background_channel=1,
    limbs=(
        Limb(start="a", end="b", x_channel=6, y_channel=1),
        Limb(start="b", end="c", x_channel=0, y_channel=7),
        Limb(start="c", end="d", x_channel=2, y_channel=3),
        Limb(start="d", end="a", x_channel=5, y_channel=4),
    ),
    paf_count=8,
)


def outcome(call: object, *arguments: object) -> DecodedPoses | tuple[type, str]:
    try:
        return call(*arguments)  # type: ignore[operator,no-any-return]
    except CabinSafeError as error:
        return type(error), str(error)


def assert_same(
    topology: Topology,
    options: DecoderOptions,
    heatmaps: np.ndarray,
    pafs: np.ndarray,
    prior: PosePrior | None = None,
) -> DecodedPoses | tuple[type, str]:
    native = outcome(PafDecoder(topology, options).decode, heatmaps, pafs, prior)
    oracle = outcome(decode_reference, topology, options, heatmaps, pafs, prior)
    if isinstance(native, tuple) or isinstance(oracle, tuple):
        assert native == oracle
        return native
    for field in ("xy", "score", "person_score", "limb_score", "ambiguity", "limb_ambiguity", "prior_id"):
        a, b = getattr(native, field), getattr(oracle, field)
        assert (a.shape, a.dtype) == (b.shape, b.dtype), field
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-5, err_msg=field)
    return native


@pytest.mark.parametrize("topology", LAYOUTS, ids=NAMES)
@pytest.mark.parametrize("size", [44, 88])
@pytest.mark.parametrize("people", [1, 2, 3, 5, 10, 20])
def test_same_on_noisy_people(maps: ModuleType, topology: Topology, size: int, people: int) -> None:
    for seed in range(2):
        scene = maps.make_scene(topology, people, size, seed)
        poses = assert_same(topology, ROOMY, scene.heatmaps, scene.pafs)
        assert isinstance(poses, DecodedPoses)
        assert len(poses) > 0
        assert_same(topology, GAPPY, scene.heatmaps, scene.pafs, prior=None)
        halves = scene.heatmaps.astype(np.float16), scene.pafs.astype(np.float16)
        assert_same(topology, ROOMY, *halves)
        assert_same(topology, GAPPY, *halves)
        prior = PosePrior(poses.xy[:3] + np.float32(0.4), range(10, 10 + len(poses.xy[:3])))
        told = assert_same(topology, ROOMY, scene.heatmaps, scene.pafs, prior)
        assert isinstance(told, DecodedPoses)
        assert set(prior.ids) <= set(told.prior_id)


@pytest.mark.parametrize("topology", LAYOUTS, ids=NAMES)
@pytest.mark.parametrize("shape", [(9, 14), (11, 8), (3, 24)])
def test_same_on_pure_noise(topology: Topology, shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(shape)
    heatmaps = rng.uniform(-0.5, 1.2, (topology.heatmap_count, *shape)).astype(np.float32)
    pafs = rng.normal(0, 1, (topology.paf_count, *shape)).astype(np.float32)
    assert len(assert_same(topology, ROOMY, heatmaps, pafs)) > 0
    assert len(assert_same(topology, GAPPY, heatmaps, pafs)) > 0
    assert isinstance(assert_same(topology, DecoderOptions(max_people=1), heatmaps, pafs), tuple)


@pytest.mark.parametrize("shape", [(1, 1), (1, 2), (1, 50), (50, 1), (2, 2), (3, 3), (8, 33)])
@pytest.mark.parametrize("height", [0.0, 0.1, 0.5, 1.0, 7.0, -1.0])
def test_same_on_flat_and_tiny_maps(shape: tuple[int, int], height: float) -> None:
    heatmaps = np.full((SQUARE.heatmap_count, *shape), height, np.float32)
    pafs = np.full((SQUARE.paf_count, *shape), 0.5, np.float32)
    options = DecoderOptions(min_keypoints=1)
    poses = assert_same(SQUARE, options, heatmaps, pafs)
    assert len(poses) == (4 if height > 0.1 else 0)


def test_same_on_peaks_at_borders_and_corners() -> None:
    heatmaps = np.zeros((SQUARE.heatmap_count, 12, 17), np.float32)
    for channel, (y, x) in enumerate([(0, 0), (0, 16), (11, 0), (11, 16), (5, 0)]):
        heatmaps[channel, y, x] = 0.9
        heatmaps[channel, 11 - y, 8] = 0.7
    pafs = np.full((SQUARE.paf_count, 12, 17), 0.7, np.float32)
    assert len(assert_same(SQUARE, DecoderOptions(min_keypoints=1), heatmaps, pafs)) > 0


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_same_refusals(maps: ModuleType, bad: float) -> None:
    scene = maps.make_scene(LAYOUTS[0], 3, 44, 0)
    few_peaks, few_people = DecoderOptions(max_peaks_per_keypoint=1), DecoderOptions(max_people=1)
    for options in (few_peaks, few_people):
        assert isinstance(assert_same(LAYOUTS[0], options, scene.heatmaps, scene.pafs), tuple)
    scene.pafs[3:6] = bad
    assert isinstance(assert_same(LAYOUTS[0], ROOMY, scene.heatmaps, scene.pafs), tuple)
    scene.heatmaps[4, 43, 43] = bad
    assert isinstance(assert_same(LAYOUTS[0], ROOMY, scene.heatmaps, scene.pafs), tuple)


def eighths(low: int, high: int) -> st.SearchStrategy[float]:
    """Coarse values, so that ties and plateaus are common."""
    return st.integers(low, high).map(lambda value: value / 8)


@given(
    data=st.data(),
    shape=st.tuples(st.integers(1, 12), st.integers(1, 12)),
    radius=st.sampled_from([0.0, 1.5, 2.5]),
    min_keypoints=st.integers(1, 4),
    agreeing=st.integers(0, 10),
    penalty=st.sampled_from([0.0, 0.2]),
    thresholds=st.sampled_from([(0.1, 0.1), (0.1, 0.03), (0.5, 0.2), (0.8, 0.0)]),
)
@settings(max_examples=100, deadline=None)
def test_same_on_small_random_maps(
    data: st.DataObject,
    shape: tuple[int, int],
    radius: float,
    min_keypoints: int,
    agreeing: int,
    penalty: float,
    thresholds: tuple[float, float],
) -> None:
    heatmaps = data.draw(hnp.arrays(np.float32, (SQUARE.heatmap_count, *shape), elements=eighths(-2, 8)))
    pafs = data.draw(hnp.arrays(np.float32, (SQUARE.paf_count, *shape), elements=eighths(-8, 8)))
    options = DecoderOptions(
        peak_threshold=thresholds[0],
        weak_peak_threshold=thresholds[1],
        suppression_radius_cells=radius,
        min_keypoints=min_keypoints,
        min_agreeing_samples_of_10=agreeing,
        length_penalty_per_map_side=penalty,
    )
    assert_same(SQUARE, options, heatmaps, pafs)
