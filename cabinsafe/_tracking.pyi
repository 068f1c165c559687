"""Types of the native arithmetic of tracking; native/bindings/tracking_module.cpp is what it mirrors."""

import numpy as np
from numpy.typing import NDArray

_Floats = NDArray[np.float32]
_Doubles = NDArray[np.float64]

def extent_of(xy: _Floats) -> tuple[float, float, float, float, int]: ...
def any_jump(
    states: _Doubles, xy: _Floats, t_s: float, size_px: float, sizes: float, sizes_per_s: float
) -> bool: ...
def smooth(
    states: _Doubles,
    xy: _Floats,
    t_s: float,
    size_px: float,
    hz: float,
    hz_per_size_per_s: float,
    longest_gap_s: float,
) -> _Floats: ...
def fit_box(
    places: _Doubles,
    weights: _Doubles,
    xy: _Floats,
    width: float,
    height: float,
    far_off: float,
    same_posture: float,
    trust: float,
) -> tuple[float, float, float, float] | None: ...
