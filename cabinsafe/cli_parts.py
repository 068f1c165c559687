"""What several commands share: options, progress, and the check for an extra."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from enum import Enum
from itertools import groupby
from typing import Protocol

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from cabinsafe.errors import MissingExtraError


class SplitName(str, Enum):
    """Parts of a set, by the fixed rule of :mod:`cabinsafe.data.split`, as an option."""

    train = "train"
    val = "val"
    test = "test"


class Figures(Protocol):
    """A row of figures in words; evaluations have them."""

    @property
    def section(self) -> str:
        """What kind of figure."""
        ...

    @property
    def label(self) -> str:
        """Which."""
        ...

    @property
    def cells(self) -> tuple[str, ...]:
        """One for each column."""
        ...

    @property
    def best(self) -> frozenset[int]:
        """Places of the cells to stress."""
        ...


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


def print_rows(console: Console, title: str, names: Sequence[str], rows: Sequence[Figures]) -> None:
    """Print rows of figures under their sections, a column for each name."""
    table = Table("", "", title=escape(title), box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name in names:
        table.add_column(escape(name), justify="right")
    for section, group in groupby(rows, key=lambda row: row.section):
        for number, row in enumerate(members := list(group)):
            cells = [f"[bold]{c}[/bold]" if i in row.best else c for i, c in enumerate(row.cells)]
            head = "" if number else section
            table.add_row(head, escape(row.label), *cells, end_section=row is members[-1])
    console.print(table)
