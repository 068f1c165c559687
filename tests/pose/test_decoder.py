"""The decoder's contract: arguments, results, errors, threads."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import FrozenInstanceError
from types import ModuleType

import numpy as np
import pytest

import cabinsafe
from cabinsafe.errors import CabinSafeError, CapacityError, ConfigError, DataError, ShapeError
from cabinsafe.pose.decoder import DecodedPoses, DecoderOptions, PafDecoder
from cabinsafe.pose.topology import Limb, Topology

TRT_POSE = Topology.trt_pose()
FIELDS = ("xy", "score", "person_score", "limb_score", "ambiguity", "limb_ambiguity")

RING = Topology(
    name="ring",
    keypoints=("a", "b", "c"),
    heatmap_channels=(2, 0, 3),
    heatmap_count=4,
    background_channel=1,
    limbs=(
        Limb(start="a", end="b", x_channel=5, y_channel=0),
        Limb(start="b", end="c", x_channel=1, y_channel=4),
        Limb(start="c", end="a", x_channel=2, y_channel=3),
    ),
    paf_count=6,
)


def blank(topology: Topology, height: int = 8, width: int = 8) -> tuple[np.ndarray, np.ndarray]:
    return (
        np.zeros((topology.heatmap_count, height, width), np.float32),
        np.zeros((topology.paf_count, height, width), np.float32),
    )


def put(heatmaps: np.ndarray, keypoint: str, x: int, y: int, height: float = 0.8) -> None:
    heatmaps[RING.heatmap_channels[RING.keypoints.index(keypoint)], y, x] = height


def flow(pafs: np.ndarray, limb: int, x: float, y: float) -> None:
    pafs[RING.limbs[limb].x_channel], pafs[RING.limbs[limb].y_channel] = x, y


def equal(a: DecodedPoses, b: DecodedPoses) -> bool:
    return all(np.array_equal(getattr(a, f), getattr(b, f), equal_nan=True) for f in FIELDS)


def test_nobody_is_a_valid_answer() -> None:
    poses = PafDecoder(TRT_POSE).decode(*blank(TRT_POSE))
    assert len(poses) == 0
    shapes = [getattr(poses, f).shape for f in FIELDS]
    assert shapes == [(0, 18, 2), (0, 18), (0,), (0, 21), (0,), (0, 21)]
    assert poses.prior_id.shape == (0,)


def test_result_arrays_have_their_ranges_and_are_read_only(maps: ModuleType) -> None:
    scene = maps.make_scene(TRT_POSE, 5, 44, 3)
    poses = PafDecoder(TRT_POSE).decode(scene.heatmaps, scene.pafs)
    assert len(poses) >= 5
    absent = np.isnan(poses.xy).all(axis=2)
    assert (np.isnan(poses.xy).any(axis=2) == absent).all()
    assert ((poses.score == 0) == absent).all()
    assert (np.diff(poses.person_score) <= 0).all()
    for field in FIELDS:
        array = getattr(poses, field)
        assert array.dtype == np.float32
        assert not array.flags.writeable
        if field != "xy":
            assert ((array >= 0) & (array <= 1)).all()
    with pytest.raises(FrozenInstanceError):
        poses.xy = poses.score  # type: ignore[misc]


def test_xy_is_x_then_y_and_channels_come_from_the_topology() -> None:
    heatmaps, pafs = blank(RING, 10, 14)
    heatmaps[RING.background_channel] = 1.0
    put(heatmaps, "a", x=2, y=3)
    put(heatmaps, "b", x=11, y=3, height=0.6)
    flow(pafs, 0, x=0.9, y=0.0)
    poses = PafDecoder(RING, DecoderOptions(min_keypoints=2)).decode(heatmaps, pafs)
    assert len(poses) == 1
    np.testing.assert_allclose(poses.xy[0], [[2.5, 3.5], [11.5, 3.5], [np.nan, np.nan]])
    np.testing.assert_allclose(poses.score[0], [0.8, 0.6, 0.0])
    np.testing.assert_allclose(poses.limb_score[0], [0.9 - 0.1 * 9 / 14, 0.0, 0.0], rtol=1e-5)


def test_inputs_are_left_alone_and_may_be_read_only_or_strided(maps: ModuleType) -> None:
    scene = maps.make_scene(TRT_POSE, 3, 44, 5)
    decoder = PafDecoder(TRT_POSE)
    before = scene.heatmaps.copy(), scene.pafs.copy()
    expected = decoder.decode(scene.heatmaps, scene.pafs)
    np.testing.assert_array_equal(scene.heatmaps, before[0])
    np.testing.assert_array_equal(scene.pafs, before[1])
    for array in before:
        array.setflags(write=False)
    assert equal(decoder.decode(*before), expected)
    strided = [np.ascontiguousarray(a.transpose(1, 2, 0)).transpose(2, 0, 1) for a in before]
    assert not strided[0].flags.c_contiguous
    assert equal(decoder.decode(*strided), expected)
    unaligned = []
    for array in before:
        raw = np.zeros(array.nbytes + 1, np.uint8)[1:].view(np.float32).reshape(array.shape)
        raw[...] = array
        unaligned.append(raw)
    assert equal(decoder.decode(*unaligned), expected)


@pytest.mark.parametrize(
    ("what", "bad"),
    [
        ("heatmaps", np.zeros((17, 8, 8), np.float32)),
        ("heatmaps", np.zeros((18, 8, 8), np.float64)),
        ("pafs", np.zeros((42, 8, 8), np.float16)),  # not the heatmaps' type
        ("heatmaps", np.zeros((18, 8, 8), ">f4")),
        ("heatmaps", np.zeros((1, 18, 8, 8), np.float32)),
        ("heatmaps", np.zeros((18, 64), np.float32)),
        ("heatmaps", np.zeros((18, 0, 8), np.float32)),
        ("heatmaps", [[[0.0]]]),
        ("heatmaps", None),
        ("pafs", np.zeros((38, 8, 8), np.float32)),
        ("pafs", np.zeros((42, 8, 9), np.float32)),
        ("pafs", np.zeros((42, 9, 8), np.float32)),
        ("pafs", np.zeros((42, 8, 8), np.int32)),
    ],
)
def test_other_shapes_and_dtypes_are_refused(what: str, bad: object) -> None:
    heatmaps, pafs = blank(TRT_POSE)
    arguments = {"heatmaps": heatmaps, "pafs": pafs, what: bad}
    with pytest.raises(ShapeError, match=what) as caught:
        PafDecoder(TRT_POSE).decode(arguments["heatmaps"], arguments["pafs"])  # type: ignore[arg-type]
    assert caught.value.what == what


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_values_that_are_not_finite_are_refused(bad: float, dtype: type[np.floating]) -> None:
    heatmaps, pafs = (array.astype(dtype) for array in blank(RING, 9, 24))
    put(heatmaps, "a", 4, 4)
    put(heatmaps, "b", 20, 4)
    flow(pafs, 0, 0.8, 0.0)
    for x in (4, 12, 20):  # at an end, half the way, at the other end
        spoilt = pafs.copy()
        spoilt[RING.limbs[0].x_channel, 4, x] = bad
        spoilt[0, 0, 0] = bad  # counted, though nobody would have read it
        with pytest.raises(DataError, match="pafs: 2 values are not finite, the first in channel 0"):
            PafDecoder(RING).decode(heatmaps, spoilt)
    heatmaps[3, 8, 23] = bad
    with pytest.raises(DataError, match="heatmaps: 1 values are not finite, the first in channel 3"):
        PafDecoder(RING).decode(heatmaps, pafs)


def test_pafs_are_not_read_where_nobody_is() -> None:
    heatmaps, pafs = blank(TRT_POSE)
    pafs[7] = np.nan
    assert len(PafDecoder(TRT_POSE).decode(heatmaps, pafs)) == 0


def test_half_precision_is_read_exactly(maps: ModuleType) -> None:
    scene = maps.make_scene(TRT_POSE, 5, 44, 3)
    halves = scene.heatmaps.astype(np.float16), scene.pafs.astype(np.float16)
    decoder = PafDecoder(TRT_POSE)
    from_halves = decoder.decode(*halves)
    assert len(from_halves) >= 5
    assert equal(from_halves, decoder.decode(*(array.astype(np.float32) for array in halves)))


@pytest.mark.parametrize("threads", [1, 2, 8])
def test_a_batch_is_its_images(maps: ModuleType, threads: int) -> None:
    decoder = PafDecoder(TRT_POSE)
    scenes = [maps.make_scene(TRT_POSE, people, size, 3) for people, size in ((5, 44), (1, 88), (3, 44))] * 4
    expected = [decoder.decode(s.heatmaps, s.pafs) for s in scenes]
    found = decoder.decode_batch([s.heatmaps for s in scenes], [s.pafs for s in scenes], threads=threads)
    assert [equal(a, b) for a, b in zip(found, expected, strict=True)] == [True] * 12
    assert decoder.decode_batch([], []) == []
    stacked = np.stack([scenes[0].heatmaps, scenes[2].heatmaps]), np.stack([scenes[0].pafs, scenes[2].pafs])
    assert [len(poses) for poses in decoder.decode_batch(*stacked)] == [len(expected[0]), len(expected[2])]


def test_a_batch_names_the_image_it_refuses(maps: ModuleType) -> None:
    good = maps.make_scene(TRT_POSE, 1, 44, 3)
    crowd = maps.make_scene(TRT_POSE, 5, 44, 3)
    decoder = PafDecoder(TRT_POSE, DecoderOptions(max_people=1))
    heatmaps, pafs = [good.heatmaps, crowd.heatmaps], [good.pafs, crowd.pafs]
    with pytest.raises(CapacityError, match=r"image 1 of 2: more than 1 people \(option max_people\)"):
        decoder.decode_batch(heatmaps, pafs, threads=2)
    with pytest.raises(DataError, match="image 0 of 2: heatmaps"):
        decoder.decode_batch([np.full_like(good.heatmaps, np.nan), crowd.heatmaps], pafs)
    with pytest.raises(ShapeError, match="batch"):
        decoder.decode_batch(heatmaps, pafs[:1])
    with pytest.raises(ShapeError, match="heatmaps"):
        decoder.decode_batch([good.heatmaps[:3], crowd.heatmaps], pafs)


def test_hit_limits_name_their_option() -> None:
    heatmaps, pafs = blank(RING, 12, 12)
    for x, y in ((1, 1), (9, 1), (5, 9)):
        put(heatmaps, "b", x, y)
    everyone = {"min_keypoints": 1, "suppression_radius_cells": 2.0}
    with pytest.raises(CapacityError, match=r"more than 2 peaks of b \(option max_peaks_per_keypoint\)"):
        PafDecoder(RING, DecoderOptions(max_peaks_per_keypoint=2, **everyone)).decode(heatmaps, pafs)
    with pytest.raises(CapacityError, match=r"more than 2 people \(option max_people\)"):
        PafDecoder(RING, DecoderOptions(max_people=2, **everyone)).decode(heatmaps, pafs)
    exact = DecoderOptions(max_people=3, max_peaks_per_keypoint=3, **everyone)
    assert len(PafDecoder(RING, exact).decode(heatmaps, pafs)) == 3


@pytest.mark.parametrize(
    "wrong",
    [
        {"peak_threshold": 1.5},
        {"peak_threshold": float("nan")},
        {"limb_threshold": 0.0},
        {"suppression_radius_cells": -1.0},
        {"max_people": 0},
        {"weak_peak_threshold": -0.1},
        {"max_peaks_per_keypoint": 0},
        {"min_agreeing_samples_of_10": 11},
        {"threshold": 0.1},
    ],
)
def test_options_have_bounds_and_no_unknown_names(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigError):
        DecoderOptions(**wrong)


def test_every_option_is_described_and_frozen() -> None:
    assert all(field.description for field in DecoderOptions.model_fields.values())
    with pytest.raises(Exception, match="frozen"):
        DecoderOptions().max_people = 3  # type: ignore[misc]


def test_two_decoders_with_different_options_do_not_disturb_each_other(maps: ModuleType) -> None:
    scene = maps.make_scene(TRT_POSE, 3, 44, 2)
    first, second = PafDecoder(TRT_POSE), PafDecoder(TRT_POSE, DecoderOptions(peak_threshold=0.9))
    expected = first.decode(scene.heatmaps, scene.pafs)
    assert len(second.decode(scene.heatmaps, scene.pafs)) < len(expected)
    assert equal(first.decode(scene.heatmaps, scene.pafs), expected)


def test_threads_share_a_decoder(maps: ModuleType) -> None:
    decoder = PafDecoder(TRT_POSE)
    scenes = [maps.make_scene(TRT_POSE, 5, 44, seed) for seed in range(4)]
    expected = [decoder.decode(s.heatmaps, s.pafs) for s in scenes]
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda s: decoder.decode(s.heatmaps, s.pafs), scenes * 50))
    assert all(equal(result, expected[i % 4]) for i, result in enumerate(results))


def test_a_missing_native_module_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cabinsafe._native", None)
    monkeypatch.delattr(cabinsafe, "_native", raising=False)
    with pytest.raises(CabinSafeError, match="native module is not built; run pip install"):
        PafDecoder(TRT_POSE)
