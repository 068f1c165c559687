"""The network's input, step by step, for comparison with what is quicker."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cabinsafe.pose.card import InputSpec
from cabinsafe.pose.preprocess import letterbox


def reference_input(images: Sequence[np.ndarray], spec: InputSpec) -> np.ndarray:
    """Images (H, W, 3) uint8 BGR as a tensor (N, 3, height, width) float32."""
    levels = np.stack([letterbox(image, spec.size_wh, spec.pad_value)[0] for image in images])
    ordered = levels[..., ::-1] if spec.color == "rgb" else levels
    scaled = (ordered - np.array(spec.mean, np.float32)) / np.array(spec.std, np.float32)
    return np.ascontiguousarray(scaled.transpose(0, 3, 1, 2), np.float32)
