"""Masked squared error of both stages, with the start network as an optional second opinion."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from cabinsafe.training.pose.layout import HEATMAP_COUNT
from cabinsafe.training.pose.network import Maps


@dataclass(frozen=True)
class LossSpec:
    """Weights of the loss; see :class:`cabinsafe.training.pose.config.PoseTrainingConfig`."""

    teacher_share: float = 0.0
    teacher_guard: float = 1.0
    first_stage_weight: float = 1.0


def joined(maps: Maps) -> Tensor:
    """Return one stage's maps as (B, 57, H/8, W/8): heatmaps, then PAFs."""
    return torch.cat((maps.heatmaps, maps.pafs), dim=1).float()


def mixed_target(target: Tensor, weights: Tensor, teacher: Tensor, spec: LossSpec) -> tuple[Tensor, Tensor]:
    """Blend labels with the teacher's maps and drop cells where only the teacher sees something.

    Args:
        target: (B, 57, h, w) maps drawn from labels.
        weights: the same shape, 0 to 1.
        teacher: the same shape, the start network's maps.
        spec: share and guard.

    Returns:
        The new target and weights. A guarded cell keeps no weight in its own channel; where any
        keypoint channel is guarded, the background channel is left out too.
    """
    guarded = (teacher.abs() > spec.teacher_guard) & (target.abs() < 0.05)
    guarded[:, HEATMAP_COUNT - 1] = guarded[:, : HEATMAP_COUNT - 1].any(dim=1)
    blended = torch.lerp(target, teacher, spec.teacher_share)
    return blended, weights * (~guarded)


def stage_loss(predicted: Tensor, target: Tensor, weights: Tensor) -> Tensor:
    """Return the weighted sum of squared errors, averaged over the batch."""
    return (weights * (predicted - target).square()).sum() / len(target)


def two_stage_loss(stages: tuple[Maps, Maps], target: Tensor, weights: Tensor, spec: LossSpec) -> Tensor:
    """Return the last stage's loss plus the weighted loss of the initial stage."""
    first, last = (stage_loss(joined(maps), target, weights) for maps in stages)
    return last + spec.first_stage_weight * first
