"""Which channel of a pose network's maps holds what, as plain indices for array code."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from cabinsafe.pose.boxes import BOX_CHANNELS
from cabinsafe.pose.topology import Topology


@dataclass(frozen=True)
class MapLayout:
    """The joined maps of a network: heatmaps, then PAFs, then, where it has them, the box maps.

    Attributes:
        topology: keypoints, limbs, and their channels.
        stride: input pixels per map cell.
        boxes: whether :data:`cabinsafe.pose.boxes.BOX_CHANNELS` channels of person boxes follow.
    """

    topology: Topology
    stride: int
    boxes: bool = False

    @property
    def heatmaps(self) -> slice:
        """Channels of the heatmaps, background included."""
        return slice(0, self.topology.heatmap_count)

    @property
    def pafs(self) -> slice:
        """Channels of the part affinity fields."""
        return slice(self.heatmaps.stop, self.heatmaps.stop + self.topology.paf_count)

    @property
    def box_maps(self) -> slice:
        """Channels of the box maps; empty where the network has none."""
        return slice(self.pafs.stop, self.pafs.stop + (BOX_CHANNELS if self.boxes else 0))

    @property
    def channels(self) -> int:
        """All channels."""
        return int(self.box_maps.stop)

    @cached_property
    def limbs(self) -> NDArray[np.int64]:
        """(L, 4): start and end as places in the keypoint list, joined channels of x and y."""
        ends = self.topology.limb_indices
        first = self.pafs.start
        rows = [
            (*pair, first + limb.x_channel, first + limb.y_channel)
            for pair, limb in zip(ends, self.topology.limbs, strict=True)
        ]
        return np.array(rows, np.int64)

    @cached_property
    def mirror_order(self) -> NDArray[np.int64]:
        """(K,): the keypoint that takes each keypoint's place in a mirrored image."""
        names = self.topology.keypoints
        return np.array([names.index(_other_side(name)) for name in names], np.int64)


def _other_side(name: str) -> str:
    if name.startswith("left_"):
        return "right_" + name.removeprefix("left_")
    if name.startswith("right_"):
        return "left_" + name.removeprefix("right_")
    return name
