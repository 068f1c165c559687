"""Rides on disk: their truth, the clip, and scripts that are refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ride_scripts import LEFT, MIDDLE, PAIR, act, ride

from cabinsafe.config import CabinConfig
from cabinsafe.data import read_scenes, read_truth
from cabinsafe.errors import ConfigError, OutputError
from cabinsafe.media import open_source
from cabinsafe.synthetic.ride.clip import ClipJob, clip_truth, make_clip, near_misses, true_events
from cabinsafe.synthetic.ride.files import load_ride
from cabinsafe.synthetic.truth import RULES
from cabinsafe.yaml_file import read_mapping

TAILOR = ride([{"acts": [act(0, "rest"), act(0.2, "feet_tailor", move_s=0.4)]}], duration_s=1.4)


def test_events_run_from_their_first_frame_to_the_end_of_their_last() -> None:
    touch, feet = ("hand_on_leg", (1, 2)), ("feet_on_seats", (2,))
    held = [{} for _ in range(40)]
    for frame in [*range(10, 15), *range(17, 20), *range(30, 36)]:  # the gap of two frames is bridged
        held[frame][touch] = (LEFT, MIDDLE)
    held[3][feet] = (MIDDLE,)  # a single frame is none
    events = list(true_events(held, fps=10))
    assert [(e.kind, e.t_start_s, e.t_end_s) for e in events] == [
        ("hand_on_leg", 1.0, 2.0), ("hand_on_leg", 3.0, 3.6),
    ]  # fmt: skip
    assert events[0].seats == (LEFT, MIDDLE)
    assert events[0].track_ids == (1, 2)


def test_near_misses_are_noted_unless_the_event_holds() -> None:
    spec = ride([{"acts": [act(0, "rest"), act(0.5, "ankle_on_knee"), act(3.0, "rest")]}])
    quiet = [{} for _ in range(spec.frame_count)]
    (miss,) = near_misses(spec, quiet)
    assert (miss.kind, miss.near_miss, miss.t_start_s, miss.t_end_s) == ("feet_on_seats", True, 1.5, 3.0)
    loud = [{("feet_on_seats", (1,)): (MIDDLE,)} for _ in range(spec.frame_count)]
    assert list(near_misses(spec, loud)) == []
    assert set(clip_truth(spec, quiet).rules) == set(RULES)


def test_a_clip_on_disk_is_read_by_the_library_and_goes_on_where_it_stopped(
    tmp_path: Path, body_model
) -> None:
    job = ClipJob(TAILOR, tmp_path / "clip")
    assert make_clip(job)
    truth = read_truth(tmp_path / "clip" / "truth.json")
    assert [e.kind for e in truth.events] == ["feet_on_seats"]
    assert truth.duration_s == pytest.approx(1.4)
    scenes = list(read_scenes(tmp_path / "clip" / "scenes.jsonl"))
    with open_source(tmp_path / "clip" / "ride.mp4") as source:
        frames = list(source)
    assert len(scenes) == len(frames) == TAILOR.frame_count == 7
    assert frames[0].size_wh == (64, 48)
    CabinConfig(**read_mapping(tmp_path / "clip" / "cabin.yaml"))
    assert load_ride(tmp_path / "clip" / "ride.json") == TAILOR
    assert not (tmp_path / "clip" / "frames").exists()
    made = []
    assert make_clip(job, on_frame=lambda *counts: made.append(counts)), "it is there: nothing to do"
    assert made == []
    other = ClipJob(TAILOR.model_copy(update={"seed": 9}), tmp_path / "clip")
    with pytest.raises(OutputError, match="holds another ride"):
        make_clip(other)


def test_a_ride_without_its_video_has_all_else_and_gets_it_later(tmp_path: Path, body_model) -> None:
    folder = tmp_path / "clip"
    assert make_clip(ClipJob(TAILOR, folder, video=False))
    assert {path.name for path in folder.iterdir()} == {
        "scenes.jsonl",
        "truth.json",
        "cabin.yaml",
        "ride.json",
    }
    assert len(list(read_scenes(folder / "scenes.jsonl"))) == TAILOR.frame_count
    before = read_truth(folder / "truth.json")
    assert [e.kind for e in before.events] == ["feet_on_seats"]
    assert make_clip(ClipJob(TAILOR, folder))
    assert read_truth(folder / "truth.json") == before
    with open_source(folder / "ride.mp4") as source:
        assert len(list(source)) == TAILOR.frame_count
    assert make_clip(ClipJob(TAILOR, folder, video=False)), "it is there: nothing to do"
    assert (folder / "ride.mp4").exists()


def test_a_folder_of_other_things_is_refused(tmp_path: Path, body_model) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(OutputError, match=r"holds no ride\.json"):
        make_clip(ClipJob(ride(PAIR), tmp_path))


@pytest.mark.parametrize(
    ("riders", "words"),
    [
        (
            [{"acts": [act(0, "rest"), act(1, "text"), act(1.5, "rest")]}],
            "begins before the one at 1 s is reached",
        ),
        ([{"acts": [act(0, "dance")]}], "no style 'dance'"),
        ([{"acts": [act(0, "touch_leg")]}], "needs a partner"),
        ([{"acts": [act(0, "touch_leg", partner=1)]}], "number of another rider"),
        ([{"acts": [act(0, "rest", "Row9.Pos1")]}], "no seat Row9.Pos1"),
        ([{"acts": [act(0, "rest")], "enters_s": 1, "leaves_s": 2}], "leaves_s must be at least"),
        ([{"acts": []}], "acts"),
    ],
)
def test_impossible_scripts_are_refused(riders: list[dict], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        ride(riders)


def test_script_files_name_file_and_key(tmp_path: Path) -> None:
    good = ride(PAIR)
    (tmp_path / "ride.yaml").write_text(json.dumps(good.model_dump(mode="json")))  # JSON is YAML
    assert load_ride(tmp_path / "ride.yaml") == good
    (tmp_path / "bad.json").write_text("{")
    with pytest.raises(ConfigError, match=r"bad\.json: no readable script"):
        load_ride(tmp_path / "bad.json")
    (tmp_path / "list.json").write_text("[]")
    with pytest.raises(ConfigError, match="expected a mapping"):
        load_ride(tmp_path / "list.json")
    (tmp_path / "key.json").write_text(json.dumps(good.model_dump(mode="json") | {"speed": 3}))
    with pytest.raises(ConfigError, match=r"key\.json: .*speed"):
        load_ride(tmp_path / "key.json")
