"""EventGate: readings and time in, events out. The only place that counts time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from pydantic import Field, model_validator
from typing_extensions import Self

from cabinsafe.errors import DataError, FrameOrderError
from cabinsafe.options import Options
from cabinsafe.types import EndReason, Event, Phase, Reading, Scene, State


class GateOptions(Options):
    """When readings of one kind become an event. All times in seconds."""

    enter_score: float = Field(0.55, gt=0, le=1, description="Score at which an act counts as begun")
    exit_score: float = Field(
        0.35, gt=0, le=1, description="Score below which a running event counts as over"
    )
    hold_s: float = Field(1.0, ge=0, le=3600, description="Time the act must be seen before its event starts")
    release_s: float = Field(
        1.0, ge=0, le=3600, description="Time the act must be seen to be over before it ends"
    )
    bridge_s: float = Field(
        0.7,
        ge=0,
        le=3600,
        description="Longest interruption, unseen or below the level, that does not end the act",
    )
    frame_gap_s: float = Field(
        2.0,
        gt=0,
        le=3600,
        description="Longest time between two frames in which nothing is taken to have changed",
    )
    cooldown_s: float = Field(
        5.0,
        ge=0,
        le=86400,
        description="Time after an event's end before the next of the same people may start",
    )
    update_every_s: float = Field(
        5.0, gt=0, le=86400, description="Time between two updates of an event that lasts"
    )

    @model_validator(mode="after")
    def _exit_not_above_enter(self) -> Self:
        if self.exit_score > self.enter_score:
            raise ValueError(f"exit_score {self.exit_score} must not exceed enter_score {self.enter_score}")
        return self


class _Key(NamedTuple):
    camera_id: str
    kind: str
    track_ids: tuple[int, ...]


_ROUNDING_S = 1e-9  # sums of frame intervals fall short of the hold time by rounding


@dataclass
class _Episode:
    """What the gate remembers of one act: a candidate until it has an event id, running from then on."""

    first_on_s: float
    last_on_s: float
    last_step_s: float
    peak: Reading
    on_time_s: float = 0.0
    off_since_s: float | None = None
    seats: tuple[str | None, ...] = ()
    event_id: str | None = None
    emitted_s: float = 0.0

    @property
    def was_on(self) -> bool:
        """Whether the last frame showed the act."""
        return self.last_step_s == self.last_on_s


class EventGate:
    """Turns readings into events: one event per episode, however often its readings flicker.

    An act begins at ``enter_score``, and its event starts once the act was seen for ``hold_s``: each frame
    that shows it counts for the time since the frame before. Until then, an interruption (unseen, or below
    the level) longer than ``bridge_s`` discards it. A running event goes on while its score is at least
    ``exit_score``. It ends when the act was seen to be over for ``release_s`` (reason "released"), or could
    not be seen for the longer of ``bridge_s`` and ``release_s`` (reason "lost"). The next event of the same
    kind and people starts no sooner than ``cooldown_s`` after that end. Cameras are judged each by itself.

    Args:
        options: gate options by kind.
        default: options of the kinds not named.
        config_digest, model_digests: provenance, copied into every event.
    """

    def __init__(
        self,
        options: Mapping[str, GateOptions] | None = None,
        default: GateOptions | None = None,
        *,
        config_digest: str = "",
        model_digests: Mapping[str, str] | None = None,
    ) -> None:
        self._options = dict(options or {})
        self._default = default or GateOptions()
        self._config_digest = config_digest
        self._model_digests = dict(model_digests or {})
        self._count = 0
        self.reset()

    def reset(self) -> None:
        """Forget all episodes and clocks; event ids go on, so that none comes twice."""
        self._episodes: dict[_Key, _Episode] = {}
        self._ended_s: dict[_Key, float] = {}
        self._clock_s: dict[str, float] = {}

    def update(self, scene: Scene, readings: Sequence[Reading]) -> list[Event]:
        """Take the readings of one scene.

        Raises:
            FrameOrderError: the scene is not later than the last one of its camera; nothing is changed.
            DataError: two readings of one kind about the same people; nothing is changed.
        """
        last = self._clock_s.get(scene.camera_id)
        if last is not None and scene.t_s <= last:
            raise FrameOrderError(
                f"camera '{scene.camera_id}': a scene at {scene.t_s:.3f} s cannot follow one at {last:.3f} s"
            )
        by_key = {_Key(scene.camera_id, r.kind, r.track_ids): r for r in readings}
        if len(by_key) != len(readings):
            raise DataError(f"two readings of one kind about the same people at {scene.t_s:.3f} s")
        self._clock_s[scene.camera_id] = scene.t_s
        open_here = [key for key in self._episodes if key.camera_id == scene.camera_id]
        events: list[Event] = []
        for key in dict.fromkeys([*open_here, *by_key]):
            events += self._step(key, by_key.get(key), scene)
        self._forget_cooldowns(scene)
        return events

    def close(self, reason: EndReason = "end_of_input") -> list[Event]:
        """End every running event, at the end of the input or when interrupted, and forget all."""
        events = [
            self._event(key, episode, "ended", self._clock_s[key.camera_id], reason)
            for key, episode in self._episodes.items()
            if episode.event_id is not None
        ]
        self.reset()
        return events

    def options_of(self, kind: str) -> GateOptions:
        """Options that apply to a kind."""
        return self._options.get(kind, self._default)

    def _step(self, key: _Key, reading: Reading | None, scene: Scene) -> Iterator[Event]:
        options, episode, t_s = self.options_of(key.kind), self._episodes.get(key), scene.t_s
        on = reading is not None and _shows_act(reading, episode, options)
        observed = reading is not None and reading.state is not State.NOT_OBSERVABLE
        if episode is not None:
            if on:
                episode.off_since_s = None
            elif observed and episode.off_since_s is None:
                episode.off_since_s = t_s
            if _is_over(episode, on, observed, t_s, options):
                yield from self._end(key, episode, t_s, "released" if observed and not on else "lost")
                episode = None
                on = reading is not None and _shows_act(reading, None, options)  # now as the start of another
        if on and reading is not None:
            if episode is None:
                episode = self._episodes[key] = _Episode(t_s, t_s, t_s, reading)
            yield from self._continue(key, episode, reading, scene)
        if episode is not None:
            episode.last_step_s = t_s

    def _continue(self, key: _Key, episode: _Episode, reading: Reading, scene: Scene) -> Iterator[Event]:
        """Take a reading that shows the act."""
        options, t_s = self.options_of(key.kind), scene.t_s
        episode.on_time_s += t_s - episode.last_step_s
        episode.last_on_s = t_s
        seat_of = {track.track_id: track.seat for track in scene.tracks}
        episode.seats = tuple(seat_of.get(track_id) for track_id in reading.track_ids)
        if reading.score > episode.peak.score:
            episode.peak = reading
        if episode.event_id is None:
            cooled = key not in self._ended_s or t_s >= self._ended_s[key] + options.cooldown_s
            if cooled and episode.on_time_s >= options.hold_s - _ROUNDING_S:
                self._count += 1
                episode.event_id = f"{reading.kind}-{self._count:04d}"
                yield self._event(key, episode, "started", t_s)
        elif t_s - episode.emitted_s >= options.update_every_s:
            yield self._event(key, episode, "updated", t_s)

    def _end(self, key: _Key, episode: _Episode, t_s: float, reason: EndReason) -> Iterator[Event]:
        del self._episodes[key]
        if episode.event_id is not None:
            self._ended_s[key] = episode.last_on_s
            yield self._event(key, episode, "ended", t_s, reason)

    def _event(
        self, key: _Key, episode: _Episode, phase: Phase, t_s: float, reason: EndReason | None = None
    ) -> Event:
        episode.emitted_s = t_s
        return Event(
            event_id=episode.event_id,
            kind=key.kind,
            phase=phase,
            t_start_s=episode.first_on_s,
            t_end_s=episode.last_on_s if phase == "ended" else None,
            t_s=t_s,
            camera_id=key.camera_id,
            track_ids=key.track_ids,
            seats=episode.seats,
            peak_score=episode.peak.score,
            evidence=episode.peak.evidence,
            end_reason=reason,
            config_digest=self._config_digest,
            model_digests=self._model_digests,
        )

    def _forget_cooldowns(self, scene: Scene) -> None:
        """Drop the ends, seen by this scene's camera, whose cooldown is over."""
        over = [
            key
            for key, ended_s in self._ended_s.items()
            if key.camera_id == scene.camera_id
            and scene.t_s >= ended_s + self.options_of(key.kind).cooldown_s
        ]
        for key in over:
            del self._ended_s[key]


def _shows_act(reading: Reading, episode: _Episode | None, options: GateOptions) -> bool:
    if episode is not None and episode.event_id is not None:
        return reading.score >= options.exit_score
    return reading.state is State.TRUE and reading.score >= options.enter_score


def _is_over(episode: _Episode, on: bool, observed: bool, t_s: float, options: GateOptions) -> bool:
    """Whether the act ended before this frame, which shows it (on), shows that it is over, or cannot tell."""
    unseen_s = t_s - episode.last_on_s
    running = episode.event_id is not None
    patience_s = max(options.bridge_s, options.release_s) if running else options.bridge_s
    if on and (running or episode.was_on):
        return unseen_s > max(patience_s, options.frame_gap_s)
    if not running:
        return unseen_s > patience_s
    if observed and episode.off_since_s is not None:
        return t_s - episode.off_since_s >= options.release_s
    return unseen_s >= patience_s
