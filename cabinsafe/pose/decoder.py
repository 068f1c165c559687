"""Part affinity fields to people: the front of the native decoder.

Method: bottom-up grouping by part affinity fields, Cao et al. 2017 (OpenPose, arXiv:1611.08050). The exact
rules, with their tie-breaking, stand in ``native/include/cabinsafe/{peaks,limbs,people}.hpp`` and, as plain
numpy, in :mod:`cabinsafe.pose.reference`. This is the only file that imports the native module.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from cabinsafe.errors import CabinSafeError, CapacityError, DataError, ShapeError
from cabinsafe.options import Options
from cabinsafe.pose.topology import Topology

if TYPE_CHECKING:
    from types import ModuleType

    from cabinsafe import _native

FloatArray = NDArray[np.float32]


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
    min_person_score: float = Field(
        default=0.0, ge=0.0, le=1.0, description="Lowest person score that is reported."
    )
    max_peaks_per_keypoint: int = Field(
        default=64, ge=1, le=1024, description="More peaks of one keypoint are a CapacityError."
    )
    max_people: int = Field(default=32, ge=1, le=4096, description="More people are a CapacityError.")


@dataclass(frozen=True, eq=False)
class DecodedPoses:
    """N people in map cells, the best first; K keypoints and L limbs in the topology's order.

    Arrays are read-only.

    Attributes:
        xy: (N, K, 2) float32 map cells, x right, y down, cell centres at +0.5; NaN where absent.
        score: (N, K) float32 in [0, 1]; 0 where absent.
        person_score: (N,) float32 in [0, 1], falling. Mean score of the person's keypoints and limbs times
            the square root of the share of the keypoints that was found.
        limb_score: (N, L) float32 in [0, 1]; mean PAF agreement less the length penalty, 0 where absent.
        ambiguity: (N,) float32 in [0, 1]. For each limb of the person, the score of the best limb of the
            same kind that claimed one of its ends and was refused, over its own score; the largest of these.
            0: no limb had a rival owner; 1: a rival was as good.
    """

    xy: FloatArray
    score: FloatArray
    person_score: FloatArray
    limb_score: FloatArray
    ambiguity: FloatArray

    def __post_init__(self) -> None:
        for array in (self.xy, self.score, self.person_score, self.limb_score, self.ambiguity):
            array.setflags(write=False)

    def __len__(self) -> int:
        return len(self.person_score)


class PafDecoder:
    """Turns one image's maps into people. Immutable; several threads may share one.

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

    def decode(self, heatmaps: FloatArray, pafs: FloatArray) -> DecodedPoses:
        """Find the people of one image.

        The GIL is released meanwhile and the inputs are not written to; arrays that are not contiguous are
        copied first.

        Args:
            heatmaps: (C, H, W) float32; C is the topology's ``heatmap_count``.
            pafs: (P, H, W) float32; P is the topology's ``paf_count``.

        Returns:
            The people; none is a valid answer.

        Raises:
            ShapeError: another shape or dtype.
            DataError: NaN or infinity in a map.
            CapacityError: more peaks or people than the options allow.
        """
        checked = check_maps(self.topology, heatmaps, pafs)
        try:
            return DecodedPoses(*self._native.decode(*map(_contiguous, checked)))
        except OverflowError as error:
            raise capacity_error(self.topology, self.options, *error.args) from error
        except FloatingPointError as error:
            raise non_finite_error(*error.args) from error


def check_maps(topology: Topology, heatmaps: Any, pafs: Any) -> tuple[FloatArray, FloatArray]:
    """Return the maps of one image if their shapes and dtypes fit the topology.

    Raises:
        ShapeError: they do not.
    """
    for what, array, channels in (
        ("heatmaps", heatmaps, topology.heatmap_count),
        ("pafs", pafs, topology.paf_count),
    ):
        expected = f"float32 ({channels}, H, W)"
        if not isinstance(array, np.ndarray):
            raise ShapeError(what, expected, type(array).__name__)
        if array.dtype != np.float32 or array.ndim != 3 or array.shape[0] != channels or 0 in array.shape:
            raise ShapeError(what, expected, f"{array.dtype} {array.shape}")
    if heatmaps.shape[1:] != pafs.shape[1:]:
        raise ShapeError("pafs", (topology.paf_count, *heatmaps.shape[1:]), pafs.shape)
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


def _contiguous(array: FloatArray) -> FloatArray:
    return array if array.flags.c_contiguous and array.flags.aligned else array.copy(order="C")


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
        (start, end, limb.x_channel, limb.y_channel)
        for (start, end), limb in zip(topology.limb_indices, topology.limbs, strict=True)
    ]
    decoder: _native.Decoder = native.Decoder(
        keypoint_channels=list(topology.heatmap_channels),
        limbs=limbs,
        heatmap_count=topology.heatmap_count,
        paf_count=topology.paf_count,
        options=native_options,
    )
    return decoder
