"""Keypoint files are read by name, whatever their order; what is wrong with one is said by entry."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from cabinsafe.data import COCO_KEYPOINTS, KEYPOINTS, KeypointSet, LabelledImage, read_keypoints
from cabinsafe.errors import DataError
from cabinsafe.pose import Topology

OPENPOSE = Topology.openpose().keypoints
Content = dict[str, list[dict]]


def person(names: tuple[str, ...] = COCO_KEYPOINTS, **labelled: tuple[float, float, int]) -> dict:
    rows = [labelled.get(name, (0, 0, 0)) for name in names]
    return {
        "image_id": 1,
        "iscrowd": 0,
        "bbox": [10, 20, 30, 40],
        "num_keypoints": len(labelled),
        "keypoints": [value for row in rows for value in row],
    }


def content(*people: dict, names: tuple[str, ...] | None = COCO_KEYPOINTS) -> Content:
    category = {"id": 1} if names is None else {"id": 1, "keypoints": list(names)}
    return {
        "images": [{"id": 1, "file_name": "a.jpg"}],
        "annotations": [{"id": number, **each} for number, each in enumerate(people, start=1)],
        "categories": [category],
    }


@pytest.fixture
def read(tmp_path: Path) -> Callable[[Content], KeypointSet]:
    def write_and_read(content: Content) -> KeypointSet:
        (tmp_path / "people.json").write_text(json.dumps(content), encoding="utf-8")
        return read_keypoints(tmp_path / "people.json")

    return write_and_read


def first(people: KeypointSet, keypoints: tuple[str, ...] = KEYPOINTS) -> LabelledImage:
    return people.labelled_images(Path("folder"), keypoints, [1])[0]


def test_the_names_are_those_of_both_pose_layouts() -> None:
    assert Topology.trt_pose().keypoints == KEYPOINTS
    assert set(KEYPOINTS) == set(OPENPOSE)


@pytest.mark.parametrize("names", [COCO_KEYPOINTS, KEYPOINTS, OPENPOSE, ("right_ear", "left_wrist")])
@pytest.mark.parametrize("order", [KEYPOINTS, OPENPOSE])
def test_keypoints_are_mapped_by_name_and_unlabelled_ones_are_nan(read, names, order) -> None:
    image = first(read(content(person(names, left_wrist=(3, 4, 2), right_ear=(5, 6, 1)), names=names)), order)
    assert image.xy[0, order.index("left_wrist")].tolist() == [3, 4]
    assert image.xy[0, order.index("right_ear")].tolist() == [5, 6]
    assert np.isfinite(image.xy).sum() == 4
    assert image.visibility[0, order.index("left_wrist")] == 2
    assert image.visibility[0, order.index("right_ear")] == 1
    assert image.visibility.sum() == 3
    assert (image.xy.dtype, image.visibility.dtype) == (np.float32, np.uint8)


def test_some_keypoints_may_be_asked_for(read) -> None:
    image = first(read(content(person(nose=(1, 2, 2), left_hip=(3, 4, 2)))), ("left_hip", "nose"))
    assert image.xy.tolist() == [[[3, 4], [1, 2]]]


def test_without_names_in_the_file_they_are_those_of_coco(read) -> None:
    people = read(content(person(right_ankle=(7, 8, 2)), names=None))
    assert people.keypoints == COCO_KEYPOINTS
    assert first(people).xy[0, KEYPOINTS.index("right_ankle")].tolist() == [7, 8]


@pytest.mark.parametrize(("left", "right", "visibility"), [(2, 2, 2), (1, 2, 1), (2, 1, 1), (1, 1, 1)])
def test_a_missing_neck_is_the_middle_of_both_shoulders(read, left, right, visibility) -> None:
    image = first(read(content(person(left_shoulder=(10, 20, left), right_shoulder=(30, 40, right)))))
    assert image.xy[0, KEYPOINTS.index("neck")].tolist() == [20, 30]
    assert image.visibility[0, KEYPOINTS.index("neck")] == visibility


def test_one_shoulder_gives_no_neck(read) -> None:
    image = first(read(content(person(left_shoulder=(10, 20, 2), nose=(1, 1, 2)))))
    assert np.isnan(image.xy[0, KEYPOINTS.index("neck")]).all()
    assert image.visibility[0, KEYPOINTS.index("neck")] == 0


def test_a_labelled_neck_is_taken_as_it_is(read) -> None:
    shoulders = {"left_shoulder": (10, 20, 2), "right_shoulder": (30, 40, 2)}
    both = person(KEYPOINTS, neck=(18, 29, 1), **shoulders), person(KEYPOINTS, **shoulders)
    image = first(read(content(*both, names=KEYPOINTS)))
    assert image.xy[0, KEYPOINTS.index("neck")].tolist() == [18, 29]
    assert image.visibility[:, KEYPOINTS.index("neck")].tolist() == [1, 0]
    assert np.isnan(image.xy[1, KEYPOINTS.index("neck")]).all()


def test_crowds_and_unlabelled_people_become_ignored_boxes(read) -> None:
    nose = person(nose=(1, 1, 2))
    image = first(read(content(nose, person(), nose | {"iscrowd": 1, "bbox": [0, 0, 5, 5]})))
    assert image.path == Path("folder/a.jpg")
    assert image.xy.shape == (1, 18, 2)
    assert image.visibility.shape == (1, 18)
    assert image.boxes.tolist() == [[10, 20, 40, 60]]
    assert image.ignored.tolist() == [[10, 20, 40, 60], [0, 0, 5, 5]]
    assert len(image.people) == 1


def test_an_image_may_be_empty_and_a_file_too(read) -> None:
    image = first(read(content()))
    assert (image.xy.shape, image.boxes.shape, image.ignored.shape) == ((0, 18, 2), (0, 4), (0, 4))
    assert read(content() | {"images": []}).labelled_images(Path(), KEYPOINTS) == []


def test_images_come_in_the_order_asked_for_each_with_its_own_people(read) -> None:
    data = content(person(nose=(1, 1, 2)), person(nose=(2, 2, 2)) | {"image_id": 7})
    data["images"].append({"id": 7, "file_name": "b.jpg"})
    people = read(data)
    assert people.image_ids == [1, 7]
    images = people.labelled_images(Path(), KEYPOINTS, [7, 1])
    assert [(image.image_id, image.xy[0, 0, 0]) for image in images] == [(7, 2), (1, 1)]
    assert [image.image_id for image in people.labelled_images(Path(), KEYPOINTS)] == [1, 7]


def test_whatever_else_the_file_says_stays_with_image_and_person(read) -> None:
    data = content(person(), person(nose=(1, 1, 2)) | {"seat": "Row1.Pos2", "attributes": {"style": "coat"}})
    data["images"][0] |= {"width": 640, "camera_id": "front", "light": "dusk"}
    image = first(read(data))
    assert image.attributes == {"width": 640, "camera_id": "front", "light": "dusk"}
    assert image.people == ({"seat": "Row1.Pos2", "attributes": {"style": "coat"}},)


def test_as_coco_a_file_of_coco_is_unchanged(read) -> None:
    scored = {"area": 900.5, "category_id": 1}
    data = content(person(nose=(1.25, 1, 2), left_knee=(3, 4.1, 1)) | scored) | {"info": {"year": 2026}}
    coco = read(data).coco()
    assert json.loads(json.dumps(coco["annotations"])) == data["annotations"]
    assert (coco["images"], coco["info"]) == (data["images"], data["info"])
    assert coco["categories"][0]["keypoints"] == list(COCO_KEYPOINTS)


def test_as_coco_other_layouts_lose_the_neck_and_are_counted_anew(read) -> None:
    scored = {"area": 900, "category_id": 1}
    labelled = {"nose": (1, 2, 2), "neck": (3, 4, 2), "left_ear": (5, 6, 1)}
    data = content(person(OPENPOSE, **labelled) | scored, person(OPENPOSE, neck=(3, 4, 2)) | scored)
    data["categories"][0]["keypoints"] = list(OPENPOSE)
    both, only_neck = read(data).coco()["annotations"]
    expected = person(nose=(1, 2, 2), left_ear=(5, 6, 1))
    assert both["keypoints"] == expected["keypoints"]
    assert (both["num_keypoints"], only_neck["num_keypoints"]) == (2, 0)
    assert not any(only_neck["keypoints"])


def test_scoring_asks_for_areas(read) -> None:
    with pytest.raises(DataError, match=r"people.json: annotations\[0\] lacks area, category_id"):
        read(content(person())).coco()


def test_missing_images_are_counted_up_front(read, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").touch()
    names = ("a.jpg", "b.jpg", "c.jpg")
    people = read(content() | {"images": [{"id": i, "file_name": name} for i, name in enumerate(names)]})
    with pytest.raises(DataError, match=r"2 of 3 images are missing, first b\.jpg"):
        people.require_images(tmp_path)
    with pytest.raises(DataError, match="no folder of images"):
        people.require_images(tmp_path / "elsewhere")
    for name in names:
        (tmp_path / name).touch()
    people.require_images(tmp_path)


def test_images_and_keypoints_that_are_not_there_cannot_be_asked_for(read) -> None:
    people = read(content())
    with pytest.raises(DataError, match=r"people.json: it has no image with the id 5"):
        people.labelled_images(Path(), KEYPOINTS, [1, 5])
    with pytest.raises(DataError, match=r"must differ and be among nose, .*; got tail"):
        people.labelled_images(Path(), ("nose", "tail"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "not a readable annotation file: No such file"),
        ("{", "not a readable annotation file"),
        ("\udcff", "not a readable annotation file"),
        ("[]", "no list 'images'"),
        ('{"images": 3, "annotations": []}', "no list 'images'"),
        ('{"images": [], "annotations": []}', "no list 'categories'"),
        ('{"images": [{"id": 1}], "annotations": []}', r"images\[0\] lacks file_name"),
        ('{"images": [5], "annotations": []}', r"images\[0\]: Input should be .*, got 5"),
    ],
)
def test_what_is_no_annotation_file_is_refused(tmp_path: Path, text: str | None, message: str) -> None:
    path = tmp_path / "people.json"
    if text is not None:
        path.write_text(text, encoding="utf-8", errors="surrogateescape")
    with pytest.raises(DataError, match=message) as caught:
        read_keypoints(path)
    assert "people.json" in str(caught.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"image_id": 9}, r"annotations\[1\] is of image 9, not in images"),
        ({"id": 1}, r"1 ids of annotations are used more than once, first 1"),
        ({"keypoints": [1, 2, 2]}, "expected 3 values for each of 17 keypoints, 51 in all, got 3"),
        ({"keypoints": [0] * 54}, "51 in all, got 54"),
        ({"keypoints": [1, 1, 3] + [0] * 48}, "expected 0, 1 or 2 for the visibility of nose, got 3"),
        ({"keypoints": [0, 0, 0, 1, 1, 0.5] + [0] * 45}, "visibility of left_eye, got 0.5"),
        ({"keypoints": ["a"] * 51}, r"annotations\[1\]\.keypoints\.0: .* number, .*got 'a'"),
        ({"keypoints": [float("nan"), 1, 2] + [0] * 48}, r"annotations\[1\]\.keypoints\.0: .*finite"),
        ({"bbox": [1, 2, 3]}, r"annotations\[1\]"),
        ({"iscrowd": 2}, r"annotations\[1\]\.iscrowd: .*got 2"),
        ({"num_keypoints": -1}, r"annotations\[1\]\.num_keypoints: .*got -1"),
        ({"id": None}, r"annotations\[1\]\.id: .*got None"),
    ],
)
def test_bad_annotations_are_named(read, change: dict, message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        read(content(person(), person(nose=(1, 1, 2)) | change))
    assert "people.json" in str(caught.value)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ((*COCO_KEYPOINTS[1:], "tail"), "keypoint names must differ and be among nose, .*; got tail"),
        ((*COCO_KEYPOINTS[1:], "left_eye"), "must differ"),
        ((), r"categories\[0\]\.keypoints"),
    ],
)
def test_unknown_and_repeated_names_are_refused(read, names: tuple[str, ...], message: str) -> None:
    with pytest.raises(DataError, match=message):
        read(content(names=names))


def test_repeated_images_and_several_categories_are_refused(read) -> None:
    data = content()
    with pytest.raises(DataError, match="1 ids of images are used more than once, first 1"):
        read(data | {"images": data["images"] * 2})
    with pytest.raises(DataError, match="expected one entry of categories, a person; got 2"):
        read(data | {"categories": data["categories"] * 2})
