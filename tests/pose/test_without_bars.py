"""The embedded network on frames that are no squares: no bars, the same people, in the same places."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from cabinsafe.evaluation.predict import open_estimator
from cabinsafe.media import open_source
from cabinsafe.pose import PafDecoder, PoseCard, PoseEstimator, PoseResult, RecordingEngine
from cabinsafe.pose.engines import Engine, EngineOptions, make_engine
from cabinsafe.types import Frame


@pytest.fixture(scope="module")
def frames(short_clip: Path) -> list[Frame]:
    with open_source(short_clip, "front") as source:
        return [frame for frame, _ in zip(source, range(3), strict=False)]


@pytest.fixture(scope="module")
def estimator() -> Iterator[PoseEstimator]:
    with closing(open_estimator("cabinsafe-pose", 1)) as opened:
        yield opened


def test_the_same_people_as_with_bars(
    estimator: PoseEstimator, frames: list[Frame], repository: Path, tmp_path: Path
) -> None:
    """Zeros beyond the input's edge, in place of grey bars, move keypoints by less than a pixel or two."""
    squares = PoseCard.load("cabinsafe-pose").model_dump(mode="json")
    squares["input"]["side_multiple"] = None
    shutil.copy(repository / "models" / "cabinsafe-pose.onnx", tmp_path)
    card = tmp_path / "squares.json"
    card.write_text(PoseCard.model_validate(squares).model_dump_json())
    with closing(open_estimator(str(card), 1)) as square:
        for with_bars, without in zip(square.estimate(frames), estimator.estimate(frames), strict=True):
            assert with_bars.maps.heatmaps.shape == (19, 44, 44)
            assert without.maps.heatmaps.shape == (19, 33, 44)
            assert without.skeletons
            assert len(without.skeletons) == len(with_bars.skeletons)
            for ours, other in zip(without.skeletons, with_bars.skeletons, strict=True):
                both = (ours.score > 0.3) & (other.score > 0.3)
                assert both.sum() >= 8
                assert np.median(np.abs(ours.xy[both] - other.xy[both])) < 2.0


def test_frames_of_several_shapes_share_an_input(estimator: PoseEstimator, frames: list[Frame]) -> None:
    standing = Frame(image=np.ascontiguousarray(frames[0].image[:, 200:440]), t_s=0.0)
    batch, transforms = estimator.preprocess([frames[0], standing])
    assert batch.shape == (2, 3, 352, 352)
    assert transforms[0].scale_xy == pytest.approx((0.55, 0.55))
    (alone,) = estimator.estimate([standing])
    assert alone.maps.heatmaps.shape == (19, 44, 22)


@pytest.mark.parametrize(("bars", "cells"), [(False, (33, 44)), (True, (44, 44))])
def test_recorded_maps_replay_with_bars_or_without(
    bars: bool, cells: tuple[int, int], frames: list[Frame], tmp_path: Path
) -> None:
    card = PoseCard.load("cabinsafe-pose")

    def estimates(engine: Engine, its_card: PoseCard) -> list[PoseResult]:
        return PoseEstimator(engine, its_card, PafDecoder(card.topology)).estimate(frames[:2])

    with RecordingEngine(make_engine(EngineOptions(), card)) as recorder:
        recorded = estimates(recorder, card.of_one_size() if bars else card)
        recorder.save(tmp_path / "maps.npz")
    assert recorded[0].maps.heatmaps.shape[1:] == cells
    replay = EngineOptions(engine="replay", recording=str(tmp_path / "maps.npz"))
    replayed = estimates(make_engine(replay, card), card)
    for one, other in zip(recorded, replayed, strict=True):
        np.testing.assert_array_equal(one.decoded.xy, other.decoded.xy)


def test_no_frames_have_an_input_all_the_same(estimator: PoseEstimator) -> None:
    batch, transforms = estimator.preprocess([])
    assert (batch.shape, transforms) == ((0, 3, 352, 352), [])
