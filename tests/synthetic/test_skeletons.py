"""Labelled skeletons without pictures."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from cabinsafe.cli import app
from cabinsafe.training.sitting.records import read_jsonl

pytest.importorskip("anny")


def test_skeletons_are_data_for_training_and_know_their_seats(tmp_path: Path) -> None:
    recipe, out = tmp_path / "recipe.yaml", tmp_path / "people.jsonl"
    recipe.write_text("people_count: [2]\nstyles: [rest]\ncamera: {mount: mirror, mirrored: true}\n")
    given = ["synth", "skeletons", "--count", "2", "--seed", "3", "--recipe", str(recipe), "--out", str(out)]
    result = CliRunner().invoke(app, given)
    assert result.exit_code == 0, result.output
    records = [json.loads(line) for line in out.read_text().splitlines()]
    assert len(records) == 4
    samples = read_jsonl(out)
    assert samples.note.tolist() == ["rest"] * 4
    assert samples.on_known_seat.all()
    for record in records:
        points = record["keypoints"]
        hips = np.mean([points["left_hip"], points["right_hip"]], axis=0)
        torso = np.linalg.norm(np.subtract(points["neck"], hips))
        assert np.linalg.norm(hips - record["seat"]) < torso, "they sit on it"
        assert points["left_hip"][0] > points["right_hip"][0], "the picture is turned back"
