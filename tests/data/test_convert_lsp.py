"""Both files of Leeds Sports Pose, whose flags differ in meaning, and the list with its own image sizes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from scipy.io import savemat

from cabinsafe.data.convert import AREA_OF_BOX, BOX_MARGIN
from cabinsafe.data.convert.matlab import read_array
from cabinsafe.errors import DataError

NAMES = [
    *("right_ankle", "right_knee", "right_hip", "left_hip", "left_knee", "left_ankle"),
    *("right_wrist", "right_elbow", "right_shoulder", "left_shoulder", "left_elbow", "left_wrist"),
    *("neck", "head_top"),
]
UNLABELLED = [-30.0, 0.0, 0]


def joints(**labelled: tuple[float, float]) -> list[list[float]]:
    return [[*labelled[name], 1] if name in labelled else UNLABELLED for name in NAMES]


def content(*people: list[list[float]], **changes: Any) -> dict[str, Any]:
    images = [
        {"file": name, "width": 200, "height": 100, "joints": person}
        for name, person in zip(("a.jpg", "b.jpg"), people, strict=False)
    ]
    return {"joint_names": NAMES, "images": images} | changes


@pytest.fixture
def source(tmp_path):
    def write(values: object) -> Path:
        path = tmp_path / "joints.json"
        path.write_text(json.dumps(values), encoding="utf-8")
        return path

    return write


ALL = {name: (10.0 + 5 * place, 20.0 + 4 * place) for place, name in enumerate(NAMES)}


def test_joints_are_mapped_by_name_and_the_neck_is_as_labelled(source, converted, labels_of) -> None:
    summary, images = converted("lsp", source(content(joints(**ALL))))
    labelled = labels_of(images["a.jpg"])
    assert labelled == {name: (*ALL[name], 2) for name in NAMES[:-1]}
    assert summary.derived_necks == 0
    assert summary.left_out == {"joints that are none of the 18 keypoints": 1}


def test_the_box_lies_around_all_joints_with_a_margin_within_the_image(source, converted) -> None:
    person = joints(right_ankle=(20, 98), neck=(60, 40), head_top=(60, 18))
    _, images = converted("lsp", source(content(person)))
    margin = BOX_MARGIN * 80  # of the height, the longer side; the head's top counts
    box = [20 - margin, 18 - margin, 60 + margin, 100]
    assert images["a.jpg"].boxes[0].tolist() == pytest.approx(box, abs=0.02)
    area = AREA_OF_BOX * (box[2] - box[0]) * (box[3] - box[1])
    assert images["a.jpg"].people[0]["area"] == pytest.approx(area, abs=0.01)


def test_a_missing_neck_is_derived(source, converted, labels_of) -> None:
    person = joints(left_shoulder=(40, 20), right_shoulder=(20, 30), left_hip=(1, 1))
    summary, images = converted("lsp", source(content(person)))
    assert labels_of(images["a.jpg"])["neck"] == (30, 25, 2)
    assert summary.derived_necks == 1


def test_joints_outside_the_image_are_left_out_and_counted(source, converted, labels_of) -> None:
    summary, images = converted(
        "lsp", source(content(joints(left_hip=(10, -1), left_knee=(10, 10)), joints()))
    )
    assert set(labels_of(images["a.jpg"])) == {"left_knee"}
    assert len(images["b.jpg"].boxes) == 0
    assert summary.left_out == {"joints outside their image": 1}


def test_the_order_of_joints_is_that_of_the_file(source, converted, labels_of) -> None:
    person = [[5, 6, 1], [7, 8, 1]]
    _, images = converted("lsp", source(content(person, joint_names=["Neck", "L hip"])))
    assert labels_of(images["a.jpg"]) == {"neck": (5, 6, 2), "left_hip": (7, 8, 2)}


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"images": []}, "not a file of LSP joints: it lacks joint_names"),
        (content([[1, 2, 1]]), r"a\.jpg: expected 14 joints, got 1"),
        (content(joints(**ALL), joint_names=["tail", *NAMES[1:]]), "no keypoint is called 'tail'"),
        (content(joints(**ALL)) | {"images": [{"file": "a.jpg"}]}, r"lacks images\[0\]\.width"),
        (content(joints()), "no people: 1 images without a labelled keypoint"),
        (content(), "no people: 0 images"),
    ],
)
def test_what_is_wrong_with_a_list_is_told(source, converted, values: Any, said: str) -> None:
    with pytest.raises(DataError, match=said):
        converted("lsp", source(values))


@pytest.fixture
def mat(tmp_path, folder):
    def write(array: np.ndarray, *images: str) -> Path:
        for name in images:
            cv2.imwrite(str(folder / name), np.zeros((100, 200, 3), np.uint8))
        savemat(tmp_path / "joints.mat", {"joints": array})
        return tmp_path / "joints.mat"

    return write


def test_the_extended_set_says_which_joints_are_labelled(mat, converted, labels_of) -> None:
    first, second = joints(left_hip=(10, 20)), joints(left_hip=(30, 40), neck=(3, 4))
    source = mat(np.array([first, second]).transpose(1, 2, 0), "im00001.jpg", "im00002.jpg")
    _, images = converted("lsp", source)
    assert labels_of(images["im00001.jpg"]) == {"left_hip": (10, 20, 2)}
    assert labels_of(images["im00002.jpg"]) == {"left_hip": (30, 40, 2), "neck": (3, 4, 2)}


def test_the_first_set_says_which_joints_are_hidden(mat, converted, labels_of) -> None:
    person = np.array(joints(**ALL))
    person[:, 2] = 0
    person[NAMES.index("left_wrist"), 2] = 1
    _, images = converted("lsp", mat(person.T[..., None], "im0001.jpg"))
    labelled = labels_of(images["im0001.jpg"])
    assert len(labelled) == 13
    assert {name for name, (_, _, seen) in labelled.items() if seen == 1} == {"left_wrist"}


def test_what_is_wrong_with_a_matlab_file_is_told(mat, converted, folder, tmp_path) -> None:
    person = np.array(joints(**ALL))[..., None]
    with pytest.raises(DataError, match=r"no readable image: .*im00001\.jpg"):
        converted("lsp", mat(person))
    (folder / "im00001.jpg").write_bytes(b"\x89PNG")
    with pytest.raises(DataError, match=r"no JPEG image: .*im00001\.jpg"):
        converted("lsp", mat(person))
    (folder / "im00001.jpg").write_bytes(b"\xff\xd8\xff")
    with pytest.raises(DataError, match="no JPEG image"):
        converted("lsp", mat(person))
    with pytest.raises(
        DataError, match=r"expected joints of shape \(3, 14, N\) or \(14, 3, N\), got \(5, 5\)"
    ):
        converted("lsp", mat(np.zeros((5, 5))))
    savemat(tmp_path / "joints.mat", {"other": np.zeros((14, 3, 1)), "joints": "text"})
    with pytest.raises(DataError, match="it has no array of numbers 'joints'"):
        converted("lsp", tmp_path / "joints.mat")
    with pytest.raises(DataError, match=r"no\.mat: not a readable annotation file"):
        converted("lsp", tmp_path / "no.mat")


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("dtype", ["f8", "f4", "i2", "u1"])
def test_a_matlab_file_is_read_however_it_is_stored(tmp_path, dtype: str, compressed: bool) -> None:
    array = np.arange(2 * 3 * 4, dtype=dtype).reshape(2, 3, 4)
    savemat(tmp_path / "x.mat", {"a": np.eye(2), "joints": array, "b": "text"}, do_compression=compressed)
    assert read_array(tmp_path / "x.mat", "joints").tolist() == array.tolist()
    one = np.array([[7]], dtype)  # small enough for MATLAB's short form
    savemat(tmp_path / "x.mat", {"j": one}, do_compression=compressed)
    assert read_array(tmp_path / "x.mat", "j").tolist() == [[7]]


@pytest.mark.parametrize("compressed", [False, True])
def test_a_damaged_matlab_file_is_told(tmp_path, compressed: bool) -> None:
    savemat(tmp_path / "x.mat", {"joints": np.ones((14, 3, 9))}, do_compression=compressed)
    whole = (tmp_path / "x.mat").read_bytes()
    for end in (0, 100, 128 + 4, 128 + 40, len(whole) - 9):
        (tmp_path / "x.mat").write_bytes(whole[:end])
        with pytest.raises(DataError, match=r"not a MATLAB file|a damaged MATLAB file|no array of numbers"):
            read_array(tmp_path / "x.mat", "joints")
