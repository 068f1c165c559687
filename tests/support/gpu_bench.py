"""A workplace for tests of TensorRT on the fake GPU."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fake_gpu import FakeCudaBindings, FakeGpu, FakePyCuda
from fake_tensorrt import FakeTensorRT

from cabinsafe.pose import PoseCard
from cabinsafe.pose.engines import TensorRTEngine, TensorRTOptions
from cabinsafe.pose.engines.tensorrt import open_tensorrt
from cabinsafe.pose.engines.tensorrt.vendor import load_vendor
from cabinsafe.resources import sha256_of


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

    def retrain(self) -> None:
        """Put another network, and the card that describes it, in place of the first."""
        onnx = pytest.importorskip("onnx")
        path = self.card.path.parent / self.card.file
        model = onnx.load(str(path))
        model.doc_string = "another"
        path.write_bytes(model.SerializeToString())
        card = json.loads(self.card.path.read_text()) | {"sha256": sha256_of(path)}
        self.card.path.write_text(json.dumps(card))
        self.card = PoseCard.load(self.card.path)

    def plans(self) -> list[Path]:
        return sorted((self.folder / "cache").glob("*.plan"))

    def batch(self, count: int, seed: int = 0) -> dict[str, np.ndarray]:
        width, height = self.card.input.size_wh
        images = np.random.default_rng(seed).integers(0, 256, (count, 3, height, width))
        return {self.card.input.name: images.astype(np.float32)}


ALL_TENSORRT = [
    ("tensorrt", "8.6.1", FakePyCuda),
    ("tensorrt", "10.3.0", FakeCudaBindings),
    ("tensorrt", "11.0.0", FakeCudaBindings),
    ("tensorrt_rtx", "1.7.1", FakeCudaBindings),
]
