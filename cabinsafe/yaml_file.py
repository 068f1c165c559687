"""YAML files of keys and values: written, and read safely and strictly."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

import yaml

from cabinsafe.errors import ConfigError, OutputError


def read_mapping(path: Path) -> dict[Any, Any]:
    """The mapping that a YAML file holds.

    Raises:
        ConfigError: it cannot be read, is not valid YAML, names a key twice, or holds something else.
    """
    try:
        values = yaml.load(path.read_text(encoding="utf-8"), Loader=_StrictLoader)  # noqa: S506 - a SafeLoader
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from error
    except (yaml.YAMLError, ValueError) as error:
        raise ConfigError(f"{path}: not valid YAML: {error}") from error
    if not isinstance(values, dict):
        raise ConfigError(f"{path}: expected a mapping of keys to values, got {type(values).__name__}")
    return values


def write_mapping(path: Path, values: Mapping[str, Any]) -> None:
    """Write plain values so that :func:`read_mapping` gives them back; keys keep their order.

    Raises:
        OutputError: the file cannot be written.
    """
    try:
        path.write_text(
            yaml.safe_dump(dict(values), sort_keys=False, allow_unicode=True, default_flow_style=None),
            encoding="utf-8",
        )
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror or error}") from error


class _StrictLoader(yaml.SafeLoader):
    """SafeLoader that refuses a key given twice instead of dropping the first."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key_node, _ in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge":
                continue
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, Hashable):
                raise yaml.constructor.ConstructorError(
                    None, None, "a key must be a plain value", key_node.start_mark
                )
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key '{key}' is given twice", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)
