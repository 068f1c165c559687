"""A scene that keeps detectors busy: three people side by side, with feet up and hands about."""

from __future__ import annotations

from cabinsafe.data import KEYPOINTS
from cabinsafe.types import Scene, Skeleton, Track
from cabinsafe.views import CameraView, SeatView

_PERSON = {
    "nose": (200, 100), "left_eye": (206, 94), "right_eye": (194, 94), "left_ear": (214, 98),
    "right_ear": (186, 98), "neck": (200, 140),
    "left_shoulder": (235, 140), "right_shoulder": (165, 140), "left_elbow": (270, 215),
    "right_elbow": (150, 195), "left_wrist": (293, 258), "right_wrist": (165, 245), "left_hip": (222, 250),
    "right_hip": (178, 250), "left_knee": (228, 235), "right_knee": (172, 295), "left_ankle": (228, 290),
    "right_ankle": (172, 375),
}  # fmt: skip
_PITCH = 120


def busy_scene() -> tuple[CameraView, Scene]:
    """A view with three outlined seats and a dashboard, and three people of whom each touches the next."""
    seats, tracks = [], []
    for i in range(3):
        x = 120 + _PITCH * i
        corners = [(x, 260), (x + 160, 260), (x + 170, 300), (x - 10, 300)]
        cushion = [(a / 640, b / 480) for a, b in corners]
        seats.append(SeatView(name=f"Row1.Pos{i + 1}", zone=cushion, cushion=cushion, seat_line=cushion[2:]))
        skeleton = Skeleton(
            topology="trt_pose",
            keypoints=KEYPOINTS,
            xy=[(_PERSON[name][0] + _PITCH * i, _PERSON[name][1]) for name in KEYPOINTS],
            score=[0.9] * len(KEYPOINTS),
            person_score=0.9,
        )
        tracks.append(
            Track(
                track_id=i + 1,
                box_xyxy=skeleton.box_xyxy,
                box_source="keypoints",
                skeleton=skeleton,
                raw_skeleton=skeleton,
                seat=f"Row1.Pos{i + 1}",
            )
        )
    dashboard = [(0.1, 0.85), (0.9, 0.85), (1.0, 1.0), (0.0, 1.0)]
    view = CameraView(camera_id="front", seats=seats, dashboard=dashboard)
    return view, Scene(t_s=0.0, camera_id="front", size_wh=(640, 480), tracks=tracks)
