"""What must hold for any scene: order, place, size, side, clock and frame rate do not matter."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cabinsafe.tracking import Tracker
from cabinsafe.types import Track

SCENES = st.lists(
    st.lists(
        st.tuples(st.integers(0, 4), st.floats(-40, 40), st.booleans(), st.booleans(), st.floats(0.05, 1.0)),
        max_size=5,
        unique_by=lambda row: row[0],
    ),
    min_size=1,
    max_size=8,
)


def _frames(scene, people, scale=1.0, shift=0.0):
    for frame, rows in enumerate(scene):
        places = [
            ((250.0 * seat + sway + shift) * scale, (400.0 + sway / 3) * scale, 200.0 * scale, 300.0 * scale)
            for seat, sway, *_ in rows
        ]
        boxes = [people.box(*p, score) for p, (*_, box, _, score) in zip(places, rows, strict=True) if box]
        poses = [people.skeleton(*p, r[4]) for p, r in zip(places, rows, strict=True) if r[3]]
        yield frame * 0.375, boxes, poses  # exact, whatever is added


@settings(deadline=None, max_examples=50)
@given(SCENES, st.randoms(use_true_random=False))
def test_the_order_of_inputs_does_not_matter(people, scene, random):
    straight, shuffled = Tracker(), Tracker()
    for t_s, boxes, skeletons in _frames(scene, people):
        expected = straight.update(t_s, boxes, skeletons)
        random.shuffle(boxes)
        random.shuffle(skeletons)
        assert shuffled.update(t_s, boxes, skeletons) == expected


@settings(deadline=None, max_examples=50)
@given(SCENES, st.sampled_from([0.25, 0.5, 2.0, 4.0]), st.integers(-500, 500))
def test_a_moved_or_scaled_scene_gives_the_same_ids(people, scene, scale, shift):
    plain = people.play(Tracker(), _frames(scene, people))
    changed = people.play(Tracker(), _frames(scene, people, scale, float(shift)))
    assert [people.ids(tracks) for tracks in plain] == [people.ids(tracks) for tracks in changed]
    for before, after in zip(itertools.chain(*plain), itertools.chain(*changed), strict=True):
        expected = np.add(before.box_xyxy, (shift, 0, shift, 0)) * scale
        np.testing.assert_allclose(after.box_xyxy, expected, atol=0.01 * scale)


@settings(deadline=None, max_examples=30)
@given(SCENES)
def test_every_track_is_valid_and_no_id_appears_twice(people, scene):
    tracker = Tracker()
    for t_s, boxes, skeletons in _frames(scene, people):
        tracks = tracker.update(t_s, boxes, skeletons)
        assert people.ids(tracks) == sorted(set(people.ids(tracks)))
        for track in tracks:
            x1, y1, x2, y2 = track.box_xyxy
            assert x1 < x2
            assert y1 < y2
            assert (track.box_source == "prediction") == (track.unseen_s > 0.0)
            assert track.raw_skeleton is None or track.raw_skeleton in skeletons
            assert (track.skeleton is None) == (track.raw_skeleton is None)
            assert Track.model_validate(track.model_dump()) == track


def test_interleaved_trackers_do_not_disturb_each_other(people, make_tracker):
    box, pose = [people.box(300.0)], [people.skeleton(700.0)]
    frames = [(f / 10, box if f % 25 < 5 else [], pose if f % 7 < 3 else []) for f in range(80)]
    options = {"coast_s": 0.2, "memory_s": 0.5}, {"coast_s": 2.0, "memory_s": 10.0}
    alone = [people.play(make_tracker(**each), frames) for each in options]
    first, second = (make_tracker(**each) for each in options)
    together = [(first.update(*frame), second.update(*frame)) for frame in frames]
    assert [pair[0] for pair in together] == alone[0]
    assert [pair[1] for pair in together] == alone[1]
    assert alone[0] != alone[1]


@settings(deadline=None, max_examples=50)
@given(SCENES)
def test_a_mirrored_scene_gives_the_mirrored_tracks(people, scene):
    """Ids are given from left to right, so they are compared by who has the same one again."""

    def mirrored(frames):
        for t_s, boxes, poses in frames:
            turned = [[1200.0 - x2, y1, 1200.0 - x1, y2, score] for x1, y1, x2, y2, score in boxes]
            yield t_s, turned, [_mirror(pose) for pose in poses]

    plain = people.play(Tracker(), _frames(scene, people))
    turned = people.play(Tracker(), mirrored(_frames(scene, people)))
    names: dict[int, int] = {}
    for before, after in zip(plain, turned, strict=True):
        places = sorted((1200.0 - t.box_xyxy[2], t.box_xyxy[1], t.track_id) for t in before)
        found = sorted((t.box_xyxy[0], t.box_xyxy[1], t.track_id) for t in after)
        for (*place, old), (*other, new) in zip(places, found, strict=True):
            assert other == pytest.approx(place, abs=0.01)
            assert names.setdefault(old, new) == new


def _mirror(pose):
    xy = np.array(pose.xy)
    xy[:, 0] = 1200.0 - xy[:, 0]
    return pose.model_copy(update={"xy": xy}).with_sides_swapped()


@settings(deadline=None, max_examples=30)
@given(SCENES, st.sampled_from([-512.0, 256.0, 4096.0]))
def test_when_the_clock_starts_does_not_matter(people, scene, start_s):
    early = people.play(Tracker(), _frames(scene, people))
    late = people.play(Tracker(), ((start_s + t, *seen) for t, *seen in _frames(scene, people)))
    assert [people.ids(tracks) for tracks in early] == [people.ids(tracks) for tracks in late]


@pytest.mark.parametrize("keep_every", [2, 3, 6])
def test_fewer_frames_a_second_give_the_same_ids(people, keep_every):
    """Two people swap seats within three seconds, with gaps, at 30 frames a second and at a few."""

    def frames():
        for frame in range(0, 240, 1):
            along = np.clip((frame - 60) / 90, 0, 1)
            places = [
                (300.0 + 300.0 * along, 400.0, 200.0, 300.0),
                (600.0 - 300.0 * along, 380.0, 250.0, 340.0),
            ]
            seen = [place for i, place in enumerate(places) if not 20 + 150 * i <= frame < 50 + 150 * i]
            yield frame / 30, [people.box(*p) for p in seen], [people.skeleton(*p) for p in seen]

    every = people.play(Tracker(), frames())
    some = people.play(Tracker(), itertools.islice(frames(), 0, None, keep_every))
    for before, after in zip(every[::keep_every], some, strict=True):
        seen = {track.track_id: track.box_xyxy for track in before if track.unseen_s == 0.0}
        assert {track.track_id: track.box_xyxy for track in after if track.unseen_s == 0.0} == seen
    assert {track.track_id for tracks in every for track in tracks} == {1, 2}
