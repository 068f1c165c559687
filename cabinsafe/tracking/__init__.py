"""Who is who through time: detection boxes and skeletons of each frame become tracks with lasting ids."""

from cabinsafe.tracking.cameras import CameraTrackers
from cabinsafe.tracking.ids import TrackIds
from cabinsafe.tracking.keypoints import ExpectedPerson
from cabinsafe.tracking.linking import OccupantLinker
from cabinsafe.tracking.occupancy import occupancy
from cabinsafe.tracking.options import TrackerOptions
from cabinsafe.tracking.tracker import Tracker

__all__ = [
    "CameraTrackers",
    "ExpectedPerson",
    "OccupantLinker",
    "TrackIds",
    "Tracker",
    "TrackerOptions",
    "occupancy",
]
