"""Frames to skeletons: letterbox, inference engine, PAF decoder."""

from cabinsafe.pose.card import PoseCard
from cabinsafe.pose.decoder import DecodedPoses, DecoderOptions, PafDecoder
from cabinsafe.pose.engines import Engine, OnnxEngine, RecordingEngine, ReplayEngine
from cabinsafe.pose.estimator import PoseEstimator, PoseResult
from cabinsafe.pose.topology import Limb, Topology

__all__ = [
    "DecodedPoses",
    "DecoderOptions",
    "Engine",
    "Limb",
    "OnnxEngine",
    "PafDecoder",
    "PoseCard",
    "PoseEstimator",
    "PoseResult",
    "RecordingEngine",
    "ReplayEngine",
    "Topology",
]
