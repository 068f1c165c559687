"""A teacher fills in what humans left out, and nothing else; a network that finds inks stands for Thunder."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
import typer
from inks import BOX, SEEN, network, picture
from onnx import TensorProto
from typer.testing import CliRunner

from cabinsafe.data import COCO_KEYPOINTS, KEYPOINTS, read_keypoints
from cabinsafe.errors import ConfigError, DataError, MediaError, ModelError, OutputError
from cabinsafe.label_cli import label_app
from cabinsafe.training.pose.thunder import MoveNet, TeacherOptions, complete_labels, write_completed


@pytest.fixture(scope="module")
def model_file(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("teacher") / "inks.onnx"
    onnx.save(network(), str(path))
    return path


@pytest.fixture(scope="module")
def teacher(model_file: Path) -> MoveNet:
    return MoveNet(model_file)


def person(
    names: tuple[str, ...] = COCO_KEYPOINTS, box: tuple = BOX, crowd: int = 0, **labelled: tuple
) -> dict:
    rows = [labelled.get(name, (0, 0, 0)) for name in names]
    return {
        "image_id": 1,
        "category_id": 1,
        "iscrowd": crowd,
        "bbox": list(box),
        "num_keypoints": len(labelled),
        "keypoints": [value for row in rows for value in row],
        "seat": "Row1.Pos1",
    }


Complete = Callable[..., dict]


@pytest.fixture
def complete(tmp_path: Path, teacher: MoveNet) -> Complete:
    """Complete the given people of one picture; return the whole file's content."""

    def write_and_complete(
        image: np.ndarray, *people: dict, names: tuple[str, ...] = COCO_KEYPOINTS, ids=None, **options: float
    ) -> dict:
        for name in ("a.png", "b.png"):
            cv2.imwrite(str(tmp_path / name), image)
        content = {
            "images": [{"id": 1, "file_name": "a.png"}, {"id": 2, "file_name": "b.png"}],
            "annotations": [{"id": number, **each} for number, each in enumerate(people, start=1)],
            "categories": [{"id": 1, "keypoints": list(names)}],
        }
        file = tmp_path / "people.json"
        file.write_text(json.dumps(content), encoding="utf-8")
        return complete_labels(read_keypoints(file), tmp_path, teacher, TeacherOptions(**options), ids)

    return write_and_complete


def rows(annotation: dict, names: tuple[str, ...] = COCO_KEYPOINTS) -> dict[str, tuple]:
    return {
        name: tuple(row)
        for name, row in zip(names, np.reshape(annotation["keypoints"], (-1, 3)), strict=True)
    }


def near(name: str, shift: float = 0.0) -> tuple[float, float, int]:
    x, y = SEEN[name]
    return (x + shift, y, 2)


@pytest.mark.parametrize(
    "box",
    [BOX, (0, 0, 256, 192), (45, 10, 60, 160), (40, 15, 216, 160), (-20.5, -30.25, 200, 222)],
    ids=["inside", "whole", "narrow", "wide", "beyond"],
)
def test_keypoints_come_back_in_the_pixels_of_the_image(teacher: MoveNet, box: tuple) -> None:
    found = teacher.look(picture(), np.array(box, float))
    inked = [i for i, xy in enumerate(SEEN.values()) if xy[0] < box[0] + box[2]]
    np.testing.assert_allclose(found[inked, :2], np.array(list(SEEN.values()))[inked], atol=0.8)
    np.testing.assert_allclose(found[inked, 2], 0.8, atol=0.01)


def test_large_people_are_shrunk_and_small_ones_enlarged(teacher: MoveNet) -> None:
    large = cv2.resize(picture(), None, fx=5, fy=5, interpolation=cv2.INTER_NEAREST)
    found = teacher.look(large, np.array(BOX) * 5)
    np.testing.assert_allclose(found[:, :2], np.array(list(SEEN.values())) * 5, atol=3)


def test_what_lies_outside_the_image_is_black(teacher: MoveNet) -> None:
    assert teacher.look(picture(), np.array([1000.0, -500.0, 80.0, 90.0]))[:, 2].tolist() == [0] * 17


def test_human_labels_stay_and_the_missing_are_filled_in(complete: Complete) -> None:
    human = {name: near(name, 0.37) for name in COCO_KEYPOINTS if name not in ("left_wrist", "nose")}
    human["left_ankle"] = (61.123456, 33.2, 1)  # far off, but a human's
    content = complete(picture(), person(**human))
    (annotation,) = content["annotations"]
    found = rows(annotation)
    assert {name: found[name] for name in human} == human
    assert annotation["teacher_keypoints"] == ["nose", "left_wrist"]
    for name in ("nose", "left_wrist"):
        assert found[name][2] == 1
        np.testing.assert_allclose(found[name][:2], SEEN[name], atol=0.8)
    assert annotation["num_keypoints"] == 17
    assert annotation["seat"] == "Row1.Pos1"


def test_the_file_says_who_the_teacher_was(complete: Complete, teacher: MoveNet) -> None:
    content = complete(picture(), person(), min_score=0.4)
    assert content["teacher"]["file"] == teacher.path.name
    assert len(content["teacher"]["sha256"]) == 64
    assert content["teacher"]["options"] == TeacherOptions(min_score=0.4).model_dump()


@pytest.mark.parametrize(("score", "is_filled"), [(0.45, False), (0.55, True)])
def test_unsure_keypoints_are_left_out(complete: Complete, score: float, is_filled: bool) -> None:
    human = {name: near(name) for name in COCO_KEYPOINTS if name != "left_hip"}
    (annotation,) = complete(picture(left_hip=score), person(**human))["annotations"]
    assert annotation.get("teacher_keypoints", []) == ["left_hip"] * is_filled
    assert (rows(annotation)["left_hip"] != (0, 0, 0)) == is_filled


@pytest.mark.parametrize(("margin", "is_filled"), [(0.0, False), (0.3, True)])
def test_keypoints_well_outside_the_box_are_implausible(
    complete: Complete, margin: float, is_filled: bool
) -> None:
    right = SEEN["right_ankle"][0]  # the rightmost
    box = (40.0, 20.0, right - 40 - 6, 150.0)
    human = {name: near(name) for name in COCO_KEYPOINTS if name != "right_ankle"}
    (annotation,) = complete(picture(), person(box=box, **human), box_margin=margin)["annotations"]
    assert annotation.get("teacher_keypoints", []) == ["right_ankle"] * is_filled


def test_who_does_not_agree_with_the_human_looked_at_somebody_else(complete: Complete) -> None:
    human = {name: near(name, 60) for name in ("left_eye", "left_shoulder", "right_hip")}
    one = person(**human)
    for options, count in (({}, 0), ({"min_agreement": 0.0}, 14)):
        (annotation,) = complete(picture(), one, **options)["annotations"]
        assert len(annotation.get("teacher_keypoints", [])) == count
        assert {name: rows(annotation)[name] for name in human} == human


@pytest.mark.parametrize(("shift", "is_taken"), [(5, True), (30, False)])
def test_nobody_gets_a_keypoint_of_somebody_else(complete: Complete, shift: float, is_taken: bool) -> None:
    human = {name: near(name) for name in COCO_KEYPOINTS if name != "left_wrist"}
    other = person(box=(60, 20, 90, 150), left_wrist=near("left_wrist", shift), crowd=1)
    annotation, untouched = complete(picture(), person(**human), other)["annotations"]
    assert annotation.get("teacher_keypoints", []) == ["left_wrist"] * (not is_taken)
    assert untouched["num_keypoints"] == 1


def test_people_with_a_box_only_get_a_skeleton_where_the_teacher_is_sure(complete: Complete) -> None:
    (annotation,) = complete(picture(), person())["annotations"]
    assert annotation["teacher_keypoints"] == list(COCO_KEYPOINTS)
    assert annotation["num_keypoints"] == 17
    few = picture(**dict.fromkeys(COCO_KEYPOINTS[5:], 0.1))
    (annotation,) = complete(few, person())["annotations"]
    assert (annotation["num_keypoints"], "teacher_keypoints" in annotation) == (0, False)
    (annotation,) = complete(few, person(), min_keypoints=5)["annotations"]
    assert annotation["teacher_keypoints"] == list(COCO_KEYPOINTS[:5])


@pytest.mark.parametrize("one", [person(crowd=1), person(box=(40, 20, 0, 150))], ids=["crowd", "flat box"])
def test_crowds_and_flat_boxes_are_left_alone(complete: Complete, one: dict) -> None:
    (annotation,) = complete(picture(), one)["annotations"]
    assert annotation["keypoints"] == [0] * 51
    assert annotation["num_keypoints"] == 0


def test_the_file_keeps_its_keypoints_and_their_order_and_gets_necks(complete: Complete) -> None:
    names = ("neck", *reversed(COCO_KEYPOINTS[3:]))  # no nose, no eyes
    (annotation,) = complete(picture(), person(names, left_shoulder=near("left_shoulder")), names=names)[
        "annotations"
    ]
    assert set(annotation["teacher_keypoints"]) == set(names) - {"left_shoulder"}
    found = rows(annotation, names)
    shoulders = np.array([found["left_shoulder"], found["right_shoulder"]])
    assert found["neck"] == (*shoulders[:, :2].mean(axis=0), 1)
    np.testing.assert_allclose(found["left_knee"][:2], SEEN["left_knee"], atol=0.8)


def test_only_the_chosen_images_are_completed(complete: Complete) -> None:
    content = complete(picture(), person(), {**person(), "image_id": 2}, ids=[2])
    assert [annotation["num_keypoints"] for annotation in content["annotations"]] == [0, 17]
    with pytest.raises(DataError, match="no image with the id 7"):
        complete(picture(), person(), ids=[7])


def test_a_completed_file_can_be_read_and_completed_again(
    complete: Complete, tmp_path: Path, teacher
) -> None:
    out = tmp_path / "completed.json"
    first = complete(picture(left_hip=0.3), person(nose=near("nose")))
    write_completed(first, out)
    people = read_keypoints(out)
    image = people.labelled_images(tmp_path, KEYPOINTS, [1])[0]
    assert image.visibility[0, :17].tolist() == [2] + [1] * 10 + [0] + [1] * 5
    assert image.people[0]["teacher_keypoints"] == first["annotations"][0]["teacher_keypoints"]
    again = complete_labels(people, tmp_path, teacher, TeacherOptions(min_score=0.2))
    (annotation,) = again["annotations"]
    assert annotation["teacher_keypoints"] == [*first["annotations"][0]["teacher_keypoints"], "left_hip"]
    write_completed(first, out)  # over what is there


def test_missing_and_unreadable_images_are_refused(complete: Complete, tmp_path: Path, teacher) -> None:
    complete(picture(), person())
    people = read_keypoints(tmp_path / "people.json")
    (tmp_path / "a.png").write_bytes(b"no image")
    with pytest.raises(MediaError, match=r"a\.png"):
        complete_labels(people, tmp_path, teacher, TeacherOptions())
    (tmp_path / "a.png").unlink()
    with pytest.raises(DataError, match=r"1 of 2 images are missing, first a\.png"):
        complete_labels(people, tmp_path, teacher, TeacherOptions())


@pytest.mark.parametrize(
    ("other", "found"),
    [
        (network(kind=TensorProto.FLOAT), r"found input tensor\(float\) \[1, 256, 256, 3\]"),
        (network(keypoints=16), r"out tensor\(float\) \[1, 1, 16, 3\]"),
    ],
    ids=["float input", "16 keypoints"],
)
def test_other_networks_are_refused(tmp_path: Path, other: onnx.ModelProto, found: str) -> None:
    path = tmp_path / "other.onnx"
    onnx.save(other, str(path))
    with pytest.raises(ModelError, match=r"expected tensor\(int32\) \[1, S, S, 3\] .*" + found):
        MoveNet(path)


def test_files_that_are_no_network_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="does not exist"):
        MoveNet(tmp_path / "none.onnx")
    (tmp_path / "text.onnx").write_text("no network", encoding="utf-8")
    with pytest.raises(ModelError, match="cannot load"):
        MoveNet(tmp_path / "text.onnx")


@pytest.mark.parametrize(
    ("key", "value"), [("min_score", 1.5), ("box_margin", -0.1), ("min_agreement", 2), ("min_keypoints", 0)]
)
def test_options_out_of_range_are_refused(key: str, value: float) -> None:
    with pytest.raises(ConfigError, match=f"{key}: .*allowed: at"):
        TeacherOptions(**{key: value})


def test_a_file_that_cannot_be_written_is_an_output_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        write_completed({"images": []}, tmp_path / "missing" / "out.json")


def command(*arguments: object):
    app = typer.Typer()
    app.add_typer(label_app, name="data")
    return CliRunner().invoke(app, ["data", "complete", *map(str, arguments)])


def test_the_command_completes_a_file(complete: Complete, tmp_path: Path, model_file: Path) -> None:
    complete(picture(), person(), {**person(nose=near("nose")), "image_id": 2})
    people, out = tmp_path / "people.json", tmp_path / "out.json"
    result = command(people, "--images", tmp_path, "--model", model_file, "--out", out)
    assert result.exit_code == 0, result.output
    assert "33 keypoints of 2 people are the teacher's, 1 of them have no others" in result.output
    content = json.loads(out.read_text(encoding="utf-8"))
    assert [annotation["num_keypoints"] for annotation in content["annotations"]] == [17, 17]


def test_the_command_looks_for_the_folder_of_the_result_first(tmp_path: Path) -> None:
    out = tmp_path / "missing" / "out.json"
    result = command("set.json", "--images", "i", "--model", "m.onnx", "--out", out)
    assert isinstance(result.exception, OutputError)
    assert "there is no folder" in str(result.exception)
