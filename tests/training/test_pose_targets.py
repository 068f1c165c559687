"""Vectorised targets equal a slow loop that follows the definitions word by word."""

from __future__ import annotations

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from cabinsafe.pose import Topology  # noqa: E402
from cabinsafe.pose.boxes import BoxOptions, decode_boxes  # noqa: E402
from cabinsafe.training.pose.layout import MapLayout  # noqa: E402
from cabinsafe.training.pose.targets import Labels, TargetSpec, draw, labelled_cells, weigh  # noqa: E402

SIZE = (64, 96)
OPENPOSE = MapLayout(Topology.openpose(), stride=8, boxes=True)
TRT_POSE = MapLayout(Topology.trt_pose(), stride=4)


def crowd(seed: int, people: int, layout: MapLayout) -> Labels:
    generator = np.random.default_rng(seed)
    count = len(layout.topology.keypoints)
    xy = generator.uniform((-5, -5), (SIZE[1] + 5, SIZE[0] + 5), (2, people, count, 2))
    xy[generator.random(xy.shape[:3]) < 0.25] = np.nan
    corners = generator.uniform((-5, -5, 8, 8), (60, 40, 40, 30), (2, people, 4))
    boxes = np.concatenate([corners[..., :2], corners[..., :2] + corners[..., 2:]], axis=-1)
    xy[1, 1:], boxes[1, 1:] = np.nan, np.nan  # the second crop has one person, the rest is padding
    ignored = np.array([[[np.nan] * 4], [[8.0, 8.0, 31.0, 24.0]]])
    return Labels(*(torch.tensor(part, dtype=torch.float32) for part in (xy, boxes, ignored)))


def cells(layout: MapLayout):
    for row in range(SIZE[0] // layout.stride):
        for column in range(SIZE[1] // layout.stride):
            yield row, column, np.array([column + 0.5, row + 0.5])


def slow_heatmaps(xy, layout: MapLayout, value_at) -> np.ndarray:
    topology = layout.topology
    maps = np.zeros((topology.heatmap_count, *(side // layout.stride for side in SIZE)))
    for row, column, at in cells(layout):
        for person in xy / layout.stride:
            for point, channel in zip(person, topology.heatmap_channels, strict=True):
                if not np.isnan(point[0]):
                    value = value_at(math.dist(at, point) * layout.stride)
                    maps[channel, row, column] = max(maps[channel, row, column], value)
        if topology.background_channel is not None:
            others = [maps[channel, row, column] for channel in topology.heatmap_channels]
            maps[topology.background_channel, row, column] = 1 - max(others)
    return maps


def slow_pafs(xy, layout: MapLayout, share_at, average: bool) -> np.ndarray:
    maps = np.zeros((layout.topology.paf_count, *(side // layout.stride for side in SIZE)))
    for row, column, at in cells(layout):
        for first, second, x_channel, y_channel in layout.limbs:
            vectors, shares = [], []
            for person in xy / layout.stride:
                start, end = person[first], person[second]
                length = np.hypot(*(end - start))
                if length > 0.01:
                    unit = (end - start) / length
                    share = share_at(at, start, end, unit, length)
                    vectors.append(unit * share)
                    shares.append(share)
            if vectors:
                whole = np.sum(vectors, axis=0) / (max(sum(shares), 1.0) if average else 1.0)
                for channel, value in zip((x_channel, y_channel), whole, strict=True):
                    maps[channel - layout.pafs.start, row, column] = value
    return maps


def band(at, start, end, unit, _length) -> float:
    from_start = at - start
    across = abs(from_start[0] * unit[1] - from_start[1] * unit[0])
    low, high = np.minimum(start, end) - 1, np.maximum(start, end) + 1
    return float(across <= 1 and (at >= low).all() and (at <= high).all())


def haze(at, start, _end, unit, length) -> float:
    along = min(max(float((at - start) @ unit), 0.0), length)
    distance = math.dist(at, start + along * unit)
    return math.exp(-((distance / (0.025 * SIZE[0] / 4)) ** 2))


def gaussian(distance_px: float) -> float:
    value = math.exp(-(distance_px**2) / (2 * 7.0**2))
    return value if value >= 0.01 else 0.0


def trt_gaussian(distance_px: float) -> float:
    value = math.exp(-((distance_px / (0.025 * SIZE[0])) ** 2))
    return value if value >= 0.01 else 0.0


@pytest.mark.parametrize("people", [1, 3])
@pytest.mark.parametrize("seed", range(3))
def test_openpose_targets_equal_the_slow_ones(seed: int, people: int) -> None:
    labels = crowd(seed, people, OPENPOSE)
    maps = draw(labels, SIZE, OPENPOSE, TargetSpec()).numpy()
    for crop, xy in enumerate(labels.xy.numpy().astype(float)):
        np.testing.assert_allclose(
            maps[crop, OPENPOSE.heatmaps], slow_heatmaps(xy, OPENPOSE, gaussian), atol=1e-4
        )
        np.testing.assert_allclose(maps[crop, OPENPOSE.pafs], slow_pafs(xy, OPENPOSE, band, True), atol=1e-4)


@pytest.mark.parametrize("seed", range(3))
def test_trt_pose_targets_equal_the_slow_ones(seed: int) -> None:
    labels = crowd(seed, 2, TRT_POSE)
    maps = draw(labels, SIZE, TRT_POSE, TargetSpec("trt_pose")).numpy()
    for crop, xy in enumerate(labels.xy.numpy().astype(float)):
        np.testing.assert_allclose(
            maps[crop, TRT_POSE.heatmaps], slow_heatmaps(xy, TRT_POSE, trt_gaussian), atol=1e-4
        )
        np.testing.assert_allclose(maps[crop, TRT_POSE.pafs], slow_pafs(xy, TRT_POSE, haze, False), atol=1e-4)


def test_nobody_gives_empty_maps() -> None:
    nan = torch.full((1, 1, 18, 2), torch.nan)
    labels = Labels(nan, nan[:, :, 0].repeat(1, 1, 2), nan[:, :, 0].repeat(1, 1, 2))
    maps = draw(labels, SIZE, OPENPOSE, TargetSpec())
    background = OPENPOSE.topology.background_channel
    assert (maps[:, background] == 1).all()
    assert maps.abs().sum() == maps[:, background].sum()
    weights = weigh(labels, SIZE, OPENPOSE, torch.tensor([0.5]))
    assert (weights[:, : OPENPOSE.box_maps.start + 1] == 1).all()
    assert (weights[:, OPENPOSE.box_maps.start + 1 :] == 0).all()


def test_a_limb_without_length_has_no_direction() -> None:
    labels = crowd(0, 1, OPENPOSE)
    labels.xy[:] = 40.0
    assert (draw(labels, SIZE, OPENPOSE, TargetSpec())[:, OPENPOSE.pafs] == 0).all()


def test_drawn_boxes_are_read_back() -> None:
    """What the box maps say is what the decoder of the run-time path reads."""
    boxes = torch.tensor([[[4.0, 6.0, 40.0, 60.0], [50.0, 10.0, 90.0, 50.0]]])
    nan = torch.full((1, 2, 18, 2), torch.nan)
    maps = draw(Labels(nan, boxes, torch.full((1, 1, 4), torch.nan)), SIZE, OPENPOSE, TargetSpec())
    found, scores = decode_boxes(maps[0, OPENPOSE.box_maps].numpy(), 8, BoxOptions())
    order = np.argsort(found[:, 0])
    np.testing.assert_allclose(found[order], boxes[0].numpy(), atol=1e-3)
    np.testing.assert_allclose(scores, 1.0)


def test_weights_leave_out_what_labels_do_not_know() -> None:
    labels = crowd(1, 1, OPENPOSE)
    labels.xy[:] = 20.0
    labels.xy[:, :, 4] = torch.nan
    labels.boxes[:, 0] = torch.tensor([16.0, 8.0, 47.0, 39.0])
    weights = weigh(labels, SIZE, OPENPOSE, torch.tensor([0.25, 0.5]))
    inside = (slice(1, 5), slice(2, 6))
    channel = OPENPOSE.topology.heatmap_channels[4]
    limbs = [limb for limb in OPENPOSE.limbs if 4 in limb[:2]]
    assert limbs
    for place in (channel, *(int(limb[2]) for limb in limbs), *(int(limb[3]) for limb in limbs)):
        assert (weights[0, place][inside] == 0.25).all()
        assert weights[0, place].sum() == pytest.approx(8 * 12 - 0.75 * 16)
    assert (weights[0, OPENPOSE.topology.heatmap_channels[3]] == 1).all()
    ignored = (slice(1, 3), slice(1, 4))
    assert (weights[1][:, ignored[0], ignored[1]] == 0).all()
    assert labelled_cells(labels, SIZE, 8)[0].sum() == 16
