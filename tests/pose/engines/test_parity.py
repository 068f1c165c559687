"""All engines that are present see the same in the same frames."""

from __future__ import annotations

from contextlib import closing
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from reference_input import reference_input

from cabinsafe.errors import CabinSafeError
from cabinsafe.media import open_source
from cabinsafe.pose import OnnxEngine, PafDecoder, PoseCard, PoseEstimator
from cabinsafe.pose.engines import Engine, EngineOptions, make_engine
from cabinsafe.types import Frame

SURE_SCORE = 0.3  # fainter peaks are broad, and may be found in one runtime's int8 maps only

# Largest difference of any map value from ONNX Runtime's, and of a sure keypoint, in frame pixels. int8
# layers round once more or less where a runtime fuses; TensorRT sums in another order, or in halves.
TOLERANCES = [
    ("cabinsafe-pose-float", {"engine": "openvino"}, 1e-4, 0.05),
    ("cabinsafe-pose", {"engine": "openvino"}, 0.1, 4.0),
    ("cabinsafe-pose-float", {"engine": "tensorrt", "tensorrt": {"precision": "fp32"}}, 1e-3, 0.1),
    ("cabinsafe-pose-float", {"engine": "tensorrt", "tensorrt": {"precision": "fp16"}}, 0.05, 2.0),
]


@pytest.fixture(scope="session")
def frames(short_clip: Path) -> list[Frame]:
    with open_source(short_clip) as source:
        return list(islice(source, 0, 12, 4))


def made_or_skipped(options: EngineOptions, card: PoseCard) -> Engine:
    try:
        return make_engine(options, card)
    except CabinSafeError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize(
    ("model", "options", "map_tolerance", "pixel_tolerance"),
    TOLERANCES,
    ids=lambda value: str(value) if isinstance(value, str) else None,
)
def test_maps_and_skeletons_are_those_of_onnx_runtime(
    model, options, map_tolerance, pixel_tolerance, frames, tmp_path, monkeypatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    card = PoseCard.load(model)
    other = made_or_skipped(EngineOptions(**options), card)
    results = []
    for engine in (OnnxEngine(card.verified_file()), other):
        with closing(PoseEstimator(engine, card, PafDecoder(card.topology))) as estimator:
            results.append(estimator.estimate(frames))
    assert sum(len(one.skeletons) for one in results[0]) >= len(frames), "there is somebody to compare"
    for expected, found in zip(*results, strict=True):
        for maps in zip(expected.maps[:2], found.maps[:2], strict=True):
            assert np.abs(np.subtract(*maps)).max() < map_tolerance
        assert len(found.skeletons) == len(expected.skeletons)
        for one, two in zip(expected.skeletons, found.skeletons, strict=True):
            sure = one.score > SURE_SCORE
            assert sure.sum() >= 8
            assert np.abs(one.xy[sure] - two.xy[sure]).max() < pixel_tolerance


def test_frames_prepared_on_a_real_gpu_give_the_same_maps(frames, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    card = PoseCard.load("cabinsafe-pose-float")
    spec = card.input
    options = EngineOptions(engine="tensorrt", tensorrt={"precision": "fp32"})
    with made_or_skipped(options, card) as engine:
        images = [frame.image for frame in frames]
        expected = engine.infer({spec.name: reference_input(images, spec)})
        found = engine.infer_images(images)
        for name in card.maps.names:
            assert np.abs(expected[name] - found[name]).max() < 0.05
