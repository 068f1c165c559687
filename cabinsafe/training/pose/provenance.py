"""What a run was made from, by digest: for resuming, for the exported file and for its card."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Final

from cabinsafe.resources import sha256_of
from cabinsafe.training.pose.config import PoseTrainingConfig

_WITHOUT_EFFECT: Final = frozenset(
    {
        "output",
        "device",
        "threads",
        "workers",
        "blend",
        "data_note",
        "patience",
        "validate_on",
        "log",
        "decoder",
    }
)
"""Keys that do not shape the weights that the loop passes through."""


def settings_digest(config: PoseTrainingConfig) -> str:
    """Digest of the settings that shape the weights; files count by content, wherever they lie."""
    values = config.model_dump(mode="json", exclude=set(_WITHOUT_EFFECT))
    for place, spec in enumerate(config.data):
        values["data"][place] |= {"annotations": sha256_of(spec.annotations), "images": None}
    for key in ("initial_weights", "teacher"):
        file: Path | None = getattr(config, key)
        values[key] = None if file is None else sha256_of(file)
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def notes_of(config: PoseTrainingConfig) -> dict[str, str]:
    """What is known of the origin of a run's weights: names and digests of its files, and the data note."""
    files = {f"data_{place}": spec.annotations for place, spec in enumerate(config.data)}
    files |= {
        key: file for key in ("initial_weights", "teacher") if (file := getattr(config, key)) is not None
    }
    notes = {key: f"{file.name} sha256 {sha256_of(file)}" for key, file in files.items()}
    return notes if config.data_note is None else {**notes, "data_note": config.data_note}


def without_paths(config: PoseTrainingConfig) -> dict[str, Any]:
    """The settings of a run as they may be published: file names, no folders."""
    values = config.model_dump(mode="json", exclude={"output", "log", "data_note"})
    for group in ("data", "validate_on"):
        for spec, entry in zip(getattr(config, group), values[group], strict=True):
            entry |= {"annotations": spec.annotations.name}
            del entry["images"]
    for key in ("initial_weights", "teacher"):
        file: Path | None = getattr(config, key)
        values[key] = None if file is None else file.name
    return values
