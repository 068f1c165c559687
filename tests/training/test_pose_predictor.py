"""Maps become people in image pixels, letterbox undone."""

from __future__ import annotations

import numpy as np
import pytest

from cabinsafe.errors import CabinSafeError
from cabinsafe.pose.decoder import PafDecoder
from cabinsafe.training.pose.layout import KEYPOINTS, TOPOLOGY
from cabinsafe.training.pose.predictor import make_predictor
from cabinsafe.training.pose.targets import TargetSpec, draw_heatmaps, draw_pafs


def test_a_drawn_person_comes_back_in_image_pixels() -> None:
    try:
        decoder = PafDecoder(TOPOLOGY)
    except CabinSafeError as error:
        pytest.skip(str(error))
    generator = np.random.default_rng(3)
    input_xy = generator.uniform(40, 210, (1, len(KEYPOINTS), 2)).astype(np.float32)

    def forward(batch: np.ndarray):
        assert batch.shape == (1, 3, 256, 256)
        assert batch[0, 0, 0, 0] == 128
        return tuple(draw(input_xy, (256, 256), TargetSpec())[None] for draw in (draw_heatmaps, draw_pafs))

    people = make_predictor(forward, decoder, 256)(np.zeros((256, 512, 3), np.uint8))
    best_xy, score, person_score = max(people, key=lambda person: np.isfinite(person[0][:, 0]).sum())
    found = np.isfinite(best_xy[:, 0])
    assert found.sum() > 10
    assert score[found].min() > 0.5
    assert person_score > 0.3
    expected = (input_xy[0] - (0, 64)) * 2
    np.testing.assert_allclose(best_xy[found], expected[found], atol=2.0)
