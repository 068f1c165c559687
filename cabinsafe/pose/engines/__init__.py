"""Inference engines behind one protocol."""

from cabinsafe.pose.engines.base import Engine, TensorSpec
from cabinsafe.pose.engines.onnx import OnnxEngine
from cabinsafe.pose.engines.replay import RecordingEngine, ReplayEngine

__all__ = ["Engine", "OnnxEngine", "RecordingEngine", "ReplayEngine", "TensorSpec"]
