"""Channels of joined maps, and which keypoints change places in a mirror."""

from __future__ import annotations

import numpy as np

from cabinsafe.pose import Topology
from cabinsafe.training.pose.layout import MapLayout


def test_parts_follow_each_other() -> None:
    layout = MapLayout(Topology.openpose(), 8, boxes=True)
    assert (layout.heatmaps, layout.pafs, layout.box_maps) == (slice(0, 19), slice(19, 57), slice(57, 62))
    assert layout.channels == 62
    assert MapLayout(Topology.trt_pose(), 4).channels == 18 + 42


def test_limbs_name_their_channels_in_the_joined_maps() -> None:
    topology = Topology.trt_pose()
    first = MapLayout(topology, 4).limbs[0]
    assert [topology.keypoints[i] for i in first[:2]] == ["left_ankle", "left_knee"]
    assert list(first[2:]) == [18 + 1, 18 + 0]  # trt_pose puts the row first


def test_a_mirror_swaps_sides_and_is_its_own_inverse() -> None:
    layout = MapLayout(Topology.openpose(), 8)
    names = layout.topology.keypoints
    assert names[layout.mirror_order[names.index("left_knee")]] == "right_knee"
    assert names[layout.mirror_order[names.index("nose")]] == "nose"
    np.testing.assert_array_equal(layout.mirror_order[layout.mirror_order], np.arange(len(names)))
