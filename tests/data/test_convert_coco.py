"""COCO files become files of 18 keypoints; crowds stay crowds, pixel numbers become coordinates."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cabinsafe.data import COCO_KEYPOINTS, KEYPOINTS, read_keypoints
from cabinsafe.data.convert import AREA_OF_BOX, FORMATS, convert
from cabinsafe.errors import DataError, OutputError

CATEGORY = {"id": 1, "name": "person", "keypoints": [*COCO_KEYPOINTS], "skeleton": [[16, 14]]}


def annotation(
    names: tuple[str, ...] = COCO_KEYPOINTS, **labelled: tuple[float, float, int]
) -> dict[str, Any]:
    rows = [labelled.get(name, (0, 0, 0)) for name in names]
    return {
        "id": 7,
        "image_id": 42,
        "category_id": 1,
        "iscrowd": 0,
        "area": 500.5,
        "bbox": [10, 20, 30, 40],
        "num_keypoints": len(labelled),
        "keypoints": [value for row in rows for value in row],
        "segmentation": [[1, 2, 3, 4, 5, 6]],
    }


def content(*annotations: dict[str, Any], **changes: Any) -> dict[str, Any]:
    images = [
        {"id": 42, "file_name": "a.jpg", "width": 640, "height": 480, "license": 4},
        {"id": 43, "file_name": "b.jpg", "width": 640, "height": 480},
    ]
    numbered = [{**each, "id": number} for number, each in enumerate(annotations, start=7)]
    return {"images": images, "annotations": numbered, "categories": [CATEGORY]} | changes


@pytest.fixture
def source(tmp_path):
    def write(values: object) -> Path:
        path = tmp_path / "person_keypoints.json"
        path.write_text(json.dumps(values), encoding="utf-8")
        return path

    return write


SHOULDERS = {"left_shoulder": (100, 50, 2), "right_shoulder": (60, 50, 1)}


def test_pixel_numbers_become_coordinates_and_the_neck_is_derived(source, converted, labels_of) -> None:
    summary, images = converted("coco", source(content(annotation(**SHOULDERS, nose=(639, 479, 2)))))
    assert labels_of(images["a.jpg"]) == {
        "nose": (639.5, 479.5, 2),
        "left_shoulder": (100.5, 50.5, 2),
        "right_shoulder": (60.5, 50.5, 1),
        "neck": (80.5, 50.5, 1),
    }
    assert images["a.jpg"].image_id == 42
    assert images["a.jpg"].boxes.tolist() == [[10, 20, 40, 60]]
    assert images["a.jpg"].attributes["license"] == 4
    assert images["a.jpg"].people[0]["area"] == 500.5
    assert len(images["b.jpg"].xy) == 0, "an image without people is kept"
    assert (summary.images, summary.people, summary.keypoints, summary.derived_necks) == (2, 1, 4, 1)
    assert summary.left_out == {}


@pytest.mark.parametrize("shoulder", SHOULDERS)
def test_one_shoulder_makes_no_neck(source, converted, labels_of, shoulder: str) -> None:
    summary, images = converted("coco", source(content(annotation(**{shoulder: SHOULDERS[shoulder]}))))
    assert set(labels_of(images["a.jpg"])) == {shoulder}
    assert summary.derived_necks == 0


def test_a_labelled_neck_is_kept(source, converted, labels_of) -> None:
    labelled = {"neck": (80.25, 40, 2), "left_shoulder": (100, 50, 2), "right_shoulder": (60, 50, 2)}
    category = CATEGORY | {"keypoints": [*KEYPOINTS]}
    values = content(annotation(KEYPOINTS, **labelled), categories=[category])
    _, images = converted("coco", source(values))
    assert labels_of(images["a.jpg"])["neck"] == (80.25, 40, 2), "and fractions say that all is continuous"


def test_crowds_and_people_without_keypoints_are_ignored_regions(source, converted) -> None:
    crowd = annotation(nose=(5, 5, 2)) | {"iscrowd": 1, "bbox": [0, 0, 50, 60]}
    summary, images = converted("coco", source(content(crowd, annotation(), annotation(nose=(9, 9, 1)))))
    assert images["a.jpg"].ignored.tolist() == [[0, 0, 50, 60], [10, 20, 40, 60]]
    assert len(images["a.jpg"].xy) == 1
    assert (summary.people, summary.ignored, summary.keypoints) == (1, 2, 1)
    scored = read_keypoints(source(content(crowd))).coco()["annotations"]
    assert scored[0]["iscrowd"] == 1


def test_outlines_are_left_out_and_the_area_is_kept_or_taken_of_the_box(source, converted) -> None:
    without = annotation(nose=(1, 1, 2))
    del without["area"]
    _, images = converted(
        "coco",
        source(
            content(
                annotation(
                    nose=(1, 1, 2),
                ),
                without | {"seat": "left"},
            )
        ),
    )
    first, second = images["a.jpg"].people
    assert "segmentation" not in first
    assert (first["area"], second["area"]) == (500.5, pytest.approx(AREA_OF_BOX * 30 * 40))
    assert second["seat"] == "left"


def test_other_orders_and_spellings_and_categories(source, converted, labels_of) -> None:
    person = {"id": 3, "name": "person", "keypoints": ["RWrist", "Nose"]}
    mine = annotation() | {"category_id": 3, "keypoints": [7.5, 8, 1, 1, 2, 2]}
    car = {"id": 9, "name": "car"}
    other = annotation() | {"category_id": 9, "keypoints": []}
    summary, images = converted("coco", source(content(mine, other, categories=[car, person])))
    assert labels_of(images["a.jpg"]) == {"nose": (1, 2, 2), "right_wrist": (7.5, 8, 1)}
    assert summary.left_out == {"annotations of other categories": 1}


def test_a_keypoint_outside_its_image_is_left_out_and_counted(source, converted, labels_of) -> None:
    summary, images = converted("coco", source(content(annotation(nose=(640, 5, 2), left_ear=(5, 479, 2)))))
    assert set(labels_of(images["a.jpg"])) == {"left_ear"}
    assert summary.left_out == {"keypoints outside their image": 1}


def misnamed() -> dict[str, Any]:
    names = ["left_sholder", *COCO_KEYPOINTS[1:]]
    return content(annotation(nose=(1, 1, 2)), categories=[CATEGORY | {"keypoints": names}])


def twice_named() -> dict[str, Any]:
    names = ["left_eye", *COCO_KEYPOINTS[1:]]
    return content(annotation(nose=(1, 1, 2)), categories=[CATEGORY | {"keypoints": names}])


GOOD = annotation(nose=(1, 1, 2))
UNLABELLED = {key: value for key, value in GOOD.items() if key != "keypoints"}
IMAGE = {"id": 42, "file_name": "a.jpg", "width": 640, "height": 480}


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([], "not a COCO keypoint file: content: Input should be a valid dictionary"),
        ({"images": []}, "not a COCO keypoint file: it lacks annotations"),
        (content(UNLABELLED), r"it lacks annotations\[0\]\.keypoints"),
        (content(GOOD | {"bbox": [1, 2, 3]}), r"annotations\[0\]\.bbox"),
        (content(GOOD | {"bbox": [1, 2, -3, 4]}), r"a\.jpg: expected a box of left, top, width and height"),
        (content(GOOD | {"bbox": [1, 2, 1e300, 1e300]}), "expected a box"),
        (
            content(GOOD | {"keypoints": [1, 2, 2]}),
            "annotation 7: expected 3 values for each of 17 keypoints",
        ),
        (content(annotation(nose=(1, 1, 3))), "7: expected 0, 1 or 2 for the visibility of nose, got 3"),
        (content(GOOD | {"keypoints": [float("nan"), *GOOD["keypoints"][1:]]}), "finite"),
        (content(GOOD | {"image_id": 5}), "annotation 7 is of image 5, not in images"),
        (content(GOOD | {"score": float("inf")}), "an attribute that is not finite"),
        (content(GOOD, categories=[]), "categories"),
        (content(GOOD, categories=[CATEGORY, CATEGORY]), "one category with keypoints, a person; got 2"),
        (content(GOOD, images=[IMAGE, IMAGE | {"id": 43}]), r"the image a\.jpg is there 2 times"),
        (content(GOOD, images=[IMAGE, IMAGE | {"file_name": "b.jpg"}]), "the image id 42 is there 2 times"),
        (content(GOOD, images=[IMAGE | {"width": 0}]), r"images\[0\]\.width"),
        (content(GOOD, images=[IMAGE | {"file_name": "z.jpg"}]), r"1 of 1 images are missing, first z\.jpg"),
        (content(GOOD, images=[IMAGE | {"file_name": "z" * 999}]), "1 of 1 images are missing"),
        (content(), "no people: 2 images without a labelled keypoint"),
        (content(annotation()), "no people"),
        (misnamed(), "no keypoint is called 'left_sholder'; did you mean left_shoulder"),
        (twice_named(), "two of its keypoints are left_eye"),
    ],
)
def test_what_is_wrong_with_a_file_is_told(source, converted, tmp_path, values: Any, said: str) -> None:
    with pytest.raises(DataError, match=said):
        converted("coco", source(values))
    assert not (tmp_path / "keypoints.json").exists(), "nothing is written"


@pytest.mark.parametrize("source_format", [name for name in FORMATS if name != "cvat"])
def test_a_missing_file_or_one_that_is_no_json_is_told(source_format, converted, tmp_path) -> None:
    with pytest.raises(DataError, match=r"no\.json: not a readable annotation file: No such file"):
        converted(source_format, tmp_path / "no.json")
    (tmp_path / "text.json").write_text("{", encoding="utf-8")
    with pytest.raises(DataError, match=r"text\.json: not a readable annotation file"):
        converted(source_format, tmp_path / "text.json")


def test_a_missing_folder_and_an_unknown_format_are_told(source, tmp_path, folder) -> None:
    file = source(content(GOOD))
    with pytest.raises(DataError, match="no folder of images"):
        convert("coco", file, tmp_path / "nowhere", tmp_path / "out.json")
    with pytest.raises(DataError, match="no format 'mpii'; expected one of coco, lsp, cvat, label-studio"):
        convert("mpii", file, folder, tmp_path / "out.json")


def test_the_source_is_never_written_over_and_a_bad_place_is_told(source, tmp_path, folder) -> None:
    file = source(content(GOOD))
    with pytest.raises(OutputError, match="is the source"):
        convert("coco", file, folder, tmp_path / "images" / ".." / file.name)
    with pytest.raises(OutputError, match="cannot be written"):
        convert("coco", file, folder, tmp_path / "nowhere" / "out.json")
    assert json.loads(file.read_text()) == content(GOOD)
