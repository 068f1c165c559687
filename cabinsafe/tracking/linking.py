"""One occupant, several cameras: tracks of several views in one seat at one time are one person."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from cabinsafe.errors import DataError
from cabinsafe.tracking.ids import TrackIds
from cabinsafe.types import Scene, Track

_Key = tuple[str, int]  # camera id and track id


@dataclass
class _Occupant:
    """One person: their seat, and when each of their tracks was last reported."""

    occupant_id: int
    seat: str | None = None
    tracks: dict[_Key, float] = field(default_factory=dict)

    def is_watched_by(self, camera_id: str, now: float, memory_s: float) -> bool:
        """Whether a camera has a track of them."""
        return any(camera == camera_id and now - t_s <= memory_s for (camera, _), t_s in self.tracks.items())


class OccupantLinker:
    """Gives tracks of several cameras their occupant ids.

    A track that sits in a seat for the first time becomes the occupant whom another camera sees in that seat,
    if this camera does not see that one already; otherwise it is somebody new. From then on it is them
    wherever it goes, unless the camera then sees it beside a track that was them before: it is somebody new.
    Tracks that never sat have no occupant id.

    Args:
        together_s: how far apart in time two cameras may see the same seat taken.
        memory_s: how long an occupant without tracks is remembered.
        ids: where occupant ids come from; by default 1, 2, 3, ...
    """

    def __init__(
        self, together_s: float = 1.0, memory_s: float = 10.0, ids: Iterator[int] | None = None
    ) -> None:
        self._together_s = together_s
        self._memory_s = memory_s
        self._ids: Iterator[int] = TrackIds() if ids is None else ids
        self._of: dict[_Key, _Occupant] = {}

    def reset(self) -> None:
        """Forget everybody; ids go on."""
        self._of = {}

    def snapshot(self) -> str:
        """All that is remembered, as JSON text for :meth:`restore`."""
        people = {occupant.occupant_id: occupant for occupant in self._of.values()}
        content = {
            "next_id": self._ids.next_id if isinstance(self._ids, TrackIds) else None,
            "people": [
                {
                    "id": person.occupant_id,
                    "seat": person.seat,
                    "tracks": [[*key, t_s] for key, t_s in person.tracks.items()],
                }
                for person in people.values()
            ],
        }
        return json.dumps(content, allow_nan=False)

    def restore(self, snapshot: str) -> None:
        """Go on from where another linker was; ids go on behind those of both, as :class:`Tracker`'s do.

        Raises:
            DataError: not what :meth:`snapshot` gave; nothing is changed.
        """
        try:
            content = json.loads(snapshot)
            next_id = content["next_id"]
            people = [
                _Occupant(int(p["id"]), p["seat"], {(str(c), int(i)): float(t) for c, i, t in p["tracks"]})
                for p in content["people"]
            ]
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"not a snapshot of occupants: {type(error).__name__}: {error}") from error
        self._of = {key: person for person in people for key in person.tracks}
        if next_id is not None and isinstance(self._ids, TrackIds):
            self._ids.next_id = max(self._ids.next_id, next_id)

    def link(self, scene: Scene) -> Scene:
        """The scene with its tracks' occupant ids."""
        now = scene.t_s
        for key, occupant in list(self._of.items()):
            if now - max(occupant.tracks.values()) > self._memory_s:
                del self._of[key]
        self._tell_apart([(scene.camera_id, track.track_id) for track in scene.tracks], now)
        tracks = tuple(self._linked(track, scene.camera_id, now) for track in scene.tracks)
        return Scene.of_checked({**scene.__dict__, "tracks": tracks})

    def _tell_apart(self, keys: Sequence[_Key], now: float) -> None:
        """Note whom a scene shows, before anybody is linked; of two tracks of one the first keeps them."""
        for key in keys:
            occupant = self._of.get(key)
            if occupant is None:
                continue
            if key != next(known for known in occupant.tracks if known in keys):
                del occupant.tracks[key]
                occupant = self._of[key] = _Occupant(next(self._ids))
            occupant.tracks[key] = now

    def _linked(self, track: Track, camera_id: str, now: float) -> Track:
        key = camera_id, track.track_id
        occupant = self._of.get(key)
        if occupant is None:
            if track.seat is None:
                return track
            occupant = self._of[key] = self._seen_elsewhere(track.seat, camera_id, now) or _Occupant(
                next(self._ids)
            )
        occupant.tracks[key] = now
        for old in [k for k, t_s in occupant.tracks.items() if now - t_s > self._memory_s]:
            del occupant.tracks[old]
            self._of.pop(old, None)
        if track.seat is not None and track.unseen_s == 0.0:
            occupant.seat = track.seat
        return Track.of_checked({**track.__dict__, "occupant_id": occupant.occupant_id})

    def _seen_elsewhere(self, seat: str, camera_id: str, now: float) -> _Occupant | None:
        """Who sits there in another camera's eyes, and is not known to this one."""
        near = [
            occupant
            for occupant in {id(occupant): occupant for occupant in self._of.values()}.values()
            if occupant.seat == seat
            and abs(now - max(occupant.tracks.values())) <= self._together_s
            and not occupant.is_watched_by(camera_id, now, self._together_s)
        ]
        return min(near, key=lambda occupant: occupant.occupant_id, default=None)
