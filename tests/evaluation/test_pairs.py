"""Similarities are pycocotools'; pairs are one to one."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest

from cabinsafe.data import COCO_KEYPOINTS
from cabinsafe.evaluation.pairs import pair, similarities

NAMES = ("neck", *reversed(COCO_KEYPOINTS))


def test_similarities_are_those_of_pycocotools(make_person, predict) -> None:
    cocoeval = pytest.importorskip("pycocotools.cocoeval")
    generator = np.random.default_rng(0)
    people = []
    for number in range(5):
        person = make_person(
            number, shift=tuple(generator.uniform(200, 300, 2)), area=generator.uniform(900, 9000)
        )
        rows = np.array(person["keypoints"]).reshape(17, 3)
        rows[generator.random(17) < 0.3] = 0
        people.append(person | {"keypoints": rows.ravel().tolist()})
    whole = [make_person(shift=person["bbox"][:2]) for person in people]
    predictions = [predict(person, off=generator.uniform(0, 12)) for person in whole]
    found = similarities(people, predictions, NAMES)
    reference = cocoeval.COCOeval(iouType="keypoints")
    reference._gts, reference._dts = defaultdict(list), defaultdict(list)
    reference._gts[1, 1] = people
    order = [NAMES.index(name) for name in COCO_KEYPOINTS]
    reference._dts[1, 1] = [
        {"keypoints": np.column_stack([xy[order], score[order]]).ravel(), "score": -place}
        for place, (xy, score, _) in enumerate(predictions)
    ]
    np.testing.assert_allclose(found, reference.computeOks(1, 1).T, atol=1e-6)
    assert found.max() > 0.3


def test_missing_keypoints_of_a_prediction_count_as_zero(make_person, predict) -> None:
    person = make_person()
    xy, score, rating = predict(person)
    xy[NAMES.index("nose")] = np.nan
    assert similarities([person], [(xy, score, rating)], NAMES)[0, 0] == pytest.approx(16 / 17)


def test_a_prediction_recalls_one_person_at_most(make_person, predict) -> None:
    people = [make_person(1), make_person(2, shift=(2, 0))]
    (one,) = [pair(1, people, [predict(people[1])], NAMES)]
    assert one.prediction_of.tolist() == [-1, 0]
    assert one.recalled.tolist() == [False, True]
    assert one.owner.tolist() == [1]
    assert one.false.tolist() == [False]


def test_the_second_prediction_of_a_person_is_false_but_theirs(make_person, predict) -> None:
    person = make_person()
    one = pair(1, [person], [predict(person), predict(person, off=3)], NAMES)
    assert one.false.tolist() == [False, True]
    assert one.owner.tolist() == [0, 0]


def test_predictions_on_crowds_and_on_people_without_keypoints_are_excused(make_person, predict) -> None:
    crowd = make_person(1, iscrowd=1)
    nobody = make_person(2, shift=(300, 0), num_keypoints=0, keypoints=[0.0] * 51)
    found = [predict(crowd), predict(make_person(shift=(300, 0))), predict(make_person(shift=(600, 0)))]
    one = pair(1, [crowd, nobody], found, NAMES)
    assert list(one.people) == []
    assert one.excused.tolist() == [True, True, False]
    assert one.false.tolist() == [False, False, True]


def test_whoever_shows_few_keypoints_is_not_asked_for(make_person) -> None:
    rows = np.array(make_person()["keypoints"]).reshape(17, 3)
    rows[4:, 2] = 1
    few = make_person(keypoints=rows.ravel().tolist())
    rows[4, 2] = 2
    enough = make_person(keypoints=rows.ravel().tolist())
    assert pair(1, [few, enough], [], NAMES).asked.tolist() == [False, True]


def test_an_image_without_anybody() -> None:
    one = pair(1, [], [], NAMES)
    assert one.recalled.shape == one.asked.shape == one.false.shape == (0,)
