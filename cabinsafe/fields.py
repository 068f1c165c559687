"""Field types of pydantic models: arrays, checked and copied once and read-only from then on; seat names."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, PlainSerializer, PlainValidator

from cabinsafe.errors import ShapeError

FloatArray = NDArray[np.float32]
SeatName = Annotated[str, Field(pattern=r"^Row[1-9][0-9]*\.Pos[1-9][0-9]*$")]
"""COVESA VSS name: ``Row1.Pos1`` is the first row's first seat."""


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
