"""Inspection: every step of one frame, as the analyzer shows it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cabinsafe.pose import PoseResult
from cabinsafe.types import Event, Frame, Reading, Scene

Boxes = NDArray[np.float64]
"""(N, 5) person boxes, frame pixels xyxy and score."""


class Inspection(NamedTuple):
    """Every intermediate of one frame.

    ``boxes`` are the detections (N, 5), None if nothing looked; ``occupancy`` has a reading per seat of the
    camera's view; ``events`` of a batch's last frame tell of silent cameras, too.
    """

    frame: Frame
    pose: PoseResult
    boxes: Boxes | None
    scene: Scene
    occupancy: tuple[Reading, ...]
    readings: tuple[Reading, ...]
    events: tuple[Event, ...]
