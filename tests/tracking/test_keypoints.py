"""Smoothing, sides and ownership of keypoints, through the tracker."""

import numpy as np
import pytest

from cabinsafe.tracking import Tracker, TrackerOptions
from cabinsafe.types import Skeleton

LEFT_ANKLE = 7


def _mirrored(skeleton, *stems):
    """The same points with left and right of some keypoints exchanged."""
    names = list(skeleton.keypoints)
    order = list(range(len(names)))
    for stem in stems:
        left, right = names.index(f"left_{stem}"), names.index(f"right_{stem}")
        order[left], order[right] = right, left
    return Skeleton(
        topology=skeleton.topology, keypoints=skeleton.keypoints, xy=skeleton.xy[order],
        score=skeleton.score[order], person_score=skeleton.person_score,
    )  # fmt: skip


def _with(skeleton, **points):
    xy, score = np.array(skeleton.xy), np.array(skeleton.score)
    for name, point in points.items():
        row = skeleton.keypoints.index(name)
        xy[row] = np.nan if point is None else point
        score[row] = 0.0 if point is None else 0.5
    return Skeleton(
        topology=skeleton.topology, keypoints=skeleton.keypoints, xy=xy, score=score, person_score=0.9
    )


def _play(frames, fps=30.0, **options):
    tracker = Tracker(TrackerOptions(**options))
    return [tracker.update(i / fps, None, skeletons) for i, skeletons in enumerate(frames)]


def _noisy(people, count, noise_px=3.0):
    rng = np.random.default_rng(1)
    for _ in range(count):
        still = people.skeleton(300.0)
        moved = still.xy + rng.normal(0.0, noise_px, still.xy.shape).astype(np.float32)
        yield [still.model_copy(update={"xy": moved})]


def test_noise_is_smoothed_and_the_raw_points_are_kept(people):
    frames = list(_noisy(people, 90))
    tracks = [track for [track] in _play(frames)]
    assert all(track.raw_skeleton is frame[0] for track, frame in zip(tracks, frames, strict=True))
    smooth, raw = (
        np.array([getattr(t, name).xy for t in tracks[30:]]) for name in ("skeleton", "raw_skeleton")
    )
    assert smooth.std(axis=0).mean() < 0.6 * raw.std(axis=0).mean()
    assert not tracks[0].skeleton.xy.flags.writeable


def test_smoothing_can_be_switched_off(people):
    for [track] in _play(_noisy(people, 10), smoothing=False):
        np.testing.assert_array_equal(track.skeleton.xy, track.raw_skeleton.xy)


@pytest.mark.parametrize("fps", [10.0, 30.0, 100.0])
def test_a_quick_hand_is_followed_within_a_tenth_of_a_second(people, fps):
    """A wrist crosses 150 pixels in half a second, whatever the frame rate."""
    start = people.skeleton(300.0)["left_wrist"]
    frames = []
    for frame in range(int(2 * fps)):
        along = min(max((frame / fps - 1.0) / 0.5, 0.0), 1.0)
        frames.append([_with(people.skeleton(300.0), left_wrist=start - (150.0 * along, 0.0))])
    tracks = [track for [track] in _play(frames, fps)]
    lag_px = max(abs(t.skeleton["left_wrist"][0] - t.raw_skeleton["left_wrist"][0]) for t in tracks)
    assert lag_px <= 0.1 * 300.0


def test_it_equals_a_one_euro_filter_written_plainly(people):
    frames = list(_noisy(people, 40))
    options = TrackerOptions()
    tracker = Tracker(options)
    value, speed = None, np.zeros(2)
    for i, skeletons in enumerate(frames):
        [track] = tracker.update(i / 30, None, skeletons)
        raw = skeletons[0]["nose"].astype(float)
        if value is None:
            value = raw
            continue
        size_px = tracker._people[0].motion.size_px
        speed = speed + _alpha(1.0, 1 / 30) * ((raw - value) * 30 - speed)
        cutoff_hz = options.smoothing_hz + options.smoothing_hz_per_size_per_s * np.hypot(*speed) / size_px
        value = value + _alpha(cutoff_hz, 1 / 30) * (raw - value)
        np.testing.assert_allclose(track.skeleton["nose"], value, rtol=1e-5)


def _alpha(cutoff_hz, dt_s):
    return 1.0 / (1.0 + 1.0 / (2.0 * np.pi * cutoff_hz * dt_s))


def test_after_a_long_gap_a_keypoint_starts_anew(people):
    there = [people.skeleton(300.0)] * 10
    hidden = [people.skeleton(300.0, hidden=["left_wrist"])] * 20
    back = [_with(people.skeleton(300.0), left_wrist=(300.0, 300.0))]
    *_, [before], [track] = _play([[s] for s in (*there, *hidden, *back)])
    assert np.isnan(before.skeleton["left_wrist"]).all()
    np.testing.assert_array_equal(track.skeleton["left_wrist"], (300.0, 300.0))


def test_sides_that_flip_for_a_moment_are_put_right(people):
    plain = people.skeleton(300.0)
    flipped = _mirrored(plain, "hip", "ankle")
    for [track] in _play([[flipped if i in (10, 11, 20) else plain] for i in range(30)]):
        np.testing.assert_allclose(track.skeleton.xy, plain.xy, atol=0.1)
    assert track.raw_skeleton is plain


def test_sides_that_stay_flipped_are_believed(people):
    plain = people.skeleton(300.0)
    turned = _mirrored(plain, "shoulder", "wrist", "hip", "ankle")
    *_, [track] = _play([[plain]] * 10 + [[turned]] * 60, side_hold_s=0.7)
    np.testing.assert_allclose(track.skeleton.xy, turned.xy, atol=0.1)


def test_a_wrist_that_went_to_the_neighbour_comes_back(people):
    left, right = people.skeleton(300.0), people.skeleton(560.0)
    hers, his = left["left_wrist"], right["left_wrist"]
    stolen = [_with(left, left_wrist=his), _with(right, left_wrist=None)]
    swapped = [_with(left, left_wrist=his), _with(right, left_wrist=hers)]
    for wrong in (stolen, swapped):
        tracks = _play([wrong if i in (10, 11) else [left, right] for i in range(15)])
        for frame in (10, 11):
            one, other = tracks[frame]
            np.testing.assert_allclose(other.skeleton["left_wrist"], his, atol=0.1)
            assert other.skeleton.score_of("left_wrist") > 0.0
            if wrong is swapped:
                np.testing.assert_allclose(one.skeleton["left_wrist"], hers, atol=0.1)
            else:
                assert np.isnan(one.skeleton["left_wrist"]).all()
                assert one.skeleton.score_of("left_wrist") == 0.0


def test_a_prior_for_the_decoder_moves_with_the_person(people, tracker):
    for frame in range(30):
        tracker.update(frame / 30, [people.box(300.0 + 3 * frame)], [people.skeleton(300.0 + 3 * frame)])
    [expected] = tracker.expected_people(1.0)
    assert (expected.track_id, expected.topology) == (1, "test")
    np.testing.assert_allclose(expected.xy, people.skeleton(300.0 + 90.0).xy, atol=6.0)
    np.testing.assert_allclose(expected.unseen_s, 1 / 30)
    assert tracker.expected_people(1.0)[0].xy.tolist() == expected.xy.tolist(), "asking moves nobody"


def test_the_prior_says_how_long_a_keypoint_was_unseen(people, tracker):
    tracker.update(0.0, None, [people.skeleton(300.0, hidden=["right_ankle"])])
    for frame in range(1, 10):
        tracker.update(frame / 10, None, [people.skeleton(300.0, hidden=["left_ankle", "right_ankle"])])
    [expected] = tracker.expected_people(1.0)
    assert expected.unseen_s[LEFT_ANKLE] == pytest.approx(1.0)
    assert np.isnan(expected.unseen_s[LEFT_ANKLE + 1])
    assert np.isnan(expected.xy[LEFT_ANKLE + 1]).all()
    assert Tracker().expected_people(0.0) == []
