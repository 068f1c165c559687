"""Bodies, shaped once for all tests: loading the model takes seconds."""

from __future__ import annotations

import pytest

from cabinsafe.synthetic.body import Body, BodyModel, BodySpec


@pytest.fixture(scope="session")
def body_model() -> BodyModel:
    pytest.importorskip("anny", reason="needs the [synthetic] extra")
    return BodyModel()


@pytest.fixture(scope="session")
def adult_body(body_model: BodyModel) -> Body:
    return body_model.shape(BodySpec(gender=0.9, age=0.7, weight=0.55, height=0.45))


@pytest.fixture(scope="session")
def child_body(body_model: BodyModel) -> Body:
    return body_model.shape(BodySpec(gender=0.1, age=0.3, height=0.4))
