"""Sets are found where they lie, and what is no set is refused with a reason."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from cabinsafe.data.split import select
from cabinsafe.errors import DataError
from cabinsafe.evaluation.sets import open_set


@pytest.fixture
def folder(tmp_path: Path, make_person) -> Path:
    """Images 1 to 30, empty files, the first with a person and a crowd."""
    (tmp_path / "cabins" / "images").mkdir(parents=True)
    images = [{"id": i, "file_name": f"{i}.png"} for i in range(1, 31)]
    for image in images:
        (tmp_path / "cabins" / "images" / image["file_name"]).touch()
    people = [make_person(1), make_person(2, iscrowd=1)]
    content = {"images": images, "annotations": people, "categories": [{"id": 1}]}
    (tmp_path / "cabins" / "keypoints.json").write_text(json.dumps(content))
    return tmp_path / "cabins"


def test_a_folder_its_annotations_and_annotations_beside_the_images_are_the_same_set(folder: Path) -> None:
    whole = open_set(folder)
    assert whole.name == "cabins"
    assert list(whole.paths) == list(range(1, 31))
    assert whole.paths[7] == folder / "images" / "7.png"
    assert [len(whole.people[i]) for i in (1, 2)] == [2, 0]
    assert whole.images[7]["file_name"] == "7.png"
    by_file = open_set(folder / "keypoints.json")
    assert (by_file.name, by_file.paths) == ("keypoints", whole.paths)
    shutil.move(folder / "keypoints.json", folder / "images" / "person_keypoints.json")
    assert open_set(folder / "images").paths == whole.paths


def test_a_split_and_a_limit_choose_the_same_images_every_time(folder: Path) -> None:
    test = open_set(folder, "test")
    assert list(test.paths) == select(range(1, 31), "test")
    few = open_set(folder, "train", 5)
    assert len(few.paths) == 5
    assert set(few.paths) == set(few.people) == set(few.images) <= set(select(range(1, 31), "train"))
    assert list(few.paths) == list(open_set(folder, "train", 5).paths)


def test_what_is_no_set_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="none: no annotation file, and no folder"):
        open_set(tmp_path / "none")
    with pytest.raises(
        DataError, match=r"expected one of keypoints.json or person_keypoints.json.*found none"
    ):
        open_set(tmp_path)
    shutil.copy(folder / "keypoints.json", folder / "person_keypoints.json")
    with pytest.raises(DataError, match="found both"):
        open_set(folder)


def test_missing_images_and_empty_choices_are_refused(folder: Path) -> None:
    (folder / "images" / "9.png").unlink()
    with pytest.raises(DataError, match=r"1 of 30 images are missing, first 9\.png"):
        open_set(folder)
    content = json.loads((folder / "keypoints.json").read_text())
    content |= {"images": content["images"][:1]}
    (folder / "keypoints.json").write_text(json.dumps(content))
    with pytest.raises(DataError, match=r"keypoints\.json: none of the 1 images is in the split 'test'"):
        open_set(folder, "test")
    (folder / "keypoints.json").write_text(json.dumps(content | {"images": [], "annotations": []}))
    with pytest.raises(DataError, match=r"keypoints\.json: there are no images"):
        open_set(folder)


def test_labels_that_cannot_be_scored_are_refused(folder: Path) -> None:
    content = json.loads((folder / "keypoints.json").read_text())
    del content["annotations"][1]["area"]
    (folder / "keypoints.json").write_text(json.dumps(content))
    with pytest.raises(DataError, match=r"annotations\[1\] lacks area"):
        open_set(folder)
