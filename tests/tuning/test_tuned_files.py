"""What tuning writes and reads: the new cabin file, the page, the folders of rides, the command."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tall_people import CABIN, HIGH, TALL

from cabinsafe.config import load_config
from cabinsafe.errors import ConfigError, MissingExtraError, OutputError
from cabinsafe.evaluation.events.rides import RideFiles, find_rides
from cabinsafe.tuning.files import html_page, write_cabin
from cabinsafe.tuning.knobs import MARGINS
from cabinsafe.tuning.tune import KindResult, tune
from cabinsafe.yaml_file import read_mapping, update_mapping

pytest.importorskip("ruamel.yaml")


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
