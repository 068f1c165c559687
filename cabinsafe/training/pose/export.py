"""From torch to one self-contained ONNX file, checked against onnxruntime."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
import onnx
import onnxruntime
import torch
from torch import nn

INPUT_NAME: Final = "image"
OUTPUT_NAMES: Final = ("heatmaps", "pafs")
_OPSET: Final = 17


def export_onnx(
    network: nn.Module, path: Path, notes: Mapping[str, str], trace_px: tuple[int, int] = (96, 128)
) -> None:
    """Write a network as ONNX, atomically.

    The input ``image`` is (batch, 3, height, width) float32, BGR, 0 to 255, height and width
    multiples of 8; the outputs are ``heatmaps`` (batch, 19, height / 8, width / 8) and ``pafs``
    (batch, 38, height / 8, width / 8). Batch, height and width are dynamic; the weights are in the
    file itself.

    Args:
        network: maps an image batch to (heatmaps, pafs).
        path: the file to write.
        notes: metadata to store in the file (source, licence, training).
        trace_px: height and width of the example used for tracing.
    """
    network = network.eval().to(memory_format=torch.contiguous_format)
    partial = path.with_suffix(".partial")
    spatial = {0: "batch", 2: "height", 3: "width"}
    coarse = {0: "batch", 2: "map_height", 3: "map_width"}
    torch.onnx.export(
        network,
        (torch.zeros(2, 3, *trace_px),),
        str(partial),
        dynamo=False,
        opset_version=_OPSET,
        do_constant_folding=True,
        input_names=[INPUT_NAME],
        output_names=list(OUTPUT_NAMES),
        dynamic_axes={INPUT_NAME: spatial, **dict.fromkeys(OUTPUT_NAMES, coarse)},
    )
    model = onnx.load(str(partial))
    onnx.helper.set_model_props(model, dict(notes))
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, str(partial))
    os.replace(partial, path)


def largest_difference(network: nn.Module, path: Path, sizes: tuple[tuple[int, int, int], ...]) -> float:
    """Return the largest absolute difference of any output between torch and onnxruntime.

    Args:
        network: the network that was exported.
        path: the exported file.
        sizes: (batch, height, width) of the random images to compare on.
    """
    network = network.eval()
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    generator = np.random.default_rng(0)
    worst = 0.0
    for batch, height, width in sizes:
        image = generator.uniform(0, 255, (batch, 3, height, width)).astype(np.float32)
        with torch.no_grad():
            expected = network(torch.from_numpy(image))
        got = session.run(list(OUTPUT_NAMES), {INPUT_NAME: image})
        for ours, theirs in zip(expected, got, strict=True):
            worst = max(worst, float(np.abs(ours.numpy() - theirs).max()))
    return worst
