"""The files of an evaluation."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from cabinsafe.errors import OutputError
from cabinsafe.evaluation.page import html_page
from cabinsafe.evaluation.pose import Evaluation
from cabinsafe.evaluation.sets import PoseSet
from cabinsafe.whole_files import replace_file

JSON_FILE: Final = "report.json"
HTML_FILE: Final = "report.html"


def prepare_folder(folder: Path) -> None:
    """Create the folder of the files, before anything slow begins.

    Raises:
        OutputError: it cannot be created.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be created: {error.strerror or error}") from error


def write_report(folder: Path, evaluation: Evaluation, sets: Sequence[PoseSet]) -> None:
    """Write ``report.json`` and ``report.html``.

    Raises:
        OutputError: they cannot be written.
        MediaError: an image of a worst case is gone.
    """
    texts = {
        JSON_FILE: json.dumps(evaluation.report.plain(), indent=1, allow_nan=False) + "\n",
        HTML_FILE: html_page(evaluation, sets),
    }
    for name, text in texts.items():
        replace_file(folder / name, text.encode())
