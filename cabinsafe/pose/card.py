"""A pose network's card: everything the library must know of a network, beside its file in ``models/``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator
from typing_extensions import Self

from cabinsafe.cards import ModelCard
from cabinsafe.errors import ModelError
from cabinsafe.pose.topology import Topology

_Channels = tuple[float, float, float]
_Positive = Annotated[float, Field(gt=0)]
MAX_SIDE_PX = 2048  # of another input than the card's: far above any that gains, below what fills memory


class InputSpec(BaseModel):
    """How frames become the input tensor: ``(pixel - mean) / std`` per channel, pixels in 0..255, NCHW."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    color: Literal["bgr", "rgb"]
    axis_order: Literal["NCHW"] = "NCHW"
    size_wh: tuple[Annotated[int, Field(gt=0)], Annotated[int, Field(gt=0)]]
    side_multiple: int | None = Field(
        None,
        gt=0,
        description="The network takes any sides that are multiples of this, so that frames of another shape "
        "than size_wh need no bars; null for size_wh alone",
    )
    mean: _Channels = Field(description="In the order of `color`, units of pixel values")
    std: tuple[_Positive, _Positive, _Positive]
    pad_value: int = Field(ge=0, le=255, description="Grey level of the letterbox's bars")


class MapSpec(BaseModel):
    """Names and scale of the output tensors (N, channels, H / stride, W / stride)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    heatmaps: str
    pafs: str
    boxes: str | None = Field(None, description="Person boxes, for a network that has that head")
    axis_order: Literal["NCHW"] = "NCHW"
    stride: int = Field(gt=0, description="Input pixels per map cell")

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the outputs: heatmaps, PAFs and, where the network has them, boxes."""
        return (self.heatmaps, self.pafs) if self.boxes is None else (self.heatmaps, self.pafs, self.boxes)

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        if len(set(self.names)) != len(self.names):
            raise ValueError(f"the outputs' names must differ, got {', '.join(self.names)}")
        return self


class PoseCard(ModelCard):
    """Card of a pose network.

    Attributes:
        input, maps, topology: how to feed it and how to read it.
        min_person_score: skeletons of lower scores are rather not people.
    """

    kind: Literal["pose"] = "pose"
    input: InputSpec
    maps: MapSpec
    topology: Topology
    min_person_score: float = Field(0.0, ge=0, le=1)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a card, for another input than its own if the name ends so: ``"cabinsafe-pose@256"``.

        Args:
            path: a card file, or the bare name of an embedded one; ``@`` and a number of pixels behind it,
                2048 at most, are the sides of a square input.

        Raises:
            ModelError: it does not exist, is no card of a pose network, or the network takes no such input.
        """
        name, at, side = str(path).rpartition("@")
        if not at or not side.isdecimal():
            return super().load(path)
        return super().load(name)._at(int(side))

    def of_one_size(self) -> Self:
        """The same, for an engine whose input has the size on the card and no other."""
        return self._with_input(side_multiple=None)

    def _at(self, side_px: int) -> Self:
        multiple = self.input.side_multiple
        if multiple is None or not 0 < side_px <= MAX_SIDE_PX or side_px % multiple:
            takes = f"{self.input.size_wh} alone"
            if multiple:
                takes = f"multiples of {multiple} px up to {MAX_SIDE_PX}"
            raise ModelError(f"network '{self.name}' takes inputs of {takes}, got {side_px}")
        return self._with_input(size_wh=(side_px, side_px))

    def _with_input(self, **changes: Any) -> Self:
        return self.model_copy(update={"input": self.input.model_copy(update=changes)})

    @model_validator(mode="after")
    def _size_fits_stride(self) -> Self:
        if any(side % self.maps.stride for side in self.input.size_wh):
            raise ValueError(
                f"input.size_wh {self.input.size_wh} must be multiples of maps.stride {self.maps.stride}"
            )
        multiple = self.input.side_multiple
        if multiple is not None and any(side % multiple for side in self.input.size_wh):
            raise ValueError(
                f"input.size_wh {self.input.size_wh} must be multiples of input.side_multiple {multiple}"
            )
        if multiple is not None and multiple % self.maps.stride:
            raise ValueError(
                f"input.side_multiple {multiple} must be a multiple of maps.stride {self.maps.stride}"
            )
        return self
