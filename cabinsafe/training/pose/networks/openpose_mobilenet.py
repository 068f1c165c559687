"""The graph of ``human-pose-estimation-0001`` (lightweight OpenPose; Open Model Zoo, Apache-2.0).

A MobileNet trunk at stride 8, a bridge of depth-wise convolutions, an initial stage and one refinement
stage, each with a heatmap and a PAF head. Batch norm is folded into the convolutions.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn

from cabinsafe.pose.boxes import BOX_CHANNELS
from cabinsafe.pose.topology import Topology
from cabinsafe.training.pose.layout import MapLayout
from cabinsafe.training.pose.networks.base import PoseNetwork
from cabinsafe.training.pose.networks.blocks import Floor, Refine, separable, unit

TRUNK: Final[tuple[tuple[int, int, int], ...]] = (
    (64, 1, 1),
    (128, 2, 1),
    (128, 1, 1),
    (256, 2, 1),
    (256, 1, 1),
    (512, 1, 1),
    (512, 1, 2),
    (512, 1, 1),
    (512, 1, 1),
    (512, 1, 1),
    (512, 1, 1),
)
"""(output channels, stride, dilation) of the depth-wise separable blocks after the first layer."""


def head(width: int, hidden: int, outputs: int) -> nn.Sequential:
    """1x1 to a hidden width, 1x1 to maps."""
    return nn.Sequential(unit(width, hidden), nn.Conv2d(hidden, outputs, 1))


class _Bridge(nn.Module):
    """Narrows the trunk's features: a residual run of depth-wise pairs, then a full 3x3."""

    def __init__(self, inputs: int, width: int, activation: type[nn.Module]) -> None:
        super().__init__()
        self.align = unit(inputs, width, activation=activation)
        layers = [unit(width, width, activation=activation)]
        for _ in range(3):
            layers.append(unit(width, width, 3, groups=width, activation=activation))
            layers.append(unit(width, width, activation=activation))
        self.run = nn.Sequential(*layers)
        self.out = unit(width, width, 3)

    def forward(self, features: Tensor) -> Tensor:
        aligned = self.align(features)
        result: Tensor = self.out(aligned + self.run(aligned))
        return result


class OpenPoseMobileNet(PoseNetwork):
    """Two stages at stride 8.

    Sub-modules are declared in the order of the convolutions in the source graph, because
    :func:`cabinsafe.training.pose.networks.onnx_weights.load_onnx_weights` fills them in that order.
    """

    input_scale: Tensor
    input_shift: Tensor
    input_multiple = 8

    def __init__(self, width: int = 128, bridge_activation: type[nn.Module] = nn.ELU) -> None:
        super().__init__()
        self.layout = MapLayout(Topology.openpose(), stride=8)
        paf_count, heatmap_count = self.layout.topology.paf_count, self.layout.topology.heatmap_count
        self.register_buffer("input_scale", torch.full((1, 1, 1, 1), 1.0 / 255.0))
        self.register_buffer("input_shift", torch.full((1, 3, 1, 1), -0.5))
        blocks = [unit(3, 32, 3, stride=2)]
        channels = 32
        for outputs, stride, dilation in TRUNK:
            blocks.append(separable(channels, outputs, stride, dilation))
            channels = outputs
        self.trunk = nn.Sequential(*blocks)
        self.bridge = _Bridge(channels, width, bridge_activation)
        self.initial = nn.Sequential(*(unit(width, width, 3) for _ in range(3)))
        self.initial_pafs = head(width, 4 * width, paf_count)
        self.initial_heatmaps = head(width, 4 * width, heatmap_count)
        joined = width + paf_count + heatmap_count
        self.refine = nn.Sequential(Refine(joined, width), *(Refine(width, width) for _ in range(4)))
        self.heatmaps = head(width, width, heatmap_count)
        self.pafs = head(width, width, paf_count)

    def stages(self, image: Tensor) -> tuple[Tensor, ...]:
        """Return the joined maps of the initial and of the refinement stage."""
        return self.stages_and_features(image)[0]

    def stages_and_features(self, image: Tensor) -> tuple[tuple[Tensor, ...], Tensor | None]:
        """Return the same, and the refined features."""
        first, refined = self.context(self.trunk(image * self.input_scale + self.input_shift))
        return (first, torch.cat((self.heatmaps(refined), self.pafs(refined)), dim=1)), refined

    def context(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Return the initial stage's joined maps and the refined features of a trunk's output."""
        bridged = self.bridge(features)
        shared = self.initial(bridged)
        heatmaps, pafs = self.initial_heatmaps(shared), self.initial_pafs(shared)
        refined = self.refine(torch.cat((pafs, heatmaps, bridged), dim=1))
        return torch.cat((heatmaps, pafs), dim=1), refined


class AccurateNetwork(OpenPoseMobileNet):
    """The same with a limit in place of ELU, so that all of it quantises."""

    def __init__(self, width: int = 128) -> None:
        super().__init__(width, Floor)


class BoxedNetwork(AccurateNetwork):
    """The same with person boxes, read from the features that the last keypoint maps are read from."""

    def __init__(self, width: int = 128) -> None:
        super().__init__(width)
        self.layout = MapLayout(self.layout.topology, stride=8, boxes=True)
        wide = unit(width, width, 3, dilation=2, groups=width)
        self.boxes = nn.Sequential(wide, head(width, width, BOX_CHANNELS))

    def stages_and_features(self, image: Tensor) -> tuple[tuple[Tensor, ...], Tensor | None]:
        """Return the joined maps of its last stage, which alone has boxes, and the refined features."""
        (_, last), refined = super().stages_and_features(image)
        assert refined is not None
        return (torch.cat((last, self.boxes(refined)), dim=1),), refined
