"""Frames to skeletons and person boxes: letterbox, inference engine, decoders."""

from cabinsafe.pose.boxes import BoxOptions
from cabinsafe.pose.card import PoseCard
from cabinsafe.pose.decoder import DecoderOptions, PafDecoder
from cabinsafe.pose.engines import Engine, OnnxEngine, RecordingEngine, ReplayEngine
from cabinsafe.pose.estimator import PoseEstimator, PoseResult
from cabinsafe.pose.poses import DecodedPoses, PosePrior
from cabinsafe.pose.topology import Limb, Topology

__all__ = [
    "BoxOptions",
    "DecodedPoses",
    "DecoderOptions",
    "Engine",
    "Limb",
    "OnnxEngine",
    "PafDecoder",
    "PoseCard",
    "PoseEstimator",
    "PosePrior",
    "PoseResult",
    "RecordingEngine",
    "ReplayEngine",
    "Topology",
]
