"""Training configs: unknown keys and impossible numbers are refused, with the file named."""

from __future__ import annotations

from pathlib import Path

import pytest

from cabinsafe.errors import ConfigError
from cabinsafe.training.pose.__main__ import main
from cabinsafe.training.pose.config import load_config

GOOD = """
annotations: a.json
images: images
initial_weights: w.onnx
output: out
augment:
  zoom: [0.5, 2.0]
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "run.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_defaults_and_nested_values(tmp_path: Path) -> None:
    config = load_config(write(tmp_path, GOOD))
    assert config.augment.zoom == (0.5, 2.0)
    assert config.runtime_px == 352


@pytest.mark.parametrize(
    "extra",
    ["typo: 1", "crop_px: 100", "teacher_share: 2", "steps: 0", "augment: {zooom: 1}", "- nonsense"],
)
def test_wrong_configs_name_their_file(tmp_path: Path, extra: str) -> None:
    with pytest.raises(ConfigError, match=r"run\.yaml"):
        load_config(write(tmp_path, GOOD.replace("augment:\n  zoom: [0.5, 2.0]", "") + extra))


def test_the_command_reports_usage_and_bad_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("torch")
    assert main([]) == 2
    assert main([str(tmp_path / "none.yaml")]) == 1
    assert "none.yaml" in capsys.readouterr().err
