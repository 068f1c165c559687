"""Cards of exported and of quantised pose networks."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from cabinsafe.errors import OutputError
from cabinsafe.pose.card import PoseCard
from cabinsafe.resources import sha256_of
from cabinsafe.training.pose.augment import PADDING_VALUE
from cabinsafe.training.pose.layout import MapLayout

INPUT_NAME: Final = "image"
UNKNOWN_LICENCE: Final = "not stated; see sources"


def output_names(layout: MapLayout) -> tuple[str, ...]:
    """Names of an exported network's outputs."""
    return ("heatmaps", "pafs", "boxes") if layout.boxes else ("heatmaps", "pafs")


def write_card(
    model: Path,
    layout: MapLayout,
    size_wh: tuple[int, int],
    *,
    side_multiple: int | None = None,
    licence: str = UNKNOWN_LICENCE,
    notes: Mapping[str, str] | None = None,
    training: Mapping[str, Any] | None = None,
    metrics: Mapping[str, Any] | None = None,
) -> Path:
    """Write the card of an exported network beside it, so that a cabin file can name it.

    Args:
        model: the file that :func:`cabinsafe.training.pose.export.export_onnx` wrote.
        layout: what the network's maps hold.
        size_wh: input width and height that the library shall use, at most.
        side_multiple: what the input's sides must be multiples of; None for ``size_wh`` alone.
        licence: of the network.
        notes: where it comes from: each becomes a source ``{"what": key, "value": value}``.
        training: how it was trained.
        metrics: how good it is.

    Returns:
        The card's path: that of the model, ending in ``.json``.

    Raises:
        OutputError: it cannot be written.
    """
    card = PoseCard.model_validate(
        {
            "name": model.stem,
            "file": model.name,
            "sha256": sha256_of(model),
            "input": {
                "name": INPUT_NAME,
                "color": "bgr",
                "size_wh": size_wh,
                "side_multiple": side_multiple,
                "mean": (0, 0, 0),
                "std": (1, 1, 1),
                "pad_value": PADDING_VALUE,
            },
            "maps": {**{name: name for name in output_names(layout)}, "stride": layout.stride},
            "topology": layout.topology.model_dump(),
            "licence": licence,
            "sources": [{"what": key, "value": value} for key, value in (notes or {}).items()],
            "training": dict(training or {}),
            "metrics": dict(metrics or {}),
        }
    )
    return save_card(card, model.with_suffix(".json"))


def save_card(card: PoseCard, path: Path) -> Path:
    """Write a card, whole or not at all, and return its path.

    Raises:
        OutputError: it cannot be written.
    """
    text = json.dumps(card.model_dump(mode="json"), indent=1) + "\n"
    partial = path.with_suffix(".partial")
    try:
        partial.write_text(text, encoding="utf-8")
        os.replace(partial, path)
    except OSError as error:
        raise OutputError(f"the card {path} cannot be written: {error.strerror or error}") from error
    return path
