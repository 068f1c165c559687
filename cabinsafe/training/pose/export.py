"""From torch to one self-contained ONNX file, checked against onnxruntime."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import numpy as np
import onnx
import torch

from cabinsafe.errors import ModelError, ShapeError
from cabinsafe.onnx_session import open_session
from cabinsafe.training.pose.cards import INPUT_NAME, output_names
from cabinsafe.training.pose.checkpoints import read_checkpoint, read_network
from cabinsafe.training.pose.networks.base import PoseNetwork
from cabinsafe.training.pose.networks.trt_checkpoint import load_trt_checkpoint
from cabinsafe.whole_files import replacing

_OPSET: Final = 17


def read_any_network(path: Path) -> PoseNetwork:
    """Read what can be exported: a checkpoint of a training run, or one of trt_pose.

    Nothing in the file is run.

    Raises:
        ModelError: it is missing, or neither of the two.
    """
    if not path.is_file():
        raise ModelError(f"the checkpoint {path} does not exist")
    try:
        read_checkpoint(path)
    except ModelError:
        return _read_trt_pose(path)
    return read_network(path)


def _read_trt_pose(path: Path) -> PoseNetwork:
    try:
        return load_trt_checkpoint(path)
    except ModelError as error:
        raise ModelError(f"{error}; and it is no checkpoint of a training run either") from error


def export_onnx(network: PoseNetwork, path: Path, notes: Mapping[str, str]) -> None:
    """Write a network as ONNX, whole or not at all.

    The input ``image`` is (batch, 3, height, width) float32, BGR, 0 to 255, height and width multiples of
    ``network.input_multiple``; the outputs are ``heatmaps``, ``pafs`` and, where ``network.layout.boxes``,
    ``boxes``, each (batch, channels, height / stride, width / stride). Batch, height and width are dynamic;
    the weights are in the file itself.

    Args:
        network: on any device, in training or not; it is left as it is.
        path: the file to write.
        notes: metadata to store in the file (source, licence, training).

    Raises:
        OutputError: it cannot be written.
    """
    outputs = output_names(network.layout)
    spatial = {0: "batch", 2: "height", 3: "width"}
    coarse = {0: "batch", 2: "map_height", 3: "map_width"}
    with replacing(path) as partial:
        with warnings.catch_warnings():
            # The exporter that torch would rather have needs a further package, and names nodes differently.
            warnings.simplefilter("ignore", DeprecationWarning)
            torch.onnx.export(
                _for_inference(network),
                (torch.zeros(2, 3, 3 * network.input_multiple, 4 * network.input_multiple),),
                str(partial),
                dynamo=False,
                opset_version=_OPSET,
                do_constant_folding=True,
                input_names=[INPUT_NAME],
                output_names=list(outputs),
                dynamic_axes={INPUT_NAME: spatial, **dict.fromkeys(outputs, coarse)},
            )
        model = onnx.load(str(partial))
        onnx.helper.set_model_props(model, dict(notes))
        onnx.checker.check_model(model, full_check=True)
        onnx.save(model, str(partial))


def largest_difference(network: PoseNetwork, path: Path, sizes: Iterable[tuple[int, int, int]]) -> float:
    """Return the largest absolute difference of any output between torch and onnxruntime.

    Args:
        network: the network that was exported.
        path: the exported file.
        sizes: (batch, height, width) of the random images to compare on.

    Raises:
        ModelError: onnxruntime cannot load the file.
        ShapeError: an output has another shape than torch's.
    """
    plain = _for_inference(network)
    session = open_session(path)
    names = output_names(network.layout)
    generator = np.random.default_rng(0)
    worst = 0.0
    for batch, height, width in sizes:
        image = generator.uniform(0, 255, (batch, 3, height, width)).astype(np.float32)
        with torch.no_grad():
            expected = plain(torch.from_numpy(image))
        got = session.run(list(names), {INPUT_NAME: image})
        for name, ours, theirs in zip(names, expected, got, strict=True):
            if tuple(ours.shape) != theirs.shape:
                raise ShapeError(f"output '{name}' of {path}", tuple(ours.shape), theirs.shape)
            worst = max(worst, float(np.abs(ours.numpy() - theirs).max()))
    return worst


def _for_inference(network: PoseNetwork) -> PoseNetwork:
    """A copy on the CPU in evaluation mode."""
    plain = copy.deepcopy(network)
    plain.eval().to("cpu", memory_format=torch.contiguous_format)
    return plain
