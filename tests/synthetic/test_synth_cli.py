"""The commands of ``cabinsafe synth`` that make no pictures, and what they refuse."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cabinsafe.config import load_config
from cabinsafe.data import read_truth
from cabinsafe.errors import CabinSafeError, ConfigError, MissingExtraError, OutputError
from cabinsafe.synth_cli import synth_app
from cabinsafe.synthetic.scene import SceneSpec
from cabinsafe.yaml_file import read_mapping, write_mapping


def run(*arguments: object) -> str:
    """What a command prints; its error is raised."""
    result = CliRunner().invoke(synth_app, [str(argument) for argument in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_help_names_every_command_and_loads_nothing_slow() -> None:
    script = (
        "import sys; from cabinsafe.cli import app; "
        "sys.argv = ['cabinsafe', 'synth', '--help']\n"
        "try: app()\nexcept SystemExit: print(sorted({'torch', 'anny', 'scipy.sparse'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert all(command in done.stdout for command in ("images", "scene", "schema", "view"))
    assert done.stdout.rstrip().endswith("[]")


def test_a_scene_is_drawn_with_what_a_recipe_fixes(tmp_path: Path) -> None:
    pytest.importorskip("anny", reason="needs the [synthetic] extra")
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("light: {kind: night_ir}\npeople_count: [1]\nstyles: [rest]\nlook: {hat: fedora}\n")
    run("scene", "--seed", 5, "--recipe", recipe, "--out", tmp_path / "scene.json")
    scene = SceneSpec.model_validate_json((tmp_path / "scene.json").read_bytes())
    assert (scene.seed, scene.light.kind) == (5, "night_ir")
    assert [(person.style, person.look.hat) for person in scene.people] == [("rest", "fedora")]
    assert SceneSpec.model_validate_json(run("scene", "-s", 5, "-r", recipe)) == scene


def test_the_schema_knows_every_nested_key_and_requires_none() -> None:
    schema = json.loads(run("schema"))
    assert schema["additionalProperties"] is False
    assert "required" not in schema
    for key in ("cabin", "camera", "light", "sensor", "look"):
        definition = resolved(schema, schema["properties"][key])
        assert definition["additionalProperties"] is False
        assert "required" not in definition
        assert not [name for name, value in definition["properties"].items() if "default" in value]
    camera = resolved(schema, schema["properties"]["camera"])["properties"]
    assert camera["fov_deg"]["maximum"] == 200
    seat = resolved(schema, {"$ref": "#/$defs/SeatSpec"})
    assert seat["required"] == ["y_m"], "items of lists are taken as they stand"


def resolved(schema: dict[str, Any], value: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = schema["$defs"][value["$ref"].rsplit("/", 1)[1]]
    return found


def test_the_cabin_file_of_a_fixed_vehicle_can_be_analysed_with(tmp_path: Path) -> None:
    from cabinsafe.synthetic.cabin.model import Cabin
    from cabinsafe.synthetic.cabin.mounts import draw_camera
    from cabinsafe.synthetic.cabin.sampling import draw_cabin

    cabin = draw_cabin(1)
    camera = draw_camera(Cabin(cabin), 1)
    fixed = {"cabin": cabin.model_dump(mode="json"), "camera": camera.model_dump(mode="json")}
    write_mapping(tmp_path / "recipe.yaml", fixed)
    run("view", tmp_path / "recipe.yaml", "--out", tmp_path / "cabin.yaml")
    config = load_config(tmp_path / "cabin.yaml")
    assert config.name == f"synthetic {cabin.kind}"
    (view,) = config.cameras
    assert view.camera_id == camera.camera_id
    assert view.seats


def test_a_drawn_ride_and_its_script_give_the_same_clip(tmp_path: Path) -> None:
    pytest.importorskip("anny", reason="needs the [synthetic] extra")
    recipe = tmp_path / "small.yaml"
    recipe.write_text("camera: {size_wh: [64, 48]}\npeople_count: [1]\n")
    arguments = ("--seconds", 1, "--fps", 4, "--processes", 1)
    shown = run("ride", "--seed", 3, "--recipe", recipe, *arguments, "--out", tmp_path / "drawn")
    assert "4 frames" in shown
    assert "What is true of it" in shown
    run("ride", "--script", tmp_path / "drawn" / "ride.json", *arguments, "--out", tmp_path / "again")
    for name in ("ride.mp4", "scenes.jsonl", "truth.json", "cabin.yaml"):
        assert (tmp_path / "drawn" / name).read_bytes() == (tmp_path / "again" / name).read_bytes()
    run("ride", "--script", tmp_path / "drawn" / "ride.json", "--no-video", "--out", tmp_path / "quick")
    assert not (tmp_path / "quick" / "ride.mp4").exists()
    for name in ("truth.json", "cabin.yaml", "ride.json"):
        assert (tmp_path / "drawn" / name).read_bytes() == (tmp_path / "quick" / name).read_bytes()


def test_the_same_ride_from_another_camera(tmp_path: Path) -> None:
    pytest.importorskip("anny", reason="needs the [synthetic] extra")
    recipe, rear = tmp_path / "small.yaml", tmp_path / "rear.yaml"
    recipe.write_text("camera: {size_wh: [64, 48]}\npeople_count: [2]\n")
    rear.write_text("camera: {camera_id: rear, mount: rear_roof}\n")
    arguments = ("--no-video", "--processes", 1)
    run(
        "ride",
        "--seed",
        6,
        "--recipe",
        recipe,
        "--seconds",
        12,
        "--fps",
        3,
        *arguments,
        "--out",
        tmp_path / "front",
    )
    script = ("--script", tmp_path / "front" / "ride.json")
    run("ride", *script, "--recipe", rear, "--seed", 4, *arguments, "--out", tmp_path / "rear")
    front, other = (json.loads((tmp_path / name / "ride.json").read_text()) for name in ("front", "rear"))
    assert {key for key in front if front[key] != other[key]} == {"camera"}
    truths = [read_truth(tmp_path / name / "truth.json") for name in ("front", "rear")]
    assert truths[0].events == truths[1].events != ()
    assert [truth.camera_id for truth in truths] == ["front", "rear"]
    assert list(load_config(tmp_path / "rear" / "cabin.yaml").views) == ["rear"]
    with pytest.raises(ConfigError, match=r"expected 'camera' alone, found people_count"):
        run("ride", *script, "--recipe", recipe, "--out", tmp_path / "none")


def test_a_vehicle_left_to_chance_has_no_cabin_file(tmp_path: Path) -> None:
    (tmp_path / "recipe.yaml").write_text("cabin: {kind: van}\ncamera: {mount: mirror}\n")
    with pytest.raises(
        ConfigError, match=r"left to chance: .*cabin\.half_width_m.*camera\.position_m"
    ) as caught:
        run("view", tmp_path / "recipe.yaml", "--out", tmp_path / "cabin.yaml")
    assert "cabin.kind" not in str(caught.value)
    assert not (tmp_path / "cabin.yaml").exists()


def test_yaml_that_is_written_reads_back_and_a_full_path_is_told(tmp_path: Path) -> None:
    values = {"b": [[0.25, -0.5], [1.5, 0.1]], "a": {"name": "Kabine ä", "none": None, "yes": True}}
    write_mapping(tmp_path / "a.yaml", values)
    assert read_mapping(tmp_path / "a.yaml") == values
    assert list(read_mapping(tmp_path / "a.yaml")) == ["b", "a"]
    with pytest.raises(OutputError, match="cannot be written"):
        write_mapping(tmp_path / "none" / "a.yaml", values)


@pytest.mark.parametrize(
    ("recipe", "arguments", "message"),
    [
        ("colour: red", ["-n", 1], "colour: unknown key; allowed here: belted_share, cabin"),
        ("styles: [fly]", ["-n", 1], r"styles: no style fly; there are "),
        ("child_share: 2", ["-n", 1], r"child_share: .*got 2"),
        ("- a", ["-n", 1], "expected a mapping of keys to values"),
        ("", [], "expected a mapping"),
        (None, [], "--count is missing"),
        (None, ["--scenes", "none.json"], "none.json: expected a scene's JSON file"),
        (None, ["--scenes", "two", "-n", 3], "--scenes has 2 scenes, takes no --recipe"),
        ("seed: 1", ["--scenes", "two"], "--scenes has 2 scenes, takes no --recipe"),
    ],
)
def test_mistakes_are_told_before_anything_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, recipe: str | None, arguments: list[object], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("two").mkdir()
    for name in ("a", "b"):
        Path("two", f"{name}.json").touch()
    if recipe is not None:
        Path("recipe.yaml").write_text(recipe)
        arguments = [*arguments, "--recipe", "recipe.yaml"]
    if recipe == "":
        arguments = [*arguments, "-n", 1]
    with pytest.raises(ConfigError, match=message):
        run("images", "--out", "set", *arguments)
    assert not Path("set").exists()


@pytest.mark.parametrize("command", [["images", "-n", "1", "-o", "set"], ["scene"]])
def test_without_the_extra_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "anny", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'cabinsafe\[synthetic\]'") as caught:
        run(*command)
    assert isinstance(caught.value, CabinSafeError)
