from __future__ import annotations

import numpy as np
import pytest

from cabinsafe.training.sitting.camera import IMAGE_WH, hidden_by_cabin, project
from cabinsafe.training.sitting.geometry import PoseSamples, bend_arm, make_samples, pose_bodies, rotation
from cabinsafe.training.sitting.repertoire import HANDS, KEYPOINTS, MIRRORED_ROWS, REPERTOIRE, RESTING

BONES = {"torso": 0.49, "shoulders": 0.35, "hips": 0.2, "head": 0.2, "upper_arm": 0.32, "forearm": 0.25}
BONES |= {"thigh": 0.42, "shin": 0.42}


@pytest.fixture(scope="module")
def samples() -> PoseSamples:
    return make_samples(4000, seed=1, vehicles=20)


def row(name: str) -> int:
    return KEYPOINTS.index(name)


def bodies(count: int = 300, pose: str = "resting", **angles: float) -> np.ndarray:
    """Bodies (N, 18, 3) with resting angles at the middle of their range, but for those given."""
    quantities = {}
    for name, (low, high) in RESTING.items():
        sided = name in {"thigh", "abduct", "knee", "shin_out"}
        for key in [f"{name}_left", f"{name}_right"] if sided else [name]:
            value = angles.get(key, angles.get(name, (low + high) / 2))
            quantities[key] = np.full(count, float(value))
    bones = {name: np.full(count, length) for name, length in BONES.items()}
    return pose_bodies(np.random.default_rng(0), np.full(count, pose), quantities, bones)


def length(joints: np.ndarray, a: str, b: str) -> np.ndarray:
    return np.linalg.norm(joints[:, row(a)] - joints[:, row(b)], axis=1)


def test_the_same_seed_gives_the_same_samples() -> None:
    a, b, c = (make_samples(200, seed=seed, vehicles=5) for seed in (3, 3, 4))
    np.testing.assert_array_equal(a.xy, b.xy)
    np.testing.assert_array_equal(a.pose, b.pose)
    assert not np.array_equal(a.xy, c.xy, equal_nan=True)


def test_samples_are_consistent(samples: PoseSamples) -> None:
    assert len(samples) == 4000
    assert samples.xy.shape == (4000, 18, 2)
    assert set(samples.pose) == set(REPERTOIRE)
    assert samples.unsafe.tolist() == [REPERTOIRE[name].unsafe for name in samples.pose]
    assert samples.unsafe.mean() == pytest.approx(0.4, abs=0.03)
    x_absent, y_absent = np.isnan(samples.xy[..., 0]), np.isnan(samples.xy[..., 1])
    np.testing.assert_array_equal(x_absent, y_absent)
    seen = samples.xy[~x_absent]
    assert (seen >= 0).all()
    assert (seen <= IMAGE_WH).all()


def test_a_person_rides_in_one_vehicle_only(samples: PoseSamples) -> None:
    pairs = set(zip(samples.person.tolist(), samples.vehicle.tolist(), strict=True))
    assert len(pairs) == len({person for person, _ in pairs})
    assert len(set(samples.vehicle)) == 20


def test_legs_are_hidden_more_often_than_shoulders(samples: PoseSamples) -> None:
    absent = np.isnan(samples.xy[..., 0]).mean(axis=0)
    assert absent[row("left_ankle")] > absent[row("left_knee")] > absent[row("left_shoulder")] > 0.02


def test_picking_keeps_the_arrays_parallel(samples: PoseSamples) -> None:
    picked = samples.pick(samples.pose == "feet_up")
    assert 0 < len(picked) < len(samples)
    assert not picked.unsafe.any()
    assert len(picked.xy) == len(picked.person) == len(picked)


def test_a_label_out_of_sight_needs_legs_and_no_knee() -> None:
    xy = np.zeros((4, 18, 2))
    xy[:2, [row("left_knee"), row("right_knee")]] = np.nan
    xy[2, row("left_knee")] = np.nan
    pose = np.array(["standing", "resting", "standing", "standing"])
    ids = np.zeros(4, dtype=np.int64)
    made = PoseSamples(xy, pose == "standing", pose, ids, ids)
    assert made.label_in_sight().tolist() == [False, True, True, True]


@pytest.mark.parametrize("pose", ["resting", "lying_on_back", "standing", "talking_with_hands"])
def test_bones_keep_their_lengths(pose: str) -> None:
    joints = bodies(pose=pose, yaw=70, root_pitch=-60, knee=110, thigh=50, lean=20, twist=15)
    for side in ("left", "right"):
        for a, b, bone in [
            ("shoulder", "elbow", "upper_arm"),
            ("elbow", "wrist", "forearm"),
            ("hip", "knee", "thigh"),
            ("knee", "ankle", "shin"),
        ]:
            np.testing.assert_allclose(length(joints, f"{side}_{a}", f"{side}_{b}"), BONES[bone], rtol=1e-6)
    np.testing.assert_allclose(length(joints, "left_shoulder", "right_shoulder"), BONES["shoulders"])
    np.testing.assert_allclose(length(joints, "left_hip", "right_hip"), BONES["hips"])


def test_somebody_at_rest_sits() -> None:
    joints = bodies(torso=0, curve=0)
    z = {name: joints[:, row(name), 2] for name in KEYPOINTS}
    assert (z["nose"] > z["neck"]).all()
    assert (z["neck"] > z["left_hip"] + 0.4).all()
    assert (np.abs(z["left_knee"] - z["left_hip"]) < 0.1).all()
    assert (z["left_ankle"] < z["left_knee"] - 0.3).all()
    assert (joints[:, row("left_knee"), 0] > 0.3).all(), "knees ahead"
    assert (joints[:, row("left_shoulder"), 1] > joints[:, row("right_shoulder"), 1]).all(), "left is left"
    assert (joints[:, row("nose"), 0] > joints[:, row("left_ear"), 0]).all(), "the face looks ahead"


def test_angles_mean_what_they_say() -> None:
    neck, nose = row("neck"), row("nose")
    assert (bodies(torso=70)[:, neck, 0] > 0.3).all(), "bent forward"
    assert (bodies(torso=-60)[:, neck, 0] < -0.3).all(), "reclined"
    assert (np.abs(bodies(lean=60)[:, neck, 1]) > 0.3).all(), "leaning aside, to either side"
    lying = bodies(yaw=90, root_pitch=-90, torso=0, curve=0)
    assert (np.abs(lying[:, neck, 2]) < 0.05).all(), "lying is level"
    assert (np.abs(lying[:, nose, 1]) > 0.4).all(), "lying across"
    assert (lying[:, nose, 2] > 0.05).all(), "face up"
    assert set(np.sign(bodies(lean=60)[:, neck, 1])) == {-1.0, 1.0}, "mirrored by half"


def test_arms_reach_what_is_in_reach_and_stretch_towards_the_rest() -> None:
    shoulder = np.zeros((2, 3))
    goal = np.array([[0.3, 0.1, -0.2], [2.0, 0.0, 0.0]])
    bones = {name: np.full(2, BONES[name]) for name in ("upper_arm", "forearm")}
    elbow, wrist = bend_arm(shoulder, goal, np.repeat(np.eye(3)[None], 2, axis=0), 1.0, bones)
    np.testing.assert_allclose(wrist[0], goal[0])
    assert wrist[1, 0] == pytest.approx(0.985 * (BONES["upper_arm"] + BONES["forearm"]))
    np.testing.assert_allclose(np.linalg.norm(elbow, axis=1), BONES["upper_arm"])
    assert elbow[0, 2] < 0, "elbows hang"


@pytest.mark.parametrize(
    ("axis", "before", "after"),
    [(0, (0, 0, 1), (0, -1, 0)), (1, (0, 0, 1), (1, 0, 0)), (2, (1, 0, 0), (0, 1, 0))],
)
def test_rotations_turn_the_way_the_table_says(axis, before, after) -> None:
    np.testing.assert_allclose(rotation(axis, np.array([np.pi / 2]))[0] @ before, after, atol=1e-12)


def cabin(**values: object) -> dict[str, np.ndarray]:
    usual = {
        "camera": (0.7, 0.0, 0.85), "aim": (-0.85, 0.0, 0.3), "row_x": -0.85, "focal_px": 600.0, "roll": 0.0,
        "backrest_top": 0.5, "dashboard_top": -1.0,
    }  # fmt: skip
    return {name: np.array([value], dtype=float) for name, value in (usual | values).items()}


def test_the_camera_looks_back_so_that_the_vehicles_left_is_right_in_the_picture() -> None:
    aim, left, above, behind = (-0.85, 0.0, 0.3), (-0.85, 0.4, 0.3), (-0.85, 0.0, 0.7), (1.5, 0.0, 0.9)
    xy, depth = project(np.array([[aim, left, above, behind]]), cabin())
    np.testing.assert_allclose(xy[0, 0], np.array(IMAGE_WH) / 2)
    assert xy[0, 1, 0] > xy[0, 0, 0] + 50
    assert xy[0, 1, 1] == pytest.approx(xy[0, 0, 1])
    assert xy[0, 2, 1] < xy[0, 0, 1] - 50
    assert np.isnan(xy[0, 3]).all()
    assert depth[0, 0] == pytest.approx(np.hypot(1.55, 0.55))


def test_front_seats_hide_the_legs_behind_them_but_not_the_gap_between() -> None:
    points = np.array([[(-0.6, 0.38, -0.3), (-0.6, 0.0, -0.3), (-0.6, -0.38, -0.3), (-0.85, 0.38, 0.6)]])
    assert hidden_by_cabin(points, cabin()).tolist() == [[True, False, True, False]]
    assert not hidden_by_cabin(points, cabin(backrest_top=-1.0)).any(), "no front seats"
    assert not hidden_by_cabin(points, cabin(row_x=0.0)).any(), "the front row sits before its backrest"
    front_legs = np.array([[(0.45, 0.38, -0.3), (0.0, 0.38, 0.4)]])
    assert hidden_by_cabin(front_legs, cabin(row_x=0.0, dashboard_top=0.1)).tolist() == [[True, False]]


def test_the_repertoire_is_well_formed() -> None:
    sided = {f"{name}_right" for name in ("thigh", "abduct", "knee", "shin_out")}
    for name, pose in REPERTOIRE.items():
        assert set(pose.ranges) <= set(RESTING) | sided, name
        assert all(low <= high for low, high in pose.ranges.values()), name
        assert set(pose.left) | set(pose.right) <= set(HANDS), name
        assert not pose.told_by_legs or pose.unsafe, name
    assert not REPERTOIRE["feet_up"].unsafe
    assert [KEYPOINTS[i] for i in MIRRORED_ROWS][:3] == ["nose", "right_eye", "left_eye"]
