"""The data types that cross rooms: Frame, Skeleton, Box, Track, Scene, Reading, Event.

Conventions, everywhere: frame pixels with x to the right and y down, ``(x, y)`` order, the centre of the
top-left pixel at (0.5, 0.5); time in seconds; NaN for an absent keypoint. All types are immutable; their
arrays are checked once, at construction, and read-only from then on. What they refuse is a
:class:`~cabinsafe.errors.DataError`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import (
    Field,
    SerializerFunctionWrapHandler,
    ValidationInfo,
    field_serializer,
    field_validator,
    model_validator,
)
from typing_extensions import Self

from cabinsafe.errors import ShapeError
from cabinsafe.fields import BoxXyxy, Image, Record, differing_fields
from cabinsafe.skeleton import Skeleton, side_swap
from cabinsafe.vehicle import VehicleState

__all__ = [
    "Box",
    "BoxSource",
    "BoxXyxy",
    "EndReason",
    "Event",
    "Frame",
    "Phase",
    "Presence",
    "Reading",
    "Scene",
    "Skeleton",
    "State",
    "Track",
    "side_swap",
]

_Finite = Annotated[float, Field(allow_inf_nan=False)]
_Score = Annotated[float, Field(ge=0.0, le=1.0)]
_Seconds = _Finite
_Pixels = Annotated[int, Field(gt=0)]
_CameraId = Annotated[str, Field(min_length=1)]


class Frame(Record):
    """One image of one camera.

    Attributes:
        image: (H, W, 3) uint8, BGR. The frame holds a read-only view, not a copy.
        t_s: capture time, seconds; strictly rising per camera.
        index: position in its source, from 0.
        camera_id: which view of the cabin file this is.
    """

    image: Image
    t_s: _Seconds
    index: Annotated[int, Field(ge=0)] = 0
    camera_id: _CameraId = "front"

    @property
    def size_wh(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.image.shape[1], self.image.shape[0]


class Box(Record):
    """A person box in frame pixels: left, top, right, bottom, and the finder's confidence in [0, 1]."""

    xyxy: BoxXyxy
    score: _Score = 1.0

    @model_validator(mode="after")
    def _has_area(self) -> Self:
        x1, y1, x2, y2 = self.xyxy
        if not (np.isfinite(self.xyxy).all() and x1 < x2 and y1 < y2):
            raise ShapeError("Box.xyxy", "finite x1 < x2 and y1 < y2", self.xyxy)
        return self


BoxSource = Literal["detection", "keypoints", "prediction"]
Presence = Literal["entering", "seated", "leaving"]


class Track(Record):
    """One person through time.

    Attributes:
        track_id: never reused in a run.
        box_xyxy: person box, pixels.
        box_source: where the box came from in this frame.
        skeleton: keypoints of this frame, repaired and smoothed, or None when the person was not seen as a
            skeleton.
        raw_skeleton: the same as the pose network saw them. In JSON it holds only what differs from skeleton.
        velocity_xy: motion of the box centre, pixels per second.
        age_s: time since the track began.
        unseen_s: time since a box or a skeleton last supported it; 0 when seen in this frame.
        seat: seat name (COVESA VSS, ``Row1.Pos1``) or None.
        presence: seated; entering until seated for the first time; leaving once out of the seat or on the
            move; None where the view has no seats.
        occupant_id: the same for tracks of several cameras that are the same person; None if not linked.
    """

    track_id: Annotated[int, Field(ge=0)]
    box_xyxy: BoxXyxy
    box_source: BoxSource
    skeleton: Skeleton | None = None
    raw_skeleton: Skeleton | None = None
    velocity_xy: tuple[_Finite, _Finite] = (0.0, 0.0)
    age_s: Annotated[_Seconds, Field(ge=0)] = 0.0
    unseen_s: Annotated[_Seconds, Field(ge=0)] = 0.0
    seat: str | None = None
    presence: Presence | None = None
    occupant_id: int | None = None

    @field_validator("box_xyxy")
    @classmethod
    def _sides_in_order(cls, box: BoxXyxy) -> BoxXyxy:
        if box[0] > box[2] or box[1] > box[3]:
            raise ShapeError("Track.box_xyxy", "x1 <= x2 and y1 <= y2", box)
        return box

    @field_serializer("raw_skeleton", mode="wrap", when_used="json")
    def _only_what_differs(self, raw: Skeleton | None, handler: SerializerFunctionWrapHandler) -> Any:
        content = handler(raw)
        if raw is None or self.skeleton is None:
            return content
        return {name: content[name] for name in differing_fields(raw, self.skeleton)}

    @field_validator("raw_skeleton", mode="before")
    @classmethod
    def _whole_again(cls, raw: Any, others: ValidationInfo) -> Any:
        if "skeleton" not in others.data:  # it is wrong, and refused; what differs from it cannot be told
            return None
        skeleton = others.data["skeleton"]
        if skeleton is None or not isinstance(raw, Mapping):
            return raw
        return {**dict(skeleton), **raw} if raw else skeleton


class State(str, Enum):
    """Three-valued answer of a detector: what cannot be seen is never taken for safe."""

    TRUE = "true"
    FALSE = "false"
    NOT_OBSERVABLE = "not_observable"


TRUE, FALSE, NOT_OBSERVABLE = State.TRUE, State.FALSE, State.NOT_OBSERVABLE
"""The states by name: a look-up in the enum takes longer than a comparison."""


class Reading(Record):
    """What one detector says of one person, or one ordered pair, in one scene.

    Attributes:
        kind: the detector's kind.
        track_ids: whom it is about; for pairs the acting person first.
        state: true, false or not observable.
        score: how strongly what is seen speaks for it, [0, 1]; also where that is not enough to observe it.
        evidence: measured values and thresholds, the unit in each name.
        seats: which seats it is about, where it is about seats.
    """

    kind: str
    track_ids: tuple[int, ...]
    state: State
    score: _Score = 0.0
    evidence: dict[str, _Finite] = Field(default_factory=dict)
    seats: tuple[str, ...] = ()


class Scene(Record):
    """All tracks of one camera at one time; it holds no image, so scenes are stored and replayed cheaply.

    Attributes:
        t_s, camera_id, size_wh, frame_index: those of the frame.
        camera_readings: what the picture says of its camera: covered, moved, frozen.
        vehicle: what the vehicle reported by then, if it does.
    """

    t_s: _Seconds
    camera_id: _CameraId
    size_wh: tuple[_Pixels, _Pixels]
    tracks: tuple[Track, ...] = ()
    frame_index: Annotated[int, Field(ge=0)] | None = None
    camera_readings: tuple[Reading, ...] = ()
    vehicle: VehicleState | None = None


Phase = Literal["started", "repeated", "escalated", "updated", "ended"]
EndReason = Literal["released", "lost", "suspended", "merged", "end_of_input", "interrupted"]


class Event(Record):
    """A state of an episode: the same ``event_id`` comes back as started, updated and ended.

    Attributes:
        event_id: unique in the run, stable through the episode.
        kind: the detector's kind.
        phase: started; repeated, escalated, updated while it lasts; ended.
        level: of escalation, from 1.
        t_start_s: when the act began (not when it was confirmed).
        t_end_s: when it was last seen; None until it ended.
        t_s: when this line was emitted.
        peak_s: when the score was highest.
        start_frame, peak_frame: indices of the frames at t_start_s and peak_s, if known.
        camera_id, camera_ids: view that saw it first, and all that saw it.
        track_ids: who, by the ids of the view that saw it last; for pairs the acting person first.
        occupant_ids: the same people by occupant, None where not linked.
        seats: their seats, in the same order, None where unknown.
        peak_score, evidence: highest score so far, and the evidence then.
        thresholds: the gate's levels and times that applied.
        end_reason: why it ended; None until then.
        config_digest: sha256 of the cabin configuration.
        model_digests: file name to sha256 of every network and classifier that took part.
    """

    event_id: str
    kind: str
    phase: Phase
    level: Annotated[int, Field(ge=1)] = 1
    t_start_s: _Seconds
    t_end_s: _Seconds | None = None
    t_s: _Seconds
    peak_s: _Seconds | None = None
    start_frame: int | None = None
    peak_frame: int | None = None
    camera_id: str
    camera_ids: tuple[str, ...] = ()
    track_ids: tuple[int, ...]
    occupant_ids: tuple[int | None, ...] = ()
    seats: tuple[str | None, ...] = ()
    peak_score: _Score
    evidence: dict[str, _Finite] = Field(default_factory=dict)
    thresholds: dict[str, _Finite] = Field(default_factory=dict)
    end_reason: EndReason | None = None
    config_digest: str = ""
    model_digests: dict[str, str] = Field(default_factory=dict)
