"""Counts and recalls of a handful of people, counted by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cabinsafe.data import COCO_KEYPOINTS
from cabinsafe.evaluation.pairs import Pairs, pair
from cabinsafe.evaluation.people import count_people, recall, recall_by_attribute
from cabinsafe.evaluation.sets import PoseSet
from cabinsafe.evaluation.worst import worst_cases

NAMES = ("neck", *reversed(COCO_KEYPOINTS))


@pytest.fixture
def three_images(make_person, predict) -> tuple[PoseSet, list[Pairs], dict]:
    """One found and one missed; one found too far off, by night; nobody there but somebody found, twice."""
    people = {
        1: (make_person(1, seat="Row1.Pos1", belted=True), make_person(2, shift=(300, 0), belted=False)),
        2: (make_person(3, image_id=2),),
        3: (),
    }
    ghosts = [predict(make_person(shift=(s, 500)), score=score) for s, score in ((0, 0.2), (300, 0.6))]
    found = {1: [predict(people[1][0])], 2: [predict(people[2][0], off=14)], 3: ghosts}
    images = {1: {"id": 1, "light": "day"}, 2: {"id": 2, "light": "night"}, 3: {"id": 3, "light": "night"}}
    pose_set = PoseSet("three", dict.fromkeys(people, Path()), {}, images, people)
    return pose_set, [pair(i, people[i], found[i], NAMES) for i in people], found


def test_counts(three_images) -> None:
    pose_set, pairs, _ = three_images
    counts = count_people(pose_set, pairs, refused=1)
    assert (counts.labelled, counts.found, counts.refused_images) == (3, 4, 1)
    assert counts.right_share == pytest.approx(1 / 3)
    assert counts.mean_error == pytest.approx((1 + 0 + 2) / 3)
    assert counts.false_per_image == pytest.approx((0 + 1 + 2) / 3)
    assert (counts.empty_images, counts.false_per_100_empty) == (1, 200.0)


def test_without_empty_images_there_is_no_rate(three_images) -> None:
    pose_set, pairs, _ = three_images
    counts = count_people(pose_set, pairs[:2], refused=0)
    assert (counts.empty_images, counts.false_per_100_empty) == (0, None)


def test_recalls(three_images) -> None:
    pose_set, pairs, _ = three_images
    assert (recall(pairs).people, recall(pairs).recall) == (3, pytest.approx(1 / 3))
    by = recall_by_attribute(pose_set, pairs)
    table = {key: {value: (r.people, r.recall) for value, r in groups.items()} for key, groups in by.items()}
    assert table == {
        "light": {"day": (2, 0.5), "night": (1, 0.0)},
        "seat": {"Row1.Pos1": (1, 1.0)},
        "belted": {"no": (1, 0.0), "yes": (1, 1.0)},
    }


def test_nobody_to_ask_for_has_no_recall() -> None:
    assert recall([pair(1, [], [], NAMES)]).recall is None


def test_the_worst_come_first_and_each_image_once(three_images, make_person, predict) -> None:
    _, pairs, found = three_images
    larger = make_person(4, image_id=4, area=9000.0)
    more = {4: [predict(make_person(shift=(600, 0)), score=0.7)]}
    cases = worst_cases([*pairs, pair(4, [larger], more[4], NAMES)], found | more, 5)
    kinds = [(case.kind, case.image_id, case.person, case.prediction) for case in cases]
    assert kinds == [
        ("false", 4, None, 0),
        ("false", 3, None, 1),
        ("missed", 4, 0, None),
        ("missed", 1, 1, None),
        ("misplaced", 2, 0, 0),
    ]
    assert np.allclose([case.value for case in cases[:4]], [0.7, 0.6, 9000, 6000])
    assert 0.1 < cases[4].value < 0.5
    assert [case.kind for case in worst_cases(pairs, found, 0)] == []
