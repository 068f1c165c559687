"""What the decoder returns, and what it may be told about the last frame: people in map cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cabinsafe.errors import ShapeError

FloatArray = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class PosePrior:
    """Where P people are expected: as they were in the last frame, or as they move from the last two.

    Attributes:
        xy: (P, K, 2) float32 map cells, NaN where unknown, K keypoints in the topology's order.
        ids: P numbers by which the caller knows them, none of them negative.
    """

    xy: FloatArray
    ids: Sequence[int]

    def __post_init__(self) -> None:
        if self.xy.ndim != 3 or self.xy.dtype != np.float32 or self.xy.shape[2:] != (2,):
            raise ShapeError("prior xy", "float32 (P, K, 2)", f"{self.xy.dtype} {self.xy.shape}")
        if len(self.ids) != len(self.xy) or min(self.ids, default=0) < 0:
            raise ShapeError("prior ids", f"{len(self.xy)} numbers, none negative", list(self.ids))

    def moved_on(self, before: PosePrior) -> PosePrior:
        """Where people will be as long after this frame as it is after ``before``, if they go on moving so.

        Keypoints and people that ``before`` lacks stay where they are.
        """
        place = {person: i for i, person in enumerate(before.ids)}
        ahead = self.xy.copy()
        for i, person in enumerate(self.ids):
            if person in place:
                step = self.xy[i] - before.xy[place[person]]
                ahead[i] += np.where(np.isnan(step), 0.0, step)
        return PosePrior(ahead, self.ids)


@dataclass(frozen=True, eq=False, slots=True)
class DecodedPoses:
    """N people in map cells, the best first; K keypoints and L limbs in the topology's order.

    Arrays are read-only.

    Attributes:
        xy: (N, K, 2) float32 map cells, x right, y down, cell centres at +0.5; NaN where absent.
        score: (N, K) float32 in [0, 1]; 0 where absent. Keypoints below ``peak_threshold`` were found because
            a neighbour's PAF points at them.
        person_score: (N,) float32 in [0, 1], falling. Mean score of the person's keypoints and limbs times
            the square root of the share of the keypoints that was found, times a factor that rises with the
            person's size (option ``half_score_size_map_sides``); all before fainter keypoints are added.
        limb_score: (N, L) float32 in [0, 1]; mean PAF agreement less the length penalty, 0 where absent.
        ambiguity: (N,) float32 in [0, 1], the largest of the person's limbs'.
        limb_ambiguity: (N, L) float32 in [0, 1], 0 where absent. The score of the best limb of the same kind
            that claimed one of the limb's ends and was refused, over the limb's own: 0 if it had no rival
            owner, 1 if a rival was as good. At least (1 + |cosine of the angle|) / 2 where the limb crosses
            another person's of the same kind or of the other side's.
        prior_id: (N,) int64, which of the expected people each is; -1 for none, or if none were expected.
    """

    xy: FloatArray
    score: FloatArray
    person_score: FloatArray
    limb_score: FloatArray
    ambiguity: FloatArray
    limb_ambiguity: FloatArray
    prior_id: NDArray[np.int64]

    def __post_init__(self) -> None:
        for name in self.__slots__:
            getattr(self, name).setflags(write=False)

    def __len__(self) -> int:
        return len(self.person_score)
