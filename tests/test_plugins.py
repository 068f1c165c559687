"""Plug-ins from outside the package, found through their entry points in a fresh process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

CODE = """
from cabinsafe import Box, Reading
from cabinsafe.detectors import DetectorOptions
from cabinsafe.types import State


class CrowdOptions(DetectorOptions):
    people_count: int = 2


class Crowd:
    Options = CrowdOptions
    kind = "crowd"
    needs = frozenset({"neck"})
    digests = {}

    def __init__(self, options, views):
        self.options = options

    def read(self, scene):
        ids = tuple(track.track_id for track in scene.tracks)
        full = len(ids) >= self.options.people_count
        state = State.TRUE if full else State.FALSE
        return [Reading(kind="crowd", track_ids=ids, state=state, score=float(full))]

    def reset(self):
        pass


class RightThird:
    def __init__(self, score):
        self.score = score

    def detect(self, frame):
        width, height = frame.size_wh
        return [Box(xyxy=(width * 2 / 3, 0, width, height), score=self.score)]

    def close(self):
        pass
"""
ENTRY_POINTS = """[cabinsafe.detectors]
crowd = cabin_plugin:Crowd
[cabinsafe.person_detectors]
right_third = cabin_plugin:RightThird
"""
RUN = """
import json
from cabinsafe import CabinAnalyzer, CabinConfig
config = CabinConfig(name="p", cameras=[{"camera_id": "front"}], detectors={"crowd": {"people_count": 3}},
    events={"default": {"hold_s": 0}}, person_detector={"kind": "right_third", "options": {"score": 0.9}})
with CabinAnalyzer.from_config(config) as cabin:
    frame = next(cabin.frames(CLIP))
    seen = cabin.inspect(frame)
    print(json.dumps([[e.kind for e in seen.events], [t.box_source for t in seen.scene.tracks]]))
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder on the path with an installed distribution that brings the plug-ins."""
    info = tmp_path / "cabin_plugin-1.0.dist-info"
    info.mkdir()
    (tmp_path / "cabin_plugin.py").write_text(CODE)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: cabin-plugin\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(ENTRY_POINTS)
    return tmp_path


def run(site: Path, code: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(site), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = os.environ | {"PYTHONPATH": path}
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )


def test_plugins_run_beside_the_built_ins(site: Path, short_clip: Path) -> None:
    done = run(site, RUN.replace("CLIP", repr(str(short_clip))))
    assert done.returncode == 0, done.stderr
    events, sources = json.loads(done.stdout)
    assert events == ["crowd"]
    assert sources.count("detection") == 1, "the plug-in's box"
    assert sources.count("keypoints") == 2, "the two people"


def test_a_plugin_that_cannot_be_imported_is_named(site: Path) -> None:
    (site / "cabin_plugin.py").write_text("import no_such_module")
    done = run(site, "from cabinsafe.detectors import detector_class; detector_class('crowd')")
    assert "ConfigError: detector 'crowd' (cabin_plugin:Crowd) cannot be imported: No module" in done.stderr


def test_nothing_of_a_plugin_is_imported_unless_named(site: Path) -> None:
    (site / "cabin_plugin.py").write_text("raise SystemExit('imported')")
    assert run(site, "from cabinsafe import load_config; load_config('shuttle')").returncode == 0
