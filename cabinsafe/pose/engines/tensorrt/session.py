"""A loaded plan: its tensors, and one execution context to run it."""

from __future__ import annotations

from typing import Any, NamedTuple

from cabinsafe.errors import EngineError

Shape = tuple[int, ...]


class PlanTensor(NamedTuple):
    """An input or output of a plan, with its smallest and largest shape. All are float32."""

    name: str
    is_input: bool
    smallest: Shape
    largest: Shape


class Session:
    """Runtime, engine and execution context of one plan; they are freed in the order of their dependence."""

    def __init__(self, module: Any, runtime: Any, engine: Any, context: Any) -> None:
        self._trt = module
        self._runtime, self._engine, self._context = runtime, engine, context

    def tensors(self) -> tuple[PlanTensor, ...]:
        """Inputs and outputs, in the plan's order.

        Raises:
            EngineError: one is not float32, or its shape depends on the data.
        """
        engine = self._engine
        names = [engine.get_tensor_name(i) for i in range(engine.num_io_tensors)]
        inputs = [n for n in names if engine.get_tensor_mode(n) == self._trt.TensorIOMode.INPUT]
        ranges: dict[str, list[Shape]] = {name: [] for name in names}
        for which in (0, 2):  # smallest and largest of a profile's three shapes
            for name in inputs:
                fixed = tuple(engine.get_tensor_shape(name))
                free = -1 in fixed
                shape = tuple(engine.get_tensor_profile_shape(name, 0)[which]) if free else fixed
                self.set_input_shape(name, shape)
            for name in names:
                ranges[name].append(tuple(self._context.get_tensor_shape(name)))
        for name in names:
            kind = engine.get_tensor_dtype(name)
            if kind != self._trt.DataType.FLOAT or min(ranges[name][1]) < 0:
                raise EngineError(
                    f"tensor '{name}' of the plan: expected float32 and a known largest shape, got {kind} "
                    f"{ranges[name][1]}"
                )
        return tuple(PlanTensor(name, name in inputs, *ranges[name]) for name in names)

    @property
    def device_bytes(self) -> int:
        """Device memory that a run needs beside inputs and outputs."""
        name = (
            "device_memory_size_v2"
            if hasattr(self._engine, "device_memory_size_v2")
            else "device_memory_size"
        )
        return int(getattr(self._engine, name))

    def set_input_shape(self, name: str, shape: Shape) -> None:
        """Say how large an input of the next run is.

        Raises:
            EngineError: the plan was not built for that shape.
        """
        if not self._context.set_input_shape(name, shape):
            raise EngineError(f"the plan was not built for input '{name}' of shape {shape}")

    def set_address(self, name: str, address: int) -> None:
        """Say where a tensor lies on the device."""
        if not self._context.set_tensor_address(name, address):
            raise EngineError(f"TensorRT refuses the address of tensor '{name}'")

    def enqueue(self, stream: int) -> None:
        """Put one run onto a stream.

        Raises:
            EngineError: TensorRT cannot.
        """
        if not self._context.execute_async_v3(stream):
            raise EngineError("TensorRT could not start the run")

    def can_be_captured(self, stream: int) -> bool:
        """Whether a run can be recorded as a CUDA graph; where TensorRT cannot tell, trying will."""
        ask = getattr(self._context, "is_stream_capturable", None)
        return ask is None or bool(ask(stream))

    def close(self) -> None:
        """Free the context, then the engine, then the runtime."""
        self._context = None
        self._engine = None
        self._runtime = None
