"""Fixtures that several test files share: small scenes, skeletons, a tiny real network."""

from __future__ import annotations

import hashlib
import json
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
    """Upright skeleton moved by ``shift``; keywords move single keypoints, None removes them.

    ``limbs`` are the contested ones of a skeleton that knows them one by one.
    """

    def make(
        shift: tuple[float, float] = (0, 0),
        ambiguity: float = 0.0,
        limbs: dict[str, float] | None = None,
        **points: Any,
    ) -> Skeleton:
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
            ambiguity=max(limbs.values()) if limbs else ambiguity,
            limb_ambiguity=limbs,
        )

    return make


@pytest.fixture
def waving(make_skeleton: Callable[..., Skeleton]) -> Skeleton:
    """Somebody whose left wrist is above the nose."""
    return make_skeleton(left_wrist=(240, 20))


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


BOX_SHARES = (0.25, 0.5, 0.375, 0.625)


@pytest.fixture
def box_network(tmp_path: Path) -> Path:
    """Card of a real network with a person-box head, in the trt_pose layout: 160x160 input, stride 8.

    It sees no keypoints, and a person's centre in a cell as far as the cell is blue; every person's box
    reaches BOX_SHARES (left, top, right, bottom) of 64 input pixels from there.
    """
    onnx = pytest.importorskip("onnx")
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    nodes = [helper.make_node("AveragePool", ["image"], ["cells"], kernel_shape=[8, 8], strides=[8, 8])]
    constants, outputs = [], []
    for name, channels in (("cmap", 18), ("paf", 42), ("boxes", 5)):
        weights, bias = np.zeros((channels, 3, 1, 1), np.float32), np.zeros(channels, np.float32)
        if name == "boxes":
            weights[0, 0], bias[1:] = 1 / 255, BOX_SHARES
        constants += [onnx.numpy_helper.from_array(a, f"{name}.{a.ndim}") for a in (weights, bias)]
        nodes.append(helper.make_node("Conv", ["cells", f"{name}.4", f"{name}.1"], [name]))
        outputs.append(helper.make_tensor_value_info(name, kind, ["n", channels, 20, 20]))
    image = helper.make_tensor_value_info("image", kind, ["n", 3, 160, 160])
    graph = helper.make_graph(nodes, "blue people", [image], outputs, constants)
    content = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8
    ).SerializeToString()
    (tmp_path / "blue.onnx").write_bytes(content)
    card = {
        "name": "blue", "file": "blue.onnx", "sha256": hashlib.sha256(content).hexdigest(), "licence": "none",
        "input": {"name": "image", "color": "bgr", "size_wh": [160, 160], "mean": [0, 0, 0],
                  "std": [1, 1, 1], "pad_value": 0},
        "maps": {"heatmaps": "cmap", "pafs": "paf", "boxes": "boxes", "stride": 8},
        "topology": Topology.trt_pose().model_dump(mode="json"),
    }  # fmt: skip
    (tmp_path / "blue.json").write_text(json.dumps(card))
    return tmp_path / "blue.json"


@pytest.fixture
def blue_frame() -> Callable[..., Frame]:
    """A black 320x240 frame with people of :func:`box_network`: blue cells, given as (column, row, height).

    The network's 160x160 input shows it at half its size, 20 pixels down: a cell is 16x16 frame pixels.
    """

    def make(*people: tuple[int, int, float], t_s: float = 0.0) -> Frame:
        image = np.zeros((240, 320, 3), np.uint8)
        for column, row, height in people:
            image[16 * row - 40 : 16 * row - 24, 16 * column : 16 * column + 16, 0] = round(255 * height)
        return Frame(image=image, t_s=t_s)

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
