"""Where a run is logged besides its own folder: nowhere, or to MLflow (extra ``mlflow``)."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from cabinsafe.closing import Closing
from cabinsafe.errors import CabinSafeError, MissingExtraError, OutputError
from cabinsafe.options import Options

RUN_ID_FILE: Final = "mlflow_run_id"
"""File in a run's folder that names its MLflow run."""

_PARAMS_A_CALL: Final = 100  # MLflow's limit
_FILE_STORES: Final = ("", "file")
_SERVERS: Final = ("http", "https", "databricks")


class RunLog(Protocol):
    """Takes note of one run."""

    def params(self, values: Mapping[str, Any], /) -> None:
        """Settings of the run; mappings within are flattened to ``outer.inner``."""
        ...

    def metrics(self, step: int, values: Mapping[str, float], /) -> None:
        """Figures at a step."""
        ...

    def artifact(self, path: Path, /) -> None:
        """A file that the run made; it is copied."""
        ...

    def close(self) -> None:
        """The run is over; closing twice is allowed."""
        ...


class NoLog(Closing):
    """Takes note of nothing."""

    def params(self, _values: Mapping[str, Any], /) -> None:
        """Nothing."""

    def metrics(self, _step: int, _values: Mapping[str, float], /) -> None:
        """Nothing."""

    def artifact(self, _path: Path, /) -> None:
        """Nothing."""


class LogOptions(Options):
    """What to do with the figures of a run.

    Attributes:
        mlflow: tracking URI of MLflow, such as ``sqlite:///mlflow.db`` or ``http://host:5000``; by default
            nothing is logged.
        experiment: name of the MLflow experiment; made if missing.
        run_name: name of the MLflow run; by default that of the run's folder.
    """

    mlflow: str | None = None
    experiment: str = Field("cabinsafe-pose", min_length=1)
    run_name: str | None = Field(None, min_length=1)

    @field_validator("mlflow")
    @classmethod
    def _refuse_file_store(cls, uri: str | None) -> str | None:
        if uri is not None and uri != "databricks" and urlsplit(uri).scheme in _FILE_STORES:
            raise ValueError(
                "a folder is no place for runs any more, MLflow 3 has dropped it: name a database file, "
                "such as sqlite:///mlflow.db, or a server, such as http://host:5000"
            )
        return uri


def open_log(options: LogOptions, folder: Path, *, resume: bool = True) -> NoLog | MlflowLog:
    """The log that the options ask for.

    Args:
        options: where to log.
        folder: the run's own.
        resume: whether the folder's run goes on; otherwise a new MLflow run is begun.

    Raises:
        MissingExtraError: MLflow is not installed.
        OutputError: MLflow cannot be reached, or does not know the folder's run.
    """
    if options.mlflow is None:
        return NoLog()
    name = options.run_name or folder.resolve().name
    return MlflowLog(options.mlflow, options.experiment, name, folder, resume=resume)


class MlflowLog(Closing):
    """An MLflow run, named by a file in the run's folder so that resuming continues it.

    Files go to ``mlartifacts`` beside an SQLite database, and elsewhere to where the server wants them.
    As a context manager it marks the run as failed or killed where an error ends it.

    Args:
        uri: tracking URI; no folder, see :class:`LogOptions`.
        experiment: its name; made if missing.
        run_name: of a new run.
        folder: of the run; made if missing.
        resume: continue the run that the folder names, if it names one.

    Raises:
        MissingExtraError: MLflow is not installed.
        OutputError: here or in any method: MLflow refuses, or cannot be reached.
    """

    def __init__(
        self, uri: str, experiment: str, run_name: str, folder: Path, *, resume: bool = True
    ) -> None:
        _require_mlflow(uri)
        from mlflow import MlflowClient

        self._place = re.sub(r"//[^/@]*@", "//", uri)  # without a password
        self._open = True
        file = folder / RUN_ID_FILE
        with self._mapped():
            self._client = MlflowClient(tracking_uri=uri, registry_uri=uri)
        if resume and file.exists():
            self.run_id = _read(file)
            with self._mapped(f"; without {file} a new run would begin"):
                self._client.update_run(self.run_id, status="RUNNING")
        else:
            with self._mapped():
                experiment_id = self._experiment_id(experiment, uri)
                self.run_id = str(self._client.create_run(experiment_id, run_name=run_name).info.run_id)
            _write(file, self.run_id)

    def params(self, values: Mapping[str, Any], /) -> None:
        """Settings of the run.

        MLflow lets none be changed: what a resumed run changes is kept as the tag ``resumed.<name>``.
        """
        from mlflow.entities import Param, RunTag

        given = {key: str(value) for key, value in _flat(values)}
        with self._mapped():
            known = self._client.get_run(self.run_id).data.params
            fresh = [Param(key, value) for key, value in given.items() if key not in known]
            changed = [
                RunTag(f"resumed.{key}", value)
                for key, value in given.items()
                if known.get(key, value) != value
            ]
            for first in range(0, len(fresh), _PARAMS_A_CALL):
                self._client.log_batch(self.run_id, params=fresh[first : first + _PARAMS_A_CALL])
            self._client.log_batch(self.run_id, tags=changed)

    def metrics(self, step: int, values: Mapping[str, float], /) -> None:
        """Figures at a step."""
        from mlflow.entities import Metric

        now_ms = int(time.time() * 1000)
        figures = [Metric(key, float(value), now_ms, step) for key, value in values.items()]
        with self._mapped():
            self._client.log_batch(self.run_id, metrics=figures)

    def artifact(self, path: Path, /) -> None:
        """Copy a file to the run."""
        with self._mapped():
            self._client.log_artifact(self.run_id, str(path))

    def close(self) -> None:
        """End the run well."""
        self._end("FINISHED")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            try:
                self._end("FAILED" if isinstance(error, Exception) else "KILLED")
            except CabinSafeError:
                return  # the first error is the one to tell of
        super().__exit__(kind, error, trace)

    def _end(self, status: str) -> None:
        if self._open:
            self._open = False
            with self._mapped():
                self._client.set_terminated(self.run_id, status)

    def _experiment_id(self, name: str, uri: str) -> str:
        found = self._client.get_experiment_by_name(name)
        if found is not None:
            return str(found.experiment_id)
        files = None
        if urlsplit(uri).scheme == "sqlite":  # else they would go to the working directory
            files = (Path(urlsplit(uri).path[1:]).resolve().parent / "mlartifacts").as_uri()
        return str(self._client.create_experiment(name, artifact_location=files))

    @contextmanager
    def _mapped(self, hint: str = "") -> Iterator[None]:
        try:
            yield
        except Exception as error:  # those of its stores and of the network come through MLflow as they are
            raise OutputError(f"MLflow at {self._place}: {error}{hint}") from error


def _require_mlflow(uri: str) -> None:
    """The small ``mlflow-skinny`` is enough, but without the packages for databases."""
    databases = () if urlsplit(uri).scheme in _SERVERS else ("sqlalchemy", "alembic")
    for package in ("mlflow", *databases):
        try:
            import_module(package)
        except ImportError as error:
            raise MissingExtraError("logging to MLflow", "mlflow", package) from error


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise OutputError(f"{file}: cannot be read: {error}") from error


def _write(file: Path, run_id: str) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(run_id + "\n", encoding="utf-8")
    except OSError as error:
        raise OutputError(f"{file}: cannot be written: {error.strerror or error}") from error
