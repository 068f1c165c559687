"""Scenes: a spec is all there is; the same spec puts everybody in the same place, in any process."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Sequence

import pytest

from cabinsafe.errors import ConfigError
from cabinsafe.synthetic.body import BodyModel, BodySpec
from cabinsafe.synthetic.cabin import Cabin, CabinSpec
from cabinsafe.synthetic.camera import CameraSpec
from cabinsafe.synthetic.casting import draw_scene
from cabinsafe.synthetic.contact import gaps
from cabinsafe.synthetic.light import draw_light
from cabinsafe.synthetic.recipe import Recipe
from cabinsafe.synthetic.scene import Occupant, PersonSpec, SceneSpec, own_solids, pose_people, setting_of
from cabinsafe.synthetic.sensor import draw_sensor
from cabinsafe.synthetic.validity import FLESH_M, body_problems

SEEDS = (1, 2, 3, 4, 5, 6)
PEOPLE = Recipe(people_count=(2, 3))


def digest(occupants: Sequence[Occupant]) -> str:
    joined = b"".join(occupant.figure.pose.transforms.tobytes() for occupant in occupants)
    return hashlib.sha256(joined).hexdigest()


@pytest.fixture(scope="module")
def scenes(body_model: BodyModel) -> dict[int, tuple[SceneSpec, tuple[Occupant, ...]]]:
    specs = {seed: draw_scene(seed, PEOPLE, body_model) for seed in SEEDS}
    return {
        seed: (spec, pose_people(Cabin(spec.cabin), spec.people, body_model)) for seed, spec in specs.items()
    }


def scene_of(*people: PersonSpec) -> SceneSpec:
    light = draw_light(0)
    camera = CameraSpec(position_m=(0.5, 0, 1.0), look_at_m=(0, 0, 0.5))
    return SceneSpec(
        seed=0, cabin=CabinSpec(), camera=camera, light=light, sensor=draw_sensor(0, light), people=people
    )


def test_a_seed_gives_the_same_scene_and_the_same_bodies_in_another_process(
    scenes: dict[int, tuple[SceneSpec, tuple[Occupant, ...]]],
) -> None:
    code = (
        "import hashlib, sys\n"
        "from cabinsafe.synthetic.body import BodyModel\n"
        "from cabinsafe.synthetic.cabin import Cabin\n"
        "from cabinsafe.synthetic.casting import draw_scene\n"
        "from cabinsafe.synthetic.recipe import Recipe\n"
        "from cabinsafe.synthetic.scene import pose_people\n"
        "model = BodyModel()\n"
        "spec = draw_scene(int(sys.argv[1]), Recipe.model_validate_json(sys.argv[2]), model)\n"
        "people = pose_people(Cabin(spec.cabin), spec.people, model)\n"
        "joined = b''.join(one.figure.pose.transforms.tobytes() for one in people)\n"
        "print(spec.model_dump_json(), hashlib.sha256(joined).hexdigest(), sep='\\n')\n"
    )
    told = {}
    for hash_seed, seed in (("0", SEEDS[0]), ("7", SEEDS[1])):
        done = subprocess.run(
            [sys.executable, "-c", code, str(seed), PEOPLE.model_dump_json()],
            env=os.environ | {"PYTHONHASHSEED": hash_seed}, capture_output=True, text=True, check=True,
        )  # fmt: skip
        told[seed] = done.stdout.splitlines()
    for seed, lines in told.items():
        spec, occupants = scenes[seed]
        assert lines == [spec.model_dump_json(), digest(occupants)]


def test_a_scene_survives_json(
    scenes: dict[int, tuple[SceneSpec, tuple[Occupant, ...]]], body_model: BodyModel
) -> None:
    for spec, occupants in scenes.values():
        again = SceneSpec.model_validate_json(spec.model_dump_json())
        assert again == spec
        assert digest(pose_people(Cabin(again.cabin), again.people, body_model)) == digest(occupants)


def test_people_of_drawn_scenes_go_through_nothing(
    scenes: dict[int, tuple[SceneSpec, tuple[Occupant, ...]]],
) -> None:
    assert sum(len(occupants) for _, occupants in scenes.values()) >= 2 * len(SEEDS) - 2
    for spec, occupants in scenes.values():
        for i, first in enumerate(occupants):
            open_window = first.spec.style in ("lean_out", "elbow_out", "lean_on_door")
            solids = own_solids(Cabin(spec.cabin), first.spec.seat)
            assert body_problems(first.figure, solids, open_window) == []
            for second in occupants[i + 1 :]:
                assert gaps(first.figure, second.figure).min() >= -FLESH_M


def test_free_seats_are_those_beside_without_people_or_things(body_model: BodyModel) -> None:
    cabin, person = Cabin(CabinSpec()), PersonSpec(seat="Row2.Pos2")
    body = body_model.shape(BodySpec())
    assert setting_of(cabin, person, {"Row2.Pos2": body}, ()).free == {1, -1}
    assert setting_of(cabin, person, {"Row2.Pos2": body, "Row2.Pos1": body}, ()).free == {-1}
    bag = Cabin(CabinSpec.model_validate({"things": [{"kind": "bag", "seat": "Row2.Pos3"}]}))
    assert setting_of(bag, person, {"Row2.Pos2": body}, ()).free == {1}


@pytest.mark.parametrize(
    ("people", "message"),
    [
        ([{"seat": "Row1.Pos3"}], "no seat Row1.Pos3 in this cabin; it has Row1.Pos1, Row1.Pos2, Row2.Pos1"),
        ([{"seat": "Row1.Pos1"}, {"seat": "Row1.Pos1"}], "two people on one seat: Row1.Pos1, Row1.Pos1"),
        ([{"seat": "Row1.Pos1", "style": "hug", "partner": "Row1.Pos2"}], "a partner's seat is empty"),
    ],
)
def test_refuses_scenes_that_cannot_be(people: list[dict[str, str]], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        scene_of(*(PersonSpec.model_validate(person) for person in people))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"seat": "Row1.Pos1", "style": "dance"}, "no style 'dance'; there are .*kneel_back"),
        ({"seat": "Row1.Pos1", "style": "touch_leg"}, "style 'touch_leg' needs a partner"),
        ({"seat": "front"}, "seat"),
        ({"seat": "Row1.Pos1", "pose_seed": -1}, "pose_seed: .*at least 0"),
        ({"seat": "Row1.Pos1", "covering": "tent"}, "covering: .*blanket"),
        ({"seat": "Row1.Pos1", "hat": True}, "hat: unknown key"),
    ],
)
def test_refuses_people_who_cannot_be(values: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        PersonSpec.model_validate(values)
