"""Bodies: posed and seen as anny's own forward pass and OpenCV have it; measures of a plausible person."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import MappingProxyType

import cv2
import numpy as np
import pytest

from cabinsafe.errors import ConfigError, MissingExtraError
from cabinsafe.synthetic.body import KEYPOINTS, Body, BodyModel, BodySpec, draw_body
from cabinsafe.synthetic.camera import Camera, CameraSpec
from cabinsafe.synthetic.posing.ik import solve
from cabinsafe.synthetic.posing.posture import Posture
from cabinsafe.synthetic.rig import BonePose

# Anny's axes: x left, -y forward, z up
LEFT_FORWARD_UP = np.array([[0.0, 1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
CAMERAS = tuple(
    CameraSpec(position_m=(1.1, 0.2, 0.9), look_at_m=(0, 0, 0.1), roll_deg=4, size_wh=(640, 480), **lens)  # type: ignore[arg-type]
    for lens in (
        {"model": "pinhole", "fov_deg": 90},
        {"model": "pinhole", "fov_deg": 120, "mirrored": True},
        {"model": "fisheye", "fov_deg": 140},
        {"model": "fisheye", "fov_deg": 120, "distortion": (-0.03, 0.006, -0.002, 0.0003)},
    )
)


def anny_vertices(model: BodyModel, body: Body, pose: BonePose) -> tuple[np.ndarray, np.ndarray]:
    """Vertices (V, 3) and COCO keypoints (17, 3) of anny's forward pass, in the vehicle's axes."""
    import anny
    import torch

    net = model._anny
    values = {name: torch.tensor([value]) for name, value in body.spec.model_dump().items()}
    with torch.no_grad():
        rest = net(phenotype_kwargs=values)["rest_bone_poses"][0].numpy()
        bones = np.tile(np.eye(4), (len(rest), 1, 1))
        there = LEFT_FORWARD_UP  # vehicle to anny
        bones[:, :3, :3] = there @ pose.rotations @ there.T @ rest[:, :3, :3]
        bones[:, :3, 3] = pose.heads @ there.T
        posed = net(
            pose_parameters=torch.tensor(bones[None], dtype=torch.float32),
            pose_parameterization="world",
            phenotype_kwargs=values,
        )
        keypoints = anny.KeypointsRegressor.coco(net, list(KEYPOINTS[:-1]))(posed)
    return posed["vertices"][0].numpy() @ there, keypoints[0].numpy() @ there


def opencv_pixels(spec: CameraSpec, points: np.ndarray) -> np.ndarray:
    """Pixels (N, 2) by OpenCV, from the spec alone."""
    position, target = np.array(spec.position_m), np.array(spec.look_at_m)
    ahead = (target - position) / np.linalg.norm(target - position)
    right = np.cross(ahead, (0, 0, 1))
    right /= np.linalg.norm(right)
    turn = cv2.Rodrigues(np.array([0, 0, np.radians(spec.roll_deg)]))[0]
    rotation = turn @ np.stack([right, np.cross(ahead, right), ahead])
    width, height = spec.size_wh
    half, bends = np.radians(spec.fov_deg / 2), np.array(spec.distortion)
    edge = np.tan(half) if spec.model == "pinhole" else half * (1 + bends @ half ** np.arange(2, 9, 2))
    matrix = np.array([[width / 2 / edge, 0, width / 2], [0, width / 2 / edge, height / 2], [0, 0, 1]])
    pose = cv2.Rodrigues(rotation)[0], -rotation @ position
    if spec.model == "pinhole":
        pixels, _ = cv2.projectPoints(points, *pose, matrix, None)
    else:
        pixels, _ = cv2.fisheye.projectPoints(points[:, None], *pose, matrix, bends)
    pixels = pixels.reshape(-1, 2)
    return np.array([width, 0]) + [-1, 1] * pixels if spec.mirrored else pixels


@pytest.mark.parametrize("seed", range(6))
def test_keypoints_are_those_of_an_independent_path(
    seed: int, body_model: BodyModel, wild_posture: Callable[[np.random.Generator], Posture]
) -> None:
    body = body_model.shape(draw_body(seed, "child" if seed % 3 == 2 else "adult"))
    pose = solve(body, wild_posture(np.random.default_rng(seed)))
    vertices, expected = anny_vertices(body_model, body, pose)
    np.testing.assert_allclose(body.skin.posed(pose), vertices, atol=1e-4)
    keypoints = body.keypoints(pose)
    np.testing.assert_allclose(keypoints[:17], expected, atol=1e-4)
    np.testing.assert_allclose(keypoints[17], expected[5:7].mean(axis=0), atol=1e-4)
    for spec in CAMERAS:
        pixels, _ = Camera(spec).project(keypoints[:17])
        ahead = (expected - spec.position_m) @ Camera(spec).rotation[2]
        before = ahead > 0.3  # OpenCV also projects what is behind a pinhole
        assert before.sum() >= 12
        far = np.linalg.norm(pixels - opencv_pixels(spec, expected), axis=1)[before]
        assert far[~np.isnan(far)].max() < 0.5
        assert np.isnan(far).mean() < 0.4


def test_keypoints_are_where_their_names_say(adult_body: Body) -> None:
    at = dict(zip(KEYPOINTS, adult_body.rest_keypoints, strict=True))
    for part in ("eye", "ear", "shoulder", "elbow", "wrist", "hip", "knee", "ankle"):
        left, right = at[f"left_{part}"], at[f"right_{part}"]
        assert left[1] > 0.01
        np.testing.assert_allclose(left, right * [1, -1, 1], atol=2e-3)
    heights = [at[name][2] for name in ("nose", "neck", "left_hip", "left_knee", "left_ankle")]
    assert heights == sorted(heights, reverse=True)
    assert at["nose"][0] > at["left_ear"][0] + 0.05  # the face looks along +x


def test_children_are_smaller_than_adults(body_model: BodyModel) -> None:
    statures = {
        group: [body_model.shape(draw_body(seed, group)).stature_m for seed in range(8)]  # type: ignore[arg-type]
        for group in ("child", "adult")
    }
    assert min(statures["child"]) > 0.85
    assert max(statures["child"]) < 1.5
    assert min(statures["adult"]) > 1.4
    assert max(statures["adult"]) < 2.05
    assert all(draw_body(seed, "child").is_child for seed in range(50))
    assert not any(draw_body(seed, "adult").is_child for seed in range(50))


def test_measures_are_those_of_a_person(adult_body: Body) -> None:
    assert 0.7 < adult_body.leg_m < 0.95
    assert 0.05 < adult_body.ankle_m < 0.13
    assert 0.05 < adult_body.seat_m < 0.12
    assert 0.06 < adult_body.back_m < 0.2
    names = [capsule.name for capsule in adult_body.capsules]
    assert len(names) == len(set(names)) == 16
    assert 0.06 < adult_body.radius("head") < 0.11
    assert adult_body.radius("left_forearm") < adult_body.radius("left_thigh") < adult_body.radius("chest")


def test_capsules_follow_the_bones(
    adult_body: Body, wild_posture: Callable[[np.random.Generator], Posture]
) -> None:
    pose = solve(adult_body, wild_posture(np.random.default_rng(5)))
    for capsule in adult_body.capsules:
        length = np.linalg.norm(np.subtract(*capsule.ends))
        if capsule.name.endswith(("thigh", "shin", "upper_arm", "forearm")):
            np.testing.assert_allclose(capsule.posed(pose), [pose.head(bone) for bone in capsule.bones])
        assert np.linalg.norm(np.subtract(*capsule.posed(pose))) == pytest.approx(length, abs=1e-3)


def test_regions_part_the_skin(adult_body: Body) -> None:
    parts = ("head", "neck", "torso", "pelvis", "upper_arm", "forearm", "hand", "thigh", "shin", "foot")
    assert (sum(adult_body.regions[part].astype(int) for part in parts) == 1).all()
    assert len(adult_body.skin.rest) == len(adult_body.uv) == 19158


def test_the_same_spec_is_the_same_body(body_model: BodyModel) -> None:
    spec = draw_body(4, "adult")
    first, second = (body_model.shape(BodySpec.model_validate_json(spec.model_dump_json())) for _ in range(2))
    np.testing.assert_array_equal(first.skin.rest, second.skin.rest)


def test_a_fixed_value_is_kept() -> None:
    free, fixed = draw_body(1, "adult"), draw_body(1, "adult", MappingProxyType({"weight": 0.123}))
    assert fixed == free.model_copy(update={"weight": 0.123})


@pytest.mark.parametrize(("key", "value"), [("age", 1.1), ("weight", -0.1), ("shoes", 0.5)])
def test_refuses_what_is_no_body(key: str, value: float) -> None:
    with pytest.raises(ConfigError, match=key):
        BodySpec(**{key: value})


def test_says_which_extra_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "anny", None)
    with pytest.raises(MissingExtraError, match=r"cabinsafe\[synthetic\]"):
        BodyModel()
