"""Drawing scenes: a recipe's values are kept, people sit where they can and do what they are meant to."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cabinsafe.errors import ConfigError
from cabinsafe.synthetic.body import BodyModel, BodySpec
from cabinsafe.synthetic.cabin import Cabin, CabinSpec
from cabinsafe.synthetic.camera import Camera, CameraSpec
from cabinsafe.synthetic.casting import Cast, draw_scene, is_possible
from cabinsafe.synthetic.posing.styles import STYLES
from cabinsafe.synthetic.recipe import Recipe
from cabinsafe.synthetic.scene import PersonSpec

FAR = Camera(CameraSpec(position_m=(3, 0, 1), look_at_m=(0, 0, 0.5)))


def cast_of(model: BodyModel, *seats: str, things: tuple[dict[str, Any], ...] = ()) -> Cast:
    cabin = Cabin(CabinSpec.model_validate({"things": things}))
    return Cast(cabin, FAR, model, {seat: model.shape(BodySpec()) for seat in seats})


def possible(cast: Cast, seat: str, *waiting: str) -> set[str]:
    return {
        name for name, style in STYLES.items() if is_possible(style, name, cast, seat, frozenset(waiting))
    }


@pytest.mark.parametrize(
    "recipe",
    [
        {"cabin": {"kind": "van"}, "camera": {"mount": "rear_roof"}, "people_count": [2]},
        {"people_count": [0], "camera": {"size_wh": [64, 48], "model": "pinhole"}},
        {"styles": ["rest", "talk"], "people_count": [3], "belted_share": 1.0},
        {"cabin": {"kind": "shuttle", "wheel": None}, "light": {"kind": "night_ir"}, "people_count": [1]},
    ],
)
def test_what_a_recipe_fixes_is_kept(body_model: BodyModel, recipe: dict[str, Any]) -> None:
    fixed = Recipe.model_validate(recipe)
    for seed in range(3):
        spec = draw_scene(seed, fixed, body_model)
        told = spec.model_dump(mode="json")
        for part in ("cabin", "camera", "light", "sensor"):
            for key, value in recipe.get(part, {}).items():
                assert told[part][key] == value
        assert len(spec.people) <= recipe["people_count"][0]
        if fixed.styles:
            assert {person.style for person in spec.people} <= set(fixed.styles)
        if fixed.belted_share == 1:
            assert all(person.belted for person in spec.people)


def test_fixed_counts_are_met_where_everybody_just_sits(body_model: BodyModel) -> None:
    recipe = Recipe(people_count=(2,), styles=("rest",), cabin={"kind": "suv", "things": []})
    counts = [len(draw_scene(seed, recipe, body_model).people) for seed in range(4)]
    assert np.mean(counts) > 1.7


def test_one_seed_is_one_scene_and_others_differ(body_model: BodyModel) -> None:
    first, again, other = (draw_scene(seed, Recipe(), body_model) for seed in (11, 11, 12))
    assert first == again
    assert first.cabin != other.cabin
    assert first.camera != other.camera


@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        ({"cabin": {"roof_m": 9.0}}, "roof_m"),
        ({"cabin": {"colour": "red"}}, "colour: unknown key"),
        ({"camera": {"fov_deg": 10}}, "fov_deg"),
        ({"camera": {"position_m": [0, 0, 19], "look_at_m": [0, 0, 20]}}, "sees a seat"),
    ],
)
def test_refuses_fixed_values_out_of_range(
    body_model: BodyModel, recipe: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        draw_scene(0, Recipe.model_validate(recipe), body_model)


# ---- what is possible where


def test_only_drivers_drive(body_model: BodyModel) -> None:
    cast = cast_of(body_model, "Row1.Pos1", "Row1.Pos2")
    driver, passenger = possible(cast, "Row1.Pos1"), possible(cast, "Row1.Pos2")
    assert "drive" in driver - passenger
    assert {"feet_dash", "kneel_back", "feet_own_seat"} <= passenger - driver


def test_lying_needs_an_empty_bench(body_model: BodyModel) -> None:
    assert "lie_on_back" in possible(cast_of(body_model, "Row2.Pos1"), "Row2.Pos1")
    assert "lie_on_back" not in possible(cast_of(body_model, "Row2.Pos1", "Row2.Pos3"), "Row2.Pos1")
    bag = ({"kind": "bag", "seat": "Row2.Pos3"},)
    assert "lie_on_back" not in possible(cast_of(body_model, "Row2.Pos1", things=bag), "Row2.Pos1")
    assert "lie_on_back" not in possible(cast_of(body_model, "Row1.Pos2"), "Row1.Pos2")


def test_the_dashboard_must_be_within_the_legs_reach(body_model: BodyModel) -> None:
    assert "feet_dash" in possible(cast_of(body_model, "Row1.Pos2"), "Row1.Pos2")
    assert "feet_dash" not in possible(cast_of(body_model, "Row2.Pos2"), "Row2.Pos2")
    cast = cast_of(body_model, "Row1.Pos2")
    cast.bodies["Row1.Pos2"] = body_model.shape(BodySpec(age=0.25, height=0.3))
    assert "feet_dash" not in possible(cast, "Row1.Pos2")


def test_partners_are_in_place_or_still_to_answer(body_model: BodyModel) -> None:
    cast = cast_of(body_model, "Row1.Pos1", "Row1.Pos2")
    assert not {"touch_leg", "hug"} & possible(cast, "Row1.Pos2")
    assert {"hug"} == {"touch_leg", "hug"} & possible(cast, "Row1.Pos2", "Row1.Pos1")
    resting = cast.fits(PersonSpec(seat="Row1.Pos1"))
    assert resting is not None
    cast.posed.append(resting)
    assert {"touch_leg"} == {"touch_leg", "hug"} & possible(cast, "Row1.Pos2")


def test_windows_are_beside_outer_seats(body_model: BodyModel) -> None:
    assert "lean_out" in possible(cast_of(body_model, "Row2.Pos1"), "Row2.Pos1")
    assert "lean_out" not in possible(cast_of(body_model, "Row2.Pos2"), "Row2.Pos2")


def test_children_in_child_seats_just_sit(body_model: BodyModel) -> None:
    child_seat = ({"kind": "child_seat", "seat": "Row2.Pos1"},)
    cast = cast_of(body_model, "Row2.Pos1", things=child_seat)
    assert possible(cast, "Row2.Pos1") == {"rest", "sleep", "talk", "looking_out"}


# ---- what fits


def test_a_camera_in_the_face_does_not_fit(body_model: BodyModel) -> None:
    cast, person = cast_of(body_model, "Row1.Pos2"), PersonSpec(seat="Row1.Pos2")
    occupant = cast.fits(person)
    assert occupant is not None
    nose = occupant.figure.keypoints[0]
    cast.camera = Camera(CameraSpec(position_m=tuple(nose + [0.05, 0, 0]), look_at_m=(0, 0, 0)))  # noqa: RUF005
    assert cast.fits(person) is None


def test_a_style_that_does_not_show_its_event_does_not_fit(body_model: BodyModel) -> None:
    """Feet meant for the seat, on legs too short to hold them there: possible, but not what it says."""
    cast = cast_of(body_model, "Row1.Pos2")
    person = PersonSpec(seat="Row1.Pos2", style="rest")
    occupant = cast.fits(person)
    assert occupant is not None
    pretender = type(occupant)(
        person.model_copy(update={"style": "feet_own_seat"}), occupant.body, occupant.posture, occupant.figure
    )
    assert cast._keeps_its_word(occupant)
    assert not cast._keeps_its_word(pretender)
