"""Ranges to draw from: the types that options hold, and the ways to draw."""

from __future__ import annotations

from typing import Annotated, TypeVar

import numpy as np
from pydantic import AfterValidator, Field

_Number = TypeVar("_Number", int, float)


def _ordered(value: tuple[_Number, _Number]) -> tuple[_Number, _Number]:
    if value[0] > value[1]:
        raise ValueError("the first number must not exceed the second")
    return value


Share = Annotated[float, Field(ge=0, le=1)]
"""A probability or a part of a whole."""

_Positive = Annotated[float, Field(gt=0)]
_NotNegative = Annotated[float, Field(ge=0)]
_Level = Annotated[float, Field(ge=0, le=255)]
_Count = Annotated[int, Field(ge=1, le=32)]
_Quality = Annotated[int, Field(ge=1, le=100)]

Range = Annotated[tuple[float, float], AfterValidator(_ordered)]
Positives = Annotated[tuple[_Positive, _Positive], AfterValidator(_ordered)]
NotNegatives = Annotated[tuple[_NotNegative, _NotNegative], AfterValidator(_ordered)]
Shares = Annotated[tuple[Share, Share], AfterValidator(_ordered)]
Levels = Annotated[tuple[_Level, _Level], AfterValidator(_ordered)]
Counts = Annotated[tuple[_Count, _Count], AfterValidator(_ordered)]
Qualities = Annotated[tuple[_Quality, _Quality], AfterValidator(_ordered)]


def log_uniform(generator: np.random.Generator, bounds: tuple[float, float]) -> float:
    """A positive number whose logarithm is uniform between those of the bounds."""
    return float(np.exp(generator.uniform(*np.log(bounds))))


def count(generator: np.random.Generator, bounds: tuple[int, int]) -> int:
    """A whole number, both bounds included."""
    return int(generator.integers(*bounds, endpoint=True))
