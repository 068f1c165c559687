"""A network with Thunder's input and output that finds inks, and pictures inked for it.

Keypoint k is wherever a crop is inked in k's red, and its score is the ink's blue.
"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from cabinsafe.data import COCO_KEYPOINTS

GREEN = 200
BOX = (40.0, 20.0, 100.0, 150.0)
SEEN = {  # where the ink of a person in BOX is, pixels of the image
    name: (50.0 + 5 * number, 160.0 - 8 * number) for number, name in enumerate(COCO_KEYPOINTS)
}


def red(name: str) -> int:
    return 10 + 10 * COCO_KEYPOINTS.index(name)


def network(side: int = 256, kind: int = TensorProto.INT32, keypoints: int = 17) -> onnx.ModelProto:
    middles = ((np.arange(side) + 0.5) / side).astype(np.float32)
    values = {
        "reds": np.array([red(name) for name in COCO_KEYPOINTS[:keypoints]], np.float32).reshape(-1, 1, 1),
        "green": np.float32(GREEN),
        "one": np.float32(1),
        "full": np.float32(255),
        "rows": middles.reshape(-1, 1),
        "columns": middles.reshape(1, -1),
        "in_picture": np.array([1, 2]),
        "last": np.array([1]),
        "shape": np.array([1, 1, keypoints, 3]),
        "squeezed": np.array([0, 3]),
    }
    node = helper.make_node
    nodes = [
        node("Cast", ["input"], ["floats"], to=TensorProto.FLOAT),
        node("Split", ["floats"], ["r", "g", "b"], axis=3, num_outputs=3),
        *(node("Squeeze", [c, "squeezed"], [f"{c}2"]) for c in "rgb"),
        node("Equal", ["r2", "reds"], ["is_red"]),
        node("Equal", ["g2", "green"], ["is_ink"]),
        node("And", ["is_red", "is_ink"], ["is_keypoint"]),
        node("Cast", ["is_keypoint"], ["ink"], to=TensorProto.FLOAT),
        node("ReduceSum", ["ink", "in_picture"], ["total"], keepdims=0),
        node("Max", ["total", "one"], ["count"]),
        node("Div", ["b2", "full"], ["scores"]),
    ]
    for name, weight in (("y", "rows"), ("x", "columns"), ("score", "scores")):
        nodes += [
            node("Mul", ["ink", weight], [f"{name}_ink"]),
            node("ReduceSum", [f"{name}_ink", "in_picture"], [f"{name}_sum"], keepdims=0),
            node("Div", [f"{name}_sum", "count"], [f"{name}_mean"]),
            node("Unsqueeze", [f"{name}_mean", "last"], [name]),
        ]
    nodes += [
        node("Concat", ["y", "x", "score"], ["flat"], axis=1),
        node("Reshape", ["flat", "shape"], ["out"]),
    ]
    graph = helper.make_graph(
        nodes,
        "inks",
        [helper.make_tensor_value_info("input", kind, [1, side, side, 3])],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, [1, 1, keypoints, 3])],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in values.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


def picture(size_wh: tuple[int, int] = (256, 192), ink_px: int = 2, **scores: float) -> np.ndarray:
    """BGR, inked where SEEN says; scores are 0.8 unless given, and 0 is no ink."""
    image = np.zeros((size_wh[1], size_wh[0], 3), np.uint8)
    for name, (x, y) in SEEN.items():
        if score := scores.get(name, 0.8):
            corner = (round(x) - ink_px, round(y) - ink_px)
            patch = image[corner[1] : corner[1] + 2 * ink_px, corner[0] : corner[0] + 2 * ink_px]
            patch[:] = (round(255 * score), GREEN, red(name))
    return image
