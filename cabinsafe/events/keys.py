"""Which readings are about the same act: of the same occupants, tracks, or seats."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cabinsafe.errors import DataError
from cabinsafe.events.episode import Episode, Key, Seats, Sight
from cabinsafe.types import Reading


def keys_of(sight: Sight, readings: Sequence[Reading]) -> dict[Key, Reading]:
    """The readings of a scene by the act that each is about.

    Raises:
        DataError: two readings of one kind about the same people.
    """
    camera_id = sight.scene.camera_id
    occupant_of = {n: one.occupant_id for n, one in sight.tracks.items() if one.occupant_id is not None}
    keyed: dict[Key, Reading] = {}
    for reading in readings:
        key = Key(reading.kind, camera_id, reading.track_ids)
        if occupant_of and reading.track_ids and occupant_of.keys() >= set(reading.track_ids):
            key = Key(reading.kind, "", tuple(occupant_of[track_id] for track_id in reading.track_ids))
        keyed[key] = reading
    if len(keyed) < len(readings):
        raise DataError(f"two readings of one kind about the same people at {sight.scene.t_s:.3f} s")
    return keyed


def seat_of(sight: Sight, reading: Reading | None) -> str | None:
    """Seat of the acting person, if known."""
    actor = sight.tracks.get(reading.track_ids[0]) if reading is not None and reading.track_ids else None
    return actor.seat if actor is not None else None


def places(key: Key, episode: Episode) -> Iterator[Key | Seats]:
    """What a cooldown goes by: the people, and their seats where all are known."""
    yield key
    if episode.seats and None not in episode.seats:
        yield Seats(key.kind, key.camera_id, episode.seats)


def adopt(
    episodes: dict[Key, Episode], by_key: dict[Key, Reading], sight: Sight
) -> list[tuple[Key, Episode]]:
    """Let acts go on whose people have new ids: they were linked, or are tracked anew in the same seats.

    Args:
        episodes: all acts; those that go on under another key are moved there.
        by_key: the scene's readings.
        sight: the scene.

    Returns:
        Acts that turned out to be ones that another view shows already; they are no longer in ``episodes``.
    """
    camera_id = sight.scene.camera_id
    left = [
        key for key, one in episodes.items() if camera_id in one.shown_s and key not in by_key and key.people
    ]
    if not left:
        return []
    doubles = []
    for key, new in _successors(left, episodes, by_key, sight):
        episode, other = episodes.pop(key), episodes.get(new)
        if other is None or not other.running:
            episodes[new] = episode
        else:
            doubles.append((key, episode))
    return doubles


def _successors(
    left: Sequence[Key], episodes: dict[Key, Episode], by_key: dict[Key, Reading], sight: Sight
) -> Iterator[tuple[Key, Key]]:
    seat_by_id = {track_id: track.seat for track_id, track in sight.tracks.items()}
    for key in left:
        episode = episodes[key]
        for new, reading in by_key.items():
            if new.kind != key.kind:
                continue
            linked = key.camera_id == sight.scene.camera_id and reading.track_ids == episode.track_ids
            gone = seat_by_id.keys().isdisjoint(set(episode.track_ids) - set(reading.track_ids))
            seats = tuple(seat_by_id.get(track_id) for track_id in reading.track_ids)
            seated_anew = new not in episodes and gone and None not in seats and seats == episode.seats
            if linked or seated_anew:
                yield key, new
                break
