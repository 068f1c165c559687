"""From a network's maps to people in image pixels, the way the library does it at run time."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from cabinsafe.pose.decoder import PafDecoder
from cabinsafe.pose.preprocess import letterbox
from cabinsafe.training.pose.augment import PADDING_VALUE
from cabinsafe.training.pose.evaluate import Prediction, Predictor
from cabinsafe.training.pose.layout import STRIDE

Floats = NDArray[np.float32]
Forward = Callable[[Floats], tuple[Floats, Floats]]
"""(1, 3, H, W) BGR 0 to 255 to heatmaps (1, 19, H/8, W/8) and pafs (1, 38, H/8, W/8)."""


def make_predictor(forward: Forward, decoder: PafDecoder, side_px: int) -> Predictor:
    """Return a predictor: letterbox to a square, network, decoder, back to image pixels.

    Args:
        forward: the network.
        decoder: turns maps into people.
        side_px: side of the square input, a multiple of 8.
    """

    def predict(image: NDArray[np.uint8]) -> list[Prediction]:
        canvas, transform = letterbox(image, (side_px, side_px), PADDING_VALUE)
        batch = np.ascontiguousarray(canvas.transpose(2, 0, 1)[None], np.float32)
        heatmaps, pafs = forward(batch)
        people = decoder.decode(heatmaps[0], pafs[0])
        xy = transform.to_frame(people.xy * STRIDE)
        return [(xy[i], people.score[i], float(people.person_score[i])) for i in range(len(people))]

    return predict
