"""Boxes derived from keypoints.

A detector's box and the box around the keypoints differ in shape (hair, shoes, hidden feet; +-15 % and more).
:class:`PoseInBox` learns, per person, where in the detector's box each keypoint lies, and how much it wanders
there; from then on keypoints alone say where that box would be, even when some of them are hidden.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from cabinsafe._tracking import fit_box
from cabinsafe.geometry import Array
from cabinsafe.tracking.boxes import from_centre
from cabinsafe.tracking.sightings import Pose
from cabinsafe.types import BoxXyxy

_LESSON_EVERY_S = 0.1
_LEAST_WANDER = 0.02  # standard deviation of a keypoint's place, in box sides: noise of box and keypoint
_FAR_OFF = 0.25  # in box sides, of a keypoint from its place; it does not count then
_SAME_POSTURE = 0.6  # share of keypoints in their places, from which the posture is the one learned
_TRUST = 0.004  # mean square of places that speaks for the sides as loudly as what is known of them


class PoseInBox:
    """Where a person's keypoints lie in their detection box, learned while both are seen.

    Places (K, 2) are in box widths and heights from the box's centre, so -0.5 to 0.5 inside.
    """

    __slots__ = ("_by_detector", "_kind", "_learned_s", "_memory_s", "_places", "_sums", "_wander")

    def __init__(self, memory_s: float) -> None:
        self._memory_s = memory_s
        self._kind: tuple[str, int] | None = None
        self._places: Array = np.zeros((0, 2))
        self._wander: Array = np.zeros((0, 2))
        self._sums: Array | None = None
        self._learned_s = -math.inf
        self._by_detector = False

    def learn(self, t_s: float, box_xyxy: BoxXyxy, pose: Pose, detected: bool = True) -> None:
        """Take in a box and a skeleton of one moment; ten lessons a second are enough.

        Until the first detection, boxes around keypoints have to do: an arm alone does not move the box then.
        """
        known = self._kind == pose.kind and self._by_detector == detected
        if (known and t_s - self._learned_s < _LESSON_EVERY_S) or (self._by_detector and not detected):
            return
        x1, y1, x2, y2 = box_xyxy
        places: Array = (pose.xy - ((x1 + x2) / 2.0, (y1 + y2) / 2.0)) / (x2 - x1, y2 - y1)
        wander = np.full_like(places, _LEAST_WANDER**2)
        if known:
            newness = 1.0 - math.exp((self._learned_s - t_s) / self._memory_s)
            off = places - self._places
            seen = off == off  # noqa: PLR0124 - all but NaN
            first = np.isnan(self._places)
            wander = np.where(seen, self._wander + newness * (off * off - self._wander), self._wander)
            places = np.where(seen, self._places + newness * off, np.where(first, places, self._places))
        self._kind, self._places, self._wander = pose.kind, places, wander
        self._learned_s, self._by_detector = t_s, detected
        self._sums = None

    def box_of(self, pose: Pose, expected_wh: tuple[float, float]) -> BoxXyxy | None:
        """Detection box that the keypoints speak for; None in a posture not learned.

        Least squares, each keypoint weighted by how steadily it keeps its place, the sides by how they were.

        Args:
            pose: the keypoints.
            expected_wh: the person's width and height so far, pixels.
        """
        if self._kind != pose.kind:
            return None
        if self._sums is None:
            self._sums = self._weights()
        width, height = expected_wh
        limits = _FAR_OFF, _SAME_POSTURE, _TRUST
        fitted = fit_box(self._places, self._sums, pose.skeleton.xy, width, height, *limits)
        if fitted is None:
            return None
        x, y, width, height = fitted
        return from_centre((x, y), (width, height))

    def scale_off(self, other: PoseInBox) -> float | None:
        """How differently two people's keypoints fill their boxes, as the log of a ratio; None if unknown.

        Width and height are compared each for itself, over the keypoints of both.
        """
        if self._kind != other._kind or not (self._by_detector and other._by_detector):
            return None
        weights = 1.0 / (self._wander + other._wander)
        products = weights * self._places * other._places
        squares = weights * other._places**2
        np.copyto(squares, np.nan, where=np.isnan(products))
        ratios = np.nansum(products, axis=0) / np.maximum(np.nansum(squares, axis=0), 1e-12)
        return float(np.hypot(*np.log(np.clip(ratios, 0.1, 10.0))))

    def _weights(self) -> Array:
        """Weights of the keypoints (2, 3, K), per axis: plain, times place, times place squared."""
        weights = 1.0 / (self._wander + _LEAST_WANDER**2)
        weighted = weights * self._places
        sums: Array = np.ascontiguousarray(
            np.array([weights, weighted, weighted * self._places]).transpose(2, 0, 1)
        )
        np.copyto(sums, 0.0, where=np.isnan(sums))
        return sums

    def state(self) -> dict[str, Any]:
        """What was learned, as plain values."""
        return {
            "kind": self._kind, "places": self._places.tolist(), "wander": self._wander.tolist(),
            "learned_s": self._learned_s, "by_detector": self._by_detector,
        }  # fmt: skip

    @classmethod
    def from_state(cls, state: dict[str, Any], memory_s: float) -> PoseInBox:
        """What :meth:`state` gave."""
        learned = cls(memory_s)
        if state["kind"] is not None:
            learned._kind = (str(state["kind"][0]), int(state["kind"][1]))
        learned._places = np.array(state["places"], dtype=np.float64).reshape(-1, 2)
        learned._wander = np.array(state["wander"], dtype=np.float64).reshape(-1, 2)
        learned._learned_s, learned._by_detector = float(state["learned_s"]), bool(state["by_detector"])
        return learned
