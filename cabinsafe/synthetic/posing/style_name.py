"""The name of a style, as specs hold it."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

from cabinsafe.synthetic.posing.styles import STYLES


def _known(style: str) -> str:
    if style not in STYLES:
        raise ValueError(f"no style '{style}'; there are {', '.join(sorted(STYLES))}")
    return style


StyleName = Annotated[str, AfterValidator(_known)]
"""A name of the repertoire; another is refused."""
