"""Labelled skeletons of the sitting classifier: what every reader of data gives, and what training takes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from cabinsafe.data.posture import SAFE
from cabinsafe.detectors.features import SEAT, SEATED_KEYPOINTS, Features, features_of_seated

Array = NDArray[np.float64]
Words = NDArray[np.str_]
Mask = NDArray[np.bool_]

SOURCES = ("labelled", "seen")
"""Where a skeleton is from: an annotation, or a pose network that looked at the picture."""

MIRRORED_ROWS = tuple(
    SEATED_KEYPOINTS.index(name.replace("left", "*").replace("right", "left").replace("*", "right"))
    for name in SEATED_KEYPOINTS
)
"""Row of each keypoint's namesake on the other side."""


@dataclass(frozen=True)
class Samples:
    """N skeletons, parallel arrays.

    Attributes:
        points: (N, P, 2) float64 pixels in the order of
            :data:`~cabinsafe.detectors.features.SEATED_KEYPOINTS`, NaN where absent; the sides' names are
            true and the picture is not mirrored.
        label: (N,) one of :data:`~cabinsafe.data.posture.POSTURES`.
        vehicle, person: (N,) whose cabin and who it is; splits keep both together.
        source: (N,) one of :data:`SOURCES`.
        note: (N,) what else is known, for reports: the act that was played, say.
    """

    points: Array
    label: Words
    vehicle: Words
    person: Words
    source: Words
    note: Words

    def __len__(self) -> int:
        return len(self.label)

    @property
    def unsafe(self) -> Mask:
        """(N,) whether the posture must be reported."""
        mask: Mask = self.label != SAFE
        return mask

    @property
    def on_known_seat(self) -> Mask:
        """(N,) whether it is known where the seat is."""
        mask: Mask = ~np.isnan(self.points[:, SEATED_KEYPOINTS.index(SEAT), 0])
        return mask

    def features(self, *, with_seat: bool) -> Features:
        """Features (N, F) of either schema."""
        return features_of_seated(self.points, with_seat=with_seat)

    def unsafe_rows(self, count: int) -> NDArray[np.int64]:
        """At most so many unsafe rows, in order; the kinds take turns, so that a rare one is not cut off."""
        unsafe = np.flatnonzero(self.unsafe)
        turn = np.zeros(len(unsafe), np.int64)
        for kind in np.unique(self.label[unsafe]):
            mine = np.flatnonzero(self.label[unsafe] == kind)
            turn[mine] = np.arange(len(mine))
        rows: NDArray[np.int64] = np.sort(unsafe[np.argsort(turn, kind="stable")[:count]])
        return rows

    def pick(self, rows: Mask | NDArray[np.int64]) -> Samples:
        """The samples at these rows, or where this mask is true."""
        return Samples(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})

    def digest(self) -> str:
        """Sha256 of all of it: points to a hundredth of a pixel, labels, vehicles and people."""
        total = hashlib.sha256(np.round(np.nan_to_num(self.points, nan=-1.0), 2).tobytes())
        for words in (self.label, self.vehicle, self.person, self.source):
            total.update("\n".join(words.tolist()).encode())
        return total.hexdigest()


def make(
    points: Sequence[Array] | Array,
    label: Sequence[str],
    vehicle: Sequence[str],
    person: Sequence[str],
    source: Sequence[str],
    note: Sequence[str],
) -> Samples:
    """Samples of plain sequences, which may be empty."""
    shaped = np.asarray(points, np.float64).reshape(-1, len(SEATED_KEYPOINTS), 2)
    words = (np.asarray(one, dtype=np.str_) for one in (label, vehicle, person, source, note))
    return Samples(shaped, *words)


def joined(parts: Sequence[Samples]) -> Samples:
    """All samples of several, in order."""
    if not parts:
        return make([], [], [], [], [], [])
    return Samples(
        **{f.name: np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Samples)}
    )


def mirrored(points: Array) -> Array:
    """The same people (N, P, 2) seen in a mirror, the sides' names true."""
    return points[:, MIRRORED_ROWS] * [-1.0, 1.0]


def groups_of(samples: Samples) -> NDArray[np.int64]:
    """(N,) number of the group that each sample must stay in: all who share a vehicle or a person.

    Somebody who rides in two vehicles joins them, and with them all who ride there.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    vehicles, vehicle = np.unique(samples.vehicle, return_inverse=True)
    people, person = np.unique(samples.person, return_inverse=True)
    count = len(vehicles) + len(people)
    links = coo_array((np.ones(len(samples)), (vehicle, len(vehicles) + person)), shape=(count, count))
    part = connected_components(links, directed=False)[1]
    groups: NDArray[np.int64] = part[vehicle].astype(np.int64)
    return groups
