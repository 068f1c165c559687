"""A skeleton of bones: forward kinematics, and skinning of points that hang on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cabinsafe.synthetic.rotations import Array

Points32 = NDArray[np.float32]


@dataclass(frozen=True)
class Rig:
    """Bones in the rest pose; a bone follows its parent, parents come first.

    Attributes:
        labels: B bone names.
        parents: number of each bone's parent, -1 for the root, which is bone 0.
        heads: (B, 3) where each bone begins, metres.
    """

    labels: tuple[str, ...]
    parents: tuple[int, ...]
    heads: Array

    @cached_property
    def index(self) -> Mapping[str, int]:
        """Number of each bone by name."""
        return {label: i for i, label in enumerate(self.labels)}

    def head(self, label: str) -> Array:
        """(3,) where a bone begins in the rest pose."""
        point: Array = self.heads[self.index[label]]
        return point


class BonePose:
    """A pose of a rig: the orientation of each bone and where it begins.

    Bones that are not turned keep their orientation relative to the parent.

    Attributes:
        rig: the bones.
        root: (3,) where the root begins.
    """

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.root: Array = rig.heads[0].copy()
        self._turns: dict[int, Array] = {}
        self._rotations: Array = np.tile(np.eye(3), (len(rig.labels), 1, 1))
        self._heads: Array = rig.heads.copy()
        self._stale: set[int] = set()

    @property
    def rotations(self) -> Array:
        """(B, 3, 3) from rest orientation to the vehicle frame."""
        self._refresh()
        return self._rotations

    @property
    def heads(self) -> Array:
        """(B, 3) where the bones begin, metres."""
        self._refresh()
        return self._heads

    def rotation(self, label: str) -> Array:
        """(3, 3) of one bone."""
        matrix: Array = self.rotations[self.rig.index[label]]
        return matrix

    def head(self, label: str) -> Array:
        """(3,) where one bone begins."""
        point: Array = self.heads[self.rig.index[label]]
        return point

    def turn(self, label: str, relative: Array) -> None:
        """Set a bone's rotation (3, 3) relative to its parent; the root's is relative to the vehicle."""
        self._turns[self.rig.index[label]] = relative
        self._stale.add(self.rig.index[label])

    def orient(self, label: str, rotation: Array) -> None:
        """Set a bone's rotation (3, 3) in the vehicle frame, as its parent now stands."""
        parent = self.rig.parents[self.rig.index[label]]
        self.turn(label, rotation if parent < 0 else self.rotations[parent].T @ rotation)

    def move_root(self, offset: Array) -> None:
        """Shift everything by (3,) metres."""
        self.root = self.root + offset
        self._stale.add(0)

    @property
    def transforms(self) -> Array:
        """(B, 3, 4) from rest coordinates to the vehicle frame."""
        offset = self.heads - np.einsum("bij,bj->bi", self.rotations, self.rig.heads)
        return np.concatenate([self.rotations, offset[..., None]], axis=2)

    def _refresh(self) -> None:
        """Bring what was turned, and all that hangs on it, up to date; parents come first."""
        if not self._stale:
            return
        moved = set(self._stale)
        for bone, parent in enumerate(self.rig.parents):
            if bone in moved or parent in moved:
                moved.add(bone)
                self._place(bone, parent)
        self._stale.clear()

    def _place(self, bone: int, parent: int) -> None:
        relative = self._turns.get(bone)
        if parent < 0:
            self._rotations[bone] = np.eye(3) if relative is None else relative
            self._heads[bone] = self.root
            return
        above = self._rotations[parent]
        self._rotations[bone] = above if relative is None else above @ relative
        self._heads[bone] = self._heads[parent] + above @ (self.rig.heads[bone] - self.rig.heads[parent])


@dataclass(frozen=True)
class Skin:
    """Points that follow bones by linear blend skinning.

    Attributes:
        rest: (V, 3) float32 rest coordinates.
        weights: (V, B) sparse CSR matrix, float32; rows sum to 1.
    """

    rest: Points32
    weights: Any

    def posed(self, pose: BonePose) -> Points32:
        """(V, 3) float32 where the points are in a pose."""
        flat = pose.transforms.reshape(-1, 12).astype(np.float32)
        blended = np.asarray(self.weights @ flat).reshape(-1, 3, 4)
        moved: Points32 = np.einsum("vij,vj->vi", blended[..., :3], self.rest) + blended[..., 3]
        return moved
