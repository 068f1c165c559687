"""The card of a model file: what it is, where it comes from, and the digest that proves it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError
from typing_extensions import Self

from cabinsafe.errors import ModelError
from cabinsafe.fields import in_words
from cabinsafe.resources import bundled_dir, verify_sha256


class ModelCard(BaseModel):
    """What all cards have; each kind of model adds how to use it.

    Attributes:
        kind: kind of model.
        card_version: version of this format.
        name: what configurations and reports call it.
        file: the model's file name, beside the card.
        sha256: digest of that file.
        licence, sources, training, metrics, limits: for people; free-form.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str = ""
    card_version: Literal[1] = 1
    name: str
    file: str = Field(pattern=r"^[^/\\]+$")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    licence: str
    sources: tuple[dict[str, Any], ...] = ()
    training: dict[str, Any] = Field(default_factory=dict)
    metrics: dict[str, Any] = Field(default_factory=dict)
    limits: tuple[str, ...] = ()
    _path: Path = PrivateAttr(default=Path())

    @property
    def path(self) -> Path:
        """Where the card was read from."""
        return self._path

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a card.

        Args:
            path: a card file, or the bare name of an embedded one (``"cabinsafe-pose"``).

        Raises:
            ModelError: it does not exist or is no card of this kind; the message says what is wrong.
        """
        file = _find_card(path)
        try:
            card = cls.model_validate(json.loads(file.read_text(encoding="utf-8")))
        except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
            raise ModelError(f"{file}: not a readable JSON card: {error}") from error
        except ValidationError as error:
            kind = cls.model_fields["kind"].default or "model"
            raise ModelError(f"{file}: not a {kind} card: {in_words(error)}") from error
        card._path = file
        return card

    def verified_file(self) -> Path:
        """Path of the model's file, after its digest was checked.

        Raises:
            ModelError: missing, or not the file the card describes.
        """
        file = self._path.parent / self.file
        verify_sha256(file, self.sha256, self._path)
        return file


def _find_card(path: str | Path) -> Path:
    given = Path(path)
    if given.is_file():
        return given
    models = bundled_dir("models")
    embedded = models / f"{path}.json"
    if given.parent == Path() and embedded.is_file():
        return embedded
    names = ", ".join(sorted(file.stem for file in models.glob("*.json"))) or "none"
    raise ModelError(f"no model card '{path}': neither a file nor one of the embedded models ({names})")


class AnyCard(ModelCard):
    """Card of any kind of model: what all have is checked, what only some have is left aside."""

    model_config = ConfigDict(frozen=True, extra="ignore")
