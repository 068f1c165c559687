"""Types of the native module; native/bindings/module.cpp is what it mirrors."""

import numpy as np
from numpy.typing import NDArray

_FloatArray = NDArray[np.float32]
_MapArray = NDArray[np.float32] | NDArray[np.float16]
_Poses = tuple[
    _FloatArray, _FloatArray, _FloatArray, _FloatArray, _FloatArray, _FloatArray, NDArray[np.int64]
]

class Options:
    peak_threshold: float
    suppression_radius_cells: float
    sample_threshold: float
    min_agreeing_samples_of_10: int
    limb_threshold: float
    length_penalty_per_map_side: float
    min_keypoints: int
    half_score_size_map_sides: float
    min_person_score: float
    max_peaks_per_keypoint: int
    max_people: int
    max_merge_misfit: float
    prior_weight: float
    prior_reach_person_sizes: float
    weak_peak_threshold: float
    def __init__(self) -> None: ...

class Decoder:
    def __init__(
        self,
        keypoint_channels: list[int],
        limbs: list[tuple[int, int, int, int, int]],
        body: list[tuple[float, float, float]],
        heatmap_count: int,
        paf_count: int,
        options: Options,
    ) -> None: ...
    def decode(self, heatmaps: _MapArray, pafs: _MapArray, expected: _FloatArray) -> _Poses: ...
    def decode_batch(
        self,
        images: list[tuple[_MapArray, _MapArray, _FloatArray]],
        threads: int,
        failed: list[int],
    ) -> list[_Poses]: ...
