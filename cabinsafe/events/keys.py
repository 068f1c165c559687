"""Which readings are about the same act: of the same occupants, tracks, or seats."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cabinsafe.errors import DataError
from cabinsafe.events.episode import Episode, Key, Seats
from cabinsafe.types import Reading, Scene


def keys_of(scene: Scene, readings: Sequence[Reading]) -> dict[Key, Reading]:
    """The readings of a scene by the act that each is about.

    Raises:
        DataError: two readings of one kind about the same people.
    """
    occupant_of = {track.track_id: track.occupant_id for track in scene.tracks}
    linked = any(occupant is not None for occupant in occupant_of.values())
    keyed: dict[Key, Reading] = {}
    for reading in readings:
        key = Key(reading.kind, scene.camera_id, reading.track_ids)
        if linked and reading.track_ids:
            occupants = tuple(occupant_of.get(track_id) for track_id in reading.track_ids)
            known = tuple(occupant for occupant in occupants if occupant is not None)
            if len(known) == len(occupants):
                key = Key(reading.kind, "", known)
        if key in keyed:
            raise DataError(f"two readings of one kind about the same people at {scene.t_s:.3f} s")
        keyed[key] = reading
    return keyed


def seat_of(scene: Scene, reading: Reading | None) -> str | None:
    """Seat of the acting person, if known."""
    if reading is None or not reading.track_ids:
        return None
    actor = reading.track_ids[0]
    return next((track.seat for track in scene.tracks if track.track_id == actor), None)


def places(key: Key, episode: Episode) -> Iterator[Key | Seats]:
    """What a cooldown goes by: the people, and their seats where all are known."""
    yield key
    if episode.seats and None not in episode.seats:
        yield Seats(key.kind, key.camera_id, episode.seats)


def adopt(
    episodes: dict[Key, Episode], by_key: dict[Key, Reading], scene: Scene
) -> list[tuple[Key, Episode]]:
    """Let acts go on whose people have new ids: they were linked, or are tracked anew in the same seats.

    Args:
        episodes: all acts; those that go on under another key are moved there.
        by_key: the scene's readings.
        scene: the scene.

    Returns:
        Acts that turned out to be ones that another view shows already; they are no longer in ``episodes``.
    """
    left = [
        key
        for key, one in episodes.items()
        if scene.camera_id in one.shown_s and key not in by_key and key.people
    ]
    if not left:
        return []
    doubles = []
    for key, new in _successors(left, episodes, by_key, scene):
        episode, other = episodes.pop(key), episodes.get(new)
        if other is None or not other.running:
            episodes[new] = episode
        else:
            doubles.append((key, episode))
    return doubles


def _successors(
    left: Sequence[Key], episodes: dict[Key, Episode], by_key: dict[Key, Reading], scene: Scene
) -> Iterator[tuple[Key, Key]]:
    seat_by_id = {track.track_id: track.seat for track in scene.tracks}
    for key in left:
        episode = episodes[key]
        for new, reading in by_key.items():
            if new.kind != key.kind:
                continue
            linked = key.camera_id == scene.camera_id and reading.track_ids == episode.track_ids
            gone = seat_by_id.keys().isdisjoint(set(episode.track_ids) - set(reading.track_ids))
            seats = tuple(seat_by_id.get(track_id) for track_id in reading.track_ids)
            seated_anew = new not in episodes and gone and None not in seats and seats == episode.seats
            if linked or seated_anew:
                yield key, new
                break
