"""What a pose network sees of labelled people: the cabin's own pose layer run over pictures and clips."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from cabinsafe.analyzer import CabinAnalyzer
from cabinsafe.config import CabinConfig
from cabinsafe.data import KEYPOINTS
from cabinsafe.detectors.unsafe_sitting import UnsafeSittingOptions
from cabinsafe.errors import CapacityError
from cabinsafe.evaluation.pairs import SIGMAS
from cabinsafe.evaluation.predict import open_estimator
from cabinsafe.media import open_source, read_image
from cabinsafe.training.sitting.samples import Array
from cabinsafe.types import Frame, Scene, Skeleton

LEAST_COMMON = 5
"""Fewest keypoints that a skeleton and a labelled person must both have to be compared."""
LEAST_LIKE = 0.4
"""Least similarity of a skeleton to the person whose label it gets."""
_AREA_SHARE = 0.53
"""Share of the box of a person's keypoints that the person covers, as in COCO's labels."""
_SIGMA = np.array([*SIGMAS, SIGMAS[KEYPOINTS.index("left_shoulder")]])

Image = NDArray[np.uint8]


LOOKS = 3
"""Ways to look at a picture of the training set: as it is, mirrored in other light, smaller."""


class Sight:
    """The pose layer of a cabin, for single pictures and for clips.

    A picture can be looked at in several ways, and the network errs in each in another way: training has more
    of what it will meet. Positions are those of the picture as it is.

    Args:
        cabin: whose network, decoder, tracker and unsafe-sitting options are used; None for the defaults.
        threads: of the network.
    """

    def __init__(self, cabin: CabinConfig | None = None, threads: int = 1) -> None:
        self._cabin = cabin
        self._threads = threads
        self._model = "cabinsafe-pose" if cabin is None else cabin.pose.model
        self._estimator = open_estimator(self._model, threads)

    @property
    def digest(self) -> str:
        """Sha256 of the network's file."""
        return self._estimator.card.sha256

    def close(self) -> None:
        """Free the network."""
        self._estimator.close()

    def people(self, picture: Path, mirrored: bool, look: int = 0) -> list[Skeleton]:
        """Skeletons in a picture, sides named as they are; none where there are more than can be held.

        Args:
            picture: the file.
            mirrored: whether it shows a cabin as in a mirror.
            look: 0 for the picture as it is, to :data:`LOOKS` - 1; the same look is always the same.

        Raises:
            MediaError: the picture cannot be read.
        """
        image, turned, scale = _looked_at(read_image(picture), look)
        try:
            found = self._estimator.estimate([Frame(image=image, t_s=0.0)])[0].skeletons
        except CapacityError:
            return []
        if look:
            found = tuple(_back(skeleton, image.shape[1], turned, scale) for skeleton in found)
        return [skeleton.with_sides_swapped() if mirrored != turned else skeleton for skeleton in found]

    def scenes(self, clip: Path, cabin: CabinConfig, camera_id: str) -> Iterator[Scene]:
        """Scenes of a clip, tracked and smoothed as the analyzer does it, with this object's network.

        Raises:
            MediaError: the clip cannot be read.
        """
        pose = (self._cabin or cabin).pose.model_copy(update={"model": self._model, "threads": self._threads})
        quiet = cabin.model_copy(update={"pose": pose, "detectors": {}, "events": {}})
        with CabinAnalyzer.from_config(quiet) as analyzer, open_source(clip, camera_id) as source:
            for frame in source:
                yield analyzer.inspect(frame).scene


def _looked_at(image: Image, look: int) -> tuple[Image, bool, float]:
    """The picture of a look, whether it is mirrored, and its scale about the top left corner."""
    if look == 0:
        return image, False, 1.0
    rng = np.random.default_rng([look, zlib.crc32(image.tobytes())])
    if look % 2:
        light = (np.arange(256) / 255.0) ** rng.uniform(0.7, 1.5) * 255.0
        return np.ascontiguousarray(light.round().astype(np.uint8)[image[:, ::-1]]), True, 1.0
    scale = float(rng.uniform(0.72, 0.95))
    size = (max(round(image.shape[1] * scale), 1), max(round(image.shape[0] * scale), 1))
    smaller = np.zeros_like(image)
    smaller[: size[1], : size[0]] = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return smaller, False, scale


def _back(skeleton: Skeleton, width: int, turned: bool, scale: float) -> Skeleton:
    """A skeleton of a look in the picture as it is."""
    xy = skeleton.xy / np.float32(scale)
    if turned:
        xy = np.array([width, 0.0], np.float32) + xy * np.array([-1.0, 1.0], np.float32)
    return skeleton.model_copy(update={"xy": xy.astype(np.float32)})


def sitting_options(cabin: CabinConfig | None) -> UnsafeSittingOptions:
    """The unsafe-sitting options of a cabin, the defaults without one, or if it does not run the detector."""
    options = {} if cabin is None else cabin.detector_options()
    found = options.get("unsafe_sitting")
    return found if isinstance(found, UnsafeSittingOptions) else UnsafeSittingOptions()


def match(skeletons: Sequence[Skeleton], people: Array) -> NDArray[np.int64]:
    """Which labelled person each of N skeletons shows: (N,) places in ``people`` (M, 18, 2), -1 for nobody.

    Compared are the keypoints that both have, by COCO's object keypoint similarity (cocodataset.org, keypoint
    evaluation) on the area of the labelled keypoints' box: parts that the network cannot see count neither
    way. A person is given once; the sum of the similarities is largest.
    """
    owner = np.full(len(skeletons), -1, dtype=np.int64)
    if not len(skeletons) or not len(people):
        return owner
    found = np.stack([_in_order(skeleton) for skeleton in skeletons])
    alike = _similarity(found, people)
    rows, columns = linear_sum_assignment(alike, maximize=True)
    good = alike[rows, columns] >= LEAST_LIKE
    owner[rows[good]] = columns[good]
    return owner


def _in_order(skeleton: Skeleton) -> Array:
    places = [skeleton.keypoints.index(name) if name in skeleton.keypoints else -1 for name in KEYPOINTS]
    return np.vstack([skeleton.xy, np.full((1, 2), np.nan)])[places].astype(np.float64)


def _similarity(found: Array, people: Array) -> Array:
    """(N, M), 0 where too few keypoints are common."""
    extent = np.nanmax(people, axis=1) - np.nanmin(people, axis=1)
    area = _AREA_SHARE * np.maximum(extent.prod(axis=1), 1.0)
    distance = ((found[:, None] - people[None]) ** 2).sum(axis=-1)
    closeness = np.exp(-distance / (2 * area[:, None] * (2 * _SIGMA) ** 2))
    common = (~np.isnan(closeness)).sum(axis=-1)
    total = np.nan_to_num(closeness).sum(axis=-1)
    similarity: Array = np.where(common >= LEAST_COMMON, total / np.maximum(common, 1), 0.0)
    return similarity
