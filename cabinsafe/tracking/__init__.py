"""Who is who through time: detection boxes and skeletons of each frame become tracks with lasting ids."""

from cabinsafe.tracking.options import TrackerOptions
from cabinsafe.tracking.tracker import Tracker

__all__ = ["Tracker", "TrackerOptions"]
