"""The loop: resuming is exact, the average is kept, frozen parts stay, patience ends."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")

from cabinsafe.errors import ConfigError  # noqa: E402
from cabinsafe.pose import Topology  # noqa: E402
from cabinsafe.training.pose.batches import Batch  # noqa: E402
from cabinsafe.training.pose.layout import MapLayout  # noqa: E402
from cabinsafe.training.pose.loss import LossSpec  # noqa: E402
from cabinsafe.training.pose.networks.base import PoseNetwork  # noqa: E402
from cabinsafe.training.pose.processes import Processes  # noqa: E402
from cabinsafe.training.pose.schedule import Schedule  # noqa: E402
from cabinsafe.training.pose.targets import Labels  # noqa: E402
from cabinsafe.training.pose.train import LoopSpec, Trainer, interpolate  # noqa: E402

ALONE = Processes(torch.device("cpu"))


class Tiny(PoseNetwork):
    def __init__(self) -> None:
        super().__init__()
        self.layout = MapLayout(Topology.openpose(), 8, boxes=True)
        self.input_multiple = 8
        self.trunk = torch.nn.Conv2d(3, self.layout.channels, 8, stride=8)
        self.again = torch.nn.Conv2d(self.layout.channels, self.layout.channels, 1)

    def stages(self, image):
        return self.stages_and_features(image)[0]

    def stages_and_features(self, image):
        first = self.trunk(image / 255)
        features = torch.relu(first)
        return (first, self.again(features)), features


class Log:
    def __init__(self) -> None:
        self.lines: list[tuple[int, dict[str, float]]] = []

    def params(self, values) -> None: ...
    def artifact(self, path) -> None: ...
    def close(self) -> None: ...

    def metrics(self, step, values) -> None:
        self.lines.append((step, dict(values)))


def tiny() -> Tiny:
    torch.manual_seed(0)
    return Tiny()


def make_batch(step: int) -> Batch:
    generator = np.random.default_rng(step)
    xy = torch.from_numpy(generator.uniform(0, 32, (2, 1, 18, 2)).astype(np.float32))
    boxes = torch.tensor([[[2.0, 2.0, 30.0, 30.0]]] * 2)
    image = torch.from_numpy(generator.integers(0, 255, (2, 3, 32, 32)).astype(np.uint8))
    labels = Labels(xy, boxes, torch.full((2, 1, 4), torch.nan))
    return Batch(image, labels, torch.full((2,), 0.5), torch.tensor([0.3, 0.0]), torch.tensor([True, False]))


def batches(first: int, last: int):
    return (make_batch(step) for step in range(first, last))


def spec(**changes) -> LoopSpec:
    values = {
        "schedule": Schedule(steps=6, peak=1e-2, warmup_steps=2),
        "weight_decay": 1e-3,
        "ema_decay": 0.9,
        "clip_norm": 100.0,
        "validate_every_steps": 2,
        "patience": None,
        "amp": False,
        "loss": LossSpec(),
    }
    return LoopSpec(**{**values, **changes})


def trainer(
    folder: Path, network: Tiny | None = None, *, settings: str = "", teacher=None, **changes
) -> Trainer:
    return Trainer(
        network or tiny(), "tiny", spec(**changes), folder, ALONE, teacher=teacher, settings=settings
    )


def weight_sum(network) -> dict[str, float]:
    return {"score": float(sum(value.double().sum() for value in network.parameters()))}


def test_resumed_equals_uninterrupted(tmp_path: Path) -> None:
    straight = trainer(tmp_path / "a", teacher=tiny())
    straight.run(batches, weight_sum, Log())
    trainer(tmp_path / "b", teacher=tiny()).run(batches, weight_sum, Log(), until_step=3)
    resumed = trainer(tmp_path / "b", teacher=tiny())
    assert resumed.resume()
    assert resumed.step == 3
    resumed.run(batches, weight_sum, Log())
    for part in ("network", "average"):
        expected, got = getattr(straight, part).state_dict(), getattr(resumed, part).state_dict()
        for name in expected:
            assert torch.equal(expected[name], got[name]), name


def test_nothing_to_resume(tmp_path: Path) -> None:
    assert not trainer(tmp_path).resume()


def test_other_settings_are_not_resumed(tmp_path: Path) -> None:
    trainer(tmp_path, settings="a").run(batches, weight_sum, Log(), until_step=1)
    assert trainer(tmp_path, settings="a").resume()
    with pytest.raises(ConfigError, match=r"another output folder, or delete last\.pt"):
        trainer(tmp_path, settings="b").resume()


def test_the_best_checkpoint_is_written_before_the_last(tmp_path: Path, monkeypatch) -> None:
    written: list[str] = []
    monkeypatch.setattr(
        "cabinsafe.training.pose.train.write_checkpoint", lambda path, _: written.append(path.name)
    )
    trainer(tmp_path).run(batches, weight_sum, Log(), until_step=1)
    assert written == ["best.pt", "last.pt"]


def test_the_best_average_is_kept(tmp_path: Path) -> None:
    scores, log = iter([0.5, 0.7, 0.6]), Log()
    trainer(tmp_path).run(batches, lambda _: {"score": next(scores), "ap": 1.0}, log)
    best = torch.load(tmp_path / "best.pt", weights_only=True)
    assert (best["network"], best["step"], best["score"]) == ("tiny", 4, 0.7)
    assert [(step, values["score"], values["ap"]) for step, values in log.lines] == [
        (2, 0.5, 1.0),
        (4, 0.7, 1.0),
        (6, 0.6, 1.0),
    ]


def test_patience_ends_a_run_and_a_resumed_one(tmp_path: Path) -> None:
    scores, log = iter([0.5, 0.4, 0.3]), Log()
    long = {"schedule": Schedule(100, 1e-3), "patience": 2}
    first = trainer(tmp_path, **long)
    first.run(batches, lambda _: {"score": next(scores)}, log)
    assert first.step == 6
    again = trainer(tmp_path, **long)
    again.resume()
    again.run(batches, lambda _: {"score": next(scores)}, log)
    assert again.step == 6


def test_training_lowers_the_loss(tmp_path: Path) -> None:
    log = Log()
    loop = {"schedule": Schedule(60, 1e-2), "validate_every_steps": 30}
    same = trainer(tmp_path, **loop)
    same.run(lambda a, b: (make_batch(0) for _ in range(a, b)), lambda _: {"score": 0.0}, log)
    assert log.lines[1][1]["loss"] < 0.7 * log.lines[0][1]["loss"]


def test_the_teacher_pulls_where_it_is_asked(tmp_path: Path) -> None:
    later = tiny()
    with torch.no_grad():
        later.again.bias.add_(1.0)
    without, taught = trainer(tmp_path / "a"), trainer(tmp_path / "b", teacher=later)
    for one in (without, taught):
        one.run(batches, weight_sum, Log(), until_step=1)
    assert not torch.equal(without.network.again.bias, taught.network.again.bias)
    assert torch.equal(taught.teacher.again.bias, later.again.bias)


def test_a_student_comes_to_imitate_the_features(tmp_path: Path) -> None:
    torch.manual_seed(1)
    teacher, student = Tiny(), tiny()
    image = make_batch(0).image.float()

    def apart() -> float:
        with torch.no_grad():
            own, wanted = (network.stages_and_features(image)[1] for network in (student, teacher))
        return float((own - wanted).abs().mean())

    before = apart()
    loop = {"schedule": Schedule(60, 1e-2), "loss": LossSpec(feature_weight=100.0)}
    trainer(tmp_path, student, teacher=teacher, **loop).run(batches, weight_sum, Log())
    assert apart() < 0.5 * before


def test_a_share_of_zero_freezes_and_others_slow_down(tmp_path: Path) -> None:
    start, network = tiny(), tiny()
    trainer(tmp_path, network, rates={"trunk": 0.0, "again.bias": 0.1}).run(batches, weight_sum, Log())
    assert torch.equal(network.trunk.weight, start.trunk.weight)
    moved = [
        (new - old).abs().mean()
        for new, old in zip(network.again.parameters(), start.again.parameters(), strict=True)
    ]
    assert 0 < moved[1] < 0.3 * moved[0]


def test_rates_of_nothing_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no parameter begins with nose; there are trunk, again"):
        trainer(tmp_path, rates={"nose": 0.5})


def test_a_step_that_overflows_changes_nothing(tmp_path: Path) -> None:
    network, start = tiny(), tiny()
    bad = make_batch(0)
    bad = bad._replace(unlabelled=torch.full((2,), torch.inf))
    bad.labels.xy[:, :, 3] = torch.nan
    trainer(tmp_path, network).run(lambda *_: iter([bad]), weight_sum, Log(), until_step=1)
    assert all(torch.equal(a, b) for a, b in zip(network.parameters(), start.parameters(), strict=True))


@pytest.mark.parametrize("shape", ["cosine", "linear"])
def test_schedules_rise_then_fall(shape) -> None:
    schedule = Schedule(100, 2.0, 10, shape)
    rates = [schedule.rate(step) for step in range(101)]
    assert rates[9] == pytest.approx(2.0)
    assert rates[:10] == sorted(rates[:10])
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[-1] == pytest.approx(0.04)


def test_a_constant_schedule_stays() -> None:
    assert {Schedule(100, 2.0, 10, "constant").rate(step) for step in range(10, 200)} == {2.0}


def test_interpolation_ends_and_middle() -> None:
    start, tuned = tiny(), tiny()
    with torch.no_grad():
        tuned.trunk.weight.add_(1.0)
    assert torch.allclose(interpolate(start, tuned, 0.0).trunk.weight, start.trunk.weight)
    assert torch.allclose(interpolate(start, tuned, 1.0).trunk.weight, tuned.trunk.weight)
    middle = interpolate(start, tuned, 0.5).trunk.weight
    assert torch.allclose(middle, start.trunk.weight + 0.5, atol=1e-5)
