"""Faults that other PAF decoders are known for (trt_pose above all) and this one must not have."""

from __future__ import annotations

import numpy as np
import pytest

from cabinsafe.errors import CapacityError
from cabinsafe.pose.decoder import DecoderOptions, PafDecoder
from cabinsafe.pose.topology import Limb, Topology


def chain(*limbs: tuple[str, str]) -> Topology:
    """A layout of the keypoints that the limbs name; limb l has x in PAF channel 2l."""
    keypoints = tuple(dict.fromkeys(name for limb in limbs for name in limb))
    return Topology(
        name="chain",
        keypoints=keypoints,
        heatmap_channels=tuple(range(len(keypoints))),
        heatmap_count=len(keypoints),
        limbs=tuple(
            Limb(start=a, end=b, x_channel=2 * i, y_channel=2 * i + 1) for i, (a, b) in enumerate(limbs)
        ),
        paf_count=2 * len(limbs),
    )


def maps_of(topology: Topology, height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    return (
        np.zeros((topology.heatmap_count, height, width), np.float32),
        np.zeros((topology.paf_count, height, width), np.float32),
    )


def test_more_parts_than_people_slots_never_overflow() -> None:
    topology = chain(("a", "b"))
    heatmaps, pafs = maps_of(topology, 40, 40)
    heatmaps[:, 1::4, 1::4] = 0.9  # 100 peaks of each keypoint
    with pytest.raises(CapacityError, match="max_peaks_per_keypoint"):
        PafDecoder(topology).decode(heatmaps, pafs)
    generous = DecoderOptions(max_peaks_per_keypoint=100, min_keypoints=1, max_people=199)
    with pytest.raises(CapacityError, match="max_people"):
        PafDecoder(topology, generous).decode(heatmaps, pafs)
    enough = generous.model_copy(update={"max_people": 200})
    assert len(PafDecoder(topology, enough).decode(heatmaps, pafs)) == 200


def test_two_keypoints_at_one_place_give_no_nan() -> None:
    topology = chain(("a", "b"))
    heatmaps, pafs = maps_of(topology, 9, 9)
    heatmaps[:, 4, 4] = 0.9
    pafs[:] = 0.7
    poses = PafDecoder(topology, DecoderOptions(min_keypoints=1)).decode(heatmaps, pafs)
    assert len(poses) == 2
    assert np.isfinite(poses.person_score).all()
    assert not poses.limb_score.any()


def test_refining_among_zeros_and_negative_values_gives_no_nan() -> None:
    topology = chain(("a", "b"))
    heatmaps, pafs = maps_of(topology, 9, 9)
    heatmaps[0] = -0.4
    heatmaps[:, 4, 4] = 0.9
    poses = PafDecoder(topology, DecoderOptions(min_keypoints=1)).decode(heatmaps, pafs)
    np.testing.assert_array_equal(np.nanmax(poses.xy, axis=1), [[4.5, 4.5], [4.5, 4.5]])


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 2), (2, 1), (1, 40), (40, 1), (2, 2)])
def test_maps_smaller_than_the_window_are_read_within_bounds(height: int, width: int) -> None:
    topology = chain(("a", "b"))
    heatmaps, pafs = maps_of(topology, height, width)
    heatmaps[:, -1, -1] = 0.9
    pafs[:] = 0.9
    poses = PafDecoder(topology, DecoderOptions(min_keypoints=1)).decode(heatmaps, pafs)
    np.testing.assert_array_equal(np.nanmax(poses.xy, axis=1), [[width - 0.5, height - 0.5]] * 2)


def test_a_cyclic_skeleton_keeps_the_part_a_person_has() -> None:
    topology = chain(("a", "b"), ("b", "c"), ("c", "a"))
    heatmaps, pafs = maps_of(topology, 12, 24)
    heatmaps[0, 6, 2] = heatmaps[1, 6, 9] = heatmaps[2, 6, 16] = 0.9
    heatmaps[0, 6, 22] = 0.8  # a second "a", which only the closing limb reaches
    pafs[0::2] = 0.9
    pafs[4] = 0.6
    poses = PafDecoder(topology).decode(heatmaps, pafs)
    assert len(poses) == 1
    np.testing.assert_allclose(poses.xy[0, :, 0], [2.5, 9.5, 16.5])
    assert poses.limb_score[0, 2] == 0.0


def test_suppression_keeps_the_strongest_not_the_first() -> None:
    topology = chain(("a", "b"))
    heatmaps, pafs = maps_of(topology, 9, 16)
    heatmaps[0, 4, 5], heatmaps[0, 4, 7] = 0.4, 0.9
    options = DecoderOptions(min_keypoints=1, suppression_radius_cells=2.5)
    poses = PafDecoder(topology, options).decode(heatmaps, pafs)
    np.testing.assert_array_equal(poses.xy[:, 0], [[7.5, 4.5]])


def test_a_contested_limb_shows_as_ambiguity() -> None:
    topology = chain(("a", "b"))
    options = DecoderOptions(min_keypoints=2, length_penalty_per_map_side=0.0)
    heatmaps, pafs = maps_of(topology, 9, 24)
    heatmaps[0, 4, 12] = heatmaps[1, 4, 20] = 0.9
    pafs[0] = 0.8
    assert PafDecoder(topology, options).decode(heatmaps, pafs).ambiguity.tolist() == [0.0]
    heatmaps[0, 4, 4] = 0.9  # as good a start for the limb
    poses = PafDecoder(topology, options).decode(heatmaps, pafs)
    np.testing.assert_allclose(poses.ambiguity, [1.0], rtol=1e-5)
