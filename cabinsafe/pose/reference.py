"""The decoder again in slow, plain numpy: the oracle that the native one is tested against.

The same rules in the same order, in float32 where the native code uses float and in float64 where it uses
double, so the two agree but for the last digit. Rules and their numbers:
``native/include/cabinsafe/{peaks,limbs,groups,merge,crossings,prior,people,complete}.hpp``; method: Cao et
al. 2017 (OpenPose, arXiv:1611.08050). This file has the maps' part, :mod:`.reference_people` the people's,
:mod:`.reference_complete` that of their fainter keypoints.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cabinsafe.pose.decoder import (
    DecoderOptions,
    MapArray,
    capacity_error,
    check_maps,
    non_finite_error,
)
from cabinsafe.pose.poses import DecodedPoses, FloatArray, PosePrior
from cabinsafe.pose.reference_complete import Completion, FaintPeak
from cabinsafe.pose.reference_people import Candidate, Peak, group_people
from cabinsafe.pose.topology import Topology

LOWEST_SUM = np.float32(1e-3)
LONGEST_STEP_CELLS = np.float32(0.6)
BROAD = np.float32(0.278)
ACROSS = np.array([1, 2, 3, 2, 1], np.float32)
FACING = np.float32(0.8)
NEARER = np.float32(2)
FINE_FRACTIONS = (0.05, 0.15, 0.25, 0.35, 0.45, 0.55, 0.65, 0.75, 0.85, 0.95)


def decode_reference(
    topology: Topology,
    options: DecoderOptions,
    heatmaps: MapArray,
    pafs: MapArray,
    prior: PosePrior | None = None,
) -> DecodedPoses:
    """Find the people of one image; same arguments, result and errors as ``PafDecoder.decode``.

    Args:
        topology: names, limbs and channels of the maps.
        options: numbers of the rules.
        heatmaps: (C, H, W) float32 or float16.
        pafs: (P, H, W) of the same type.
        prior: people who are expected.

    Raises:
        ShapeError, DataError, CapacityError: as ``PafDecoder.decode``.
    """
    check_maps(topology, heatmaps, pafs)
    wide_heatmaps, wide_pafs = heatmaps.astype(np.float32), pafs.astype(np.float32)
    peaks: list[Peak] = []
    for keypoint, channel in enumerate(topology.heatmap_channels):
        if not np.isfinite(wide_heatmaps[channel]).all():
            raise _non_finite("heatmaps", wide_heatmaps)
        peaks += _find_peaks(topology, options, wide_heatmaps[channel], keypoint)
    candidates: list[Candidate] = []
    read_finite = True
    with np.errstate(over="ignore", invalid="ignore"):
        for limb in range(len(topology.limbs)):
            found, finite = _find_limbs(topology, options, wide_pafs, peaks, limb)
            candidates += found
            read_finite &= finite
    if not read_finite:
        raise _non_finite("pafs", wide_pafs)
    poses = group_people(topology, options, peaks, candidates, prior, max(heatmaps.shape[1:]))
    if len(poses) == 0 or np.float32(options.weak_peak_threshold) >= np.float32(options.peak_threshold):
        return poses
    return _complete(topology, options, wide_heatmaps, wide_pafs, poses)


def _complete(
    topology: Topology, options: DecoderOptions, heatmaps: FloatArray, pafs: FloatArray, poses: DecodedPoses
) -> DecodedPoses:
    """The people with fainter keypoints that they lack."""
    faint: list[list[FaintPeak]] = []
    for keypoint, channel in enumerate(topology.heatmap_channels):
        cells = sorted(_local_maxima(heatmaps[channel], np.float32(options.weak_peak_threshold)))
        faint.append([(cell, _refined(heatmaps[channel], keypoint, *cell)) for cell in cells])
    read: list[NDArray[np.floating]] = []

    def limb_score(limb: int, start: Peak, end: Peak) -> np.float32:
        pairs = _Pairs(topology, pafs, [start, end], limb)
        total, score = _sample(options, pairs, max(pafs.shape[1:]))
        read.append(total)
        only: np.float32 = score[0, 0]
        return only

    completion = Completion(topology, options, pafs, faint, limb_score, poses)
    with np.errstate(over="ignore", invalid="ignore"):
        completed = completion.run()
    read_finite = completion.read_finite and all(np.isfinite(values).all() for values in read)
    if not read_finite and not np.isfinite(pafs).all():
        raise _non_finite("pafs", pafs)
    return completed


def _non_finite(tensor: str, maps: FloatArray) -> Exception:
    bad = ~np.isfinite(maps)
    return non_finite_error(tensor, int(bad.sum()), int(np.flatnonzero(bad.any(axis=(1, 2)))[0]))


def _find_peaks(topology: Topology, options: DecoderOptions, plane: FloatArray, keypoint: int) -> list[Peak]:
    """Peaks of one keypoint, the strongest first."""
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
    """Peak at the top of the log-parabolas through three sums along either axis."""
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        around = plane[max(y - 2, 0) : y + 3, max(x - 2, 0) : x + 3]
        if y >= 2 and x >= 2 and around.shape == (5, 5) and _is_broad(around):
            sums_x, sums_y = _smoothed(_dot(ACROSS, around)), _smoothed(_dot(ACROSS, around.T))
        else:
            near = np.zeros((3, 3), np.float32)
            for dy in (-1, 0, 1):
                for dx in (-1, 0, 1):
                    if 0 <= y + dy < plane.shape[0] and 0 <= x + dx < plane.shape[1]:
                        near[dy + 1, dx + 1] = plane[y + dy, x + dx]
            sums_x, sums_y = _dot(np.ones(3, np.float32), near), _dot(np.ones(3, np.float32), near.T)
        step_x, step_y = _log_parabola_step(*sums_x), _log_parabola_step(*sums_y)
    half = np.float32(0.5)
    place_x, place_y = np.float32(x) + half + step_x, np.float32(y) + half + step_y
    return Peak(keypoint, place_x, place_y, min(plane[y, x], np.float32(1.0)))


def _is_broad(around: FloatArray) -> bool:
    """Whether the middle of 5x5 cells is like the top of a Gaussian with a sigma of over 1.25 cells."""
    across, along = around[2, 1] * around[2, 3], around[1, 2] * around[3, 2]
    own = around[2, 2] * around[2, 2]
    return bool(across > 0 and along > 0 and across * along > BROAD * (own * own))


def _dot(weights: FloatArray, rows: FloatArray) -> FloatArray:
    """Weighted sum of rows, one after the other, as the native code adds them."""
    total = np.zeros(rows.shape[1], np.float32)
    for weight, row in zip(weights, rows, strict=True):
        total = total + weight * row
    return total


def _smoothed(five: FloatArray) -> FloatArray:
    smoothed: FloatArray = five[:3] + np.float32(2) * five[1:4] + five[2:]
    return smoothed


def _log_parabola_step(before: np.float32, middle: np.float32, after: np.float32) -> np.float32:
    """Step, in cells, from the middle of three sums to the top of the parabola through their logarithms."""
    slope_above, slope_below = _log_ratio(before, after)
    curve_above, curve_below = _log_ratio(before * after, middle * middle)
    if not (min(before, middle, after) > LOWEST_SUM and curve_above < 0):
        nothing: np.float32 = np.float32(0.0)
        return nothing
    step = np.float32(0.5) * (slope_above * curve_below) / (slope_below * curve_above)
    clipped: np.float32 = min(max(step, -LONGEST_STEP_CELLS), LONGEST_STEP_CELLS)
    return clipped


def _log_ratio(a: np.float32, b: np.float32) -> tuple[np.float32, np.float32]:
    """Half the logarithm of a / b, as a fraction (Padé's of atanh)."""
    u = (a - b) / (a + b)
    w = u * u
    above = u * (np.float32(945) + w * (np.float32(64) * w - np.float32(735)))
    return above, np.float32(945) + w * (np.float32(225) * w - np.float32(1050))


class _Pairs:
    """All pairs of one limb's possible ends, (starts, ends), and its field between them."""

    def __init__(self, topology: Topology, pafs: FloatArray, peaks: list[Peak], limb: int) -> None:
        self.starts, self.ends = (
            [i for i, peak in enumerate(peaks) if peak.keypoint == keypoint]
            for keypoint in topology.limb_indices[limb]
        )
        places = np.array([(peak.x, peak.y) for peak in peaks], np.float32).reshape(-1, 2)
        self.x1, self.y1 = places[self.starts].T[:, :, None]
        self.x2, self.y2 = places[self.ends].T[:, None, :]
        self.dx, self.dy = self.x2 - self.x1, self.y2 - self.y1
        self.length_sq = self.dx * self.dx + self.dy * self.dy
        self.field = [pafs[c] for c in (topology.limbs[limb].x_channel, topology.limbs[limb].y_channel)]
        self.read: list[NDArray[np.floating]] = []

    def at(self, x: FloatArray, y: FloatArray) -> list[FloatArray]:
        """Field (x, y) at the cells under places."""
        return [component[y.astype(np.intp), x.astype(np.intp)] for component in self.field]

    def along(self, fraction: float) -> FloatArray:
        """Field at a fraction of the way, times the way."""
        part = np.float32(fraction)
        fx, fy = self.at(self.x1 + part * self.dx, self.y1 + part * self.dy)
        projected: FloatArray = fx * self.dx + fy * self.dy
        return projected

    def agree(self, fraction: float, of: NDArray[np.bool_], threshold_sq: np.float32) -> NDArray[np.bool_]:
        """Pairs whose field agrees at a fraction of the way; it is read for the pairs ``of``."""
        value = self.along(fraction)
        self.read.append(value[of])
        agreeing: NDArray[np.bool_] = value * np.abs(value) > threshold_sq * self.length_sq
        return agreeing

    def face(self, threshold_sq: np.float32) -> NDArray[np.bool_]:
        """Pairs at whose ends the fields lean towards the other."""
        start_x, start_y = self.at(self.x1, self.y1)
        end_x, end_y = self.at(self.x2, self.y2)
        self.read += [start_x + start_y, end_x + end_y]
        leaning = (start_x + end_x) * self.dx + (start_y + end_y) * self.dy
        strongest = np.maximum(start_x * start_x + start_y * start_y, end_x * end_x + end_y * end_y)
        lowest = np.maximum(strongest, np.float32(4) / (FACING * FACING) * threshold_sq)
        facing: NDArray[np.bool_] = leaning * np.abs(leaning) > FACING * FACING * lowest * self.length_sq
        return facing

    def close(self, facing: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Pairs that face each other, less those whose ends both face another that is much nearer."""
        distance_sq = np.where(facing, self.length_sq, np.float32(np.inf))
        nearest = np.maximum(distance_sq.min(axis=1)[:, None], distance_sq.min(axis=0)[None])
        close: NDArray[np.bool_] = NEARER * NEARER * nearest > distance_sq
        return close


def _find_limbs(
    topology: Topology, options: DecoderOptions, pafs: FloatArray, peaks: list[Peak], limb: int
) -> tuple[list[Candidate], bool]:
    """Candidates of one limb, pairs of peaks that its field supports; whether all that was read is finite."""
    pairs = _Pairs(topology, pafs, peaks, limb)
    if not pairs.starts or not pairs.ends:
        return [], True
    threshold_sq = np.square(np.float32(options.sample_threshold))
    passed = pairs.close(pairs.face(threshold_sq))
    passed &= pairs.agree(0.5, passed, threshold_sq)
    total, score = _sample(options, pairs, max(pafs.shape[1:]))
    pairs.read.append(total[passed])
    passed &= score >= np.float32(options.limb_threshold)
    found = [Candidate(score[a, b], limb, pairs.starts[a], pairs.ends[b]) for a, b in np.argwhere(passed)]
    return found, all(np.isfinite(values).all() for values in pairs.read) or bool(np.isfinite(pafs).all())


def _sample(options: DecoderOptions, pairs: _Pairs, map_side: int) -> tuple[FloatArray, FloatArray]:
    """Sums of the ten samples, and scores, -1 where too few agree."""
    length = np.sqrt(pairs.length_sq)
    total, agreeing = np.zeros_like(length), np.zeros(length.shape, int)
    for fraction in FINE_FRACTIONS:
        value = pairs.along(fraction)
        total += value
        agreeing += value > np.float32(options.sample_threshold) * length
    score = _segment_score(options, total, length, map_side)
    return total, np.where(agreeing >= options.min_agreeing_samples_of_10, score, np.float32(-1))


def _segment_score(
    options: DecoderOptions, total: FloatArray, length: FloatArray, map_side: int
) -> FloatArray:
    """Mean of the samples less the length penalty, at most 1; NaN where the length is 0."""
    penalty_per_cell = np.float32(options.length_penalty_per_map_side) / np.float32(map_side)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = total / (np.float32(len(FINE_FRACTIONS)) * length)
        score: FloatArray = np.minimum(mean - penalty_per_cell * length, np.float32(1.0))
    return score
