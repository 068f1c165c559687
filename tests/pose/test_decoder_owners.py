"""Who owns a limb: ambiguity where people cross, pieces of one body, people who are expected."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest

from cabinsafe.errors import ShapeError
from cabinsafe.pose.decoder import DecoderOptions, PafDecoder
from cabinsafe.pose.poses import DecodedPoses, PosePrior
from cabinsafe.pose.topology import Topology

TRT_POSE = Topology.trt_pose()
SIZE = 88
ELBOW, WRIST, NECK = (TRT_POSE.keypoints.index(n) for n in ("left_elbow", "left_wrist", "neck"))
FOREARM = TRT_POSE.limb_indices.index((ELBOW, WRIST))


def body(maps: ModuleType, seed: int) -> np.ndarray:
    """One whole person of 0.8 of the map, (K, 2) around the neck."""
    rng = np.random.default_rng(seed)
    while True:
        person = maps.draw_people(TRT_POSE, 1, SIZE, rng)[0]
        if np.isfinite(person).all():
            return (person - person[NECK]) * 0.8


def swing(maps: ModuleType, seed: int, frames: int) -> list[np.ndarray]:
    """Two people near each other whose left forearms swing past each other: truth (2, K, 2) per frame."""
    rng = np.random.default_rng(seed)
    person, apart = body(maps, seed), rng.uniform(4, 12)
    necks = np.array([[41 - apart / 2, 30], [41 + apart / 2, 30 + rng.uniform(-4, 4)]])
    angles, speed = rng.uniform(-0.6, 1.0, 2), rng.uniform(0.06, 0.2, 2) * rng.choice([-1, 1])
    forearm = rng.uniform(10, 16, 2)
    truths = []
    for frame in range(frames):
        truth = person + necks[:, None]
        now = angles + speed * [1, -1] * (frame - frames / 2)
        truth[:, ELBOW] = necks + np.array([11, 15])
        truth[:, WRIST] = truth[:, ELBOW] + forearm[:, None] * np.stack([np.sin(now), np.cos(now)], 1)
        truth[(truth < 0.5).any(axis=2) | (truth > SIZE - 0.5).any(axis=2)] = np.nan
        truths.append(truth)
    return truths


def hits(poses: DecodedPoses, truth: np.ndarray) -> np.ndarray:
    """(N, T, K): which found keypoint is near which person's true one."""
    return np.linalg.norm(poses.xy[:, None] - truth[None], axis=3) < 3.5


def wrong_forearms(poses: DecodedPoses, truth: np.ndarray) -> int:
    """People with one's elbow and another's wrist."""
    near = hits(poses, truth)
    elbow, wrist = near[:, :, ELBOW], near[:, :, WRIST]
    both = elbow.any(axis=1) & wrist.any(axis=1)
    return int((both & ~(elbow & wrist).any(axis=1)).sum())


def cross(truth: np.ndarray) -> bool:
    """Whether the two left forearms cross."""

    def side(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> float:
        return float((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]))

    (a, b), (c, d) = truth[:, [ELBOW, WRIST]]
    return side(a, b, c) * side(a, b, d) < 0 and side(c, d, a) * side(c, d, b) < 0


def scenes_of(maps: ModuleType, truths: list[np.ndarray], seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    rng = np.random.default_rng((seed, 1))
    drawn = [maps.draw_maps(TRT_POSE, truth, SIZE, rng, noise=True) for truth in truths]
    return [(scene.heatmaps, scene.pafs) for scene in drawn]


def test_crossing_forearms_show_as_ambiguous(maps: ModuleType) -> None:
    decoder = PafDecoder(TRT_POSE)
    crossed, apart = [], []
    for seed in range(4):
        truths = swing(maps, seed, 12)
        for truth, scene in zip(truths, scenes_of(maps, truths, seed), strict=True):
            poses = decoder.decode(*scene)
            forearms = poses.limb_score[:, FOREARM] > 0
            (crossed if cross(truth) else apart).extend(poses.limb_ambiguity[forearms, FOREARM])
            assert (poses.ambiguity == poses.limb_ambiguity.max(axis=1)).all()
    assert len(crossed) >= 6
    assert np.quantile(crossed, 0.1) >= 0.5
    assert np.mean(apart) < np.mean(crossed) - 0.2


def test_forearms_of_both_sides_that_cross_are_ambiguous(maps: ModuleType) -> None:
    right_elbow, right_wrist = (TRT_POSE.keypoints.index(n) for n in ("right_elbow", "right_wrist"))
    person = body(maps, 1) * 0.6
    truth = person + np.array([[[26, 20]], [[62, 20]]])
    truth[0, [ELBOW, WRIST]] = [[38, 34], [50, 44]]
    truth[1, [right_elbow, right_wrist]] = [[50, 34], [38, 44]]
    scene = maps.draw_maps(TRT_POSE, truth, SIZE, np.random.default_rng(0))
    poses = PafDecoder(TRT_POSE).decode(scene.heatmaps, scene.pafs)
    assert len(poses) == 2
    assert (poses.ambiguity >= 0.5).all()


def test_expected_people_keep_their_forearms(maps: ModuleType) -> None:
    decoder = PafDecoder(TRT_POSE)
    plain = told = 0
    for seed in range(2, 9):
        truths = swing(maps, seed, 12)
        prior = None
        for truth, scene in zip(truths, scenes_of(maps, truths, seed), strict=True):
            plain += wrong_forearms(decoder.decode(*scene), truth)
            poses = decoder.decode(*scene, prior)
            told += wrong_forearms(poses, truth)
            prior = PosePrior(poses.xy, list(range(len(poses))))
    assert plain >= 4
    assert told <= plain / 2


def test_expected_people_do_not_harm_the_plain_case(maps: ModuleType) -> None:
    decoder = PafDecoder(TRT_POSE)
    for seed in range(3):
        scene = maps.make_scene(TRT_POSE, 5, SIZE, seed)
        plain = decoder.decode(scene.heatmaps, scene.pafs)
        prior = PosePrior(plain.xy + np.float32(0.8), list(range(100, 100 + len(plain))))
        told = decoder.decode(scene.heatmaps, scene.pafs, prior)
        np.testing.assert_array_equal(told.xy, plain.xy)
        np.testing.assert_array_equal(told.prior_id, prior.ids)
        far = PosePrior(plain.xy + np.float32(300), prior.ids)
        assert (decoder.decode(scene.heatmaps, scene.pafs, far).prior_id == -1).all()


def test_priors_are_checked_and_move_on() -> None:
    xy = np.full((2, 18, 2), np.nan, np.float32)
    xy[:, :3] = 5.0
    with pytest.raises(ShapeError, match="prior ids"):
        PosePrior(xy, [1])
    with pytest.raises(ShapeError, match="prior ids"):
        PosePrior(xy, [1, -1])
    with pytest.raises(ShapeError, match="prior xy"):
        PosePrior(xy[0], [1, 2])
    maps_of_nobody = np.zeros((18, 8, 8), np.float32), np.zeros((42, 8, 8), np.float32)
    with pytest.raises(ShapeError, match="prior xy"):
        PafDecoder(TRT_POSE).decode(*maps_of_nobody, PosePrior(xy[:, :17], [1, 2]))
    before = xy.copy()
    before[0, :2] = 4.0
    before[0, 2] = np.nan
    ahead = PosePrior(xy, [7, 8]).moved_on(PosePrior(before[:1], [7]))
    np.testing.assert_array_equal(ahead.xy[:, :4, 0], [[6, 6, 5, np.nan], [5, 5, 5, np.nan]])


def test_a_person_without_a_neck_comes_back_as_one(maps: ModuleType) -> None:
    """Without a neck and ears, nothing joins head, arms and legs."""
    hidden = [TRT_POSE.keypoints.index(name) for name in ("neck", "left_ear", "right_ear")]
    truth = np.stack([body(maps, 3) * 0.55 + centre for centre in ([22, 20], [64, 24])])
    truth[:, hidden] = np.nan
    scene = maps.draw_maps(TRT_POSE, truth, SIZE, np.random.default_rng(0))
    split = PafDecoder(TRT_POSE, DecoderOptions(max_merge_misfit=0.0)).decode(scene.heatmaps, scene.pafs)
    assert len(split) > 2
    whole = PafDecoder(TRT_POSE).decode(scene.heatmaps, scene.pafs)
    assert len(whole) == 2
    near = hits(whole, truth)
    assert sorted(near.sum(axis=2).max(axis=1)) == [15, 15]


def test_two_halves_of_two_people_are_not_glued(maps: ModuleType) -> None:
    """One shows the upper body only, the other, beside, the legs only."""
    legs = [i for i, name in enumerate(TRT_POSE.keypoints) if name.split("_")[-1] in ("hip", "knee", "ankle")]
    upper = [i for i in range(len(TRT_POSE.keypoints)) if i not in legs]
    truth = np.stack([body(maps, 3) * 0.55 + centre for centre in ([22, 20], [64, 24])])
    truth[0, legs] = truth[1, upper] = np.nan
    scene = maps.draw_maps(TRT_POSE, truth, SIZE, np.random.default_rng(0))
    assert len(PafDecoder(TRT_POSE).decode(scene.heatmaps, scene.pafs)) == 2


def test_arms_of_two_people_are_no_person(maps: ModuleType) -> None:
    """One's left and the other's right forearm, where one body could have both."""
    forearms = [i for i, name in enumerate(TRT_POSE.keypoints) if name.split("_")[-1] in ("elbow", "wrist")]
    sides = [[i for i in forearms if TRT_POSE.keypoints[i].startswith(side)] for side in ("left", "right")]
    truth = np.full((2, len(TRT_POSE.keypoints), 2), np.nan)
    for person, side in enumerate(sides):
        truth[person, side] = (body(maps, 3) * 0.55 + [44, 30])[side]
    scene = maps.draw_maps(TRT_POSE, truth, SIZE, np.random.default_rng(0))
    assert len(PafDecoder(TRT_POSE).decode(scene.heatmaps, scene.pafs)) == 0
    limbs = PafDecoder(TRT_POSE, DecoderOptions(min_keypoints=2)).decode(scene.heatmaps, scene.pafs)
    assert sorted((limbs.score > 0).sum(axis=1)) == [2, 2]
