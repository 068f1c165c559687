"""Bodies, shaped once for all tests: loading the model takes seconds. And postures and casts by chance."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from cabinsafe.synthetic.body import Body, BodyModel, BodySpec
from cabinsafe.synthetic.cabin import Cabin, CabinSpec
from cabinsafe.synthetic.posing.posture import Foot, Hand, Posture
from cabinsafe.synthetic.rotations import from_vector
from cabinsafe.synthetic.scene import Occupant, PersonSpec, pose_people

WildPosture = Callable[[np.random.Generator], Posture]


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


@pytest.fixture(scope="session")
def wild_posture() -> WildPosture:
    """Gives any posture, however impossible: hips anywhere, targets out of reach, bends beyond all limits."""

    def draw(rng: np.random.Generator) -> Posture:
        hands = [Hand(*rng.normal(0, (0.6,), (3, 3)), curl=float(rng.random())) for _ in range(2)]
        feet = [Foot(*rng.normal(0, (0.8,), (3, 3))) for _ in range(2)]
        pelvis = from_vector(rng.normal(0, 1.2, 3))
        spine, head = rng.normal(0, (1.2,), (2, 3))
        return Posture(rng.normal(0, 0.2, 3), pelvis, spine, head, *hands, *feet)

    return draw


@pytest.fixture(scope="session")
def sedan() -> Cabin:
    """The default cabin: two seats and a bench of three."""
    return Cabin(CabinSpec())


@pytest.fixture(scope="session")
def resting(sedan: Cabin, body_model: BodyModel) -> dict[str, Occupant]:
    """Somebody at rest on four seats of the sedan, by seat."""
    seats = ("Row1.Pos1", "Row1.Pos2", "Row2.Pos1", "Row2.Pos3")
    people = [PersonSpec(seat=seat, pose_seed=i, body=BodySpec(gender=i % 2)) for i, seat in enumerate(seats)]
    return {occupant.spec.seat: occupant for occupant in pose_people(sedan, people, body_model)}
