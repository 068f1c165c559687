"""The other well-known way to read part affinity fields, plainly: what NVIDIA's trt_pose does.

Written from a description of its method, not from its code. Peaks are the highest cells of a 5x5 window,
moved to its centroid; limbs are scored at seven points between peaks; each kind of limb is assigned on its
own by the Hungarian method and only then thresholded; people are what the limbs connect. Faults that would
crash (windows over the border, limbs of no length) are left out. It has no score of a person, so it is
given this library's, and the same least number of keypoints.
"""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter
from scipy.optimize import linear_sum_assignment

from cabinsafe.pose.decoder import DecodedPoses, DecoderOptions
from cabinsafe.pose.topology import Topology

PEAK_THRESHOLD = 0.1
LINK_THRESHOLD = 0.1
WINDOW = 5
SAMPLES = 7
HALF_SCORE_SIZE: float = DecoderOptions.model_fields["half_score_size_map_sides"].default

Floats = NDArray[np.float32]
Part = tuple[int, int]
"""Keypoint, and place among its peaks."""


def decode(topology: Topology, heatmaps: Floats, pafs: Floats, min_keypoints: int = 3) -> DecodedPoses:
    """People of one image, as ``PafDecoder.decode`` returns them; ambiguity is 0."""
    planes = [heatmaps[channel] for channel in topology.heatmap_channels]
    peaks = [find_peaks(plane) for plane in planes]
    links = [assign(topology, pafs, peaks, limb) for limb in range(len(topology.limbs))]
    people = [person for person in connect(peaks, links) if len(person[0]) >= min_keypoints]
    poses = _empty(len(people), topology)
    for row, (parts, limbs) in enumerate(people):
        for keypoint, place in parts.items():
            poses.xy[row, keypoint] = refine(planes[keypoint], peaks[keypoint][place])
            poses.score[row, keypoint] = min(planes[keypoint][tuple(peaks[keypoint][place])], 1.0)
        for limb, score in limbs.items():
            poses.limb_score[row, limb] = min(score, 1.0)
        scores = [*poses.score[row, list(parts)], *limbs.values()]
        width, height = np.nanmax(poses.xy[row], axis=0) - np.nanmin(poses.xy[row], axis=0)
        size = np.sqrt(width * height) / max(heatmaps.shape[1:])
        coverage = len(parts) / len(topology.keypoints)
        poses.person_score[row] = np.mean(scores) * np.sqrt(coverage) * size / (size + HALF_SCORE_SIZE)
    return poses


def find_peaks(plane: Floats) -> NDArray[np.intp]:
    """Cells (N, 2), row and column, that are the highest of the window around them."""
    highest = maximum_filter(plane, WINDOW, mode="constant", cval=-np.inf)
    return np.argwhere((plane == highest) & (plane > PEAK_THRESHOLD))


def refine(plane: Floats, peak: NDArray[np.intp]) -> Floats:
    """Centroid (x, y) of the window around a cell, in map cells."""
    reach = WINDOW // 2
    (top, left), (bottom, right) = np.maximum(peak - reach, 0), peak + reach + 1
    weights = np.maximum(plane[top:bottom, left:right], 0.0)
    y, x = np.mgrid[top : top + weights.shape[0], left : left + weights.shape[1]] + 0.5
    return np.array([(weights * x).sum(), (weights * y).sum()], np.float32) / weights.sum()


def assign(
    topology: Topology, pafs: Floats, peaks: list[NDArray[np.intp]], limb: int
) -> list[tuple[Part, Part, float]]:
    """Links of one kind of limb: the assignment with the largest sum, above the threshold."""
    start, end = topology.limb_indices[limb]
    if not len(peaks[start]) or not len(peaks[end]):
        return []
    a, b = (peaks[k][:, ::-1] + 0.5 for k in (start, end))
    way = b[None] - a[:, None]
    length = np.maximum(np.linalg.norm(way, axis=2, keepdims=True), 1e-6)
    score = np.zeros(way.shape[:2])
    for fraction in (np.arange(SAMPLES) + 0.5) / SAMPLES:
        column, row = np.moveaxis((a[:, None] + fraction * way).astype(int), 2, 0)
        channels = topology.limbs[limb].x_channel, topology.limbs[limb].y_channel
        field = np.stack([pafs[channel][row, column] for channel in channels], 2)
        score += (field * way / length).sum(axis=2) / SAMPLES
    pairs = zip(*linear_sum_assignment(score, maximize=True), strict=True)
    return [((start, i), (end, j), score[i, j]) for i, j in pairs if score[i, j] > LINK_THRESHOLD]


def connect(
    peaks: list[NDArray[np.intp]], links: list[list[tuple[Part, Part, float]]]
) -> list[tuple[dict[int, int], dict[int, float]]]:
    """Connected parts: each group's peak of each keypoint, the last one found, and its limbs' scores."""
    neighbours: dict[Part, list[tuple[Part, int, float]]] = {}
    for limb, pairs in enumerate(links):
        for one, other, score in pairs:
            neighbours.setdefault(one, []).append((other, limb, score))
            neighbours.setdefault(other, []).append((one, limb, score))
    groups, seen = [], set()
    for part in ((k, i) for k in range(len(peaks)) for i in range(len(peaks[k]))):
        if part in seen:
            continue
        keypoints: dict[int, int] = {}
        limbs: dict[int, float] = {}
        queue = deque([part])
        seen.add(part)
        while queue:
            at = queue.popleft()
            keypoints[at[0]] = at[1]
            for other, limb, score in neighbours.get(at, []):
                limbs[limb] = score
                if other not in seen:
                    seen.add(other)
                    queue.append(other)
        groups.append((keypoints, limbs))
    return groups


def _empty(people: int, topology: Topology) -> DecodedPoses:
    keypoints, limbs = len(topology.keypoints), len(topology.limbs)
    poses = DecodedPoses(
        np.full((people, keypoints, 2), np.nan, np.float32),
        np.zeros((people, keypoints), np.float32),
        np.zeros(people, np.float32),
        np.zeros((people, limbs), np.float32),
        np.zeros(people, np.float32),
        np.zeros((people, limbs), np.float32),
        np.full(people, -1),
    )
    for name in ("xy", "score", "person_score", "limb_score"):
        getattr(poses, name).setflags(write=True)
    return poses
