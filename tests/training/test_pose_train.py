"""The loop: resuming is exact, the average is kept, the teacher's guard does what it says."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")

from cabinsafe.errors import ConfigError, ModelError  # noqa: E402
from cabinsafe.training.pose.batches import Batch  # noqa: E402
from cabinsafe.training.pose.loss import LossSpec, mixed_target, stage_loss  # noqa: E402
from cabinsafe.training.pose.network import Maps  # noqa: E402
from cabinsafe.training.pose.train import (  # noqa: E402
    LoopSpec,
    Trainer,
    interpolate,
    load_average,
    schedule,
)

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


class Tiny(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.trunk = torch.nn.Conv2d(3, 57, 8, stride=8)
        self.again = torch.nn.Conv2d(57, 57, 1)

    def stages(self, image):
        first = self.trunk(image / 255)
        second = self.again(torch.relu(first))
        return tuple(Maps(maps[:, :19], maps[:, 19:]) for maps in (first, second))


def tiny() -> Tiny:
    torch.manual_seed(0)
    return Tiny()


def make_batch(step: int) -> Batch:
    generator = np.random.default_rng(step)
    maps = generator.uniform(0, 1, (2, 57, 2, 2)).astype(np.float32)
    image = generator.uniform(0, 255, (2, 3, 16, 16)).astype(np.float32)
    return Batch(image, maps, np.ones_like(maps))


def spec(**changes) -> LoopSpec:
    values = {
        "steps": 6,
        "learning_rate": 1e-2,
        "warmup_steps": 2,
        "weight_decay": 1e-3,
        "ema_decay": 0.9,
        "validate_every_steps": 2,
        "bf16": False,
        "loss": LossSpec(teacher_share=0.2, teacher_guard=0.3, first_stage_weight=0.5),
    }
    return LoopSpec(**{**values, **changes})


def weight_sum(network) -> float:
    return float(sum(value.double().sum() for value in network.parameters()))


def test_resumed_equals_uninterrupted(tmp_path: Path) -> None:
    straight = Trainer(tiny(), spec(), tmp_path / "a")
    straight.run(make_batch, weight_sum, lambda _: None)
    Trainer(tiny(), spec(), tmp_path / "b").run(make_batch, weight_sum, lambda _: None, until_step=3)
    resumed = Trainer(tiny(), spec(), tmp_path / "b")
    assert resumed.resume()
    assert resumed.step == 3
    resumed.run(make_batch, weight_sum, lambda _: None)
    for part in ("network", "average"):
        expected, got = getattr(straight, part).state_dict(), getattr(resumed, part).state_dict()
        for name in expected:
            assert torch.equal(expected[name], got[name]), name


def test_nothing_to_resume(tmp_path: Path) -> None:
    assert not Trainer(tiny(), spec(), tmp_path).resume()


def test_other_settings_are_not_resumed(tmp_path: Path) -> None:
    Trainer(tiny(), spec(), tmp_path, settings="a").run(make_batch, weight_sum, lambda _: None, until_step=1)
    assert Trainer(tiny(), spec(), tmp_path, settings="a").resume()
    with pytest.raises(ConfigError, match=r"another output folder, or delete last\.pt"):
        Trainer(tiny(), spec(), tmp_path, settings="b").resume()


def test_the_best_checkpoint_is_written_before_the_last(tmp_path: Path, monkeypatch) -> None:
    written: list[str] = []
    monkeypatch.setattr("cabinsafe.training.pose.train._save", lambda _, path: written.append(path.name))
    Trainer(tiny(), spec(), tmp_path).run(make_batch, weight_sum, lambda _: None, until_step=1)
    assert written == ["best.pt", "last.pt"]


def test_the_teacher_may_be_another_network(tmp_path: Path) -> None:
    start, later = tiny(), tiny()
    with torch.no_grad():
        later.trunk.weight.add_(1.0)
    trainer = Trainer(later, spec(), tmp_path, teacher=start)
    assert torch.equal(trainer.teacher.trunk.weight, start.trunk.weight)
    assert torch.equal(trainer.average.trunk.weight, later.trunk.weight)


@pytest.mark.parametrize("content", [None, b"nothing", {"average": {}}, {}, []])
def test_what_is_no_checkpoint_is_refused(tmp_path: Path, content: object) -> None:
    path = tmp_path / "best.pt"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        torch.save(content, path)
    with pytest.raises(ModelError, match=r"best\.pt"):
        load_average(tiny(), path)


def test_the_best_average_is_kept(tmp_path: Path) -> None:
    scores = iter([0.5, 0.7, 0.6])
    lines: list[str] = []
    Trainer(tiny(), spec(), tmp_path).run(make_batch, lambda _: next(scores), lines.append)
    best = torch.load(tmp_path / "best.pt", weights_only=True)
    assert (best["step"], best["score"]) == (4, 0.7)
    assert [line.endswith("best") for line in lines] == [True, True, False]


def test_training_lowers_the_loss(tmp_path: Path) -> None:
    plain = spec(steps=60, validate_every_steps=30, loss=LossSpec())
    lines: list[str] = []
    Trainer(tiny(), plain, tmp_path).run(lambda _: make_batch(0), lambda _: 0.0, lines.append)
    losses = [float(line.split()[3]) for line in lines]
    assert losses[1] < 0.7 * losses[0]


def test_schedule_rises_then_falls() -> None:
    rates = [schedule(step, spec(steps=100, warmup_steps=10)) for step in range(101)]
    assert rates[9] == pytest.approx(1.0)
    assert all(a < b for a, b in itertools.pairwise(rates[:10]))
    assert all(a >= b for a, b in itertools.pairwise(rates[10:]))
    assert rates[-1] == pytest.approx(0.02)


def test_interpolation_ends_and_middle() -> None:
    start, tuned = tiny(), tiny()
    with torch.no_grad():
        tuned.trunk.weight.add_(1.0)
    assert torch.allclose(interpolate(start, tuned, 0.0).trunk.weight, start.trunk.weight)
    assert torch.allclose(interpolate(start, tuned, 1.0).trunk.weight, tuned.trunk.weight)
    middle = interpolate(start, tuned, 0.5).trunk.weight
    assert torch.allclose(middle, start.trunk.weight + 0.5, atol=1e-5)


def test_the_guard_drops_cells_that_only_the_teacher_sees() -> None:
    target, weights = torch.zeros(1, 57, 1, 3), torch.ones(1, 57, 1, 3)
    target[0, 4, 0, 1] = 0.9
    teacher = torch.zeros_like(target)
    teacher[0, 4, 0, :2] = 0.8
    mixed, kept = mixed_target(target, weights, teacher, LossSpec(0.5, 0.25, 1.0))
    assert kept[0, 4, 0].tolist() == [0, 1, 1]
    assert kept[0, 18, 0].tolist() == [0, 1, 1]
    assert kept[0, 5, 0].tolist() == [1, 1, 1]
    assert mixed[0, 4, 0, 1] == pytest.approx(0.85)


def test_masked_cells_do_not_count() -> None:
    weights = torch.zeros(2, 57, 2, 2)
    weights[0, 0, 0, 0] = 0.5
    assert stage_loss(torch.ones(2, 57, 2, 2), torch.zeros(2, 57, 2, 2), weights) == pytest.approx(0.25)
