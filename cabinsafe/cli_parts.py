"""What several commands share: options, progress, and the check for an extra."""

from __future__ import annotations

import importlib
from enum import Enum

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cabinsafe.errors import MissingExtraError


class SplitName(str, Enum):
    """Parts of a set, by the fixed rule of :mod:`cabinsafe.data.split`, as an option."""

    train = "train"
    val = "val"
    test = "test"


def progress_bar(console: Console) -> Progress:
    """A bar that says what is done, how much of it, and how long it will take."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console)


def require_extra(feature: str, extra: str, *packages: str) -> None:
    """Check that the packages of an extra are there, before anything slow begins.

    Raises:
        MissingExtraError: one is not; the message names the extra.
    """
    for package in packages:
        try:
            importlib.import_module(package)
        except ImportError as error:
            raise MissingExtraError(feature, extra, package) from error
