"""The quick network: lightweight OpenPose at half the resolution, with its maps at the full one.

People in a cabin fill the picture, so that half the pixels are enough to recognise them; what half the
resolution loses is where exactly a joint is. All layers of the accurate network therefore work on the image
shrunk by two, a quarter of the work; a pixel shuffle (Shi et al., 2016) brings the result back to stride 8 of
the full image, where early features sharpen it. At the start the new layers change nothing, so that what the
accurate network knows is there from the first step.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from cabinsafe.pose.boxes import BOX_CHANNELS
from cabinsafe.training.pose.layout import MapLayout
from cabinsafe.training.pose.networks.blocks import unit
from cabinsafe.training.pose.networks.openpose_mobilenet import AccurateNetwork

_FINE = 4
"""Layers of the trunk at stride 4 of what it sees, the stride of the maps."""


class LightNetwork(AccurateNetwork):
    """One stage at stride 8 of the full image, with person boxes."""

    input_multiple = 16

    def __init__(self, width: int = 128) -> None:
        super().__init__(width)
        self.layout = MapLayout(self.layout.topology, stride=8, boxes=True)
        self.expand = nn.Conv2d(width, 4 * width, 1)
        self.shuffle = nn.PixelShuffle(2)
        self.skip = nn.Conv2d(128, width, 1)
        self.sharpen = nn.Sequential(unit(width, width, 3, groups=width), nn.Conv2d(width, width, 1))
        self.boxes = nn.Conv2d(width, BOX_CHANNELS, 1)
        self._change_nothing(width)

    def _change_nothing(self, width: int) -> None:
        """Let the new layers repeat the features of a cell in its four parts, and add nothing."""
        with torch.no_grad():
            self.expand.weight.copy_(torch.eye(width).repeat_interleave(4, dim=0)[:, :, None, None])
            for layer in (self.expand.bias, *self.skip.parameters(), *self.sharpen[1].parameters()):
                layer.zero_()

    def stages_and_features(self, image: Tensor) -> tuple[tuple[Tensor, ...], Tensor | None]:
        """Return the joined maps of its only stage, and the features that all heads read."""
        pixels = functional.avg_pool2d(image, 2) * self.input_scale + self.input_shift
        fine = self.trunk[:_FINE](pixels)
        coarse = self.context(self.trunk[_FINE:](fine))[1]
        joined = self.shuffle(self.expand(coarse)) + self.skip(fine)
        features = joined + self.sharpen(joined)
        maps = torch.cat((self.heatmaps(features), self.pafs(features), self.boxes(features)), dim=1)
        return (maps,), features
