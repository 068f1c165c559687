"""YAML files of keys and values: written, and read safely and strictly."""

from __future__ import annotations

import io
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

import yaml

from cabinsafe.errors import ConfigError, MissingExtraError, OutputError
from cabinsafe.whole_files import replace_file


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


def update_mapping(source: Path, out: Path, updates: Mapping[tuple[str, ...], Any]) -> None:
    """Write a YAML file with some values changed or added; comments, order and styles stay.

    Sections that were not there, or empty, are written in one line.

    Args:
        source: a file that :func:`read_mapping` accepts.
        out: where to write; may be the same.
        updates: new values by the keys that lead to them.

    Raises:
        MissingExtraError: the [tune] extra is not installed.
        OutputError: the file cannot be written; what was there before stays.
    """
    try:
        from ruamel.yaml import YAML
        from ruamel.yaml.comments import CommentedMap
    except ImportError as error:
        raise MissingExtraError("keeping comments in YAML files", "tune", "ruamel.yaml") from error
    editor = YAML()
    editor.width, editor.preserve_quotes = 4096, True
    editor.indent(mapping=2, sequence=4, offset=2)
    content = editor.load(source.read_text(encoding="utf-8"))
    for (*path, last), value in updates.items():
        section = content
        for key in path:
            if not section.get(key):
                section[key] = CommentedMap()
                section[key].fa.set_flow_style()
            section = section[key]
        section[last] = value
    text = io.StringIO()
    editor.dump(content, text)
    replace_file(out, text.getvalue().encode())


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
