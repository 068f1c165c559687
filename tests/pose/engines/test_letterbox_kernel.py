"""The CUDA letterbox: its arithmetic on the CPU against the reference, and that it compiles for GPUs."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from fake_gpu import FakeCudaBindings, FakeGpu
from fake_pycuda import FakePyCuda
from host_kernels import HostKernel
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from reference_input import reference_input

from cabinsafe.errors import CabinSafeError, EngineError, MissingExtraError
from cabinsafe.pose.card import InputSpec
from cabinsafe.pose.engines.cuda import open_device
from cabinsafe.pose.engines.cuda.letterbox import _STRUCT, SOURCE, DeviceLetterbox, letterbox_struct
from cabinsafe.pose.engines.cuda.nvrtc import compile_cubin
from cabinsafe.pose.preprocess import letterbox

KERNEL = SOURCE.read_text(encoding="utf-8")


def spec_of(size_wh: tuple[int, int], color: str = "bgr", **changes) -> InputSpec:
    values = {"mean": (0, 0, 0), "std": (1, 1, 1), "pad_value": 128} | changes
    return InputSpec(name="image", color=color, size_wh=size_wh, **values)


def by_kernel(image: np.ndarray, spec: InputSpec) -> np.ndarray:
    """What the kernel, run on the host, makes of a frame (H, W, 3): (3, height, width)."""
    width, height = spec.size_wh
    target = np.full((3, height, width), np.nan, np.float32)
    struct = letterbox_struct(spec, image, image.ctypes.data, target.ctypes.data)
    kernel = HostKernel(KERNEL, "letterbox")
    assert kernel.argument_bytes == _STRUCT.itemsize == struct.nbytes
    kernel((-(-width // 32), -(-height // 8)), (32, 8), struct.tobytes())
    return target


def by_reference(image: np.ndarray, spec: InputSpec) -> np.ndarray:
    return reference_input([image], spec)[0]


SIZES = [
    *((480, 640), (720, 1280), (1080, 1920), (640, 480), (352, 352), (704, 704), (1056, 1056)),
    *((100, 80), (96, 352), (7, 5), (1, 1), (1, 900), (351, 353)),
]


@pytest.mark.parametrize("hw", SIZES, ids=str)
def test_noise_is_within_a_grey_level_of_the_reference(hw: tuple[int, int]) -> None:
    image = np.random.default_rng(0).integers(0, 256, (*hw, 3), np.uint8)
    spec = spec_of((352, 352))
    difference = np.abs(by_kernel(image, spec) - by_reference(image, spec))
    assert difference.max() <= 1.0
    assert (difference == 0).mean() > 0.85, "halves round either way"


@settings(max_examples=60, deadline=None)
@given(
    hw=st.tuples(st.integers(1, 300), st.integers(1, 300)),
    size_wh=st.tuples(st.integers(1, 20).map(lambda n: 8 * n), st.integers(1, 20).map(lambda n: 8 * n)),
    seed=st.integers(0, 9),
)
def test_any_frame_into_any_input(hw: tuple[int, int], size_wh: tuple[int, int], seed: int) -> None:
    image = np.random.default_rng(seed).integers(0, 256, (*hw, 3), np.uint8)
    spec = spec_of(size_wh)
    _, (fitted, _, _) = letterbox(image, spec.size_wh, 0)
    assume(len({scale < 1 for scale in fitted}) == 1)  # slivers that shrink along one axis only
    assert np.abs(by_kernel(image, spec) - by_reference(image, spec)).max() <= 1.0


@pytest.mark.parametrize("color", ["bgr", "rgb"])
def test_order_of_colours_normalisation_and_bars(color: str) -> None:
    image = np.zeros((40, 80, 3), np.uint8)
    image[...] = (10, 20, 30)
    spec = spec_of((16, 16), color, mean=(1, 2, 3), std=(2, 4, 8), pad_value=100)
    found = by_kernel(image, spec)
    np.testing.assert_allclose(found, by_reference(image, spec), rtol=1e-6)
    levels = (10, 20, 30) if color == "bgr" else (30, 20, 10)
    assert found[:, 8, 8].tolist() == [(levels[0] - 1) / 2, (levels[1] - 2) / 4, (levels[2] - 3) / 8]
    assert found[:, 0, 8].tolist() == [99 / 2, 98 / 4, 97 / 8]


@pytest.mark.parametrize("level", [0, 1, 127, 254, 255])
def test_a_flat_frame_stays_flat(level: int) -> None:
    image = np.full((347, 519, 3), level, np.uint8)
    assert (by_kernel(image, spec_of((352, 224), pad_value=level)) == level).all()


@pytest.mark.parametrize("architecture", ["sm_75", "sm_87", "sm_90", "sm_120"])
def test_nvcc_compiles_it(tmp_path: Path, architecture: str) -> None:
    nvcc = shutil.which("nvcc")
    if nvcc is None:
        pytest.skip("no CUDA toolkit")
    cubin = tmp_path / "letterbox.cubin"
    command = [
        nvcc,
        "-cubin",
        f"-arch={architecture}",
        "-Werror",
        "all-warnings",
        str(SOURCE),
        "-o",
        str(cubin),
    ]
    subprocess.run(command, check=True)
    assert b"letterbox" in cubin.read_bytes()


def real_nvrtc() -> None:
    """Skip where NVRTC is not installed."""
    pytest.importorskip("cuda.bindings", reason="cuda-bindings is not installed")
    try:
        compile_cubin("", (8, 7))
    except MissingExtraError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("capability", [(7, 5), (8, 7), (9, 0), (12, 0)])
def test_nvrtc_compiles_it_as_the_engine_does(capability: tuple[int, int]) -> None:
    real_nvrtc()
    code = compile_cubin(KERNEL, capability)
    assert code.startswith(b"\x7fELF")
    assert b"letterbox" in code


def test_what_the_compiler_says_is_passed_on() -> None:
    real_nvrtc()
    with pytest.raises(
        EngineError, match=r"(?s)does not compile for sm_87: .*identifier \"nonsense\" is undefined"
    ):
        compile_cubin("__global__ void f() { nonsense; }", (8, 7))
    with pytest.raises(EngineError, match="does not compile for sm_11"):
        compile_cubin(KERNEL, (1, 1))


def test_without_nvrtc_the_extra_is_named(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "cuda.bindings", None)
    with pytest.raises(MissingExtraError, match=r"nvidia-cuda-nvrtc.*cabinsafe\[tensorrt\]"):
        compile_cubin(KERNEL, (8, 7))


def on_device(device, image: np.ndarray, spec: InputSpec) -> np.ndarray:
    """What the kernel makes of a frame (H, W, 3) on a GPU: (3, height, width)."""
    width, height = spec.size_wh
    with device.current():
        target = device.allocate(12 * width * height)
        maps = device.allocate_host(12 * width * height)
        with DeviceLetterbox(device, spec) as kernel:
            kernel.fill(target, [image])
            device.download(maps.data, target)
            device.synchronise()
            del kernel  # pycuda's hold their module
        found = maps.data.view(np.float32).reshape(3, height, width).copy()
        device.free(target)
        device.free_host(maps)
    return found


@pytest.mark.parametrize("bindings", [FakeCudaBindings, FakePyCuda])
def test_a_frame_goes_through_either_package(monkeypatch, bindings) -> None:
    gpu = FakeGpu()
    bindings(gpu).install(monkeypatch)
    image = np.random.default_rng(0).integers(0, 256, (50, 70, 3), np.uint8)
    spec = spec_of((64, 32))
    with open_device() as device:
        np.testing.assert_array_equal(on_device(device, image, spec), by_kernel(image, spec))
    assert gpu.leaks() == {}


@pytest.mark.parametrize("hw", SIZES, ids=str)
def test_a_real_gpu_does_the_same(hw: tuple[int, int]) -> None:
    try:
        device = open_device()
    except CabinSafeError as error:
        pytest.skip(str(error))
    image = np.random.default_rng(0).integers(0, 256, (*hw, 3), np.uint8)
    spec = spec_of((352, 352))
    with device:
        difference = np.abs(on_device(device, image, spec) - by_kernel(image, spec))
    assert difference.max() <= 1.0, "sums in another order may round to the other side"
    assert (difference == 0).mean() > 0.99
