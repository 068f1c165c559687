"""A recipe: what is fixed in the scenes to be drawn, one value at a time; all else is left to chance."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, field_validator

from cabinsafe.errors import ConfigError
from cabinsafe.options import Options
from cabinsafe.synthetic.posing.styles import STYLES
from cabinsafe.yaml_file import read_mapping

Values = Mapping[str, Any]
Share = Annotated[float, Field(ge=0, le=1)]


class Recipe(Options):
    """Fixed values for drawn scenes, as a YAML file holds them: a vehicle of one's own, a camera, a light."""

    cabin: dict[str, Any] = Field(default_factory=dict, description="Values of CabinSpec that are fixed")
    camera: dict[str, Any] = Field(default_factory=dict, description="Values of CameraSpec that are fixed")
    light: dict[str, Any] = Field(default_factory=dict, description="Values of LightSpec that are fixed")
    sensor: dict[str, Any] = Field(default_factory=dict, description="Values of SensorSpec that are fixed")
    look: dict[str, Any] = Field(default_factory=dict, description="Values of everybody's LookSpec")
    people_count: tuple[Annotated[int, Field(ge=0, le=12)], ...] = Field(
        (), description="Numbers of people, drawn evenly; empty for the usual mix of 0 to 6"
    )
    styles: tuple[str, ...] = Field((), description="What people may do; empty for the whole repertoire")
    child_share: Share = Field(0.15, description="Share of children among passengers outside of child seats")
    belted_share: Share = Field(0.6, description="Share of belt wearers among those who sit")

    @field_validator("people_count", "styles", mode="before")
    @classmethod
    def _one_is_a_list_of_one(cls, value: Any) -> Any:
        return (value,) if isinstance(value, int | str) else value

    @field_validator("styles")
    @classmethod
    def _are_known(cls, styles: tuple[str, ...]) -> tuple[str, ...]:
        unknown = sorted(set(styles) - set(STYLES))
        if unknown:
            raise ValueError(f"no style {', '.join(unknown)}; there are {', '.join(sorted(STYLES))}")
        return styles


def load_recipe(path: Path | None) -> Recipe:
    """The recipe in a YAML file, or the one that fixes nothing.

    Raises:
        ConfigError: it cannot be read, or holds an unknown key or a value out of range.
    """
    if path is None:
        return Recipe()
    values = read_mapping(path)
    try:
        return Recipe(**{str(key): value for key, value in values.items()})
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error
