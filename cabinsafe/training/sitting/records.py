"""Labelled skeletons as plain records, one per line of JSON or row of Parquet: anybody's, or our own kept."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field, field_validator

from cabinsafe.data import KEYPOINTS
from cabinsafe.data.posture import posture
from cabinsafe.detectors.features import FEATURE_KEYPOINTS, SEAT, SEATED_KEYPOINTS, with_neck
from cabinsafe.errors import DataError, MissingExtraError
from cabinsafe.fields import Record
from cabinsafe.training.sitting.annotated import Labelled, gather
from cabinsafe.training.sitting.samples import Samples
from cabinsafe.whole_files import replace_file

_Number = Annotated[float, Field(allow_inf_nan=False)]
_Name = Annotated[str, Field(min_length=1)]


class SkeletonRecord(Record):
    """One labelled skeleton.

    Attributes:
        keypoints: name to x, y in pixels of a picture that is not mirrored; what was not seen is left out or
            null. Names are those of :data:`cabinsafe.data.KEYPOINTS`; without a neck it is the middle of the
            shoulders.
        seat: x, y of the middle of the cushion that the person sits on, as
            :meth:`~cabinsafe.views.SeatView.cushion_middle` has it; left out or null where it is not known.
        label: one of :data:`~cabinsafe.data.posture.POSTURES`.
        vehicle, person: whose cabin and who it is, by any name.
        source: ``labelled`` by hand or rendered, or ``seen`` by a pose network.
        note: anything worth knowing in reports.
    """

    keypoints: dict[str, tuple[_Number, _Number] | None]
    seat: tuple[_Number, _Number] | None = None
    label: str
    vehicle: _Name
    person: _Name
    source: Literal["labelled", "seen"] = "labelled"
    note: str = ""

    @field_validator("keypoints")
    @classmethod
    def _are_known(cls, keypoints: dict[str, Any]) -> dict[str, Any]:
        strange = sorted(set(keypoints) - set(KEYPOINTS))
        if strange:
            raise ValueError(f"no keypoint {', '.join(strange)}; there are {', '.join(KEYPOINTS)}")
        return keypoints

    def row(self, where: str) -> Labelled:
        """As a sample."""
        absent = (np.nan, np.nan)
        points = np.array(
            [*(self.keypoints.get(name) or absent for name in FEATURE_KEYPOINTS), self.seat or absent]
        )
        label = posture(self.label, where)
        return Labelled(
            with_neck(points[None])[0], label, self.vehicle, self.person, self.source, self.note or label
        )


def read_jsonl(path: Path) -> Samples:
    """Samples of a JSON Lines file of :class:`SkeletonRecord`.

    Raises:
        DataError: it cannot be read, or a line is no such record; the message says which.
    """

    def rows() -> Iterator[Labelled]:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                yield _row(path, f"line {number}", line)

    try:
        return gather(rows())
    except OSError as error:
        raise DataError(f"{path}: no readable skeletons: {error.strerror or error}") from error


def read_parquet(path: Path) -> Samples:
    """Samples of a Parquet file with the columns of :class:`SkeletonRecord`, ``keypoints`` a struct or map.

    Raises:
        MissingExtraError: pyarrow is not installed.
        DataError: it cannot be read, or a row is no such record; the message says which.
    """
    try:
        from pyarrow import ArrowException, parquet
    except ImportError as error:
        raise MissingExtraError("reading Parquet", "parquet", "pyarrow") from error
    try:
        table = parquet.read_table(path).to_pylist()
    except (OSError, ArrowException) as error:
        raise DataError(f"{path}: no readable Parquet file: {error}") from error
    return gather(_row(path, f"row {number}", entry) for number, entry in enumerate(table))


def write_jsonl(path: Path, samples: Samples) -> None:
    """Keep samples as records; :func:`read_jsonl` reads them back, points to a hundredth of a pixel.

    Raises:
        OutputError: the file cannot be written.
    """
    replace_file(path, _lines(samples))


def _lines(samples: Samples) -> Iterable[bytes]:
    for n in range(len(samples)):
        seen = {
            name: [round(float(x), 2), round(float(y), 2)]
            for name, (x, y) in zip(SEATED_KEYPOINTS, samples.points[n], strict=True)
            if not np.isnan(x)
        }
        seat = {SEAT: seen.pop(SEAT)} if SEAT in seen else {}
        words = {
            key: str(getattr(samples, key)[n]) for key in ("label", "vehicle", "person", "source", "note")
        }
        yield json.dumps({"keypoints": seen, **seat, **words}).encode() + b"\n"


def _row(path: Path, place: str, entry: bytes | dict[str, Any]) -> Labelled:
    where = f"{path}, {place}"
    try:
        if isinstance(entry, bytes):
            return SkeletonRecord.model_validate_json(entry).row(where)
        given = {key: value for key, value in entry.items() if value is not None}
        if isinstance(given.get("keypoints"), list):  # a map column: pairs of name and point
            given["keypoints"] = dict(given["keypoints"])
        return SkeletonRecord.model_validate(given).row(where)
    except DataError as error:
        raise error if where in str(error) else DataError(f"{where}: {error}") from error
