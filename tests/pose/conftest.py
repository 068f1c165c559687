"""What the pose tests share."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def maps() -> ModuleType:
    """The generator of synthetic people and maps, ``maps.py`` of this folder."""
    path = Path(__file__).with_name("maps.py")
    spec = importlib.util.spec_from_file_location("cabinsafe_test_maps", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
