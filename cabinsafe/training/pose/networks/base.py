"""What every trainable pose network is."""

from __future__ import annotations

from abc import abstractmethod

from torch import Tensor, nn

from cabinsafe.training.pose.layout import MapLayout


class PoseNetwork(nn.Module):
    """A network from pixels to maps.

    Input: (B, 3, H, W) float, BGR, 0 to 255, H and W multiples of ``input_multiple``; normalisation is part
    of the network. Padding around images is grey 128.

    Attributes:
        layout: what its maps hold.
        input_multiple: what height and width must be multiples of.
    """

    layout: MapLayout
    input_multiple: int

    @abstractmethod
    def stages(self, image: Tensor) -> tuple[Tensor, ...]:
        """Return the joined maps (B, ``layout.channels``, H / stride, W / stride) of all stages."""

    def stages_and_features(self, image: Tensor) -> tuple[tuple[Tensor, ...], Tensor | None]:
        """Return the maps of every stage, and the features that the last is read from.

        Features are (B, C, H / stride, W / stride), for a student to imitate; None where there are none.
        """
        return self.stages(image), None

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """Return (heatmaps, pafs), or (heatmaps, pafs, boxes), of the last stage: what is exported."""
        maps = self.stages(image)[-1]
        parts = [maps[:, self.layout.heatmaps], maps[:, self.layout.pafs]]
        if self.layout.boxes:
            parts.append(maps[:, self.layout.box_maps])
        return tuple(parts)
