"""The truth of a clip reads back as it was written; what cannot be true is refused by file and entry."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cabinsafe.data import ClipTruth, TrueEvent, interval_iou, read_truth, write_truth
from cabinsafe.errors import DataError, OutputError

ACT = {"kind": "hand_on_leg", "t_start_s": 1.5, "t_end_s": 4.0, "seats": ["Row1.Pos1", "Row1.Pos2"]}
NEAR = {"kind": "feet_on_seats", "t_start_s": 0, "t_end_s": 1, "seats": ["Row2.Pos1"], "near_miss": True}
CLIP = {
    "clip": "ride.mp4",
    "fps": 10,
    "size_wh": [640, 480],
    "duration_s": 8.0,
    "rules": {"hand_on_leg": "a wrist on a leg", "feet_on_seats": "an ankle on a cushion"},
    "events": [NEAR, ACT],
}


def test_it_reads_back_as_it_was(tmp_path: Path) -> None:
    rich = {
        "camera_id": "rear",
        "note": "by hand",
        "attributes": {"light": "dusk", "seed": 3, "seats": [1, 2]},
    }
    event = ACT | {"track_ids": [4, 2], "note": "ü"}
    truth = ClipTruth(**CLIP | rich | {"events": [event]})
    write_truth(tmp_path / "truth.json", truth)
    assert read_truth(tmp_path / "truth.json") == truth
    assert json.loads((tmp_path / "truth.json").read_text(encoding="utf-8"))["format"] == "cabinsafe-truth"


def test_what_is_left_out_has_its_default(tmp_path: Path) -> None:
    (tmp_path / "truth.json").write_text(json.dumps(CLIP), encoding="utf-8")
    truth = read_truth(tmp_path / "truth.json")
    assert (truth.version, truth.camera_id, truth.attributes) == (1, "front", {})
    assert [event.near_miss for event in truth.events] == [True, False]
    assert truth.events[1] == TrueEvent(**ACT)
    assert truth.events[1].track_ids == ()
    assert truth.acts == truth.events[1:]


def test_an_event_may_end_with_the_frame_after_the_last() -> None:
    assert ClipTruth(**CLIP | {"events": [ACT | {"t_end_s": 8.1}]})


def test_people_without_a_seat_are_known_by_their_ids() -> None:
    assert TrueEvent(**ACT | {"seats": [], "track_ids": [3]}).track_ids == (3,)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"t_end_s": 1.5}, "expected t_start_s before t_end_s, got 1.5 and 1.5"),
        ({"t_start_s": float("nan")}, "t_start_s: .*finite"),
        ({"t_end_s": float("inf")}, "t_end_s: .*finite"),
        ({"t_start_s": -0.1}, "t_start_s: .*greater than or equal to 0"),
        ({"t_end_s": 8.2}, "expected t_end_s within the clip's 8 s, got 8.2"),
        ({"seats": ["driver", "Row1.Pos2"]}, "seats.0: .*pattern.*got 'driver'"),
        ({"seats": ["Row1.Pos1", "Row0.Pos1"]}, "seats.1: .*got 'Row0.Pos1'"),
        ({"seats": ["Row1.Pos1", "Row1.Pos1"]}, "seats: expected different ones"),
        ({"track_ids": [1]}, r"expected as many track_ids as seats \(2\), got 1"),
        ({"track_ids": [1, 1]}, "track_ids: expected different ones"),
        ({"track_ids": [1, -1]}, "track_ids.1"),
        ({"kind": ""}, "kind: "),
        ({"kind": "smoking"}, r"that rules explains \(hand_on_leg, feet_on_seats\), got 'smoking'"),
        ({"near_mis": True}, "near_mis: Extra inputs"),
        ({"seats": None}, "seats: "),
    ],
)
def test_a_bad_event_is_refused_by_file_and_entry(tmp_path: Path, change: dict, message: str) -> None:
    path = tmp_path / "truth.json"
    path.write_text(json.dumps(CLIP | {"events": [NEAR, ACT | change]}), encoding="utf-8")
    with pytest.raises(DataError, match=message) as caught:
        read_truth(path)
    assert f"{path}: events[1]: " in str(caught.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "coco"}, "format: .*cabinsafe-truth"),
        ({"version": 2}, "version: .*1"),
        ({"clip": "clips/ride.mp4"}, "clip: .*pattern"),
        ({"fps": 0}, "fps: .*greater than 0"),
        ({"duration_s": float("inf")}, "duration_s: .*finite"),
        ({"size_wh": [640, 0]}, "size_wh.1: "),
        ({"camera_id": ""}, "camera_id: "),
        ({"rules": {"hand_on_leg": ""}}, "rules.hand_on_leg: "),
        ({"events": 3}, "events: "),
        ({"events": [3]}, r"events\[0\]: .*TrueEvent"),
        ({"light": "dusk"}, "light: Extra inputs"),
    ],
)
def test_a_bad_truth_is_refused(tmp_path: Path, change: dict, message: str) -> None:
    path = tmp_path / "truth.json"
    path.write_text(json.dumps(CLIP | change), encoding="utf-8")
    with pytest.raises(DataError, match=message) as caught:
        read_truth(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("content", [b"{", b"\xff", b"[]", None])
def test_what_is_no_truth_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "truth.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=r"truth\.json"):
        read_truth(path)


def test_what_json_cannot_hold_is_refused() -> None:
    with pytest.raises(DataError, match="attributes"):
        ClipTruth(**CLIP | {"attributes": {"when": object()}})
    with pytest.raises(DataError, match="attributes"):
        ClipTruth(**CLIP | {"attributes": {"light": [float("nan")]}})


def test_a_truth_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"none/truth\.json: cannot be written: No such file"):
        write_truth(tmp_path / "none" / "truth.json", ClipTruth(**CLIP))


@pytest.mark.parametrize(
    ("a", "b", "iou"),
    [
        ((0, 4), (0, 4), 1.0),
        ((0, 4), (1, 3), 0.5),
        ((0, 3), (1, 4), 0.5),
        ((0, 1), (1, 2), 0.0),
        ((0, 1), (5, 9), 0.0),
        ((2, 2), (2, 2), 0.0),
    ],
)
def test_overlap_in_time(a: tuple[float, float], b: tuple[float, float], iou: float) -> None:
    assert interval_iou(*a, *b) == iou
    assert interval_iou(*b, *a) == iou


@given(st.lists(st.integers(0, 50), min_size=4, max_size=4))
def test_overlap_in_time_is_that_of_counted_steps(times: list[int]) -> None:
    (a0, a1), (b0, b1) = sorted(times[:2]), sorted(times[2:])
    a, b = set(range(a0, a1)), set(range(b0, b1))
    expected = len(a & b) / len(a | b) if a | b else 0.0
    assert interval_iou(a0, a1, b0, b1) == pytest.approx(expected)
