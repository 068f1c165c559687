"""Training configs: unknown keys and impossible numbers are refused, with the file named."""

from __future__ import annotations

import sys
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
        "teacher_share: 2",
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
    with pytest.raises(ConfigError, match=r"run\.yml"):
        load_config(write(tmp_path, GOOD.replace("augment:\n  zoom: [0.5, 2.0]", "") + extra))


def test_the_command_reports_usage_and_bad_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("torch")
    assert main([]) == 2
    assert main([str(tmp_path / "none.yml")]) == 1
    assert "none.yml" in capsys.readouterr().err


@pytest.mark.parametrize("package", ["torch", "onnx", "pycocotools"])
def test_the_extra_is_named(
    package: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if package != "torch":
        pytest.importorskip("torch")
    if package == "pycocotools":
        pytest.importorskip("onnx")
    monkeypatch.setitem(sys.modules, package, None)
    assert main(["run.yml"]) == 1
    message = capsys.readouterr().err
    assert f"'{package}'" in message
    assert "cabinsafe[train]" in message
