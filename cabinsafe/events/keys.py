"""Which readings are about the same act: of the same occupants, tracks, or seats."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cabinsafe.errors import DataError
from cabinsafe.events.book import SettingsBook
from cabinsafe.events.episode import Episode, Key, Seats, Sight
from cabinsafe.events.memory import Memory
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


def places(key: Key, episode: Episode) -> Iterator[Key | Seats]:
    """What a cooldown goes by: the people, and their seats where all are known."""
    yield key
    if episode.seats and None not in episode.seats:
        yield Seats(key.kind, key.camera_id, episode.seats)


def adopt(
    memory: Memory, by_key: dict[Key, Reading], sight: Sight, book: SettingsBook
) -> list[tuple[Key, Episode]]:
    """Let acts go on whose people have new ids: they were linked, or are tracked anew in the same seats.

    Args:
        memory: of the gate; acts that go on under another key are moved there, with how long they were seen.
        by_key: the scene's readings.
        sight: the scene.
        book: how long a view's word on an act counts.

    Returns:
        Acts that turned out to be ones that another view shows already; they are no longer in the memory.
    """
    episodes, scene, doubles = memory.episodes, sight.scene, []
    left = [
        key
        for key, one in episodes.items()
        if scene.camera_id in one.shown_s
        and key not in by_key
        and key.people
        and not one.is_shown_by_another(
            scene.camera_id, scene.t_s, book.at(key.kind, scene.camera_id, one.seat).frame_gap_s
        )
    ]
    for key, new in _successors(left, episodes, by_key, sight) if left else ():
        episode, other = episodes.pop(key), episodes.get(new)
        if other is not None and other.running:
            doubles.append((key, episode))
            continue
        episodes[new] = episode
        if key in memory.seen:
            memory.seen[new] = memory.seen.pop(key)
    return doubles


def _successors(
    left: Sequence[Key], episodes: dict[Key, Episode], by_key: dict[Key, Reading], sight: Sight
) -> Iterator[tuple[Key, Key]]:
    tracks = sight.tracks
    here = {track.occupant_id for track in tracks.values()}
    for key in left:
        episode = episodes[key]
        for new, reading in by_key.items():
            if new.kind != key.kind:
                continue
            linked = key.camera_id == sight.scene.camera_id and reading.track_ids == episode.track_ids
            if key.camera_id:
                gone = tracks.keys().isdisjoint(set(key.people) - set(reading.track_ids))
            else:
                gone = here.isdisjoint(set(key.people) - set(new.people if not new.camera_id else ()))
            seats = tuple(tracks[n].seat if n in tracks else None for n in reading.track_ids)
            seated_anew = new not in episodes and gone and None not in seats and seats == episode.seats
            if linked or seated_anew:
                yield key, new
                break
