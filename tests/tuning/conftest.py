"""Rides whose right answer is known, and a cabin whose detector is far too strict for them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
from tall_people import CABIN, DOWN, HIGH, NEAR, Tall

from cabinsafe.data import ClipTruth, TrueEvent, write_truth
from cabinsafe.evaluation.events.rides import RideFiles
from cabinsafe.tuning.knobs import MARGINS
from cabinsafe.types import Scene, Track


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
