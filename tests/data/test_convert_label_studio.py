"""Label Studio's regions become people by nesting, relations or place; percentages become pixels."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cabinsafe.errors import DataError

Result = dict[str, Any]


def region(kind: str, key: str, label: str | None, more: Result, **value: float) -> Result:
    labels = {} if label is None else {kind: [label]}
    return {
        "original_width": 200,
        "original_height": 100,
        "image_rotation": 0,
        "value": {**value, **labels},
        "id": key,
        "from_name": "tag",
        "to_name": "image",
        "type": kind,
    } | more


def keypoint(key: str, label: str, x: float, y: float, **more: Any) -> Result:
    return region("keypointlabels", key, label, more, x=x, y=y, width=0.4)


def rectangle(key: str, label: str, x: float, y: float, width: float, height: float, **more: Any) -> Result:
    return region("rectanglelabels", key, label, more, x=x, y=y, width=width, height=height, rotation=0)


def choice(key: str, name: str, *choices: str) -> Result:
    made = {"from_name": name, "value": {"x": 0, "y": 0, "choices": list(choices)}}
    return region("choices", key, None, made)


def relation(start: str, end: str) -> Result:
    return {"type": "relation", "from_id": start, "to_id": end, "direction": "right"}


def task(
    *results: Result, image: str = "/data/upload/3/0a1b2c3d-a.jpg", number: int = 1, **more: Any
) -> Result:
    annotation = {"id": 9, "was_cancelled": False, "ground_truth": False, "result": list(results)}
    return {"id": number, "data": {"image": image}, "annotations": [annotation], "predictions": []} | more


@pytest.fixture
def source(tmp_path):
    def write(*tasks: object) -> Path:
        path = tmp_path / "project.json"
        path.write_text(json.dumps(tasks), encoding="utf-8")
        return path

    return write


LEFT, RIGHT = rectangle("L", "Driver", 0, 0, 60, 100), rectangle("R", "Driver", 40, 0, 60, 100)


def test_percentages_become_pixels_and_the_rectangle_is_the_box(source, converted, labels_of) -> None:
    results = (
        rectangle("L", "Driver", 5, 10, 50, 80),
        *(keypoint("1", "Left Shoulder", 50, 40), choice("1", "seen", "clear")),
        *(keypoint("2", "r_shoulder", 20, 40), choice("2", "seen", "Occluded")),
        choice("L", "seat", "Row1.Pos1"),
    )
    summary, images = converted("label-studio", source(task(*results)))
    assert labels_of(images["a.jpg"]) == {
        "left_shoulder": (100, 40, 2),
        "right_shoulder": (40, 40, 1),
        "neck": (70, 40, 1),
    }
    assert images["a.jpg"].boxes.tolist() == [[10, 10, 110, 90]]
    assert images["a.jpg"].people[0]["seat"] == "Row1.Pos1"
    assert images["a.jpg"].attributes == {"width": 200, "height": 100}
    assert summary.left_out == {}


def test_nesting_goes_before_a_relation_and_that_before_the_place(source, converted, labels_of) -> None:
    results = (
        *(LEFT, RIGHT, keypoint("1", "nose", 10, 10, parentID="R"), relation("1", "L")),
        *(
            keypoint("2", "nose", 90, 10),
            relation("2", "L"),
            keypoint("3", "neck", 50, 10),
            relation("R", "3"),
        ),
        *(keypoint("4", "left_hip", 10, 50), keypoint("5", "left_hip", 90, 50)),
    )
    _, images = converted("label-studio", source(task(*results)))
    people = {
        tuple(box): labels_of(images["a.jpg"], n) for n, box in enumerate(images["a.jpg"].boxes.tolist())
    }
    assert people[0, 0, 120, 100] == {"nose": (180, 10, 2), "left_hip": (20, 50, 2)}
    assert people[80, 0, 200, 100] == {"nose": (20, 10, 2), "neck": (100, 10, 2), "left_hip": (180, 50, 2)}


def test_without_rectangles_all_keypoints_are_one_person(source, converted, labels_of) -> None:
    results = (keypoint("1", "nose", 100, 100), keypoint("2", "neck", 50, 50, meta={"text": ["hidden"]}))
    _, images = converted("label-studio", source(task(*results)))
    assert labels_of(images["a.jpg"]) == {"nose": (200, 100, 2), "neck": (100, 50, 1)}


def test_rectangles_without_keypoints_and_other_regions(source, converted) -> None:
    results = (
        *(LEFT, keypoint("1", "nose", 10, 10), rectangle("P", "Person", 80, 0, 10, 10)),
        *(rectangle("C", "crowd", 90, 0, 10, 10), rectangle("S", "seat", 90, 50, 10, 10)),
        region("polygonlabels", "Q", "door", {}, points=[[1, 2], [3, 4], [5, 6]]),
    )
    summary, images = converted("label-studio", source(task(*results)))
    assert images["a.jpg"].ignored.tolist() == [[160, 0, 180, 10], [180, 0, 200, 10]]
    assert summary.left_out == {
        "rectangles labelled 'seat' without keypoints": 1,
        "results of the type polygonlabels": 1,
    }


def test_a_rectangle_whose_keypoints_are_left_out_stays_as_a_region(source, converted, tmp_path) -> None:
    (tmp_path / "names.yaml").write_text("belt: null\n", encoding="utf-8")
    results = (
        LEFT,
        keypoint("1", "belt", 10, 10),
        rectangle("R", "Driver", 70, 0, 30, 100),
        keypoint("2", "nose", 80, 5),
    )
    _, images = converted("label-studio", source(task(*results)), tmp_path / "names.yaml")
    assert images["a.jpg"].ignored.tolist() == [[0, 0, 120, 100]]
    assert images["a.jpg"].boxes.tolist() == [[140, 0, 200, 100]]


def test_of_several_annotations_the_ground_truth_counts_and_cancelled_ones_do_not(
    source, converted, labels_of
) -> None:
    nose, neck = ({"result": [keypoint("1", name, 50, 50)]} for name in ("nose", "neck"))
    cancelled = nose | {"was_cancelled": True}
    tasks = (
        task(annotations=[cancelled, nose, neck | {"ground_truth": True}]),
        task(annotations=[cancelled, nose], number=2, image="b.jpg"),
        task(annotations=[cancelled], number=3),
        task(annotations=[], number=4),
        task(number=5, image="s3://bucket/rides/deep/c.jpg"),
    )
    summary, images = converted("label-studio", source(*tasks))
    assert set(labels_of(images["a.jpg"])) == {"neck"}
    assert set(labels_of(images["b.jpg"])) == {"nose"}
    assert len(images["deep/c.jpg"].xy) == 0, "an image where nobody is, is kept"
    assert summary.left_out == {"tasks without an annotation": 2}


@pytest.mark.parametrize(
    "image",
    [
        *(
            "a.jpg",
            "/data/upload/1/a.jpg",
            "/data/upload/1/01234567-a.jpg",
            "https://host/images/a.jpg?size=full",
        ),
        *("/data/local-files/?d=rides/a.jpg", "gs://bucket/a.jpg", "/data/local-files/?d=rides%2Fa.jpg"),
    ],
)
def test_images_are_found_whatever_storage_they_were_in(source, converted, image: str) -> None:
    _, images = converted("label-studio", source(task(keypoint("1", "nose", 1, 1), image=image)))
    assert set(images) == {"a.jpg"}


NOSE = keypoint("1", "nose", 50, 50)


def with_value(**value: Any) -> Result:
    return NOSE | {"value": value}


UNSIZED = {key: value for key, value in NOSE.items() if key != "original_width"}


@pytest.mark.parametrize(
    ("results", "said"),
    [
        ([keypoint("1", "noze", 1, 1)], "task 1: no keypoint is called 'noze'; did you mean nose"),
        ([keypoint("1", "nose", 101, 1)], r"task 1: nose at \(202, 1\) lies outside the image of 200x100"),
        ([NOSE, keypoint("2", "nose", 1, 1)], "task 1: nose is labelled twice"),
        ([LEFT, NOSE, keypoint("2", "Nose", 1, 1)], "task 1: rectangle L: nose is labelled twice"),
        ([LEFT, RIGHT, NOSE], r"nose \(region 1\) belongs to 2 rectangles; nest it"),
        ([LEFT, keypoint("1", "nose", 90, 50)], r"nose \(region 1\) belongs to 0 rectangles"),
        ([LEFT, NOSE | {"parentID": "X"}], r"nose \(region 1\) is nested under what is no rectangle"),
        ([LEFT, LEFT, NOSE], "2 rectangles have 1 different ids"),
        (
            [with_value(x=1, y=1, keypointlabels=["nose", "neck"])],
            "region 1: expected one label, got .'nose', 'neck'",
        ),
        ([with_value(x=1, keypointlabels=["nose"])], "region 1 lacks y"),
        ([UNSIZED], "expected the same original_width and original_height in all regions"),
        ([NOSE, keypoint("2", "neck", 1, 1) | {"original_width": 9}], "expected the same original_width"),
        ([NOSE | {"image_rotation": 90}], "region 1: a rotated image or rectangle cannot be converted"),
        ([NOSE, LEFT | {"value": LEFT["value"] | {"rotation": 5}}], "region L: a rotated"),
        ([with_value(x="left", y=1)], r"\[0\]\.annotations\[0\]\.result\[0\]\.value\.x: .* got 'left'"),
        ([], "no people: 1 images without a labelled keypoint"),
    ],
)
def test_what_is_wrong_with_a_region_is_told(source, converted, results: list[Result], said: str) -> None:
    with pytest.raises(DataError, match=said):
        converted("label-studio", source(task(*results)))


@pytest.mark.parametrize(
    ("tasks", "said"),
    [
        (
            [{"id": 1, "image": "a.jpg", "tag": []}],
            r"a Label Studio export of the format 'JSON': it lacks \[0\]",
        ),
        (
            [task(NOSE, annotations=2 * [{"result": [NOSE]}])],
            "task 1: 2 annotations; mark one of them as ground",
        ),
        ([task(NOSE, image="z.jpg")], r"task 1: no image 'z\.jpg' in "),
        (
            [task(NOSE, data={"text": "hello", "link": "http://[", "n": 3})],
            r"among data \(text, link, n\), got 0",
        ),
        (
            [task(NOSE, data={"left": "a.jpg", "right": "b.jpg"})],
            r"one image among data \(left, right\), got 2",
        ),
        ([task(NOSE), task(NOSE, number=2)], r"the image a\.jpg is there 2 times"),
        ([], "no people: 0 images"),
    ],
)
def test_what_is_wrong_with_a_task_is_told(source, converted, tasks: list[Result], said: str) -> None:
    with pytest.raises(DataError, match=said):
        converted("label-studio", source(*tasks))
