from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cabinsafe.detectors.features import (
    FEATURE_KEYPOINTS,
    body_scale,
    feature_points,
    feature_schema,
    features_of,
    features_of_many,
    observable,
    seen_count,
    with_neck,
)
from cabinsafe.errors import ShapeError

COUNT = len(FEATURE_KEYPOINTS)
NAMES = feature_schema().names
MIRRORED_ROWS = [
    FEATURE_KEYPOINTS.index(name.replace("left", "*").replace("right", "left").replace("*", "right"))
    for name in FEATURE_KEYPOINTS
]
people = arrays(np.float64, (2, COUNT, 2), elements=st.integers(0, 2000).map(float))
gaps = arrays(np.bool_, (2, COUNT))


def column(name: str) -> int:
    return NAMES.index(name)


def with_gaps(points: np.ndarray, missing: np.ndarray) -> np.ndarray:
    return np.where(missing[..., None], np.nan, points)


def test_schema_names_every_column_once_and_its_digest_is_pinned() -> None:
    schema = feature_schema()
    pairs = COUNT * (COUNT - 1) // 2
    assert len(schema.names) == len(set(schema.names)) == 3 * pairs + COUNT
    assert features_of_many(np.zeros((0, COUNT, 2))).shape == (0, len(schema.names))
    assert schema.version == 2
    # A new digest needs a new SCHEMA_VERSION and a newly trained classifier.
    assert schema.digest == "2868d695f38448ab3244fc084b82db6cf9e5409b122556c9c98aa916c717e14b"


def test_the_seat_makes_a_schema_of_its_own(make_skeleton) -> None:
    schema, plain = feature_schema(with_seat=True), feature_schema()
    assert schema.keypoints == (*plain.keypoints, "seat")
    assert schema.digest == "2a9111963c71332ef01040484ef54fa887a259f9438ffe44a0ca327ef1738fd3"
    points = feature_points(make_skeleton())
    seated = np.vstack([points, [200, 284]])[None]
    row = dict(zip(schema.names, features_of_many(seated)[0].tolist(), strict=True))
    hip, scale = points[FEATURE_KEYPOINTS.index("left_hip")], float(body_scale(points[None])[0])
    assert body_scale(seated) == pytest.approx(scale), "a seat is no part of the body"
    assert row["dy_left_hip_seat"] == pytest.approx((284 - hip[1]) / scale, abs=1e-6)
    assert row["seen_seat"] == 1
    without = dict(zip(plain.names, features_of_many(points[None])[0].tolist(), strict=True))
    assert without.items() <= row.items()


def test_values_of_a_pair(make_skeleton) -> None:
    skeleton = make_skeleton()
    points = feature_points(skeleton)
    scale = float(body_scale(points[None])[0])
    row = features_of(skeleton)
    assert row.dtype == np.float32
    dx, dy = (skeleton["left_wrist"] - skeleton["nose"]) / scale
    assert row[column("dx_nose_left_wrist")] == pytest.approx(dx, abs=1e-6)
    assert row[column("dy_nose_left_wrist")] == pytest.approx(dy, abs=1e-6)
    assert row[column("l1_nose_left_wrist")] == pytest.approx(abs(dx) + abs(dy), abs=1e-6)
    assert row[column("seen_nose")] == 1


def test_body_scale_is_about_a_torso_and_survives_missing_joints(make_skeleton) -> None:
    torso_px = 110
    whole = body_scale(feature_points(make_skeleton())[None])[0]
    assert whole == pytest.approx(torso_px, rel=0.1)
    shoulders_and_arms_only = dict.fromkeys([n for n in FEATURE_KEYPOINTS if "hip" in n or "knee" in n])
    partial = body_scale(feature_points(make_skeleton(**shoulders_and_arms_only))[None])[0]
    assert partial == pytest.approx(torso_px, rel=0.25)


def test_body_scale_ignores_one_limb_of_somebody_else(make_skeleton) -> None:
    usual = body_scale(feature_points(make_skeleton())[None])[0]
    stolen = body_scale(feature_points(make_skeleton(left_wrist=(900, 900)))[None])[0]
    assert stolen == pytest.approx(usual, rel=0.15)


@given(people, gaps, st.floats(0.05, 20), st.floats(-5000, 5000), st.floats(-5000, 5000))
@settings(deadline=None)
def test_scaling_and_moving_change_nothing(points, missing, factor, x, y) -> None:
    points = with_gaps(points, missing)
    moved = points * factor + [x, y]
    np.testing.assert_allclose(
        features_of_many(moved), features_of_many(points), rtol=1e-3, atol=1e-3, equal_nan=True
    )


def mirror_map() -> tuple[list[int], np.ndarray]:
    """For each column, the column it becomes in the mirror, and with which sign."""
    pairs = list(combinations(range(COUNT), 2))
    columns, signs = [], []
    for kind, in_order, turned in [("dx", -1, 1), ("dy", 1, -1), ("l1", 1, 1)]:
        for a, b in pairs:
            swapped = MIRRORED_ROWS[a], MIRRORED_ROWS[b]
            first, second = (FEATURE_KEYPOINTS[i] for i in sorted(swapped))
            columns.append(column(f"{kind}_{first}_{second}"))
            signs.append(in_order if swapped == tuple(sorted(swapped)) else turned)
    columns += [column(f"seen_{FEATURE_KEYPOINTS[i]}") for i in MIRRORED_ROWS]
    return columns, np.array(signs + [1] * COUNT)


COLUMNS, SIGNS = mirror_map()


@given(people, gaps)
@settings(deadline=None)
def test_mirroring_swaps_the_sides_and_negates_dx(points, missing) -> None:
    points = with_gaps(points, missing)
    mirrored = (points * [-1, 1])[:, MIRRORED_ROWS]
    before, after = features_of_many(points), features_of_many(mirrored)
    np.testing.assert_allclose(after[:, COLUMNS], SIGNS * before, rtol=1e-5, atol=1e-5, equal_nan=True)


@given(people, gaps)
@settings(deadline=None)
def test_gaps_are_nan_exactly_where_a_keypoint_of_the_pair_is_absent(points, missing) -> None:
    row = features_of_many(with_gaps(points, missing))[0]
    scaled = not np.isnan(body_scale(with_gaps(points, missing))[0])
    for i, name in enumerate(FEATURE_KEYPOINTS):
        assert row[column(f"seen_{name}")] == float(not missing[0, i])
    a, b = FEATURE_KEYPOINTS.index("nose"), FEATURE_KEYPOINTS.index("right_ankle")
    absent = missing[0, a] or missing[0, b] or not scaled
    assert np.isnan(row[column("dx_nose_right_ankle")]) == absent


def test_one_by_one_is_many_at_once(make_skeleton) -> None:
    skeletons = [make_skeleton(), make_skeleton((40, 9), nose=None, neck=None), make_skeleton(left_hip=None)]
    many = features_of_many(np.stack([feature_points(s) for s in skeletons]))
    np.testing.assert_array_equal(many, np.stack([features_of(s) for s in skeletons]))


def test_an_absent_neck_is_the_middle_of_the_shoulders(make_skeleton) -> None:
    neck = FEATURE_KEYPOINTS.index("neck")
    without = feature_points(make_skeleton(neck=None))
    np.testing.assert_allclose(without[neck], [200, 140])
    assert np.isnan(feature_points(make_skeleton(neck=None, left_shoulder=None))[neck]).all()
    given_points = np.full((1, COUNT, 2), np.nan)
    with_neck(given_points)
    assert np.isnan(given_points).all(), "the argument is left alone"


def test_weak_keypoints_are_unseen(make_skeleton) -> None:
    assert np.isnan(feature_points(make_skeleton(), min_score=0.95)).all()


@pytest.mark.parametrize(
    ("absent", "min_count", "enough"),
    [
        ([], 14, True),
        (["nose"], 14, False),
        (["left_eye", "right_eye", "left_ear", "right_ear"], 14, True),
        (["left_hip", "right_shoulder", "neck"], 6, True),
        (["left_hip", "right_hip"], 6, False),
        (["left_shoulder", "right_shoulder"], 6, False),
    ],
)
def test_what_is_enough_to_judge(make_skeleton, absent, min_count, enough) -> None:
    points = feature_points(make_skeleton(**dict.fromkeys(absent)))
    assert observable(points[None], min_count).tolist() == [enough]


def test_the_face_is_no_part_of_what_must_be_seen_but_enters(make_skeleton) -> None:
    faceless = dict.fromkeys(["left_eye", "right_eye", "left_ear", "right_ear"])
    points = np.stack([feature_points(make_skeleton(**gone)) for gone in ({}, faceless)])
    assert seen_count(points).tolist() == [14, 14]
    turned = feature_points(make_skeleton(left_ear=(214, 80)))[None]
    assert not np.array_equal(features_of_many(turned), features_of_many(points[:1]))


def test_points_that_coincide_have_no_scale() -> None:
    points = np.full((1, COUNT, 2), 7.0)
    assert np.isnan(body_scale(points)[0])
    assert not observable(points, 6)[0]
    assert np.isnan(features_of_many(points)[0, 0])


@pytest.mark.parametrize("shape", [(COUNT, 2), (1, COUNT - 1, 2), (1, COUNT, 3)])
def test_other_shapes_are_refused(shape) -> None:
    with pytest.raises(ShapeError, match="points"):
        features_of_many(np.zeros(shape))
