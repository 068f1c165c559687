"""CUDA source to machine code at run time, without a CUDA toolkit: NVRTC."""

from __future__ import annotations

from typing import Any

from cabinsafe.errors import EngineError, MissingExtraError


def compile_cubin(source: str, compute_capability: tuple[int, int]) -> bytes:
    """Machine code of CUDA source for one kind of GPU; no GPU is needed.

    Raises:
        MissingExtraError: NVRTC is not installed.
        EngineError: it does not compile; the message holds the compiler's.
    """
    try:
        from cuda.bindings import nvrtc

        status, program = nvrtc.nvrtcCreateProgram(source.encode(), b"kernel.cu", 0, [], [])
    except (ImportError, OSError, RuntimeError) as error:  # the loader's own errors are RuntimeErrors
        raise MissingExtraError("compiling a CUDA kernel", "tensorrt", "nvidia-cuda-nvrtc") from error
    _check(nvrtc, status)
    try:
        architecture = "sm_{}{}".format(*compute_capability)
        options = [f"--gpu-architecture={architecture}".encode()]
        (status,) = nvrtc.nvrtcCompileProgram(program, len(options), options)
        if int(status) != 0:
            raise EngineError(f"the CUDA kernel does not compile for {architecture}: {_log(nvrtc, program)}")
        code = bytes(_value(nvrtc, nvrtc.nvrtcGetCUBINSize(program)))
        _check(nvrtc, *nvrtc.nvrtcGetCUBIN(program, code))
        return code
    finally:
        nvrtc.nvrtcDestroyProgram(program)


def _log(nvrtc: Any, program: Any) -> str:
    log = bytes(_value(nvrtc, nvrtc.nvrtcGetProgramLogSize(program)))
    _check(nvrtc, *nvrtc.nvrtcGetProgramLog(program, log))
    return log.rstrip(b"\0\n").decode(errors="replace")


def _value(nvrtc: Any, result: tuple[Any, int]) -> int:
    status, value = result
    _check(nvrtc, status)
    return value


def _check(nvrtc: Any, status: Any) -> None:
    if int(status) != 0:
        _, text = nvrtc.nvrtcGetErrorString(status)
        raise EngineError(f"NVRTC failed: {text.decode()}")
