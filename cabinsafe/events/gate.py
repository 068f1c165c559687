"""EventGate: readings and time in, events out. The only place that counts time."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import isfinite
from typing import Final

from cabinsafe.errors import DataError, FrameOrderError
from cabinsafe.events.book import SettingsBook
from cabinsafe.events.episode import Episode, Key, Provenance, Seats, Sight, shown_by
from cabinsafe.events.keys import adopt, keys_of, places
from cabinsafe.events.memory import Memory, SeenTime, dump_memory, read_memory
from cabinsafe.events.options import CAMERA_SILENT, GateOptions, GateSettings
from cabinsafe.events.words import is_denied, with_unobserved, word_of
from cabinsafe.types import NOT_OBSERVABLE, TRUE, EndReason, Event, Phase, Reading, Scene, State

_ROUNDING_S: Final = 1e-9  # sums of frame intervals fall short of the hold time by rounding


class EventGate:
    """Turns readings into events: one event per episode, however often its readings flicker.

    An act begins at ``enter_score``, and its event starts once the act was seen for ``hold_s``: each frame
    that shows it counts for the time since the frame before. Until then, an interruption (unseen, or below
    the level) longer than ``bridge_s`` discards it. A running event goes on while its score is at least
    ``exit_score``. It ends when the act was seen to be over for ``release_s`` (reason "released"), or could
    not be seen for the longer of ``bridge_s`` and ``release_s`` (reason "lost"). The next event of the same
    kind and people, or seats, starts no sooner than ``cooldown_s`` after that end. The other options start
    events sooner, repeat and escalate them, or forbid a kind; see
    :class:`~cabinsafe.events.options.GateSettings`.

    People with an occupant id are the same in all views and under all track ids: what one view shows, another
    does not end. Others are judged in each view by itself; an act goes on when somebody under a new track id
    shows it in the seats of people who are gone.

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
        self._book = SettingsBook(options or {}, default or GateOptions())
        self._provenance = Provenance(config_digest, dict(model_digests or {}))
        self._memory = Memory()

    def reset(self) -> None:
        """Forget all episodes and clocks; event ids go on, so that none comes twice."""
        self._memory = Memory(self._memory.count)

    def snapshot(self) -> str:
        """All that the gate remembers, as JSON text."""
        return dump_memory(self._memory)

    def restore(self, snapshot: str) -> None:
        """Go on where a gate of the same options was when :meth:`snapshot` was taken; no id comes twice.

        Raises:
            DataError: not what :meth:`snapshot` gave; nothing is changed.
        """
        count = self._memory.count
        self._memory = read_memory(snapshot)
        self._memory.count = max(self._memory.count, count)

    def update(self, scene: Scene, readings: Sequence[Reading]) -> list[Event]:
        """Take the readings of one scene; those about its camera, which the scene holds, are added.

        Raises:
            FrameOrderError: the scene is not later than the last one of its camera; nothing is changed.
            DataError: two readings of one kind about the same people; nothing is changed.
        """
        memory, camera_id = self._memory, scene.camera_id
        last = memory.clock_s.get(camera_id)
        if last is not None and scene.t_s <= last:
            raise FrameOrderError(
                f"camera '{camera_id}': a scene at {scene.t_s:.3f} s cannot follow one at {last:.3f} s"
            )
        sight = Sight(scene, {track.track_id: track for track in scene.tracks})
        by_key = keys_of(sight, [*readings, *scene.camera_readings])
        memory.words[camera_id] = word_of(scene, by_key)
        if self._book.reports_unobserved:
            by_key = with_unobserved(by_key, sight, memory.words, self._book)
        events: list[Event] = list(self._heard(scene))
        memory.clock_s[camera_id], memory.vehicle = scene.t_s, scene.vehicle
        if memory.episodes:
            for key, double in adopt(memory, by_key, sight, self._book):
                if double.running:
                    events.append(self._event(key, double, "ended", double.last_step_s, "merged"))
        open_here = [key for key, episode in memory.episodes.items() if camera_id in episode.shown_s]
        for key in dict.fromkeys([*open_here, *by_key]):
            reading = by_key.get(key)
            if (reading and reading.state is TRUE) or key in memory.episodes or key in memory.seen:
                events += self._step(key, reading, sight)
        self._forget(scene)
        return events

    def tick(self, camera_id: str, t_s: float) -> list[Event]:
        """Say that it is ``t_s`` and a camera gave no frame since its last: after a while that is an event.

        What silent cameras alone saw is then lost. A frame that comes late is still taken.

        Raises:
            DataError: the time is not finite; nothing is changed.
        """
        if not isfinite(t_s):
            raise DataError(f"camera '{camera_id}': a time must be finite, got {t_s}")
        memory, key = self._memory, Key(CAMERA_SILENT, camera_id, ())
        since = memory.clock_s.get(camera_id, memory.awaited_s.setdefault(camera_id, t_s))
        settings = self._book.at(CAMERA_SILENT, camera_id, None)
        if t_s - since < settings.hold_s:
            return []
        events, silence = list(self._lost_with(camera_id, t_s)), memory.episodes.get(key)
        if silence is None:
            return [*events, *self._start_silence(camera_id, since, t_s)]
        silence.last_step_s = silence.last_on_s = t_s
        if not settings.when.holds(memory.vehicle):
            return [*events, *self._end(key, silence, t_s, "suspended")]
        return [*events, *filter(None, [self._go_on(key, silence, t_s, settings)])]

    def close(self, reason: EndReason = "end_of_input") -> list[Event]:
        """End every running event, at the end of the input or when interrupted, and forget all."""
        events, clock_s = [], self._memory.clock_s
        for key, episode in self._memory.episodes.items():
            if episode.running:
                t_s = max(clock_s.get(episode.camera_id, episode.last_step_s), episode.last_step_s)
                events.append(self._event(key, episode, "ended", t_s, reason))
        self.reset()
        return events

    def options_of(self, kind: str) -> GateOptions:
        """Options that apply to a kind."""
        return self._book.options_of(kind)

    def _step(self, key: Key, reading: Reading | None, sight: Sight) -> Iterator[Event]:
        """Take what a view says of an act; None if it has no reading of it."""
        memory, scene, camera_id = self._memory, sight.scene, sight.scene.camera_id
        episode = memory.episodes.get(key)
        seat = sight.seat_of(reading) or (episode.seat if episode else None)
        settings = self._book.at(key.kind, camera_id, seat)
        t_s = scene.t_s if episode is None else max(scene.t_s, episode.last_step_s)
        if not settings.when.holds(scene.vehicle):
            memory.seen.pop(key, None)
            if episode is not None:
                yield from self._end(key, episode, t_s, "suspended")
            return
        shown = shown_by(reading, episode, settings)
        observed = reading is not None and reading.state is not NOT_OBSERVABLE
        is_new = episode is None or not episode.running
        if shown is not None and is_new and is_denied(key, seat, sight, memory.words, self._book):
            self._begin(key, shown, scene, t_s)
            return
        if episode is not None:
            episode.note_view(camera_id, shown is not None, t_s)
            if shown is None and episode.is_shown_by_another(camera_id, t_s, settings.frame_gap_s):
                return
            episode.note(shown is not None, observed, t_s)
            if episode.is_over(shown is not None, observed, t_s, settings):
                yield from self._end(key, episode, t_s, "released" if observed and not shown else "lost")
                episode = None
                shown = shown_by(reading, None, settings)  # as the start of another
        if shown is not None:
            episode = episode or self._begin(key, shown, scene, t_s)
            yield from self._continue(key, episode, shown, sight, settings)
        elif key in memory.seen and memory.seen[key].is_reset(observed, t_s, settings):
            del memory.seen[key]
        if episode is not None:
            episode.last_step_s = t_s

    def _begin(self, key: Key, reading: Reading, scene: Scene, t_s: float) -> Episode:
        begun = Episode(scene.camera_id, t_s, t_s, t_s, reading, t_s, scene.frame_index, scene.frame_index)
        begun.note_view(scene.camera_id, True, t_s)
        self._memory.episodes[key] = begun
        return begun

    def _continue(
        self, key: Key, episode: Episode, reading: Reading, sight: Sight, settings: GateSettings
    ) -> Iterator[Event]:
        """Take a reading that shows the act; what there is to say of it now, if anything."""
        t_s = max(sight.scene.t_s, episode.last_step_s)
        before_s = episode.last_step_s
        episode.take(reading, sight, t_s)
        if episode.running:
            event = self._go_on(key, episode, t_s, settings)
            if event is not None:
                yield event
        elif self._is_due(key, episode, before_s, t_s, settings) and not self._is_cooling(
            [*places(key, episode), key._replace(camera_id=episode.shown_in, people=episode.track_ids)], t_s
        ):
            self._memory.seen.pop(key, None)
            yield self._start(key, episode, t_s)

    def _is_due(
        self, key: Key, episode: Episode, before_s: float, t_s: float, settings: GateSettings
    ) -> bool:
        """Whether the act was seen for long enough, in one go or in all."""
        if settings.cumulative_s is not None:
            seen = self._memory.seen.setdefault(key, SeenTime(settings.window_s))
            frame = episode.start_frame if before_s == episode.first_on_s else None
            if seen.add(before_s, t_s, frame) >= settings.cumulative_s - _ROUNDING_S:
                if seen.spans[0][0] < episode.first_on_s:
                    episode.first_on_s, _, episode.start_frame = seen.spans[0]
                return True
        held = episode.on_time_s >= settings.hold_s - _ROUNDING_S
        deadline_s = settings.deadline_s
        return held or (deadline_s is not None and t_s - episode.first_on_s >= deadline_s - _ROUNDING_S)

    def _start(self, key: Key, episode: Episode, t_s: float) -> Event:
        self._memory.count += 1
        episode.event_id = f"{key.kind}-{self._memory.count:04d}"
        episode.started_s = episode.alarmed_s = t_s
        return self._event(key, episode, "started", t_s)

    def _go_on(self, key: Key, episode: Episode, t_s: float, settings: GateSettings) -> Event | None:
        """What an event that lasts has to say now, if anything."""
        running_s = t_s - episode.started_s
        level = 1 + bisect_right(settings.escalate_after_s, running_s + _ROUNDING_S)
        repeat = settings.repeat_every_s
        if level > episode.level:
            episode.level, episode.alarmed_s = level, t_s
            return self._event(key, episode, "escalated", t_s)
        if repeat is not None and t_s - episode.alarmed_s >= repeat - _ROUNDING_S:
            episode.alarmed_s = t_s
            return self._event(key, episode, "repeated", t_s)
        if t_s - episode.emitted_s >= settings.update_every_s:
            return self._event(key, episode, "updated", t_s)
        return None

    def _is_cooling(self, of: Iterable[Key | Seats], t_s: float) -> bool:
        cooling = self._memory.cooling
        return any(place in cooling and t_s < cooling[place][1] for place in of)

    def _end(self, key: Key, episode: Episode, t_s: float, reason: EndReason) -> Iterator[Event]:
        del self._memory.episodes[key]
        if episode.running:
            cooled_s = episode.last_on_s + self._book.at(key.kind, episode.camera_id, episode.seat).cooldown_s
            cooling = self._memory.cooling
            for place in places(key, episode):
                if place not in cooling or cooled_s > cooling[place][1]:
                    cooling[place] = (episode.camera_id, cooled_s)
            yield self._event(key, episode, "ended", t_s, reason)

    def _start_silence(self, camera_id: str, since_s: float, t_s: float) -> Iterator[Event]:
        key, memory = Key(CAMERA_SILENT, camera_id, ()), self._memory
        settings = self._book.at(CAMERA_SILENT, camera_id, None)
        if settings.when.holds(memory.vehicle) and not self._is_cooling([key], t_s):
            said = Reading(kind=CAMERA_SILENT, track_ids=(), state=State.TRUE, score=1.0)
            silence = memory.episodes[key] = Episode(camera_id, since_s, t_s, t_s, said, t_s)
            yield self._start(key, silence, t_s)

    def _lost_with(self, camera_id: str, t_s: float) -> Iterator[Event]:
        """End what was seen by a camera that is silent, and by no other that is not."""
        memory = self._memory
        silent = {
            other
            for other, last_s in memory.clock_s.items()
            if t_s - last_s >= self._book.at(CAMERA_SILENT, other, None).hold_s
        }
        for key, episode in list(memory.episodes.items()):
            if camera_id in episode.shown_s and silent.issuperset(episode.shown_s):
                yield from self._end(key, episode, t_s, "lost")

    def _heard(self, scene: Scene) -> Iterator[Event]:
        """A frame came: report a silence that nobody noticed meanwhile, and end it."""
        memory, key = self._memory, Key(CAMERA_SILENT, scene.camera_id, ())
        since = memory.clock_s.get(scene.camera_id)
        memory.awaited_s.pop(scene.camera_id, None)
        if key not in memory.episodes and since is not None:
            if scene.t_s - since < self._book.at(CAMERA_SILENT, scene.camera_id, None).hold_s:
                return
            yield from self._start_silence(scene.camera_id, since, scene.t_s)
        if key in memory.episodes:
            silence = memory.episodes[key]
            silence.last_on_s = max(scene.t_s, silence.started_s)
            yield from self._end(key, silence, silence.last_on_s, "released")

    def _event(
        self, key: Key, episode: Episode, phase: Phase, t_s: float, reason: EndReason | None = None
    ) -> Event:
        settings = self._book.at(key.kind, episode.shown_in or episode.camera_id, episode.seat)
        return episode.event(phase, t_s, settings, self._provenance, reason)

    def _forget(self, scene: Scene) -> None:
        """Drop cooldowns, begun in this scene's view, that are over, and times that no window holds."""
        cooling, seen = self._memory.cooling, self._memory.seen
        if cooling:
            for place, (camera_id, end_s) in list(cooling.items()):
                if camera_id == scene.camera_id and scene.t_s >= end_s:
                    del cooling[place]
        for key in [k for k, time in seen.items() if k.camera_id in ("", scene.camera_id)]:
            if seen[key].is_past(scene.t_s):
                del seen[key]
