"""What the pose tests share."""

from __future__ import annotations

from types import ModuleType

import pytest
import synthetic_maps


@pytest.fixture(scope="session")
def maps() -> ModuleType:
    """The generator of synthetic people and maps."""
    return synthetic_maps
