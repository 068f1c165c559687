"""Scenes come back one by one, as they were; a bad line is named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cabinsafe.data import read_scenes
from cabinsafe.errors import DataError


@pytest.fixture
def lines(make_skeleton, make_scene) -> list[str]:
    skeletons = [make_skeleton(left_wrist=None), make_skeleton(shift=(100, 0))]
    scenes = [make_scene(*skeletons[:n], t_s=n / 10, seat="Row1.Pos1") for n in range(3)]
    return [scene.model_dump_json() for scene in scenes]


def test_scenes_come_back_as_they_were(tmp_path: Path, lines: list[str]) -> None:
    (tmp_path / "scenes.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    scenes = list(read_scenes(tmp_path / "scenes.jsonl"))
    assert [scene.model_dump_json() for scene in scenes] == lines
    assert [len(scene.tracks) for scene in scenes] == [0, 1, 2]
    skeleton = scenes[1].tracks[0].skeleton
    assert np.isnan(skeleton["left_wrist"]).all()
    assert skeleton.score_of("left_wrist") == 0


def test_lines_are_read_as_they_are_asked_for(tmp_path: Path, lines: list[str]) -> None:
    path = tmp_path / "scenes.jsonl"
    path.write_text("\n".join([*lines, lines[2][:40]]), encoding="utf-8")
    scenes = read_scenes(path)
    assert [next(scenes).t_s for _ in range(3)] == [0, 0.1, 0.2]
    with pytest.raises(DataError, match=r"scenes\.jsonl, line 4: Scene: .*EOF"):
        next(scenes)


@pytest.mark.parametrize(
    "bad", [b"", b"\xff", b"3", b'{"t_s": 0}', b'{"t_s": 0, "camera_id": "a", "tail": 1}']
)
def test_a_line_that_is_no_scene_is_named(tmp_path: Path, lines: list[str], bad: bytes) -> None:
    path = tmp_path / "scenes.jsonl"
    path.write_bytes(lines[0].encode() + b"\n" + bad + b"\n" + lines[1].encode() + b"\n")
    with pytest.raises(DataError, match=r"scenes\.jsonl, line 2: Scene: "):
        list(read_scenes(path))


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.jsonl: no readable file of scenes: No such file"):
        next(read_scenes(tmp_path / "none.jsonl"))


def test_an_empty_file_has_no_scenes(tmp_path: Path) -> None:
    (tmp_path / "scenes.jsonl").touch()
    assert list(read_scenes(tmp_path / "scenes.jsonl")) == []
