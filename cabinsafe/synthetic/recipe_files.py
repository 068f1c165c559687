"""What a recipe gives beside pictures: a JSON Schema to write it by, and the cabin file of its vehicle."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from cabinsafe.errors import ConfigError
from cabinsafe.synthetic.cabin.model import Cabin
from cabinsafe.synthetic.cabin.mounts import draw_camera
from cabinsafe.synthetic.cabin.sampling import draw_cabin
from cabinsafe.synthetic.cabin.spec import CabinSpec
from cabinsafe.synthetic.cabin.views import cabin_file
from cabinsafe.synthetic.camera import Camera, CameraSpec
from cabinsafe.synthetic.light_spec import LightSpec
from cabinsafe.synthetic.recipe import Recipe
from cabinsafe.synthetic.sensor import SensorSpec
from cabinsafe.synthetic.wardrobe.spec import LookSpec

NESTED: tuple[tuple[str, type[BaseModel]], ...] = (
    ("cabin", CabinSpec),
    ("camera", CameraSpec),
    ("light", LightSpec),
    ("sensor", SensorSpec),
    ("look", LookSpec),
)
"""Which spec the values of each of a recipe's keys belong to."""
TRIES = 8
"""A recipe's vehicle and camera count as fixed if so many draws give the same cabin file."""


def recipe_schema() -> dict[str, Any]:
    """JSON Schema of a recipe's YAML file; what is left out is drawn, so nothing is required."""
    schema = Recipe.model_json_schema()
    _, definitions = models_json_schema([(spec, "validation") for _, spec in NESTED])
    schema["$defs"] = definitions["$defs"]
    for key, spec in NESTED:
        schema["properties"][key] = {
            "$ref": f"#/$defs/{spec.__name__}",
            "description": schema["properties"][key]["description"],
        }
        _leave_to_chance(schema["$defs"], spec.__name__)
    return schema


def fixed_cabin_file(recipe: Recipe) -> dict[str, Any]:
    """The cabin file of a recipe that fixes vehicle and camera, as plain values.

    Raises:
        ConfigError: a value is out of range, or the recipe leaves to chance what the file depends on.
    """
    files, specs = [], []
    for seed in range(TRIES):
        cabin = Cabin(draw_cabin(seed, recipe.cabin))
        camera = draw_camera(cabin, seed, recipe.camera)
        files.append(cabin_file(cabin, Camera(camera)))
        specs.append({"cabin": cabin.spec.model_dump(), "camera": camera.model_dump()})
    if any(file != files[0] for file in files):
        loose = [f"{part}.{key}" for part in specs[0] for key in specs[0][part] if _varies(specs, part, key)]
        raise ConfigError(
            f"a cabin file needs a fixed vehicle and camera; left to chance: {', '.join(loose)}"
        )
    return files[0]


def _varies(specs: list[dict[str, Any]], part: str, key: str) -> bool:
    return any(spec[part][key] != specs[0][part][key] for spec in specs)


def _leave_to_chance(definitions: dict[str, Any], name: str) -> None:
    """Neither required nor default in what is merged key by key; items of lists are taken as they stand."""
    definition = definitions[name]
    definition.pop("required", None)
    for value in definition.get("properties", {}).values():
        value.pop("default", None)
        for choice in (value, *value.get("anyOf", ())):
            if "$ref" in choice:
                _leave_to_chance(definitions, choice["$ref"].rsplit("/", 1)[1])
