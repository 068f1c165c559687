"""What the types accept, what they refuse, and that they come back from JSON as they were."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cabinsafe.errors import DataError, ShapeError
from cabinsafe.types import Box, Event, Frame, Reading, Scene, Skeleton, State, Track

NAMES = ("nose", "left_eye", "right_eye")
GOOD = {
    "topology": "face",
    "keypoints": NAMES,
    "xy": [[1.1, 2], [3, 4], [np.nan, np.nan]],
    "score": [0.5, 0.25, 0],
    "person_score": 0.4,
}


def test_keypoints_by_name() -> None:
    skeleton = Skeleton(**GOOD)
    np.testing.assert_allclose(skeleton["left_eye"], (3, 4))
    assert np.isnan(skeleton["right_eye"]).all()
    assert skeleton.score_of("left_eye") == 0.25
    assert skeleton.sees("nose", "left_eye")
    assert not skeleton.sees("nose", "right_eye")
    assert skeleton.box_xyxy == pytest.approx((1.1, 2, 3, 4))
    with pytest.raises(DataError, match="no keypoint 'tail' in face: it has nose, left_eye, right_eye"):
        skeleton["tail"]


def test_arrays_are_copies_and_read_only() -> None:
    xy = np.array(GOOD["xy"], np.float32)
    skeleton = Skeleton(**(GOOD | {"xy": xy}))
    xy[0, 0] = 99
    assert skeleton["nose"][0] == np.float32(1.1)
    with pytest.raises(ValueError, match="read-only"):
        skeleton.xy[0, 0] = 5


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"xy": np.zeros((4, 2))}, r"Skeleton.xy: expected \(3, 2\), got \(4, 2\)"),
        ({"score": [0.5]}, r"Skeleton.score: expected \(3,\), got \(1,\)"),
        ({"xy": [[1, np.nan], [3, 4], [5, 6]]}, "both finite or both NaN"),
        ({"xy": [[1, np.inf], [3, 4], [5, 6]]}, "both finite or both NaN"),
        ({"score": [0.5, 1.5, 0]}, r"values in \[0, 1\]"),
        ({"score": [0.5, 0.5, 0.1]}, "0 where absent"),
        ({"xy": "none"}, "rectangular array"),
        ({"person_score": 1.2}, "person_score"),
        ({"tail": 1}, "tail"),
        ({"limb_ambiguity": {"nose-tail": 0.5}}, "two different keypoints of face.*got 'nose-tail'"),
        ({"limb_ambiguity": {"nose-nose": 0.5}}, "got 'nose-nose'"),
        ({"limb_ambiguity": {"nose-left_eye": 1.5}}, "limb_ambiguity"),
    ],
)
def test_malformed_skeletons_are_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(DataError, match=message):
        Skeleton(**(GOOD | change))


def test_sides_swap_names_and_keep_points() -> None:
    swapped = Skeleton(**GOOD).with_sides_swapped()
    np.testing.assert_allclose(swapped["right_eye"], (3, 4))
    assert not swapped.sees("left_eye")
    assert swapped.with_sides_swapped() == Skeleton(**GOOD)


def test_ambiguity_is_that_of_the_limbs_asked_for() -> None:
    skeleton = Skeleton(**GOOD, ambiguity=0.9, limb_ambiguity={"nose-left_eye": 0.9, "nose-right_eye": 0.2})
    assert (
        skeleton.ambiguity_of([("left_eye", "nose")]) == skeleton.ambiguity_of([("nose", "left_eye")]) == 0.9
    )
    assert skeleton.ambiguity_of([("left_eye", "right_eye")]) == skeleton.ambiguity_of([]) == 0.0
    assert skeleton.ambiguity_of([("nose", "left_eye"), ("nose", "right_eye")]) == 0.9
    assert skeleton.with_sides_swapped().ambiguity_of([("nose", "right_eye")]) == 0.9
    assert skeleton.with_sides_swapped().with_sides_swapped() == skeleton != Skeleton(**GOOD, ambiguity=0.9)


def test_skeletons_of_before_are_read_and_know_the_whole_persons_ambiguity() -> None:
    stored = json.loads(Skeleton(**GOOD, ambiguity=0.7).model_dump_json())
    del stored["limb_ambiguity"]
    skeleton = Skeleton.model_validate(stored)
    assert skeleton == Skeleton(**GOOD, ambiguity=0.7)
    assert skeleton.ambiguity_of([("nose", "left_eye")]) == 0.7


@given(
    st.dictionaries(
        st.sampled_from([f"{a}-{b}" for a in NAMES for b in NAMES if a != b]), st.floats(0, 1), max_size=6
    )
)
def test_contested_limbs_come_back_from_json(limbs: dict[str, float]) -> None:
    skeleton = Skeleton(**GOOD, ambiguity=max(limbs.values(), default=0.0), limb_ambiguity=limbs)
    assert Skeleton.model_validate_json(skeleton.model_dump_json()) == skeleton
    pairs = [tuple(limb.split("-")) for limb in limbs]
    assert skeleton.ambiguity_of(pairs) == pytest.approx(skeleton.ambiguity)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"size_wh": (0, 480)}, r"size_wh\.0: .*greater than 0 \(got 0\)"),
        ({"size_wh": (640, -1)}, r"size_wh\.1: .*greater than 0 \(got -1\)"),
        ({"camera_id": ""}, r"camera_id: .*at least 1 character"),
    ],
)
def test_scenes_that_no_camera_took_are_refused(make_scene, change: dict[str, object], message: str) -> None:
    content = json.loads(make_scene(None).model_dump_json()) | change
    with pytest.raises(DataError, match=message):
        Scene.model_validate_json(json.dumps(content))


def test_frames_name_their_camera() -> None:
    with pytest.raises(DataError, match="camera_id"):
        Frame(image=np.zeros((2, 2, 3), np.uint8), t_s=0.0, camera_id="")


@pytest.mark.parametrize("box", [(3, 0, 2, 5), (0, 5, 2, 4)])
def test_boxes_of_tracks_have_their_sides_in_order(make_scene, box: tuple[float, ...]) -> None:
    with pytest.raises(ShapeError, match=r"box_xyxy: expected x1 <= x2 and y1 <= y2, got \("):
        Track(track_id=1, box_xyxy=box, box_source="detection")
    content = json.loads(make_scene(None).model_dump_json())
    content["tracks"][0]["box_xyxy"] = box
    with pytest.raises(DataError, match="box_xyxy"):
        Scene.model_validate_json(json.dumps(content))
    Track(track_id=1, box_xyxy=(2, 3, 2, 3), box_source="keypoints")


def test_scene_round_trip(make_skeleton, make_scene) -> None:
    scene = make_scene(make_skeleton(left_ankle=None), None, t_s=1.5)
    text = scene.model_dump_json()
    assert "NaN" not in text
    json.loads(text, parse_constant=lambda constant: pytest.fail(f"{constant} is not JSON"))
    assert Scene.model_validate_json(text) == scene


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            '"box_source":"keypoints"',
            '"box_source":"guess"',
            r"Scene: tracks\.1\.box_source: Input should be",
        ),
        ('"person_score":0.8', '"person_score":8', r"Scene: tracks\.1\.skeleton\.person_score: .*less than"),
        ('"score":[0.9', '"score":[1.9', r"Skeleton\.score: expected values in \[0, 1\]"),
        ('"xy":[[200.0', '"xy":[[null', "both finite or both NaN"),
    ],
)
def test_what_is_wrong_deep_in_a_scene_is_named(
    make_skeleton, make_scene, old: str, new: str, message: str
) -> None:
    text = make_scene(None, make_skeleton()).model_dump_json()
    head, _, tail = text.partition('"track_id":2')
    assert old in tail
    with pytest.raises(DataError, match=message):
        Scene.model_validate_json(f'{head}"track_id":2{tail.replace(old, new, 1)}')


def test_keypoints_of_a_changed_copy_are_the_new_ones(make_skeleton) -> None:
    skeleton = make_skeleton()
    assert skeleton.sees("nose")
    turned = skeleton.model_copy(update={"keypoints": skeleton.keypoints[::-1]})
    np.testing.assert_array_equal(turned[skeleton.keypoints[-1]], skeleton["nose"])


def test_event_and_reading_round_trip(make_reading) -> None:
    reading = make_reading()
    assert Reading.model_validate_json(reading.model_dump_json()) == reading
    event = Event(
        event_id="a-0001", kind="a", phase="ended", t_start_s=1, t_end_s=2, t_s=3, camera_id="front",
        track_ids=(1,), seats=(None,), peak_score=0.5, end_reason="lost",
    )  # fmt: skip
    assert Event.model_validate_json(event.model_dump_json()) == event


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((4, 4, 3)),
        np.zeros((0, 4, 3), np.uint8),
        "a",
    ],
)
def test_frames_take_colour_images_only(image: object) -> None:
    with pytest.raises(ShapeError, match=r"uint8 array \(H, W, 3\), BGR"):
        Frame(image=image, t_s=0.0)


def test_frame_time_is_finite() -> None:
    with pytest.raises(DataError, match="t_s"):
        Frame(image=np.zeros((2, 2, 3), np.uint8), t_s=float("nan"))


@pytest.mark.parametrize("xyxy", [(5, 0, 5, 9), (0, 9, 5, 3)])
def test_boxes_have_an_area(xyxy: tuple[float, ...]) -> None:
    with pytest.raises(ShapeError, match=r"Box.xyxy"):
        Box(xyxy=xyxy)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_numbers_are_finite_so_that_they_come_back_from_json(value: float) -> None:
    with pytest.raises(DataError, match="finite"):
        Box(xyxy=(0, 0, value, 1))
    with pytest.raises(DataError, match="finite"):
        Reading(kind="a", track_ids=(1,), state=State.TRUE, score=0.5, evidence={"x_px": value})
    with pytest.raises(DataError, match="finite"):
        Scene(t_s=value, camera_id="front", size_wh=(1, 1))


def test_types_are_frozen(make_reading) -> None:
    with pytest.raises(Exception, match="frozen"):
        make_reading().state = State.FALSE


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"kind": 1}'])
def test_text_that_is_no_record_is_refused(text: str) -> None:
    with pytest.raises(DataError, match="Reading: "):
        Reading.model_validate_json(text)


def _track(make_skeleton, **raw: object) -> Track:
    skeleton = make_skeleton(nose=(10.5, 20.1), left_ankle=None)
    found = skeleton.model_copy(update=raw)
    return Track(
        track_id=1, box_xyxy=(0, 0, 9, 9), box_source="detection", skeleton=skeleton, raw_skeleton=found
    )


def test_the_raw_skeleton_is_stored_as_what_differs(make_skeleton) -> None:
    xy = make_skeleton(nose=(10.25, 20.0), left_ankle=None).xy
    for raw, stored in (
        ({}, set()),
        ({"xy": xy}, {"xy"}),
        ({"xy": xy, "person_score": 0.1}, {"xy", "person_score"}),
    ):
        track = _track(make_skeleton, **raw)
        text = track.model_dump_json()
        assert json.loads(text)["raw_skeleton"].keys() == stored
        again = Track.model_validate_json(text)
        assert again == track
        assert again.raw_skeleton == track.raw_skeleton
        assert (again.raw_skeleton is again.skeleton) == (not stored)
        assert Track.model_validate(track.model_dump()) == track


def test_raw_skeletons_alone_absent_or_stored_whole_are_read(make_skeleton) -> None:
    track = _track(make_skeleton)
    whole = json.loads(track.model_dump_json())
    whole["raw_skeleton"] = json.loads(track.raw_skeleton.model_dump_json())
    assert Track.model_validate_json(json.dumps(whole)) == track
    for skeletons in ({"skeleton": None}, {"raw_skeleton": None}, {"skeleton": None, "raw_skeleton": None}):
        changed = track.model_copy(update=skeletons)
        assert Track.model_validate_json(changed.model_dump_json()) == changed


def test_a_wrong_skeleton_is_the_only_complaint(make_skeleton) -> None:
    content = json.loads(_track(make_skeleton).model_dump_json())
    content["skeleton"]["person_score"] = 7
    with pytest.raises(DataError, match=r"skeleton\.person_score") as refused:
        Track.model_validate(content)
    assert "raw_skeleton" not in str(refused.value)


@pytest.mark.parametrize("raw", [{"xy": [[1, 2]]}, {"tail": 1}, [], "x"])
def test_a_malformed_difference_is_refused(make_skeleton, raw: object) -> None:
    content = json.loads(_track(make_skeleton).model_dump_json()) | {"raw_skeleton": raw}
    with pytest.raises(DataError):
        Track.model_validate(content)
