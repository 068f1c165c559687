"""From options to a running engine."""

from __future__ import annotations

from cabinsafe.errors import ConfigError
from cabinsafe.pose.card import PoseCard
from cabinsafe.pose.engines.base import Engine, TensorSpec
from cabinsafe.pose.engines.onnx import OnnxEngine
from cabinsafe.pose.engines.openvino import OpenVinoEngine
from cabinsafe.pose.engines.options import EngineOptions
from cabinsafe.pose.engines.replay import ReplayEngine
from cabinsafe.pose.engines.tensorrt import open_tensorrt


def make_engine(options: EngineOptions, card: PoseCard, cameras: int = 1) -> Engine:
    """Engine that the options name, for a card's network and so many frames at once.

    Raises:
        ConfigError: an option that the engine needs is missing.
        ModelError: the network's file is missing, not the card's, or not one that the engine can read.
        MissingExtraError: the engine's package is not installed; the message names the extra.
        EngineError: the engine cannot start.
    """
    if options.engine == "tensorrt":
        return open_tensorrt(card, options.tensorrt.for_cameras(cameras))
    if options.engine == "openvino":
        return OpenVinoEngine(card.verified_file(), options.threads)
    if options.engine == "onnx":
        return OnnxEngine(card.verified_file(), options.threads)
    if options.recording is None:
        raise ConfigError("pose.recording: engine 'replay' needs the .npz file of recorded maps")
    return _replay(options.recording, card)


def _replay(recording: str, card: PoseCard) -> ReplayEngine:
    """Maps of the full size were made of inputs of that size, with bars; others of what frames need."""
    free = TensorSpec(card.input.name, (None, 3, None, None), "float32")
    engine = ReplayEngine.from_file(recording, (free,))
    width, height = card.input.size_wh
    cells = next((spec.shape[-2:] for spec in engine.outputs if spec.name == card.maps.heatmaps), ())
    full = (height // card.maps.stride, width // card.maps.stride)
    if card.input.side_multiple is None or cells == full:
        engine.inputs = (free._replace(shape=(None, 3, height, width)),)
    return engine
