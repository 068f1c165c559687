"""Rides: scripts, motion and frames."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from ride_scripts import LEFT, MIDDLE, PAIR, RIGHT, act, ride

from cabinsafe.geometry import box_iou
from cabinsafe.synthetic.cabin.model import Cabin
from cabinsafe.synthetic.camera import Camera
from cabinsafe.synthetic.contact import gaps
from cabinsafe.synthetic.posing.posture import Posture
from cabinsafe.synthetic.recipe import Recipe
from cabinsafe.synthetic.ride.film import Film
from cabinsafe.synthetic.ride.motion import (
    Leg,
    Sway,
    key_occupants,
    min_jerk,
    plan_motions,
    vehicle_shake,
)
from cabinsafe.synthetic.ride.script import draw_ride
from cabinsafe.synthetic.ride.spec import ENTRY_S, ActSpec, RiderSpec, RideSpec
from cabinsafe.synthetic.scene import look_in_style, own_solids, window_open
from cabinsafe.synthetic.validity import body_problems


@pytest.fixture(scope="module")
def film(body_model) -> Film:
    return Film(ride(PAIR), body_model)


def test_min_jerk_starts_and_ends_at_rest_and_never_turns_back() -> None:
    shares = np.array([min_jerk(s) for s in np.linspace(-0.5, 1.5, 201)])
    assert shares[0] == 0
    assert shares[-1] == 1
    assert min_jerk(0.5) == pytest.approx(0.5)
    assert (np.diff(shares) >= 0).all()
    assert max(min_jerk(0.01), 1 - min_jerk(0.99)) < 1e-4


def test_sway_is_small_slow_and_its_own(body_model) -> None:
    first, second = (Sway(np.random.default_rng(seed), 3) for seed in (1, 2))
    values = np.array([first.at(t) for t in np.arange(0, 60, 0.1)])
    assert np.abs(values).max() < 3
    assert np.abs(np.diff(values, axis=0)).max() < 0.6
    assert not np.allclose(first.at(1.0), second.at(1.0))


def test_a_standing_vehicle_shakes_nobody() -> None:
    assert np.array_equal(vehicle_shake(1, 0.0)(12.3), np.zeros(3))
    assert np.abs(vehicle_shake(1, 20.0)(12.3)).max() > 0


def flat(posture: Posture) -> np.ndarray:
    parts = [
        posture.hips_m,
        posture.spine,
        posture.head,
        posture.left_hand.wrist_m,
        posture.right_foot.ankle_m,
    ]
    return np.concatenate([*parts, posture.pelvis.ravel()])


def test_motion_has_no_jumps(film: Film) -> None:
    for motion in film.motions:
        shake = vehicle_shake(1, 12.0)
        steps = [flat(motion.posture(t, shake(t))) for t in np.arange(0, 4, 1 / 60)]
        assert max(np.abs(b - a).max() for a, b in pairwise(steps)) < 0.1


def test_an_act_is_reached_when_its_move_is_over(film: Film) -> None:
    motion = film.motions[0]
    assert np.allclose(flat(motion.planned(2.0)), flat(motion.planned(2.9)))
    assert not np.allclose(flat(motion.planned(1.5)), flat(motion.planned(2.0)))


def test_a_leg_passes_its_waypoints(film: Film) -> None:
    start, end = film.motions[0].planned(0.0), film.motions[0].planned(2.5)
    leg = Leg(0.0, 1.0, (start, end, start))
    assert np.allclose(flat(leg.at(0.5)), flat(end))
    assert np.allclose(flat(leg.at(-1)), flat(start))
    assert np.allclose(flat(leg.at(9)), flat(start))


def test_the_touch_holds_while_it_is_held_and_at_no_other_time(film: Film) -> None:
    held = {t: film.frame(round(t * 5)).facts for t in (0.4, 2.2, 2.8, 3.9)}
    kinds = {t: {(fact.kind, fact.seats) for fact in facts} for t, facts in held.items()}
    touch = ("hand_on_leg", (LEFT, MIDDLE))
    assert touch in kinds[2.2]
    assert touch in kinds[2.8]
    assert touch not in kinds[0.4]
    assert touch not in kinds[3.9]


def test_a_frame_depends_on_nothing_but_its_number(film: Film, body_model) -> None:
    again = Film(ride(PAIR), body_model)
    assert np.array_equal(again.frame(9).image, film.frame(9).image)
    assert again.frame(9).scene == film.frame(9).scene
    assert not np.array_equal(film.frame(9).image, film.frame(10).image)


def test_true_scenes_know_ids_seats_and_what_is_hidden(film: Film) -> None:
    scene = film.frame(5).scene
    assert scene.t_s == 1.0
    assert scene.camera_id == "rear"
    assert scene.size_wh == (64, 48)
    assert {t.track_id: t.seat for t in scene.tracks} == {1: LEFT, 2: MIDDLE}
    for track in scene.tracks:
        assert set(np.unique(track.skeleton.score)) <= {0.0, 0.5, 1.0}
        assert (np.isnan(track.skeleton.xy[:, 0]) == (track.skeleton.score == 0)).all()


def test_a_phone_is_in_the_hand_that_uses_it_and_only_then(body_model) -> None:
    spec = ride([{"acts": [act(0, "rest"), act(1.0, "phone", pose_seed=3)]}])
    film = Film(spec, body_model)
    (motion,) = film.motions
    assert look_in_style(motion.person_at(0.5)).phone_hand == "none"
    side = look_in_style(motion.person_at(3.0)).phone_hand
    pose = film.figures(3.0)[1].pose
    heights = {s: pose.head(f"wrist.{s[0].upper()}")[2] for s in ("left", "right")}
    assert heights[side] == max(heights.values()), "the hand at the ear"


def test_people_come_in_sit_down_and_leave(body_model) -> None:
    rider = {"acts": [act(0, "rest", RIGHT)], "enters_s": 1.0, "leaves_s": 6.0}
    spec = ride([rider], duration_s=10.0)
    (motion,) = plan_motions(spec, Cabin(spec.cabin), body_model)
    there = [motion.is_there(t) for t in (0.5, 1.5, 5.0, 6.0 + ENTRY_S - 0.1, 6.1 + ENTRY_S)]
    assert there == [False, True, True, True, False]
    assert [motion.is_passing(t) for t in (1.5, 5.0, 7.0)] == [True, False, True]
    outside = [abs(motion.planned(t).hips_m[1]) for t in (1.0, 6.0 + ENTRY_S)]
    assert min(outside) > spec.cabin.half_width_m
    assert abs(motion.planned(5.0).hips_m[1]) < spec.cabin.half_width_m


def test_a_change_of_seats_ends_on_the_other_seat(body_model) -> None:
    spec = ride([{"acts": [act(0, "rest", LEFT), act(1, "rest", MIDDLE, move_s=3)]}], duration_s=6.0)
    cabin = Cabin(spec.cabin)
    (motion,) = plan_motions(spec, cabin, body_model)
    assert motion.planned(5.0).hips_m[1] == pytest.approx(cabin.seats[MIDDLE].hip_m[1], abs=0.1)
    assert motion.is_passing(2.0)
    assert not motion.is_passing(5.0)


def test_the_truth_without_a_picture_is_that_of_the_picture(film: Film) -> None:
    keypoints = agreeing = 0
    for index in range(0, film.spec.frame_count, 3):
        quick, whole = film.truth(index), film.frame(index)
        assert (quick.facts, quick.riders) == (whole.facts, whole.riders)
        for one, other in zip(quick.scene.tracks, whole.scene.tracks, strict=True):
            assert np.array_equal(one.skeleton.xy, other.skeleton.xy, equal_nan=True)
            assert box_iou(np.array([one.box_xyxy]), np.array([other.box_xyxy]))[0, 0] > 0.7
            keypoints += len(one.skeleton.score)
            agreeing += (one.skeleton.score == other.skeleton.score).sum()
    assert agreeing >= 0.95 * keypoints, "in a picture of 64 x 48 pixels much lies at edges"


def test_drawn_rides_follow_their_seed_and_keep_people_apart(body_model) -> None:
    recipe = Recipe(cabin={"kind": "sedan"}, people_count=(3,))
    first, again = (draw_ride(4, recipe, body_model, 12.0) for _ in range(2))
    assert first == again
    assert first != draw_ride(5, recipe, body_model, 12.0)
    assert RideSpec.model_validate_json(first.model_dump_json()) == first
    motions = plan_motions(first, Cabin(first.cabin), body_model)
    assert sum(len(motion.spec.acts) for motion in motions) > len(motions)
    film = Film(first, body_model)
    for t in np.arange(0.0, 12.0, 1.0):
        figures = list(film.figures(t).values())
        for i, one in enumerate(figures):
            for other in figures[:i]:
                assert gaps(one, other).min() > -0.15, "on the way from act to act people may brush, no more"


def test_what_is_filmed_is_what_was_drawn_and_checked(body_model) -> None:
    for seed in (1, 2, 3):
        spec = draw_ride(seed, Recipe(cabin={"kind": "sedan"}, people_count=(2, 3)), body_model, 20.0)
        cabin = Cabin(spec.cabin)
        bodies = [body_model.shape(rider.body) for rider in spec.riders]
        for number, occupants in key_occupants(spec, cabin, bodies).items():
            for planned, occupant in zip(spec.riders[number - 1].acts, occupants, strict=True):
                assert occupant.spec.side == planned.side
                solids = own_solids(cabin, occupant.spec.seat)
                assert body_problems(occupant.figure, solids, window_open(planned.style)) == []


def test_specs_are_what_the_camera_sees(film: Film) -> None:
    assert isinstance(film.camera, Camera)
    assert ActSpec(start_s=1, seat=LEFT, move_s=2).held_s == 3
    rider = RiderSpec(acts=(ActSpec(start_s=0, seat=LEFT), ActSpec(start_s=2, seat=LEFT, style="text")))
    assert [rider.act_at(t).style for t in (0, 1.9, 2.0, 9.0)] == ["rest", "rest", "text", "text"]
