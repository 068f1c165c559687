"""Every Python and YAML example in the README and in docs/ works as it stands."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
import yaml

from cabinsafe import CabinConfig
from cabinsafe.synthetic.recipe import Recipe
from cabinsafe.synthetic.recipe_files import fixed_cabin_file
from cabinsafe.training.pose.config import PoseTrainingConfig

REPOSITORY = Path(__file__).resolve().parent.parent
PAGES = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").glob("*.md"))]


def examples(language: str) -> list:
    return [
        pytest.param(code, id=f"{page.stem}-{i}")
        for page in PAGES
        for i, code in enumerate(
            re.findall(rf"```{language}\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
        )
    ]


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch, short_clip: Path) -> Path:
    """A folder that looks like a checkout to the examples, with a short cut of the demo clip."""
    shutil.copytree(REPOSITORY / "configs", tmp_path / "configs")
    (tmp_path / "demo").mkdir()
    shutil.copy(short_clip, tmp_path / "demo" / "ride.mp4")
    shutil.copy(REPOSITORY / "demo" / "skeletons.jsonl", tmp_path / "demo")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("code", examples("python"))
def test_python_examples_run(workplace: Path, code: str) -> None:
    exec(compile(code, "example", "exec"), {"__name__": "example"})


@pytest.mark.parametrize("code", examples("yaml"))
def test_yaml_examples_are_valid(code: str) -> None:
    seat = {"name": "Row1.Pos1", "zone": [[0, 0], [1, 0], [1, 1]]}
    base = {"name": "base", "cameras": [{"camera_id": "front", "seats": [seat]}]}
    CabinConfig(**(base | yaml.safe_load(code)))


@pytest.mark.parametrize("code", examples("yml"))
def test_training_examples_are_valid(code: str) -> None:
    PoseTrainingConfig(**yaml.safe_load(code))


@pytest.mark.parametrize("code", examples("yaml recipe"))
def test_recipe_examples_make_a_cabin_file(code: str) -> None:
    CabinConfig(**fixed_cabin_file(Recipe(**yaml.safe_load(code))))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8"))
    places = {target: page.parent / target for target in targets}
    assert [t for t, place in places.items() if not place.exists() or place.stat().st_size == 0] == []
