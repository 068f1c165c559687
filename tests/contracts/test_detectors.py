"""What every detector keeps: built-ins and installed plug-ins alike."""

from __future__ import annotations

import numpy as np
import pytest

from cabinsafe.detectors import DetectorOptions, any_of, detector_class, detector_kinds
from cabinsafe.errors import ConfigError
from cabinsafe.pose import Topology
from cabinsafe.types import State
from cabinsafe.views import CameraView, SeatView

SEAT = SeatView(name="Row1.Pos1", zone=((0, 0), (1, 0), (1, 1)), seat_line=((0.1, 0.75), (0.9, 0.75)))
VIEWS = {"front": CameraView(camera_id="front", seats=(SEAT,))}


@pytest.fixture(params=sorted(detector_kinds()))
def detector(request):
    found = detector_class(request.param)
    assert found.kind == request.param
    return found(found.Options(), VIEWS)


def test_it_names_keypoints_of_both_layouts(detector) -> None:
    for topology in (Topology.trt_pose(), Topology.openpose()):
        assert detector.needs <= set(topology.keypoints)


def test_options_refuse_unknown_keys_and_describe_every_field(detector) -> None:
    assert issubclass(detector.Options, DetectorOptions)
    assert detector.Options.model_config["extra"] == "forbid"
    undescribed = [name for name, field in detector.Options.model_fields.items() if not field.description]
    assert undescribed == []


def test_readings_are_of_its_kind_and_about_tracks_in_the_scene(detector, make_skeleton, make_scene) -> None:
    readings = detector.read(make_scene(make_skeleton(), make_skeleton((110, 0)), None))
    assert readings
    for reading in readings:
        assert reading.kind == detector.kind
        assert set(reading.track_ids) <= {1, 2, 3}
        assert all(isinstance(value, float) for value in reading.evidence.values())
    keys = [reading.track_ids for reading in readings]
    assert len(set(keys)) == len(keys)


def test_an_empty_scene_is_a_valid_scene(detector, make_scene) -> None:
    assert detector.read(make_scene()) == []


def test_who_is_not_seen_is_not_observable_and_never_safe(detector, make_scene) -> None:
    for reading in detector.read(make_scene(None, None)):
        assert reading.state is State.NOT_OBSERVABLE
        assert reading.score == 0.0


def test_a_skeleton_with_one_keypoint_is_not_observable(detector, make_skeleton, make_scene) -> None:
    only_nose = dict.fromkeys(k for k in Topology.trt_pose().keypoints if k != "nose")
    for reading in detector.read(make_scene(make_skeleton(**only_nose), make_skeleton(**only_nose))):
        assert reading.state is State.NOT_OBSERVABLE


def test_the_same_scene_gives_the_same_readings_also_after_reset(detector, make_skeleton, make_scene) -> None:
    scene = make_scene(make_skeleton(), make_skeleton((110, 0)))
    first = detector.read(scene)
    assert detector.read(scene) == first
    detector.reset()
    assert detector.read(scene) == first


def test_order_of_tracks_does_not_matter(detector, make_skeleton, make_scene) -> None:
    scene = make_scene(make_skeleton(), make_skeleton((110, 0)))
    turned = scene.model_copy(update={"tracks": scene.tracks[::-1]})
    by_ids = {reading.track_ids: reading for reading in detector.read(scene)}
    assert {reading.track_ids: reading for reading in detector.read(turned)} == by_ids


def test_a_mirrored_view_gives_the_same_readings(detector, make_skeleton, make_scene) -> None:
    """Picture and geometry mirrored, names of the sides kept true: what the analyzer makes of it."""
    people = make_skeleton(left_ankle=(228, 260)), make_skeleton((110, 0), right_wrist=(250, 260))
    mirrored_seat = SEAT.model_copy(update={"zone": ((1, 0), (0, 0), (0, 1))})
    view = CameraView(camera_id="front", mirrored=True, seats=(mirrored_seat,))
    mirrored = [
        p.model_copy(update={"xy": p.xy * np.float32([-1, 1]) + np.float32([400, 0])}) for p in people
    ]
    plain = detector.read(make_scene(*people))
    other = type(detector)(detector.Options(), {"front": view}).read(make_scene(*mirrored))
    assert [(r.track_ids, r.state) for r in other] == [(r.track_ids, r.state) for r in plain]
    assert [r.score for r in other] == pytest.approx([r.score for r in plain], abs=1e-3)


def test_unknown_kinds_are_refused_with_the_list() -> None:
    there = ", ".join(sorted(detector_kinds()))
    with pytest.raises(ConfigError, match=f"no detector of kind 'none'; there are {there}"):
        detector_class("none")


@pytest.mark.parametrize(
    ("states", "result"),
    [
        ("TF", State.TRUE),
        ("TN", State.TRUE),
        ("FF", State.FALSE),
        ("FN", State.NOT_OBSERVABLE),
        ("", State.NOT_OBSERVABLE),
    ],
)
def test_three_valued_or(states: str, result: State) -> None:
    letters = {"T": State.TRUE, "F": State.FALSE, "N": State.NOT_OBSERVABLE}
    assert any_of(letters[letter] for letter in states) is result
