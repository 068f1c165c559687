"""Recipes: what they refuse, and in which words."""

from __future__ import annotations

from pathlib import Path

import pytest

from cabinsafe.errors import ConfigError
from cabinsafe.synthetic.recipe import Recipe, load_recipe


def test_no_file_fixes_nothing() -> None:
    assert load_recipe(None) == Recipe()


def test_a_file_fixes_what_it_names(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text("cabin: {kind: van}\npeople_count: [1, 2]\nstyles: [rest, talk]\nbelted_share: 1.0\n")
    recipe = load_recipe(path)
    assert recipe.cabin == {"kind": "van"}
    assert recipe.people_count == (1, 2)
    assert recipe.styles == ("rest", "talk")
    assert recipe.belted_share == 1.0
    assert recipe.child_share == Recipe().child_share
    assert Recipe.model_validate_json(recipe.model_dump_json()) == recipe


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("styles: [rest, dance]", r"styles: no style dance; there are .*kneel_back"),
        ("stiles: [rest]", "stiles: unknown key; did you mean 'styles'"),
        ("people_count: [13]", "less than or equal to 12, got 13"),
        ("people_count: [-1]", "greater than or equal to 0"),
        ("child_share: 1.5", "child_share: .*at most 1"),
        ("cabin: van", "cabin: .*dictionary"),
        ("1: 2", "unknown key"),
        ("[rest]", "recipe.yaml"),
        ("styles: [rest", "recipe.yaml"),
    ],
)
def test_refuses_in_clear_words(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(text + "\n")
    with pytest.raises(ConfigError, match=message) as refused:
        load_recipe(path)
    assert str(path) in str(refused.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.yaml"):
        load_recipe(tmp_path / "nowhere.yaml")
