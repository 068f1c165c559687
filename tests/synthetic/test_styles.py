"""The repertoire: its table is consistent, and what it says can be posed in drawn vehicles.

Shares of possible first tries, over ten draws of a vehicle, a seat and people for each style, are printed
(``pytest -s``); when this was written: 0.81 over all styles, none below 0.57.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple, get_args

import numpy as np
import pytest

from cabinsafe.synthetic.body import BodyModel, BodySpec, draw_body
from cabinsafe.synthetic.cabin import Cabin, draw_cabin
from cabinsafe.synthetic.cabin.mounts import draw_camera
from cabinsafe.synthetic.camera import Camera
from cabinsafe.synthetic.casting import Cast, is_possible
from cabinsafe.synthetic.contact import gaps
from cabinsafe.synthetic.posing.bases import RESTING
from cabinsafe.synthetic.posing.feet import FEET
from cabinsafe.synthetic.posing.hands import HANDS
from cabinsafe.synthetic.posing.limits import violations
from cabinsafe.synthetic.posing.styles import STYLES, Need, Sitting
from cabinsafe.synthetic.sampling import generator
from cabinsafe.synthetic.scene import Occupant, PersonSpec, own_solids, window_open
from cabinsafe.synthetic.truth import RULES, actor, facts
from cabinsafe.synthetic.validity import body_problems, camera_problems, pair_problems

KINDS = ("sedan", "suv", "van", "shuttle")
DRAWS = 10
LEAST_SHARE, LEAST_MEAN_SHARE = 0.4, 0.7
PARTNER_TRIES = 5
NEAR_MISSES = frozenset(
    {"feet_on_seats", "feet_on_dash", "hand_on_leg", "unsafe_sitting", "leaning_out", "fighting"}
)


class Trial(NamedTuple):
    """One try at a style: the people before, the person in place, and the same if it fits, else None."""

    cast: Cast
    occupant: Occupant
    fitted: Occupant | None


class Stage:
    """Vehicles by number, each with a camera, and people to try styles with."""

    def __init__(self, model: BodyModel) -> None:
        self.model = model
        self.place = lru_cache(None)(self._place)

    def _place(self, number: int) -> tuple[Cabin, Camera]:
        cabin = Cabin(draw_cabin(number, {"kind": KINDS[number % len(KINDS)], "things": []}))
        return cabin, Camera(draw_camera(cabin, number))

    def trial(self, name: str, number: int) -> Trial | None:
        """A style on the first seat that meets its needs; None if the vehicle has none."""
        cabin, _ = self.place(number)
        for seat in map(str, generator(number, name).permutation(list(cabin.seats))):
            is_child = number % 5 == 4 and cabin.seats[seat].wheel is None
            body = draw_body(number, "child" if is_child else "adult")
            cast, partner = self._cast(name, number, seat, body)
            waiting = frozenset({partner} - {None})
            if cast is not None and is_possible(STYLES[name], name, cast, seat, waiting):
                person = PersonSpec(seat=seat, style=name, partner=partner, pose_seed=number, body=body)
                return Trial(cast, cast.place(person), cast.fits(person))
        return None

    def _cast(self, name: str, number: int, seat: str, own: BodySpec) -> tuple[Cast | None, str | None]:
        """The people before: a partner who answers or rests, if the style needs one."""
        cabin, camera = self.place(number)
        cast = Cast(cabin, camera, self.model, {seat: self.model.shape(own)})
        if "partner" not in STYLES[name].needs:
            return cast, None
        answer, body = STYLES[name].answer, draw_body(1000 + number, "adult")
        for beside in filter(None, (cabin.seats[seat].left, cabin.seats[seat].right)):
            cast.bodies[beside] = self.model.shape(body)
            for pose_seed in range(PARTNER_TRIES):
                partner = PersonSpec(
                    seat=beside, style=answer or "rest", partner=seat if answer else None,
                    pose_seed=pose_seed, body=body,
                )  # fmt: skip
                occupant = cast.fits(partner)
                if occupant is not None:
                    cast.posed.append(occupant)
                    return cast, beside
            del cast.bodies[beside]
        return None, None


@pytest.fixture(scope="module")
def trials(body_model: BodyModel) -> dict[str, list[Trial]]:
    stage = Stage(body_model)
    tried = {name: [stage.trial(name, number) for number in range(DRAWS)] for name in STYLES}
    return {name: [trial for trial in some if trial is not None] for name, some in tried.items()}


def test_every_style_finds_a_seat_in_some_vehicle(trials: dict[str, list[Trial]]) -> None:
    assert {name: len(some) for name, some in trials.items() if len(some) < 4} == {}


def test_every_style_gives_a_body_within_its_joints_limits(trials: dict[str, list[Trial]]) -> None:
    for some in trials.values():
        for trial in some:
            pose = trial.occupant.figure.pose
            assert np.isfinite(pose.transforms).all()
            assert violations(pose) == {}


def test_most_tries_are_possible(trials: dict[str, list[Trial]]) -> None:
    shares = {name: np.mean([trial.fitted is not None for trial in some]) for name, some in trials.items()}
    for name, share in sorted(shares.items(), key=lambda item: item[1]):
        print(f"{share:.2f} of {len(trials[name]):2d}  {name}")  # noqa: T201
    assert {name: share for name, share in shares.items() if share < LEAST_SHARE} == {}
    assert np.mean(list(shares.values())) >= LEAST_MEAN_SHARE


def kinds_shown(trial: Trial) -> set[str]:
    found = facts(trial.cast.cabin, [actor(one) for one in (*trial.cast.posed, trial.occupant)])
    return {fact.kind for fact in found if fact.seats[0] == trial.occupant.spec.seat}


def test_what_is_accepted_shows_what_it_is_meant_to_and_no_near_miss_shows_its_event(
    trials: dict[str, list[Trial]],
) -> None:
    for name, some in trials.items():
        for trial in some:
            if trial.fitted is not None:
                shown = kinds_shown(trial)
                assert set(STYLES[name].shows) <= shown, name
                assert STYLES[name].near_miss_of not in shown, name


def test_what_is_accepted_is_possible_and_what_is_refused_has_a_reason(
    trials: dict[str, list[Trial]],
) -> None:
    for name, some in trials.items():
        style = STYLES[name]
        for cast, occupant, fitted in some:
            figure = occupant.figure
            problems = [
                *body_problems(figure, own_solids(cast.cabin, occupant.spec.seat), window_open(name)),
                *pair_problems([*(other.figure for other in cast.posed), figure]),
                *camera_problems([figure], cast.camera.position),
            ]
            if fitted is not None:
                assert problems == []
                continue
            shown = kinds_shown(Trial(cast, occupant, fitted))
            breaks_its_word = not set(style.shows) <= shown or style.near_miss_of in shown
            touches = "hand_on_leg" in shown or any(
                gaps(other.figure, figure).min() < 0.03 for other in cast.posed
            )
            assert problems or breaks_its_word or touches, name


def test_the_person_that_fits_is_the_person_in_place(trials: dict[str, list[Trial]]) -> None:
    for some in trials.values():
        for _, occupant, fitted in some[:2]:
            if fitted is not None:
                np.testing.assert_array_equal(fitted.figure.pose.transforms, occupant.figure.pose.transforms)


# ---- the table


@pytest.mark.parametrize("name", STYLES)
def test_what_a_style_names_exists(name: str) -> None:
    style = STYLES[name]
    assert set(style.near) | set(style.far) <= set(HANDS)
    assert set(style.near_foot) | set(style.far_foot) <= set(FEET)
    assert style.near
    assert style.far
    assert style.near_foot
    assert style.far_foot
    assert set(style.ranges) <= set(RESTING)
    assert all(low <= high for low, high in style.ranges.values())
    assert set(style.needs) <= set(get_args(Need))
    assert style.sitting in get_args(Sitting)
    assert set(style.shows) <= set(RULES)
    assert style.near_miss_of is None or style.near_miss_of in RULES
    assert style.near_miss_of not in style.shows
    assert not {"driver", "passenger"} <= set(style.needs)


def test_answers_exist_need_a_partner_and_are_never_drawn_alone() -> None:
    answers = {style.answer for style in STYLES.values()} - {None}
    for name, style in STYLES.items():
        assert (name in answers) == (style.weight == 0)
        if style.answer is not None:
            assert "partner" in style.needs
            assert "partner" in STYLES[style.answer].needs
            assert STYLES[style.answer].answer is None


def test_hands_on_a_partner_need_one() -> None:
    reaching = {"partner_leg", "over_partner_leg", "before_partner", "partner_shoulder", "partner_back"}
    reaching |= {"partner_head", "partner_hand"}
    for name, style in STYLES.items():
        if reaching & {*style.near, *style.far}:
            assert "partner" in style.needs, name


def test_every_place_for_hands_and_feet_is_used() -> None:
    assert {hand for style in STYLES.values() for hand in (*style.near, *style.far)} == set(HANDS)
    assert {foot for style in STYLES.values() for foot in (*style.near_foot, *style.far_foot)} == set(FEET)


def test_every_event_is_shown_and_has_a_near_miss() -> None:
    assert {kind for style in STYLES.values() for kind in style.shows} == set(RULES) == NEAR_MISSES
    assert {style.near_miss_of for style in STYLES.values()} - {None} == NEAR_MISSES
    assert {style.sitting for style in STYLES.values()} == set(get_args(Sitting))
