"""An act that goes on, and when it is over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from cabinsafe.events.options import GateSettings
from cabinsafe.types import TRUE, EndReason, Event, Phase, Reading, Scene, Track

_SHOWN_THRESHOLDS: Final = ("enter_score", "exit_score", "hold_s", "release_s")


class Key(NamedTuple):
    """What makes two readings ones of the same act.

    Attributes:
        kind: the detector's kind.
        camera_id: the view, for people who are known in one view only; empty for linked occupants.
        people: occupant ids, else track ids of that view.
    """

    kind: str
    camera_id: str
    people: tuple[int, ...]


class Provenance(NamedTuple):
    """What made the events: sha256 of the cabin configuration, and of each network and classifier by file."""

    config_digest: str
    model_digests: Mapping[str, str]


class Seats(NamedTuple):
    """The seats of an act, as a cooldown remembers them beside its people."""

    kind: str
    camera_id: str
    seats: tuple[str | None, ...]


class Sight(NamedTuple):
    """A scene, and its tracks by their ids."""

    scene: Scene
    tracks: Mapping[int, Track]

    def seat_of(self, reading: Reading | None) -> str | None:
        """Seat of the acting person, if known."""
        actor = self.tracks.get(reading.track_ids[0]) if reading is not None and reading.track_ids else None
        return actor.seat if actor is not None else None


@dataclass
class Episode:
    """One act: a candidate until it has an event id, running from then on."""

    camera_id: str
    first_on_s: float
    last_on_s: float
    last_step_s: float
    peak: Reading
    peak_s: float
    start_frame: int | None = None
    peak_frame: int | None = None
    on_time_s: float = 0.0
    off_since_s: float | None = None
    track_ids: tuple[int, ...] = ()
    occupant_ids: tuple[int | None, ...] = ()
    seats: tuple[str | None, ...] = ()
    shown_s: dict[str, float | None] = field(default_factory=dict)
    shown_in: str = ""
    event_id: str | None = None
    started_s: float = 0.0
    alarmed_s: float = 0.0
    emitted_s: float = 0.0
    level: int = 1

    @property
    def running(self) -> bool:
        """Whether its event has started."""
        return self.event_id is not None

    @property
    def seat(self) -> str | None:
        """Seat of the acting person, if known."""
        return self.seats[0] if self.seats else None

    @property
    def was_on(self) -> bool:
        """Whether the last frame showed the act."""
        return self.last_step_s == self.last_on_s

    def note_view(self, camera_id: str, on: bool, t_s: float) -> None:
        """Take note whether a view's latest frame shows the act, if it ever did."""
        if on or camera_id in self.shown_s:
            self.shown_s[camera_id] = t_s if on else None

    def note(self, on: bool, observed: bool, t_s: float) -> None:
        """Take note since when the act is seen to be over."""
        if on:
            self.off_since_s = None
        elif observed and self.off_since_s is None:
            self.off_since_s = t_s

    def take(self, reading: Reading, sight: Sight, t_s: float) -> None:
        """Take a reading that shows the act: whose it is now, how long it was seen, and its peak."""
        self.on_time_s += t_s - self.last_step_s
        self.last_on_s = t_s
        people = [sight.tracks.get(track_id) for track_id in reading.track_ids]
        self.shown_in, self.track_ids = sight.scene.camera_id, reading.track_ids
        self.seats = tuple([track.seat if track else None for track in people])
        self.occupant_ids = tuple([track.occupant_id if track else None for track in people])
        if reading.score > self.peak.score:
            self.peak, self.peak_s, self.peak_frame = reading, t_s, sight.scene.frame_index

    def is_shown_by_another(self, camera_id: str, t_s: float, within_s: float) -> bool:
        """Whether another view's latest frame shows the act."""
        return any(
            shown_s is not None and t_s - shown_s <= within_s
            for camera, shown_s in self.shown_s.items()
            if camera != camera_id
        )

    def is_over(self, on: bool, observed: bool, t_s: float, settings: GateSettings) -> bool:
        """Whether it ended before this frame, which shows it (on), shows that it is over, or cannot tell."""
        unseen_s = t_s - self.last_on_s
        running = self.running
        patience_s = max(settings.bridge_s, settings.release_s) if running else settings.bridge_s
        if on and (running or self.was_on):
            return unseen_s > max(patience_s, settings.frame_gap_s)
        if not running:
            return unseen_s > patience_s
        if observed and self.off_since_s is not None:
            return t_s - self.off_since_s >= settings.release_s
        return unseen_s >= patience_s

    def event(
        self,
        phase: Phase,
        t_s: float,
        settings: GateSettings,
        provenance: Provenance,
        reason: EndReason | None = None,
    ) -> Event:
        """What to tell of it now."""
        self.emitted_s = t_s
        return Event(
            event_id=self.event_id,
            kind=self.peak.kind,
            phase=phase,
            level=self.level,
            t_start_s=self.first_on_s,
            t_end_s=self.last_on_s if phase == "ended" else None,
            t_s=t_s,
            peak_s=self.peak_s,
            start_frame=self.start_frame,
            peak_frame=self.peak_frame,
            camera_id=self.camera_id,
            camera_ids=tuple(self.shown_s) or (self.camera_id,),
            track_ids=self.track_ids,
            occupant_ids=self.occupant_ids,
            seats=self.seats,
            peak_score=self.peak.score,
            evidence=self.peak.evidence,
            thresholds={name: getattr(settings, name) for name in _SHOWN_THRESHOLDS},
            end_reason=reason,
            config_digest=provenance.config_digest,
            model_digests=dict(provenance.model_digests),
        )


def shown_by(reading: Reading | None, episode: Episode | None, settings: GateSettings) -> Reading | None:
    """The reading, if it starts an act, or keeps up one whose event runs."""
    if reading is None:
        return None
    if episode is not None and episode.running:
        shows = reading.score >= settings.exit_score
    else:
        shows = reading.state is TRUE and reading.score >= settings.enter_score
    return reading if shows else None
