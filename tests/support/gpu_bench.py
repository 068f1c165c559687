"""A workplace for tests of TensorRT on the fake GPU."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fake_gpu import FakeCudaBindings, FakeGpu
from fake_pycuda import FakePyCuda
from fake_tensorrt import FakeTensorRT

from cabinsafe.pose import PoseCard
from cabinsafe.pose.engines import TensorRTEngine, TensorRTOptions
from cabinsafe.pose.engines.tensorrt import open_tensorrt
from cabinsafe.pose.engines.tensorrt.vendor import load_vendor


class GpuBench:
    """A GPU, the packages that drive it, a network and a cache folder."""

    def __init__(self, card: Path, folder: Path, monkeypatch: Any) -> None:
        self.card, self.folder, self._monkeypatch = PoseCard.load(card), folder, monkeypatch
        monkeypatch.setenv("XDG_STATE_HOME", str(folder / "state"))
        self.install()

    def install(
        self, flavour: str = "tensorrt", version: str = "10.3.0", bindings: Any = FakeCudaBindings, **gpu: Any
    ) -> None:
        """Put another GPU and other packages in place."""
        self.gpu = FakeGpu(**gpu)
        bindings(self.gpu).install(self._monkeypatch)
        self.trt = FakeTensorRT(self.gpu, flavour, version)
        self.trt.install(self._monkeypatch)
        load_vendor.cache_clear()

    def options(self, **options: Any) -> TensorRTOptions:
        return TensorRTOptions(
            **{"precision": "fp32", "batch": 3, "cache": str(self.folder / "cache")} | options
        )

    def open(self, **options: Any) -> TensorRTEngine:
        return open_tensorrt(self.card, self.options(**options))

    def fix_batch(self, images: int) -> None:
        """Put a network for exactly so many images in place of the first."""
        onnx = pytest.importorskip("onnx")
        model = onnx.load(str(self.card.verified_file()))
        for tensor in (*model.graph.input, *model.graph.output):
            tensor.type.tensor_type.shape.dim[0].dim_value = images
        self.retrain(model.SerializeToString())

    def retrain(self, network: bytes | None = None) -> None:
        """Put another network in place of the first: these bytes, or one that only its digest tells apart."""
        if network is None:
            onnx = pytest.importorskip("onnx")
            model = onnx.load(str(self.card.verified_file()))
            model.doc_string = "another"
            network = model.SerializeToString()
        replace_network(self.card.path, network)
        self.card = PoseCard.load(self.card.path)

    def plans(self) -> list[Path]:
        return sorted((self.folder / "cache").glob("*.plan"))

    def batch(self, count: int, seed: int = 0) -> dict[str, np.ndarray]:
        width, height = self.card.input.size_wh
        images = np.random.default_rng(seed).integers(0, 256, (count, 3, height, width))
        return {self.card.input.name: images.astype(np.float32)}


def replace_network(card: Path, network: bytes) -> None:
    """Put a network in place of a card's, and its digest onto the card."""
    values = json.loads(card.read_text())
    (card.parent / values["file"]).write_bytes(network)
    card.write_text(json.dumps(values | {"sha256": hashlib.sha256(network).hexdigest()}))


ALL_TENSORRT = [
    ("tensorrt", "8.6.1", FakePyCuda),
    ("tensorrt", "10.3.0", FakeCudaBindings),
    ("tensorrt", "11.0.0", FakeCudaBindings),
    ("tensorrt_rtx", "1.7.1", FakeCudaBindings),
]
