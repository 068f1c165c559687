"""Whose box is it, and whose skeleton? What is known of the people says which of the two belong together.

While two people pass each other, a skeleton lies in the other one's box as well as in its own. The picture
alone cannot tell then; where box and skeleton were expected can.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, starmap
from math import exp, hypot, log

from cabinsafe.tracking.boxes import Row
from cabinsafe.tracking.matching import keypoint_cost
from cabinsafe.tracking.people import Person
from cabinsafe.tracking.sightings import Pose

_LATELY_S = 0.5
_NEAR_SIZES = 0.5  # from the middle of a box to that of somebody it may belong to
_CLOSE_SIZES = 0.65  # from one of two people to the other
_PLACE_SIZES, _SHAPE_LOG = 0.15, 0.2  # spread of a box about the one expected


class Owners:
    """Those of the people who have an id and were seen lately, as expected at a later time.

    Args:
        people: as of t_s.
        t_s, later_s: seconds.
    """

    def __init__(self, people: Sequence[Person], t_s: float, later_s: float) -> None:
        self._ahead_s = later_s - t_s
        known = [p for p in people if p.track_id is not None and later_s - p.seen_s <= _LATELY_S]
        self._people = known if any(starmap(_are_close, combinations(known, 2))) else []

    @property
    def are_close(self) -> bool:
        """Whether any two are so close that there can be doubt."""
        return bool(self._people)

    def strangeness(self, box: Row, pose: Pose) -> float:
        """How much better two people explain a box and a skeleton than any one does, [0, 1].

        0 where no two people are near, or the skeleton cannot be compared.
        """
        x1, y1, x2, y2 = box[:4]
        x, y = (x1 + x2) / 2.0, (y1 + y2) / 2.0
        near = []
        for person in self._people:
            at_x, at_y = person.expected_centre(self._ahead_s)
            off = hypot(x - at_x, y - at_y) / person.motion.size_px
            if off < _NEAR_SIZES:
                near.append((person, off))
        if len(near) < 2:
            return 0.0
        whose_box, whose_pose = [], []
        for person, off in near:
            keypoints = person.keypoints
            if keypoints is None or keypoints.kind != pose.kind:
                return 0.0
            motion = person.motion
            cost = keypoint_cost(person.expected_keypoints(self._ahead_s), pose.xy, motion.size_px)
            shape = hypot(log(x2 - x1) - motion.log_w, log(y2 - y1) - motion.log_h)
            whose_box.append(exp(-0.5 * ((off / _PLACE_SIZES) ** 2 + (shape / _SHAPE_LOG) ** 2)))
            whose_pose.append(0.0 if cost is None else 1.0 - cost)
        together = max(b * p for b, p in zip(whose_box, whose_pose, strict=True))
        return max(whose_box) * max(whose_pose) - together


def _are_close(one: Person, other: Person) -> bool:
    reach_px = _CLOSE_SIZES * max(one.motion.size_px, other.motion.size_px)
    return abs(one.motion.x - other.motion.x) < reach_px and abs(one.motion.y - other.motion.y) < reach_px
