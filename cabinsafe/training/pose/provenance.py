"""What a run was made from, by digest: for resuming, for the exported file and for its card."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Final

from cabinsafe.pose.card import PoseCard
from cabinsafe.resources import sha256_of
from cabinsafe.training.pose.augment import PADDING_VALUE
from cabinsafe.training.pose.config import PoseTrainingConfig
from cabinsafe.training.pose.export import INPUT_NAME, OUTPUT_NAMES
from cabinsafe.training.pose.layout import STRIDE, TOPOLOGY

_WITHOUT_EFFECT: Final = frozenset({"images", "output", "threads", "blend", "bootstrap_rounds", "data_note"})
"""Keys that do not shape the weights that the loop ends with."""

_PATHS: Final = frozenset({"annotations", "images", "initial_weights", "initial_checkpoint", "output"})


def settings_digest(config: PoseTrainingConfig) -> str:
    """Digest of the settings that shape the weights; files count by content, wherever they lie."""
    values = config.model_dump(mode="json", exclude=set(_WITHOUT_EFFECT))
    for key, file in _files(config).items():
        values[key] = sha256_of(file)
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def notes_of(config: PoseTrainingConfig) -> dict[str, str]:
    """What is known of the origin of a run's weights: names and digests of its files, and the data note."""
    notes: dict[str, str] = {}
    for key, file in _files(config).items():
        notes[key] = file.name
        notes[f"{key}_sha256"] = sha256_of(file)
    if config.data_note is not None:
        notes["data_note"] = config.data_note
    return notes


def _files(config: PoseTrainingConfig) -> dict[str, Path]:
    files = {"initial_weights": config.initial_weights, "annotations": config.annotations}
    if config.initial_checkpoint is not None:
        files["initial_checkpoint"] = config.initial_checkpoint
    return files


def write_card(
    model: Path, config: PoseTrainingConfig, notes: dict[str, str], report: dict[str, Any]
) -> Path:
    """Write the card of an exported network beside it, so that a cabin file can name it.

    Args:
        model: the exported ONNX file.
        config: the run.
        notes: what :func:`notes_of` says of it.
        report: figures of the run, taken over as the card's metrics.
    """
    heatmaps, pafs = OUTPUT_NAMES
    card = PoseCard.model_validate(
        {
            "name": model.stem,
            "file": model.name,
            "sha256": sha256_of(model),
            "input": {
                "name": INPUT_NAME,
                "color": "bgr",
                "size_wh": (config.runtime_px, config.runtime_px),
                "mean": (0, 0, 0),
                "std": (1, 1, 1),
                "pad_value": PADDING_VALUE,
            },
            "maps": {"heatmaps": heatmaps, "pafs": pafs, "stride": STRIDE},
            "topology": TOPOLOGY.model_dump(),
            "licence": "not stated; see sources",
            "sources": [{"what": key, "value": value} for key, value in notes.items()],
            "training": config.model_dump(mode="json", exclude=set(_PATHS) | {"data_note"}),
            "metrics": report,
        }
    )
    path = model.with_suffix(".json")
    path.write_text(json.dumps(card.model_dump(mode="json"), indent=1) + "\n", encoding="utf-8")
    return path
