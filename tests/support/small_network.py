"""A small network with all that the trainable ones are made of, to be quantised; needs torch and onnx."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")

from cabinsafe.onnx_session import open_session  # noqa: E402
from cabinsafe.pose import Topology  # noqa: E402
from cabinsafe.training.pose.cards import write_card  # noqa: E402
from cabinsafe.training.pose.export import export_onnx  # noqa: E402
from cabinsafe.training.pose.layout import MapLayout  # noqa: E402
from cabinsafe.training.pose.networks.base import PoseNetwork  # noqa: E402
from cabinsafe.training.pose.networks.blocks import Refine, separable, unit  # noqa: E402

SIZE_WH = (64, 48)
FEW = {"images": 8, "held_out": 3}


class Small(PoseNetwork):
    """All that the trainable networks are made of, with channels of very unequal strength."""

    input_multiple = 4

    def __init__(
        self,
        activation: type[torch.nn.Module] = torch.nn.ReLU,
        boxes: bool = True,
        zero_rgb: tuple[float, float, float] = (127.5, 127.5, 127.5),
    ) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.register_buffer("shift", torch.tensor(zero_rgb[::-1]).reshape(1, 3, 1, 1) / 255)
        self.layout = MapLayout(Topology.openpose(), stride=4, boxes=boxes)
        self.trunk = torch.nn.Sequential(
            unit(3, 16, 3, stride=2),
            separable(16, 24, 2),
            separable(24, 24),
            unit(24, 32, activation=activation),
        )
        self.refine = Refine(32, 16)
        self.maps = torch.nn.Conv2d(16, self.layout.channels, 1)
        with torch.no_grad():
            for module in self.modules():
                if isinstance(module, torch.nn.Conv2d):
                    module.weight.mul_(1.4)
            for convolution in (self.trunk[1][1][0], self.trunk[2][1][0]):
                convolution.weight.mul_(torch.logspace(-1, 1, 24).reshape(-1, 1, 1, 1))
            self.maps.weight.mul_(torch.logspace(-1, 1, self.layout.channels).reshape(-1, 1, 1, 1))

    def stages(self, image):
        return (self.maps(self.refine(self.trunk(image * (1 / 255) - self.shift))),)


def write(network: PoseNetwork, path: Path, size_wh: tuple[int, int] = SIZE_WH) -> Path:
    """Card of an exported network."""
    export_onnx(network, path, {"licence": "none"})
    return write_card(path, network.layout, size_wh, notes={"data": "drawn"}, metrics={"ap": 0.5})


def constants(model) -> dict[str, np.ndarray]:
    return {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in model.graph.initializer}


def maps_of(path: Path, image: np.ndarray) -> list[np.ndarray]:
    return open_session(path).run(["heatmaps", "pafs", "boxes"], {"image": image})


def smooth_image(size_wh: tuple[int, int], count: int) -> np.ndarray:
    """(count, 3, H, W) grey levels of the kind that the pictures have."""
    coarse = np.random.default_rng(5).integers(0, 256, (count, 5, 6, 3)).astype(np.float32)
    images = [cv2.resize(one, size_wh, interpolation=cv2.INTER_CUBIC) for one in coarse]
    return np.ascontiguousarray(np.clip(np.round(images), 0, 255).transpose(0, 3, 1, 2), np.float32)


def relative_error(one: np.ndarray, other: np.ndarray) -> float:
    """Root mean square of the difference over the standard deviation."""
    return float(np.sqrt(((one - other) ** 2).mean()) / one.std())
