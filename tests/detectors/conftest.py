"""A copy of the embedded unsafe-sitting classifier, to be changed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def copied(tmp_path: Path, repository: Path) -> Path:
    """A copy of the embedded card, its file beside it."""
    for suffix in (".onnx", ".json"):
        shutil.copy(repository / "models" / f"unsafe-sitting{suffix}", tmp_path)
    return tmp_path / "unsafe-sitting.json"


@pytest.fixture
def edit(copied: Path) -> Callable[..., None]:
    """Change values of the copied card."""

    def change(**values: object) -> None:
        copied.write_text(json.dumps(json.loads(copied.read_text()) | values))

    return change
