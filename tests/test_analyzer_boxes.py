"""Boxes that the analyzer takes: the network's, the caller's, a person detector's."""

from __future__ import annotations

import numpy as np
import pytest

from cabinsafe import CabinAnalyzer, CabinConfig


@pytest.fixture
def make_blue_cabin(box_network):
    """Cabin of the network with a person-box head; keywords go under ``pose``."""

    def make(person_detector=None, **pose) -> CabinAnalyzer:
        return CabinAnalyzer.from_config(
            CabinConfig(
                name="blue",
                cameras=[{"camera_id": "front", "seats": []}],
                pose={"model": str(box_network)} | pose,
                detectors={},
                person_detector=person_detector,
            )
        )

    return make


BLUE_BOX = [40, 32, 120, 176, 0.6]
"""What the network finds for a blue cell in column 4, row 8."""


def test_boxes_of_the_network_feed_the_tracker(make_blue_cabin, blue_frame) -> None:
    with make_blue_cabin() as cabin:
        seen = cabin.inspect(blue_frame((4, 8, 0.6)))
        np.testing.assert_allclose(seen.boxes, [BLUE_BOX], atol=1e-6)
        assert [(t.box_xyxy, t.box_source) for t in seen.scene.tracks] == [((40, 32, 120, 176), "detection")]
        assert cabin.inspect(blue_frame(t_s=0.1)).boxes.shape == (0, 5), "looked and found nobody"


def test_the_callers_boxes_take_the_place_of_the_networks(make_blue_cabin, blue_frame) -> None:
    with make_blue_cabin() as cabin:
        for t_s, boxes in ((0.0, np.array([[200, 50, 260, 150, 0.9]])), (0.1, np.zeros((0, 5)))):
            seen = cabin.inspect(blue_frame((4, 8, 0.6), t_s=t_s), boxes)
            assert seen.boxes is boxes
            assert len(seen.pose.boxes) == 1
            assert [t.box_xyxy[0] >= 200 for t in seen.scene.tracks] == [True], (
                "the one passed, then predicted"
            )


def test_a_person_detector_takes_the_place_of_the_networks_boxes(
    make_blue_cabin, blue_frame, tmp_path
) -> None:
    """Also where it did not look at a frame: one source of boxes, so that their shape does not jump."""
    path = tmp_path / "boxes.jsonl"
    path.write_text('{"t_s": 0.0, "boxes": [[200, 50, 260, 150, 0.9]]}')
    with make_blue_cabin({"kind": "recorded", "options": {"path": str(path)}}) as cabin:
        looked, did_not = (cabin.inspect(blue_frame((4, 8, 0.6), t_s=t_s)) for t_s in (0.0, 0.5))
    np.testing.assert_allclose(looked.boxes, [[200, 50, 260, 150, 0.9]])
    assert did_not.boxes is None


def test_the_networks_boxes_can_be_switched_off_and_tuned(make_blue_cabin, blue_frame) -> None:
    frame = blue_frame((4, 8, 0.6))
    with make_blue_cabin(boxes=False) as cabin:
        seen = cabin.inspect(frame)
        assert (seen.boxes, seen.pose.boxes, seen.scene.tracks) == (None, None, ())
    with make_blue_cabin(box_decoder={"score_threshold": 0.7}) as cabin:
        assert cabin.inspect(frame).boxes.shape == (0, 5)


def test_a_mirrored_view_leaves_boxes_where_they_are(box_network, blue_frame) -> None:
    camera = {"camera_id": "front", "seats": [], "mirrored": True}
    config = CabinConfig(name="a", cameras=[camera], pose={"model": str(box_network)}, detectors={})
    with CabinAnalyzer.from_config(config) as cabin:
        (track,) = cabin.inspect(blue_frame((4, 8, 0.6))).scene.tracks
    assert track.box_xyxy == tuple(BLUE_BOX[:4])
