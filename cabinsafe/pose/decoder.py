"""Part affinity fields to people: the front of the native decoder.

Method: bottom-up grouping by part affinity fields, Cao et al. 2017 (OpenPose, arXiv:1611.08050). The exact
rules, with their tie-breaking, stand in ``native/include/cabinsafe/{peaks,limbs,people,complete}.hpp`` and,
as plain numpy, in :mod:`cabinsafe.pose.reference`. This is the only file that imports the native module.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from cabinsafe.errors import CabinSafeError, CapacityError, DataError, ShapeError
from cabinsafe.options import Options
from cabinsafe.pose.body import body_of, mirrored_limbs
from cabinsafe.pose.poses import DecodedPoses, FloatArray, PosePrior
from cabinsafe.pose.topology import Topology

if TYPE_CHECKING:
    from types import ModuleType

    from cabinsafe import _native

MapArray = NDArray[np.float32] | NDArray[np.float16]


class DecoderOptions(Options):
    """Numbers of the decoder's rules. Scores are heights of the network's maps, nominally 0 to 1.

    The defaults were chosen for stride-8 maps: best average precision of human-pose-estimation-0001 on 148
    COCO training images at 352 pixels, with no wrong limb on the synthetic maps of ``benchmarks/decoder.py``.
    """

    peak_threshold: float = Field(
        default=0.1, ge=0.0, le=1.0, description="Heatmap height above which a cell can be a keypoint."
    )
    suppression_radius_cells: float = Field(
        default=2.0,
        ge=0.0,
        le=64.0,
        description="Of two peaks of one keypoint closer than this, only the stronger is kept.",
    )
    sample_threshold: float = Field(
        default=0.05,
        ge=0.0,
        le=1.0,
        description="PAF component along a limb above which one of its ten sample points agrees.",
    )
    min_agreeing_samples_of_10: int = Field(
        default=7, ge=0, le=10, description="Sample points that must agree for a candidate limb."
    )
    limb_threshold: float = Field(
        default=0.05, gt=0.0, le=1.0, description="Lowest score of a candidate limb, length penalty included."
    )
    length_penalty_per_map_side: float = Field(
        default=0.1,
        ge=0.0,
        le=10.0,
        description="What a limb as long as the longer side of the map loses of its score; "
        "shorter limbs lose in proportion.",
    )
    min_keypoints: int = Field(default=3, ge=1, le=64, description="Fewest keypoints of a person.")
    half_score_size_map_sides: float = Field(
        default=0.09,
        ge=0.0,
        le=1.0,
        description="A person of this size (square root of the area of the box around the keypoints, in "
        "longer sides of the map) has half the score of one without end: the smaller a skeleton is, the more "
        "often it is wrong; 0 leaves sizes out.",
    )
    min_person_score: float = Field(
        default=0.0,
        ge=0.0,
        le=1.0,
        description="Lowest person score that is reported; an analyzer takes a share of its network card's "
        "unless told.",
    )
    max_peaks_per_keypoint: int = Field(
        default=64, ge=1, le=1024, description="More peaks of one keypoint are a CapacityError."
    )
    max_people: int = Field(default=32, ge=1, le=4096, description="More people are a CapacityError.")
    max_merge_misfit: float = Field(
        default=1.5,
        ge=0.0,
        le=10.0,
        description="Two pieces of a person are joined where a body fits both, off by at most so many of the "
        "spreads that bodies have; 0 never joins any.",
    )
    prior_weight: float = Field(
        default=0.2,
        ge=0.0,
        le=1.0,
        description="Most that a limb's score gains, when owners are chosen, by lying where somebody is "
        "expected to have it.",
    )
    prior_reach_person_sizes: float = Field(
        default=0.06,
        gt=0.0,
        le=1.0,
        description="How far from an expected keypoint one still speaks for that person, in diagonals of the "
        "person's box.",
    )
    weak_peak_threshold: float = Field(
        default=0.03,
        ge=0.0,
        le=1.0,
        description="Heatmap height above which a cell can be a keypoint that a person lacks, where the PAF "
        "of a neighbour that was found points at it (hysteresis, as in Canny's edges); off unless below "
        "peak_threshold.",
    )


class PafDecoder:
    """Turns images' maps into people. Immutable; several threads may share one.

    Args:
        topology: names, limbs and channels of the maps.
        options: numbers of the rules; by default :class:`DecoderOptions`'.

    Raises:
        CabinSafeError: the native module is not built.
    """

    def __init__(self, topology: Topology, options: DecoderOptions | None = None) -> None:
        self.topology = topology
        self.options = DecoderOptions() if options is None else options
        self._native = _native_decoder(self.topology, self.options)
        self._nobody = np.empty((0, len(topology.keypoints), 2), np.float32)

    def decode(self, heatmaps: MapArray, pafs: MapArray, prior: PosePrior | None = None) -> DecodedPoses:
        """Find the people of one image.

        The GIL is released meanwhile and the inputs are not written to; arrays that are not contiguous are
        copied first.

        Args:
            heatmaps: (C, H, W) float32 or float16; C is the topology's ``heatmap_count``.
            pafs: (P, H, W) of the same type; P is the topology's ``paf_count``.
            prior: people who are expected; limbs that several people could own go to them rather.

        Returns:
            The people; none is a valid answer.

        Raises:
            ShapeError: another shape or dtype.
            DataError: NaN or infinity in a keypoint's heatmap, or in the PAFs where they were read: at peaks
                and between those that may be joined.
            CapacityError: more peaks or people than the options allow.
        """
        maps = check_maps(self.topology, heatmaps, pafs)
        expected = self._nobody if prior is None else self._expected(prior)
        try:
            found = self._native.decode(_contiguous(maps[0]), _contiguous(maps[1]), expected)
        except (OverflowError, FloatingPointError) as error:
            raise self._refusal(error) from error
        return _poses(found, prior)

    def decode_batch(
        self,
        heatmaps: Sequence[MapArray] | MapArray,
        pafs: Sequence[MapArray] | MapArray,
        priors: Sequence[PosePrior | None] | None = None,
        threads: int = 1,
    ) -> list[DecodedPoses]:
        """Find the people of several images, of several cameras for instance.

        Args:
            heatmaps: (B, C, H, W), or B arrays as for :meth:`decode`; sizes may differ.
            pafs: as many arrays.
            priors: as many, if any.
            threads: most threads to share the images among. Starting one takes as long as decoding two images
                or more, so one is started only for each four images.

        Raises:
            ShapeError, DataError, CapacityError: as :meth:`decode`; the message names the first such image.
        """
        if not len(heatmaps) == len(pafs) == len(heatmaps if priors is None else priors):
            lengths = len(heatmaps), len(pafs), None if priors is None else len(priors)
            raise ShapeError("batch", "as many heatmaps as pafs and priors", lengths)
        expected_people = [None] * len(pafs) if priors is None else list(priors)
        images = []
        for one_heatmaps, one_pafs, prior in zip(heatmaps, pafs, expected_people, strict=True):
            maps = check_maps(self.topology, one_heatmaps, one_pafs)
            expected = self._nobody if prior is None else self._expected(prior)
            images.append((_contiguous(maps[0]), _contiguous(maps[1]), expected))
        failed: list[int] = []
        try:
            results = self._native.decode_batch(images, threads, failed)
        except (OverflowError, FloatingPointError) as error:
            refusal = self._refusal(error)
            raise type(refusal)(f"image {failed[0]} of {len(images)}: {refusal}") from error
        return [_poses(found, prior) for found, prior in zip(results, expected_people, strict=True)]

    def _expected(self, prior: PosePrior) -> FloatArray:
        if prior.xy.shape[1] != len(self.topology.keypoints):
            raise ShapeError("prior xy", (len(prior.xy), len(self.topology.keypoints), 2), prior.xy.shape)
        return np.ascontiguousarray(prior.xy)

    def _refusal(self, error: Exception) -> CapacityError | DataError:
        if isinstance(error, OverflowError):
            return capacity_error(self.topology, self.options, *error.args)
        return non_finite_error(*error.args)


_MAP_TYPES = (np.dtype(np.float32), np.dtype(np.float16))


def check_maps(topology: Topology, heatmaps: Any, pafs: Any) -> tuple[MapArray, MapArray]:
    """Return the maps of one image if their shapes and dtypes fit the topology.

    Raises:
        ShapeError: they do not.
    """
    for what, array, channels in (
        ("heatmaps", heatmaps, topology.heatmap_count),
        ("pafs", pafs, topology.paf_count),
    ):
        if not isinstance(array, np.ndarray):
            raise ShapeError(what, f"float32 or float16 ({channels}, H, W)", type(array).__name__)
        shape = array.shape
        if array.dtype not in _MAP_TYPES or len(shape) != 3 or shape[0] != channels or 0 in shape:
            raise ShapeError(what, f"float32 or float16 ({channels}, H, W)", f"{array.dtype} {shape}")
    if heatmaps.shape[1:] != pafs.shape[1:]:
        raise ShapeError("pafs", (topology.paf_count, *heatmaps.shape[1:]), pafs.shape)
    if heatmaps.dtype != pafs.dtype:
        raise ShapeError("pafs", f"{heatmaps.dtype}, as the heatmaps", str(pafs.dtype))
    return heatmaps, pafs


def capacity_error(
    topology: Topology, options: DecoderOptions, option: str, keypoint: int = -1
) -> CapacityError:
    """Error for a limit that was hit: an option's name, and the keypoint whose peaks are too many."""
    what = "people" if keypoint < 0 else f"peaks of {topology.keypoints[keypoint]}"
    return CapacityError(f"more than {getattr(options, option)} {what} (option {option})")


def non_finite_error(tensor: str, values: int, first_channel: int) -> DataError:
    """Error for maps that hold NaN or infinity."""
    return DataError(f"{tensor}: {values} values are not finite, the first in channel {first_channel}")


def _contiguous(array: MapArray) -> MapArray:
    return array if array.flags.c_contiguous and array.flags.aligned else array.copy("C")


def _poses(found: Sequence[Any], prior: PosePrior | None) -> DecodedPoses:
    """People from the native module's arrays, the last of which holds places among the expected people."""
    poses = DecodedPoses(*found)
    if prior is None:
        return poses
    ids = np.array([*prior.ids, -1], np.int64)  # place -1 is the last
    return replace(poses, prior_id=ids[poses.prior_id])


def _load_native() -> ModuleType:
    try:
        from cabinsafe import _native
    except ImportError as error:
        raise CabinSafeError("the native module is not built; run pip install .") from error
    return _native


def _native_decoder(topology: Topology, options: DecoderOptions) -> _native.Decoder:
    native = _load_native()
    native_options = native.Options()
    for name, value in options.model_dump().items():
        setattr(native_options, name, value)
    limbs = [
        (start, end, limb.x_channel, limb.y_channel, mirror)
        for (start, end), limb, mirror in zip(
            topology.limb_indices, topology.limbs, mirrored_limbs(topology), strict=True
        )
    ]
    decoder: _native.Decoder = native.Decoder(
        keypoint_channels=list(topology.heatmap_channels),
        limbs=limbs,
        body=list(body_of(topology)),
        heatmap_count=topology.heatmap_count,
        paf_count=topology.paf_count,
        options=native_options,
    )
    return decoder
