"""Rides: scripts, motion, frames and the clip on disk."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from cabinsafe.config import CabinConfig
from cabinsafe.data import read_scenes, read_truth
from cabinsafe.errors import ConfigError, OutputError
from cabinsafe.geometry import box_iou
from cabinsafe.media import open_source
from cabinsafe.synthetic.cabin.model import Cabin
from cabinsafe.synthetic.cabin.spec import CabinSpec
from cabinsafe.synthetic.camera import Camera, CameraSpec
from cabinsafe.synthetic.contact import gaps
from cabinsafe.synthetic.posing.posture import Posture
from cabinsafe.synthetic.recipe import Recipe
from cabinsafe.synthetic.ride.clip import ClipJob, clip_truth, make_clip, near_misses, true_events
from cabinsafe.synthetic.ride.files import load_ride
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
from cabinsafe.synthetic.truth import RULES
from cabinsafe.synthetic.validity import body_problems
from cabinsafe.yaml_file import read_mapping

LEFT, MIDDLE, RIGHT = "Row2.Pos1", "Row2.Pos2", "Row2.Pos3"
CAMERA = {"camera_id": "rear", "position_m": (-0.15, 0, 1.1), "look_at_m": (-0.9, 0, 0.5), "fov_deg": 120}


def act(start_s: float, style: str, seat: str = MIDDLE, **more: object) -> dict:
    return {"start_s": start_s, "style": style, "seat": seat, **more}


def ride(riders: list[dict], **more: object) -> RideSpec:
    values = {
        "seed": 1, "duration_s": 4.0, "fps": 5, "cabin": CabinSpec(),
        "camera": CameraSpec(**CAMERA, size_wh=(64, 48)), "light": {}, "sensor": {}, "riders": riders,
    }  # fmt: skip
    return RideSpec(**(values | more))


PAIR = [
    {"acts": [act(0, "rest", LEFT), act(1.0, "touch_leg", LEFT, partner=2), act(3.0, "rest", LEFT)]},
    {"acts": [act(0, "rest", MIDDLE)]},
]


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


def test_events_run_from_their_first_frame_to_the_end_of_their_last() -> None:
    touch, feet = ("hand_on_leg", (1, 2)), ("feet_on_seats", (2,))
    held = [{} for _ in range(40)]
    for frame in [*range(10, 15), *range(17, 20), *range(30, 36)]:  # the gap of two frames is bridged
        held[frame][touch] = (LEFT, MIDDLE)
    held[3][feet] = (MIDDLE,)  # a single frame is none
    events = list(true_events(held, fps=10))
    assert [(e.kind, e.t_start_s, e.t_end_s) for e in events] == [
        ("hand_on_leg", 1.0, 2.0), ("hand_on_leg", 3.0, 3.6),
    ]  # fmt: skip
    assert events[0].seats == (LEFT, MIDDLE)
    assert events[0].track_ids == (1, 2)


def test_near_misses_are_noted_unless_the_event_holds() -> None:
    spec = ride([{"acts": [act(0, "rest"), act(0.5, "ankle_on_knee"), act(3.0, "rest")]}])
    quiet = [{} for _ in range(spec.frame_count)]
    (miss,) = near_misses(spec, quiet)
    assert (miss.kind, miss.near_miss, miss.t_start_s, miss.t_end_s) == ("feet_on_seats", True, 1.5, 3.0)
    loud = [{("feet_on_seats", (1,)): (MIDDLE,)} for _ in range(spec.frame_count)]
    assert list(near_misses(spec, loud)) == []
    assert set(clip_truth(spec, quiet).rules) == set(RULES)


def test_a_clip_on_disk_is_read_by_the_library_and_goes_on_where_it_stopped(
    tmp_path: Path, body_model
) -> None:
    spec = ride([{"acts": [act(0, "rest"), act(0.2, "feet_tailor", move_s=0.4)]}], duration_s=1.4)
    job = ClipJob(spec, tmp_path / "clip")
    assert make_clip(job)
    truth = read_truth(tmp_path / "clip" / "truth.json")
    assert [e.kind for e in truth.events] == ["feet_on_seats"]
    assert truth.duration_s == pytest.approx(1.4)
    scenes = list(read_scenes(tmp_path / "clip" / "scenes.jsonl"))
    with open_source(tmp_path / "clip" / "ride.mp4") as source:
        frames = list(source)
    assert len(scenes) == len(frames) == spec.frame_count == 7
    assert frames[0].size_wh == (64, 48)
    CabinConfig(**read_mapping(tmp_path / "clip" / "cabin.yaml"))
    assert load_ride(tmp_path / "clip" / "ride.json") == spec
    assert not (tmp_path / "clip" / "frames").exists()
    made = []
    assert make_clip(job, on_frame=lambda *counts: made.append(counts)), "it is there: nothing to do"
    assert made == []
    other = ClipJob(spec.model_copy(update={"seed": 9}), tmp_path / "clip")
    with pytest.raises(OutputError, match="holds another ride"):
        make_clip(other)


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


def test_a_ride_without_its_video_has_all_else_and_gets_it_later(tmp_path: Path, body_model) -> None:
    spec = ride([{"acts": [act(0, "rest"), act(0.2, "feet_tailor", move_s=0.4)]}], duration_s=1.4)
    folder = tmp_path / "clip"
    assert make_clip(ClipJob(spec, folder, video=False))
    assert {path.name for path in folder.iterdir()} == {
        "scenes.jsonl",
        "truth.json",
        "cabin.yaml",
        "ride.json",
    }
    assert len(list(read_scenes(folder / "scenes.jsonl"))) == spec.frame_count
    before = read_truth(folder / "truth.json")
    assert [e.kind for e in before.events] == ["feet_on_seats"]
    assert make_clip(ClipJob(spec, folder))
    assert read_truth(folder / "truth.json") == before
    with open_source(folder / "ride.mp4") as source:
        assert len(list(source)) == spec.frame_count
    assert make_clip(ClipJob(spec, folder, video=False)), "it is there: nothing to do"
    assert (folder / "ride.mp4").exists()


def test_a_folder_of_other_things_is_refused(tmp_path: Path, body_model) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(OutputError, match=r"holds no ride\.json"):
        make_clip(ClipJob(ride(PAIR), tmp_path))


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
            for act, occupant in zip(spec.riders[number - 1].acts, occupants, strict=True):
                assert occupant.spec.side == act.side
                solids = own_solids(cabin, occupant.spec.seat)
                assert body_problems(occupant.figure, solids, window_open(act.style)) == []


@pytest.mark.parametrize(
    ("riders", "words"),
    [
        (
            [{"acts": [act(0, "rest"), act(1, "text"), act(1.5, "rest")]}],
            "begins before the one at 1 s is reached",
        ),
        ([{"acts": [act(0, "dance")]}], "no style 'dance'"),
        ([{"acts": [act(0, "touch_leg")]}], "needs a partner"),
        ([{"acts": [act(0, "touch_leg", partner=1)]}], "number of another rider"),
        ([{"acts": [act(0, "rest", "Row9.Pos1")]}], "no seat Row9.Pos1"),
        ([{"acts": [act(0, "rest")], "enters_s": 1, "leaves_s": 2}], "leaves_s must be at least"),
        ([{"acts": []}], "acts"),
    ],
)
def test_impossible_scripts_are_refused(riders: list[dict], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        ride(riders)


def test_script_files_name_file_and_key(tmp_path: Path) -> None:
    good = ride(PAIR)
    (tmp_path / "ride.yaml").write_text(json.dumps(good.model_dump(mode="json")))  # JSON is YAML
    assert load_ride(tmp_path / "ride.yaml") == good
    (tmp_path / "bad.json").write_text("{")
    with pytest.raises(ConfigError, match=r"bad\.json: no readable script"):
        load_ride(tmp_path / "bad.json")
    (tmp_path / "list.json").write_text("[]")
    with pytest.raises(ConfigError, match="expected a mapping"):
        load_ride(tmp_path / "list.json")
    (tmp_path / "key.json").write_text(json.dumps(good.model_dump(mode="json") | {"speed": 3}))
    with pytest.raises(ConfigError, match=r"key\.json: .*speed"):
        load_ride(tmp_path / "key.json")


def test_specs_are_what_the_camera_sees(film: Film) -> None:
    assert isinstance(film.camera, Camera)
    assert ActSpec(start_s=1, seat=LEFT, move_s=2).held_s == 3
    rider = RiderSpec(acts=(ActSpec(start_s=0, seat=LEFT), ActSpec(start_s=2, seat=LEFT, style="text")))
    assert [rider.act_at(t).style for t in (0, 1.9, 2.0, 9.0)] == ["rest", "rest", "text", "text"]
