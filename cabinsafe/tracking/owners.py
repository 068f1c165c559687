"""Whose box is it, and whose skeleton? What is known of the people says which of the two belong together.

While two people pass each other, a skeleton lies in the other one's box as well as in its own. The picture
alone cannot tell then; where box and skeleton were expected can.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, hypot, log

from cabinsafe.tracking.matching import keypoint_cost
from cabinsafe.tracking.people import Person
from cabinsafe.tracking.sightings import Pose
from cabinsafe.types import BoxXyxy

_LATELY_S = 0.5
_NEAR_SIZES = 0.5  # from the middle of a box to that of somebody it may belong to
_PLACE_SIZES, _SHAPE_LOG = 0.15, 0.2  # spread of a box about the one expected


class Owners:
    """Those of the people who have an id and were seen lately, as expected at a later time.

    Args:
        people: as of t_s.
        t_s, later_s: seconds.
    """

    def __init__(self, people: Sequence[Person], t_s: float, later_s: float) -> None:
        self._ahead_s = later_s - t_s
        self._people = [
            (person, *person.expected_centre(self._ahead_s))
            for person in people
            if person.track_id is not None and later_s - person.seen_s <= _LATELY_S
        ]

    def strangeness(self, box_xyxy: BoxXyxy, pose: Pose) -> float:
        """How much better two people explain a box and a skeleton than any one does, [0, 1].

        0 where no two people are near, or the skeleton cannot be compared.
        """
        x1, y1, x2, y2 = box_xyxy
        x, y = (x1 + x2) / 2.0, (y1 + y2) / 2.0
        offs = [hypot(x - p_x, y - p_y) / p.motion.size_px for p, p_x, p_y in self._people]
        near = [(row[0], off) for row, off in zip(self._people, offs, strict=True) if off < _NEAR_SIZES]
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
