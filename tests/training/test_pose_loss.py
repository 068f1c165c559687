"""What the network is asked for: labels, the teacher where it is asked, nothing where nobody knows."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from cabinsafe.pose import Topology  # noqa: E402
from cabinsafe.training.pose.batches import Batch  # noqa: E402
from cabinsafe.training.pose.layout import MapLayout  # noqa: E402
from cabinsafe.training.pose.loss import LossSpec, aim, feature_loss, stage_loss, total_loss  # noqa: E402
from cabinsafe.training.pose.targets import Labels, draw  # noqa: E402

LAYOUT = MapLayout(Topology.openpose(), 8, boxes=True)
SPEC = LossSpec()


def batch(teacher_share: float, complete: bool) -> Batch:
    xy = torch.full((1, 1, 18, 2), 20.0) + torch.arange(18)[None, None, :, None]
    labels = Labels(xy, torch.tensor([[[8.0, 8.0, 39.0, 39.0]]]), torch.full((1, 1, 4), torch.nan))
    image = torch.zeros(1, 3, 64, 64, dtype=torch.uint8)
    return Batch(image, labels, torch.ones(1), torch.tensor([teacher_share]), torch.tensor([complete]))


def drawn() -> torch.Tensor:
    return draw(batch(0.0, True).labels, (64, 64), LAYOUT, SPEC.targets)


def test_without_a_teacher_the_labels_are_the_target() -> None:
    target, weights = aim(batch(0.5, True), LAYOUT, None, SPEC)
    assert torch.equal(target, drawn())
    assert (weights[:, : LAYOUT.pafs.stop] == 1).all()
    assert (weights[:, LAYOUT.box_maps.start] == SPEC.box_weight).all()


def test_the_teacher_is_mixed_in_by_its_share() -> None:
    teacher = torch.full((1, 57, 8, 8), 2.0)
    target, _ = aim(batch(0.25, True), LAYOUT, teacher, SPEC)
    torch.testing.assert_close(target[:, :57], 0.75 * drawn()[:, :57] + 0.5)
    assert torch.equal(target[:, 57:], drawn()[:, 57:])


def test_outside_the_labelled_the_teacher_alone_is_asked() -> None:
    teacher = torch.full((1, 57, 8, 8), 2.0)
    target, weights = aim(batch(0.0, False), LAYOUT, teacher, SPEC)
    assert (target[:, :57, 6:, 6:] == 2).all()
    assert torch.equal(target[:, :57, 1:5, 1:5], drawn()[:, :57, 1:5, 1:5])
    assert (weights[:, :57] == 1).all()
    assert (weights[:, 57, 6:, 6:] == 0).all()


def test_outside_the_labelled_nothing_counts_without_a_teacher() -> None:
    _, weights = aim(batch(0.0, False), LAYOUT, None, SPEC)
    assert (weights[:, :, 6:, 6:] == 0).all()
    assert (weights[:, :57, 1:5, 1:5] == 1).all()


def test_the_loss_is_the_weighted_squared_error_of_all_stages() -> None:
    target, weights = torch.zeros(2, 3, 1, 2), torch.ones(2, 3, 1, 2)
    weights[0] = 0.5
    one = torch.ones_like(target)
    assert stage_loss(one, target, weights) == pytest.approx((6 * 0.5 + 6) / 2)
    whole = total_loss((2 * one, one), target, weights, LossSpec(early_stage_weight=0.1))
    assert whole == pytest.approx(4.5 + 0.1 * 18)


def test_features_count_in_shares_of_their_own_power() -> None:
    wanted = torch.tensor([1.0, 10.0]).reshape(1, 2, 1, 1).expand(3, 2, 4, 5)
    assert feature_loss(wanted, wanted) == 0
    assert feature_loss(torch.zeros_like(wanted), wanted) == pytest.approx(4 * 5)
    assert feature_loss(wanted * 1.1, wanted) == pytest.approx(0.01 * 4 * 5, rel=1e-3)
