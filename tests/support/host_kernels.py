"""CUDA kernels compiled for the host: the same source, and a loop in place of the grid."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import pytest

_SHIM = """
#include <cmath>
#include <algorithm>
#include <cstddef>
using std::min; using std::max;
struct Index { unsigned x, y; };
static Index blockIdx, blockDim, threadIdx;
#define __global__
#define __device__
"""
_LOOP = """
extern "C" unsigned long argument_bytes() {{ return sizeof({struct}); }}
extern "C" void run(unsigned grid_x, unsigned grid_y, unsigned block_x, unsigned block_y,
                    const {struct}* argument) {{
    blockDim = {{block_x, block_y}};
    for (blockIdx.y = 0; blockIdx.y < grid_y; ++blockIdx.y)
        for (blockIdx.x = 0; blockIdx.x < grid_x; ++blockIdx.x)
            for (threadIdx.y = 0; threadIdx.y < block_y; ++threadIdx.y)
                for (threadIdx.x = 0; threadIdx.x < block_x; ++threadIdx.x) {name}(*argument);
}}
"""


class HostKernel:
    """A kernel ``name`` whose only parameter is a struct of the capitalised name, by value."""

    def __init__(self, source: str, name: str) -> None:
        self.name = name
        self._library = _compiled(source, name)
        self._library.argument_bytes.restype = ctypes.c_ulong
        self.argument_bytes = self._library.argument_bytes()

    def __call__(self, grid: tuple[int, int], block: tuple[int, int], struct: bytes) -> None:
        self._library.run(*grid, *block, struct)


def compile_shared(text: str, library: Path) -> None:
    """A shared library from C++, or a skipped test where there is no compiler."""
    compiler = shutil.which("g++") or shutil.which("clang++")
    if compiler is None:
        pytest.skip("no C++ compiler to stand in for a GPU's")
    source = library.with_suffix(".cpp")
    source.write_text(text)
    flags = ["-std=c++17", "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC"]
    subprocess.run([compiler, *flags, str(source), "-o", str(library), "-ldl"], check=True)


def host_source(source: str, name: str) -> str:
    """A kernel's CUDA source as C++ for the host, with ``run`` in place of a launch."""
    return _SHIM + source + _LOOP.format(name=name, struct=name.capitalize())


@cache
def _compiled(source: str, name: str) -> ctypes.CDLL:
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder) / "kernel.so"
        compile_shared(host_source(source, name), library)
        return ctypes.CDLL(str(library))
