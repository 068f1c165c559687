"""What really happens in a clip: the truth that events are judged by, rendered or labelled by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, JsonValue, field_validator, model_validator
from typing_extensions import Self

from cabinsafe.errors import DataError
from cabinsafe.fields import Record, SeatName
from cabinsafe.whole_files import replace_file

_Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
_Length = Annotated[float, Field(gt=0, allow_inf_nan=False)]
_Name = Annotated[str, Field(min_length=1)]


class TrueEvent(Record):
    """One act from beginning to end.

    Attributes:
        kind: the detector's kind.
        t_start_s: when it begins, seconds from the clip's first frame.
        t_end_s: when it is over.
        seats: whose it is, as COVESA VSS names seats; for pairs the acting person first. Empty for people
            without a seat.
        track_ids: the same people by the ids of the clip's true scenes; empty where there are none.
        near_miss: it looks like the kind but is not: a detector must NOT report it.
        note: anything worth knowing.
    """

    kind: _Name
    t_start_s: _Seconds
    t_end_s: _Seconds
    seats: tuple[SeatName, ...]
    track_ids: tuple[Annotated[int, Field(ge=0)], ...] = ()
    near_miss: bool = False
    note: str = ""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.t_start_s >= self.t_end_s:
            raise DataError(
                f"{self.kind}: expected t_start_s before t_end_s, got {self.t_start_s:g} and {self.t_end_s:g}"
            )
        for key, people in (("seats", self.seats), ("track_ids", self.track_ids)):
            if len(set(people)) != len(people):
                raise DataError(f"{self.kind}: {key}: expected different ones, got {list(people)}")
        if self.seats and self.track_ids and len(self.seats) != len(self.track_ids):
            raise DataError(
                f"{self.kind}: expected as many track_ids as seats ({len(self.seats)}), "
                f"got {len(self.track_ids)}"
            )
        return self


class ClipTruth(Record):
    """All events of one clip.

    Attributes:
        format: name of this format.
        version: of the format.
        clip: name of the video file, which lies beside the truth.
        fps: frames per second of the clip.
        size_wh: width and height of its frames, pixels.
        duration_s: its length, seconds.
        camera_id: the view of the cabin file that it shows.
        rules: for each kind that was looked for all through the clip, happening or not, a sentence that says
            how its truth was decided. Other kinds are not judged by this clip.
        events: what happens, near misses included; no later than one frame past the duration.
        attributes: what else is known: vehicle, light, seed, ...
        note: anything worth knowing.
    """

    format: Literal["cabinsafe-truth"] = "cabinsafe-truth"
    version: Literal[1] = 1
    clip: Annotated[str, Field(pattern=r"^[^/\\]+$")]
    fps: _Length
    size_wh: tuple[Annotated[int, Field(gt=0)], Annotated[int, Field(gt=0)]]
    duration_s: _Length
    camera_id: _Name = "front"
    rules: dict[_Name, _Name]
    events: tuple[TrueEvent, ...] = ()
    attributes: dict[str, JsonValue] = Field(default_factory=dict)
    note: str = ""

    @property
    def acts(self) -> tuple[TrueEvent, ...]:
        """The events that must be reported: all but the near misses."""
        return tuple(event for event in self.events if not event.near_miss)

    @field_validator("events", mode="before")
    @classmethod
    def _each_event(cls, entries: Any) -> Any:
        """Validate one by one, so that a refusal says which."""
        if not isinstance(entries, list | tuple):
            return entries
        return tuple(_event(number, entry) for number, entry in enumerate(entries))

    @field_validator("attributes")
    @classmethod
    def _attributes_fit_json(cls, attributes: dict[str, JsonValue]) -> dict[str, JsonValue]:
        """JSON has no NaN and no infinity; they would be written as null."""
        json.dumps(attributes, allow_nan=False)
        return attributes

    @model_validator(mode="after")
    def _events_fit_the_clip(self) -> Self:
        latest_s = self.duration_s + 1 / self.fps
        for number, event in enumerate(self.events):
            if event.t_end_s > latest_s:
                raise DataError(
                    f"events[{number}]: expected t_end_s within the clip's {self.duration_s:g} s, "
                    f"got {event.t_end_s:g}"
                )
            if event.kind not in self.rules:
                raise DataError(
                    f"events[{number}]: expected a kind that rules explains ({', '.join(self.rules)}), "
                    f"got '{event.kind}'"
                )
        return self


def _event(number: int, entry: Any) -> TrueEvent:
    try:
        return TrueEvent.model_validate(entry)
    except DataError as error:
        raise DataError(f"events[{number}]: {error}") from error


def read_truth(path: str | Path) -> ClipTruth:
    """Read the truth of a clip.

    Raises:
        DataError: the file cannot be read or is not such a truth; the message names file, entry and what was
            expected.
    """
    try:
        return ClipTruth.model_validate_json(Path(path).read_bytes())
    except OSError as error:
        raise DataError(f"{path}: no readable truth: {error.strerror or error}") from error
    except DataError as error:
        raise DataError(f"{path}: {error}") from error


def write_truth(path: str | Path, truth: ClipTruth) -> None:
    """Write the truth of a clip as JSON; it reads back as it was.

    Raises:
        OutputError: the file cannot be written.
    """
    replace_file(Path(path), truth.model_dump_json(indent=1).encode() + b"\n")


def interval_iou(a_start: float, a_end: float, b_start: float, b_end: float) -> float:
    """Intersection over union of two intervals, of time say: 1 for equal ones, 0 for disjoint ones.

    Of two intervals without length it is 0.
    """
    overlap = max(0.0, min(a_end, b_end) - max(a_start, b_start))
    union = (a_end - a_start) + (b_end - b_start) - overlap
    return overlap / union if union > 0 else 0.0
