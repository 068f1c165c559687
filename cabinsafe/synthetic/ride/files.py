"""Scripts of rides as files: JSON or YAML, written by hand or by a draw."""

from __future__ import annotations

import json
from pathlib import Path

from cabinsafe.errors import ConfigError
from cabinsafe.synthetic.ride.spec import RideSpec
from cabinsafe.yaml_file import read_mapping


def load_ride(path: Path) -> RideSpec:
    """The ride in a JSON or YAML file.

    Raises:
        ConfigError: it cannot be read, or holds an unknown key or a value out of range; the message names
            file and key.
    """
    if path.suffix == ".json":
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ConfigError(f"{path}: no readable script of a ride: {error}") from error
    else:
        values = read_mapping(path)
    if not isinstance(values, dict):
        raise ConfigError(f"{path}: expected a mapping of keys to values, got {type(values).__name__}")
    try:
        return RideSpec(**{str(key): value for key, value in values.items()})
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error
