"""Truth: events on constructed cases, masks, boxes, and visibility against a ray caster of the tests' own."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from pycocotools import mask as coco

from cabinsafe.synthetic.body import KEYPOINTS
from cabinsafe.synthetic.cabin import Cabin, CabinSpec
from cabinsafe.synthetic.camera import Camera, CameraSpec
from cabinsafe.synthetic.contact import Figure, hand_on_leg_gap
from cabinsafe.synthetic.mesh import Material, Mesh, mesh, rounded_box
from cabinsafe.synthetic.posing.ik import solve
from cabinsafe.synthetic.posing.styles import STYLES, Sitting
from cabinsafe.synthetic.render import Visibility, visibility
from cabinsafe.synthetic.scene import Occupant
from cabinsafe.synthetic.truth import (
    HIDDEN,
    OUTSIDE,
    RULES,
    TISSUE_M,
    TOUCH_M,
    VISIBLE,
    Actor,
    Fact,
    actor,
    facts,
    feet_on_dash,
    feet_on_seats,
    leaning_out,
    object_mask,
    person_truth,
    run_lengths,
)

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # pycocotools'

FRONT = CameraSpec(position_m=(0.55, 0.0, 1.0), look_at_m=(-0.3, 0.0, 0.55), fov_deg=110, size_wh=(96, 72))
FISHEYE = FRONT.model_copy(update={"model": "fisheye", "fov_deg": 150.0, "distortion": (-0.02, 0.002, 0, 0)})


def moved(occupant: Occupant, *offset: float) -> Figure:
    return Figure(occupant.body, solve(occupant.body, occupant.posture.shifted(np.array(offset))))


def flat_sedan(facing: str = "forward") -> Cabin:
    """The default cabin with level cushions, and a second row that faces somewhere."""
    spec = CabinSpec()
    rows = [row.model_copy(update={"cushion_angle_deg": 0.0}) for row in spec.rows]
    rows[1] = rows[1].model_copy(update={"facing": facing})
    return Cabin(spec.model_copy(update={"rows": tuple(rows)}))


def with_heel_at(occupant: Occupant, cabin: Cabin, ahead_of_edge_m: float, sole_above_m: float) -> Figure:
    """The whole person moved so that the left heel is so far before the front edge of the cushion, the
    lowest point of that foot so high over the cushion."""
    cushion = cabin.seats["Row2.Pos1"].cushion
    top, edge = (cushion.center + cushion.size / 2)[[2, 0]]
    heel = occupant.figure.line("left_foot")
    low = heel[:, 2].min() - occupant.body.radius("left_foot")
    offset = (edge + ahead_of_edge_m - heel[0, 0], cushion.center[1] - heel[0, 1], top + sole_above_m - low)
    return moved(occupant, *offset)


@pytest.mark.parametrize(
    ("ahead_of_edge_m", "sole_above_m", "expected"),
    [
        (-0.20, 0.01, True),  # flat on it
        (-0.20, -0.03, True),  # pressed in
        (-0.20, 0.12, False),  # lifted over it
        (-0.20, -0.35, False),  # on the floor below it
        (-0.05, 0.0, True),  # the heel on the edge
        (0.03, 0.0, False),  # before the edge
    ],
)
def test_feet_on_seats(
    resting: dict[str, Occupant], ahead_of_edge_m: float, sole_above_m: float, expected: bool
) -> None:
    cabin = flat_sedan()
    figure = with_heel_at(resting["Row2.Pos1"], cabin, ahead_of_edge_m, sole_above_m)
    assert feet_on_seats(cabin, figure) is expected
    kinds = {fact.kind for fact in facts(cabin, [Actor("Row2.Pos1", "seated", figure)])}
    assert ("feet_on_seats" in kinds) is expected


def test_a_foot_through_the_backrest_is_on_no_seat(resting: dict[str, Occupant]) -> None:
    """Somebody behind the seat, whose toes are over the rear end of its cushion."""
    cabin = flat_sedan()
    length = cabin.seats["Row2.Pos1"].cushion.size[0]
    for heel_behind_m, expected in ((-0.02, True), (0.02, False), (0.05, False)):
        figure = with_heel_at(resting["Row2.Pos1"], cabin, -length - heel_behind_m, 0.01)
        left = figure.lines[figure.rows("foot")]
        assert left[..., 0].max() > cabin.seats["Row2.Pos1"].cushion.center[0] - length / 2
        assert feet_on_seats(cabin, figure) is expected


def test_a_foot_whose_toes_are_in_the_backrest_is_on_the_seat(resting: dict[str, Occupant]) -> None:
    """As of somebody who kneels on the seat: the shoe lies on the cushion, its tip against the backrest."""
    cabin = flat_sedan("backward")  # the foot points to where its backrest is
    figure = with_heel_at(resting["Row2.Pos1"], cabin, -0.08, -0.02)
    assert figure.line("left_foot")[1, 0] > cabin.seats["Row2.Pos1"].cushion.corners[:, 0].max() + 0.04
    assert feet_on_seats(cabin, figure)


def test_feet_on_the_floor_are_on_no_seat_and_no_dash(sedan: Cabin, resting: dict[str, Occupant]) -> None:
    assert facts(sedan, [actor(occupant) for occupant in resting.values()]) == ()
    for occupant in resting.values():
        assert not feet_on_seats(sedan, occupant.figure)
        assert not feet_on_dash(sedan, occupant.figure)


def test_feet_on_the_dash(sedan: Cabin, resting: dict[str, Occupant]) -> None:
    occupant, dash = resting["Row1.Pos2"], sedan.spec.dash
    assert dash is not None
    feet = occupant.figure.lines[occupant.figure.rows("foot")]
    up = dash.top_m + 0.05 - feet[..., 2].min()
    onto = sedan.spec.front_m + 0.1 - feet[..., 0].max()
    assert feet_on_dash(sedan, moved(occupant, onto, 0, up))
    assert not feet_on_dash(sedan, moved(occupant, onto - 0.25, 0, up))  # before it
    assert not feet_on_dash(sedan, moved(occupant, onto, 0, 0))  # under it
    without = Cabin(sedan.spec.model_copy(update={"dash": None}))
    assert not feet_on_dash(without, moved(occupant, onto, 0, up))


@pytest.mark.parametrize(("gap_m", "expected"), [(-0.02, True), (0.01, True), (0.04, False), (0.06, False)])
def test_a_hand_on_a_leg(sedan: Cabin, resting: dict[str, Occupant], gap_m: float, expected: bool) -> None:
    """The left hand reaches out; the other comes nearer until the gap is as asked."""
    actor_, other = resting["Row1.Pos2"], resting["Row1.Pos1"]
    thigh = other.figure.line("right_thigh").mean(axis=0)
    above = np.array([0, 0, other.body.radius("right_thigh") + actor_.body.radius("left_hand")])
    hand = replace(actor_.posture.left_hand, wrist_m=thigh + above + np.array([-0.12, -0.12, 0.0]))
    posture = actor_.posture.with_hand(1, hand)
    reaching = Figure(actor_.body, solve(actor_.body, posture))
    low, high = -0.3, 0.3
    for _ in range(40):  # down is nearer
        middle = (low + high) / 2
        near = hand_on_leg_gap(reaching, moved(other, 0, 0, -middle)) < gap_m
        low, high = (middle, high) if near else (low, middle)
    touched = moved(other, 0, 0, -high)
    assert hand_on_leg_gap(reaching, touched) == pytest.approx(gap_m, abs=1e-4)
    assert (gap_m <= TOUCH_M) is expected
    people = [Actor("Row1.Pos2", "seated", reaching), Actor("Row1.Pos1", "seated", touched)]
    found = [fact for fact in facts(sedan, people) if fact.kind == "hand_on_leg"]
    assert found == ([Fact("hand_on_leg", ("Row1.Pos2", "Row1.Pos1"))] if expected else [])  # toucher first


def test_the_own_leg_is_no_event(sedan: Cabin, resting: dict[str, Occupant]) -> None:
    occupant = resting["Row1.Pos2"]
    assert hand_on_leg_gap(occupant.figure, occupant.figure) < TOUCH_M
    assert facts(sedan, [actor(occupant)]) == ()


def test_leaning_out_needs_head_or_shoulder_beyond_the_window(
    sedan: Cabin, resting: dict[str, Occupant]
) -> None:
    occupant = resting["Row1.Pos2"]
    window = sedan.seats["Row1.Pos2"].window
    assert window is not None
    head = occupant.figure.line("head").mean(axis=0)
    out = -(sedan.shell.side_y(float(head[2])) + head[1])
    shoulder = occupant.figure.pose.head("upperarm01.R")
    just = -(sedan.shell.side_y(float(shoulder[2])) + shoulder[1])

    def leans(*offset: float) -> bool:
        return leaning_out(sedan, Actor("Row1.Pos2", "seated", moved(occupant, *offset)))

    assert leans(0, out - 0.02, 0)
    assert leans(0, just - 0.02, 0.08)
    assert not leans(0, just + 0.08, 0)
    assert not leans(0, out - 0.02, -0.6)  # below the sill
    assert not leaning_out(
        sedan, Actor("Row2.Pos2", "seated", moved(occupant, 0, out - 0.02, 0))
    )  # no window
    leaning = Actor("Row1.Pos2", "seated", moved(occupant, 0, out - 0.02, 0))
    assert {"leaning_out", "unsafe_sitting"} <= {fact.kind for fact in facts(sedan, [leaning])}


@pytest.mark.parametrize("sitting", get_args(Sitting))
def test_ways_to_sit(sedan: Cabin, resting: dict[str, Occupant], sitting: Sitting) -> None:
    kinds = {fact.kind for fact in facts(sedan, [Actor("Row1.Pos2", sitting, resting["Row1.Pos2"].figure)])}
    expected = {
        "lying": {"unsafe_sitting"}, "kneeling": {"unsafe_sitting"}, "standing": {"unsafe_sitting"},
        "sliding": {"unsafe_sitting"}, "fighting": {"fighting"},
    }  # fmt: skip
    assert kinds == expected.get(sitting, set())  # leaning out is measured
    assert kinds <= set(RULES)
    assert sitting in {style.sitting for style in STYLES.values()}


# ---- masks


@settings(max_examples=150)
@given(mask=arrays(bool, array_shapes(min_dims=2, max_dims=2, max_side=9)))
def test_run_lengths_are_cocos(mask: np.ndarray) -> None:
    height, width = mask.shape
    runs = run_lengths(mask)
    assert sum(runs) == mask.size
    assert all(run > 0 for run in runs[1:])
    encoded = coco.frPyObjects({"size": [height, width], "counts": runs}, height, width)
    np.testing.assert_array_equal(coco.decode(encoded).astype(bool), mask)
    assert encoded["counts"] == coco.encode(np.asfortranarray(mask.astype(np.uint8)))["counts"]


def test_run_lengths_of_nothing_and_of_everything() -> None:
    assert run_lengths(np.zeros((3, 4), bool)) == [12]
    assert run_lengths(np.ones((3, 4), bool)) == [0, 12]


@given(ids=arrays(np.int32, (6, 8), elements=st.integers(-1, 2)))
def test_a_pixel_belongs_to_who_covers_half_of_it(ids: np.ndarray) -> None:
    mask = object_mask(ids, 1, (4, 3))
    for row in range(3):
        for column in range(4):
            covered = (ids[2 * row : 2 * row + 2, 2 * column : 2 * column + 2] == 1).sum()
            assert mask[row, column] == (covered >= 2)
    np.testing.assert_array_equal(object_mask(ids, 2, (8, 6)), ids == 2)


# ---- keypoints in pictures


def scene_meshes(cabin: Cabin, people: list[Occupant]) -> list[Mesh]:
    """The cabin, and bare bodies as objects 1, 2, ..."""
    bodies = [
        Mesh(person.body.skin.posed(person.figure.pose), person.body.triangles, object_id=number)
        for number, person in enumerate(people, 1)
    ]
    return [*cabin.meshes(), *bodies]


def first_hit(meshes: list[Mesh], origin: np.ndarray, ray: np.ndarray) -> tuple[float, int]:
    """Distance and object of the first triangle on a ray (Moeller and Trumbore), by trying all."""
    best, owner = np.inf, -1
    for one in meshes:
        a, b, c = one.vertices.astype(np.float64)[one.triangles.T]
        across = np.cross(ray, c - a)
        det = ((b - a) * across).sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            u = ((origin - a) * across).sum(axis=1) / det
            normal = np.cross(origin - a, b - a)
            v, t = normal @ ray / det, ((c - a) * normal).sum(axis=1) / det
            hit = (u >= 0) & (v >= 0) & (u + v <= 1) & (t > 0.03)
        if hit.any() and t[hit].min() < best:
            best, owner = float(t[hit].min()), one.object_id
    return best, owner


@pytest.fixture(scope="module")
def people(resting: dict[str, Occupant]) -> list[Occupant]:
    return [resting["Row1.Pos2"], resting["Row2.Pos1"], resting["Row2.Pos3"]]


@pytest.mark.parametrize("spec", [FRONT, FISHEYE], ids=["pinhole", "fisheye"])
def test_visibility_is_that_of_an_independent_ray_caster(
    sedan: Cabin, people: list[Occupant], spec: CameraSpec
) -> None:
    camera, meshes, scale = Camera(spec), scene_meshes(sedan, people), 2
    seen = visibility(meshes, camera, scale)
    rays = camera.rays((spec.size_wh[0] * scale, spec.size_wh[1] * scale))
    told, expected = [], []
    for number, person in enumerate(people, 1):
        truth = person_truth(person.figure, number, camera, seen)
        told.append(truth.visibility)
        for name, (x, y), point in zip(KEYPOINTS, truth.xy, person.figure.keypoints, strict=True):
            if not (0 <= x < spec.size_wh[0] and 0 <= y < spec.size_wh[1]):
                expected.append(OUTSIDE)
                continue
            depth, owner = first_hit(meshes, camera.position, rays[int(y * scale), int(x * scale)])
            tissue = TISSUE_M[name.rpartition("_")[2]] * person.body.stature_m / 1.72
            beneath = np.linalg.norm(point - camera.position) - depth
            expected.append(VISIBLE if owner == number and beneath <= tissue else HIDDEN)
    np.testing.assert_array_equal(np.concatenate(told), expected)
    assert {int(value) for value in expected} >= {VISIBLE, HIDDEN}


def test_masks_are_object_ids_and_boxes_are_tight(sedan: Cabin, people: list[Occupant]) -> None:
    camera = Camera(FRONT)
    seen = visibility(scene_meshes(sedan, people), camera, 1)
    masks = []
    for number, person in enumerate(people, 1):
        truth = person_truth(person.figure, number, camera, seen)
        np.testing.assert_array_equal(truth.mask, seen.object_id == number)
        assert truth.box is not None
        left, top, width, height = map(int, truth.box)
        inside = truth.mask[top : top + height, left : left + width]
        assert inside.sum() == truth.mask.sum() > 0
        assert inside[0].any()
        assert inside[-1].any()
        assert inside[:, 0].any()
        assert inside[:, -1].any()
        masks.append(truth.mask)
    assert np.sum(masks, axis=0).max() == 1


def test_what_stands_in_front_hides_a_person_who_still_has_a_box(
    sedan: Cabin, people: list[Occupant]
) -> None:
    camera = Camera(FRONT)
    wall = mesh(rounded_box((0.5, 0, 0.9), (0.02, 2, 2), power=20), Material())
    seen = visibility([*scene_meshes(sedan, people), wall], camera)
    truth = person_truth(people[0].figure, 1, camera, seen)
    inside = (truth.xy >= 0).all(axis=1) & (truth.xy < FRONT.size_wh).all(axis=1)
    np.testing.assert_array_equal(truth.visibility, np.where(inside, HIDDEN, OUTSIDE))
    assert inside.sum() > 5
    assert not truth.mask.any()
    left, top, width, height = truth.box or (0, 0, 0, 0)
    np.testing.assert_allclose((left, top), truth.xy[inside].min(axis=0))
    np.testing.assert_allclose((left + width, top + height), truth.xy[inside].max(axis=0))


def test_who_is_outside_the_picture_has_no_box(sedan: Cabin, people: list[Occupant]) -> None:
    camera = Camera(FRONT.model_copy(update={"look_at_m": (2.0, 0.0, 1.0)}))
    seen = visibility(scene_meshes(sedan, people), camera)
    truth = person_truth(people[0].figure, 1, camera, seen)
    assert not truth.visibility.any()
    assert not truth.mask.any()
    assert truth.box is None
    assert np.isnan(truth.xy[KEYPOINTS.index("nose")]).all()


def test_a_keypoint_deep_in_another_part_of_the_same_body_is_hidden(people: list[Occupant]) -> None:
    """What is seen of the person there is nearer than flesh can be thick: a hand before the face, say."""
    camera, figure = Camera(FRONT), people[0].figure
    height, width = FRONT.size_wh[::-1]
    own = np.full((height, width), 1, np.int32)
    _, distance = camera.project(figure.keypoints)
    nose = KEYPOINTS.index("nose")
    for before, expected in ((0.02, VISIBLE), (0.10, HIDDEN)):
        depth = np.full((height, width), distance[nose] - before, np.float32)
        truth = person_truth(figure, 1, camera, Visibility(depth, own, 1))
        assert truth.visibility[nose] == expected
