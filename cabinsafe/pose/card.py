"""A pose network's card: everything the library must know of a network, beside its file in ``models/``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError, model_validator
from typing_extensions import Self

from cabinsafe.errors import ModelError
from cabinsafe.pose.topology import Topology
from cabinsafe.resources import bundled_dir, verify_sha256

_Channels = tuple[float, float, float]
_Positive = Annotated[float, Field(gt=0)]


class InputSpec(BaseModel):
    """How frames become the input tensor: ``(pixel - mean) / std`` per channel, pixels in 0..255, NCHW."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    color: Literal["bgr", "rgb"]
    axis_order: Literal["NCHW"] = "NCHW"
    size_wh: tuple[Annotated[int, Field(gt=0)], Annotated[int, Field(gt=0)]]
    mean: _Channels = Field(description="In the order of `color`, units of pixel values")
    std: tuple[_Positive, _Positive, _Positive]
    pad_value: int = Field(ge=0, le=255, description="Grey level of the letterbox's bars")


class MapSpec(BaseModel):
    """Names and scale of the output tensors (N, channels, H / stride, W / stride)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    heatmaps: str
    pafs: str
    axis_order: Literal["NCHW"] = "NCHW"
    stride: int = Field(gt=0, description="Input pixels per map cell")


class PoseCard(BaseModel):
    """Card of a pose network.

    Attributes:
        name: what configurations and reports call it.
        file: the network's file name, beside the card.
        sha256: digest of that file.
        input, maps, topology: how to feed it and how to read it.
        licence, sources, training, metrics, limits: for people; free-form.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["pose"] = "pose"
    card_version: Literal[1] = 1
    name: str
    file: str
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    input: InputSpec
    maps: MapSpec
    topology: Topology
    licence: str
    sources: tuple[dict[str, Any], ...] = ()
    training: dict[str, Any] = Field(default_factory=dict)
    metrics: dict[str, Any] = Field(default_factory=dict)
    limits: tuple[str, ...] = ()
    _path: Path = PrivateAttr(default=Path())

    @model_validator(mode="after")
    def _size_fits_stride(self) -> Self:
        if any(side % self.maps.stride for side in self.input.size_wh):
            raise ValueError(
                f"input.size_wh {self.input.size_wh} must be multiples of maps.stride {self.maps.stride}"
            )
        return self

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a card.

        Args:
            path: a card file, or the bare name of an embedded one (``"cabinsafe-pose"``).

        Raises:
            ModelError: it does not exist or is no pose card; the message says what is wrong.
        """
        file = find_card(path)
        try:
            card = cls.model_validate(json.loads(file.read_text(encoding="utf-8")))
        except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
            raise ModelError(f"{file}: not a readable JSON card: {error}") from error
        except ValidationError as error:
            wrong = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'card'}: {e['msg']}" for e in error.errors())
            raise ModelError(f"{file}: not a pose card: {wrong}") from error
        card._path = file
        return card

    def verified_file(self) -> Path:
        """Path of the network's file, after its digest was checked.

        Raises:
            ModelError: missing, or not the file the card describes.
        """
        file = self._path.parent / self.file
        verify_sha256(file, self.sha256, self._path)
        return file


def find_card(path: str | Path) -> Path:
    """Path of a card given as a file, or as the bare name of an embedded one.

    Raises:
        ModelError: there is none; the message lists the embedded ones.
    """
    given = Path(path)
    if given.is_file():
        return given
    models = bundled_dir("models")
    embedded = models / f"{path}.json"
    if given.parent == Path() and embedded.is_file():
        return embedded
    names = ", ".join(sorted(file.stem for file in models.glob("*.json"))) or "none"
    raise ModelError(f"no model card '{path}': neither a file nor one of the embedded models ({names})")
