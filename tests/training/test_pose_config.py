"""Training configs: unknown keys and impossible numbers are refused, with the file named."""

from __future__ import annotations

from pathlib import Path

import pytest

from cabinsafe.errors import ConfigError
from cabinsafe.training.pose.config import load_config

GOOD = """
network: light
data: [{annotations: a.json, images: images}]
validate_on: [{annotations: b.json, images: images, split: val}]
output: out
augment:
  zoom: [0.5, 2.0]
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "run.yml"
    path.write_text(text, encoding="utf-8")
    return path


def test_defaults_and_nested_values(tmp_path: Path) -> None:
    config = load_config(write(tmp_path, GOOD))
    assert config.augment.zoom == (0.5, 2.0)
    assert config.runtime_px == 352


@pytest.mark.parametrize(
    "extra",
    [
        "typo: 1",
        "crop_px: 100",
        "crop_px: 0",
        "runtime_px: -8",
        "blend: []",
        "blend: [-0.5]",
        "seed: -1",
        "data: []",
        "data: [{annotations: a.json, images: i, teacher_share: 2}]",
        "data: [{annotations: a.json, images: i, split: dev}]",
        "rates: {fine: -1}",
        "schedule: steep",
        "patience: 0",
        "steps: 0",
        "augment: {zooom: 1}",
        "augment: {zoom: [0, 1]}",
        "augment: {zoom: [1.3, 0.7]}",
        "augment: {log_aspect: [0.2, 0.1]}",
        "augment: {rotation_deg: -1}",
        "augment: {flip: 1.5}",
        "augment: {contrast: 2}",
        "augment: {brightness: -1}",
        "- nonsense",
    ],
)
def test_wrong_configs_name_their_file(tmp_path: Path, extra: str) -> None:
    key = extra.partition(":")[0]
    kept = [line for line in GOOD.splitlines() if not line.startswith((key, "augment", "  zoom"))]
    with pytest.raises(ConfigError, match=r"run\.yml"):
        load_config(write(tmp_path, "\n".join([*kept, extra])))
