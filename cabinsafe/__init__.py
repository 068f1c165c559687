"""cabinsafe turns the cameras in a vehicle cabin into safety events."""

from pathlib import Path as _Path
from pkgutil import extend_path as _extend_path

if not any(_Path(__file__).parent.glob("_native*.so")):
    # A program in a checkout imports the package from there; the native module is in the installed one.
    __path__ = _extend_path(__path__, __name__)

from cabinsafe.analyzer import CabinAnalyzer
from cabinsafe.config import CabinConfig, load_config
from cabinsafe.errors import CabinSafeError
from cabinsafe.types import Box, Event, Frame, Reading, Scene, Skeleton, Track

__all__ = [
    "Box",
    "CabinAnalyzer",
    "CabinConfig",
    "CabinSafeError",
    "Event",
    "Frame",
    "Reading",
    "Scene",
    "Skeleton",
    "Track",
    "load_config",
]
