"""Detectors: scenes in, three-valued readings out."""

from cabinsafe.detectors.base import (
    Detector,
    DetectorOptions,
    LocalOptions,
    TunableOptions,
    any_of,
    detector_class,
    detector_kinds,
    make_detector,
    read_all,
)
from cabinsafe.detectors.feet_on_seats import FeetOnSeats
from cabinsafe.detectors.hand_on_leg import HandOnLeg
from cabinsafe.detectors.unsafe_sitting import UnsafeSitting

__all__ = [
    "Detector",
    "DetectorOptions",
    "FeetOnSeats",
    "HandOnLeg",
    "LocalOptions",
    "TunableOptions",
    "UnsafeSitting",
    "any_of",
    "detector_class",
    "detector_kinds",
    "make_detector",
    "read_all",
]
