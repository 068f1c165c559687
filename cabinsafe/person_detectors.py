"""Person detectors: an optional second source of people, as boxes, beside the pose network.

The tracker fuses their boxes with those of the keypoints. A plug-in is a class in the entry-point group
``cabinsafe.person_detectors`` whose constructor takes the options of the cabin file as keywords.
"""

from __future__ import annotations

import importlib
import json
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from importlib.metadata import entry_points
from operator import itemgetter
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cabinsafe.errors import ConfigError, DataError
from cabinsafe.types import Box, Frame

ENTRY_POINT_GROUP = "cabinsafe.person_detectors"
BUILT_IN: Mapping[str, str] = MappingProxyType({"recorded": "cabinsafe.person_detectors:RecordedBoxes"})


class PersonDetector(Protocol):
    """Protocol of a person detector."""

    def detect(self, frame: Frame) -> Sequence[Box] | None:
        """Person boxes in frame pixels, perhaps none; None if it did not look at this frame."""
        ...

    def close(self) -> None:
        """Free what it holds."""
        ...


class RecordedBoxes:
    """Boxes that another program wrote, one JSON object per line and frame.

    ``{"camera_id": "front", "t_s": 0.04, "boxes": [[x1, y1, x2, y2, score], ...]}``

    Args:
        path: the JSON Lines file.
        tolerance_s: how far the recorded time may lie from the frame's.

    Raises:
        ConfigError: the file cannot be read, or a line is malformed; the message says which.
    """

    def __init__(self, path: str, tolerance_s: float = 0.005) -> None:
        self._tolerance_s = float(tolerance_s)
        self._boxes: dict[str, list[tuple[float, list[Box]]]] = {}
        try:
            lines = Path(path).read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"person_detector.path: {path} cannot be read: {error}") from error
        for number, line in enumerate(lines, start=1):
            try:
                record = _RecordedFrame.model_validate(json.loads(line))
                boxes = [Box(xyxy=(x1, y1, x2, y2), score=score) for x1, y1, x2, y2, score in record.boxes]
            except (json.JSONDecodeError, ValidationError, DataError) as error:
                raise ConfigError(f"{path}, line {number}: not a record of boxes: {error}") from error
            self._boxes.setdefault(record.camera_id, []).append((record.t_s, boxes))
        for records in self._boxes.values():
            records.sort(key=itemgetter(0))

    def detect(self, frame: Frame) -> Sequence[Box] | None:
        """Boxes recorded nearest to the frame's time, or None if nothing was recorded then."""
        recorded = self._boxes.get(frame.camera_id, [])
        after = bisect_left(recorded, frame.t_s, key=itemgetter(0))
        near = recorded[max(0, after - 1) : after + 1]
        t_s, boxes = min(near, key=lambda r: abs(r[0] - frame.t_s), default=(float("inf"), []))
        return boxes if abs(t_s - frame.t_s) <= self._tolerance_s else None

    def close(self) -> None:
        """Nothing is held open."""


class _RecordedFrame(BaseModel):
    model_config = ConfigDict(extra="forbid")

    camera_id: str = "front"
    t_s: float = Field(allow_inf_nan=False)
    boxes: list[tuple[float, float, float, float, float]]


def make_person_detector(kind: str, options: Mapping[str, Any]) -> PersonDetector:
    """Build the person detector of a kind.

    Raises:
        ConfigError: no such kind, or options it does not take.
    """
    kinds = {**{e.name: e.value for e in entry_points(group=ENTRY_POINT_GROUP)}, **BUILT_IN}
    if kind not in kinds:
        raise ConfigError(f"person_detector.kind: no '{kind}'; there are {', '.join(sorted(kinds))}")
    module, _, name = kinds[kind].partition(":")
    try:
        detector: PersonDetector = getattr(importlib.import_module(module), name)(**options)
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        raise ConfigError(f"person_detector '{kind}' cannot be built: {error}") from error
    return detector
