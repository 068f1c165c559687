"""What tuning writes and reads: the new cabin file, the page, the folders of rides, the command."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tall_people import CABIN, HIGH, TALL
from typer.testing import CliRunner

from cabinsafe.cli import app
from cabinsafe.config import load_config
from cabinsafe.data import read_truth, write_truth
from cabinsafe.errors import ConfigError, MissingExtraError, OutputError
from cabinsafe.evaluation.events.rides import RideFiles, find_rides
from cabinsafe.tuning.files import check_places, html_page, write_cabin
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


def test_relative_paths_are_not_carried_elsewhere(cabin_file: Path, tmp_path: Path) -> None:
    cabin_file.write_text(CABIN + "pose: {model: nets/own.json}\n")
    (tmp_path / "sub").mkdir()
    said = r"names nets/own\.json relative to itself; expected .* same folder"
    with pytest.raises(ConfigError, match=said):
        check_places(cabin_file, tmp_path / "sub" / "tuned.yaml", None)
    with pytest.raises(ConfigError, match=said):
        write_cabin(cabin_file, tmp_path / "sub" / "tuned.yaml", load_config(cabin_file), {})
    check_places(cabin_file, tmp_path / "tuned.yaml", None)
    check_places(cabin_file, cabin_file, None)


@pytest.mark.parametrize("option", ["--out", "--report"])
def test_the_command_says_before_it_reads_rides_that_it_cannot_write(
    option: str, cabin_file: Path, tmp_path: Path
) -> None:
    places = {"--out": tmp_path / "tuned.yaml", "--report": tmp_path / "report"}
    places[option] = cabin_file / "x"
    more = [str(part) for pair in places.items() for part in pair]
    result = CliRunner().invoke(app, ["tune", "no scenes", "no truth", "-c", str(cabin_file), *more])
    assert isinstance(result.exception, OutputError)
    assert f"{cabin_file / 'x'}: cannot be" in str(result.exception)


def test_what_was_found_is_shown_and_reported_even_if_the_cabin_file_cannot_be_written(
    make_ride, cabin_file: Path, tmp_path: Path, monkeypatch
) -> None:
    def full(*_: object) -> None:
        raise OutputError("tuned.yaml: cannot be written: No space left on device")

    make_ride("a", HIGH)
    monkeypatch.setattr("cabinsafe.tuning.files.update_mapping", full)
    places = ["-c", cabin_file, "-o", tmp_path / "tuned.yaml", "--report", tmp_path / "report"]
    rides = [tmp_path / "rides"] * 2
    result = CliRunner().invoke(app, ["tune", *map(str, [*rides, *places]), "--margin", "tall.margin_px"])
    assert isinstance(result.exception, OutputError)
    assert "recall" in result.output
    assert json.loads((tmp_path / "report" / "tuning.json").read_text())["kinds"]["tall"]["trials"] > 1


def test_the_command_names_kinds_that_it_leaves_as_they_are(make_ride, tmp_path: Path) -> None:
    ride = make_ride("a", HIGH)
    truth = read_truth(ride.truth)
    write_truth(ride.truth, truth.model_copy(update={"rules": {"tall": "so"}, "events": truth.events[:1]}))
    cabin = tmp_path / "two.yaml"
    cabin.write_text(CABIN.replace("detectors:\n", "detectors:\n  hand_on_leg: {}\n"))
    places = [tmp_path / "rides", tmp_path / "rides", "-c", cabin, "-o", tmp_path / "tuned.yaml"]
    result = CliRunner().invoke(app, ["tune", *map(str, places)], catch_exceptions=False)
    assert "hand_on_leg: left as it is; no ride has a truth about it" in " ".join(result.output.split())
    assert "tall: " in result.output
    assert set(load_config(tmp_path / "tuned.yaml").detectors) == {"hand_on_leg", "tall"}


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
