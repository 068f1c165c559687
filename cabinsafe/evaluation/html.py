"""Parts of the reports' pages: one file each that needs no other, no script and no network."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from itertools import groupby
from typing import Final

from cabinsafe.evaluation.style import STYLE
from cabinsafe.evaluation.tables import Row

_LONG_ROWS: Final = 20  # a longer table may go on in the next column


def document(title: str, body: str) -> str:
    """A whole page of a title and what follows it."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body><main>"
        f"<h1>{escape(title)}</h1>{body}</main></body></html>\n"
    )


def sections(rows: Iterable[Row]) -> list[list[Row]]:
    """Rows that follow each other under one heading, together."""
    return [list(group) for _, group in groupby(rows, key=lambda row: row.section)]


def table(names: Sequence[str], rows: Sequence[Row], *, bars: bool = False) -> str:
    """A table with a line of heading per section and a column per name; bars show shares of 1."""
    lines: list[str] = []
    for section in sections(rows):
        title = escape(section[0].section.replace("_", " "))
        heads = "".join(
            f'<th title="{escape(n)}">{escape(n)}</th>' if not lines else "<th></th>" for n in names
        )
        lines.append(f'<tr class="section"><th>{title}</th>{heads}</tr>')
        for row in section:
            cells = "".join(_cell(cell, i in row.best, bars) for i, cell in enumerate(row.cells))
            lines.append(f"<tr><td>{escape(row.label)}</td>{cells}</tr>")
    kind = ' class="long"' if len(lines) > _LONG_ROWS else ""
    return f"<table{kind}>{''.join(lines)}</table>"


def _cell(text: str, best: bool, bar: bool) -> str:
    shown = f"<b>{escape(text)}</b>" if best else escape(text)
    share = f' class="bar" style="--share:{escape(text)}"' if bar and text[0].isdigit() else ""
    return f"<td{share}>{shown}</td>"
