"""Tuning on rides whose right answer is known, by a detector that any detector of a plug-in stands for."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from math import exp
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
from pydantic import Field

from cabinsafe.config import load_config
from cabinsafe.data import ClipTruth, TrueEvent, write_truth
from cabinsafe.detectors import DetectorOptions
from cabinsafe.errors import ConfigError, DataError, MissingExtraError, OutputError
from cabinsafe.evaluation.events.rides import RideFiles, find_rides
from cabinsafe.tuning.files import html_page, write_cabin
from cabinsafe.tuning.knobs import MARGINS, Setting, margins_of, variants
from cabinsafe.tuning.search import KindTuner
from cabinsafe.tuning.tune import KindResult, tune
from cabinsafe.types import Reading, Scene, State, Track
from cabinsafe.yaml_file import read_mapping, update_mapping

pytest.importorskip("ruamel.yaml")

CABIN = """\
# What this cabin is for.
name: test
cameras:
  - camera_id: front # the only one
detectors:
  tall: {margin_px: 60} # far too strict
events: # seconds
  default: {hold_s: 0.5, release_s: 0.5, cooldown_s: 1.0}
"""
HIGH, NEAR, DOWN = 45, 20, 5  # heights of a box, pixels: an act, a near miss, and nothing
TALL = {"tall": ("margin_px",)}


class TallOptions(DetectorOptions):
    margin_px: float = Field(60, gt=0)
    margins_px: tuple[float, ...] = ()


class Tall:
    """A detector by a plug-in: whether somebody's box is tall."""

    Options = TallOptions
    kind = "tall"
    needs: frozenset[str] = frozenset()

    def __init__(self, options: TallOptions, views: object) -> None:
        self._margin_px = options.margin_px

    @property
    def digests(self) -> dict[str, str]:
        return {}

    def read(self, scene: Scene) -> list[Reading]:
        return [self._reading(track) for track in scene.tracks]

    def _reading(self, track: Track) -> Reading:
        score = 1 / (1 + exp(-(track.box_xyxy[3] - self._margin_px) / 3))
        state = State.TRUE if score >= 0.5 else State.FALSE
        return Reading(kind=self.kind, track_ids=(track.track_id,), state=state, score=score)

    def reset(self) -> None:
        pass


@pytest.fixture(autouse=True)
def plugin(monkeypatch) -> None:
    module = ModuleType("cabinsafe_test_tall")
    module.Tall = Tall
    monkeypatch.setitem(sys.modules, module.__name__, module)
    entry = SimpleNamespace(name="tall", value="cabinsafe_test_tall:Tall")
    monkeypatch.setattr("cabinsafe.detectors.base.entry_points", lambda group: [entry])


@pytest.fixture
def cabin_file(tmp_path: Path) -> Path:
    path = tmp_path / "cabin.yaml"
    path.write_text(CABIN)
    return path


@pytest.fixture
def make_ride(tmp_path: Path) -> Callable[..., RideFiles]:
    """A ride of 12 s at 5 fps with somebody as tall as given from 4 to 8 s: an act or a near miss."""

    def make(name: str, height: float, near: bool = False) -> RideFiles:
        folder = tmp_path / "rides" / name
        folder.mkdir(parents=True)
        lines = []
        for i in range(60):
            box = (0, 0, 10, height if 20 <= i < 40 else DOWN)
            track = Track(track_id=1, box_xyxy=box, box_source="detection", seat="Row1.Pos1")
            scene = Scene(t_s=i / 5, camera_id="front", size_wh=(400, 400), tracks=(track,))
            lines.append(scene.model_dump_json())
        (folder / "scenes.jsonl").write_text("\n".join(lines))
        acts = tuple(
            TrueEvent(kind=kind, t_start_s=4, t_end_s=8, seats=("Row1.Pos1",), near_miss=near)
            for kind in ("tall", *MARGINS)
        )
        truth = ClipTruth(
            clip="ride.mp4", fps=5, size_wh=(400, 400), duration_s=12, events=acts,
            rules={act.kind: "so" for act in acts},
        )  # fmt: skip
        write_truth(folder / "truth.json", truth)
        return RideFiles(name, folder / "truth.json", folder / "scenes.jsonl")

    return make


@pytest.fixture
def rides(make_ride) -> list[RideFiles]:
    acts = [make_ride(f"act{i}", HIGH + i) for i in range(4)]
    return [*acts, *(make_ride(f"near{i}", NEAR, near=True) for i in range(2))]


def test_it_finds_the_margin_between_acts_and_near_misses(cabin_file: Path, rides: list[RideFiles]) -> None:
    result = tune(load_config(cabin_file), rides, 0.5, margins=TALL)["tall"]
    assert (result.before.recall, result.before.false) == (0.0, 0)
    assert (result.after.recall, result.after.false) == (1.0, 0)
    assert result.held_out_after is not None
    assert (result.held_out_after.recall, result.held_out_after.near_misses_alarmed) == (1.0, 0)
    assert not {*result.rides} & {*result.held_out}
    assert {*result.rides, *result.held_out} == {ride.name for ride in rides}
    assert result.detector


def test_the_curve_rises_and_nothing_on_it_is_beaten(cabin_file: Path, rides: list[RideFiles]) -> None:
    curve = tune(load_config(cabin_file), rides, 0.5, 0.0, TALL)["tall"].curve
    assert all(a.false_per_hour < b.false_per_hour and a.recall < b.recall for a, b in pairwise(curve))
    assert curve[-1].recall == 1.0


def test_what_is_right_already_stays(cabin_file: Path, rides: list[RideFiles]) -> None:
    cabin_file.write_text(CABIN.replace("margin_px: 60", "margin_px: 30"))
    result = tune(load_config(cabin_file), rides, 0.5, 0.0, TALL)["tall"]
    assert (result.detector, result.gate) == ({}, {})
    assert result.held_out_before is None


@pytest.mark.parametrize("budget", [0.0, 0.5, 1000.0])
@pytest.mark.parametrize("margin", [2.0, 30.0, 100.0])
def test_it_is_never_worse_than_before_on_the_tuning_rides(
    cabin_file: Path, rides: list[RideFiles], budget: float, margin: float
) -> None:
    cabin_file.write_text(CABIN.replace("margin_px: 60", f"margin_px: {margin}"))
    result = tune(load_config(cabin_file), rides, budget, 0.0, TALL)["tall"]
    over = [max(0.0, m.false_per_hour - budget) for m in (result.before, result.after)]
    assert over[1] <= over[0]
    assert over[1] < over[0] or (result.after.recall or 0) >= (result.before.recall or 0)


def test_the_judged_acts_are_the_same_for_every_hold_time(cabin_file: Path, rides: list[RideFiles]) -> None:
    result = tune(load_config(cabin_file), rides, 0.5, 0.0, TALL)["tall"]
    assert result.before.acts == result.after.acts == 4
    assert result.before.brief == result.after.brief == 0


def test_comments_and_order_stay_in_the_new_file(
    cabin_file: Path, rides: list[RideFiles], tmp_path: Path
) -> None:
    cabin = load_config(cabin_file)
    results = tune(cabin, rides, 0.5, margins=TALL)
    write_cabin(cabin_file, tmp_path / "tuned.yaml", cabin, results)
    text = (tmp_path / "tuned.yaml").read_text()
    for comment in ("# What this cabin is for.", "# the only one", "# far too strict", "# seconds"):
        assert comment in text
    kept = [line for line in CABIN.splitlines() if "margin_px" not in line]
    assert [line for line in text.splitlines() if line in kept] == kept
    tuned = load_config(tmp_path / "tuned.yaml")
    again = tune(tuned, rides, 0.5, margins=TALL)["tall"]
    assert again.before.recall == results["tall"].after.recall


def test_a_kind_that_used_the_default_keeps_its_values(cabin_file: Path, tmp_path: Path, rides) -> None:
    cabin = load_config(cabin_file)
    result = tune(cabin, rides, 0.5, margins=TALL)["tall"]
    changed = KindResult(**{**result.__dict__, "gate": {"enter_score": 0.7}})
    write_cabin(cabin_file, tmp_path / "tuned.yaml", cabin, {"tall": changed})
    options = load_config(tmp_path / "tuned.yaml").events["tall"]
    assert (options.enter_score, options.hold_s, options.cooldown_s) == (0.7, 0.5, 1.0)


def test_detectors_left_to_the_default_stay_on(tmp_path: Path, cabin_file: Path, rides) -> None:
    tuned = tune(load_config(cabin_file), rides, 0.5, margins=TALL)["tall"]
    result = KindResult(**{**tuned.__dict__, "detector": {"min_keypoint_score": 0.3}, "gate": {}})
    bare = tmp_path / "bare.yaml"
    bare.write_text(CABIN[: CABIN.index("detectors:")])
    write_cabin(bare, tmp_path / "tuned.yaml", load_config(bare), {"hand_on_leg": result})
    written = load_config(tmp_path / "tuned.yaml")
    assert set(written.detectors) == set(MARGINS)
    assert written.detectors["hand_on_leg"] == {"min_keypoint_score": 0.3}


def test_relative_paths_are_not_carried_elsewhere(cabin_file: Path, tmp_path: Path, rides) -> None:
    cabin = load_config(cabin_file)
    results = tune(cabin, rides, 0.5, margins=TALL)
    cabin_file.write_text(CABIN + "pose: {model: nets/own.json}\n")
    (tmp_path / "sub").mkdir()
    with pytest.raises(
        ConfigError, match=r"names nets/own\.json relative to itself; expected .* same folder"
    ):
        write_cabin(cabin_file, tmp_path / "sub" / "tuned.yaml", cabin, results)
    write_cabin(cabin_file, cabin_file, cabin, results)
    assert "nets/own.json" in cabin_file.read_text()


def test_a_file_that_cannot_be_written(cabin_file: Path, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"none/out\.yaml: cannot be written"):
        update_mapping(cabin_file, tmp_path / "none" / "out.yaml", {("name",): "b"})


def test_sections_that_are_not_there_are_added(cabin_file: Path) -> None:
    update_mapping(cabin_file, cabin_file, {("tracker", "max_unseen_s"): 2.0, ("name",): "b"})
    values = read_mapping(cabin_file)
    assert (values["name"], values["tracker"]) == ("b", {"max_unseen_s": 2.0})


def test_without_the_extra_it_says_so(cabin_file: Path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "ruamel.yaml", None)
    with pytest.raises(MissingExtraError, match=r"cabinsafe\[tune\]"):
        update_mapping(cabin_file, cabin_file, {("name",): "b"})


def test_a_cabin_without_the_kind_or_a_truth_without_it_is_refused(cabin_file: Path, make_ride) -> None:
    ride = make_ride("a", HIGH)
    (ride.truth.parent / "cabin.yaml").write_text(CABIN.replace("tall: {margin_px: 60}", "hand_on_leg: {}"))
    with pytest.raises(DataError, match="none of the 1 rides has a truth about 'tall'"):
        tune(load_config(cabin_file), [ride], 0.5, margins=TALL)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("margin", "has no option 'margin'; it has margin_px"),
        ("margins_px", "is no number that can be tuned"),
    ],
)
def test_margins_that_cannot_be_turned_are_refused(
    cabin_file: Path, make_ride, name: str, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        tune(load_config(cabin_file), [make_ride("a", HIGH)], 0.5, margins={"tall": (name,)})


@pytest.mark.parametrize("kind", MARGINS)
def test_every_knob_of_the_built_in_detectors_turns(kind: str, cabin_file: Path) -> None:
    assert margins_of(kind) == MARGINS[kind], "the detector has the options that are tuned by default"
    cabin = load_config("shuttle")
    start = Setting(cabin.detector_options()[kind], cabin.events["default"])
    knobs = list(variants(kind, start, margins_of(kind), 1.0))
    assert len(knobs) == len(MARGINS[kind]) + 3
    assert all(setting != start for knob in knobs[: len(MARGINS[kind])] for setting in knob)
    assert all(setting.gate.exit_score <= setting.gate.enter_score for knob in knobs for setting in knob)


def test_a_tuner_without_rides_has_no_figures(cabin_file: Path) -> None:
    cabin = load_config(cabin_file)
    start = Setting(cabin.detector_options()["tall"], cabin.events["default"])
    assert KindTuner("tall", [], 0.5).run(start).recall is None


def test_the_command(make_ride, tmp_path: Path) -> None:
    make_ride("a", HIGH)
    cabin = tmp_path / "hands.yaml"
    cabin.write_text(CABIN.replace("tall: {margin_px: 60}", "hand_on_leg: {}"))

    def run(*more: str) -> subprocess.CompletedProcess[str]:
        places = [tmp_path / "rides", tmp_path / "rides", "-c", cabin, "-o", tmp_path / "tuned.yaml"]
        command = [
            Path(sys.executable).with_name("cabinsafe"),
            "tune",
            *places,
            "--report",
            tmp_path / "report",
        ]
        return subprocess.run(
            [*map(str, command), *more], capture_output=True, text=True, check=False, timeout=300
        )

    done = run("--budget", "2")
    assert done.returncode == 0, done.stderr
    assert "hand_on_leg: nothing changes" in done.stdout
    assert load_config(tmp_path / "tuned.yaml") == load_config(cabin)
    stored = json.loads((tmp_path / "report" / "tuning.json").read_text())
    assert stored["budget_per_hour"] == 2
    assert stored["kinds"]["hand_on_leg"]["after"]["recall"] == 0.0, "nobody's hands were seen"
    assert "<svg" in (tmp_path / "report" / "tuning.html").read_text()
    assert "expected KIND.OPTION" in " ".join(run("--margin", "margin_shins").stderr.split())


def test_the_page_escapes(cabin_file: Path, rides: list[RideFiles]) -> None:
    results = tune(load_config(cabin_file), rides, 0.5, margins=TALL)
    assert "&lt;b&gt;" in html_page({"<b>": results["tall"]}, 0.5)


def test_rides_are_found_in_folders(rides: list[RideFiles], tmp_path: Path) -> None:
    assert find_rides(tmp_path / "rides", tmp_path / "rides", "scenes.jsonl") == rides
