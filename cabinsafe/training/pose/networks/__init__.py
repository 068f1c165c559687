"""The trainable pose networks, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from cabinsafe.errors import ConfigError
from cabinsafe.training.pose.networks.base import PoseNetwork
from cabinsafe.training.pose.networks.light import LightNetwork
from cabinsafe.training.pose.networks.openpose_mobilenet import (
    AccurateNetwork,
    BoxedNetwork,
    OpenPoseMobileNet,
)
from cabinsafe.training.pose.networks.resnet_att import resnet18_att, resnet34_att, resnet50_att

NETWORKS: Mapping[str, Callable[[], PoseNetwork]] = MappingProxyType(
    {
        "accurate": AccurateNetwork,
        "accurate_boxes": BoxedNetwork,
        "light": LightNetwork,
        "openpose_mobilenet": OpenPoseMobileNet,
        "resnet18_att": resnet18_att,
        "resnet34_att": resnet34_att,
        "resnet50_att": resnet50_att,
    }
)


def make_network(name: str) -> PoseNetwork:
    """Return a new network with random weights.

    Raises:
        ConfigError: no network has this name.
    """
    if name not in NETWORKS:
        raise ConfigError(f"network: no '{name}'; there are {', '.join(sorted(NETWORKS))}")
    return NETWORKS[name]()
