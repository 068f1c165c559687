"""The parts of an analyzer, built as a cabin's configuration wants them."""

from __future__ import annotations

from typing import NamedTuple

from cabinsafe.camera_health import CameraHealth
from cabinsafe.config import CabinConfig
from cabinsafe.detectors import Detector, detector_class
from cabinsafe.errors import ConfigError
from cabinsafe.events import EventGate
from cabinsafe.person_detectors import PersonDetector, make_person_detector
from cabinsafe.pose import (
    DecoderOptions,
    Engine,
    PafDecoder,
    PoseCard,
    PoseEstimator,
)
from cabinsafe.pose.engines import make_engine
from cabinsafe.tracking import OccupantLinker, Tracker, TrackIds


class Parts(NamedTuple):
    """What a :class:`~cabinsafe.CabinAnalyzer` is made of."""

    estimator: PoseEstimator
    trackers: dict[str, Tracker]
    detectors: list[Detector]
    gate: EventGate
    person_detector: PersonDetector | None
    linker: OccupantLinker | None
    health: CameraHealth | None


def assemble(cabin: CabinConfig, engine: Engine | None = None) -> Parts:
    """Build all parts; ``engine`` runs the network in place of the one the configuration names.

    Raises:
        ConfigError: a detector needs a keypoint that the network lacks, or an option is missing.
        ModelError: a network or classifier is missing, or is not the one its card describes.
        MissingExtraError, EngineError: the engine is not installed, or cannot start.
    """
    card = PoseCard.load(cabin.pose.model)
    detectors = make_detectors(cabin, card)
    ids = TrackIds()
    wanted = cabin.person_detector
    return Parts(
        PoseEstimator(
            engine or make_engine(cabin.pose, card, len(cabin.cameras)),
            card,
            PafDecoder(card.topology, _decoder_options(cabin, card)),
            cabin.pose.box_decoder if cabin.pose.boxes else None,
        ),
        {camera: Tracker(cabin.tracker, view, ids) for camera, view in cabin.views.items()},
        detectors,
        make_gate(cabin, card, detectors),
        None if wanted is None else make_person_detector(wanted.kind, wanted.options),
        OccupantLinker() if len(cabin.cameras) > 1 else None,
        None if cabin.camera_health is None else CameraHealth(cabin.camera_health),
    )


def _decoder_options(cabin: CabinConfig, card: PoseCard) -> DecoderOptions:
    """The cabin's, and where it does not say from which score on a person is one, the card's."""
    options = cabin.pose.decoder
    if "min_person_score" in options.model_fields_set:
        return options
    return options.model_copy(update={"min_person_score": card.min_person_score})


def make_detectors(cabin: CabinConfig, card: PoseCard) -> list[Detector]:
    """The detectors that the cabin names, for skeletons of the card's network."""
    detectors = []
    for kind, options in cabin.detector_options().items():
        detector = detector_class(kind)(options, cabin.views)
        missing = detector.needs - set(card.topology.keypoints)
        if missing:
            raise ConfigError(f"detector '{kind}' needs {sorted(missing)}, which network '{card.name}' lacks")
        detectors.append(detector)
    return detectors


def make_gate(cabin: CabinConfig, card: PoseCard, detectors: list[Detector]) -> EventGate:
    """The gate, with the digests of all that takes part in its events."""
    digests = {card.file: card.sha256}
    for detector in detectors:
        digests |= detector.digests
    options = dict(cabin.events)
    default = options.pop("default", None)
    return EventGate(options, default, config_digest=cabin.digest, model_digests=digests)
