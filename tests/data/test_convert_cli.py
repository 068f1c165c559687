"""`cabinsafe data convert` says what it wrote and what it left out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from cabinsafe.data import read_keypoints
from cabinsafe.data.convert import FORMATS
from cabinsafe.data_cli import data_app
from cabinsafe.errors import ConfigError

APP = typer.Typer()
APP.add_typer(data_app, name="data")


@pytest.fixture
def joints(tmp_path) -> Path:
    people = [[[10, 20, 1], [30, 20, 1], [-5, 1, 1], [9, 9, 1]]]
    images = [{"file": "a.jpg", "width": 99, "height": 50, "joints": person} for person in people]
    names = ["left_shoulder", "right_shoulder", "left_hip", "Hals"]
    (tmp_path / "joints.json").write_text(json.dumps({"joint_names": names, "images": images}))
    return tmp_path / "joints.json"


def convert(*arguments: object) -> str:
    done = CliRunner().invoke(APP, ["data", "convert", *map(str, arguments)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def test_a_file_is_written_and_summed_up(joints, folder, tmp_path) -> None:
    (tmp_path / "names.yaml").write_text("Hals: null\n")
    out = tmp_path / "out.json"
    said = convert("lsp", joints, "--images", folder, "--out", out, "--names", tmp_path / "names.yaml")
    assert "1 images, 1 people with 3 keypoints, 1 of them derived necks; 0 regions to be ignored" in said
    assert "left out: 1 joints outside their image" in said
    assert "left out: 1 joints that are none of the 18 keypoints" in said
    assert read_keypoints(out).image_ids == [1]


def test_every_format_is_offered(joints, folder, tmp_path) -> None:
    helped = CliRunner().invoke(APP, ["data", "convert", "--help"], env={"COLUMNS": "200"}).output
    assert all(name in helped for name in FORMATS)
    refused = CliRunner().invoke(
        APP, ["data", "convert", "mpii", str(joints), "-i", str(folder), "-o", "out.json"]
    )
    assert refused.exit_code == 2


def test_errors_are_those_of_the_library(joints, folder, tmp_path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        convert("lsp", joints, "-i", folder, "-o", tmp_path / "out.json", "--names", tmp_path / "no.yaml")
