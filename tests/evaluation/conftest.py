"""What the tests of evaluation share: labelled people, predictions of them, a small set of real frames."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from cabinsafe.data import COCO_KEYPOINTS
from cabinsafe.evaluation.predict import open_estimator
from cabinsafe.media import open_source
from cabinsafe.pose import PoseEstimator

NAMES = ("neck", *reversed(COCO_KEYPOINTS))  # an order of keypoints that is nobody's


@pytest.fixture
def make_person() -> Callable[..., dict[str, Any]]:
    """An annotation: 17 visible keypoints spread over a box of 100 x 100 pixels, moved by ``shift``."""

    def make(number: int = 1, image_id: int = 1, shift: tuple[float, float] = (0, 0), **keys: Any) -> dict:
        spread = np.random.default_rng(3).uniform(10, 110, (17, 2)) + shift
        rows = np.column_stack([spread, np.full(17, 2)])
        return {
            "id": number,
            "image_id": image_id,
            "category_id": 1,
            "iscrowd": 0,
            "area": 6000.0,
            "bbox": [10.0 + shift[0], 10.0 + shift[1], 100.0, 100.0],
            "num_keypoints": 17,
            "keypoints": rows.ravel().tolist(),
        } | keys

    return make


@pytest.fixture
def predict() -> Callable[..., tuple]:
    """The prediction that is exactly a labelled person, in the order of NAMES, moved by ``off`` pixels."""

    def make(person: dict[str, Any], score: float = 0.9, off: float = 0.0) -> tuple:
        rows = np.array(person["keypoints"], np.float32).reshape(17, 3)
        xy = np.full((len(NAMES), 2), np.nan, np.float32)
        for name, (x, y, seen) in zip(COCO_KEYPOINTS, rows, strict=True):
            if seen:
                xy[NAMES.index(name)] = (x + off, y)
        return xy, np.isfinite(xy[:, 0]).astype(np.float32), score

    return make


@pytest.fixture(scope="session")
def network() -> Iterator[PoseEstimator]:
    """The embedded network with its decoder."""
    with closing(open_estimator("cabinsafe-pose", 1)) as estimator:
        yield estimator


@pytest.fixture(scope="session")
def ride(tmp_path_factory: pytest.TempPathFactory, repository: Path, network: PoseEstimator) -> Path:
    """A set like those of ``cabinsafe synth images``: three frames of the demo and one where nobody is.

    The labels are what the embedded network finds, so that it is exactly right.
    """
    folder = tmp_path_factory.mktemp("ride")
    (folder / "images").mkdir()
    with open_source(repository / "demo" / "ride.mp4") as source:
        frames = [frame for frame in source if frame.index in (0, 240, 400)]
    images, annotations = [], []
    for image_id, frame in enumerate(frames):
        name = f"{image_id}.png"
        cv2.imwrite(str(folder / "images" / name), frame.image)
        images.append({"id": image_id, "file_name": name, "light": ["day", "night"][image_id % 2]})
        for skeleton in network.estimate([frame])[0].skeletons:
            points = [
                [*skeleton[n].tolist(), 2] if skeleton.sees(n) else [0.0, 0.0, 0] for n in COCO_KEYPOINTS
            ]
            seen = np.array([point for point in points if point[2]])
            if len(seen) < 8:
                continue
            (left, top), (width, height) = seen[:, :2].min(axis=0), np.ptp(seen[:, :2], axis=0)
            annotations.append(
                {
                    "id": len(annotations),  # from 0 on, as some tools number
                    "image_id": image_id,
                    "category_id": 0,
                    "iscrowd": 0,
                    "area": float(width * height),
                    "bbox": [float(v) for v in (left, top, width, height)],
                    "num_keypoints": len(seen),
                    "keypoints": np.ravel(points).tolist(),
                    "style": "rest" if len(annotations) % 2 else "drive",
                }
            )
    cv2.imwrite(str(folder / "images" / "3.png"), np.zeros((48, 64, 3), np.uint8))
    images.append({"id": 3, "file_name": "3.png", "light": "night"})
    content = {
        "images": images,
        "annotations": annotations,
        "categories": [{"id": 0, "name": "person", "keypoints": list(COCO_KEYPOINTS)}],
    }
    (folder / "keypoints.json").write_text(json.dumps(content), encoding="utf-8")
    return folder
