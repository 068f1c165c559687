"""What can be set about tracking, in seconds and in multiples of a person's size, so it fits any camera."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator
from typing_extensions import Self

from cabinsafe.options import Options

_Score = Annotated[float, Field(ge=0.0, le=1.0)]
_Weight = Annotated[float, Field(ge=0.0, le=10.0)]
_Noise = Annotated[float, Field(ge=0.001, le=1.0)]


class TrackerOptions(Options):
    """Settings of a :class:`~cabinsafe.tracking.Tracker`.

    "Sizes" are multiples of the square root of a person's box area; a seated person's neighbour is about
    0.7 sizes away.
    """

    coast_s: float = Field(
        default=3.0, ge=0.0, le=10.0, description="How long an unseen person is still reported, as predicted"
    )
    travel_coast_s: float = Field(
        default=0.8, ge=0.0, le=10.0, description="The same for one who was last seen on the move, not seated"
    )
    doubt_s: float = Field(
        default=1.0, ge=0.0, le=10.0,
        description="How long two neighbours both unseen are reported; they may change places then",
    )  # fmt: skip
    memory_s: float = Field(
        default=10.0, ge=0.0, le=60.0, description="How long an unseen person's id is kept for their return"
    )
    max_people: int = Field(
        default=64,
        ge=1,
        le=1000,
        description="People in one frame, more raise a CapacityError; as many are remembered",
    )

    birth_score: _Score = Field(
        default=0.1, description="Least score of a box or skeleton that may begin a track"
    )
    birth_pose_score: float | None = Field(
        default=None,
        ge=0.0,
        le=1.0,
        description="The same of a skeleton without a box; if null, an analyzer takes "
        "pose.decoder.min_person_score, else that of its network's card",
    )
    instant_score: _Score = Field(
        default=0.35,
        description="Score from which a new person with both box and skeleton is reported in the first frame",
    )
    confirm_s: float = Field(
        default=0.2,
        ge=0.0,
        le=5.0,
        description="How long any other new person must be seen to be reported; longer below instant_score",
    )
    min_keypoints: int = Field(
        default=3, ge=2, le=64, description="Keypoints a skeleton without a detection box must have to count"
    )
    birth_keypoints_share: _Score = Field(
        default=0.33, description="Least share of all keypoints in a skeleton that alone may begin a track"
    )
    duplicate_iou: _Score = Field(
        default=0.7, description="Overlap with a person already seen from which a newcomer is their double"
    )

    join_share: _Score = Field(
        default=0.5,
        description="Least share of a skeleton's keypoints inside the detection box it belongs to",
    )
    gate_sizes: float = Field(
        default=0.4, ge=0.05, le=5.0, description="How far from its prediction a person may be, in sizes"
    )
    sure_nats: float = Field(
        default=4.0, ge=0.0, le=100.0,
        description="Lead, as the log of a likelihood ratio, from which it is clear who one who turned up is",
    )  # fmt: skip
    seat_nats: float = Field(
        default=1.0, ge=0.0, le=100.0,
        description="What another seat speaks against one who turned up, as the log of a likelihood ratio",
    )  # fmt: skip
    patience_s: float = Field(
        default=1.5, ge=0.0, le=60.0,
        description="How long it may stay unclear; the lead asked for falls to nothing by then",
    )  # fmt: skip
    size_weight: _Weight = Field(
        default=0.5, description="Weight of a change of box size, against 1 for distance"
    )
    keypoint_weight: _Weight = Field(
        default=1.0, description="Weight of keypoint closeness, against 1 for distance"
    )

    colour_weight: _Weight = Field(
        default=1.0, description="Weight of torso colours, where frames are given, against 1 for distance"
    )

    travel_sizes: float = Field(
        default=0.3, ge=0.0, le=10.0,
        description="How far from where they have been lately somebody is on the move, in sizes",
    )  # fmt: skip
    settle_s: float = Field(
        default=2.0, ge=0.05, le=60.0, description="Time constant of where somebody has been lately"
    )
    travel_decay_s: float = Field(
        default=1.5, ge=0.05, le=100.0, description="As velocity_decay_s, for one on the move"
    )
    velocity_decay_s: float = Field(
        default=0.5, ge=0.05, le=100.0, description="Time constant with which an unseen person comes to rest"
    )
    acceleration_sizes_per_s2: float = Field(
        default=1.0, ge=0.01, le=100.0, description="Typical acceleration, in sizes; the process noise"
    )
    detection_noise_sizes: _Noise = Field(default=0.03, description="Error of a detection box, in sizes")
    keypoint_noise_sizes: _Noise = Field(
        default=0.06, description="Error of a box derived from keypoints, in sizes"
    )
    keypoint_margin_sizes: float = Field(
        default=0.12, ge=0.0, le=1.0,
        description="How far a body reaches beyond its keypoints on every side, in sizes of the box around "
        "them; for people whom no detector has seen yet",
    )  # fmt: skip
    shape_memory_s: float = Field(
        default=2.0,
        ge=0.05,
        le=100.0,
        description="Time constant of the learned relation between keypoints and detection box",
    )
    seat_hold_s: float = Field(
        default=1.0, ge=0.0, le=60.0, description="How long a person must be in a new seat to change seat"
    )
    seat_reach_sizes: float = Field(
        default=0.1, ge=0.0, le=2.0,
        description="How far beyond the zone of their seat somebody is still in it, unless in another's zone",
    )  # fmt: skip

    smoothing: bool = Field(default=True, description="Whether keypoints are smoothed and repaired")
    smoothing_hz: float = Field(
        default=2.0, ge=0.01, le=100.0, description="One-Euro cutoff of a keypoint at rest"
    )
    smoothing_hz_per_size_per_s: float = Field(
        default=20.0, ge=0.0, le=1000.0, description="One-Euro cutoff's growth with speed in sizes per second"
    )
    keypoint_gap_s: float = Field(
        default=0.5, ge=0.0, le=10.0, description="Longest gap over which a keypoint is smoothed or repaired"
    )
    side_hold_s: float = Field(
        default=0.7, ge=0.0, le=10.0,
        description="How long left and right are put right against the pose network before it is believed",
    )  # fmt: skip

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.memory_s < self.coast_s:
            raise ValueError(f"memory_s ({self.memory_s}) must be at least coast_s ({self.coast_s})")
        if self.instant_score < self.birth_score:
            raise ValueError(
                f"instant_score ({self.instant_score}) must be at least birth_score ({self.birth_score})"
            )
        return self
