"""What the tests of engines share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from gpu_bench import GpuBench

from cabinsafe.pose.engines.tensorrt.vendor import load_vendor


@pytest.fixture
def bench(box_network: Path, tmp_path: Path, monkeypatch) -> Iterator[GpuBench]:
    """TensorRT on a fake GPU, with the network of ``box_network``."""
    yield GpuBench(box_network, tmp_path, monkeypatch)
    load_vendor.cache_clear()
