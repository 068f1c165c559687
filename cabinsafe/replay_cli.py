"""The command ``cabinsafe replay``: thin; nothing slow is imported before it runs."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from cabinsafe.errors import OutputError


def replay(
    scenes: Annotated[
        list[Path],
        typer.Argument(
            metavar="SCENES...",
            help="scenes.jsonl, or a folder that holds it; for several cameras of one ride, one each.",
        ),
    ],
    cabin: Annotated[
        str, typer.Option("--cabin", "-c", help="Cabin file, or a bundled one's name: sedan, shuttle.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for events.jsonl; created if need be.")],
) -> None:
    """Run rules and gate again on stored scenes, without images or network; write events.jsonl."""
    from cabinsafe.config import load_config
    from cabinsafe.replay import replay_files
    from cabinsafe.run import EVENTS_FILE, SCENES_FILE

    files = [path / SCENES_FILE if path.is_dir() else path for path in scenes]
    target = out / EVENTS_FILE
    if any(target.exists() and file.exists() and target.samefile(file) for file in files):
        raise OutputError(f"{target} would be overwritten by the results; choose another folder")
    begun_s = time.perf_counter()
    count, ended = replay_files(load_config(cabin), files, out)
    rate = count / (time.perf_counter() - begun_s)
    console = Console(highlight=False)
    text = f"{count} scenes, {rate:.0f} a second, {len(ended)} events; results in {target}"
    console.print(text, soft_wrap=True, markup=False)
