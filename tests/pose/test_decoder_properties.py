"""What must hold for any people, any skeleton and any options: symmetries of the decoder.

Examples are the same in every run: where a sample point falls on the edge of a cell, the last digit of its
place decides which cell is read, and such a case would fail once in a thousand runs.
"""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from cabinsafe.pose.decoder import DecoderOptions, PafDecoder
from cabinsafe.pose.poses import DecodedPoses
from cabinsafe.pose.topology import Limb, Topology

FIELDS = ("xy", "score", "person_score", "limb_score", "ambiguity", "limb_ambiguity")
NAMES = Topology.trt_pose().keypoints
THRESHOLDS = (
    "peak_threshold",
    "weak_peak_threshold",
    "sample_threshold",
    "limb_threshold",
    "length_penalty_per_map_side",
)
SIZE = 36
MARGIN = 4

quick = settings(max_examples=25, deadline=None, derandomize=True)


@st.composite
def skeletons(draw: st.DrawFn) -> Topology:
    """A connected skeleton of some human keypoints, with up to four limbs too many for a tree: cycles."""
    count = draw(st.integers(3, len(NAMES)))
    names = draw(st.permutations(NAMES))[:count]
    pairs = [(draw(st.integers(0, i - 1)), i) for i in range(1, count)]
    others = [(a, b) for a in range(count) for b in range(a + 1, count) if (a, b) not in pairs]
    pairs += draw(st.lists(st.sampled_from(others), max_size=4, unique=True)) if others else []
    planes = draw(st.permutations(range(2 * len(pairs))))
    return Topology(
        name="drawn",
        keypoints=tuple(names),
        heatmap_channels=tuple(draw(st.permutations(range(count)))),
        heatmap_count=count,
        background_channel=None,
        limbs=tuple(
            Limb(start=names[a], end=names[b], x_channel=planes[2 * i], y_channel=planes[2 * i + 1])
            for i, (a, b) in enumerate(pairs)
        ),
        paf_count=2 * len(pairs),
    )


topologies = st.one_of(st.just(Topology.trt_pose()), st.just(Topology.openpose()), skeletons())
options_of = st.builds(
    DecoderOptions,
    peak_threshold=st.sampled_from([0.1, 0.2, 0.6]),
    weak_peak_threshold=st.sampled_from([0.03, 0.1]),
    suppression_radius_cells=st.sampled_from([0.0, 2.0, 3.0]),
    min_agreeing_samples_of_10=st.integers(5, 10),
    min_keypoints=st.integers(1, 4),
    half_score_size_map_sides=st.sampled_from([0.0, 0.09]),
    max_merge_misfit=st.sampled_from([0.0, 1.5]),
    max_people=st.just(4096),
)
seeds = st.integers(0, 2**31)


def decode(topology: Topology, options: DecoderOptions, scene: Any) -> DecodedPoses:
    return PafDecoder(topology, options).decode(scene.heatmaps, scene.pafs)


def assert_same(found: DecodedPoses, expected: DecodedPoses, moved: np.ndarray, atol: float = 2e-4) -> None:
    """The same people in the same order, at the places ``moved``."""
    assert len(found) == len(expected)
    np.testing.assert_allclose(found.xy, moved, rtol=0, atol=atol)
    for field in FIELDS[1:]:
        a, b = getattr(found, field), getattr(expected, field)
        np.testing.assert_allclose(a, b, rtol=0, atol=atol, err_msg=field)


@given(topology=topologies, options=options_of, people=st.integers(1, 4), seed=seeds, shift=st.data())
@quick
def test_people_move_with_their_maps(
    maps: ModuleType,
    topology: Topology,
    options: DecoderOptions,
    people: int,
    seed: int,
    shift: st.DataObject,
) -> None:
    scene = maps.make_scene(topology, people, SIZE, seed)
    found = []
    room = 2 * MARGIN + 5
    for _ in range(2):
        dx, dy = shift.draw(st.tuples(st.integers(MARGIN, room), st.integers(MARGIN, room)))
        canvas = [np.zeros((len(m), SIZE + 20, SIZE + 20), np.float32) for m in (scene.heatmaps, scene.pafs)]
        for large, small in zip(canvas, (scene.heatmaps, scene.pafs), strict=True):
            large[:, dy : dy + SIZE, dx : dx + SIZE] = small
        found.append((PafDecoder(topology, options).decode(*canvas), np.array([dx, dy], np.float32)))
    (first, at), (second, to) = found
    assert_same(second, first, first.xy + (to - at))


@given(topology=topologies, options=options_of, people=st.integers(2, 5), seed=seeds, order=st.data())
@quick
def test_the_order_in_which_people_are_drawn_does_not_matter(
    maps: ModuleType,
    topology: Topology,
    options: DecoderOptions,
    people: int,
    seed: int,
    order: st.DataObject,
) -> None:
    truth = maps.draw_people(topology, people, SIZE, np.random.default_rng(seed))
    permuted = truth[list(order.draw(st.permutations(range(people))))]
    found = []
    for one in (truth, permuted):
        scene = maps.draw_maps(topology, one, SIZE, np.random.default_rng(seed))
        noise = np.random.default_rng(seed).normal(0, 0.01, scene.heatmaps.shape)
        found.append(decode(topology, options, replace(scene, heatmaps=scene.heatmaps + np.float32(noise))))
    assert_same(found[1], found[0], found[0].xy)


def other_side(name: str) -> str:
    side, _, part = name.partition("_")
    return {"left": "right_", "right": "left_"}.get(side, side) + part


@given(topology=topologies, options=options_of, people=st.integers(1, 4), seed=seeds)
@quick
def test_mirrored_maps_give_mirrored_people(
    maps: ModuleType, topology: Topology, options: DecoderOptions, people: int, seed: int
) -> None:
    scene = maps.make_scene(topology, people, SIZE, seed)
    mirrored = Topology(
        name="mirrored",
        keypoints=tuple(map(other_side, topology.keypoints)),
        heatmap_channels=topology.heatmap_channels,
        heatmap_count=topology.heatmap_count,
        background_channel=topology.background_channel,
        limbs=tuple(
            Limb(
                start=other_side(limb.start),
                end=other_side(limb.end),
                x_channel=limb.x_channel,
                y_channel=limb.y_channel,
            )
            for limb in topology.limbs
        ),
        paf_count=topology.paf_count,
    )
    heatmaps, pafs = (np.ascontiguousarray(m[:, :, ::-1]) for m in (scene.heatmaps, scene.pafs))
    for limb in topology.limbs:
        pafs[limb.x_channel] *= -1
    found = PafDecoder(mirrored, options).decode(heatmaps, pafs)
    expected = decode(topology, options, scene)
    assert_same(found, expected, np.array([SIZE, 0]) + expected.xy * np.array([-1, 1]))


@given(
    topology=topologies,
    options=options_of,
    people=st.integers(1, 4),
    seed=seeds,
    scale=st.sampled_from([0.5, 0.25]),
)
@quick
def test_scores_scale_with_the_maps_and_places_stay(
    maps: ModuleType, topology: Topology, options: DecoderOptions, people: int, seed: int, scale: float
) -> None:
    scene = maps.make_scene(topology, people, SIZE, seed)
    heights = np.clip(scene.heatmaps, 0.02, 1)  # fainter ones too stay above the lowest sum that is refined
    whole = replace(scene, heatmaps=heights, pafs=scene.pafs / 2)
    fainter = replace(whole, heatmaps=whole.heatmaps * np.float32(scale), pafs=whole.pafs * np.float32(scale))
    scaled = options.model_copy(update={name: scale * getattr(options, name) for name in THRESHOLDS})
    found, expected = decode(topology, scaled, fainter), decode(topology, options, whole)
    for field in FIELDS:
        is_score = field in ("score", "person_score", "limb_score")
        factor = np.float32(scale if is_score else 1)
        np.testing.assert_array_equal(getattr(found, field), getattr(expected, field) * factor, err_msg=field)


@given(topology=topologies, seed=seeds)
@quick
def test_a_person_is_the_same_in_maps_twice_as_fine(maps: ModuleType, topology: Topology, seed: int) -> None:
    truth = maps.draw_people(topology, 1, 44, np.random.default_rng(seed))
    truth[(truth < 2).any(axis=2) | (truth > 42).any(axis=2)] = np.nan  # no sub-pixel step at the border
    options = DecoderOptions(min_keypoints=2)
    sizeless = options.model_copy(update={"half_score_size_map_sides": 0.0})
    fine, coarse = (
        decode(topology, options, maps.draw_maps(topology, scale * truth, size, None))
        for scale, size in ((2, 88), (1, 44))
    )
    assert len(fine) == len(coarse)
    np.testing.assert_array_equal(np.isnan(fine.xy), np.isnan(coarse.xy))
    assert np.nanmax(np.abs(fine.xy / 2 - coarse.xy), initial=0) < 0.05
    for poses, side in ((fine, 88), (coarse, 44)):
        plain = decode(topology, sizeless, maps.draw_maps(topology, truth * side / 44, side, None))
        size = np.sqrt(np.prod(np.nanmax(poses.xy, axis=1) - np.nanmin(poses.xy, axis=1), axis=1)) / side
        np.testing.assert_allclose(poses.person_score, plain.person_score * size / (size + 0.09), rtol=1e-5)


@given(
    topology=topologies,
    options=options_of,
    crowds=st.lists(st.tuples(st.integers(1, 4), st.sampled_from([24, 36]), seeds), max_size=4),
    threads=st.integers(1, 3),
    half=st.booleans(),
)
@quick
def test_a_batch_is_its_images_one_by_one(
    maps: ModuleType,
    topology: Topology,
    options: DecoderOptions,
    crowds: list[tuple[int, int, int]],
    threads: int,
    half: bool,
) -> None:
    dtype = np.float16 if half else np.float32
    scenes = [maps.make_scene(topology, *crowd) for crowd in crowds]
    heatmaps, pafs = ([getattr(s, m).astype(dtype) for s in scenes] for m in ("heatmaps", "pafs"))
    decoder = PafDecoder(topology, options)
    batch = decoder.decode_batch(heatmaps, pafs, threads=threads)
    singles = [decoder.decode(*images) for images in zip(heatmaps, pafs, strict=True)]
    assert len(batch) == len(singles)
    for a, b in zip(batch, singles, strict=True):
        for field in FIELDS:
            np.testing.assert_array_equal(getattr(a, field), getattr(b, field))
