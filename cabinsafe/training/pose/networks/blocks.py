"""Convolution blocks that several networks share. Batch norm, where there was one, is folded in."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def unit(
    inputs: int,
    outputs: int,
    kernel: int = 1,
    *,
    stride: int = 1,
    dilation: int = 1,
    groups: int = 1,
    activation: type[nn.Module] = nn.ReLU,
) -> nn.Sequential:
    """Convolution and activation, same padding."""
    padding = dilation * (kernel // 2)
    convolution = nn.Conv2d(inputs, outputs, kernel, stride, padding, dilation, groups)
    return nn.Sequential(convolution, activation())


def separable(inputs: int, outputs: int, stride: int = 1, dilation: int = 1) -> nn.Sequential:
    """Depth-wise 3x3, then 1x1 (MobileNet)."""
    depthwise = unit(inputs, inputs, 3, stride=stride, dilation=dilation, groups=inputs)
    return nn.Sequential(depthwise, unit(inputs, outputs))


class Refine(nn.Module):
    """1x1, 3x3, dilated 3x3, with the 1x1 added back (lightweight OpenPose's refinement block)."""

    def __init__(self, inputs: int, width: int) -> None:
        super().__init__()
        self.squeeze = unit(inputs, width)
        self.body = nn.Sequential(unit(width, width, 3), unit(width, width, 3, dilation=2))

    def forward(self, features: Tensor) -> Tensor:
        """Return features of ``width`` channels."""
        squeezed = self.squeeze(features)
        result: Tensor = squeezed + self.body(squeezed)
        return result


class Floor(nn.Module):
    """``max(x, -0.7)``: what ELU does, as a limit that int8 has for nothing.

    With ELU left in float, an int8 network spends a tenth of its time there. On trained features the two
    correlate alike with what the full network says.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Return the limited values."""
        return torch.clamp(x, min=-0.7)
