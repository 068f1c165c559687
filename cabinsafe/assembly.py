"""The parts of an analyzer, built as a cabin's configuration wants them."""

from __future__ import annotations

from typing import Final, NamedTuple

from cabinsafe.camera_health import CameraHealth
from cabinsafe.config import CabinConfig
from cabinsafe.detectors import Detector, make_detector
from cabinsafe.errors import ConfigError, within
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
from cabinsafe.tracking import OccupantLinker, Tracker, TrackerOptions, TrackIds

_WEAK_PERSON_SHARE: Final = 0.6
"""Of the card's ``min_person_score``: not even somebody who was there before is seen in weaker skeletons."""


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
        DetectorError: a plug-in is not what its protocol asks for.
        MissingExtraError, EngineError: the engine is not installed, or cannot start.
    """
    with within("pose.model"):
        card = PoseCard.load(cabin.pose.model)
    decoder, tracker = _person_scores(cabin, card)
    detectors = make_detectors(cabin, card)
    ids = TrackIds()
    wanted = cabin.person_detector
    return Parts(
        PoseEstimator(
            engine or make_engine(cabin.pose, card, len(cabin.cameras)),
            card,
            PafDecoder(card.topology, decoder),
            cabin.pose.box_decoder if cabin.pose.boxes else None,
        ),
        {camera: Tracker(tracker, view, ids) for camera, view in cabin.views.items()},
        detectors,
        make_gate(cabin, card, detectors),
        None if wanted is None else make_person_detector(wanted.kind, wanted.options),
        OccupantLinker() if len(cabin.cameras) > 1 else None,
        None if cabin.camera_health is None else CameraHealth(cabin.camera_health),
    )


def _person_scores(cabin: CabinConfig, card: PoseCard) -> tuple[DecoderOptions, TrackerOptions]:
    """The cabin's options, with scores for what they leave open.

    A skeleton of the card's ``min_person_score`` may begin a track. Weaker ones are found, too, and go on
    with tracks that there are: who was there before is likely to be there still (Zhang and others, ByteTrack,
    2022). Where the cabin's decoder has a ``min_person_score``, all that reach it may begin one.
    """
    decoder, tracker = cabin.pose.decoder, cabin.tracker
    own = "min_person_score" in decoder.model_fields_set
    person = decoder.min_person_score if own else card.min_person_score
    if not own:
        decoder = decoder.model_copy(update={"min_person_score": _WEAK_PERSON_SHARE * person})
    if tracker.birth_pose_score is None:
        tracker = tracker.model_copy(update={"birth_pose_score": person})
    return decoder, tracker


def make_detectors(cabin: CabinConfig, card: PoseCard) -> list[Detector]:
    """The detectors that the cabin names, for skeletons of the card's network."""
    detectors = []
    for kind, options in cabin.detector_options().items():
        detector = make_detector(kind, options, cabin.views)
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
