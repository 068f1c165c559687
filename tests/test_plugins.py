"""Plug-ins from outside the package, found through their entry points in a fresh process."""

from __future__ import annotations

import json
import os
import re
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


CHECK = """
from cabinsafe import CabinAnalyzer, CabinConfig
config = CabinConfig(name="p", cameras=[{"camera_id": "front"}], detectors={"crowd": {}})
CabinAnalyzer.from_config(config)
"""


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("digests = {}", "", "detector 'crowd': digests must be a dict of file to sha256, got None"),
        ("Options =", "Settings =", "'crowd' (cabin_plugin:Crowd) has no Options that are a subclass of Det"),
        ("(DetectorOptions)", "", "'crowd' (cabin_plugin:Crowd) has no Options that are a subclass of Det"),
        ("def read", "def look", "detector 'crowd' (cabin_plugin:Crowd) has no read()"),
        ("def reset", "def forget", "detector 'crowd' (cabin_plugin:Crowd) has no reset()"),
        ('kind = "crowd"', "", "detector 'crowd' (cabin_plugin:Crowd) has no kind"),
        ('kind = "crowd"', 'kind = "mob"', "has kind 'mob' instead of 'crowd'"),
        (
            'frozenset({"neck"})',
            '"neck"',
            "detector 'crowd': needs must be a set of keypoint names, got 'neck'",
        ),
        ("options, views", "options", "detector 'crowd' cannot be made: TypeError: Crowd.__init__() takes 2"),
    ],
)
def test_a_class_that_is_no_detector_is_refused_with_what_it_lacks(
    site: Path, old: str, new: str, message: str
) -> None:
    (site / "cabin_plugin.py").write_text(CODE.replace(old, new))
    done = run(site, CHECK)
    assert "cabinsafe.errors.DetectorError: " in done.stderr
    assert message in done.stderr.splitlines()[-1]


def test_nothing_of_a_plugin_is_imported_unless_named(site: Path) -> None:
    (site / "cabin_plugin.py").write_text("raise SystemExit('imported')")
    assert run(site, "from cabinsafe import load_config; load_config('shuttle')").returncode == 0


# ---- the detector of docs/plugins.md

EMPTY_SEAT_RUN = """
from cabinsafe import CabinAnalyzer, CabinConfig
far = [[0.98, 0.0], [1.0, 0.0], [1.0, 0.02]]
all_over = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]
for driver in ("Row1.Pos1", "Row1.Pos2"):
    config = CabinConfig(
        name="p",
        cameras=[{"camera_id": "front", "seats": [
            {"name": "Row1.Pos1", "zone": far}, {"name": "Row1.Pos2", "zone": all_over}]}],
        detectors={"empty_driver_seat": {"driver_seat": driver}},
        events={"default": {"hold_s": 0.1}},
    )
    with CabinAnalyzer.from_config(config) as cabin:
        print(driver, sorted({e.kind for f in cabin.frames(CLIP) for e in cabin.process(f)}))
"""


@pytest.fixture
def documented(site: Path, repository: Path) -> Path:
    """The plug-in of the page, installed."""
    page = (repository / "docs" / "plugins.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    (site / "cabin_plugin.py").write_text(code)
    entry = "[cabinsafe.detectors]\nempty_driver_seat = cabin_plugin:EmptyDriverSeat\n"
    (site / "cabin_plugin-1.0.dist-info" / "entry_points.txt").write_text(entry)
    return site


def test_the_documented_detector_is_short_and_runs_in_a_fresh_process(
    documented: Path, short_clip: Path
) -> None:
    code = (documented / "cabin_plugin.py").read_text()
    assert len([line for line in code.splitlines() if line.strip()]) < 40
    done = run(documented, EMPTY_SEAT_RUN.replace("CLIP", repr(str(short_clip))))
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["Row1.Pos1 ['empty_driver_seat']", "Row1.Pos2 []"]


def test_the_documented_detector_passes_the_contract(documented: Path, repository: Path) -> None:
    arguments = [
        "-q",
        "-p",
        "no:cacheprovider",
        "-k",
        "empty_driver_seat",
        "tests/contracts/test_detectors.py",
    ]
    done = run(
        documented,
        f"import os, pytest; os.chdir({str(repository)!r}); raise SystemExit(pytest.main({arguments}))",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(re.findall(r"(\d+) passed", done.stdout)[0]) >= 8


def test_the_documented_detector_refuses_a_seat_that_no_camera_has(documented: Path) -> None:
    done = run(
        documented,
        "from cabinsafe.detectors import detector_class\n"
        "found = detector_class('empty_driver_seat')\nfound(found.Options(), {})",
    )
    assert "ConfigError: empty_driver_seat: no camera has a seat 'Row1.Pos1'" in done.stderr
