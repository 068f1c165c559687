"""The decoder against people whose keypoints are known."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest

from cabinsafe.pose.decoder import DecodedPoses, PafDecoder
from cabinsafe.pose.topology import Topology

LAYOUTS = [Topology.trt_pose(), Topology.openpose()]
NAMES = [layout.name for layout in LAYOUTS]


def whole_people(
    maps: ModuleType, topology: Topology, centres: list[tuple[float, float]], size: int
) -> np.ndarray:
    """People that differ only in place, nothing hidden."""
    rng = np.random.default_rng(11)
    while True:
        body = maps.draw_people(topology, 1, size, rng)[0]
        if np.isfinite(body).all():
            break
    body = (body - body.mean(axis=0)) * 0.45
    return np.array([body + centre for centre in centres])


def by_person(poses: DecodedPoses, truth: np.ndarray) -> np.ndarray:
    """Decoded xy in the order of the truth, by the nearest mean."""
    assert len(poses) == len(truth)
    means = np.nanmean(poses.xy, axis=1)
    order = [int(np.linalg.norm(means - np.nanmean(t, axis=0), axis=1).argmin()) for t in truth]
    assert sorted(order) == list(range(len(truth)))
    return poses.xy[order]


@pytest.mark.parametrize("topology", LAYOUTS, ids=NAMES)
@pytest.mark.parametrize("size", [44, 88])
def test_clean_keypoints_are_within_a_tenth_of_a_cell(
    maps: ModuleType, topology: Topology, size: int
) -> None:
    rng = np.random.default_rng(0)
    centres = [(0.25 * size, 0.5 * size), (0.75 * size, 0.48 * size)]
    truth = whole_people(maps, topology, centres, size)
    scene = maps.draw_maps(topology, truth, size, rng)
    poses = PafDecoder(topology).decode(scene.heatmaps, scene.pafs)
    error = np.linalg.norm(by_person(poses, truth) - truth, axis=2)
    assert error.max() < 0.1


@pytest.mark.parametrize("topology", LAYOUTS, ids=NAMES)
def test_people_who_overlap_stay_whole(maps: ModuleType, topology: Topology) -> None:
    truth = whole_people(maps, topology, [(38.0, 44.0), (48.0, 47.0)], 88)
    scene = maps.draw_maps(topology, truth, 88, np.random.default_rng(0))
    poses = PafDecoder(topology).decode(scene.heatmaps, scene.pafs)
    error = np.linalg.norm(by_person(poses, truth) - truth, axis=2)
    assert np.nanmax(error) < 1.0
    assert np.isfinite(error).all()


@pytest.mark.parametrize("size", [44, 88])
def test_both_layouts_give_the_same_skeletons_by_name(maps: ModuleType, size: int) -> None:
    found = []
    for topology in LAYOUTS:
        truth = whole_people(maps, topology, [(0.25 * size, 0.5 * size), (0.75 * size, 0.5 * size)], size)
        scene = maps.draw_maps(topology, truth, size, np.random.default_rng(0))
        xy = by_person(PafDecoder(topology).decode(scene.heatmaps, scene.pafs), truth)
        order = [topology.keypoints.index(name) for name in sorted(topology.keypoints)]
        found.append(xy[:, order])
    np.testing.assert_array_equal(found[0], found[1])


@pytest.mark.parametrize("topology", LAYOUTS, ids=NAMES)
def test_noisy_crowds_are_found_without_crossed_limbs(maps: ModuleType, topology: Topology) -> None:
    scene = maps.make_scene(topology, 10, 88, seed=4)
    poses = PafDecoder(topology).decode(scene.heatmaps, scene.pafs)
    distance = np.linalg.norm(poses.xy[:, None] - scene.truth[None], axis=3)
    owners = distance < 2 * scene.sigma_cells
    found = owners.any(axis=0).sum() / np.isfinite(scene.truth[..., 0]).sum()
    assert found > 0.9
    for limb, (start, end) in enumerate(topology.limb_indices):
        for person in np.flatnonzero(poses.limb_score[:, limb]):
            a, b = owners[person, :, start], owners[person, :, end]
            assert not (a.any() and b.any()) or (a & b).any()
