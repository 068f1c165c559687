"""Hysteresis: keypoints too faint by themselves are found where a found neighbour's field points at them."""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cabinsafe.errors import DataError
from cabinsafe.pose.decoder import DecoderOptions, PafDecoder
from cabinsafe.pose.poses import DecodedPoses, PosePrior
from cabinsafe.pose.topology import Topology

LAYOUTS = [Topology.trt_pose(), Topology.openpose()]
NAMES = [layout.name for layout in LAYOUTS]
TRT_POSE = LAYOUTS[0]
SIZE = 44
FAINT = 0.06


def faded(topology: Topology, scene: Any, *names: str, height: float = FAINT) -> Any:
    """The scene with some keypoints as faint as that."""
    heatmaps = scene.heatmaps.copy()
    for name in names:
        plane = heatmaps[topology.heatmap_channels[topology.keypoints.index(name)]]
        plane *= np.float32(height) / max(plane.max(), np.float32(height))
    return replace(scene, heatmaps=heatmaps)


def whole_person(maps: ModuleType, topology: Topology, seed: int = 3) -> Any:
    """Clean maps of one person in the middle, nothing hidden."""
    rng = np.random.default_rng(seed)
    while True:
        body = maps.draw_people(topology, 1, SIZE, rng)[0]
        if np.isfinite(body).all():
            return maps.draw_maps(topology, ((body - body.mean(axis=0)) * 0.8 + SIZE / 2)[None], SIZE, rng)


def decode(topology: Topology, scene: Any, prior: PosePrior | None = None, **options: float) -> DecodedPoses:
    return PafDecoder(topology, DecoderOptions(**options)).decode(scene.heatmaps, scene.pafs, prior)


def assert_firm_is_kept(completed: DecodedPoses, firm: DecodedPoses) -> None:
    """The same people; what they have more of is keypoints, with one limb each."""
    np.testing.assert_array_equal(completed.person_score, firm.person_score)
    np.testing.assert_array_equal(completed.prior_id, firm.prior_id)
    had, had_limb = firm.score > 0, firm.limb_score > 0
    np.testing.assert_array_equal(completed.xy[had], firm.xy[had])
    np.testing.assert_array_equal(completed.score[had], firm.score[had])
    for field in ("limb_score", "limb_ambiguity"):
        np.testing.assert_array_equal(getattr(completed, field)[had_limb], getattr(firm, field)[had_limb])
    more, more_limbs = (completed.score > 0) & ~had, (completed.limb_score > 0) & ~had_limb
    np.testing.assert_array_equal(more.sum(axis=1), more_limbs.sum(axis=1))
    np.testing.assert_array_equal(np.isfinite(completed.xy).all(axis=2), completed.score > 0)
    np.testing.assert_array_equal(completed.ambiguity, completed.limb_ambiguity.max(axis=1, initial=0))


@pytest.mark.parametrize("topology", LAYOUTS, ids=NAMES)
def test_faint_legs_are_found_and_say_how_faint_they_are(maps: ModuleType, topology: Topology) -> None:
    legs = "left_knee", "left_ankle"
    scene = faded(topology, whole_person(maps, topology), *legs)
    firm, completed = decode(topology, scene, weak_peak_threshold=1.0), decode(topology, scene)
    places = [topology.keypoints.index(name) for name in legs]
    assert np.isnan(firm.xy[0, places]).all()
    assert_firm_is_kept(completed, firm)
    assert np.linalg.norm(completed.xy[0, places] - scene.truth[0, places], axis=1).max() < 0.3
    np.testing.assert_allclose(completed.score[0, places], FAINT, rtol=1e-5)


def test_only_so_faint_and_only_two_keypoints_far(maps: ModuleType) -> None:
    person = whole_person(maps, TRT_POSE)
    knee, ankle = (TRT_POSE.keypoints.index(f"left_{name}") for name in ("knee", "ankle"))
    scene = faded(TRT_POSE, person, "left_knee", height=0.029)
    assert np.isnan(decode(TRT_POSE, scene).xy[0, [knee]]).all()
    assert np.isfinite(decode(TRT_POSE, scene, weak_peak_threshold=0.02).xy[0, [knee]]).all()
    leg = faded(TRT_POSE, person, "left_hip", "left_knee", "left_ankle")
    found = decode(TRT_POSE, leg)
    assert np.isfinite(found.xy[0, knee]).all()
    assert np.isnan(found.xy[0, ankle]).all()


def test_nobody_is_born_of_faint_peaks(maps: ModuleType) -> None:
    scene = faded(TRT_POSE, whole_person(maps, TRT_POSE), *TRT_POSE.keypoints)
    assert len(decode(TRT_POSE, scene)) == 0


def test_no_peak_is_given_to_two(maps: ModuleType) -> None:
    """Two people stand so near that one wrist could be either's."""
    person = whole_person(maps, TRT_POSE).truth[0]
    wrist = TRT_POSE.keypoints.index("left_wrist")
    truth = np.stack([person, person + np.array([1.5, 0.0])])
    truth[1, wrist] = np.nan
    scene = faded(TRT_POSE, maps.draw_maps(TRT_POSE, truth, SIZE, np.random.default_rng(0)), "left_wrist")
    completed = decode(TRT_POSE, scene, suppression_radius_cells=1.0)
    assert np.isfinite(completed.xy[:, wrist, 0]).sum() == 1


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_fields_that_are_not_finite_are_refused(maps: ModuleType, dtype: type[np.floating]) -> None:
    scene = faded(TRT_POSE, whole_person(maps, TRT_POSE), "left_ankle")
    heatmaps, pafs = scene.heatmaps.astype(dtype), scene.pafs.astype(dtype)
    knee, ankle = (TRT_POSE.keypoints.index(f"left_{name}") for name in ("knee", "ankle"))
    limb = next(
        limb
        for limb, ends in zip(TRT_POSE.limbs, TRT_POSE.limb_indices, strict=True)
        if set(ends) == {knee, ankle}
    )
    for fraction in (0.0, 0.45):
        x, y = (1 - fraction) * scene.truth[0, knee] + fraction * scene.truth[0, ankle]
        spoilt = pafs.copy()
        spoilt[limb.x_channel, int(y), int(x)] = np.nan
        off = PafDecoder(TRT_POSE, DecoderOptions(weak_peak_threshold=1.0))
        assert len(off.decode(heatmaps, spoilt)) == 1
        with pytest.raises(DataError, match="pafs: 1 values are not finite"):
            PafDecoder(TRT_POSE).decode(heatmaps, spoilt)


@given(
    topology=st.sampled_from(LAYOUTS),
    people=st.integers(1, 8),
    seed=st.integers(0, 2**31),
    names=st.sets(st.sampled_from(TRT_POSE.keypoints), max_size=8),
    height=st.sampled_from([0.04, 0.09, 0.3]),
    radius=st.sampled_from([0.0, 2.0, 4.0]),
    told=st.booleans(),
)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_what_was_found_firmly_stays_as_it_was(
    maps: ModuleType,
    topology: Topology,
    people: int,
    seed: int,
    names: set[str],
    height: float,
    radius: float,
    told: bool,
) -> None:
    drawn = maps.make_scene(topology, people, SIZE, seed)
    scene = faded(topology, drawn, *names, height=height)
    prior = PosePrior(drawn.truth.astype(np.float32), list(range(people))) if told else None
    firm = decode(topology, scene, prior, suppression_radius_cells=radius, weak_peak_threshold=1.0)
    completed = decode(topology, scene, prior, suppression_radius_cells=radius)
    assert_firm_is_kept(completed, firm)
    for row, keypoint in np.argwhere((completed.score > 0) & ~(firm.score > 0)):
        distance = np.linalg.norm(completed.xy[:, keypoint] - completed.xy[row, keypoint], axis=1)
        distance[row] = np.inf
        assert not (distance < max(radius, 1e-6) - 1e-5).any()
        assert completed.score[row, keypoint] > DecoderOptions().weak_peak_threshold
