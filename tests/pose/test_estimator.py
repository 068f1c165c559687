"""Letterbox, tensor, maps and the way back to frame pixels."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cabinsafe.errors import DataError, EngineError, ModelError, ShapeError
from cabinsafe.pose import (
    BoxOptions,
    OnnxEngine,
    PafDecoder,
    PoseCard,
    PoseEstimator,
    RecordingEngine,
    ReplayEngine,
    Topology,
)
from cabinsafe.pose.card import InputSpec
from cabinsafe.pose.engines import Engine, TensorSpec
from cabinsafe.pose.preprocess import input_tensor, letterbox
from cabinsafe.types import Frame

SIZE = 160
IMAGE = TensorSpec("image", (None, 3, SIZE, SIZE), "float32")


def card_for(topology: Topology, stride: int, color: str = "bgr") -> PoseCard:
    return PoseCard.model_validate(
        {
            "name": "net", "file": "net.onnx", "sha256": "0" * 64, "licence": "none",
            "input": {"name": "image", "color": color, "size_wh": [SIZE, SIZE], "mean": [1, 2, 3],
                      "std": [2, 4, 8],
                      "pad_value": 128},
            "maps": {"heatmaps": "cmap", "pafs": "paf", "stride": stride},
            "topology": json.loads(topology.model_dump_json()),
        }
    )  # fmt: skip


def maps_of(topology: Topology, points: dict[str, tuple[float, float]], stride: int) -> dict[str, np.ndarray]:
    """Clean maps of one person whose keypoints lie at these input pixels."""
    side = SIZE // stride
    centres = (np.mgrid[0:side, 0:side][::-1] + 0.5) * stride
    heatmaps = np.zeros((1, topology.heatmap_count, side, side), np.float32)
    pafs = np.zeros((1, topology.paf_count, side, side), np.float32)
    for name, channel in zip(topology.keypoints, topology.heatmap_channels, strict=True):
        if name in points:
            offset = centres - np.reshape(points[name], (2, 1, 1))
            heatmaps[0, channel] = np.exp(-(offset**2).sum(axis=0) / (2 * 7.0**2))
    for limb in topology.limbs:
        if {limb.start, limb.end} <= set(points):
            along = np.subtract(points[limb.end], points[limb.start])
            unit = along / np.hypot(*along)
            pafs[0, limb.x_channel], pafs[0, limb.y_channel] = unit[0], unit[1]
    return {"cmap": heatmaps, "paf": pafs}


POINTS = {  # input pixels
    "nose": (80, 30), "neck": (80, 50), "left_shoulder": (95, 50), "right_shoulder": (65, 50),
    "left_elbow": (104, 72), "right_elbow": (56, 72), "left_hip": (90, 96), "right_hip": (70, 96),
}  # fmt: skip


@pytest.mark.parametrize(
    ("topology", "stride"), [(Topology.trt_pose(), 4), (Topology.openpose(), 8)], ids=["trt", "op"]
)
def test_the_same_code_reads_both_layouts_back_into_frame_pixels(topology: Topology, stride: int) -> None:
    """A 320x240 frame in a 160x160 input is halved and moved down by 20 pixels."""
    engine = ReplayEngine(maps_of(topology, POINTS, stride), (IMAGE,))
    estimator = PoseEstimator(engine, card_for(topology, stride), PafDecoder(topology))
    (result,) = estimator.estimate([Frame(image=np.zeros((240, 320, 3), np.uint8), t_s=0.0)])
    (skeleton,) = result.skeletons
    assert skeleton.topology == topology.name
    for name in topology.keypoints:
        if name in POINTS:
            expected = np.subtract(POINTS[name], (0, 20)) * 2
            np.testing.assert_allclose(skeleton[name], expected, atol=1.0, err_msg=name)
        else:
            assert not skeleton.sees(name)


@pytest.mark.parametrize(
    ("break_it", "error", "message"),
    [
        (
            lambda m: m | {"cmap": m["cmap"][..., :-1]},
            ShapeError,
            r"output 'cmap': expected \(1, 18, 40, 40\)",
        ),
        (lambda m: m | {"paf": m["paf"][:, :-2]}, ShapeError, r"output 'paf': expected \(1, 42, 40, 40\)"),
        (lambda m: m | {"cmap": np.where(m["cmap"] > 0.9, np.nan, m["cmap"])}, DataError, "heatmaps"),
        (lambda m: m | {"paf": m["paf"] * np.inf}, DataError, "pafs"),
    ],
    ids=["heatmap shape", "paf channels", "nan", "inf"],
)
@pytest.mark.filterwarnings("ignore:invalid value")
def test_malformed_maps_are_refused(break_it, error, message: str) -> None:
    topology = Topology.trt_pose()
    engine = ReplayEngine(break_it(maps_of(topology, POINTS, 4)), (IMAGE,))
    estimator = PoseEstimator(engine, card_for(topology, 4), PafDecoder(topology))
    with pytest.raises(error, match=message):
        estimator.estimate([Frame(image=np.zeros((8, 8, 3), np.uint8), t_s=0.0)])


def test_an_engine_whose_tensors_are_not_those_of_the_card() -> None:
    topology = Topology.trt_pose()
    engine = ReplayEngine({"other": np.zeros((1, 18, 40, 40))}, (IMAGE,))
    with pytest.raises(ModelError, match=r"outputs \['cmap', 'paf'\], the engine has .* outputs \['other'\]"):
        PoseEstimator(engine, card_for(topology, 4), PafDecoder(topology))


def test_an_engine_of_another_input_size_is_refused_at_the_start() -> None:
    topology = Topology.trt_pose()
    engine = ReplayEngine(maps_of(topology, POINTS, 4), (TensorSpec("image", (None, 3, 96, 96), "float32"),))
    with pytest.raises(
        ModelError, match=r"card says input \(N, 3, 160, 160\), the engine wants \(None, 3, 96, 96\)"
    ):
        PoseEstimator(engine, card_for(topology, 4), PafDecoder(topology))


def test_the_engine_gets_the_type_of_input_that_it_wants() -> None:
    topology, frame = Topology.trt_pose(), Frame(image=np.zeros((8, 8, 3), np.uint8), t_s=0.0)
    half = TensorSpec("image", (None, 3, SIZE, SIZE), "float16")
    estimator = PoseEstimator(
        ReplayEngine(maps_of(topology, POINTS, 4), (half,)), card_for(topology, 4), PafDecoder(topology)
    )
    assert len(estimator.estimate([frame])[0].skeletons) == 1
    other = ReplayEngine(maps_of(topology, POINTS, 4), (half._replace(dtype="int64"),))
    with pytest.raises(
        ModelError, match=r"wants an input of int64, which is none of float32, float16, uint8"
    ):
        PoseEstimator(other, card_for(topology, 4), PafDecoder(topology))


def test_a_network_that_takes_one_image_at_a_time_still_serves_several_cameras() -> None:
    topology = Topology.trt_pose()
    maps = maps_of(topology, POINTS, 4)
    both = {name: np.concatenate([array, np.zeros_like(array)]) for name, array in maps.items()}
    engine = ReplayEngine(both, (TensorSpec("image", (1, 3, SIZE, SIZE), "float32"),))
    estimator = PoseEstimator(engine, card_for(topology, 4), PafDecoder(topology))
    image = np.zeros((8, 8, 3), np.uint8)
    results = estimator.estimate([Frame(image=image, t_s=0.0, camera_id=c) for c in ("front", "rear")])
    assert [len(result.skeletons) for result in results] == [1, 0]


@pytest.fixture
def make_box_estimator(box_network: Path) -> Callable[..., PoseEstimator]:
    """Estimator of the network with a person-box head, or of an engine in its place."""

    def make(engine: Engine | None = None, *options: BoxOptions | None) -> PoseEstimator:
        card = PoseCard.load(box_network)
        return PoseEstimator(
            engine or OnnxEngine(card.verified_file()), card, PafDecoder(card.topology), *options
        )

    return make


def test_a_network_with_a_box_head_gives_boxes_in_frame_pixels(make_box_estimator, blue_frame) -> None:
    """A cell's centre is at 16 (column + 0.5), 16 (row + 0.5) - 40 of the frame; a share is 128 pixels."""
    both, empty = make_box_estimator().estimate([blue_frame((4, 8, 0.6), (12, 10, 0.8)), blue_frame()])
    assert both.skeletons == ()
    assert both.maps.boxes.shape == (5, 20, 20)
    around_each = [(200 - 32, 128 - 64, 200 + 48, 128 + 80), (72 - 32, 96 - 64, 72 + 48, 96 + 80)]
    assert [box.xyxy for box in both.boxes] == around_each, "the stronger first"
    assert [box.score for box in both.boxes] == pytest.approx([0.8, 0.6], abs=1e-6)
    assert empty.boxes == (), "looked and found nobody"


def test_boxes_are_clipped_to_the_frame(make_box_estimator, blue_frame) -> None:
    (result,) = make_box_estimator().estimate([blue_frame((0, 3, 1.0), (19, 15, 0.9))])
    assert [box.xyxy for box in result.boxes] == [(0, 0, 8 + 48, 16 + 80), (312 - 32, 208 - 64, 320, 240)]


def test_a_box_in_the_bars_is_not_in_the_frame(make_box_estimator, blue_frame) -> None:
    """The bars are the input's first and last 20 rows; a box there has less than a pixel in the frame."""
    maps = {"cmap": np.zeros((1, 18, 20, 20)), "paf": np.zeros((1, 42, 20, 20))}
    maps["boxes"] = np.full((1, 5, 20, 20), 1 / 8)
    maps["boxes"][0, 0] = 0.0
    maps["boxes"][0, 0, [0, 19], 5] = 1.0
    (result,) = make_box_estimator(ReplayEngine(maps, (IMAGE,))).estimate([blue_frame()])
    assert result.boxes == ()
    assert result.maps.boxes[0].max() == 1.0


def test_without_box_head_or_options_there_are_no_boxes(make_box_estimator, blue_frame) -> None:
    topology = Topology.trt_pose()
    without = PoseEstimator(
        ReplayEngine(maps_of(topology, POINTS, 4), (IMAGE,)), card_for(topology, 4), PafDecoder(topology)
    )
    (result,) = without.estimate([blue_frame()])
    assert (result.boxes, result.maps.boxes) == (None, None)
    (result,) = make_box_estimator(None, None).estimate([blue_frame((4, 8, 0.6))])
    assert result.boxes is None
    assert result.maps.boxes.shape == (5, 20, 20)
    (result,) = make_box_estimator(None, BoxOptions(score_threshold=0.7)).estimate([blue_frame((4, 8, 0.6))])
    assert result.boxes == ()


def test_recorded_maps_carry_the_boxes(make_box_estimator, blue_frame, tmp_path: Path) -> None:
    frame = blue_frame((4, 8, 0.6))
    with RecordingEngine(OnnxEngine(tmp_path / "blue.onnx")) as recorder:
        (recorded,) = make_box_estimator(recorder).estimate([frame])
        recorder.save(tmp_path / "maps.npz")
    replay = ReplayEngine.from_file(tmp_path / "maps.npz", (IMAGE,))
    (replayed,) = make_box_estimator(replay).estimate([blue_frame()])
    assert replayed.boxes == recorded.boxes
    assert len(replayed.boxes) == 1


@pytest.mark.parametrize(
    ("boxes", "error", "message"),
    [
        (None, ModelError, r"outputs \['cmap', 'paf', 'boxes'\], the engine has .*\['cmap', 'paf'\]"),
        (np.zeros((1, 4, 20, 20)), ShapeError, r"output 'boxes': expected \(1, 5, 20, 20\), got \(1, 4,"),
        (np.zeros((1, 5, 40, 40)), ShapeError, r"output 'boxes': expected \(1, 5, 20, 20\), got \(1, 5, 40"),
        (np.full((1, 5, 20, 20), np.nan), DataError, "boxes: 2000 values are not finite, the first in chan"),
    ],
    ids=["none", "channels", "size", "nan"],
)
def test_malformed_box_maps_are_refused(make_box_estimator, blue_frame, boxes, error, message: str) -> None:
    maps = {"cmap": np.zeros((1, 18, 20, 20)), "paf": np.zeros((1, 42, 20, 20))}
    engine = ReplayEngine(maps if boxes is None else maps | {"boxes": boxes}, (IMAGE,))
    with pytest.raises(error, match=message):
        make_box_estimator(engine).estimate([blue_frame()])


def test_no_frames_no_result_and_a_closed_engine_says_so() -> None:
    topology = Topology.trt_pose()
    estimator = PoseEstimator(
        ReplayEngine(maps_of(topology, POINTS, 4), (IMAGE,)), card_for(topology, 4), PafDecoder(topology)
    )
    assert estimator.estimate([]) == []
    estimator.close()
    with pytest.raises(EngineError, match="closed"):
        estimator.estimate([Frame(image=np.zeros((8, 8, 3), np.uint8), t_s=0.0)])


@settings(max_examples=60, deadline=None)
@given(
    width=st.integers(1, 900), height=st.integers(1, 900), x=st.floats(0, 1), y=st.floats(0, 1),
)  # fmt: skip
def test_letterbox_way_back(width: int, height: int, x: float, y: float) -> None:
    canvas, transform = letterbox(np.zeros((height, width, 3), np.uint8), (352, 288), 7)
    assert canvas.shape == (288, 352, 3)
    frame_xy = np.array([x * width, y * height])
    input_xy = frame_xy * transform.scale_xy + transform.offset_xy
    assert (input_xy >= -1e-6).all()
    assert (input_xy <= np.array([352, 288]) + 1e-6).all()
    np.testing.assert_allclose(transform.to_frame(input_xy), frame_xy, atol=1e-3)


def test_letterbox_puts_pixels_where_it_says() -> None:
    image = np.zeros((100, 200, 3), np.uint8)
    cv2.circle(image, (150, 30), 8, (255, 255, 255), -1)
    canvas, transform = letterbox(image, (352, 352), 0)
    rows, columns = np.nonzero(canvas[..., 0] > 127)
    centre = np.array([columns.mean() + 0.5, rows.mean() + 0.5])
    np.testing.assert_allclose(transform.to_frame(centre), (150.5, 30.5), atol=0.3)


@pytest.mark.parametrize(
    "image", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3), np.float32), np.zeros((0, 4, 3), np.uint8)]
)
def test_letterbox_refuses_what_is_no_image(image: np.ndarray) -> None:
    with pytest.raises(ShapeError, match=r"uint8 array \(H, W, 3\)"):
        letterbox(image, (8, 8), 0)


def test_normalisation_follows_the_card() -> None:
    pixel = np.array([[[10, 20, 30]]], np.uint8)
    for color, expected in (("bgr", [4.5, 4.5, 3.375]), ("rgb", [14.5, 4.5, 0.875])):
        spec = InputSpec(
            name="image", color=color, size_wh=(1, 1), mean=(1, 2, 3), std=(2, 4, 8), pad_value=0
        )  # fmt: skip
        tensor, _ = input_tensor([pixel, pixel], spec)
        assert tensor.shape == (2, 3, 1, 1)
        assert tensor.dtype == np.float32
        np.testing.assert_allclose(tensor[1, :, 0, 0], expected)
