"""The rule of feet on seats, and legs for the upright skeleton, as its tests have them."""

from __future__ import annotations

from cabinsafe.detectors.feet_on_seats import FeetOnSeats
from cabinsafe.types import Reading
from cabinsafe.views import CameraView, SeatView

ZONE = ((0, 0), (1, 0), (1, 1), (0, 1))
LINE = ((0.2, 0.75), (0.8, 0.75))  # y = 300 px in a 400 px frame, where UPRIGHT's knees bend
CUSHION = ((0.3, 0.62), (0.7, 0.62), (0.75, 0.75), (0.25, 0.75))
UP = {"left_knee": (230, 190), "left_ankle": (228, 275)}  # the knee drawn up, the foot on the cushion
CROSSED = {"left_knee": (250, 262), "left_ankle": (176, 272)}  # the ankle on the other thigh


def detector(*lines: tuple | None, dashboard: tuple | None = None, **options) -> FeetOnSeats:
    """Seats Row1.Pos1, Row1.Pos2, ... with these seat lines, or cushions (normalised)."""
    seats = []
    for i, places in enumerate(lines, start=1):
        key = "seat_line" if places is None or len(places) == 2 else "cushion"
        seats.append(SeatView(name=f"Row1.Pos{i}", zone=ZONE, **{key: places}))
    views = {"front": CameraView(camera_id="front", seats=tuple(seats), dashboard=dashboard)}
    return FeetOnSeats(FeetOnSeats.Options(**options), views)


def read_one(rule: FeetOnSeats, scene) -> Reading:
    (reading,) = rule.read(scene)
    return reading
