"""Fixtures that several test files share: small scenes, skeletons, a tiny real network."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from cabinsafe.media import open_source
from cabinsafe.pose import Topology
from cabinsafe.types import Frame, Reading, Scene, Skeleton, State, Track

KEYPOINTS = Topology.trt_pose().keypoints
UPRIGHT = {  # a seated person seen from the front, pixels, legs hanging from a cushion edge at y = 300
    "nose": (200, 100), "left_eye": (206, 94), "right_eye": (194, 94), "left_ear": (214, 98),
    "right_ear": (186, 98), "neck": (200, 140), "left_shoulder": (235, 140), "right_shoulder": (165, 140),
    "left_elbow": (250, 195), "right_elbow": (150, 195), "left_wrist": (235, 245), "right_wrist": (165, 245),
    "left_hip": (222, 250), "right_hip": (178, 250), "left_knee": (228, 295), "right_knee": (172, 295),
    "left_ankle": (228, 375), "right_ankle": (172, 375),
}  # fmt: skip


@pytest.fixture
def make_skeleton() -> Callable[..., Skeleton]:
    """Upright skeleton moved by ``shift``; keywords move single keypoints, None removes them."""

    def make(shift: tuple[float, float] = (0, 0), ambiguity: float = 0.0, **points: Any) -> Skeleton:
        merged = {name: np.add(xy, shift) for name, xy in UPRIGHT.items()} | points
        rows = [merged[name] for name in KEYPOINTS]
        xy = [(np.nan, np.nan) if row is None else row for row in rows]
        score = [0.0 if row is None else 0.9 for row in rows]
        return Skeleton(
            topology="trt_pose",
            keypoints=KEYPOINTS,
            xy=xy,
            score=score,
            person_score=0.8,
            ambiguity=ambiguity,
        )

    return make


@pytest.fixture
def make_scene() -> Callable[..., Scene]:
    """Scene of skeletons (or None for a person seen as a box only), track ids from 1."""

    def make(*skeletons: Skeleton | None, t_s: float = 0.0, seat: str | None = None) -> Scene:
        tracks = tuple(
            Track(
                track_id=i,
                box_xyxy=(0, 0, 10, 10) if skeleton is None else skeleton.box_xyxy,
                box_source="keypoints",
                skeleton=skeleton,
                seat=seat,
            )
            for i, skeleton in enumerate(skeletons, start=1)
        )
        return Scene(t_s=t_s, camera_id="front", size_wh=(400, 400), tracks=tracks)

    return make


@pytest.fixture
def make_reading() -> Callable[..., Reading]:
    def make(
        state: State = State.TRUE, score: float = 0.9, kind: str = "act", ids: tuple[int, ...] = (1,)
    ) -> Reading:
        return Reading(kind=kind, track_ids=ids, state=state, score=score, evidence={"height_shins": score})

    return make


@pytest.fixture
def make_frame() -> Callable[..., Frame]:
    def make(t_s: float = 0.0, size_wh: tuple[int, int] = (64, 48), camera_id: str = "front") -> Frame:
        image = np.zeros((size_wh[1], size_wh[0], 3), np.uint8)
        return Frame(image=image, t_s=t_s, camera_id=camera_id)

    return make


@pytest.fixture(scope="session")
def repository() -> Path:
    return Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def short_clip(tmp_path_factory, repository: Path) -> Path:
    """The first 12 frames of the demo clip, as a video of its own."""
    path = tmp_path_factory.mktemp("clip") / "short.avi"
    with open_source(repository / "demo" / "ride.mp4") as source:
        frames = list(islice(source, 12))
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), source.fps, frames[0].size_wh)
    for frame in frames:
        writer.write(frame.image)
    writer.release()
    return path
