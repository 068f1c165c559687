"""Frames of several cameras in step, and stages that work on them at the same time, in order."""

from cabinsafe.stream.channel import Channel, Drop
from cabinsafe.stream.clocks import CameraClocks
from cabinsafe.stream.estimation import Estimator, StagedEstimator, steps_of
from cabinsafe.stream.moments import Moments, Source
from cabinsafe.stream.pipeline import Pipeline, Stage
from cabinsafe.stream.results import ResultStream, StreamOptions

__all__ = [
    "CameraClocks",
    "Channel",
    "Drop",
    "Estimator",
    "Moments",
    "Pipeline",
    "ResultStream",
    "Source",
    "Stage",
    "StagedEstimator",
    "StreamOptions",
    "steps_of",
]
