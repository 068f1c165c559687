"""Skeletons and grouped points of CVAT's XML become people; marks, boxes and attributes go with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from cabinsafe.errors import DataError

POINT = '<points label="{}" source="manual" outside="{}" occluded="{}" points="{:.2f},{:.2f}"{}></points>'


def point(label: str, x: float, y: float, outside: int = 0, occluded: int = 0, group: int = 0) -> str:
    return POINT.format(label, outside, occluded, x, y, f' group_id="{group}"' if group else "")


def skeleton(*points: str, group: int = 0, attributes: str = "") -> str:
    grouped = f' group_id="{group}"' if group else ""
    head = f'<skeleton label="human" source="manual" z_order="0"{grouped}>'
    return f"{head}{''.join(points)}{attributes}</skeleton>"


def box(label: str, x0: float, y0: float, x1: float, y1: float, group: int = 0) -> str:
    grouped = f' group_id="{group}"' if group else ""
    corners = f'xtl="{x0}" ytl="{y0}" xbr="{x1}" ybr="{y1}"'
    return f'<box label="{label}" source="manual" occluded="0" {corners} z_order="0"{grouped}></box>'


def image(*shapes: str, name: str = "a.jpg", more: str = "") -> str:
    return f'<image id="0" name="{name}" {more} width="640" height="480">{"".join(shapes)}</image>'


@pytest.fixture
def source(tmp_path):
    def write(*images: str) -> Path:
        path = tmp_path / "annotations.xml"
        head = '<?xml version="1.0" encoding="utf-8"?>\n<!-- of a task -->\n<annotations>'
        body = f"<version>1.1</version><meta><task><name>ride</name></task></meta>{''.join(images)}"
        path.write_text(f"{head}{body}</annotations>", encoding="utf-8")
        return path

    return write


def test_a_skeleton_with_its_marks_and_attributes(source, converted, labels_of) -> None:
    shapes = skeleton(
        point("Left Shoulder", 100, 50),
        point("Right Shoulder", 60.5, 50, occluded=1),
        point("nose", 0, 0, outside=1),
        attributes='<attribute name="seat">Row1.Pos1</attribute>',
    )
    summary, images = converted("cvat", source(image(shapes), image(name="b.jpg")))
    assert labels_of(images["a.jpg"]) == {
        "left_shoulder": (100, 50, 2),
        "right_shoulder": (60.5, 50, 1),
        "neck": (80.25, 50, 1),
    }
    assert images["a.jpg"].people[0]["seat"] == "Row1.Pos1"
    assert images["a.jpg"].attributes == {"width": 640, "height": 480}
    assert len(images["b.jpg"].xy) == 0
    assert (summary.images, summary.people, summary.left_out) == (2, 1, {})


def test_points_are_people_by_their_group_and_a_box_goes_with_its_group(source, converted, labels_of) -> None:
    shapes = (
        *(point("nose", 10, 10, group=1), point("nose", 200, 10, group=2), point("neck", 12, 30, group=1)),
        *(box("driver", 150, 0, 300, 400, group=2), skeleton(point("LWrist", 400, 100), group=3)),
        *(box("who", 350, 50, 450, 150, group=3), point("RWrist", 420, 100, group=3)),
    )
    _, images = converted("cvat", source(image(*shapes)))
    people = [labels_of(images["a.jpg"], person) for person in range(3)]
    assert {"nose": (10, 10, 2), "neck": (12, 30, 2)} in people
    assert {"left_wrist": (400, 100, 2), "right_wrist": (420, 100, 2)} in people
    boxes = dict(zip(("wrists", "first", "second"), images["a.jpg"].boxes.tolist(), strict=True))
    assert boxes["wrists"] == [350, 50, 450, 150]
    assert boxes["second"] == [150, 0, 300, 400]
    assert boxes["first"] == pytest.approx([8.6, 8.6, 13.4, 31.4]), "its keypoints with the margin"


def test_points_without_any_group_are_one_person(source, converted, labels_of) -> None:
    _, images = converted("cvat", source(image(point("nose", 10, 10), point("neck", 12, 30, occluded=1))))
    assert labels_of(images["a.jpg"]) == {"nose": (10, 10, 2), "neck": (12, 30, 1)}


def test_boxes_without_keypoints(source, converted) -> None:
    shapes = (
        *(box("Person", 1, 2, 3, 4), box("crowd", 5, 6, 7, 8), box("seat", 9, 9, 10, 10)),
        *(skeleton(point("nose", 50, 50)), skeleton(point("nose", 0, 0, outside=1))),
        *(skeleton(point("nose", 0, 0, outside=1), group=4), box("any", 20, 20, 30, 30, group=4)),
    )
    summary, images = converted("cvat", source(image(*shapes)))
    assert sorted(images["a.jpg"].ignored.tolist()) == [[1, 2, 3, 4], [5, 6, 7, 8], [20, 20, 30, 30]]
    assert len(images["a.jpg"].xy) == 1
    assert summary.left_out == {"boxes labelled 'seat'": 1, "people without box and keypoints": 1}


def test_names_of_ones_own(source, converted, labels_of, tmp_path) -> None:
    (tmp_path / "names.yaml").write_text("1: left_wrist\n2: null\n", encoding="utf-8")
    file = source(image(skeleton(point("1", 10, 20), point("2", 30, 40))))
    _, images = converted("cvat", file, tmp_path / "names.yaml")
    assert labels_of(images["a.jpg"]) == {"left_wrist": (10, 20, 2)}


@pytest.mark.parametrize(
    ("name", "more", "found"),
    [
        ("deep/c.jpg", "", "deep/c.jpg"),
        ("c.jpg", 'subset="deep" task_id="3"', "deep/c.jpg"),
        ("b.jpg", 'subset="deep" task_id="3"', "b.jpg"),
        ("cameras/front/a.jpg", "", "a.jpg"),
    ],
)
def test_images_are_found_with_or_without_their_folders(source, converted, name, more, found) -> None:
    _, images = converted("cvat", source(image(skeleton(point("nose", 1, 1)), name=name, more=more)))
    assert set(images) == {found}


TWO = skeleton(point("nose", 1, 1), group=1)


@pytest.mark.parametrize(
    ("shapes", "said"),
    [
        (skeleton(point("noze", 1, 1)), r"a\.jpg: skeleton 1: no keypoint is called 'noze'; did you mean"),
        (skeleton(point("nose", 641, 1)), r"nose at \(641, 1\) lies outside the image of 640x480 pixels"),
        (skeleton(point("nose", 1, -0.5)), r"nose at \(1, -0\.5\) lies outside"),
        (skeleton(point("nose", float("nan"), 1)), "nose at .* lies outside"),
        (skeleton(point("nose", 1, 1), point("Nose", 2, 2)), "skeleton 1: nose is labelled twice"),
        (point("nose", 1, 1) + point("nose", 2, 2), "nose is labelled twice"),
        (point("neck", 1, 1) + TWO, r"a\.jpg: 1 points are in no group; group those of one person"),
        (TWO + TWO, "two skeletons are in the group 1"),
        (TWO + 2 * box("person", 0, 0, 2, 2, group=1), "skeleton 1 has more than one box"),
        (TWO + box("person", 5, 0, 2, 2, group=1), r"a\.jpg: expected a box"),
        (TWO.replace("1.00,1.00", "1,1;2,2"), "nose: expected one point 'x,y', got '1,1;2,2'"),
        (TWO.replace("1.00,1.00", "left"), "nose: expected one point 'x,y', got 'left'"),
        (TWO.replace('points="1.00,1.00"', ""), "<points> lacks points"),
        (box("person", "inf", 0, 2, 2), "xtl: expected a number, got 'inf'"),
        (box("person", 0, 0, 2, 2), "no people: 1 images without a labelled keypoint"),
    ],
)
def test_what_is_wrong_with_a_shape_is_told(source, converted, shapes: str, said: str) -> None:
    with pytest.raises(DataError, match=said):
        converted("cvat", source(image(shapes)))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not readable XML"),
        ("<annotations>", "not readable XML"),
        ("<opencv_storage/>", "expected <annotations>, got <opencv_storage>"),
        ('<!DOCTYPE a [<!ENTITY x "y">]><annotations/>', "it declares a document type"),
        (
            '<annotations><track id="0"/></annotations>',
            "'CVAT for video': export the task as 'CVAT for images",
        ),
        ("<annotations/>", "no people: 0 images"),
        ("<annotations><image/></annotations>", "<image> lacks name"),
        (image().replace('"640"', '"w"'), "expected <annotations>, got <image>"),
        (f"<annotations>{image().replace('640', 'w')}</annotations>", "width: expected a number, got 'w'"),
        (f"<annotations>{image(name='z.jpg')}</annotations>", r"z\.jpg: no image 'z\.jpg' in "),
    ],
)
def test_what_is_wrong_with_a_file_is_told(converted, tmp_path, text: str, said: str) -> None:
    (tmp_path / "annotations.xml").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=said):
        converted("cvat", tmp_path / "annotations.xml")


def test_a_missing_file_is_told(converted, tmp_path) -> None:
    with pytest.raises(DataError, match=r"no\.xml: not a readable annotation file: No such file"):
        converted("cvat", tmp_path / "no.xml")


def test_two_images_that_are_one_file_are_told(source, converted) -> None:
    shapes = skeleton(point("nose", 1, 1))
    with pytest.raises(DataError, match=r"the image a\.jpg is there 2 times"):
        converted("cvat", source(image(shapes, name="front/a.jpg"), image(shapes, name="rear/a.jpg")))
