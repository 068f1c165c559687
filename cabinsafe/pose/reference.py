"""The decoder again in slow, plain numpy: the oracle that the native one is tested against.

The same rules in the same order, in float32 where the native code uses float and in float64 where it uses
double, so the two agree bit for bit wherever numpy and C++ share the C library's logarithm. Rules and their
numbers: ``native/include/cabinsafe/{peaks,limbs,people}.hpp``; method: Cao et al. 2017 (OpenPose,
arXiv:1611.08050).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cabinsafe.pose.decoder import (
    DecodedPoses,
    DecoderOptions,
    FloatArray,
    capacity_error,
    check_maps,
    non_finite_error,
)
from cabinsafe.pose.topology import Topology

LOWEST_SUM = 1e-3
LONGEST_STEP_CELLS = 0.6
COARSE_FRACTIONS = (0.3, 0.5, 0.7)
MIN_COARSE_AGREEING = 2
FINE_FRACTIONS = (0.05, 0.15, 0.25, 0.35, 0.45, 0.55, 0.65, 0.75, 0.85, 0.95)


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


@dataclass
class Group:
    """Peaks that belong together; ``peaks`` are ids."""

    peaks: list[int]
    limbs: list[Candidate] = field(default_factory=list)


Rivals = dict[tuple[int, int], np.float32]


def decode_reference(
    topology: Topology, options: DecoderOptions, heatmaps: FloatArray, pafs: FloatArray
) -> DecodedPoses:
    """Find the people of one image; same arguments, result and errors as ``PafDecoder.decode``.

    Args:
        topology: names, limbs and channels of the maps.
        options: numbers of the rules.
        heatmaps: (C, H, W) float32.
        pafs: (P, H, W) float32.

    Raises:
        ShapeError, DataError, CapacityError: as ``PafDecoder.decode``.
    """
    check_maps(topology, heatmaps, pafs)
    for tensor, maps in (("heatmaps", heatmaps), ("pafs", pafs)):
        bad = ~np.isfinite(maps)
        if bad.any():
            raise non_finite_error(tensor, int(bad.sum()), int(np.flatnonzero(bad.any(axis=(1, 2)))[0]))
    peaks = [
        peak for k in range(len(topology.keypoints)) for peak in _find_peaks(topology, options, heatmaps, k)
    ]
    candidates = [
        candidate
        for limb in range(len(topology.limbs))
        for candidate in _find_limbs(topology, options, pafs, peaks, limb)
    ]
    return _group_people(topology, options, peaks, candidates)


def _find_peaks(
    topology: Topology, options: DecoderOptions, heatmaps: FloatArray, keypoint: int
) -> list[Peak]:
    """Peaks of one keypoint, the strongest first."""
    plane = heatmaps[topology.heatmap_channels[keypoint]]
    kept: list[tuple[int, int]] = []
    radius_sq = np.square(np.float32(options.suppression_radius_cells))
    for y, x in _local_maxima(plane, np.float32(options.peak_threshold)):
        if all(np.float32((x - i) ** 2 + (y - j) ** 2) >= radius_sq for j, i in kept):
            if len(kept) == options.max_peaks_per_keypoint:
                raise capacity_error(topology, options, "max_peaks_per_keypoint", keypoint)
            kept.append((y, x))
    return [_refined(plane, keypoint, y, x) for y, x in kept]


def _local_maxima(plane: FloatArray, threshold: np.float32) -> list[tuple[int, int]]:
    """Cells (y, x) above the threshold and their 8 neighbours, the strongest first.

    A neighbour that comes earlier, row by row, must be lower; a later one may be equal.
    """
    height, width = plane.shape
    padded = np.pad(plane, 1, constant_values=-np.inf)
    is_peak = plane > threshold
    for dy in (-1, 0, 1):
        for dx in (-1, 0, 1):
            neighbour = padded[1 + dy : 1 + dy + height, 1 + dx : 1 + dx + width]
            if (dy, dx) < (0, 0):
                is_peak &= plane > neighbour
            elif (dy, dx) > (0, 0):
                is_peak &= plane >= neighbour
    cells = [(int(y), int(x)) for y, x in np.argwhere(is_peak)]
    return sorted(cells, key=lambda cell: -plane[cell])


def _refined(plane: FloatArray, keypoint: int, y: int, x: int) -> Peak:
    """Peak at the top of the log-parabolas through the column and row sums around a cell."""
    around = plane[max(y - 1, 0) : y + 2, max(x - 1, 0) : x + 2].astype(np.float64)
    step_x = _log_parabola_step(around.sum(axis=0).tolist()) if 0 < x < plane.shape[1] - 1 else 0.0
    step_y = _log_parabola_step(around.sum(axis=1).tolist()) if 0 < y < plane.shape[0] - 1 else 0.0
    return Peak(
        keypoint,
        np.float32(x + 0.5 + step_x),
        np.float32(y + 0.5 + step_y),
        min(plane[y, x], np.float32(1.0)),
    )


def _log_parabola_step(sums: Sequence[float]) -> float:
    """Step, in cells, from the middle of three sums to the top of the parabola through their logarithms."""
    before, middle, after = sums
    if min(sums) <= LOWEST_SUM:
        return 0.0
    curvature = math.log(before * after / (middle * middle))
    if curvature >= 0.0:
        return 0.0
    step = 0.5 * math.log(before / after) / curvature
    return min(max(step, -LONGEST_STEP_CELLS), LONGEST_STEP_CELLS)


def _find_limbs(
    topology: Topology, options: DecoderOptions, pafs: FloatArray, peaks: list[Peak], limb: int
) -> list[Candidate]:
    """Candidates of one limb: every pair of its end peaks that the field supports."""
    start_ids, end_ids = (
        [i for i, peak in enumerate(peaks) if peak.keypoint == keypoint]
        for keypoint in topology.limb_indices[limb]
    )
    x1, y1 = (np.array([getattr(peaks[i], a) for i in start_ids], np.float32)[:, None] for a in "xy")
    x2, y2 = (np.array([getattr(peaks[i], a) for i in end_ids], np.float32)[None, :] for a in "xy")
    dx, dy = x2 - x1, y2 - y1
    length = np.sqrt(dx * dx + dy * dy)
    field_x, field_y = pafs[topology.limbs[limb].x_channel], pafs[topology.limbs[limb].y_channel]

    def along(fraction: float) -> FloatArray:
        """Field at a fraction of the way, times (dx, dy)."""
        column = (x1 + np.float32(fraction) * dx).astype(np.intp)
        row = (y1 + np.float32(fraction) * dy).astype(np.intp)
        projected: FloatArray = field_x[row, column] * dx + field_y[row, column] * dy
        return projected

    agreeing_above = np.float32(options.sample_threshold) * length
    coarse = sum((along(f) > agreeing_above).astype(int) for f in COARSE_FRACTIONS)
    total, agreeing = np.zeros_like(length), np.zeros(length.shape, int)
    for fraction in FINE_FRACTIONS:
        value = along(fraction)
        total += value
        agreeing += value > agreeing_above
    passed = (coarse >= MIN_COARSE_AGREEING) & (agreeing >= options.min_agreeing_samples_of_10)
    score = _segment_score(options, total, length, max(pafs.shape[1:]))
    passed &= score >= np.float32(options.limb_threshold)
    return [Candidate(score[a, b], limb, start_ids[a], end_ids[b]) for a, b in np.argwhere(passed)]


def _segment_score(
    options: DecoderOptions, total: FloatArray, length: FloatArray, map_side: int
) -> FloatArray:
    """Mean of the samples less the length penalty, at most 1; NaN where the length is 0."""
    penalty_per_cell = np.float32(options.length_penalty_per_map_side) / np.float32(map_side)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = total / (np.float32(len(FINE_FRACTIONS)) * length)
        score: FloatArray = np.minimum(mean - penalty_per_cell * length, np.float32(1.0))
    return score


def _group_people(
    topology: Topology, options: DecoderOptions, peaks: list[Peak], candidates: list[Candidate]
) -> DecodedPoses:
    groups, rivals = _join(peaks, candidates)
    ranking = []
    for group in groups:
        score = _person_score(topology, peaks, group)
        if len(group.peaks) >= options.min_keypoints and score >= np.float32(options.min_person_score):
            ranking.append((-score, min(group.peaks), group))
    if len(ranking) > options.max_people:
        raise capacity_error(topology, options, "max_people")
    ranking.sort(key=lambda entry: entry[:2])

    poses = _empty_poses(len(ranking), topology)
    for row, (negative_score, _, group) in enumerate(ranking):
        for i in group.peaks:
            poses["xy"][row, peaks[i].keypoint] = peaks[i].x, peaks[i].y
            poses["score"][row, peaks[i].keypoint] = peaks[i].score
        for limb in group.limbs:
            poses["limb_score"][row, limb.limb] = limb.score
        poses["person_score"][row] = -negative_score
        poses["ambiguity"][row] = max((_ambiguity(limb, rivals) for limb in group.limbs), default=0.0)
    return DecodedPoses(**poses)


def _join(peaks: list[Peak], candidates: list[Candidate]) -> tuple[list[Group], Rivals]:
    """Groups of peaks and their limbs, and the best refused candidate of each (limb, end peak)."""
    group_of = [Group([i]) for i in range(len(peaks))]
    taken: set[tuple[int, int]] = set()
    rivals: Rivals = {}
    for candidate in sorted(candidates, key=lambda c: (-c.score, c.limb, c.start, c.end)):
        ends = {(candidate.limb, candidate.start), (candidate.limb, candidate.end)}
        a, b = group_of[candidate.start], group_of[candidate.end]
        shared = {peaks[i].keypoint for i in a.peaks} & {peaks[i].keypoint for i in b.peaks}
        if ends & taken or (a is not b and shared):
            for end in ends:
                rivals.setdefault(end, candidate.score)  # the best comes first
            continue
        taken |= ends
        if a is not b:
            a.peaks += b.peaks
            a.limbs += b.limbs
            for i in b.peaks:
                group_of[i] = a
        a.limbs.append(candidate)
    return list({id(group): group for group in group_of}.values()), rivals


def _person_score(topology: Topology, peaks: list[Peak], group: Group) -> np.float32:
    """Mean score of keypoints and limbs times the square root of the share of keypoints found."""
    total = 0.0
    for i in sorted(group.peaks):
        total += float(peaks[i].score)
    for limb in sorted(group.limbs, key=lambda c: (-c.score, c.limb, c.start, c.end)):
        total += float(limb.score)
    coverage = len(group.peaks) / len(topology.keypoints)
    score: np.float32 = np.float32(total / (len(group.peaks) + len(group.limbs)) * math.sqrt(coverage))
    return score


def _ambiguity(limb: Candidate, rivals: Rivals) -> np.float32:
    """Score of the best refused limb of the same kind that shares an end, over the limb's own; at most 1."""
    nobody = np.float32(0.0)
    best = max(rivals.get((limb.limb, end), nobody) for end in (limb.start, limb.end))
    return min(best / limb.score, np.float32(1.0))


def _empty_poses(people: int, topology: Topology) -> dict[str, NDArray[np.float32]]:
    keypoints, limbs = len(topology.keypoints), len(topology.limbs)
    return {
        "xy": np.full((people, keypoints, 2), np.nan, np.float32),
        "score": np.zeros((people, keypoints), np.float32),
        "person_score": np.zeros(people, np.float32),
        "limb_score": np.zeros((people, limbs), np.float32),
        "ambiguity": np.zeros(people, np.float32),
    }
