"""ResNets with attention heads, laid out as trt_pose's ``resnet*_baseline_att``.

The backbone is a ResNet (He et al., 2016, arXiv:1512.03385) with torchvision's names of parameters and, as
there, the stride of a bottleneck in its 3x3 convolution. The head follows ``CmapPafHeadAttention`` of
https://github.com/NVIDIA-AI-IOT/trt_pose: heatmaps ("cmap") and PAFs each upsample the features eightfold and
weigh them with an attention of their own. All names are those of trt_pose's checkpoints, which
:func:`cabinsafe.training.pose.networks.trt_checkpoint.load_trt_checkpoint` reads.
"""

from __future__ import annotations

from abc import abstractmethod
from collections import OrderedDict
from typing import ClassVar, Final

import torch
from torch import Tensor, nn

from cabinsafe.pose.topology import Topology
from cabinsafe.training.pose.layout import MapLayout
from cabinsafe.training.pose.networks.base import PoseNetwork

_IMAGENET_MEAN_RGB: Final = (0.485, 0.456, 0.406)
_IMAGENET_STD_RGB: Final = (0.229, 0.224, 0.225)
_HEAD_WIDTH: Final = 256


def resnet18_att() -> PoseNetwork:
    """ResNet-18: trt_pose's ``resnet18_baseline_att``, stride 4, untrained."""
    return ResNetAttention(BasicBlock, (2, 2, 2, 2))


def resnet34_att() -> PoseNetwork:
    """ResNet-34: trt_pose's ``resnet34_baseline_att``, stride 4, untrained."""
    return ResNetAttention(BasicBlock, (3, 4, 6, 3))


def resnet50_att() -> PoseNetwork:
    """ResNet-50: trt_pose's ``resnet50_baseline_att``, stride 4, untrained."""
    return ResNetAttention(Bottleneck, (3, 4, 6, 3))


class ResidualBlock(nn.Module):
    """Adds what it computes to its input, and rectifies the sum.

    Attributes:
        expansion: output channels for one channel of width.
    """

    expansion: ClassVar[int]

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        outputs = width * self.expansion
        self._add_convolutions(inputs, width, stride)
        self.downsample = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(_conv(inputs, outputs, 1, stride), nn.BatchNorm2d(outputs))

    @abstractmethod
    def _add_convolutions(self, inputs: int, width: int, stride: int) -> None: ...

    @abstractmethod
    def _residual(self, features: Tensor) -> Tensor: ...

    def forward(self, features: Tensor) -> Tensor:
        """Map (B, inputs, H, W) to (B, width * expansion, H / stride, W / stride)."""
        return torch.relu(self._residual(features) + self.downsample(features))


class BasicBlock(ResidualBlock):
    """Two 3x3 convolutions (ResNet-18 and -34)."""

    expansion = 1

    def _add_convolutions(self, inputs: int, width: int, stride: int) -> None:
        self.conv1, self.bn1 = _conv(inputs, width, 3, stride), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = _conv(width, width, 3), nn.BatchNorm2d(width)

    def _residual(self, features: Tensor) -> Tensor:
        hidden = torch.relu(self.bn1(self.conv1(features)))
        return self.bn2(self.conv2(hidden))


class Bottleneck(ResidualBlock):
    """1x1, 3x3, 1x1 (ResNet-50 and deeper)."""

    expansion = 4

    def _add_convolutions(self, inputs: int, width: int, stride: int) -> None:
        outputs = width * self.expansion
        self.conv1, self.bn1 = _conv(inputs, width, 1), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = _conv(width, width, 3, stride), nn.BatchNorm2d(width)
        self.conv3, self.bn3 = _conv(width, outputs, 1), nn.BatchNorm2d(outputs)

    def _residual(self, features: Tensor) -> Tensor:
        hidden = torch.relu(self.bn1(self.conv1(features)))
        hidden = torch.relu(self.bn2(self.conv2(hidden)))
        return self.bn3(self.conv3(hidden))


class ResNet(nn.Module):
    """torchvision's ResNet up to its last feature map: no pooling, no classifier.

    Args:
        block: what its layers are made of.
        counts: blocks of each of the four layers.

    Attributes:
        features: channels of the feature map.
    """

    def __init__(self, block: type[ResidualBlock], counts: tuple[int, int, int, int]) -> None:
        super().__init__()
        self.conv1, self.bn1 = _conv(3, 64, 7, stride=2), nn.BatchNorm2d(64)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        self.layer1 = _layer(block, 64, 64, counts[0], stride=1)
        self.layer2 = _layer(block, 64 * block.expansion, 128, counts[1], stride=2)
        self.layer3 = _layer(block, 128 * block.expansion, 256, counts[2], stride=2)
        self.layer4 = _layer(block, 256 * block.expansion, 512, counts[3], stride=2)
        self.features = 512 * block.expansion

    def forward(self, image: Tensor) -> Tensor:
        """Map (B, 3, H, W) to (B, features, H / 32, W / 32)."""
        hidden = self.maxpool(torch.relu(self.bn1(self.conv1(image))))
        return self.layer4(self.layer3(self.layer2(self.layer1(hidden))))


class AttentionHead(nn.Module):
    """Maps from features: each kind of map has its own upsampling and its own attention.

    The attention is a factor in (0, 1) for heatmaps and, since PAFs have a sign, in (-1, 1) for them.
    """

    def __init__(self, features: int, heatmaps: int, pafs: int) -> None:
        super().__init__()
        self.cmap_up, self.paf_up = _upsampling(features), _upsampling(features)
        self.cmap_att = nn.Conv2d(_HEAD_WIDTH, _HEAD_WIDTH, 3, padding=1)
        self.paf_att = nn.Conv2d(_HEAD_WIDTH, _HEAD_WIDTH, 3, padding=1)
        self.cmap_conv = nn.Conv2d(_HEAD_WIDTH, heatmaps, 1)
        self.paf_conv = nn.Conv2d(_HEAD_WIDTH, pafs, 1)

    def forward(self, features: Tensor) -> Tensor:
        """Map (B, features, H, W) to the joined maps (B, heatmaps + pafs, 8 H, 8 W)."""
        points, fields = self.cmap_up(features), self.paf_up(features)
        heatmaps = self.cmap_conv(points * torch.sigmoid(self.cmap_att(points)))
        pafs = self.paf_conv(fields * torch.tanh(self.paf_att(fields)))
        return torch.cat((heatmaps, pafs), dim=1)


class ResNetAttention(PoseNetwork, nn.Sequential):
    """Backbone (``0.resnet``) and head (``1``) in a row; maps in the trt_pose layout at stride 4.

    The normalisation is not in the state dict, because it is not in trt_pose's checkpoints either.
    """

    scale: Tensor
    shift: Tensor

    def __init__(self, block: type[ResidualBlock], counts: tuple[int, int, int, int]) -> None:
        topology = Topology.trt_pose()
        resnet = ResNet(block, counts)
        head = AttentionHead(resnet.features, topology.heatmap_count, topology.paf_count)
        super().__init__(nn.Sequential(OrderedDict(resnet=resnet)), head)
        self.layout = MapLayout(topology, stride=4)
        self.input_multiple = 32
        mean, std = (
            torch.tensor(values[::-1]).reshape(1, 3, 1, 1)
            for values in (_IMAGENET_MEAN_RGB, _IMAGENET_STD_RGB)
        )
        self.register_buffer("scale", 1 / (255 * std), persistent=False)
        self.register_buffer("shift", -mean / std, persistent=False)

    def stages(self, image: Tensor) -> tuple[Tensor, ...]:
        """Return the joined maps (B, 60, H / 4, W / 4) of the only stage."""
        backbone, head = self
        rgb = (image * self.scale + self.shift).flip(1)
        return (head(backbone(rgb)),)


def _conv(inputs: int, outputs: int, kernel: int, stride: int = 1) -> nn.Conv2d:
    """Convolution before batch norm, initialised for ReLUs (He et al., 2015, arXiv:1502.01852)."""
    convolution = nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, bias=False)
    nn.init.kaiming_normal_(convolution.weight, mode="fan_out", nonlinearity="relu")
    return convolution


def _layer(block: type[ResidualBlock], inputs: int, width: int, count: int, stride: int) -> nn.Sequential:
    rest = (block(width * block.expansion, width, 1) for _ in range(count - 1))
    return nn.Sequential(block(inputs, width, stride), *rest)


def _upsampling(inputs: int) -> nn.Sequential:
    """Three times twofold, by transposed convolutions."""
    layers: list[nn.Module] = []
    for channels in (inputs, _HEAD_WIDTH, _HEAD_WIDTH):
        layers.append(nn.ConvTranspose2d(channels, _HEAD_WIDTH, 4, stride=2, padding=1))
        layers += [nn.BatchNorm2d(_HEAD_WIDTH), nn.ReLU()]
    return nn.Sequential(*layers)
