"""Parts are scored alone: what is wrong with the rest does not lower them."""

from __future__ import annotations

import numpy as np
import pytest

from cabinsafe.data import COCO_KEYPOINTS
from cabinsafe.evaluation.breakdown import KEYPOINT_GROUPS, by_attribute, by_keypoints
from cabinsafe.evaluation.pairs import pair

pytest.importorskip("pycocotools")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
NAMES = ("neck", *reversed(COCO_KEYPOINTS))


def test_the_groups_are_all_keypoints_once() -> None:
    members = [name for group in KEYPOINT_GROUPS.values() for name in group]
    assert sorted(members) == sorted(COCO_KEYPOINTS)
    assert {len(group) for group in KEYPOINT_GROUPS.values()} == {5, 6}


def test_wrong_legs_lower_only_the_legs(make_person, predict) -> None:
    person = make_person()
    xy, score, rating = predict(person)
    for name in KEYPOINT_GROUPS["hips and legs"]:
        xy[NAMES.index(name)] += 500
    found = {1: [(xy, score, rating)]}
    parts = by_keypoints(found, NAMES, [pair(1, [person], found[1], NAMES)])
    assert {group: part.ap for group, part in parts.items()} == {
        "face": pytest.approx(1.0), "arms": pytest.approx(1.0), "hips and legs": 0.0
    }  # fmt: skip


def test_people_without_a_group_are_left_out_with_their_predictions(make_person, predict) -> None:
    """Legs found where none are labelled are not false legs of somebody else."""
    whole = make_person(1)
    rows = np.array(make_person(shift=(200, 0))["keypoints"]).reshape(17, 3)
    rows[[COCO_KEYPOINTS.index(name) for name in KEYPOINT_GROUPS["hips and legs"]]] = 0
    bust = make_person(2, shift=(200, 0), keypoints=rows.ravel().tolist(), num_keypoints=11)
    found = {1: [predict(make_person(shift=(200, 0)), score=0.95), predict(whole, score=0.5)]}
    legs = by_keypoints(found, NAMES, [pair(1, [whole, bust], found[1], NAMES)])["hips and legs"]
    assert (legs.people, legs.ap) == (1, pytest.approx(1.0))


def test_a_style_is_not_blamed_for_others_but_for_people_who_are_not_there(make_person, predict) -> None:
    good, poor = make_person(1, style="drive"), make_person(2, shift=(200, 0), style="sleep")
    near = [predict(good, score=0.5), predict(poor, score=0.9, off=9)]
    ghost = predict(make_person(shift=(600, 0)), score=0.99)
    images = {1: {"id": 1}}
    alone = by_attribute({1: near}, NAMES, [pair(1, [good, poor], near, NAMES)], images)
    assert set(alone) == {"style"}
    assert (alone["style"]["drive"].ap, alone["style"]["drive"].people) == (pytest.approx(1.0), 1)
    assert alone["style"]["sleep"].ap < 0.7
    found = {1: [*near, ghost]}
    haunted = by_attribute(found, NAMES, [pair(1, [good, poor], found[1], NAMES)], images)
    assert haunted["style"]["drive"].ap == pytest.approx(0.5)


def test_a_value_is_measured_on_the_images_where_it_occurs(make_person, predict) -> None:
    """A style in those with such people; light in all of that light, with people or without."""
    people = {1: [make_person(1, style="drive")], 2: [make_person(2, image_id=2, style="sleep")], 3: []}
    ghost = predict(make_person(shift=(600, 0)), score=0.9)
    found = {1: [predict(people[1][0], score=0.5)], 2: [ghost], 3: [ghost]}
    images = {1: {"light": "day"}, 2: {"light": "night"}, 3: {"light": "day"}}
    pairs = [pair(i, people[i], found[i], NAMES) for i in people]
    parts = by_attribute(found, NAMES, pairs, images)
    assert (parts["style"]["drive"].ap, parts["style"]["drive"].images) == (pytest.approx(1.0), 1)
    assert parts["style"]["sleep"].ap == parts["light"]["night"].ap == 0
    assert (parts["light"]["day"].ap, parts["light"]["day"].images) == (pytest.approx(0.5), 2)


def test_without_attributes_there_is_nothing(make_person) -> None:
    assert by_attribute({1: []}, NAMES, [pair(1, [make_person()], [], NAMES)], {1: {"id": 1}}) == {}
