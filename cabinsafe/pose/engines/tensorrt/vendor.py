"""TensorRT 8.6, 10, 11 and TensorRT-RTX behind one face: whatever differs between them is here."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from traceback import clear_frames
from typing import Any, Final, NamedTuple

from cabinsafe.errors import EngineError, MissingExtraError, ModelError
from cabinsafe.pose.engines.options import Flavour, Precision
from cabinsafe.pose.engines.tensorrt.session import Session

FLAVOURS: Final[tuple[Flavour, ...]] = ("tensorrt", "tensorrt_rtx")

_NO_REASON: Final = "it gave no reason"

_log = logging.getLogger(__name__)


class BuildRequest(NamedTuple):
    """What to build a plan for.

    Attributes:
        precision: of the layers; inputs and outputs stay float32.
        chw: channels, height and width of the input.
        batches: fewest, usual and most images per run.
        workspace_bytes: scratch memory that a layer may use.
    """

    precision: Precision
    chw: tuple[int, int, int]
    batches: tuple[int, int, int]
    workspace_bytes: int


class Vendor:
    """One of the packages.

    Attributes:
        flavour: its import name.
        version: its version.
        strongly_typed: whether a layer's precision is what the file says (TensorRT 11, RTX), rather than what
            builder flags allow.
        portable: whether a plan is for every GPU that the package supports, and is built without one (RTX).
    """

    def __init__(self, module: Any, flavour: Flavour) -> None:
        self._trt = module
        self.flavour: Flavour = flavour
        self.version: str = module.__version__
        self.portable = flavour == "tensorrt_rtx"
        self.strongly_typed = not hasattr(module.BuilderFlag, "FP16")
        self._complaints: list[str] = []
        self._logger = _make_logger(module, self._complaints)

    def build(self, network_bytes: bytes, request: BuildRequest) -> bytes:
        """Plan of an ONNX network whose precision has been prepared (:mod:`.precision`).

        Raises:
            ModelError: TensorRT cannot read the network.
            EngineError: it cannot build a plan of it.
        """
        with self._mapped("cannot build a plan"):
            return self._build(network_bytes, request)

    def open(self, plan: bytes) -> Session:
        """Load a plan. A CUDA context must be current; without a driver TensorRT's runtime may crash.

        Raises:
            EngineError: TensorRT refuses the plan.
        """
        with self._mapped("cannot load the plan"):
            return self._open(plan)

    def __str__(self) -> str:
        return f"{'TensorRT-RTX' if self.flavour == 'tensorrt_rtx' else 'TensorRT'} {self.version}"

    def _network_flags(self) -> int:
        """TensorRT 8 must be told that the batch is a dimension; later versions know no other way."""
        is_old = self.flavour == "tensorrt" and int(self.version.split(".")[0]) < 10
        return 1 << int(self._trt.NetworkDefinitionCreationFlag.EXPLICIT_BATCH) if is_old else 0

    def _precision_flags(self, precision: Precision) -> list[Any]:
        """Flags up to version 10; int8 layers are those that the file quantises, the others may be half."""
        if self.strongly_typed:
            return []
        flags = self._trt.BuilderFlag
        return {"fp32": [], "fp16": [flags.FP16], "int8": [flags.FP16, flags.INT8]}[precision]

    def _build(self, network_bytes: bytes, request: BuildRequest) -> bytes:
        trt = self._trt
        builder = trt.Builder(self._logger)
        network = builder.create_network(self._network_flags())
        parser = trt.OnnxParser(network, self._logger)
        if not parser.parse(network_bytes):
            why = "; ".join(str(parser.get_error(i)) for i in range(parser.num_errors))
            raise ModelError(f"{self} cannot read the network: {why}")
        config = builder.create_builder_config()
        config.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, request.workspace_bytes)
        if request.precision == "fp32":
            config.clear_flag(trt.BuilderFlag.TF32)  # which is on by default, and has ten bits
        for flag in self._precision_flags(request.precision):
            config.set_flag(flag)
        _add_profile(builder, network, config, request)
        plan = builder.build_serialized_network(network, config)
        if plan is None:
            raise RuntimeError(_NO_REASON)
        return bytes(plan)

    def _open(self, plan: bytes) -> Session:
        runtime = self._trt.Runtime(self._logger)
        engine = runtime.deserialize_cuda_engine(plan)
        context = None if engine is None else engine.create_execution_context()
        if context is None:
            raise RuntimeError(_NO_REASON)
        return Session(self._trt, runtime, engine, context)

    @contextmanager
    def _mapped(self, what: str) -> Iterator[None]:
        """TensorRT's exceptions, and what it logged before, as ours.

        What it had made by then is freed now: the traceback would keep it beyond the GPU's context.
        """
        self._complaints.clear()
        try:
            yield
        except ModelError as error:
            clear_frames(error.__traceback__)
            raise
        except (RuntimeError, TypeError, ValueError) as error:  # a null result of its C++ side is a TypeError
            clear_frames(error.__traceback__)
            why = "; ".join(dict.fromkeys(self._complaints)) or str(error)
            raise EngineError(f"{self} {what}: {why}") from error


@cache
def load_vendor(flavour: Flavour | None = None) -> Vendor:
    """Load the package of that name, or the first installed; once, as TensorRT keeps its first logger.

    Raises:
        MissingExtraError: it is not installed, or none is.
    """
    for name in FLAVOURS if flavour is None else (flavour,):
        try:
            return Vendor(_import(name), name)
        except ImportError as error:
            missing = error
    packages = {"tensorrt": "tensorrt (of JetPack, or NVIDIA's)", "tensorrt_rtx": "tensorrt-rtx"}
    wanted = " or ".join(packages.values()) if flavour is None else packages[flavour]
    extra = "tensorrt" if flavour == "tensorrt" else "tensorrt-rtx"
    raise MissingExtraError("engine 'tensorrt'", extra, wanted) from missing


def _import(flavour: Flavour) -> Any:
    if flavour == "tensorrt":
        import tensorrt

        return tensorrt
    import tensorrt_rtx

    return tensorrt_rtx


def _add_profile(builder: Any, network: Any, config: Any, request: BuildRequest) -> None:
    """Ranges of the free dimensions; a network without any needs none."""
    image = network.get_input(0)
    given = tuple(image.shape)
    if -1 not in given:
        return
    shapes = []
    for batch in request.batches:
        wanted = (batch, *request.chw)
        shapes.append(tuple(w if g == -1 else g for g, w in zip(given, wanted, strict=True)))
    profile = builder.create_optimization_profile()
    profile.set_shape(image.name, *shapes)
    config.add_optimization_profile(profile)


def _make_logger(module: Any, complaints: list[str]) -> Any:
    """TensorRT's logger; its class can only be derived from where the package is there."""
    serious = (module.ILogger.Severity.INTERNAL_ERROR, module.ILogger.Severity.ERROR)

    class Logger(module.ILogger):  # type: ignore[misc]
        def __init__(self) -> None:
            module.ILogger.__init__(self)

        def log(self, severity: Any, message: str) -> None:
            _log.debug("%s", message)
            if severity in serious:
                complaints.append(message)

    return Logger()
