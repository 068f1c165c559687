"""Scores of a network in training, with the library's own letterbox and decoder."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from cabinsafe.data import KEYPOINTS, LabelledImage, read_keypoints
from cabinsafe.data.split import choose, select
from cabinsafe.errors import DataError
from cabinsafe.evaluation.accuracy import measure, predict_all
from cabinsafe.media import read_image
from cabinsafe.pose.decoder import PafDecoder
from cabinsafe.training.pose.config import PoseTrainingConfig, SetSpec
from cabinsafe.training.pose.networks.base import PoseNetwork
from cabinsafe.training.pose.predictor import make_predictor


def read_set(spec: SetSpec, keypoints: Sequence[str]) -> list[LabelledImage]:
    """Labelled images of a set, with keypoints in the order given.

    Raises:
        DataError: annotations or images are missing or unreadable, or the split is empty.
    """
    people = read_keypoints(spec.annotations)
    ids = people.image_ids if spec.split is None else select(people.image_ids, spec.split)
    if not ids:
        raise DataError(
            f"{spec.annotations}: none of its {len(people.image_ids)} images is in '{spec.split}'"
        )
    if spec.limit is not None:
        ids = choose(ids, limit=spec.limit)
    images = people.labelled_images(spec.images, keypoints, ids)
    missing = [image.path.name for image in images if not image.path.is_file()]
    if missing:
        raise DataError(
            f"{spec.images}: {len(missing)} of {len(images)} images are missing, first {missing[0]}"
        )
    return images


class Examiner:
    """Scores networks on sets that they do not learn from.

    Args:
        spec: the set.
        config: input side and decoder options.
    """

    def __init__(self, spec: SetSpec, config: PoseTrainingConfig) -> None:
        self.annotations = read_keypoints(spec.annotations).coco()
        self.paths = {image.image_id: image.path for image in read_set(spec, KEYPOINTS)}
        self.config = config

    def average_precision(self, network: PoseNetwork) -> float:
        """OKS AP of a network."""
        topology = network.layout.topology
        decoder = PafDecoder(topology, self.config.decoder)
        predictor = make_predictor(network, decoder, self.config.runtime_px, amp=self.config.amp)
        found = predict_all(predictor, lambda image_id: read_image(self.paths[image_id]), list(self.paths))
        return measure(found, topology.keypoints, self.annotations, list(self.paths)).ap


def examine(network: PoseNetwork, examiners: Sequence[Examiner]) -> dict[str, float]:
    """AP on each set, and ``score``, their mean."""
    figures = {f"ap_{i}": examiner.average_precision(network) for i, examiner in enumerate(examiners)}
    return {**figures, "score": statistics.fmean(figures.values())}
