"""Vehicle interiors: their measures, solids and visible surfaces, and what cameras see of their seats."""

from cabinsafe.synthetic.cabin.boxes import OrientedBox
from cabinsafe.synthetic.cabin.model import Cabin
from cabinsafe.synthetic.cabin.mounts import draw_camera, facing_seats
from cabinsafe.synthetic.cabin.sampling import draw_cabin
from cabinsafe.synthetic.cabin.seats import InFront, Seat, SteeringWheel
from cabinsafe.synthetic.cabin.spec import CabinSpec
from cabinsafe.synthetic.cabin.things import child_seat
from cabinsafe.synthetic.cabin.views import cabin_file, camera_view

__all__ = [
    "Cabin",
    "CabinSpec",
    "InFront",
    "OrientedBox",
    "Seat",
    "SteeringWheel",
    "cabin_file",
    "camera_view",
    "child_seat",
    "draw_cabin",
    "draw_camera",
    "facing_seats",
]
