"""Inference engines behind one protocol."""

from cabinsafe.pose.engines.base import Engine, ImageEngine, TensorSpec
from cabinsafe.pose.engines.make import make_engine
from cabinsafe.pose.engines.onnx import OnnxEngine
from cabinsafe.pose.engines.openvino import OpenVinoEngine
from cabinsafe.pose.engines.options import EngineOptions, TensorRTOptions
from cabinsafe.pose.engines.replay import RecordingEngine, ReplayEngine
from cabinsafe.pose.engines.tensorrt import TensorRTEngine

__all__ = [
    "Engine",
    "EngineOptions",
    "ImageEngine",
    "OnnxEngine",
    "OpenVinoEngine",
    "RecordingEngine",
    "ReplayEngine",
    "TensorRTEngine",
    "TensorRTOptions",
    "TensorSpec",
    "make_engine",
]
