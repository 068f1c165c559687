from __future__ import annotations

import json
from pathlib import Path

import pytest

from cabinsafe.errors import ConfigError, ModelError
from cabinsafe.pose import Limb, PoseCard, Topology


def test_the_two_layouts_know_the_same_keypoints() -> None:
    trt, openpose = Topology.trt_pose(), Topology.openpose()
    assert set(trt.keypoints) == set(openpose.keypoints)
    assert (trt.heatmap_count, trt.paf_count, len(trt.limbs)) == (18, 42, 21)
    assert (openpose.heatmap_count, openpose.paf_count, len(openpose.limbs)) == (19, 38, 19)


def test_trt_pose_puts_the_row_component_first() -> None:
    limb = Topology.trt_pose().limbs[16]
    assert (limb.start, limb.end) == ("neck", "nose")
    assert (limb.y_channel, limb.x_channel) == (32, 33)


def test_openpose_puts_x_first_in_an_order_of_its_own() -> None:
    topology = Topology.openpose()
    limb = next(limb for limb in topology.limbs if (limb.start, limb.end) == ("neck", "right_hip"))
    assert (limb.x_channel, limb.y_channel) == (0, 1)
    assert topology.background_channel == 18
    assert topology.keypoints[1] == "neck"


@pytest.mark.parametrize("topology", [Topology.trt_pose(), Topology.openpose()], ids=lambda t: t.name)
def test_limbs_join_every_keypoint_into_one_body(topology: Topology) -> None:
    reached = {topology.keypoints[0]}
    for _ in topology.limbs:
        reached |= {
            n for limb in topology.limbs for n in (limb.start, limb.end) if {limb.start, limb.end} & reached
        }
    assert reached == set(topology.keypoints)
    assert all(
        topology.keypoints[a] == limb.start
        for (a, _), limb in zip(topology.limb_indices, topology.limbs, strict=True)
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"keypoints": ("a", "a")}, "names must differ"),
        ({"heatmap_channels": (0, 2)}, r"lie in 0\.\.1"),
        ({"heatmap_channels": (0, 0)}, "must differ"),
        ({"background_channel": 1}, "must differ"),
        ({"heatmap_channels": (0,)}, "2 keypoints need as many"),
        ({"paf_count": 1}, "PAF channels"),
        ({"limbs": (Limb(start="a", end="c", x_channel=0, y_channel=1),)}, "join two different keypoints"),
    ],
)
def test_layouts_that_contradict_themselves(change: dict, message: str) -> None:
    good = {
        "name": "stick", "keypoints": ("a", "b"), "heatmap_channels": (0, 1), "heatmap_count": 2,
        "paf_count": 2,
        "limbs": (Limb(start="a", end="b", x_channel=0, y_channel=1),),
    }  # fmt: skip
    Topology(**good)
    with pytest.raises(ConfigError, match=message):
        Topology(**(good | change))


INPUT = {
    "name": "image", "color": "rgb", "size_wh": [352, 352], "mean": [123.7, 116.3, 103.5],
    "std": [58.4, 57.1, 57.4], "pad_value": 128,
}  # fmt: skip


@pytest.fixture
def card(tmp_path: Path):
    """Writes a card for a two-byte model file, with changes."""

    def write(**change) -> Path:
        (tmp_path / "net.onnx").write_bytes(b"ab")
        content = {
            "name": "net",
            "file": "net.onnx",
            "sha256": "fb8e20fc2e4c3f248c60c39bd652f3c1347298bb977b8b4d5903b85055620603",
            "input": INPUT,
            "maps": {"heatmaps": "cmap", "pafs": "paf", "stride": 4},
            "topology": json.loads(Topology.trt_pose().model_dump_json()),
            "licence": "Apache-2.0",
        }  # fmt: skip
        path = tmp_path / "net.json"
        path.write_text(json.dumps(content | change))
        return path

    return write


def test_a_card_gives_layout_and_verified_file(card) -> None:
    path = card()
    assert Topology.from_card(path) == Topology.trt_pose()
    assert PoseCard.load(path).verified_file() == path.parent / "net.onnx"


def test_a_file_that_is_not_the_one_on_the_card(card) -> None:
    loaded = PoseCard.load(card())
    (card().parent / "net.onnx").write_bytes(b"tampered")
    with pytest.raises(ModelError, match=r"expected sha256 fb8e20fc.*, found "):
        loaded.verified_file()
    with pytest.raises(ModelError, match=r"none\.onnx does not exist"):
        PoseCard.load(card(file="none.onnx")).verified_file()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sha256": "short"}, "sha256"),
        ({"maps": {"heatmaps": "c", "pafs": "p", "stride": 5}}, r"must be multiples of maps.stride 5"),
        ({"maps": {"heatmaps": "c", "pafs": "p", "boxes": "p", "stride": 8}}, r"maps: .*differ, got c, p, p"),
        ({"input": INPUT | {"side_multiple": 30}}, r"must be multiples of input.side_multiple 30"),
        ({"input": INPUT | {"side_multiple": 22}}, r"must be a multiple of maps.stride 4"),
        ({"colour": 1}, "colour: Extra inputs"),
        ({"kind": "classifier"}, "kind"),
    ],
)
def test_malformed_cards_say_what_is_wrong(card, change: dict, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        PoseCard.load(card(**change))


def test_a_name_may_choose_another_input(card) -> None:
    path = card(input=INPUT | {"side_multiple": 8})
    smaller = PoseCard.load(f"{path}@256")
    assert smaller.input == PoseCard.load(path).input.model_copy(update={"size_wh": (256, 256)})
    assert smaller.verified_file() == path.parent / "net.onnx"
    assert PoseCard.load("cabinsafe-pose@192").input.size_wh == (192, 192)
    assert PoseCard.load(f"{path}@2048").input.size_wh == (2048, 2048)
    for side in (250, 0, 2056, 10**9):
        with pytest.raises(
            ModelError, match=rf"'net' takes inputs of multiples of 8 px up to 2048, got {side}"
        ):
            PoseCard.load(f"{path}@{side}")
    with pytest.raises(ModelError, match=r"takes inputs of \(352, 352\) alone, got 256"):
        PoseCard.load(f"{card()}@256")
    with pytest.raises(ModelError, match="no model card 'cabinsafe-pose@big'"):
        PoseCard.load("cabinsafe-pose@big")


def test_cards_that_are_missing_or_no_json(tmp_path: Path) -> None:
    with pytest.raises(
        ModelError,
        match=r"no model card 'none'.*\(cabinsafe-pose, cabinsafe-pose-float, unsafe-sitting, "
        r"unsafe-sitting-seat\)",
    ):
        PoseCard.load("none")
    (tmp_path / "bad.json").write_text("{")
    with pytest.raises(ModelError, match="not a readable JSON card"):
        PoseCard.load(tmp_path / "bad.json")


def test_the_embedded_network_is_the_one_on_its_card_and_says_where_it_comes_from() -> None:
    loaded = PoseCard.load("cabinsafe-pose")
    assert loaded.verified_file().stat().st_size <= 20e6
    assert {"left_ankle", "right_wrist", "neck"} <= set(loaded.topology.keypoints)
    assert loaded.licence
    assert loaded.sources
    assert loaded.limits
