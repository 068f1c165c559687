"""A skeleton of bones: forward kinematics, and skinning of points that hang on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
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

    @cached_property
    def below(self) -> tuple[frozenset[int], ...]:
        """For each bone its own number and those of all bones that hang on it."""
        return _below(self.parents)

    @cached_property
    def offsets(self) -> Array:
        """(B, 3) from where the parent begins to where the bone begins; the root's is of no use."""
        offsets: Array = self.heads - self.heads[list(self.parents)]
        return offsets

    def head(self, label: str) -> Array:
        """(3,) where a bone begins in the rest pose."""
        point: Array = self.heads[self.index[label]]
        return point


@lru_cache(maxsize=4)
def _below(parents: tuple[int, ...]) -> tuple[frozenset[int], ...]:
    below = [{bone} for bone in range(len(parents))]
    for bone in range(len(parents) - 1, 0, -1):
        below[parents[bone]] |= below[bone]
    return tuple(frozenset(bones) for bones in below)


class BonePose:
    """A pose of a rig: the orientation of each bone and where it begins.

    Bones that are not turned keep their orientation relative to the parent. Bones are placed when asked for.

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
        bone = self.rig.index[label]
        self._place(bone)
        matrix: Array = self._rotations[bone].copy()
        return matrix

    def head(self, label: str) -> Array:
        """(3,) where one bone begins."""
        bone = self.rig.index[label]
        self._place(bone)
        point: Array = self._heads[bone].copy()
        return point

    def turn(self, label: str, relative: Array) -> None:
        """Set a bone's rotation (3, 3) relative to its parent; the root's is relative to the vehicle."""
        bone = self.rig.index[label]
        self._turns[bone] = relative
        self._stale |= self.rig.below[bone]

    def orient(self, label: str, rotation: Array) -> None:
        """Set a bone's rotation (3, 3) in the vehicle frame, as its parent now stands."""
        parent = self.rig.parents[self.rig.index[label]]
        if parent >= 0:
            self._place(parent)
        self.turn(label, rotation if parent < 0 else self._rotations[parent].T @ rotation)

    def move_root(self, offset: Array) -> None:
        """Shift everything by (3,) metres."""
        self.root = self.root + offset
        self._stale |= self.rig.below[0]

    @property
    def transforms(self) -> Array:
        """(B, 3, 4) from rest coordinates to the vehicle frame."""
        offset = self.heads - np.einsum("bij,bj->bi", self.rotations, self.rig.heads)
        return np.concatenate([self.rotations, offset[..., None]], axis=2)

    def _refresh(self) -> None:
        """Bring all bones up to date; parents come first."""
        for bone in sorted(self._stale):
            self._place(bone)

    def _place(self, bone: int) -> None:
        """Bring a bone, and first what it hangs on, up to date."""
        if bone not in self._stale:
            return
        parent, relative = self.rig.parents[bone], self._turns.get(bone)
        if parent < 0:
            self._rotations[bone] = np.eye(3) if relative is None else relative
            self._heads[bone] = self.root
        else:
            self._place(parent)
            above = self._rotations[parent]
            self._rotations[bone] = above if relative is None else above @ relative
            self._heads[bone] = self._heads[parent] + above @ self.rig.offsets[bone]
        self._stale.remove(bone)


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
