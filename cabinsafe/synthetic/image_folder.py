"""A folder of synthetic pictures: what lies where, whose job it is, and which pictures are there whole."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from cabinsafe.errors import OutputError
from cabinsafe.synthetic.labels import Record, coco_text
from cabinsafe.synthetic.variety import variety
from cabinsafe.whole_files import replace_file

ImageFormat = Literal["jpg", "png"]

IMAGES, SCENES, LABELS = "images", "scenes", "labels"
JOB_FILE, KEYPOINTS_FILE, STATISTICS_FILE = "job.json", "keypoints.json", "statistics.json"


@dataclass(frozen=True)
class ImageFolder:
    """Where a job's pictures go.

    Attributes:
        path: holds ``images``, ``scenes`` and ``labels`` with one file per picture in each, ``job.json``,
            and at the end ``keypoints.json`` and ``statistics.json``.
        image_format: of the pictures.
    """

    path: Path
    image_format: ImageFormat = "jpg"

    def claim(self, job: Mapping[str, Any]) -> None:
        """Create the folder, or make sure that it is one of the same job.

        Raises:
            OutputError: it holds something else, or cannot be created.
        """
        note = self.path / JOB_FILE
        try:
            if note.exists():
                self._require_same(json.loads(note.read_text(encoding="utf-8")), job)
            elif self.path.exists() and any(self.path.iterdir()):
                raise OutputError(f"{self.path}: is not empty and holds no {JOB_FILE}; choose another folder")
            for name in (IMAGES, SCENES, LABELS):
                (self.path / name).mkdir(parents=True, exist_ok=True)
        except (OSError, ValueError) as error:
            raise OutputError(f"{self.path}: cannot be used for pictures: {error}") from error
        replace_file(note, json.dumps(job, indent=1).encode() + b"\n")

    def image_name(self, index: int) -> str:
        """File name of a picture."""
        return f"{index:06d}.{self.image_format}"

    def write(self, index: int, image: bytes, scene: bytes, label: Record) -> None:
        """Write the three files of a picture; the label, which tells that the others are whole, last.

        Raises:
            OutputError: the disk is full, say; files that are there stay whole.
        """
        files = self._files(index)
        for (key, path), data in zip(files.items(), (image, scene), strict=True):
            replace_file(path, data)
            label = label | {f"{key}_sha256": hashlib.sha256(data).hexdigest()}
        replace_file(self._label_file(index), json.dumps(label, allow_nan=False).encode() + b"\n")

    def is_whole(self, index: int) -> bool:
        """Whether a picture's three files are there and are what was written."""
        try:
            label = self.label(index)
            for key, path in self._files(index).items():
                if hashlib.sha256(path.read_bytes()).hexdigest() != label[f"{key}_sha256"]:
                    return False
        except (OSError, ValueError, KeyError, TypeError):
            return False
        return True

    def label(self, index: int) -> Record:
        """The label record of a picture."""
        record: Record = json.loads(self._label_file(index).read_bytes())
        return record

    def finish(self, count: int) -> dict[str, Any]:
        """Write ``keypoints.json`` and ``statistics.json`` of the first pictures; return the statistics.

        Raises:
            OutputError: they cannot be written.
        """

        def labels() -> Iterator[Record]:
            return (self.label(index) for index in range(count))

        replace_file(self.path / KEYPOINTS_FILE, (piece.encode() for piece in coco_text(labels)))
        statistics = variety(labels())
        replace_file(self.path / STATISTICS_FILE, json.dumps(statistics, indent=1).encode() + b"\n")
        return statistics

    def _files(self, index: int) -> dict[str, Path]:
        return {
            "image": self.path / IMAGES / self.image_name(index),
            "scene": self.path / SCENES / f"{index:06d}.json",
        }

    def _label_file(self, index: int) -> Path:
        return self.path / LABELS / f"{index:06d}.json"

    def _require_same(self, found: Any, job: Mapping[str, Any]) -> None:
        if not isinstance(found, dict):
            raise OutputError(f"{self.path / JOB_FILE}: is no job of pictures; choose another folder")
        for key in (*job, *found):
            ours, theirs = job.get(key), found.get(key)
            if ours != theirs:
                raise OutputError(
                    f"{self.path}: holds pictures of another job, its {key} is {theirs!r:.80} and not "
                    f"{ours!r:.80}; choose another folder"
                )
