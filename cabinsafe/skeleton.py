"""Skeleton: one person's keypoints in frame pixels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from math import isfinite, isnan
from types import MappingProxyType
from typing import Annotated

import numpy as np
from pydantic import Field, model_validator
from typing_extensions import Self

from cabinsafe.errors import DataError, ShapeError
from cabinsafe.fields import BoxXyxy, FloatArray, Floats, Record, read_only_floats

_Score = Annotated[float, Field(ge=0.0, le=1.0)]
LEAST_AMBIGUITY = 0.1
"""Limbs that are contested less than this are not named: they are as good as uncontested."""


_OTHER: Mapping[str, str] = MappingProxyType({"left": "right", "right": "left"})


class Skeleton(Record):
    """One person's keypoints in frame pixels.

    Attributes:
        topology: name of the keypoint layout.
        keypoints: K names, in the order of the arrays.
        xy: (K, 2) float32 pixels, NaN where absent.
        score: (K,) float32 in [0, 1], 0 where absent.
        person_score: confidence in the person as a whole, [0, 1].
        ambiguity: how contested the person's limbs were, from 0 (no rival owner) to 1 (a rival as good).
        limb_ambiguity: the same limb by limb, as ``left_elbow-left_wrist``, of those that are contested by
            :data:`LEAST_AMBIGUITY` or more; None where it is known of the person as a whole only.
    """

    topology: str
    keypoints: tuple[str, ...]
    xy: Floats
    score: Floats
    person_score: _Score
    ambiguity: _Score = 0.0
    limb_ambiguity: dict[str, _Score] | None = None

    @model_validator(mode="after")
    def _arrays_agree(self) -> Self:
        count = len(self.keypoints)
        if self.xy.shape != (count, 2):
            raise ShapeError("Skeleton.xy", (count, 2), self.xy.shape)
        if self.score.shape != (count,):
            raise ShapeError("Skeleton.score", (count,), self.score.shape)
        for (x, y), score in zip(self.xy.tolist(), self.score.tolist(), strict=True):
            absent = isnan(x) and isnan(y)
            if not (absent or (isfinite(x) and isfinite(y))):
                raise ShapeError("Skeleton.xy", "x and y both finite or both NaN", self.xy.tolist())
            if not 0.0 <= score <= 1.0 or (absent and score):
                raise ShapeError("Skeleton.score", "values in [0, 1], 0 where absent", self.score.tolist())
        return self

    @model_validator(mode="after")
    def _limbs_join_keypoints(self) -> Self:
        for limb in self.limb_ambiguity or ():
            if limb not in _pairs(self.keypoints):
                raise DataError(
                    f"limb_ambiguity: expected two different keypoints of {self.topology}, as "
                    f"'left_elbow-left_wrist', got '{limb}'"
                )
        return self

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Skeleton):
            return NotImplemented
        mine, theirs = self._plain_values(), other._plain_values()
        arrays_equal = np.array_equal(self.xy, other.xy, equal_nan=True) and np.array_equal(
            self.score, other.score
        )
        return mine == theirs and arrays_equal

    __hash__ = None  # type: ignore[assignment]

    def _plain_values(self) -> tuple[object, ...]:
        return self.topology, self.keypoints, self.person_score, self.ambiguity, self.limb_ambiguity

    def __getitem__(self, name: str) -> FloatArray:
        """(x, y) of a keypoint in pixels; NaN, NaN where it was not seen."""
        point: FloatArray = self.xy[self._position(name)]
        return point

    def score_of(self, name: str) -> float:
        """Score of a keypoint, 0 where it was not seen."""
        return float(self.score[self._position(name)])

    def sees(self, *names: str) -> bool:
        """Whether all the named keypoints were seen."""
        return all(not np.isnan(self[name][0]) for name in names)

    def ambiguity_of(self, limbs: Iterable[tuple[str, str]]) -> float:
        """How contested the most contested of some limbs was, each given by its ends in either order.

        Of a skeleton that does not know it limb by limb, how contested the person was.
        """
        if self.limb_ambiguity is None:
            return self.ambiguity
        get = self.limb_ambiguity.get
        return max((get(f"{a}-{b}") or get(f"{b}-{a}") or 0.0 for a, b in limbs), default=0.0)

    def _position(self, name: str) -> int:
        try:
            return _places(self.keypoints)[name]
        except KeyError:
            raise DataError(
                f"no keypoint '{name}' in {self.topology}: it has {', '.join(self.keypoints)}"
            ) from None

    @property
    def box_xyxy(self) -> BoxXyxy:
        """Smallest box around the keypoints that were seen.

        Raises:
            DataError: no keypoint was seen.
        """
        if np.isnan(self.xy).all():
            raise DataError("a skeleton without keypoints has no box")
        (x1, y1), (x2, y2) = np.nanmin(self.xy, axis=0).tolist(), np.nanmax(self.xy, axis=0).tolist()
        return x1, y1, x2, y2

    def with_sides_swapped(self) -> Self:
        """The same points with the names left_* and right_* exchanged, as a mirrored camera needs."""
        order = side_swap(self.keypoints)
        limbs = self.limb_ambiguity
        return self.model_copy(
            update={
                "xy": read_only_floats(self.xy[order]),
                "score": read_only_floats(self.score[order]),
                "limb_ambiguity": limbs
                and {"-".join(map(_other_side, limb.split("-"))): value for limb, value in limbs.items()},
            }
        )


def side_swap(keypoints: Sequence[str]) -> list[int]:
    """For each keypoint the position of its other side, or its own where it has none."""
    place = _places(tuple(keypoints))
    return [place[_other_side(name)] for name in keypoints]


def _other_side(name: str) -> str:
    side, _, part = name.partition("_")
    return f"{_OTHER[side]}_{part}" if side in _OTHER else name


@lru_cache(maxsize=32)
def _places(keypoints: tuple[str, ...]) -> Mapping[str, int]:
    """Where each keypoint of a layout is in its arrays."""
    return MappingProxyType({name: i for i, name in enumerate(keypoints)})


@lru_cache(maxsize=32)
def _pairs(keypoints: tuple[str, ...]) -> frozenset[str]:
    """What limbs of a layout can be called."""
    return frozenset(f"{a}-{b}" for a in keypoints for b in keypoints if a != b)
