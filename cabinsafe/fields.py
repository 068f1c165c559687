"""What records are made of: their base and field types. Arrays are checked and copied once."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, PlainValidator, ValidationError
from typing_extensions import Self

from cabinsafe.errors import DataError, ShapeError

FloatArray = NDArray[np.float32]
_Finite = Annotated[float, Field(allow_inf_nan=False)]
BoxXyxy = tuple[_Finite, _Finite, _Finite, _Finite]
"""Left, top, right, bottom, pixels."""
SeatName = Annotated[str, Field(pattern=r"^Row[1-9][0-9]*\.Pos[1-9][0-9]*$")]
"""COVESA VSS name: ``Row1.Pos1`` is the first row's first seat."""


_set_values, _set_named, _set_extra, _set_private = (
    vars(BaseModel)[slot].__set__
    for slot in ("__dict__", "__pydantic_fields_set__", "__pydantic_extra__", "__pydantic_private__")
)


class Record(BaseModel):
    """Immutable pydantic model whose refusals are DataErrors."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    def __init__(self, /, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise DataError(f"{type(self).__name__}: {in_words(error)}") from error

    # It only words refusals: marked as pydantic's own, so that records within records are checked in one go.
    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]

    @classmethod
    def of_checked(cls, values: dict[str, Any]) -> Self:
        """A record of values that are known to be right, every field among them: nothing is checked again."""
        record = object.__new__(cls)
        _set_values(record, values)
        _set_named(record, set(values))
        _set_extra(record, None)
        _set_private(record, None)
        return record

    @classmethod
    def model_validate(cls, obj: Any, **options: Any) -> Self:
        """Make one record from a mapping; what is none is a DataError too."""
        try:
            return super().model_validate(obj, **options)
        except ValidationError as error:
            raise DataError(f"{cls.__name__}: {in_words(error)}") from error

    @classmethod
    def model_validate_json(cls, json_data: str | bytes | bytearray, **options: Any) -> Self:
        """Read one record from JSON text; what is no JSON is a DataError too."""
        try:
            return super().model_validate_json(json_data, **options)
        except ValidationError as error:
            raise DataError(f"{cls.__name__}: {in_words(error)}") from error


def differing_fields(one: Record, other: Record) -> list[str]:
    """Names of the fields in which two records of one type differ; NaN equals NaN."""
    different = []
    for name in type(one).model_fields:
        a, b = getattr(one, name), getattr(other, name)
        is_array = isinstance(a, np.ndarray)
        if not (np.array_equal(a, b, equal_nan=True) if is_array else a == b):
            different.append(name)
    return different


def in_words(error: ValidationError) -> str:
    """What pydantic refuses: where, why, and what was found there."""
    return "; ".join(
        f"{'.'.join(map(str, e['loc'])) or 'value'}: {e['msg']} (got {e['input']!r:.80})"
        for e in error.errors()
    )


def read_only_floats(values: Any) -> FloatArray:
    """Float32 copy that cannot be written to; None (JSON's null) becomes NaN."""
    try:
        array = np.array(values, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise ShapeError(
            "array", "numbers in a rectangular array", f"{type(values).__name__}: {error}"
        ) from error
    array.setflags(write=False)
    return array


def _read_only_image(image: Any) -> NDArray[np.uint8]:
    if not isinstance(image, np.ndarray):
        raise ShapeError("Frame.image", "uint8 array (H, W, 3), BGR", type(image).__name__)
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or 0 in image.shape:
        raise ShapeError("Frame.image", "uint8 array (H, W, 3), BGR", f"{image.dtype} {image.shape}")
    view: NDArray[np.uint8] = image.view()
    view.setflags(write=False)
    return view


def _nan_as_null(array: FloatArray) -> list[Any]:
    """Nested lists; each float32 as its shortest decimal, which reads back as the same float32."""
    if array.ndim > 1:
        return [_nan_as_null(row) for row in array]
    return [None if np.isnan(value) else float(str(value)) for value in array]


Floats = Annotated[
    FloatArray,
    PlainValidator(read_only_floats),
    PlainSerializer(_nan_as_null, when_used="json", return_type=list),
]
Image = Annotated[NDArray[np.uint8], PlainValidator(_read_only_image)]
