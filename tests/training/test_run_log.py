"""Runs reach a real MLflow where it is installed; folders, and a missing MLflow, are refused clearly."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from cabinsafe.errors import CabinSafeError, ConfigError, MissingExtraError, OutputError
from cabinsafe.training.pose.run_log import RUN_ID_FILE, LogOptions, MlflowLog, NoLog, open_log

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # MLflow's own use of SQLAlchemy


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> str:
    """URI of a database, made once: MLflow takes seconds to lay out its tables."""
    for package in ("mlflow", "sqlalchemy", "alembic"):
        pytest.importorskip(package, reason=f"{package} is not installed (extra mlflow)")
    return f"sqlite:///{tmp_path_factory.mktemp('mlflow') / 'runs.db'}"


@pytest.fixture
def read(store: str) -> Callable:
    from mlflow import MlflowClient

    return MlflowClient(tracking_uri=store, registry_uri=store).get_run


def test_by_default_nothing_is_logged(tmp_path: Path) -> None:
    log = open_log(LogOptions(), tmp_path / "run")
    assert isinstance(log, NoLog)
    log.params({"seed": 1})
    log.metrics(1, {"loss": 0.5})
    log.artifact(tmp_path / "none.onnx")
    log.close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("uri", ["file:///tmp/runs", "file:runs", "mlruns", "./mlruns", "/tmp/mlruns", ""])
def test_a_folder_is_refused_and_what_to_name_instead_is_said(uri: str) -> None:
    with pytest.raises(ConfigError, match=r"^mlflow: .*sqlite:///mlflow\.db.*, got "):
        LogOptions(mlflow=uri)


@pytest.mark.parametrize("uri", ["sqlite:///a.db", "http://host:5000", "postgresql://host/db", "databricks"])
def test_databases_and_servers_are_taken(uri: str) -> None:
    assert LogOptions(mlflow=uri).mlflow == uri


def test_unknown_keys_and_empty_names_are_refused() -> None:
    with pytest.raises(ConfigError, match="did you mean 'mlflow'"):
        LogOptions(mlfow="sqlite:///a.db")
    with pytest.raises(ConfigError, match="experiment"):
        LogOptions(experiment="")


@pytest.mark.parametrize(("uri", "missing"), [("http://host", "mlflow"), ("sqlite:///a.db", "sqlalchemy")])
def test_a_missing_package_names_the_extra(tmp_path: Path, monkeypatch, uri: str, missing: str) -> None:
    def import_module(name: str) -> None:
        if name == missing:
            raise ImportError(name)

    monkeypatch.setattr("cabinsafe.training.pose.run_log.import_module", import_module)
    with pytest.raises(MissingExtraError, match=rf"'{missing}'.*cabinsafe\[mlflow\]") as caught:
        open_log(LogOptions(mlflow=uri), tmp_path)
    assert caught.value.extra == "mlflow"
    assert list(tmp_path.iterdir()) == []


def test_settings_figures_and_files_arrive(store: str, read, tmp_path: Path) -> None:
    (tmp_path / "pose.onnx").write_bytes(b"network")
    options = LogOptions(mlflow=store, experiment="arrive")
    folder = tmp_path / "first-run"
    with open_log(options, folder) as log:
        log.params({"seed": 3, "augment": {"zoom": (0.5, 2.0), "blur": {"share": 0.1}}})
        log.params({f"p{number}": number for number in range(150)})
        log.metrics(10, {"loss": 2.0, "score": 0.25})
        log.metrics(20, {"loss": 1.0, "score": math.nan})
        assert read(log.run_id).info.status == "RUNNING"
        log.artifact(tmp_path / "pose.onnx")
    run = read((folder / RUN_ID_FILE).read_text(encoding="utf-8").strip())
    assert (run.info.status, run.info.run_name) == ("FINISHED", "first-run")
    assert run.data.params["seed"] == "3"
    assert run.data.params["augment.zoom"] == "(0.5, 2.0)"
    assert run.data.params["augment.blur.share"] == "0.1"
    assert len(run.data.params) == 153
    assert run.data.metrics["loss"] == 1.0
    assert math.isnan(run.data.metrics["score"])
    files = Path(store.removeprefix("sqlite:///")).parent / "mlartifacts"
    assert [file.read_bytes() for file in files.rglob("pose.onnx")] == [b"network"]


def test_a_resumed_run_goes_on_and_keeps_what_it_changed(store: str, read, tmp_path: Path) -> None:
    from mlflow import MlflowClient

    options = LogOptions(mlflow=store, experiment="resume", run_name="long")
    with pytest.raises(KeyboardInterrupt), open_log(options, tmp_path) as log:
        log.params({"seed": 3, "threads": 2})
        log.metrics(10, {"loss": 2.0})
        raise KeyboardInterrupt
    assert read(log.run_id).info.status == "KILLED"
    with open_log(options, tmp_path) as again:
        again.params({"seed": 3, "threads": 4, "new": True})
        again.metrics(20, {"loss": 1.0})
    assert again.run_id == log.run_id
    run = read(log.run_id)
    assert run.info.status == "FINISHED"
    assert run.data.params == {"seed": "3", "threads": "2", "new": "True"}
    assert {k: v for k, v in run.data.tags.items() if k.startswith("resumed")} == {"resumed.threads": "4"}
    history = MlflowClient(tracking_uri=store).get_metric_history(log.run_id, "loss")
    assert sorted((metric.step, metric.value) for metric in history) == [(10, 2.0), (20, 1.0)]


def test_a_run_begun_anew_is_another_run(store: str, read, tmp_path: Path) -> None:
    options = LogOptions(mlflow=store, experiment="anew")
    first = open_log(options, tmp_path)
    first.close()
    second = open_log(options, tmp_path, resume=False)
    second.close()
    assert first.run_id != second.run_id
    assert (tmp_path / RUN_ID_FILE).read_text(encoding="utf-8").strip() == second.run_id
    assert read(first.run_id).info.experiment_id == read(second.run_id).info.experiment_id


def test_an_error_marks_the_run_as_failed(store: str, read, tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), open_log(LogOptions(mlflow=store), tmp_path) as log:
        raise ZeroDivisionError
    assert read(log.run_id).info.status == "FAILED"
    log.close()
    assert read(log.run_id).info.status == "FAILED"


def test_a_run_that_the_store_does_not_know_is_refused(store: str, tmp_path: Path) -> None:
    (tmp_path / RUN_ID_FILE).write_text("0123456789abcdef\n", encoding="utf-8")
    with pytest.raises(OutputError, match=f"0123456789abcdef.*without .*{RUN_ID_FILE} a new run would begin"):
        open_log(LogOptions(mlflow=store), tmp_path)


def test_what_mlflow_refuses_is_an_error_of_this_library(store: str, tmp_path: Path) -> None:
    with open_log(LogOptions(mlflow=store), tmp_path / "run") as log:
        with pytest.raises(OutputError, match="MLflow at sqlite"):
            log.artifact(tmp_path / "missing.onnx")
        with pytest.raises(OutputError, match="name"):
            log.metrics(1, {"not?a\nname": 1.0})


def test_an_unknown_kind_of_store_is_refused_without_its_password(store: str, tmp_path: Path) -> None:
    with pytest.raises(CabinSafeError, match="MLflow at foo://host/db: ") as caught:
        MlflowLog("foo://me:secret@host/db", "x", "y", tmp_path)
    assert "MLflow at foo://host/db" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_runs_are_rows_of_the_database(store: str, tmp_path: Path) -> None:
    log = open_log(LogOptions(mlflow=store, run_name="row"), tmp_path)
    log.close()
    connection = sqlite3.connect(store.removeprefix("sqlite:///"))
    names = connection.execute("select name from runs where run_uuid = ?", (log.run_id,)).fetchall()
    connection.close()
    assert names == [("row",)]
