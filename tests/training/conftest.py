"""What tests of training data share."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from cabinsafe.data import KEYPOINTS
from cabinsafe.types import Skeleton


@pytest.fixture
def coco(tmp_path: Path, make_skeleton: Callable[..., Skeleton]) -> Callable[..., Path]:
    """A COCO-style file of one image with people who have these attributes, each 60 pixels further right."""

    def make_file(*people: dict[str, Any], image: dict[str, Any] | None = None) -> Path:
        annotations = []
        for number, attributes in enumerate(people, start=1):
            skeleton = make_skeleton((60 * number, 0))
            keypoints = [[*map(float, skeleton[name]), 2] for name in KEYPOINTS]
            box = {"bbox": [100, 80, 200, 300], "area": 30000, "category_id": 1, "iscrowd": 0}
            entry = {
                "id": number,
                "image_id": 1,
                "num_keypoints": 18,
                "keypoints": np.ravel(keypoints).tolist(),
            }
            annotations.append(box | entry | attributes)
        content = {
            "images": [{"id": 1, "file_name": "a.png", **({"vehicle": "v1"} if image is None else image)}],
            "annotations": annotations,
            "categories": [{"id": 1, "keypoints": list(KEYPOINTS)}],
        }
        path = tmp_path / "keypoints.json"
        path.write_text(json.dumps(content))
        cv2.imwrite(str(tmp_path / "a.png"), np.zeros((400, 600, 3), np.uint8))
        return path

    return make_file
