"""Masked squared error of every stage, with a teacher as an optional second opinion."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch import Tensor

from cabinsafe.training.pose.batches import Batch
from cabinsafe.training.pose.layout import MapLayout
from cabinsafe.training.pose.targets import TargetSpec, draw, labelled_cells, weigh


@dataclass(frozen=True)
class LossSpec:
    """Weights of the loss; see :class:`cabinsafe.training.pose.config.PoseTrainingConfig`."""

    targets: TargetSpec = field(default_factory=TargetSpec)
    early_stage_weight: float = 0.5
    box_weight: float = 0.3
    feature_weight: float = 0.0


class Lesson(NamedTuple):
    """What a teacher says of a batch: heatmaps and PAFs, and the features that they were read from."""

    maps: Tensor | None
    features: Tensor | None


def aim(batch: Batch, layout: MapLayout, teacher: Tensor | None, spec: LossSpec) -> tuple[Tensor, Tensor]:
    """Target maps and their weights, both (B, ``layout.channels``, h, w).

    The teacher's heatmaps and PAFs are mixed in by each crop's share. Where a crop's people are not all
    labelled, cells outside the labelled ones' boxes follow the teacher alone, or nothing.

    Args:
        batch: crops with labels.
        layout: of the network in training.
        teacher: (B, at least the heatmap and PAF channels, h, w), or None.
        spec: how to draw and weigh.
    """
    size_px = (batch.image.shape[2], batch.image.shape[3])
    target = draw(batch.labels, size_px, layout, spec.targets)
    weights = weigh(batch.labels, size_px, layout, batch.unlabelled)
    unknown = ~labelled_cells(batch.labels, size_px, layout.stride) & ~batch.complete[:, None, None]
    taught = slice(0, layout.pafs.stop)
    if layout.boxes:
        weights[:, layout.box_maps] *= spec.box_weight * (~unknown[:, None])
    if teacher is None:
        weights[:, taught] *= ~unknown[:, None]
    else:
        share = torch.where(unknown, 1.0, batch.teacher_share[:, None, None])
        target[:, taught] = torch.lerp(target[:, taught], teacher[:, taught].float(), share[:, None])
    return target, weights


def stage_loss(predicted: Tensor, target: Tensor, weights: Tensor) -> Tensor:
    """Return the weighted sum of squared errors, averaged over the batch."""
    return (weights * (predicted.float() - target).square()).sum() / len(target)


def total_loss(stages: tuple[Tensor, ...], target: Tensor, weights: Tensor, spec: LossSpec) -> Tensor:
    """Return the last stage's loss plus the weighted losses of the stages before it."""
    losses = [stage_loss(maps, target, weights) for maps in stages]
    return losses[-1] + spec.early_stage_weight * sum(losses[:-1], torch.zeros_like(losses[-1]))


def feature_loss(features: Tensor, wanted: Tensor) -> Tensor:
    """Return the squared error of features (B, C, h, w), summed over cells, in shares of a channel's power.

    Labels alone teach a new head slowly, because most of every map is empty; features are never empty
    (Romero et al., "FitNets", 2015).
    """
    wanted = wanted.float()
    power = wanted.square().mean(dim=(0, 2, 3), keepdim=True).clamp(min=1e-6)
    return ((features.float() - wanted).square() / power).mean(dim=1).sum() / len(wanted)
