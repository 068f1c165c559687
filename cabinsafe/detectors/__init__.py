"""Detectors: scenes in, three-valued readings out."""

from cabinsafe.detectors.base import (
    Detector,
    DetectorOptions,
    any_of,
    detector_class,
    detector_kinds,
)

__all__ = ["Detector", "DetectorOptions", "any_of", "detector_class", "detector_kinds"]
