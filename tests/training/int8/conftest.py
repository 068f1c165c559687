"""Fixtures of the quantiser's tests; what needs torch is imported where it is used."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest


@pytest.fixture(scope="session")
def pictures(tmp_path_factory) -> list[Path]:
    """Smooth random pictures of several shapes."""
    from cabinsafe.training.pose.int8.pictures import find_pictures

    folder = tmp_path_factory.mktemp("pictures")
    generator = np.random.default_rng(0)
    for number in range(12):
        coarse = generator.integers(0, 256, (5, 6, 3), np.uint8)
        size_wh = [(80, 60), (60, 80), (100, 50)][number % 3]
        cv2.imwrite(str(folder / f"{number}.png"), cv2.resize(coarse, size_wh, interpolation=cv2.INTER_CUBIC))
    return find_pictures(folder)


@pytest.fixture(scope="session")
def small(tmp_path_factory) -> Path:
    """Card of a float network."""
    from small_network import Small, write

    return write(Small(), tmp_path_factory.mktemp("float") / "small.onnx")


@pytest.fixture(scope="session")
def quantised(small: Path, pictures: list[Path], tmp_path_factory):
    """What quantising it gave."""
    from small_network import FEW

    from cabinsafe.training.pose.quantise import QuantisationOptions, quantise

    out = tmp_path_factory.mktemp("int8") / "small-int8.onnx"
    return quantise(small, pictures, out, QuantisationOptions(**FEW, data_note="drawn, no licence"))
