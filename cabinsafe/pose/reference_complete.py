"""Third part of the oracle: people get fainter keypoints that they lack, in plain Python."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from cabinsafe.pose.body import body_of, mirrored_limbs
from cabinsafe.pose.decoder import DecoderOptions
from cabinsafe.pose.poses import DecodedPoses, FloatArray
from cabinsafe.pose.reference_people import Peak, crossing
from cabinsafe.pose.topology import Topology

ROUNDS = 2
AHEAD = np.float32(0.5)
REACH = np.float32(1.5)
STEPS_ON = 2

FaintPeak = tuple[tuple[int, int], Peak]
"""A local maximum's cell (y, x) and its peak."""
LimbScore = Callable[[int, Peak, Peak], np.float32]
"""Score of a limb between two peaks, its start and its end; NaN or below 0 for none."""


class Proposal(NamedTuple):
    """A peak that may be the keypoint that a person lacks, and the limb that leads to it."""

    person: int
    limb: int
    keypoint: int
    cell: tuple[int, int]
    peak: Peak
    score: np.float32


class Completion:
    """Fills gaps of people.

    Args:
        topology: names and limbs.
        options: numbers of the rules.
        pafs: (P, H, W) float32.
        faint: for each keypoint the peaks above ``weak_peak_threshold``, row by row.
        limb_score: by the rules of the maps' part.
        poses: people as found firmly.

    Attributes:
        read_finite: whether all that was read of the PAFs here is finite.
    """

    def __init__(
        self,
        topology: Topology,
        options: DecoderOptions,
        pafs: FloatArray,
        faint: list[list[FaintPeak]],
        limb_score: LimbScore,
        poses: DecodedPoses,
    ) -> None:
        self._topology, self._options = topology, options
        self._pafs, self._faint, self._limb_score = pafs, faint, limb_score
        self._poses = replace(poses, **{name: getattr(poses, name).copy() for name in DecodedPoses.__slots__})
        for name in DecodedPoses.__slots__:
            getattr(self._poses, name).setflags(write=True)
        self._mirror = mirrored_limbs(topology)
        self._scale_sq = [self._measured(person) for person in range(len(poses))]
        self.read_finite = True

    def run(self) -> DecodedPoses:
        """The same people in the same order, with more keypoints."""
        accepted: list[Proposal] = []
        for _ in range(ROUNDS):
            accepted += self._accept(list(self._proposals()))
        for proposal in accepted:
            self._raise_ambiguity(proposal, self._most_crossing(proposal))
        return replace(self._poses)

    def _proposals(self) -> Iterator[Proposal]:
        for person in range(len(self._poses)):
            for limb, ends in enumerate(self._topology.limb_indices):
                present = [bool(self._poses.score[person, end] > 0) for end in ends]
                if present[0] != present[1]:
                    anchor, keypoint = ends if present[0] else ends[::-1]
                    yield from self._proposals_from(person, limb, anchor, keypoint)

    def _proposals_from(self, person: int, limb: int, anchor: int, keypoint: int) -> Iterator[Proposal]:
        start = self._keypoint(person, anchor)
        forward = anchor == self._topology.limb_indices[limb][0]
        channels = self._topology.limbs[limb].x_channel, self._topology.limbs[limb].y_channel
        field_x, field_y = self._pafs[list(channels), int(start.y), int(start.x)] * np.float32(
            1 if forward else -1
        )
        field_sq = field_x * field_x + field_y * field_y
        self.read_finite &= bool(np.isfinite(field_sq))
        if not (np.isfinite(field_sq) and field_sq > np.square(np.float32(self._options.sample_threshold))):
            return
        length = np.sqrt(field_sq)
        if not self._goes_on(limb, start, field_x / length, field_y / length, length, forward):
            return
        reach_sq = self._reach_sq(person, limb)
        half = np.float32(0.5)
        for cell, peak in self._faint[keypoint]:
            dx, dy = np.float32(cell[1]) + half - start.x, np.float32(cell[0]) + half - start.y
            distance_sq = dx * dx + dy * dy
            ahead = field_x * dx + field_y * dy
            if distance_sq <= reach_sq and ahead * abs(ahead) > AHEAD * AHEAD * field_sq * distance_sq:
                ends = (start, peak) if forward else (peak, start)
                yield Proposal(person, limb, keypoint, cell, peak, self._limb_score(limb, *ends))

    def _goes_on(
        self, limb: int, at: Peak, x: np.float32, y: np.float32, length: np.float32, forward: bool
    ) -> bool:
        """Whether the field goes on as it begins; (x, y) is its direction, away from the anchor."""
        channels = self._topology.limbs[limb].x_channel, self._topology.limbs[limb].y_channel
        height, width = self._pafs.shape[1:]
        total = length
        for step in range(1, STEPS_ON + 1):
            column = min(max(at.x + np.float32(step) * x, np.float32(0)), np.float32(width - 1))
            row = min(max(at.y + np.float32(step) * y, np.float32(0)), np.float32(height - 1))
            field_x, field_y = self._pafs[list(channels), int(row), int(column)]
            total += np.float32(1 if forward else -1) * (field_x * x + field_y * y)
        self.read_finite &= bool(np.isfinite(total))
        return bool(total > np.float32(STEPS_ON + 1) * np.float32(self._options.sample_threshold))

    def _reach_sq(self, person: int, limb: int) -> np.float32:
        body_sq, scale_sq = self._body_sq(limb), self._scale_sq[person]
        known = body_sq > 0 and scale_sq > 0
        reach_sq: np.float32 = REACH * REACH * body_sq * scale_sq if known else np.float32(np.inf)
        return reach_sq

    def _measured(self, person: int) -> np.float32:
        """Square of the person's scale, 0 if unknown."""
        scale_sq: np.float32 = np.float32(0)
        for limb in np.flatnonzero(self._poses.limb_score[person]):
            body_sq = self._body_sq(int(limb))
            if body_sq > 0:
                a, b = self._limb(person, int(limb))
                scale_sq = max(scale_sq, _length_sq(b.x - a.x, b.y - a.y) / body_sq)
        return scale_sq

    def _body_sq(self, limb: int) -> np.float32:
        a, b = (
            np.array(body_of(self._topology)[end], np.float32) for end in self._topology.limb_indices[limb]
        )
        known = min(a[2], b[2]) > 0
        body_sq: np.float32 = _length_sq(b[0] - a[0], b[1] - a[1]) if known else np.float32(0)
        return body_sq

    def _accept(self, proposals: list[Proposal]) -> list[Proposal]:
        strong = [p for p in proposals if p.score >= np.float32(self._options.limb_threshold)]
        accepted = []
        for proposal in sorted(strong, key=lambda p: -(p.score * np.sqrt(p.peak.score))):
            person, limb, keypoint, cell, peak, score = proposal
            if self._poses.score[person, keypoint] > 0 or self._is_crowded(peak):
                continue
            self._poses.xy[person, keypoint] = peak.x, peak.y
            self._poses.score[person, keypoint] = peak.score
            self._poses.limb_score[person, limb] = score
            same_peak = (p for p in strong if (p.keypoint, p.cell) == (keypoint, cell))
            claims = (p.score for p in same_peak if p.person != person)
            self._raise_ambiguity(proposal, min(float(max(claims, default=np.float32(0)) / score), 1.0))
            accepted.append(proposal)
        return accepted

    def _is_crowded(self, peak: Peak) -> bool:
        """Whether somebody has that keypoint at the peak's place or too near."""
        dx, dy = (np.array([peak.x, peak.y]) - self._poses.xy[:, peak.keypoint]).T
        distance_sq = dx * dx + dy * dy
        radius_sq = np.square(np.float32(self._options.suppression_radius_cells))
        return bool(((distance_sq < radius_sq) | (distance_sq == 0)).any())

    def _most_crossing(self, proposal: Proposal) -> float:
        """Ambiguity by other people's limbs of the kind, or of the mirrored one, that the limb crosses."""
        own = self._limb(proposal.person, proposal.limb)
        return max(
            (
                crossing(*own, *self._limb(person, kind))
                for kind in (proposal.limb, self._mirror[proposal.limb])
                for person in range(len(self._poses))
                if kind >= 0 and person != proposal.person and self._poses.limb_score[person, kind] > 0
            ),
            default=0.0,
        )

    def _raise_ambiguity(self, proposal: Proposal, ambiguity: float) -> None:
        own = self._poses.limb_ambiguity[proposal.person]
        own[proposal.limb] = max(own[proposal.limb], ambiguity)
        self._poses.ambiguity[proposal.person] = own.max()

    def _keypoint(self, person: int, keypoint: int) -> Peak:
        x, y = self._poses.xy[person, keypoint]
        return Peak(keypoint, x, y, self._poses.score[person, keypoint])

    def _limb(self, person: int, limb: int) -> tuple[Peak, Peak]:
        start, end = self._topology.limb_indices[limb]
        return self._keypoint(person, start), self._keypoint(person, end)


def _length_sq(x: np.float32, y: np.float32) -> np.float32:
    square: np.float32 = x * x + y * y
    return square
