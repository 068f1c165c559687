"""Keypoints, limbs, and which channel of the network's maps holds which: by name, never by counting."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, model_validator
from typing_extensions import Self

from cabinsafe.options import Options

_SIDES = ("left", "right")


class Limb(Options):
    """A connection of two keypoints and the two PAF channels that hold its unit vector, start to end."""

    start: str
    end: str
    x_channel: int = Field(ge=0)
    y_channel: int = Field(ge=0)


class Topology(Options):
    """Layout of a bottom-up pose network's outputs.

    Attributes:
        name: short name of the layout.
        keypoints: names, in the order skeletons use.
        heatmap_channels: the heatmap channel of each keypoint, in the same order.
        heatmap_count: channels of the heatmap tensor, background included.
        background_channel: heatmap channel of "no keypoint", or None.
        limbs: connections with their PAF channels; cycles are allowed.
        paf_count: channels of the PAF tensor.
    """

    name: str
    keypoints: tuple[str, ...] = Field(min_length=2, max_length=64)
    heatmap_channels: tuple[int, ...]
    heatmap_count: int = Field(gt=0)
    background_channel: int | None = None
    limbs: tuple[Limb, ...] = Field(min_length=1)
    paf_count: int = Field(gt=0)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        names = set(self.keypoints)
        if len(names) != len(self.keypoints):
            raise ValueError("keypoint names must differ")
        if len(self.heatmap_channels) != len(self.keypoints):
            raise ValueError(f"{len(self.keypoints)} keypoints need as many heatmap_channels")
        used = [
            *self.heatmap_channels,
            *([] if self.background_channel is None else [self.background_channel]),
        ]
        if len(set(used)) != len(used) or not all(0 <= c < self.heatmap_count for c in used):
            raise ValueError(
                f"heatmap channels must differ and lie in 0..{self.heatmap_count - 1}, got {used}"
            )
        paf = [c for limb in self.limbs for c in (limb.x_channel, limb.y_channel)]
        if len(set(paf)) != len(paf) or not all(0 <= c < self.paf_count for c in paf):
            raise ValueError(f"PAF channels must differ and lie in 0..{self.paf_count - 1}, got {paf}")
        for limb in self.limbs:
            if limb.start == limb.end or not {limb.start, limb.end} <= names:
                raise ValueError(
                    f"limb {limb.start} - {limb.end} must join two different keypoints of the layout"
                )
        return self

    @property
    def limb_indices(self) -> tuple[tuple[int, int], ...]:
        """Start and end of each limb as positions in ``keypoints``."""
        position = {name: i for i, name in enumerate(self.keypoints)}
        return tuple((position[limb.start], position[limb.end]) for limb in self.limbs)

    @classmethod
    def trt_pose(cls) -> Self:
        """NVIDIA trt_pose's ``human_pose.json``: 18 heatmaps, 42 PAF channels, the row component first."""
        face = ["nose", *_both("eye", "ear")]
        keypoints = [*face, *_both("shoulder", "elbow", "wrist", "hip", "knee", "ankle"), "neck"]
        limbs = tuple(
            Limb(start=start, end=end, y_channel=2 * i, x_channel=2 * i + 1)
            for i, (start, end) in enumerate(_TRT_POSE_LIMBS)
        )
        return cls(
            name="trt_pose",
            keypoints=tuple(keypoints),
            heatmap_channels=tuple(range(len(keypoints))),
            heatmap_count=len(keypoints),
            limbs=limbs,
            paf_count=2 * len(limbs),
        )

    @classmethod
    def openpose(cls) -> Self:
        """Lightweight OpenPose: 18 heatmaps and a background, 38 PAF channels, x first."""
        return cls(
            name="openpose",
            keypoints=_OPENPOSE_KEYPOINTS,
            heatmap_channels=tuple(range(18)),
            heatmap_count=19,
            background_channel=18,
            limbs=tuple(
                Limb(start=start, end=end, x_channel=first, y_channel=first + 1)
                for start, end, first in _OPENPOSE_LIMBS
            ),
            paf_count=38,
        )

    @classmethod
    def from_card(cls, path: str | Path) -> Topology:
        """Layout that a network's card (``models/*.json``) describes.

        Raises:
            ModelError: the card cannot be read or does not describe one.
        """
        from cabinsafe.pose.card import PoseCard

        return PoseCard.load(path).topology


def _both(*parts: str) -> list[str]:
    return [f"{side}_{part}" for part in parts for side in _SIDES]


_TRT_POSE_LIMBS = (
    ("left_ankle", "left_knee"),
    ("left_knee", "left_hip"),
    ("right_ankle", "right_knee"),
    ("right_knee", "right_hip"),
    ("left_hip", "right_hip"),
    ("left_shoulder", "left_elbow"),
    ("right_shoulder", "right_elbow"),
    ("left_elbow", "left_wrist"),
    ("right_elbow", "right_wrist"),
    ("left_eye", "right_eye"),
    ("nose", "left_eye"),
    ("nose", "right_eye"),
    ("left_eye", "left_ear"),
    ("right_eye", "right_ear"),
    ("left_ear", "left_shoulder"),
    ("right_ear", "right_shoulder"),
    ("neck", "nose"),
    ("neck", "left_shoulder"),
    ("neck", "right_shoulder"),
    ("neck", "left_hip"),
    ("neck", "right_hip"),
)
_OPENPOSE_KEYPOINTS = (
    *(
        "nose",
        "neck",
        "right_shoulder",
        "right_elbow",
        "right_wrist",
        "left_shoulder",
        "left_elbow",
        "left_wrist",
    ),
    *("right_hip", "right_knee", "right_ankle", "left_hip", "left_knee", "left_ankle"),
    *("right_eye", "left_eye", "right_ear", "left_ear"),
)
_OPENPOSE_LIMBS = (  # start, end, channel of x; y follows
    ("neck", "right_shoulder", 12),
    ("neck", "left_shoulder", 20),
    ("right_shoulder", "right_elbow", 14),
    ("right_elbow", "right_wrist", 16),
    ("left_shoulder", "left_elbow", 22),
    ("left_elbow", "left_wrist", 24),
    ("neck", "right_hip", 0),
    ("right_hip", "right_knee", 2),
    ("right_knee", "right_ankle", 4),
    ("neck", "left_hip", 6),
    ("left_hip", "left_knee", 8),
    ("left_knee", "left_ankle", 10),
    ("neck", "nose", 28),
    ("nose", "right_eye", 30),
    ("right_eye", "right_ear", 34),
    ("nose", "left_eye", 32),
    ("left_eye", "left_ear", 36),
    ("right_shoulder", "right_ear", 18),
    ("left_shoulder", "left_ear", 26),
)
