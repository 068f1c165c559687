"""Checkpoints of trt_pose, read by name and without running any code that a file may hold."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor

from cabinsafe.errors import ModelError
from cabinsafe.training.pose.networks.base import PoseNetwork
from cabinsafe.training.pose.networks.resnet_att import resnet18_att, resnet34_att, resnet50_att

_NETWORKS: Final = (resnet18_att, resnet34_att, resnet50_att)
_SUPPORTED: Final = (
    "supported are trt_pose's resnet18_baseline_att, resnet34_baseline_att and resnet50_baseline_att "
    "with the 18 keypoints and 21 limbs of human_pose.json"
)
_WRAPPERS: Final = ("state_dict", "model_state_dict", "model")
_CLASSIFIER: Final = ("0.resnet.fc.weight", "0.resnet.fc.bias")
"""In every checkpoint of trt_pose, because torchvision's ResNet has it; no map depends on it."""
_DTYPES: Final = (torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.int64)
_LISTED: Final = 6


def load_trt_checkpoint(path: str | Path) -> PoseNetwork:
    """Read a checkpoint of trt_pose, or of the same network trained here.

    The file holds a state dict, alone or under ``state_dict``, ``model_state_dict`` or ``model``, with or
    without the ``module.`` that data parallel training puts before each name. Names and shapes tell which
    network it is.

    Args:
        path: what ``torch.save`` wrote, in its present or its old format, on any device.

    Returns:
        The network with these weights, on the CPU, in evaluation mode.

    Raises:
        ModelError: the file cannot be read, holds anything but plain data (nothing in it is run), or its
            tensors are not those of a supported network.
    """
    found = _state_dict(_plain_content(path), path)
    _check_family(found, path)
    with torch.device("meta"):
        expected = [(make, make().state_dict()) for make in _NETWORKS]
    differences = [(make, _differences(tensors, found)) for make, tensors in expected]
    make, closest = min(differences, key=lambda pair: len(pair[1]))
    if closest:
        raise ModelError(f"{path}: not a {make.__name__}: {_listed(closest)}; {_SUPPORTED}")
    broken = [name for name, tensor in found.items() if not tensor.isfinite().all()]
    if broken:
        raise ModelError(f"{path}: weights must be finite; NaN or infinite values in {_listed(broken)}")
    network = make()
    network.load_state_dict({**network.state_dict(), **found})
    network.eval()
    return network


def _plain_content(path: str | Path) -> Any:
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise ModelError(f"{path}: cannot be read: {error}") from error
    except Exception as error:  # what a damaged or hostile pickle raises has no common base
        raise ModelError(
            f"{path}: expected plain tensors, written by torch.save(network.state_dict(), path); "
            "this file is damaged, of another kind, or holds code, which is never run"
        ) from error


def _state_dict(content: Any, path: str | Path) -> dict[str, Tensor]:
    """Return the tensors by name, without wrapper, prefix and classifier."""
    if isinstance(content, Mapping):
        wrapped = (content[key] for key in _WRAPPERS if isinstance(content.get(key), Mapping))
        content = next(wrapped, content)
    kind = type(content).__name__
    if not isinstance(content, Mapping):
        raise ModelError(f"{path}: expected tensors by name, found a {kind}")
    strange = [str(name) for name, value in content.items() if not _is_weight(name, value)]
    if strange:
        raise ModelError(
            f"{path}: expected tensors by name, alone or under one of {', '.join(_WRAPPERS)}; found a {kind} "
            f"with other things: {_listed(strange)}"
        )
    named = {name.removeprefix("module."): tensor for name, tensor in content.items()}
    return {name: tensor for name, tensor in named.items() if name not in _CLASSIFIER}


def _is_weight(name: Any, value: Any) -> bool:
    dense = isinstance(value, Tensor) and value.layout == torch.strided and value.dtype in _DTYPES
    return dense and isinstance(name, str)


def _check_family(found: Mapping[str, Tensor], path: str | Path) -> None:
    """Refuse networks of another family by their family, not by hundreds of names."""
    if not any(name.startswith("0.resnet.") for name in found):
        families = sorted({".".join(name.split(".")[:2]) for name in found})
        raise ModelError(f"{path}: no ResNet (0.resnet), only {_listed(families) or 'nothing'}; {_SUPPORTED}")
    if not any(name.startswith(("1.cmap_att.", "1.paf_att.")) for name in found):
        raise ModelError(f"{path}: the head has no attention (1.cmap_att, 1.paf_att); {_SUPPORTED}")


def _differences(expected: Mapping[str, Tensor], found: Mapping[str, Tensor]) -> list[str]:
    """Return in words how the tensors that were found differ from those expected."""
    # Checkpoints from before torch 0.4.1 do not count batches, and evaluation does not need the count.
    required = [name for name in expected if not name.endswith(".num_batches_tracked")]
    return [
        *(f"{name} is missing" for name in required if name not in found),
        *(f"{name} is unexpected" for name in found if name not in expected),
        *(
            f"{name}: expected shape {tuple(tensor.shape)}, found {tuple(found[name].shape)}"
            for name, tensor in expected.items()
            if name in found and found[name].shape != tensor.shape
        ),
    ]


def _listed(items: list[str]) -> str:
    rest = f" and {len(items) - _LISTED} more" if len(items) > _LISTED else ""
    return ", ".join(items[:_LISTED]) + rest
