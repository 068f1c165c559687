"""The pictures of docs/detectors.md show what the detectors read today."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="module")
def script(repository: Path) -> Iterator[ModuleType]:
    spec = importlib.util.spec_from_file_location("truth_tables", repository / "scripts" / "truth_tables.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look for it there
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


@pytest.mark.parametrize("kind", ["feet_on_seats", "hand_on_leg"])
def test_every_case_holds_and_the_committed_table_shows_it(script: ModuleType, kind: str) -> None:
    drawn = script.table(kind, script.TABLES[kind])
    assert (script.FOLDER / f"{kind}.svg").read_text(encoding="utf-8") == drawn
    assert {case.state for case in script.TABLES[kind]} == set(script.State)


def test_a_case_that_reads_otherwise_is_named(script: ModuleType) -> None:
    wrong = script.Case("feet down", script.State.TRUE, [{}])
    with pytest.raises(AssertionError, match="feet down: expected true, read false"):
        script.table("feet_on_seats", [wrong])
