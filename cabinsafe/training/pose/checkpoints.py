"""Checkpoint files: written whole or not at all, read without running code from them."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from cabinsafe.errors import ModelError
from cabinsafe.training.pose.networks import make_network
from cabinsafe.training.pose.networks.base import PoseNetwork
from cabinsafe.training.pose.networks.light import LightNetwork
from cabinsafe.training.pose.networks.onnx_weights import read_onnx_network
from cabinsafe.training.pose.networks.openpose_mobilenet import OpenPoseMobileNet
from cabinsafe.whole_files import replacing


def write_checkpoint(path: Path, state: Mapping[str, Any]) -> None:
    """Write beside the target, then move over it: a crash never leaves half a checkpoint."""
    with replacing(path) as partial:
        torch.save(dict(state), partial)


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Read a checkpoint of the training loop.

    Raises:
        ModelError: the file is missing, unreadable, or holds something else.
    """
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, EOFError, RuntimeError, pickle.UnpicklingError) as error:
        raise ModelError(f"{path}: not a readable checkpoint: {error}") from error
    if not isinstance(state, dict) or not {"network", "average"} <= set(state):
        raise ModelError(f"{path}: not a checkpoint of a training run: it has no 'network' and 'average'")
    return state


def read_network(path: Path) -> PoseNetwork:
    """Return a trained network: averaged weights of a checkpoint, or a float ONNX file.

    Args:
        path: ``best.pt`` or ``last.pt`` of a run, or a float ONNX file of one of the light family.

    Raises:
        ModelError: it is neither.
    """
    if path.suffix == ".onnx":
        return read_onnx_network(path)
    state = read_checkpoint(path)
    network = make_network(state["network"])
    try:
        network.load_state_dict(state["average"])
    except RuntimeError as error:
        raise ModelError(f"{path}: no weights of the network '{state['network']}': {error}") from error
    return network


def start_network(name: str, initial: Path | None) -> PoseNetwork:
    """Return the network that a run begins with.

    Args:
        name: of the network.
        initial: trained weights of the same network, or of one that it can inherit from; None for random
            ones.

    Raises:
        ModelError: the file cannot be read, or holds another network.
    """
    network = make_network(name)
    if initial is None:
        return network
    found = read_network(initial)
    if type(found) is type(network):
        return found
    inherits = isinstance(network, OpenPoseMobileNet) and isinstance(found, OpenPoseMobileNet)
    if inherits and not isinstance(found, LightNetwork):
        network.load_state_dict(found.state_dict(), strict=False)  # the light one has layers of its own
        return network
    raise ModelError(f"{initial}: a {type(found).__name__}, which the network '{name}' cannot start from")
