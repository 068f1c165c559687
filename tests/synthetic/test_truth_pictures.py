"""Truth in pictures: masks, boxes, and visibility against a ray caster of the tests' own."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from pycocotools import mask as coco

from cabinsafe.synthetic.body import KEYPOINTS
from cabinsafe.synthetic.cabin import Cabin
from cabinsafe.synthetic.camera import Camera, CameraSpec
from cabinsafe.synthetic.mesh import Material, Mesh, mesh, rounded_box
from cabinsafe.synthetic.render import Visibility, visibility
from cabinsafe.synthetic.scene import Occupant
from cabinsafe.synthetic.truth import (
    HIDDEN,
    OUTSIDE,
    TISSUE_M,
    VISIBLE,
    object_mask,
    person_truth,
    run_lengths,
)

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # pycocotools'
FRONT = CameraSpec(position_m=(0.55, 0.0, 1.0), look_at_m=(-0.3, 0.0, 0.55), fov_deg=110, size_wh=(96, 72))
FISHEYE = FRONT.model_copy(update={"model": "fisheye", "fov_deg": 150.0, "distortion": (-0.02, 0.002, 0, 0)})


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
