"""Simulated rides for the tracking benchmark: who sits where, what a failing detector and pose network see.

Two or three people sit side by side for 60 s at 30 fps. Detection boxes are lost 30 % of the time, in gaps of
0.2 to 3 s; keypoints are lost too in half of those gaps. The box around the keypoints differs from the
detector's by up to +-15 % a side, its own way for every person, and changes as arms move. People sway and
lean, and now and then two neighbours swap seats; the farther one is hidden while they pass. A ride
``with_traffic`` has people who come in and leave through the sides of the picture besides, and false boxes
and false skeletons for a frame or a few.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from cabinsafe.types import Skeleton

FPS, DURATION_S, SEAT_PITCH_PX, FIRST_SEAT_PX = 30.0, 60.0, 300.0, 340.0
SIZE_WH = (1280, 800)
FALSE_BOXES_PER_S, FALSE_SKELETONS_PER_S = 0.2, 0.1
LAYOUT = {  # widths and heights of the true box, from its centre
    "nose": (0.0, -0.42), "left_eye": (0.05, -0.45), "right_eye": (-0.05, -0.45),
    "left_ear": (0.1, -0.43), "right_ear": (-0.1, -0.43), "neck": (0.0, -0.27),
    "left_shoulder": (0.32, -0.25), "right_shoulder": (-0.32, -0.25),
    "left_elbow": (0.45, 0.0), "right_elbow": (-0.45, 0.0),
    "left_wrist": (0.3, 0.2), "right_wrist": (-0.3, 0.2),
    "left_hip": (0.2, 0.2), "right_hip": (-0.2, 0.2),
    "left_knee": (0.25, 0.35), "right_knee": (-0.25, 0.35),
    "left_ankle": (0.22, 0.48), "right_ankle": (-0.22, 0.48),
}  # fmt: skip


@dataclass(frozen=True)
class Moment:
    """One simulated frame.

    Attributes:
        t_s: time, seconds.
        people: (P,) numbers of those in view.
        truth: (P, 4) their true boxes.
        boxes: (N, 5) what the detector saw.
        skeletons: what the pose network saw.
        sources: whose each box is, and whose each skeleton; -1 for a false one.
        size_wh: of the picture, pixels.
    """

    t_s: float
    people: np.ndarray
    truth: np.ndarray
    boxes: np.ndarray
    skeletons: list[Skeleton]
    sources: tuple[np.ndarray, np.ndarray]
    size_wh: tuple[int, int] = SIZE_WH


def simulate(seed: int, with_traffic: bool = False) -> Iterator[Moment]:
    """The frames of one ride."""
    rng = np.random.default_rng(seed)
    count = int(rng.integers(2, 4))
    times = np.arange(int(DURATION_S * FPS)) / FPS
    centres, sizes = _motion(rng, count, times)
    if with_traffic:
        _come_and_go(rng, times, centres, sizes)
    truth = np.concatenate([centres - sizes / 2.0, centres + sizes / 2.0], axis=-1)
    in_view = (centres[..., 0] > 0.0) & (centres[..., 0] < SIZE_WH[0])
    gaps = [_gaps(rng, times) for _ in range(count)]
    _hide_behind(rng, truth, gaps)
    builds = rng.uniform(0.85, 1.15, (count, 2))
    hidden = rng.random((count, len(LAYOUT))) < 0.1
    places = [_places(rng, times) for _ in range(count)]
    false_boxes, false_poses = (
        _clutter(rng, times, rate if with_traffic else 0.0)
        for rate in (FALSE_BOXES_PER_S, FALSE_SKELETONS_PER_S)
    )
    for frame, t_s in enumerate(times.tolist()):
        boxes, skeletons, sources = [], [], ([], [])
        people = np.flatnonzero(in_view[frame])
        for person in people:
            true_box, (box_lost, pose_lost) = truth[frame, person], gaps[person]
            side = np.sqrt(np.prod(sizes[frame, person]))
            if not box_lost[frame]:
                boxes.append([*(true_box + rng.normal(0.0, 0.015 * side, 4)), rng.uniform(0.5, 0.95)])
                sources[0].append(person)
            if not pose_lost[frame]:
                flicker = hidden[person] | (rng.random(len(LAYOUT)) < 0.05)
                pose = places[person][frame] * builds[person]
                skeletons.append(_skeleton(rng, true_box, pose, flicker, 0.01 * side))
                sources[1].append(person)
        boxes += [[*box, rng.uniform(0.3, 0.8)] for box in false_boxes[frame]]
        for box in false_poses[frame]:
            few = rng.random(len(LAYOUT)) > rng.uniform(0.2, 0.5)
            skeletons.append(
                _skeleton(rng, box, np.array(list(LAYOUT.values())), few, 0.02 * (box[2] - box[0]))
            )
        order = rng.permutation(len(boxes))
        found = np.array(boxes).reshape(-1, 5)[order]
        whose = padded(sources[0], len(boxes))[order], padded(sources[1], len(skeletons))
        yield Moment(t_s, people, truth[frame, people], found, skeletons, whose)


def padded(people: list[int], count: int) -> np.ndarray:
    """Whose the real things are, followed by -1 for the false ones."""
    return np.array(people + [-1] * (count - len(people)), dtype=int)


def _motion(rng: np.random.Generator, count: int, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Centres and sizes (T, P, 2) of people who sit, sway, lean and swap seats."""
    seats = np.tile(np.arange(count, dtype=float), (len(times), 1))
    for earliest_s in (5.0, 30.0)[: int(rng.integers(0, 3))]:
        left = int(rng.integers(0, count - 1))
        step = _smooth((times - earliest_s - rng.uniform(0.0, 20.0)) / rng.uniform(1.5, 3.5))
        here, there = (int(np.argmin(np.abs(seats[-1] - seat))) for seat in (left, left + 1))
        seats[:, here] += step
        seats[:, there] -= step
    centre = np.stack([FIRST_SEAT_PX + SEAT_PITCH_PX * seats, np.full(seats.shape, 400.0)], axis=-1)
    size = np.tile(rng.uniform((260.0, 380.0), (340.0, 520.0), (count, 2)), (len(times), 1, 1))
    for person in range(count):
        phase, rate = rng.uniform(0.0, 6.3, 2), rng.uniform(0.5, 2.0, 2)
        centre[:, person] += 6.0 * np.sin(times[:, np.newaxis] * rate + phase)
        for start_s in rng.uniform(0.0, DURATION_S, 8):
            lean = _bump(times, start_s, rng.uniform(0.4, 1.0), rng.uniform(0.5, 4.0))
            side, down = rng.uniform(-0.35, 0.35), rng.uniform(0.0, 0.25)
            centre[:, person, 0] += lean * side * size[:, person, 0]
            centre[:, person, 1] += lean * down * size[:, person, 1] / 2.0
            size[:, person] *= 1.0 + lean[:, np.newaxis] * (abs(side), -down)
    return centre, size


def _come_and_go(rng: np.random.Generator, times: np.ndarray, centres: np.ndarray, sizes: np.ndarray) -> None:
    """Let people of the outer seats come in after the start, or leave before the end, by the nearer side."""
    for person in range(centres.shape[1]):
        for at_s, is_there_after in ((rng.uniform(3.0, 20.0), True), (rng.uniform(40.0, 57.0), False)):
            if rng.random() < 0.5:
                continue
            step = _smooth((times - at_s) / rng.uniform(1.5, 3.0))
            away = 1.0 - step if is_there_after else step
            to_left = centres[:, person, 0].mean() < centres[:, :, 0].mean() + rng.uniform(-1.0, 1.0)
            door_px = -200.0 if to_left else SIZE_WH[0] + 200.0
            centres[:, person, 0] += away * (door_px - centres[:, person, 0])
            sizes[:, person, 1] *= 1.0 + 0.15 * np.sin(np.pi * away)  # upright on the way


def _smooth(progress: np.ndarray) -> np.ndarray:
    step = np.clip(progress, 0.0, 1.0)
    return step**2 * (3.0 - 2.0 * step)


def _bump(times: np.ndarray, start_s: float, rise_s: float, hold_s: float) -> np.ndarray:
    """0, up to 1 within rise_s, for hold_s, and back."""
    rise = np.clip((times - start_s) / rise_s, 0.0, 1.0)
    return np.minimum(rise, np.clip((start_s + 2.0 * rise_s + hold_s - times) / rise_s, 0.0, 1.0))


def _gaps(rng: np.random.Generator, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """When a person's box is lost (30 % of the time), and when the keypoints are (in half of those gaps)."""
    boxes, poses = np.zeros((2, len(times)), dtype=bool)
    start_s = rng.uniform(1.0, 5.0)
    while start_s < times[-1]:
        length_s = rng.uniform(0.2, 3.0)
        gap = (times >= start_s) & (times < start_s + length_s)
        boxes |= gap
        if rng.random() < 0.5:
            poses |= gap
        start_s += length_s + rng.uniform(0.5, 1.5) * 1.6 * 0.7 / 0.3
    return boxes, poses


def _hide_behind(
    rng: np.random.Generator, truth: np.ndarray, gaps: list[tuple[np.ndarray, np.ndarray]]
) -> None:
    """While two overlap by half, one of them is seen by nobody."""
    for one in range(truth.shape[1]):
        for other in range(one):
            both = np.concatenate([truth[:, one, np.newaxis], truth[:, other, np.newaxis]], axis=1)
            overlap_wh = both[..., 2:].min(axis=1) - both[..., :2].max(axis=1)
            areas = np.prod(both[..., 2:] - both[..., :2], axis=-1)
            overlap = np.clip(overlap_wh, 0.0, None).prod(axis=-1)
            hidden = gaps[one if rng.random() < 0.5 else other]
            for lost in hidden:
                lost[overlap > 0.5 * areas.min(axis=1)] = True


def _places(rng: np.random.Generator, times: np.ndarray) -> np.ndarray:
    """Keypoints (T, K, 2) in the true box, as a person's arms and legs move."""
    places = np.tile(list(LAYOUT.values()), (len(times), 1, 1))
    for name, reach in (("elbow", 0.06), ("wrist", 0.15), ("knee", 0.04), ("ankle", 0.04)):
        for column in (i for i, keypoint in enumerate(LAYOUT) if keypoint.endswith(name)):
            for start_s in rng.uniform(0.0, DURATION_S, 12):
                moved = _bump(times, start_s, rng.uniform(0.3, 1.0), rng.uniform(0.5, 4.0))
                places[:, column] += moved[:, np.newaxis] * rng.normal(0.0, reach, 2)
    return places


def _clutter(rng: np.random.Generator, times: np.ndarray, per_s: float) -> list[list[np.ndarray]]:
    """False boxes of each frame: anywhere, for one to five frames."""
    found: list[list[np.ndarray]] = [[] for _ in times]
    for start in np.flatnonzero(rng.random(len(times)) < per_s / FPS).tolist():
        centre, size = rng.uniform((0.0, 200.0), SIZE_WH), rng.uniform(80.0, 400.0, 2)
        for frame in range(start, min(start + int(rng.integers(1, 6)), len(times))):
            jitter = rng.normal(0.0, 4.0, 2)
            found[frame].append(np.concatenate([centre - size / 2.0 + jitter, centre + size / 2.0 + jitter]))
    return found


def _skeleton(
    rng: np.random.Generator, box: np.ndarray, places: np.ndarray, hidden: np.ndarray, noise_px: float
) -> Skeleton:
    centre, size = (box[:2] + box[2:]) / 2.0, box[2:] - box[:2]
    xy = centre + places * size + rng.normal(0.0, noise_px, (len(LAYOUT), 2))
    xy[hidden] = np.nan
    score = np.where(hidden, 0.0, rng.uniform(0.3, 0.95, len(LAYOUT)))
    return Skeleton(
        topology="simulated", keypoints=tuple(LAYOUT), xy=xy, score=score, person_score=float(score.mean())
    )
