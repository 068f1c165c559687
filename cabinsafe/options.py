"""Options: immutable models whose refusals name the key, what is wrong and what is allowed."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails
from typing_extensions import Self

from cabinsafe.errors import ConfigError

Location = tuple[int | str, ...]


class Options(BaseModel):
    """Base of every model that users fill in: frozen, unknown keys refused.

    Raises:
        ConfigError: on construction, with one line per refusal.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    def __init__(self, /, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise OptionsError(error, type(self)) from error

    @classmethod
    def model_validate(cls, obj: Any, **options: Any) -> Self:
        """Options from a mapping of keys to values."""
        try:
            return super().model_validate(obj, **options)
        except ValidationError as error:
            raise OptionsError(error, cls) from error

    @classmethod
    def model_validate_json(cls, json_data: str | bytes | bytearray, **options: Any) -> Self:
        """Options from JSON text."""
        try:
            return super().model_validate_json(json_data, **options)
        except ValidationError as error:
            raise OptionsError(error, cls) from error


class OptionsError(ConfigError, ValueError):
    """Values that options refuse.

    It is a ValueError so that pydantic reports it from options within options; the lines of the inner
    ones are then taken over with their full key.

    Args:
        error: what pydantic found.
        model: the options that refused.
    """

    def __init__(self, error: ValidationError, model: type[BaseModel]) -> None:
        schema = model.model_json_schema()
        self.refusals: list[tuple[Location, str]] = []
        for details in error.errors():
            location = details["loc"]
            inner = details.get("ctx", {}).get("error")
            if isinstance(inner, OptionsError):
                self.refusals += [((*location, *rest), message) for rest, message in inner.refusals]
            else:
                self.refusals.append((location, _explain(details, schema)))
        self._drop_consequences(error)
        super().__init__()

    def _drop_consequences(self, error: ValidationError) -> None:
        """Leave out that a list is too short where that is so only because an item of it was refused."""
        short = {details["loc"] for details in error.errors() if details["type"] == "too_short"}
        deeper = {loc[: len(s)] for s in short for loc, _ in self.refusals if len(loc) > len(s)}
        self.refusals = [(loc, text) for loc, text in self.refusals if loc not in short & deeper]

    def within(self, *prefix: str) -> OptionsError:
        """The same refusals, of options that lie at ``prefix`` in a larger whole."""
        self.refusals = [((*prefix, *location), message) for location, message in self.refusals]
        return self

    def __str__(self) -> str:
        return "\n".join(f"{'.'.join(map(str, loc)) or 'value'}: {text}" for loc, text in self.refusals)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The known name that is most like a mistyped one, as a question; empty if none is like it."""
    near = difflib.get_close_matches(name, known, n=1)
    return f"did you mean '{near[0]}'? " if near else ""


def _explain(details: ErrorDetails, schema: dict[str, Any]) -> str:
    location = details["loc"]
    if details["type"] == "extra_forbidden":
        known = sorted(_schema_at(schema, location[:-1]).get("properties", {}))
        return f"unknown key; {did_you_mean(str(location[-1]), known)}allowed here: {', '.join(known)}"
    if details["type"] == "missing":
        return "missing; it must be given"
    message = details["msg"].removeprefix("Value error, ")
    return f"{message}, got {details['input']!r:.120}{_allowed(_schema_at(schema, location))}"


def _schema_at(schema: dict[str, Any], location: Location) -> dict[str, Any]:
    """The part of a JSON Schema that describes a location."""
    node = schema
    for step in location:
        node = _deref(node, schema)
        if isinstance(step, int):
            items = node.get("prefixItems", [])
            node = items[step] if step < len(items) else node.get("items", {})
        else:
            extra = node.get("additionalProperties")
            node = node.get("properties", {}).get(step) or (extra if isinstance(extra, dict) else {})
    return _deref(node, schema)


def _deref(node: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    choices = [choice for choice in node.get("anyOf", []) if choice.get("type") != "null"]
    if choices:
        node = {**choices[0], **{key: value for key, value in node.items() if key != "anyOf"}}
    if "$ref" in node:
        node = {**root["$defs"][node["$ref"].rsplit("/", 1)[1]], **node}
    return node


def _allowed(node: dict[str, Any]) -> str:
    low, above = node.get("minimum"), node.get("exclusiveMinimum")
    high, below = node.get("maximum"), node.get("exclusiveMaximum")
    parts = []
    if (low, above) != (None, None):
        parts.append(f"at least {low}" if low is not None else f"more than {above}")
    if (high, below) != (None, None):
        parts.append(f"at most {high}" if high is not None else f"less than {below}")
    if "enum" in node:
        parts.append(" or ".join(map(str, node["enum"])))
    return f" (allowed: {', '.join(parts)})" if parts else ""
