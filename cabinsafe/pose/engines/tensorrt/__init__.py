"""TensorRT and TensorRT-RTX: build a plan from a network, keep it, run it."""

from cabinsafe.pose.engines.tensorrt.engine import TensorRTEngine
from cabinsafe.pose.engines.tensorrt.start import build_plan, open_tensorrt

__all__ = ["TensorRTEngine", "build_plan", "open_tensorrt"]
