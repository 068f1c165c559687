"""What each view said last of people whom others may see: what one denies, or can judge, counts for all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cabinsafe.events.book import SettingsBook
from cabinsafe.events.episode import Key, Sight
from cabinsafe.events.options import unobserved_kind
from cabinsafe.types import FALSE, NOT_OBSERVABLE, TRUE, Reading, Scene


@dataclass
class Word:
    """Scores of the acts of linked people that a view's latest frame could judge."""

    t_s: float
    scores: list[tuple[Key, float]]


def word_of(scene: Scene, by_key: Mapping[Key, Reading]) -> Word:
    """What a scene says: nothing if something is wrong with its camera, which then denies nothing."""
    if any(reading.state is TRUE for reading in scene.camera_readings):
        return Word(scene.t_s, [])
    scores = [
        (key, reading.score)
        for key, reading in by_key.items()
        if not key.camera_id and reading.state is not NOT_OBSERVABLE
    ]
    return Word(scene.t_s, scores)


def is_denied(
    key: Key, seat: str | None, sight: Sight, words: Mapping[str, Word], book: SettingsBook
) -> bool:
    """Whether an act that a view shows must not begin yet, since another shows that there is none."""
    if key.camera_id or not book.at(key.kind, sight.scene.camera_id, seat).views_agree:
        return False
    return any(
        score < book.at(key.kind, camera_id, seat).exit_score
        for camera_id, score in _said_elsewhere(key, seat, sight, words, book)
    )


def with_unobserved(
    by_key: dict[Key, Reading], sight: Sight, words: Mapping[str, Word], book: SettingsBook
) -> dict[Key, Reading]:
    """Beside the readings, those that say whether their kinds can be judged, where that is asked for."""
    derived = {}
    for key, reading in by_key.items():
        seat = sight.seat_of(reading)
        if book.at(key.kind, sight.scene.camera_id, seat).degraded_after_s is None:
            continue
        kind, hidden = unobserved_kind(key.kind), reading.state is NOT_OBSERVABLE
        hidden = hidden and not any(_said_elsewhere(key, seat, sight, words, book))
        derived[key._replace(kind=kind)] = Reading(
            kind=kind,
            track_ids=reading.track_ids,
            state=TRUE if hidden else FALSE,
            score=float(hidden),
            evidence=reading.evidence,
        )
    return by_key | derived if derived else by_key


def _said_elsewhere(
    key: Key, seat: str | None, sight: Sight, words: Mapping[str, Word], book: SettingsBook
) -> Iterator[tuple[str, float]]:
    """The other views that could judge an act of linked people a moment ago, and their scores."""
    here, t_s = sight.scene.camera_id, sight.scene.t_s
    if key.camera_id:
        return
    within_s = book.at(key.kind, here, seat).frame_gap_s
    for camera_id, word in words.items():
        if camera_id != here and t_s - word.t_s <= within_s:
            yield from ((camera_id, score) for said_of, score in word.scores if said_of == key)
