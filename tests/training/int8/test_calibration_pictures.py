"""Pictures to calibrate on."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")


from cabinsafe.errors import DataError  # noqa: E402
from cabinsafe.pose import PoseCard  # noqa: E402
from cabinsafe.training.pose.int8.pictures import batches, find_pictures  # noqa: E402


def test_a_network_of_one_size_sees_grey_bars(tmp_path: Path, small: Path) -> None:
    for name in ("a.png", "b.png"):
        cv2.imwrite(str(tmp_path / name), np.full((48, 64, 3), 10, np.uint8))
    first, second = batches(find_pictures(tmp_path), PoseCard.load(small).of_one_size().input)
    assert first.shape == second.shape == (1, 3, 48, 64)
    assert np.unique(first).tolist() == [10]
    assert np.unique(second).tolist() == [10, 128]
    assert (second[0, 0, :6] == 128).all()


def test_a_network_of_any_size_sees_none(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        cv2.imwrite(str(tmp_path / name), np.full((176, 352, 3), 10, np.uint8))
    shapes = [one.shape for one in batches(find_pictures(tmp_path), PoseCard.load("cabinsafe-pose").input)]
    assert shapes == [(1, 3, 176, 352), (1, 3, 176, 352)]


def test_pictures_are_found_in_folders_and_sets(pictures: list[Path], tmp_path: Path) -> None:
    folder = pictures[0].parent
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a.JPG").touch()
    (tmp_path / "notes.txt").touch()
    assert find_pictures(tmp_path) == [tmp_path / "deep" / "a.JPG"]
    images = [{"id": number, "file_name": f"{number}.png"} for number in range(12)]
    content = {"images": images, "annotations": [], "categories": [{"id": 1, "name": "person"}]}
    (tmp_path / "keypoints.json").write_text(json.dumps(content))
    assert len(find_pictures(folder, tmp_path / "keypoints.json")) == 12
    train = find_pictures(folder, tmp_path / "keypoints.json", "train")
    val = find_pictures(folder, tmp_path / "keypoints.json", "val")
    assert train
    assert not set(train) & set(val)


def test_folders_without_pictures_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no images, looked for \.bmp, \.jpeg, \.jpg"):
        find_pictures(tmp_path)
    with pytest.raises(DataError, match="no folder of images: "):
        find_pictures(tmp_path / "gone")
    with pytest.raises(DataError, match="the split 'train' goes by image id: it needs the annotations"):
        find_pictures(tmp_path, None, "train")
