"""The whole pose layer over a set of images: people found, and the time that each stage took."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from cabinsafe.errors import CapacityError, ConfigError
from cabinsafe.evaluation.accuracy import Prediction
from cabinsafe.media import read_image
from cabinsafe.pose import OnnxEngine, PafDecoder, PoseCard, PoseEstimator
from cabinsafe.types import Frame

STAGES: Final = ("letterbox", "network", "decoder")


@dataclass(frozen=True)
class Run:
    """What a network found.

    Attributes:
        keypoints: names, in the order of the predictions' arrays.
        found: image id to its people, in that image's pixels.
        stage_ms: median milliseconds of each of :data:`STAGES`.
        refused: images with more people or peaks than the decoder's options allow; none is found there.
    """

    keypoints: tuple[str, ...]
    found: Mapping[int, list[Prediction]]
    stage_ms: Mapping[str, float]
    refused: tuple[int, ...]


def open_estimator(model: str, threads: int) -> PoseEstimator:
    """Return the pose layer with its default options.

    Args:
        model: name of an embedded network, or path of a card.
        threads: of the network.

    Raises:
        ModelError: the card or its network is missing, or is none.
    """
    card = PoseCard.load(model)
    return PoseEstimator(OnnxEngine(card.verified_file(), threads), card, PafDecoder(card.topology))


def short_names(models: Sequence[str]) -> list[str]:
    """Names for tables: the file's without its ending where that tells them apart, else as given.

    Raises:
        ConfigError: one is given twice.
    """
    twice = [model for model in models if models.count(model) > 1]
    if twice:
        raise ConfigError(f"'{twice[0]}' is given twice")
    stems = [Path(model).name.removesuffix(".json") for model in models]
    return [model if stems.count(stem) > 1 else stem for model, stem in zip(models, stems, strict=True)]


def run(estimator: PoseEstimator, paths: Mapping[int, Path], advance: Callable[[], None]) -> Run:
    """Find the people of every image, one image at a time.

    Args:
        estimator: the pose layer.
        paths: image id to file.
        advance: called after every image.

    Raises:
        MediaError: an image cannot be read.
        EngineError, ShapeError, DataError: the network failed, or its maps are malformed.
    """
    found: dict[int, list[Prediction]] = {}
    refused, times = [], []
    for image_id, path in paths.items():
        frame = Frame(image=read_image(path), t_s=0.0)
        stamps = [time.perf_counter()]
        batch, transforms = estimator.preprocess([frame])
        stamps.append(time.perf_counter())
        maps = estimator.infer(batch)
        stamps.append(time.perf_counter())
        try:
            people = estimator.decode(maps[0], transforms[0]).skeletons
        except CapacityError:
            people = ()
            refused.append(image_id)
        stamps.append(time.perf_counter())
        times.append(np.diff(stamps) * 1e3)
        found[image_id] = [(s.xy, s.score, s.person_score) for s in people]
        advance()
    medians = np.median(times, axis=0).tolist()
    return Run(
        estimator.card.topology.keypoints, found, dict(zip(STAGES, medians, strict=True)), tuple(refused)
    )
