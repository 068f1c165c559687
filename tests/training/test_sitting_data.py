"""Reading labelled skeletons: records, COCO-style annotations, clips; and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from cabinsafe.data import KEYPOINTS
from cabinsafe.data.posture import posture_of
from cabinsafe.detectors.features import SEATED_KEYPOINTS
from cabinsafe.detectors.unsafe_sitting import UnsafeSittingOptions
from cabinsafe.errors import DataError, MissingExtraError
from cabinsafe.training.sitting.clips import read_clip
from cabinsafe.training.sitting.read import read_samples
from cabinsafe.training.sitting.records import read_jsonl, read_parquet, write_jsonl
from cabinsafe.training.sitting.samples import groups_of, make
from cabinsafe.training.sitting.sight import Sight, match
from cabinsafe.types import Scene, Skeleton

RECORD = {
    "keypoints": {"left_shoulder": [235, 140], "right_shoulder": [165, 140], "left_hip": [222, 250],
                  "nose": None},
    "label": "lying",
    "vehicle": "bus-07",
    "person": "anna",
}  # fmt: skip


def written(path: Path, *records: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def test_a_record_becomes_a_sample(tmp_path: Path) -> None:
    samples = read_jsonl(written(tmp_path / "a.jsonl", RECORD, RECORD | {"label": "seated"}))
    assert samples.label.tolist() == ["lying", "safe"]
    assert samples.unsafe.tolist() == [True, False]
    row = dict(zip(SEATED_KEYPOINTS, samples.points[0].tolist(), strict=True))
    assert row["left_hip"] == [222, 250]
    assert row["neck"] == [200, 140], "the middle of the shoulders"
    assert np.isnan(row["nose"]).all()
    assert (samples.vehicle[0], samples.person[0], samples.source[0]) == ("bus-07", "anna", "labelled")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"label": "lyng"}, "expected one of safe, lying"),
        ({"label": None}, "label"),
        ({"keypoints": {"tail": [1, 2]}}, "no keypoint tail"),
        ({"keypoints": {"nose": [1]}}, "nose"),
        ({"vehicle": ""}, "vehicle"),
        ({"surprise": 1}, "surprise"),
        ({"source": "guessed"}, "source"),
    ],
)
def test_a_wrong_record_is_named(tmp_path: Path, change: dict, message: str) -> None:
    path = written(tmp_path / "a.jsonl", RECORD, RECORD | change)
    with pytest.raises(DataError, match=message) as caught:
        read_jsonl(path)
    assert "a.jsonl, line 2" in str(caught.value)


def test_files_that_are_none_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.jsonl"):
        read_jsonl(tmp_path / "none.jsonl")
    (tmp_path / "broken.jsonl").write_text("{")
    with pytest.raises(DataError, match="line 1"):
        read_jsonl(tmp_path / "broken.jsonl")
    with pytest.raises(DataError, match=r"expected a \.jsonl, \.parquet or \.json file"):
        read_samples([tmp_path])
    assert len(read_jsonl(written(tmp_path / "empty.jsonl"))) == 0


def test_records_read_back_as_they_were(tmp_path: Path, repository: Path) -> None:
    samples = read_jsonl(repository / "demo" / "skeletons.jsonl")
    write_jsonl(tmp_path / "again.jsonl", samples)
    again = read_jsonl(tmp_path / "again.jsonl")
    assert again.digest() == samples.digest()
    assert again.note.tolist() == samples.note.tolist()
    assert again.pick(again.unsafe).digest() != again.digest()


@pytest.mark.parametrize("kind", ["struct", "map"])
def test_parquet_holds_the_same(tmp_path: Path, kind: str) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    table = pyarrow.Table.from_pylist([RECORD, RECORD | {"label": "safe"}])
    if kind == "map":
        points = pyarrow.map_(pyarrow.string(), pyarrow.list_(pyarrow.float64()))
        rows = [list(RECORD["keypoints"].items())] * 2
        column = pyarrow.array(rows, points)
        table = table.set_column(table.schema.get_field_index("keypoints"), "keypoints", column)
    parquet.write_table(table, tmp_path / "a.parquet")
    expected = read_jsonl(written(tmp_path / "a.jsonl", RECORD, RECORD | {"label": "safe"}))
    assert read_samples([tmp_path / "a.parquet"]).digest() == expected.digest()
    parquet.write_table(pyarrow.Table.from_pylist([RECORD | {"label": "x"}]), tmp_path / "b.parquet")
    with pytest.raises(DataError, match=r"b\.parquet, row 0"):
        read_parquet(tmp_path / "b.parquet")
    (tmp_path / "c.parquet").write_bytes(b"none")
    with pytest.raises(DataError, match=r"c\.parquet"):
        read_parquet(tmp_path / "c.parquet")


def test_without_pyarrow_the_extra_is_named(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match="pyarrow") as caught:
        read_parquet(tmp_path / "a.parquet")
    assert caught.value.extra == "parquet"


def test_annotated_people_have_their_posture(coco) -> None:
    synthetic = {
        "sitting": "kneeling",
        "style": "kneel_back",
        "events": [{"kind": "unsafe_sitting", "seats": []}],
    }
    path = coco({"posture": "sliding", "person": "p"}, {"note": "no label"}, synthetic)
    samples = read_samples([path])
    assert samples.label.tolist() == ["sliding", "reversed"]
    assert samples.person.tolist() == ["p", "v1/2"]
    assert samples.note.tolist() == ["sliding", "kneel_back"]
    assert read_samples([path.parent]).digest() == samples.digest()


def test_mirrored_pictures_are_turned_back(coco) -> None:
    plain = read_samples([coco({"posture": "safe"})])
    turned = read_samples([coco({"posture": "safe"}, image={"vehicle": "v1", "mirrored": True})])
    np.testing.assert_allclose(turned.points[0, :, 0], -plain.points[0, :, 0])


def test_an_image_without_a_vehicle_is_refused(coco) -> None:
    with pytest.raises(DataError, match="image 1 lacks 'vehicle'"):
        read_samples([coco({"posture": "safe"}, image={})])
    with pytest.raises(DataError, match=r"keypoints\.json: image 1: expected one of"):
        read_samples([coco({"posture": "upside down"})])
    samples = read_samples([coco({"posture": "safe"}, image={"seed": 7, "cabin": "suv"})])
    assert samples.vehicle[0].endswith("/7"), "each picture of a synthetic set is a vehicle of its own"


def test_what_the_network_sees_gets_the_label_of_whom_it_shows(coco, make_skeleton, monkeypatch) -> None:
    looks = []

    def people(_self: Sight, picture: Path, mirrored: bool, look: int) -> list[Skeleton]:
        looks.append((picture.name, mirrored, look))
        near, nobody = make_skeleton((122, 1)), make_skeleton((-90, 0))
        return [near, nobody, make_skeleton((60, 0), limbs={"left_elbow-left_shoulder": 0.95})]

    monkeypatch.setattr(Sight, "people", people)
    sight = Sight.__new__(Sight)
    samples = read_samples([coco({"posture": "safe"}, {"posture": "lying"})], sight=sight, looks=2)
    assert looks == [("a.png", False, 0), ("a.png", False, 1)]
    assert samples.source.tolist() == ["labelled"] * 2 + ["seen"] * 4
    assert samples.label.tolist() == ["safe", "lying"] + ["lying", "safe"] * 2
    unseen = np.isnan(samples.points[3, :-1, 0])
    arm = {"left_elbow", "left_wrist"}
    assert {SEATED_KEYPOINTS[row] for row in np.flatnonzero(unseen)} == arm, "what hangs on a contested limb"
    looks.clear()
    read_samples([coco({"posture": "safe"}, {"note": "no label"})], sight=sight, looks=2)
    assert len(looks) == 1, "safe people are many: one look is enough"


def test_matching_goes_by_the_keypoints_that_both_have(make_skeleton) -> None:
    people = np.stack([make_skeleton((60 * n, 0)).xy for n in range(2)]).astype(float)
    legless = dict.fromkeys(["left_knee", "right_knee", "left_ankle", "right_ankle"])
    found = [make_skeleton((61, 1), **legless), make_skeleton((500, 0)), make_skeleton((1, 0))]
    assert match(found, people).tolist() == [1, -1, 0]
    assert match([], people).tolist() == []
    assert match(found, people[:0]).tolist() == [-1, -1, -1]


def test_each_look_puts_people_where_they_are(repository: Path, tmp_path: Path) -> None:
    with_clip = cv2.VideoCapture(str(repository / "demo" / "ride.mp4"))
    frame = with_clip.read()[1]
    cv2.imwrite(str(tmp_path / "a.png"), frame)
    sight = Sight()
    looks = [sight.people(tmp_path / "a.png", mirrored=False, look=look) for look in range(3)]
    sight.close()
    assert all(looks)
    plain = np.stack([[skeleton[name] for name in KEYPOINTS] for skeleton in looks[0]]).astype(float)
    for look in looks[1:]:
        assert (match(look, plain) >= 0).any()


def test_clips_give_true_and_seen_skeletons(
    repository: Path, tmp_path: Path, make_skeleton, monkeypatch
) -> None:
    fps = 10.0
    events = [
        {"kind": "unsafe_sitting", "t_start_s": 1.0, "t_end_s": 3.0},
        {"kind": "leaning_out", "t_start_s": 2.0, "t_end_s": 3.0},
        {"kind": "unsafe_sitting", "t_start_s": 3.5, "t_end_s": 4.0, "near_miss": True},
    ]  # fmt: skip
    events = [{**event, "seats": ["Row1.Pos1"], "track_ids": [1]} for event in events]
    truth = {
        "clip": "ride.mp4", "fps": fps, "size_wh": [400, 400], "duration_s": 5.0, "events": events,
        "rules": {"unsafe_sitting": "so", "leaning_out": "so"}, "attributes": {"seed": 9},
    }  # fmt: skip
    (tmp_path / "truth.json").write_text(json.dumps(truth))
    (tmp_path / "cabin.yaml").write_text("name: x\ncameras: [{camera_id: front, seats: []}]\n")
    track = {"track_id": 1, "box_xyxy": (0, 0, 9, 9), "box_source": "keypoints", "seat": "Row1.Pos1"}
    scenes = [
        Scene(
            t_s=n / fps, camera_id="front", size_wh=(400, 400), tracks=[track | {"skeleton": make_skeleton()}]
        )
        for n in range(50)
    ]
    (tmp_path / "scenes.jsonl").write_text("".join(s.model_dump_json() + "\n" for s in scenes))
    options = UnsafeSittingOptions()
    samples = read_clip(tmp_path, None, options)
    assert samples.label.tolist() == ["safe", "safe", "unsafe", "leaning_out", "safe", "safe", "safe"]
    assert set(samples.vehicle.tolist()) == {"seed 9"}
    shifted = [scene.model_copy(update={"tracks": scene.tracks * 1}) for scene in scenes]
    monkeypatch.setattr(Sight, "scenes", lambda *_: iter(shifted))
    both = read_clip(tmp_path, Sight.__new__(Sight), options)
    assert both.source.tolist() == ["labelled"] * 7 + ["seen"] * 7
    assert both.label.tolist() == samples.label.tolist() * 2
    (tmp_path / "scenes.jsonl").unlink()
    by_seat = read_samples([tmp_path], sight=Sight.__new__(Sight))
    assert by_seat.source.tolist() == ["seen"] * len(by_seat)
    assert "leaning_out" in by_seat.label


def test_clips_that_cannot_be_used_say_why(tmp_path: Path) -> None:
    truth = {
        "clip": "a.mp4", "fps": 10, "size_wh": [4, 4], "duration_s": 5.0, "rules": {"hand_on_leg": "so"},
    }  # fmt: skip
    options = UnsafeSittingOptions()

    def put(**changes: Any) -> None:
        (tmp_path / "truth.json").write_text(json.dumps(truth | changes))

    put()
    with pytest.raises(DataError, match="do not judge unsafe_sitting"):
        read_clip(tmp_path, None, options)
    put(rules={"unsafe_sitting": "so"})
    with pytest.raises(DataError, match=r"attributes\.vehicle"):
        read_clip(tmp_path, None, options)
    put(rules={"unsafe_sitting": "so"}, attributes={"vehicle": "bus-07"})
    with pytest.raises(DataError, match=r"cabin\.yaml"):
        read_clip(tmp_path, None, options)
    (tmp_path / "cabin.yaml").write_text("name: x\ncameras: [{camera_id: roof, seats: []}]\n")
    with pytest.raises(DataError, match="camera 'front'"):
        read_clip(tmp_path, None, options)


def test_groups_join_whoever_shares_a_vehicle_or_a_person() -> None:
    words = ["x"] * 5
    vehicle, person = ["a", "a", "b", "c", "d"], ["p", "q", "q", "r", "s"]
    samples = make(np.zeros((5, len(SEATED_KEYPOINTS), 2)), words, vehicle, person, words, words)
    groups = groups_of(samples)
    assert groups[0] == groups[1] == groups[2]
    assert len({groups[0], groups[3], groups[4]}) == 3
    assert len(samples.features(with_seat=True)) == 5


def test_labels_of_synthetic_people() -> None:
    both = {"unsafe_sitting", "leaning_out"}
    assert posture_of("seated", "rest", (), "x") == "safe"
    assert posture_of("seated", "elbow_out", both, "x") == "leaning_out"
    assert posture_of("standing", "stand_turned", {"unsafe_sitting"}, "x") == "reversed"
    assert posture_of("standing", "stand", {"unsafe_sitting"}, "x") == "standing"
    with pytest.raises(DataError, match="x: expected one of"):
        posture_of("flying", "fly", {"unsafe_sitting"}, "x")
