"""Types of the native pre-processing; native/bindings/preprocess_module.cpp is what it mirrors."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

MAX_SIDE: int

def instruction_sets() -> list[str]: ...
def fill(
    images: Sequence[NDArray[np.uint8]],
    parts: Sequence[tuple[int, int, int, int]],
    *,
    rgb: bool,
    pad: int,
    mean: tuple[float, float, float],
    std: tuple[float, float, float],
    out: NDArray[np.float32] | NDArray[np.float16] | NDArray[np.uint8],
    threads: int,
    isa: str = "",
) -> None: ...
