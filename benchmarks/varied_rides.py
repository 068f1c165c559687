"""A second simulator of rides: the same description as :mod:`benchmarks.simulated_rides`, told another way.

What holds for every ride is the description: boxes are lost 30 % of the time in gaps of 0.2 to 3 s, keypoints
too in half of those gaps, the box around the keypoints is of another shape by up to 15 % a side, people lean
and change seats. All else differs from ride to ride: 5 to 30 frames a second, unevenly; frames from 160x120
to 1920x1080; three seats in a row or two rows, seen from high up or from low down, where those in front hide
those behind; two to five people, who move at one speed or with least jerk, and never sit quite still; losses
that hit everybody at once; left and right mixed up; boxes cut by the frame and by whoever is in front. In a
ride ``with_traffic`` people come in and leave besides, and there are false boxes and false skeletons.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from benchmarks.simulated_rides import DURATION_S, Moment, padded
from cabinsafe.types import Skeleton

SIZES_WH = ((160, 120), (352, 352), (640, 480), (1280, 720), (1920, 1080))
RATES_FPS = (5.0, 8.0, 10.0, 15.0, 20.0, 25.0, 30.0)
BODY = {  # of a seated person, in widths and heights from the middle of the box
    "nose": (0.0, -0.40), "left_eye": (0.04, -0.43), "right_eye": (-0.04, -0.43),
    "left_ear": (0.09, -0.41), "right_ear": (-0.09, -0.41),
    "left_shoulder": (0.30, -0.22), "right_shoulder": (-0.30, -0.22),
    "left_elbow": (0.42, 0.04), "right_elbow": (-0.42, 0.04),
    "left_wrist": (0.22, 0.18), "right_wrist": (-0.22, 0.18),
    "left_hip": (0.19, 0.16), "right_hip": (-0.19, 0.16),
    "left_knee": (0.28, 0.30), "right_knee": (-0.28, 0.30),
    "left_ankle": (0.24, 0.47), "right_ankle": (-0.24, 0.47),
}  # fmt: skip
_NAMES, _PLACES = tuple(BODY), np.array(list(BODY.values()))
_MIRRORED = [_NAMES.index(name.replace("left", "?").replace("right", "left").replace("?", "right")) for name in _NAMES]  # fmt: skip  # noqa: E501
_FREE_END = np.array([0.15 if "wrist" in name else 0.06 if "elbow" in name else 0.02 for name in _NAMES])
_BURST_EVERY_S, _BURST_S = 20.0, (0.2, 1.5)
_GAP_S, _SEEN_S = (0.2, 3.0), 4.2  # with the bursts, boxes are lost 30 % of the time


@dataclass(frozen=True)
class _Seat:
    """A place in the cabin, in frame heights; the nearer hides the farther."""

    x: float
    y: float
    height: float
    nearness: float


@dataclass(frozen=True)
class _Look:
    """The frame in frame heights and in pixels, errors of boxes in sizes, the cover that hides somebody."""

    frame: np.ndarray
    size_wh: tuple[int, int]
    noise: float
    hides_from: float


@dataclass
class _Glide:
    """A way from one place to another, at one speed or with least jerk (Flash and Hogan 1985)."""

    start: np.ndarray
    end: np.ndarray
    t_s: float = -1e9
    lasts_s: float = 1.0
    with_least_jerk: bool = True

    def at(self, t_s: float) -> np.ndarray:
        done = min(max((t_s - self.t_s) / self.lasts_s, 0.0), 1.0)
        share = done**3 * (10.0 - 15.0 * done + 6.0 * done**2) if self.with_least_jerk else done
        place: np.ndarray = self.start + share * (self.end - self.start)
        return place

    def turn(
        self, rng: np.random.Generator, t_s: float, end: np.ndarray, lasts_s: tuple[float, float]
    ) -> None:
        self.start, self.end, self.t_s, self.lasts_s = self.at(t_s), end, t_s, rng.uniform(*lasts_s)


@dataclass
class _Loss:
    """When boxes are lost, and keypoints with them in half of the gaps."""

    rng: np.random.Generator
    seen_s: float
    gap_s: tuple[float, float]
    start_s: float = 0.0
    end_s: float = 0.0
    is_of_both: bool = False

    def at(self, t_s: float) -> tuple[bool, bool]:
        while t_s >= self.end_s:
            self.start_s = self.end_s + 0.3 + self.rng.exponential(self.seen_s - 0.3)
            self.end_s = self.start_s + self.rng.uniform(*self.gap_s)
            self.is_of_both = bool(self.rng.random() < 0.5)
        lost = t_s >= self.start_s
        return lost, lost and self.is_of_both


@dataclass
class _Person:
    """Where somebody is and what they look like; lengths in frame heights."""

    seat: int
    place: _Glide  # x, y, height
    nearness: float
    lean: _Glide  # sideways, down, wider, lower
    limbs: _Glide
    loss: _Loss
    aspect: float
    build: np.ndarray
    never: np.ndarray
    mixed_until_s: float = -1.0
    sway: np.ndarray = field(default_factory=lambda: np.zeros(2))

    def move_on(self, rng: np.random.Generator, t_s: float, dt_s: float) -> None:
        self.sway += -self.sway * min(dt_s / 1.5, 1.0) + rng.normal(0.0, 0.02 * np.sqrt(dt_s), 2)
        if rng.random() < dt_s / 6.0:
            rest = rng.random() < 0.5
            sideways, down = rng.uniform(-0.35, 0.35), rng.uniform(0.0, 0.2)
            goal = np.zeros(4) if rest else np.array([sideways, down, abs(sideways), down])
            self.lean.turn(rng, t_s, goal, (0.4, 1.2))
        if rng.random() < dt_s / 3.0:
            self.limbs.turn(rng, t_s, rng.normal(0.0, _FREE_END[:, np.newaxis], (len(_NAMES), 2)), (0.3, 1.0))
        if rng.random() < dt_s / 15.0:
            self.mixed_until_s = t_s + rng.uniform(0.05, 0.5)

    def box(self, t_s: float) -> np.ndarray:
        x, y, height = self.place.at(t_s)
        sideways, down, wider, lower = self.lean.at(t_s)
        width = self.aspect * height
        centre = np.array([x + sideways * width, y + down * height / 2.0]) + self.sway * height
        half = np.array([width * (1.0 + wider), height * (1.0 - lower)]) / 2.0
        return np.concatenate([centre - half, centre + half])


def simulate(seed: int, with_traffic: bool = False) -> Iterator[Moment]:
    """The frames of one ride."""
    rng = np.random.default_rng((7, seed))
    size_wh = SIZES_WH[rng.integers(len(SIZES_WH))]
    frame = np.array(size_wh * 2, dtype=float) / size_wh[1]
    dt_s, burst = 1.0 / RATES_FPS[rng.integers(len(RATES_FPS))], _Loss(rng, _BURST_EVERY_S, _BURST_S)
    seats = _seats(rng, frame[0])
    count = int(rng.integers(2, len(seats) + 1))
    people = [_person(rng, seats, int(seat)) for seat in rng.permutation(len(seats))[:count]]
    outside = {n: rng.uniform(3.0, 25.0) for n in range(count) if with_traffic and rng.random() < 0.4}
    for number in outside:
        people[number].place = _Glide(*[_door(people[number], frame[0])] * 2)
    look = _Look(frame, size_wh, rng.uniform(0.01, 0.025), rng.choice([0.6, 0.8, 1.1]))
    moves_at_s, leaves_at_s = rng.uniform(5.0, 15.0), rng.uniform(35.0, 55.0)
    false: list[tuple[float, np.ndarray, bool]] = []
    t_s = 0.0
    while t_s < DURATION_S:
        for number in [n for n, at_s in outside.items() if at_s <= t_s]:
            del outside[number]
            people[number].place.turn(rng, t_s, _of(seats[people[number].seat]), (1.2, 3.0))
        if t_s >= moves_at_s:
            _change_seats(rng, t_s, people, seats, outside)
            moves_at_s = t_s + rng.uniform(10.0, 40.0)
        if with_traffic and t_s >= leaves_at_s:
            leaver, leaves_at_s = people[rng.integers(count)], np.inf
            leaver.place.turn(rng, t_s, _door(leaver, frame[0]), (1.2, 3.0))
        for person in people:
            person.move_on(rng, t_s, dt_s)
        if with_traffic and rng.random() < 0.3 * dt_s:
            false.append((t_s + rng.uniform(0.03, 0.3), _somewhere(rng, frame), bool(rng.random() < 0.6)))
        false = [each for each in false if each[0] > t_s]
        yield _moment(rng, t_s, people, burst.at(t_s), look, false)
        t_s += dt_s * rng.uniform(0.8, 1.2) * (2.0 if rng.random() < 0.02 else 1.0)


def _moment(
    rng: np.random.Generator, t_s: float, people: list[_Person], burst: tuple[bool, bool], look: _Look,
    false: list[tuple[float, np.ndarray, bool]],
) -> Moment:  # fmt: skip
    """What detector and pose network see."""
    frame, size_wh, noise = look.frame, look.size_wh, look.noise
    whole = [person.box(t_s) for person in people]
    near = [person.nearness for person in people]
    seen, truth, boxes, skeletons, sources = [], [], [], [], ([], [])
    for number, person in enumerate(people):
        box_lost, pose_lost = np.logical_or(person.loss.at(t_s), burst)
        inside = _cut(whole[number], np.concatenate([np.zeros(2), frame[:2]]))
        if _area(inside) < 0.4 * _area(whole[number]):
            continue
        seen.append(number)
        truth.append(inside)
        covers = [_cut(whole[number], whole[i]) for i in range(len(people)) if near[i] > near[number]]
        hidden = max((_area(cover) / _area(inside) for cover in covers), default=0.0)
        side = np.sqrt(_area(inside))
        if not box_lost and hidden < look.hides_from:
            shown = inside + rng.normal(0.0, noise * side, 4)
            if hidden > 0.3:
                shown[3] -= 0.3 * (hidden - 0.3) * (inside[3] - inside[1])
            boxes.append([*shown, rng.uniform(0.4, 0.95)])
            sources[0].append(number)
        if not pose_lost and hidden < look.hides_from:
            xy = _keypoints(rng, person, t_s, whole[number], 0.6 * noise * side)
            out = person.never | (rng.random(len(xy)) < 0.05) | (xy < 0.0).any(1) | (xy > frame[:2]).any(1)
            for cover in covers:
                out |= (xy > cover[:2] + 0.1 * side).all(1) & (xy < cover[2:] - 0.1 * side).all(1)
            if not out.all():
                skeletons.append(_skeleton(rng, xy * size_wh[1], out))
                sources[1].append(number)
    for _, box, is_box in false:
        if is_box:
            boxes.append([*(box + rng.normal(0.0, 0.01, 4)), rng.uniform(0.3, 0.8)])
        else:
            xy = (box[:2] + box[2:]) / 2.0 + _PLACES * (box[2:] - box[:2])
            skeletons.append(_skeleton(rng, xy * size_wh[1], rng.random(len(xy)) < rng.uniform(0.4, 0.8)))
    scale = np.array([size_wh[1]] * 4 + [1.0])
    return Moment(
        t_s, np.array(seen, dtype=int), np.array(truth).reshape(-1, 4) * size_wh[1],
        np.array(boxes).reshape(-1, 5) * scale, skeletons,
        (padded(sources[0], len(boxes)), padded(sources[1], len(skeletons))), size_wh,
    )  # fmt: skip


def _seats(rng: np.random.Generator, width: float) -> list[_Seat]:
    """Three in a row, or two in front and three behind, seen from high up or low down."""
    middle, scale, view = width / 2.0, min(width / 1.3, 1.0), rng.integers(3)
    if view == 0:
        height, pitch, order = rng.uniform(0.5, 0.75) * scale, rng.uniform(0.24, 0.32), rng.permutation(3)
        return [_Seat(middle + (i - 1) * pitch * width, 0.55, height, float(order[i])) for i in range(3)]
    front, back, apart = (0.62, 0.4, 0.33) if view == 1 else (0.75, 0.5, 0.15)
    half, pitch = rng.uniform(0.22, 0.3) * width, rng.uniform(0.24, 0.3) * width
    seats = [_Seat(middle + side * half, 0.62, front * scale, 5.0 + side / 10.0) for side in (-1, 1)]
    for i in (0, -1, 1):
        seat = _Seat(middle + i * pitch, 0.62 - apart, back * scale, 1.0 + abs(i) / 10.0)
        place = _seat_box(seat)
        if max(_area(_cut(place, _seat_box(other))) for other in seats) < 0.5 * _area(place):
            seats.append(seat)
    return seats


def _seat_box(seat: _Seat) -> np.ndarray:
    half = np.array([0.75, 1.0]) * seat.height / 2.0
    centre = np.array([seat.x, seat.y])
    return np.concatenate([centre - half, centre + half])


def _person(rng: np.random.Generator, seats: list[_Seat], seat: int) -> _Person:
    jerk, place = bool(rng.random() < 0.5), _of(seats[seat]) * (1.0, 1.0, rng.uniform(0.85, 1.15))
    never = rng.random(len(_NAMES)) < 0.1
    if rng.random() < 0.5:  # legs behind a seat or below the frame
        never |= np.array(["knee" in name or "ankle" in name for name in _NAMES])
    return _Person(
        seat, _Glide(place, place, with_least_jerk=jerk), seats[seat].nearness,
        _Glide(np.zeros(4), np.zeros(4)),
        _Glide(np.zeros_like(_PLACES), np.zeros_like(_PLACES)), _Loss(rng, _SEEN_S, _GAP_S),
        rng.uniform(0.6, 0.85), rng.uniform(0.85, 1.15, 2), never,
    )  # fmt: skip


def _change_seats(
    rng: np.random.Generator, t_s: float, people: list[_Person], seats: list[_Seat], outside: dict[int, float]
) -> None:
    """Somebody goes to one of the nearest seats; whoever sits there comes the other way."""
    person = people[rng.choice([n for n in range(len(people)) if n not in outside] or [0])]
    far = [abs(seat.x - seats[person.seat].x) + abs(seat.y - seats[person.seat].y) for seat in seats]
    goal = int(np.argsort(far)[rng.integers(1, min(len(seats), 3))])
    others = [p for p in people if p.seat == goal]
    for mover, seat in [(person, goal), *((other, person.seat) for other in others)]:
        size = mover.place.end[2] / seats[mover.seat].height
        mover.seat = seat
        mover.place.turn(rng, t_s, _of(seats[seat]) * (1.0, 1.0, size), (1.2, 4.0))
        mover.nearness = seats[seat].nearness + 0.01 * rng.random()  # whoever will be in front goes in front


def _keypoints(
    rng: np.random.Generator, person: _Person, t_s: float, box: np.ndarray, noise: float
) -> np.ndarray:
    places = np.clip(_PLACES + person.limbs.at(t_s), -0.5, 0.5) * person.build
    xy: np.ndarray = (box[:2] + box[2:]) / 2.0 + places * (box[2:] - box[:2])
    xy += rng.normal(0.0, noise, xy.shape)
    return xy[_MIRRORED] if t_s < person.mixed_until_s else xy


def _skeleton(rng: np.random.Generator, xy: np.ndarray, out: np.ndarray) -> Skeleton:
    score = np.where(out, 0.0, rng.uniform(0.3, 0.95, len(xy)))
    return Skeleton(
        topology="varied", keypoints=_NAMES, xy=np.where(out[:, np.newaxis], np.nan, xy), score=score,
        person_score=float(score.mean()),
    )  # fmt: skip


def _of(seat: _Seat) -> np.ndarray:
    return np.array([seat.x, seat.y, seat.height])


def _door(person: _Person, width: float) -> np.ndarray:
    x, y, height = person.place.end
    return np.array([-height if x < width / 2.0 else width + height, y, height])


def _somewhere(rng: np.random.Generator, frame: np.ndarray) -> np.ndarray:
    centre, half = rng.uniform((0.0, 0.0), frame[:2]), rng.uniform(0.05, 0.25, 2)
    return np.concatenate([centre - half, centre + half])


def _cut(box: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.concatenate([np.maximum(box[:2], other[:2]), np.minimum(box[2:], other[2:])])


def _area(box: np.ndarray) -> float:
    return float(max(box[2] - box[0], 0.0) * max(box[3] - box[1], 0.0))
