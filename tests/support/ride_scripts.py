"""Short scripts of rides on the rear bench of the default cabin."""

from __future__ import annotations

from cabinsafe.synthetic.cabin.spec import CabinSpec
from cabinsafe.synthetic.camera import CameraSpec
from cabinsafe.synthetic.ride.spec import RideSpec

LEFT, MIDDLE, RIGHT = "Row2.Pos1", "Row2.Pos2", "Row2.Pos3"
CAMERA = {"camera_id": "rear", "position_m": (-0.15, 0, 1.1), "look_at_m": (-0.9, 0, 0.5), "fov_deg": 120}


def act(start_s: float, style: str, seat: str = MIDDLE, **more: object) -> dict:
    return {"start_s": start_s, "style": style, "seat": seat, **more}


def ride(riders: list[dict], **more: object) -> RideSpec:
    values = {
        "seed": 1, "duration_s": 4.0, "fps": 5, "cabin": CabinSpec(),
        "camera": CameraSpec(**CAMERA, size_wh=(64, 48)), "light": {}, "sensor": {}, "riders": riders,
    }  # fmt: skip
    return RideSpec(**(values | more))


PAIR = [
    {"acts": [act(0, "rest", LEFT), act(1.0, "touch_leg", LEFT, partner=2), act(3.0, "rest", LEFT)]},
    {"acts": [act(0, "rest", MIDDLE)]},
]
