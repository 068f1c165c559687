"""The real cuda-bindings on a driver that is a small C++ library: every call is made as a GPU's would be."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from host_kernels import HostKernel, compile_shared, host_source

from cabinsafe.pose.card import InputSpec
from cabinsafe.pose.engines.cuda.letterbox import SOURCE, letterbox_struct

DRIVER = Path(__file__).resolve().parents[2] / "support" / "fake_libcuda.cpp"

SCRIPT = """
import ctypes, sys
import numpy as np
from cabinsafe.errors import EngineError
from cabinsafe.pose.card import InputSpec
from cabinsafe.pose.engines.cuda import nvrtc, open_device
from cabinsafe.pose.engines.cuda.letterbox import DeviceLetterbox

kernel, image, spec, out = sys.argv[1:]
nvrtc.compile_cubin = lambda source, capability: kernel.encode() + bytes(1)
image, spec = np.load(image), InputSpec.model_validate_json(spec)
width, height = spec.size_wh
with open_device() as device:
    assert (device.name, device.compute_capability, device.driver) == ("Fake GPU", (8, 7), "13.0")
    with device.current():
        target, host = device.allocate(12 * width * height), device.allocate_host(12 * width * height)
        with DeviceLetterbox(device, spec) as letterbox:
            letterbox.fill(target, [image])
        device.download(host.data, target)
        device.synchronise()
        np.save(out, host.data.view(np.float32).reshape(3, height, width))
        device.begin_capture()
        graph = device.end_capture()
        device.launch_graph(graph)
        device.free_graph(graph)
        for allocate in (device.allocate, device.allocate_host):
            try:
                allocate(1 << 41)
            except EngineError as error:
                print(error)
        device.free(target)
        device.free_host(host)
print("held:", ctypes.CDLL("libcuda.so.1").fake_held())
"""


def test_cuda_bindings_on_a_stand_in_for_the_driver(tmp_path: Path) -> None:
    probe = [sys.executable, "-c", "import cuda.bindings.driver"]
    if subprocess.run(probe, capture_output=True, check=False).returncode:
        pytest.skip("cuda-bindings is not installed")
    compile_shared(DRIVER.read_text(), tmp_path / "libcuda.so.1")
    source = SOURCE.read_text(encoding="utf-8")
    compile_shared(host_source(source, "letterbox"), tmp_path / "kernel.so")
    image = np.random.default_rng(0).integers(0, 256, (120, 90, 3), np.uint8)
    np.save(tmp_path / "image.npy", image)
    spec = InputSpec(name="image", color="rgb", size_wh=(64, 48), mean=(1, 2, 3), std=(4, 5, 6), pad_value=9)
    paths = (str(tmp_path / name) for name in ("kernel.so", "image.npy"))
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *paths, spec.model_dump_json(), str(tmp_path / "out.npy")],
        env=os.environ | {"LD_LIBRARY_PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "out of device memory: 2097152.0 MiB asked for; 1.0 MiB are free",
        "out of page-locked memory: 2097152.0 MiB asked for",
        "held: 0",
    ]
    expected = np.empty((3, 48, 64), np.float32)
    struct = letterbox_struct(spec, image, image.ctypes.data, expected.ctypes.data)
    HostKernel(source, "letterbox")((2, 6), (32, 8), struct.tobytes())
    np.testing.assert_array_equal(np.load(tmp_path / "out.npy"), expected)
