"""Second part of the oracle: from peaks and candidate limbs to people, in plain Python."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from cabinsafe.pose.body import BodyPoint, body_of, mirrored_limbs
from cabinsafe.pose.decoder import DecoderOptions, capacity_error
from cabinsafe.pose.poses import DecodedPoses, FloatArray, PosePrior
from cabinsafe.pose.topology import Topology

MIN_PIECE = 2
MAX_PIECES = 128
MIN_ANCHOR = 3
RIVAL_TIMES, RIVAL_MORE = 1.25, 0.25
MAX_LEAN = 1.0


@dataclass(frozen=True)
class Peak:
    """A local maximum of one keypoint's heatmap; place in map cells."""

    keypoint: int
    x: np.float32
    y: np.float32
    score: np.float32


@dataclass(frozen=True)
class Candidate:
    """A possible limb between two peaks, given by their ids."""

    score: np.float32
    limb: int
    start: int
    end: int


@dataclass(eq=False)
class Group:
    """Peaks, given by their ids, that belong together, and their limbs with the ambiguity of each."""

    peaks: list[int]
    limbs: dict[Candidate, float] = field(default_factory=dict)

    @property
    def root(self) -> int:
        """The lowest peak."""
        return min(self.peaks)

    def take_in(self, other: Group) -> None:
        """Add the other group's peaks and limbs."""
        self.peaks += other.peaks
        self.limbs |= other.limbs


Nearness = NDArray[np.float32]
"""(peaks, P) how near each peak is to each expected person's keypoint, 0 to 1."""


def group_people(
    topology: Topology,
    options: DecoderOptions,
    peaks: list[Peak],
    candidates: list[Candidate],
    prior: PosePrior | None,
    map_side: int,
) -> DecodedPoses:
    """People that peaks and candidate limbs make up; ``map_side`` is the longer one, in cells."""
    half_size = float(np.float32(options.half_score_size_map_sides)) * map_side
    nearness = _nearness(options, peaks, prior)
    groups = _join(options, peaks, candidates, nearness)
    if options.max_merge_misfit > 0:
        groups = _merge(topology, options, peaks, groups)
    _mark_crossings(topology, peaks, groups)
    ranking = []
    for group in groups:
        score = _person_score(topology, peaks, group, half_size)
        if len(group.peaks) >= options.min_keypoints and score >= np.float32(options.min_person_score):
            ranking.append((-score, group.root, group))
    if len(ranking) > options.max_people:
        raise capacity_error(topology, options, "max_people")
    ranking.sort(key=lambda entry: entry[:2])
    people = [group for _, _, group in ranking]
    poses = _empty_poses(len(people), topology)
    for row, group in enumerate(people):
        for i in group.peaks:
            poses["xy"][row, peaks[i].keypoint] = peaks[i].x, peaks[i].y
            poses["score"][row, peaks[i].keypoint] = peaks[i].score
        for limb, ambiguity in group.limbs.items():
            poses["limb_score"][row, limb.limb] = limb.score
            poses["limb_ambiguity"][row, limb.limb] = ambiguity
        poses["person_score"][row] = -ranking[row][0]
        poses["ambiguity"][row] = max(group.limbs.values(), default=0.0)
    return DecodedPoses(**poses, prior_id=_identify(people, nearness, prior))


def _join(
    options: DecoderOptions, peaks: list[Peak], candidates: list[Candidate], nearness: Nearness
) -> list[Group]:
    """Groups of peaks and their limbs."""
    group_of = [Group([i]) for i in range(len(peaks))]
    taken: set[tuple[int, int]] = set()
    rivals: dict[tuple[int, int], np.float32] = {}

    def rank(candidate: Candidate) -> tuple[np.float32, int, int, int]:
        both = nearness[candidate.start] * nearness[candidate.end]
        bias = np.float32(options.prior_weight) * both.max(initial=np.float32(0))
        return -(candidate.score + bias), candidate.limb, candidate.start, candidate.end

    for candidate in sorted(candidates, key=rank):
        ends = {(candidate.limb, candidate.start), (candidate.limb, candidate.end)}
        low, high = sorted((group_of[candidate.start], group_of[candidate.end]), key=lambda g: g.root)
        if ends & taken or (low is not high and not _disjoint(peaks, low, high)):
            for end in ends:
                rivals[end] = max(rivals.get(end, np.float32(0)), candidate.score)
            continue
        taken |= ends
        if low is not high:
            low.take_in(high)
            for i in high.peaks:
                group_of[i] = low
        low.limbs[candidate] = 0.0
    groups = list({id(group): group for group in group_of}.values())
    for group in groups:
        for limb in group.limbs:
            best = max(rivals.get((limb.limb, end), np.float32(0)) for end in (limb.start, limb.end))
            group.limbs[limb] = min(float(best / limb.score), 1.0)
    return groups


def _disjoint(peaks: list[Peak], a: Group, b: Group) -> bool:
    return not {peaks[i].keypoint for i in a.peaks} & {peaks[i].keypoint for i in b.peaks}


def _merge(
    topology: Topology, options: DecoderOptions, peaks: list[Peak], groups: list[Group]
) -> list[Group]:
    """Join pieces of one body, in rounds."""
    body = body_of(topology)
    pieces = [group for group in groups if len(group.peaks) >= MIN_PIECE]
    pieces = sorted(pieces, key=lambda group: (-len(group.peaks), group.root))[:MAX_PIECES]
    pieces = [a for a in pieces if any(_disjoint(peaks, a, b) for b in pieces)]
    gone: set[int] = set()
    while True:
        lost = _merge_round(options, peaks, body, pieces)
        gone |= lost
        pieces = [piece for piece in pieces if id(piece) not in lost]
        if not lost:
            return [group for group in groups if id(group) not in gone]


def _merge_round(
    options: DecoderOptions, peaks: list[Peak], body: Iterable[BodyPoint], pieces: list[Group]
) -> set[int]:
    """Join pairs of pieces; returns the ids of the groups that went into others."""
    points = tuple(body)
    count = len(pieces)
    misfit: dict[tuple[int, int], float] = {}
    for a, b in combinations(range(count), 2):
        anchored = max(len(pieces[a].peaks), len(pieces[b].peaks)) >= MIN_ANCHOR
        if anchored and _disjoint(peaks, pieces[a], pieces[b]):
            misfit[a, b] = misfit[b, a] = _misfit(peaks, points, pieces[a], pieces[b])
    fitting = [(m, a, b) for (a, b), m in misfit.items() if a < b and m <= options.max_merge_misfit]
    used: set[int] = set()
    lost: dict[int, Group] = {}

    def now(piece: int) -> Group:
        return lost.get(piece, pieces[piece])

    def has_rival(a: int, b: int) -> bool:
        limit = RIVAL_TIMES * misfit[a, b] + RIVAL_MORE
        rivals = (c for c in range(count) if c != b and misfit.get((a, c), np.inf) < limit)
        return any(len(now(c).peaks) >= MIN_ANCHOR and not _disjoint(peaks, now(b), now(c)) for c in rivals)

    for _, a, b in sorted(fitting):
        if used & {a, b} or has_rival(a, b) or has_rival(b, a):
            continue
        low, high = sorted((pieces[a], pieces[b]), key=lambda g: g.root)
        low.take_in(high)
        used |= {a, b}
        lost[a if high is pieces[a] else b] = low
    gone = {id(pieces[i]) for i in lost}
    # The first of a pair keeps its place in the list.
    for i, low in lost.items():
        if low in pieces[i + 1 :]:
            place = pieces.index(low)
            pieces[i], pieces[place] = pieces[place], pieces[i]
    return gone


def _misfit(peaks: list[Peak], body: tuple[BodyPoint, ...], a: Group, b: Group) -> float:
    """How badly a body fits two groups, in spreads; infinite where it does not."""
    points = [(body[peaks[i].keypoint], peaks[i]) for i in (*a.peaks, *b.peaks)]
    known = [
        (u, v, float(p.x), float(p.y), 1 / np.float32(s).item() ** 2) for (u, v, s), p in points if s > 0
    ]
    if any(all(body[peaks[i].keypoint][2] == 0 for i in group.peaks) for group in (a, b)):
        return np.inf
    u, v, x, y, w = np.array(known, float).T
    u, v = u.astype(np.float32).astype(float), v.astype(np.float32).astype(float)
    best = np.inf
    for mirror in (1.0, -1.0):
        place = (x - np.average(x, weights=w)) + 1j * (y - np.average(y, weights=w))
        model = mirror * (u - np.average(u, weights=w)) + 1j * (v - np.average(v, weights=w))
        turn = (w * place * model.conj()).sum()
        if not turn.real > 0 or abs(turn.imag) > MAX_LEAN * turn.real:
            continue
        model_sq, place_sq = (w * abs(model) ** 2).sum(), (w * abs(place) ** 2).sum()
        residual = model_sq * (place_sq * model_sq / abs(turn) ** 2 - 1)
        best = min(best, math.sqrt(max(residual, 0.0) / len(w)))
    return float(np.float32(best))


def _mark_crossings(topology: Topology, peaks: list[Peak], groups: list[Group]) -> None:
    """Raise the ambiguity of limbs of different groups that cross, if of the same kind or mirrored."""
    mirror = mirrored_limbs(topology)
    limbs = [(limb, group) for group in groups for limb in group.limbs]
    for (a, group_a), (b, group_b) in combinations(limbs, 2):
        if group_a is group_b or b.limb not in (a.limb, mirror[a.limb]):
            continue
        ambiguity = crossing(*(peaks[i] for i in (a.start, a.end, b.start, b.end)))
        group_a.limbs[a] = max(group_a.limbs[a], ambiguity)
        group_b.limbs[b] = max(group_b.limbs[b], ambiguity)


def crossing(a: Peak, b: Peak, c: Peak, d: Peak) -> float:
    """Ambiguity of two limbs a-b and c-d that cross; 0 where they do not."""

    def side(p: Peak, q: Peak, r: Peak) -> float:
        return float((q.x - p.x) * (r.y - p.y) - (q.y - p.y) * (r.x - p.x))

    if side(a, b, c) * side(a, b, d) >= 0 or side(c, d, a) * side(c, d, b) >= 0:
        return 0.0
    x1, y1, x2, y2 = b.x - a.x, b.y - a.y, d.x - c.x, d.y - c.y
    lengths = np.sqrt((x1 * x1 + y1 * y1) * (x2 * x2 + y2 * y2))
    half = np.float32(0.5)
    return min(float(half + half * abs(x1 * x2 + y1 * y2) / lengths), 1.0)


def _nearness(options: DecoderOptions, peaks: list[Peak], prior: PosePrior | None) -> Nearness:
    if prior is None or not len(prior.xy) or not peaks:
        return np.zeros((len(peaks), 0), np.float32)
    known = np.where(np.isnan(prior.xy), np.float32(0), prior.xy)
    low = np.where(np.isnan(prior.xy), np.inf, known).min(axis=1)
    high = np.where(np.isnan(prior.xy), -np.inf, known).max(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        size = np.where(high >= low, high - low, 0).astype(np.float32)
        reach = np.square(np.float32(options.prior_reach_person_sizes)) * np.square(size).sum(axis=1)
        places = np.array([(peak.x, peak.y) for peak in peaks], np.float32)
        offset = places[:, None] - prior.xy[:, [peak.keypoint for peak in peaks]].swapaxes(0, 1)
        reach = np.maximum(reach, np.square(np.float32(options.suppression_radius_cells)))
        nearness = 1 - np.square(offset).sum(axis=2) / reach
    return np.where(nearness > 0, nearness, 0).astype(np.float32)


def _identify(people: list[Group], nearness: Nearness, prior: PosePrior | None) -> NDArray[np.int64]:
    """Id of the expected person that each person is; -1 for none."""
    found = np.full(len(people), -1, np.int64)
    if prior is None or not people or not nearness.shape[1]:
        return found
    likeness = np.array([nearness[sorted(group.peaks)].sum(axis=0) for group in people])
    while likeness.max() > 0:
        row, who = np.unravel_index(likeness.argmax(), likeness.shape)
        found[row] = prior.ids[int(who)]
        likeness[row, :] = likeness[:, who] = 0
    return found


def _person_score(topology: Topology, peaks: list[Peak], group: Group, half_size: float) -> np.float32:
    """Mean score of keypoints and limbs times the root of the share of keypoints times a size factor."""
    total = sum(float(peaks[i].score) for i in group.peaks) + sum(float(limb.score) for limb in group.limbs)
    coverage = len(group.peaks) / len(topology.keypoints)
    plain = total / (len(group.peaks) + len(group.limbs)) * math.sqrt(coverage)
    places = np.array([(peaks[i].x, peaks[i].y) for i in group.peaks], np.float32)
    width, height = (float(extent) for extent in np.ptp(places, axis=0))
    size = math.sqrt(width * height)
    score: np.float32 = np.float32(plain * (size / (size + half_size) if half_size > 0 else 1.0))
    return score


def _empty_poses(people: int, topology: Topology) -> dict[str, FloatArray]:
    keypoints, limbs = len(topology.keypoints), len(topology.limbs)
    return {
        "xy": np.full((people, keypoints, 2), np.nan, np.float32),
        "score": np.zeros((people, keypoints), np.float32),
        "person_score": np.zeros(people, np.float32),
        "limb_score": np.zeros((people, limbs), np.float32),
        "ambiguity": np.zeros(people, np.float32),
        "limb_ambiguity": np.zeros((people, limbs), np.float32),
    }
