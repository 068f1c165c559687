"""What TensorRT's run-time path refuses, and what fails under it: told with its reason, and all is freed."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from fake_gpu import FakeCudaBindings, Status
from fake_pycuda import FakePyCuda

from cabinsafe.errors import EngineError, MissingExtraError, ModelError, ShapeError


@pytest.mark.parametrize("bindings", [FakeCudaBindings, FakePyCuda])
def test_no_memory_at_any_allocation_leaves_nothing(bench, bindings) -> None:
    with bench.open():
        needed = bench.gpu.allocations
    assert needed == 8
    for number in range(needed):
        bench.install(fail_allocation=number, bindings=bindings)
        with pytest.raises(EngineError, match=r"out of (device|page-locked) memory: \d+\.\d MiB asked for"):
            bench.open()
        assert bench.gpu.leaks() == {}


def test_device_memory_says_what_is_free(bench) -> None:
    bench.install(fail_allocation=0)
    with pytest.raises(EngineError, match=r"2\.3 MiB asked for; 1\.0 MiB are free"):
        bench.open()


def test_more_images_than_the_plan_takes_are_refused(bench) -> None:
    with bench.open(max_batch=4) as engine:
        with pytest.raises(
            ShapeError, match=r"expected 1 to 4 images \(pose.tensorrt.max_batch\), got \[5\]"
        ):
            engine.infer(bench.batch(5))
        with pytest.raises(ShapeError, match=r"got \[0\]"):
            engine.infer(bench.batch(0))
        engine.infer(bench.batch(4))


@pytest.mark.parametrize("bindings", [FakeCudaBindings, FakePyCuda])
def test_a_failure_on_the_gpu_is_told_and_all_is_freed(bench, bindings) -> None:
    bench.install(bindings=bindings)
    with bench.open() as engine:
        bench.gpu.spoilt = Status.CUDA_ERROR_ILLEGAL_ADDRESS
        with pytest.raises(EngineError, match=r"CUDA refused.*CUDA_ERROR_ILLEGAL_ADDRESS"):
            engine.infer(bench.batch(1))
    assert bench.gpu.leaks() == {}


def test_a_run_that_tensorrt_does_not_start_is_told(bench) -> None:
    with bench.open() as engine:
        engine.infer(bench.batch(1))
        bench.trt.enqueue_fails = True
        for _ in range(2):  # the first while a graph is recorded
            with pytest.raises(EngineError, match="could not start the run"):
                engine.infer(bench.batch(1))
        bench.trt.enqueue_fails = False
        engine.infer(bench.batch(1))
    assert bench.gpu.leaks() == {}


def test_frames_that_are_none_are_refused(bench) -> None:
    with bench.open() as engine:
        with pytest.raises(ShapeError, match=r"expected uint8 array \(H, W, 3\), BGR, got float32"):
            engine.infer_images([np.zeros((4, 4, 3), np.float32)])
        with pytest.raises(ShapeError, match="expected 1 to 8 images"):
            engine.infer_images([])
    with pytest.raises(EngineError, match="closed"):
        engine.infer_images([np.zeros((4, 4, 3), np.uint8)])


def test_no_memory_for_a_frame_leaves_the_engine_usable(bench) -> None:
    with bench.open() as engine:
        for number in (8, 10):
            bench.gpu.fail_allocation = number
            with pytest.raises(EngineError, match="out of"):
                engine.infer_images([np.zeros((4, 4, 3), np.uint8)])
        engine.infer_images([np.zeros((4, 4, 3), np.uint8)])
    assert bench.gpu.leaks() == {}


def test_no_driver_no_gpu_no_package(bench, monkeypatch) -> None:
    bench.install(count=0)
    with pytest.raises(
        EngineError, match="no usable NVIDIA driver: CUDA refused cuInit: CUDA_ERROR_NO_DEVICE"
    ):
        bench.open()
    bench.install(count=2)
    with pytest.raises(EngineError, match="GPU 2 asked for; this machine has 2"):
        bench.open(gpu=2)
    for name, extra in (
        ("tensorrt", r"cabinsafe\[tensorrt-rtx\]"),
        ("cuda.bindings", r"cabinsafe\[tensorrt\]"),
    ):
        bench.install()
        monkeypatch.setitem(sys.modules, name, None)
        monkeypatch.setitem(sys.modules, "pycuda", None)
        with pytest.raises(MissingExtraError, match=extra):
            bench.open()
        assert bench.gpu.leaks() == {}


def test_a_network_that_tensorrt_refuses_is_told_with_its_reason(bench) -> None:
    bench.trt.build_fails = "no tactic for layer conv1"
    with pytest.raises(
        EngineError, match=r"TensorRT 10\.3\.0 cannot build a plan: no tactic for layer conv1$"
    ):
        bench.open()
    assert bench.gpu.leaks() == {}
    (bench.card.path.parent / bench.card.file).write_bytes(b"something else")
    with pytest.raises(ModelError, match="is not the file that"):
        bench.open()
    assert bench.gpu.leaks() == {}


def test_a_failed_first_run_is_not_recorded_next(bench) -> None:
    with bench.open() as engine:
        bench.trt.enqueue_fails = True
        with pytest.raises(EngineError, match="could not start the run"):
            engine.infer(bench.batch(2))
        bench.trt.enqueue_fails = False
        engine.infer(bench.batch(2))
        assert "begin capture" not in bench.gpu.calls
        engine.infer(bench.batch(2))
        assert bench.gpu.calls.count("launch graph") == 1


def test_the_package_of_a_flavour_is_named(bench, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorrt", None)
    for flavour, message in [
        (None, r"'tensorrt \(of JetPack, or NVIDIA's\) or tensorrt-rtx'.*cabinsafe\[tensorrt-rtx\]"),
        ("tensorrt", r"'tensorrt \(of JetPack, or NVIDIA's\)'.*cabinsafe\[tensorrt\]"),
        ("tensorrt_rtx", r"'tensorrt-rtx'.*cabinsafe\[tensorrt-rtx\]"),
    ]:
        with pytest.raises(MissingExtraError, match=message):
            bench.open(flavour=flavour)
