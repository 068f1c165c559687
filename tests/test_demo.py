"""The whole way once: the bundled ride through the embedded network, against the ride's own truth."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cabinsafe import Event
from cabinsafe.data import ClipTruth, interval_iou, read_scenes, read_truth
from cabinsafe.media import open_source
from cabinsafe.run import EVENTS_FILE, SCENES_FILE, VIDEO_FILE

LEAVES_S = 14.0
"""Until then both sit; afterwards one leaves, and the other lies down, which the decoder breaks into two."""


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("demo")
    command = [str(Path(sys.executable).with_name("cabinsafe")), "demo", "--out", str(out)]
    subprocess.run(command, check=True, timeout=1200, stdout=subprocess.DEVNULL)
    return out


@pytest.fixture(scope="module")
def truth(repository: Path) -> ClipTruth:
    return read_truth(repository / "demo" / "truth.json")


def ended(results: Path) -> list[Event]:
    events = [Event.model_validate_json(line) for line in (results / EVENTS_FILE).read_text().splitlines()]
    return [event for event in events if event.phase == "ended"]


@pytest.mark.slow
def test_every_act_of_the_ride_is_one_event_and_nothing_else_is(results: Path, truth: ClipTruth) -> None:
    found = sorted(ended(results), key=lambda e: e.t_start_s)
    assert [(e.kind, e.seats) for e in found] == [(t.kind, t.seats) for t in truth.acts]
    for event, act in zip(found, truth.acts, strict=True):
        iou = interval_iou(event.t_start_s, event.t_end_s, act.t_start_s, act.t_end_s)
        assert iou > 0.7, f"{event.kind}: {event.t_start_s:.2f} to {event.t_end_s:.2f} s"


@pytest.mark.slow
def test_events_carry_evidence_and_provenance(results: Path) -> None:
    for event in ended(results):
        assert event.evidence
        assert len(event.config_digest) == 64
        used = {"cabinsafe-pose.onnx", "unsafe-sitting.onnx", "unsafe-sitting-seat.onnx"}
        assert set(event.model_digests) == used


@pytest.mark.slow
def test_people_keep_their_ids_and_seats(results: Path) -> None:
    scenes = list(read_scenes(results / SCENES_FILE))
    sitting = {
        (track.seat, track.track_id)
        for scene in scenes
        if scene.t_s < LEAVES_S
        for track in scene.tracks
        if track.seat is not None
    }
    assert len(sitting) == 2, "two people, two seats, two ids while both sit"
    ids = dict(sitting)
    assert set(ids) == {"Row1.Pos2", "Row1.Pos3"}
    assert {t.seat: t.track_id for t in scenes[-1].tracks} == {"Row1.Pos2": ids["Row1.Pos2"]}, "to the end"


@pytest.mark.slow
def test_annotated_video_has_every_frame(results: Path, repository: Path) -> None:
    with (
        open_source(results / VIDEO_FILE) as annotated,
        open_source(repository / "demo" / "ride.mp4") as clip,
    ):
        assert len(list(annotated)) == len(list(clip))


def test_the_truth_is_that_of_the_bundled_clip(repository: Path, truth: ClipTruth) -> None:
    with open_source(repository / "demo" / truth.clip) as clip:
        frames = list(clip)
        assert clip.fps == pytest.approx(truth.fps)
    assert {frame.size_wh for frame in frames} == {truth.size_wh}
    assert len(frames) / truth.fps == pytest.approx(truth.duration_s)
