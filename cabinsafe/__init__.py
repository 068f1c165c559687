"""cabinsafe turns the cameras in a vehicle cabin into safety events."""

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
