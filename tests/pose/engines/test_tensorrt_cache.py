"""Plans on disk: built once, built again when anything differs, never trusted blindly, never a crash."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest
from gpu_bench import GpuBench
from typer.testing import CliRunner

from cabinsafe.engine_cli import _of_plan, engine_app
from cabinsafe.errors import EngineError, ModelError, OutputError
from cabinsafe.pose import PoseCard
from cabinsafe.pose.engines.tensorrt import build_plan
from cabinsafe.pose.engines.tensorrt.plan import MAGIC, read_plan


def open_and_run(bench: GpuBench, **options) -> int:
    """Number of builds so far, after one run."""
    with bench.open(**options) as engine:
        engine.infer(bench.batch(2))
    assert bench.gpu.leaks() == {}
    return len(bench.trt.builds)


def rebuilt_header(path: Path, change) -> None:
    """Change what a plan's header says."""
    content = path.read_bytes()
    start = len(MAGIC) + 4
    length = int.from_bytes(content[len(MAGIC) : start], "little")
    header = json.loads(content[start : start + length])
    change(header)
    text = json.dumps(header).encode()
    path.write_bytes(MAGIC + len(text).to_bytes(4, "little") + text + content[start + length :])


def test_a_plan_is_built_once_and_the_wait_is_announced(bench, caplog) -> None:
    assert open_and_run(bench) == 1
    assert "building a plan of 'blue' for TensorRT 10.3.0, fp32: this can take minutes" in caplog.text
    caplog.clear()
    assert open_and_run(bench) == 1
    assert caplog.text == ""
    assert [path.name[:10] for path in bench.plans()] == ["blue-fp32-"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": "10.4.0"}, "version 10.3.0, not 10.4.0"),
        ({"driver": 12080}, "driver 12.6, not 12.8"),
        ({"capability": (8, 9)}, "compute capability 8.7, not 8.9"),
        ({"network": b" "}, "network sha256"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_stale_plan_is_replaced_with_a_message(bench, caplog, change: dict, message: str) -> None:
    open_and_run(bench)
    bench.install(version=change.get("version", "10.3.0"))
    bench.gpu.driver_version = change.get("driver", bench.gpu.driver_version)
    bench.gpu.capability = change.get("capability", bench.gpu.capability)
    if "network" in change:
        bench.retrain()
    assert open_and_run(bench) == 1
    assert "built for " in caplog.text
    assert message in caplog.text
    assert "the plan is built again" in caplog.text
    assert len(bench.plans()) == 1
    assert open_and_run(bench) == 1


@pytest.mark.parametrize(
    "other", [{"batch": 2}, {"max_batch": 4}, {"workspace_mib": 64}, {"precision": "fp16"}], ids=str
)
def test_plans_of_other_options_lie_side_by_side(bench, other: dict) -> None:
    open_and_run(bench)
    assert open_and_run(bench, **other) == 2
    assert open_and_run(bench) == 2
    assert len(bench.plans()) == 2


def test_plans_of_two_gpus_lie_side_by_side(bench) -> None:
    open_and_run(bench)
    bench.gpu.name = "Another GPU"
    assert open_and_run(bench) == 2
    assert len(bench.plans()) == 2


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[:-1],
        lambda content: content[:40],
        lambda content: content[: len(MAGIC)] + b"\xff\xff\xff\xff" + content[len(MAGIC) + 4 :],
        lambda content: content[: len(MAGIC)] + b"\0\0\0\0" + content[len(MAGIC) + 4 :],
        lambda content: content[:-5] + b"\0" + content[-4:],
        lambda content: content.replace(b'"format":1', b'"format":2'),
        lambda content: content.replace(b'"precision":"fp32"', b'"precision":"fp99"'),
        lambda content: b"raw plan" * 100,
    ],
    ids=["empty", "cut", "in header", "long header", "no header", "bit", "format", "value", "not ours"],
)
def test_a_damaged_plan_is_built_again_and_never_reaches_tensorrt(bench, caplog, damage) -> None:
    open_and_run(bench)
    (path,) = bench.plans()
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    with pytest.raises(EngineError, match=rf"{path}: (damaged: |not a plan that cabinsafe built)"):
        read_plan(path)
    bench.gpu.calls.clear()
    assert open_and_run(bench) == 2
    assert "the plan is built again" in caplog.text
    assert path.read_bytes() == whole


def test_a_plan_that_tensorrt_refuses_is_built_again(bench, caplog) -> None:
    open_and_run(bench)
    bench.trt.load_fails = "serialization error: version tag does not match"
    with pytest.raises(EngineError, match="version tag does not match"):
        bench.open()
    assert "version tag does not match; the plan is built again" in caplog.text
    assert len(bench.trt.builds) == 2
    assert bench.gpu.leaks() == {}


@pytest.mark.parametrize("forgery", ["other user", "seal", "key"])
def test_what_was_not_built_here_runs_only_by_permission(bench, caplog, forgery: str, monkeypatch) -> None:
    plan = build_plan(bench.card, bench.options(), bench.folder / "brought.plan")
    if forgery == "other user":
        monkeypatch.setenv("XDG_STATE_HOME", str(bench.folder / "elsewhere"))
    elif forgery == "seal":
        rebuilt_header(plan, lambda header: header.update(seal="0" * 64))
    else:
        rebuilt_header(plan, lambda header: header["key"].update(batches=[1, 3, 6]))
    options = {"max_batch": 6} if forgery == "key" else {}
    with pytest.raises(
        EngineError, match=r"not built by this user on this machine.*allow_foreign lets it run"
    ):
        bench.open(plan=str(plan), **options)
    assert "run 2" not in bench.gpu.calls
    assert bench.gpu.leaks() == {}
    assert open_and_run(bench, plan=str(plan), allow_foreign=True, **options) == 1


def test_a_foreign_plan_in_the_cache_is_built_again_unless_permitted(bench, caplog, monkeypatch) -> None:
    open_and_run(bench)
    monkeypatch.setenv("XDG_STATE_HOME", str(bench.folder / "elsewhere"))
    assert open_and_run(bench, allow_foreign=True) == 1
    assert open_and_run(bench) == 2
    assert "not built by this user" in caplog.text


def test_permission_does_not_make_a_plan_fit(bench) -> None:
    plan = build_plan(bench.card, bench.options(), bench.folder / "a.plan")
    with pytest.raises(EngineError, match=r"a\.plan: built for precision fp32, not fp16"):
        bench.open(plan=str(plan), precision="fp16", allow_foreign=True)
    assert len(bench.trt.builds) == 1, "a plan that was named is never replaced"
    with pytest.raises(EngineError, match=r"none\.plan: cannot be read: No such file"):
        bench.open(plan=str(bench.folder / "none.plan"))


def test_rtx_plans_are_built_without_a_gpu_and_fit_any(bench) -> None:
    bench.install("tensorrt_rtx", "1.7.1", count=0)
    plan = build_plan(bench.card, bench.options())
    assert read_plan(plan).key.gpu == "any"
    bench.install("tensorrt_rtx", "1.7.1")
    assert open_and_run(bench) == 0


def test_a_cache_that_cannot_be_written_costs_the_plan_not_the_run(bench, caplog) -> None:
    (bench.folder / "cache").write_text("a file, not a folder")
    assert open_and_run(bench) == 1
    assert "the plan cannot be kept, and will be built again at the next start" in caplog.text
    with pytest.raises(OutputError, match="cannot be created"):
        build_plan(bench.card, bench.options())


def test_the_secret_is_the_users_alone(bench, monkeypatch) -> None:
    open_and_run(bench)
    secret = bench.folder / "state" / "cabinsafe" / "plan-seal"
    assert stat.S_IMODE(os.stat(secret).st_mode) == 0o600
    assert [path.name for path in secret.parent.iterdir()] == ["plan-seal"]
    monkeypatch.setenv("XDG_STATE_HOME", str(secret))
    with pytest.raises(EngineError, match="set XDG_STATE_HOME to a folder that can be written"):
        build_plan(bench.card, bench.options(), bench.folder / "a.plan")


def test_the_command_builds_a_plan_and_says_where(bench, monkeypatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(bench.folder))
    card = str(bench.card.path)
    shown = CliRunner().invoke(engine_app, ["build", card, "--precision", "fp32", "--batch", "3"])
    (plan,) = (bench.folder / "cabinsafe" / "plans").glob("*.plan")
    assert shown.output.replace("\n", "").startswith(f"wrote {plan}, 0.0 MB")
    out = bench.folder / "mine.plan"
    options = ["--precision", "fp16", "--max-batch", "4", "--workspace", "64", "--out", str(out)]
    assert CliRunner().invoke(engine_app, ["build", card, *options]).exit_code == 0
    key = read_plan(out).key
    assert (key.precision, key.batches, key.workspace_mib) == ("fp16", (1, 1, 4), 64)
    assert bench.gpu.leaks() == {}


def test_a_profile_of_a_plan_takes_its_network_and_options(bench) -> None:
    out = build_plan(bench.card, bench.options(batch=3, max_batch=6), bench.folder / "mine.plan")
    model, options = _of_plan(out, str(bench.card.path), allow_foreign=True)
    assert model == str(bench.card.path)
    assert options == bench.options(
        flavour="tensorrt", batch=3, max_batch=6, plan=str(out), allow_foreign=True, cache=None
    )
    with pytest.raises(ModelError, match=r"no model card 'blue'"):
        _of_plan(out, None, allow_foreign=False)
    smaller = build_plan(
        PoseCard.load("cabinsafe-pose-float@256"), bench.options(), bench.folder / "small.plan"
    )
    assert _of_plan(smaller, None, allow_foreign=False)[0] == "cabinsafe-pose-float@256"
    bench.retrain()
    with pytest.raises(ModelError, match=r"mine\.plan: built from another network .*: build it again"):
        _of_plan(out, str(bench.card.path), allow_foreign=False)


def test_any_name_of_a_network_makes_a_file_name(bench) -> None:
    card = bench.card.model_copy(update={"name": "../nets/été 2"})
    plan = build_plan(card, bench.options())
    assert plan.parent == bench.folder / "cache"
    assert plan.name.startswith(".._nets_été_2-fp32-")
