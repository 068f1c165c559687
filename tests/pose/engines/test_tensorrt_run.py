"""The run-time path of TensorRT on a fake GPU: order of calls, memory, threads, graphs and frames."""

from __future__ import annotations

import subprocess
import sys
import threading

import numpy as np
import pytest
from fake_gpu import FakeCudaBindings
from fake_pycuda import FakePyCuda
from gpu_bench import ALL_TENSORRT, GpuBench
from reference_input import reference_input

from cabinsafe.errors import EngineError, ShapeError
from cabinsafe.pose import OnnxEngine, PafDecoder, PoseEstimator
from cabinsafe.types import Frame

PIXELS = 3 * 160 * 160 * 4


def expected(bench: GpuBench, feeds: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    with OnnxEngine(bench.card.verified_file()) as engine:
        return engine.infer(feeds)


@pytest.mark.parametrize(("flavour", "version", "bindings"), ALL_TENSORRT)
def test_maps_are_those_of_the_network_and_nothing_is_left(bench, flavour, version, bindings) -> None:
    bench.install(flavour, version, bindings)
    with bench.open() as engine:
        for count in (1, 3, 3, 3, 8, 1):
            feeds = bench.batch(count, seed=count)
            found = engine.infer(feeds)
            for name, maps in expected(bench, feeds).items():
                np.testing.assert_array_equal(found[name], maps)
    assert bench.gpu.leaks() == {}


def test_one_run_is_copy_in_run_copy_out_wait(bench) -> None:
    with bench.open(cuda_graph=False) as engine:
        bench.gpu.calls.clear()
        engine.infer(bench.batch(3))
    maps = [f"download {3 * channels * 20 * 20 * 4}" for channels in (18, 42, 5)]
    assert bench.gpu.calls[:6] == [f"upload {3 * PIXELS}", "run 3", *maps, "synchronise"]


def test_memory_is_for_the_largest_batch_and_asked_for_once(bench) -> None:
    with bench.open(max_batch=4) as engine:
        sizes = [PIXELS, *(channels * 400 * 4 for channels in (18, 42, 5))]
        kinds = ("memory", "pinned")
        asked = [call for call in bench.gpu.calls if call.startswith("allocate")]
        assert asked == [f"allocate {kind} {4 * size}" for size in sizes for kind in kinds]
        assert engine.device_bytes == 4 * sum(sizes) + 4096
        engine.infer(bench.batch(4))
        assert [call for call in bench.gpu.calls if call.startswith("allocate")] == asked


def test_everything_is_freed_in_the_order_of_dependence(bench) -> None:
    engine = bench.open()
    for _ in range(2):
        engine.infer(bench.batch(2))
    bench.gpu.calls.clear()
    engine.close()
    engine.close()
    freed = [call for call in bench.gpu.calls if call.startswith("free")]
    assert freed == ["free pinned", "free memory"] * 4 + [
        "free execution context", "free engine", "free runtime",
    ]  # fmt: skip
    assert bench.gpu.leaks() == {}


def test_a_graph_is_recorded_at_the_second_run_of_a_batch_size_and_replayed(bench) -> None:
    with bench.open() as engine:
        bench.gpu.calls.clear()
        for count in (2, 2, 2, 3, 2):
            engine.infer(bench.batch(count))
        steps = [c for c in bench.gpu.calls if c.split()[0] in ("run", "begin", "end", "launch")]
        assert steps == [
            *("run 2", "begin capture", "run 2", "end capture", "launch graph", "launch graph"),
            *("run 3", "run 2"),
        ]
        assert bench.gpu.graphs == {}


def test_a_graph_sees_new_images(bench) -> None:
    with bench.open() as engine:
        for seed in range(4):
            feeds = bench.batch(1, seed)
            np.testing.assert_array_equal(engine.infer(feeds)["boxes"], expected(bench, feeds)["boxes"])
        assert len(bench.gpu.graphs) == 1


@pytest.mark.parametrize("reason", ["option", "pycuda", "refused"])
def test_without_a_graph_every_run_is_put_on_the_stream(bench, reason: str) -> None:
    if reason == "pycuda":
        bench.install(bindings=FakePyCuda)
    bench.gpu.refuse_capture = reason == "refused"
    with bench.open(cuda_graph=reason != "option") as engine:
        for seed in range(4):
            feeds = bench.batch(1, seed)
            np.testing.assert_array_equal(engine.infer(feeds)["boxes"], expected(bench, feeds)["boxes"])
        assert "launch graph" not in bench.gpu.calls
        assert bench.gpu.calls.count("begin capture") == (reason == "refused")


def test_it_runs_in_a_thread_that_did_not_open_it(bench) -> None:
    with bench.open() as engine:
        found = []
        thread = threading.Thread(target=lambda: found.append(engine.infer(bench.batch(1))))
        thread.start()
        thread.join()
        np.testing.assert_array_equal(found[0]["boxes"], engine.infer(bench.batch(1))["boxes"])
    assert bench.gpu.leaks() == {}


def test_a_second_thread_is_told_who_uses_it(bench, monkeypatch) -> None:
    started, release = threading.Event(), threading.Event()
    with bench.open() as engine:
        wait = bench.gpu.synchronise

        def slow() -> None:
            started.set()
            assert release.wait(10)
            wait()

        bench.gpu.synchronise = slow
        thread = threading.Thread(target=engine.infer, args=(bench.batch(1),), name="camera loop")
        thread.start()
        assert started.wait(10)
        with pytest.raises(EngineError, match="thread 'camera loop' is using this engine"):
            engine.infer(bench.batch(1))
        release.set()
        thread.join()
        engine.infer(bench.batch(1))


def test_the_callers_own_context_is_given_back(bench) -> None:
    with bench.open() as engine:
        bench.gpu.push()
        engine.infer(bench.batch(1))
        bench.gpu.pop()
    assert bench.gpu.leaks() == {}


def test_frames_are_prepared_on_the_gpu(bench) -> None:
    rng = np.random.default_rng(0)
    frames = [rng.integers(0, 256, (*hw, 3), np.uint8) for hw in ((120, 200), (480, 640), (160, 90))]
    spec = bench.card.input
    feeds = {spec.name: reference_input(frames, spec)}
    with bench.open() as engine:
        for _ in range(3):
            found = engine.infer_images(frames)["boxes"]
            np.testing.assert_allclose(found, expected(bench, feeds)["boxes"], atol=1 / 255)
        assert sum(call.startswith("launch letterbox") for call in bench.gpu.calls) == 9
        buffers = bench.gpu.allocations
        engine.infer_images(frames[:1])
        assert bench.gpu.allocations == buffers
        engine.infer_images(frames[::-1])
        assert bench.gpu.allocations == buffers + 2, "the first place grew"
    assert bench.gpu.leaks() == {}


def test_it_stands_in_for_onnx_runtime_in_the_estimator(bench, blue_frame) -> None:
    frames = [blue_frame((3, 7, 0.9)), blue_frame((8, 9, 0.8), (3, 12, 0.7)), blue_frame()]
    found = []
    for engine in (bench.open(), OnnxEngine(bench.card.verified_file())):
        with engine:
            estimator = PoseEstimator(engine, bench.card, PafDecoder(bench.card.topology))
            found.append([result.boxes for result in estimator.estimate(frames)])
    assert found[0] == found[1]
    assert [len(boxes) for boxes in found[0]] == [1, 2, 0]


@pytest.mark.parametrize("most", [None, 1])
def test_the_estimator_hands_it_frames_where_it_prepares_them(bench, blue_frame, most) -> None:
    if most:
        bench.fix_batch(most)
    frames = [blue_frame((3, 7, 0.9)), blue_frame((8, 9, 0.8), (3, 12, 0.7)), blue_frame()]
    with bench.open(letterbox="device") as engine:
        estimator = PoseEstimator(engine, bench.card, PafDecoder(bench.card.topology))
        found = [result.boxes for result in estimator.estimate(frames)]
        with pytest.raises(ShapeError, match="uint8 array"):
            estimator.estimate([Frame.model_construct(image=np.zeros((4, 4), np.uint8), t_s=0.0)])
        assert sum(call.startswith("launch letterbox") for call in bench.gpu.calls) == len(frames)
    assert [len(boxes) for boxes in found] == [1, 2, 0]
    assert bench.gpu.leaks() == {}


def test_a_network_for_one_image_runs_image_by_image(bench, blue_frame) -> None:
    bench.fix_batch(1)
    with bench.open() as engine:
        assert engine.inputs[0].shape == (1, 3, 160, 160)
        estimator = PoseEstimator(engine, bench.card, PafDecoder(bench.card.topology))
        seen = estimator.estimate([blue_frame((3, 7, 0.9)), blue_frame()])
        assert [len(result.boxes) for result in seen] == [1, 0]
    assert bench.gpu.leaks() == {}


def test_rtx_is_asked_each_time_whether_it_can_be_recorded(bench) -> None:
    """Its kernels may still be compiling."""
    bench.install("tensorrt_rtx", "1.7.1")
    bench.trt.capturable = False
    with bench.open() as engine:
        for _ in range(3):
            engine.infer(bench.batch(1))
        assert "begin capture" not in bench.gpu.calls
        bench.trt.capturable = True
        engine.infer(bench.batch(1))
        assert bench.gpu.calls.count("launch graph") == 1


def test_the_fake_has_the_functions_of_the_real_package(bench) -> None:
    code = "from cuda.bindings import driver, nvrtc; print(*dir(driver), *dir(nvrtc))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("cuda-bindings is not installed")
    fake = FakeCudaBindings(bench.gpu)
    names = {name for name in (*vars(fake.driver), *dir(fake.nvrtc)) if not name.startswith("_")}
    assert names <= set(done.stdout.split())
