"""From a network in training to people in image pixels, the way the library does it at run time."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from cabinsafe.evaluation.accuracy import Prediction, Predictor
from cabinsafe.pose.decoder import PafDecoder
from cabinsafe.pose.preprocess import letterbox
from cabinsafe.training.pose.augment import PADDING_VALUE
from cabinsafe.training.pose.networks.base import PoseNetwork


def make_predictor(
    network: PoseNetwork, decoder: PafDecoder, side_px: int, *, amp: bool = False
) -> Predictor:
    """Return a predictor: letterbox to a square, network, decoder, back to image pixels.

    Args:
        network: on any device, in evaluation mode.
        decoder: turns its maps into people.
        side_px: side of the square input, a multiple of the network's ``input_multiple``.
        amp: run in bfloat16.
    """
    device = next(network.parameters()).device

    def predict(image: NDArray[np.uint8]) -> list[Prediction]:
        canvas, transform = letterbox(image, (side_px, side_px), PADDING_VALUE)
        batch = torch.from_numpy(canvas).to(device).permute(2, 0, 1)[None].float()
        with torch.no_grad(), torch.autocast(device.type, torch.bfloat16, enabled=amp):
            maps = network(batch.contiguous(memory_format=torch.channels_last))
        heatmaps, pafs = (part[0].float().cpu().numpy() for part in maps[:2])
        people = decoder.decode(np.ascontiguousarray(heatmaps), np.ascontiguousarray(pafs))
        xy = transform.to_frame(people.xy * network.layout.stride)
        return [(xy[i], people.score[i], float(people.person_score[i])) for i in range(len(people))]

    return predict
