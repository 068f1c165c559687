"""Targets and loss weights of a batch, drawn on the device that trains.

Two definitions. ``openpose`` is that of lightweight OpenPose, checked on the outputs of
``human-pose-estimation-0001`` for labelled people, so that fine-tuning continues what its weights know: its
sharpest peaks have a sigma of 7.0 input pixels and its limbs are bands two cells wide, averaged where they
overlap. ``trt_pose`` is that of NVIDIA trt_pose: ``exp(-d^2 / s^2)`` for heatmaps (maximum over people) and
for limbs (d to the segment, summed over people), s = 0.025 of the input's height.

Coordinates are continuous: the left edge of input pixel 0 is 0.0, and cells are sampled at their centres.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

import torch
from torch import Tensor

from cabinsafe.pose.boxes import BOX_UNIT_CELLS
from cabinsafe.training.pose.layout import MapLayout

_FLOOR: Final = 0.01
_SHORTEST_CELLS: Final = 0.01
_BOX_SIGMA_SHARE: Final = 0.12
_BOX_READ: Final = 0.3

TargetKind = Literal["openpose", "trt_pose"]


@dataclass(frozen=True)
class TargetSpec:
    """How maps are drawn.

    Attributes:
        kind: which definition.
        sigma_px: of ``openpose`` Gaussians, input pixels.
        half_width_cells: half the width of an ``openpose`` limb's band.
        height_share: s of ``trt_pose``, as a share of the input's height.
    """

    kind: TargetKind = "openpose"
    sigma_px: float = 7.0
    half_width_cells: float = 1.0
    height_share: float = 0.025


class Labels(NamedTuple):
    """Labels of B crops, padded to equal counts; input pixels.

    Attributes:
        xy: (B, P, K, 2), NaN where unlabelled.
        boxes: (B, P, 4) corners, NaN where there is no person or its box is unknown.
        ignored: (B, Q, 4) corners, NaN where there is none.
    """

    xy: Tensor
    boxes: Tensor
    ignored: Tensor


class _Cells(NamedTuple):
    """Sampling points of the maps, in cells: x (W,), y (H,)."""

    x: Tensor
    y: Tensor


def draw(labels: Labels, size_px: tuple[int, int], layout: MapLayout, spec: TargetSpec) -> Tensor:
    """Draw the joined maps (B, ``layout.channels``, H / stride, W / stride) of an input (H, W)."""
    cells = _cells(labels.xy, size_px, layout.stride)
    xy = labels.xy / layout.stride
    sigma = spec.sigma_px if spec.kind == "openpose" else spec.height_share * size_px[0] / 2**0.5
    parts = [_heatmaps(xy, cells, sigma / layout.stride, layout)]
    parts.append(_pafs(xy, cells, layout, spec, spec.height_share * size_px[0] / layout.stride))
    if layout.boxes:
        parts.append(_box_maps(labels.boxes / layout.stride, cells))
    return torch.cat(parts, dim=1)


def _cells(like: Tensor, size_px: tuple[int, int], stride: int) -> _Cells:
    rows, columns = (side // stride for side in size_px)
    return _Cells(
        torch.arange(columns, device=like.device, dtype=torch.float32) + 0.5,
        torch.arange(rows, device=like.device, dtype=torch.float32) + 0.5,
    )


def _heatmaps(xy: Tensor, cells: _Cells, sigma: float, layout: MapLayout) -> Tensor:
    """(B, heatmap_count, H, W): maximum over people; the background, if any, is 1 minus the largest."""
    topology = layout.topology
    profiles = [
        torch.exp(-0.5 * ((at - xy[..., axis, None]) / sigma) ** 2).nan_to_num(0.0)
        for axis, at in enumerate(cells)
    ]
    blobs = (profiles[1][..., :, None] * profiles[0][..., None, :]).amax(dim=1)
    blobs = torch.where(blobs < _FLOOR, 0.0, blobs)
    maps = blobs.new_zeros((len(xy), topology.heatmap_count, *blobs.shape[-2:]))
    maps[:, list(topology.heatmap_channels)] = blobs
    if topology.background_channel is not None:
        maps[:, topology.background_channel] = 1.0 - blobs.amax(dim=1)
    return maps


def _pafs(xy: Tensor, cells: _Cells, layout: MapLayout, spec: TargetSpec, spread_cells: float) -> Tensor:
    """(B, paf_count, H, W); limbs without length have no direction and are left out."""
    limbs = torch.as_tensor(layout.limbs, device=xy.device)
    start, end = xy[:, :, limbs[:, 0]], xy[:, :, limbs[:, 1]]  # (B, P, L, 2)
    length = torch.linalg.vector_norm(end - start, dim=-1, keepdim=True)
    unit = (end - start) / length
    known = (length[..., 0] > _SHORTEST_CELLS)[..., None, None]
    along_axes = [at - start[..., axis, None] for axis, at in enumerate(cells)]  # (B, P, L, W or H)
    from_x, from_y = along_axes[0][..., None, :], along_axes[1][..., :, None]
    unit_x, unit_y = unit[..., 0, None, None], unit[..., 1, None, None]
    across = (from_x * unit_y - from_y * unit_x).abs()
    if spec.kind == "openpose":
        share = ((across <= spec.half_width_cells) & _near(start, end, cells, spec.half_width_cells)).float()
        share = torch.where(known, share, 0.0)
        share = share / share.sum(dim=1, keepdim=True).clamp(min=1.0)
    else:
        along = from_x * unit_x + from_y * unit_y
        beyond = (along - along.clamp(min=torch.zeros_like(length)[..., None], max=length[..., None])).abs()
        share = torch.where(known, torch.exp(-(across**2 + beyond**2) / spread_cells**2), 0.0)
    vectors = torch.einsum("bplhw,bplc->blchw", share, torch.where(known[..., 0], unit, 0.0))
    maps = xy.new_zeros((len(xy), layout.topology.paf_count, *vectors.shape[-2:]))
    for component in range(2):
        maps[:, limbs[:, 2 + component] - layout.pafs.start] = vectors[:, :, component]
    return maps


def _near(start: Tensor, end: Tensor, cells: _Cells, margin: float) -> Tensor:
    """(B, P, L, H, W): inside the axis-parallel box of a limb's two ends, grown by a margin."""
    low, high = torch.minimum(start, end) - margin, torch.maximum(start, end) + margin
    inside = [(at >= low[..., axis, None]) & (at <= high[..., axis, None]) for axis, at in enumerate(cells)]
    return inside[1][..., :, None] & inside[0][..., None, :]


def _box_maps(boxes: Tensor, cells: _Cells) -> Tensor:
    """(B, 5, H, W): centres as Gaussians scaled with the box; distances to the edges of its own box."""
    blobs = _centre_blobs(boxes, cells)
    best, owner = blobs.max(dim=1)
    edges = torch.gather(boxes, 1, owner.flatten(1)[..., None].expand(-1, -1, 4)).unflatten(
        1, owner.shape[1:]
    )
    left, top = cells.x - edges[..., 0], cells.y[:, None] - edges[..., 1]
    right, bottom = edges[..., 2] - cells.x, edges[..., 3] - cells.y[:, None]
    distances = torch.stack((left, top, right, bottom), dim=1) / BOX_UNIT_CELLS
    return torch.cat((best[:, None], distances.nan_to_num(0.0)), dim=1)


def _centre_blobs(boxes: Tensor, cells: _Cells) -> Tensor:
    """(B, P, H, W) Gaussians of peak 1 at the cell nearest to each centre; 0 for missing boxes."""
    profiles = []
    for axis, at in enumerate(cells):
        centre = (boxes[..., axis] + boxes[..., axis + 2]) / 2
        sigma = (_BOX_SIGMA_SHARE * (boxes[..., axis + 2] - boxes[..., axis])).clamp(min=0.7)
        nearest = centre.floor() + 0.5
        scaled = (at - nearest[..., None]) / sigma[..., None]
        profiles.append(torch.exp(-0.5 * scaled**2).nan_to_num(0.0))
    return profiles[1][..., :, None] * profiles[0][..., None, :]


def weigh(labels: Labels, size_px: tuple[int, int], layout: MapLayout, unlabelled: Tensor) -> Tensor:
    """Loss weights, the shape of the maps, 0 to 1.

    Inside a person's box, the maps of joints of that person that carry no label weigh ``unlabelled`` (B,):
    1 trusts "not labelled" to mean "not there". Ignored boxes weigh 0, in all channels; box distances weigh
    only near centres. The background channel follows no single joint.
    """
    cells = _cells(labels.xy, size_px, layout.stride)
    inside = _inside(labels.boxes / layout.stride, cells)  # (B, P, H, W)
    missing = _missing_channels(labels, layout)  # (B, P, C)
    lowered = torch.einsum("bphw,bpc->bchw", inside, missing) > 0
    weights = torch.where(lowered, unlabelled[:, None, None, None], 1.0)
    if layout.boxes:
        near = _centre_blobs(labels.boxes / layout.stride, cells).amax(dim=1, keepdim=True) > _BOX_READ
        weights[:, layout.box_maps.start + 1 : layout.box_maps.stop] *= near
    ignored = _inside(labels.ignored / layout.stride, cells).amax(dim=1, keepdim=True)
    return weights * (1.0 - ignored)


def _missing_channels(labels: Labels, layout: MapLayout) -> Tensor:
    """(B, P, C): 1 where a channel shows a joint or limb that a present person has no label for."""
    absent = labels.xy[..., 0].isnan()
    limbs = torch.as_tensor(layout.limbs, device=absent.device)
    missing = absent.new_zeros((*absent.shape[:2], layout.channels), dtype=torch.float32)
    missing[..., list(layout.topology.heatmap_channels)] = absent.float()
    lost = (absent[..., limbs[:, 0]] | absent[..., limbs[:, 1]]).float()
    missing[..., limbs[:, 2]] = lost
    missing[..., limbs[:, 3]] = lost
    return missing * (~labels.boxes[..., :1].isnan())


def _inside(boxes: Tensor, cells: _Cells) -> Tensor:
    """(B, N, H, W) float: cells that touch each box; empty for missing ones."""
    low, high = boxes[..., :2], boxes[..., 2:]
    in_axis = [
        (at + 0.5 > low[..., axis, None]) & (at - 0.5 < high[..., axis, None])
        for axis, at in enumerate(cells)
    ]
    return (in_axis[1][..., :, None] & in_axis[0][..., None, :]).float()


def labelled_cells(labels: Labels, size_px: tuple[int, int], stride: int) -> Tensor:
    """(B, H, W) bool: cells that touch any person's box."""
    cells = _cells(labels.xy, size_px, stride)
    return _inside(labels.boxes / stride, cells).amax(dim=1) > 0
