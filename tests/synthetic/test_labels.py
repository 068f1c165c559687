"""Labels of pictures whose truth is known beforehand, as COCO's tools and the library's reader see them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra.numpy import array_shapes, arrays
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO

from cabinsafe.data import KEYPOINTS as LIBRARY_KEYPOINTS
from cabinsafe.data import read_keypoints
from cabinsafe.synthetic.body import KEYPOINTS, BodySpec
from cabinsafe.synthetic.cabin.spec import CabinSpec
from cabinsafe.synthetic.camera import CameraSpec
from cabinsafe.synthetic.labels import LIMBS, coco_text, look_words, picture_label
from cabinsafe.synthetic.light_spec import LightSpec
from cabinsafe.synthetic.picture import Picture
from cabinsafe.synthetic.scene import PersonSpec, SceneSpec
from cabinsafe.synthetic.sensor import SensorSpec
from cabinsafe.synthetic.truth import Fact, PersonTruth, run_lengths
from cabinsafe.synthetic.variety import variety
from cabinsafe.synthetic.wardrobe.spec import LookSpec
from cabinsafe.views import CameraView

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # pycocotools'

WIDTH, HEIGHT = 96, 64
INSIDE = np.column_stack([np.linspace(0, WIDTH - 1e-9, 18), np.linspace(HEIGHT - 1e-9, 0, 18)])


def scene(*people: PersonSpec) -> SceneSpec:
    camera = CameraSpec(position_m=(0.5, 0, 1.1), look_at_m=(-1, 0, 0.6), size_wh=(WIDTH, HEIGHT))
    parts = {"cabin": CabinSpec(), "camera": camera, "light": LightSpec(), "sensor": SensorSpec()}
    return SceneSpec(seed=7, people=people, **parts)


def truth(mask: np.ndarray, visibility: Sequence[int] = (2,) * 18, xy: np.ndarray = INSIDE) -> PersonTruth:
    is_seen = mask.any() or any(visibility)
    return PersonTruth(xy, np.array(visibility, np.uint8), mask, (1.0, 2.0, 30.0, 40.0) if is_seen else None)


def picture(people: dict[str, PersonTruth], facts: Sequence[Fact] = (), **spec: Any) -> Picture:
    persons = [PersonSpec(seat=seat, **spec) for seat in people]
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    return Picture(scene(*persons), image, tuple(people.values()), tuple(facts), None)  # type: ignore[arg-type]


def random_mask(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).random((HEIGHT, WIDTH)) < 0.4


@pytest.fixture
def labels() -> list[dict[str, Any]]:
    """Two people, nobody, one person."""
    touch = Fact("hand_on_leg", ("Row1.Pos2", "Row1.Pos1"))
    shown = [2] * 9 + [1] * 5 + [0] * 4
    pictures = [
        picture({"Row1.Pos1": truth(random_mask(1)), "Row1.Pos2": truth(random_mask(2), shown)}, [touch]),
        picture({}),
        picture({"Row2.Pos3": truth(random_mask(3))}, style="sleep", body=BodySpec(age=0.3)),
    ]
    return [picture_label(taken, index, f"{index:06d}.jpg") for index, taken in enumerate(pictures)]


def write(labels: list[dict[str, Any]], folder: Path) -> Path:
    file = folder / "keypoints.json"
    file.write_text("".join(coco_text(lambda: labels)))
    return file


def test_pycocotools_reads_the_file_and_its_masks(labels: list[dict[str, Any]], tmp_path: Path) -> None:
    coco = COCO(str(write(labels, tmp_path)))
    assert coco.getImgIds() == [0, 1, 2]
    assert coco.getAnnIds() == [1, 2, 3], "numbered from 1: COCOeval takes 0 for unmatched"
    assert [len(coco.getAnnIds(imgIds=[i])) for i in coco.getImgIds()] == [2, 0, 1]
    for annotation, seed in zip(coco.loadAnns(coco.getAnnIds()), (1, 2, 3), strict=True):
        np.testing.assert_array_equal(coco.annToMask(annotation), random_mask(seed))
        assert annotation["area"] == random_mask(seed).sum()
    (category,) = coco.loadCats(coco.getCatIds())
    assert {i for limb in category["skeleton"] for i in limb} == set(range(1, 19)), "COCO counts from 1"
    assert len(LIMBS) == len(set(map(frozenset, LIMBS))) == 21


def test_the_library_reads_the_file(labels: list[dict[str, Any]], tmp_path: Path) -> None:
    people = read_keypoints(write(labels, tmp_path))
    assert people.keypoints == KEYPOINTS == LIBRARY_KEYPOINTS
    pair, empty, single = people.labelled_images(tmp_path, KEYPOINTS)
    np.testing.assert_allclose(pair.xy[0], INSIDE, atol=1.1e-3)
    assert pair.visibility[1].tolist() == [2] * 9 + [1] * 5 + [0] * 4
    assert np.isnan(pair.xy[1, 14:]).all()
    assert empty.xy.shape == (0, 18, 2)
    assert single.boxes.tolist() == [[1, 2, 31, 42]]
    assert pair.attributes["light"] == "day"
    assert pair.attributes["people_count"] == 2
    assert [person["seat"] for person in pair.people] == ["Row1.Pos1", "Row1.Pos2"]
    middles = CameraView.model_validate(pair.attributes["view"]).cushion_middles((WIDTH, HEIGHT))
    assert len(middles) > 1
    for person in pair.people:
        assert person["seat_middle"] == pytest.approx(middles[person["seat"]], abs=0.01)
    assert single.people[0]["is_child"] is True
    assert single.people[0]["style"] == "sleep"
    people.coco()  # has all that scoring needs


def test_what_is_in_the_picture_stays_in_it_and_what_is_not_is_zero() -> None:
    xy = INSIDE.copy()
    xy[3] = np.nan
    shown = [2, 2, 2, 0, 0, *[1] * 13]
    (annotation,) = picture_label(picture({"Row1.Pos1": truth(random_mask(1), shown, xy)}), 0, "a")[
        "annotations"
    ]
    rows = np.array(annotation["keypoints"]).reshape(18, 3)
    assert (rows[:, 0] < WIDTH).all()
    assert (rows[:, 1] < HEIGHT).all()
    assert rows[3:5].tolist() == [[0, 0, 0], [0, 0, 0]]
    assert annotation["num_keypoints"] == 16


def test_people_of_whom_no_pixel_shows_are_left_out() -> None:
    gone, covered, seen = (
        truth(np.zeros((HEIGHT, WIDTH), bool), [0] * 18),
        truth(np.zeros((HEIGHT, WIDTH), bool), [1] * 18),
        truth(random_mask(2), [2] * 18),
    )
    people = {"Row1.Pos1": gone, "Row1.Pos2": covered, "Row2.Pos1": seen}
    label = picture_label(picture(people), 5, "a.png")
    assert [a["seat"] for a in label["annotations"]] == ["Row2.Pos1"], "nothing can be learnt from the others"
    assert label["image"]["people_count"] == 3


def test_events_belong_to_who_does_them(labels: list[dict[str, Any]]) -> None:
    touched, toucher = labels[0]["annotations"]
    assert touched["events"] == []
    assert toucher["events"] == [{"kind": "hand_on_leg", "seats": ["Row1.Pos2", "Row1.Pos1"]}]
    assert labels[0]["image"]["events"] == toucher["events"]


@pytest.mark.parametrize(("facts", "miss"), [([], "unsafe_sitting"), (["unsafe_sitting"], None)])
def test_a_near_miss_that_is_the_event_is_none(facts: list[str], miss: str | None) -> None:
    held = [Fact(kind, ("Row1.Pos2",)) for kind in facts]
    taken = picture({"Row1.Pos2": truth(random_mask(1))}, held, style="slouch")
    assert picture_label(taken, 0, "a")["annotations"][0]["near_miss_of"] == miss


def test_the_view_is_one_of_a_cabin_file(labels: list[dict[str, Any]]) -> None:
    view = CameraView.model_validate(labels[1]["image"]["view"])
    assert {"Row1.Pos1", "Row1.Pos2"} <= {seat.name for seat in view.seats}


def test_looks_are_told_in_words() -> None:
    own = look_words(LookSpec(top="dress", bottom="trousers", hat="cap", glasses="sunglasses"))
    assert (own["top"], own["bottom"], own["hat"], own["glasses"]) == ("dress", "dress", "cap", "sunglasses")
    worn = look_words(
        LookSpec(makehuman_suit="male_suit", makehuman_hair="afro01", makehuman_shoes="shoes02")
    )
    assert (worn["top"], worn["bottom"]) == ("male_suit", "male_suit")
    assert (worn["hair"], worn["shoes"]) == ("afro01", "shoes02")


def test_variety_counts_everything_once(labels: list[dict[str, Any]]) -> None:
    counts = variety(labels)
    assert (counts["images"], counts["people"]) == (3, 3)
    assert counts["people_count"] == {"0": 1, "1": 1, "2": 1}
    assert counts["style"] == {"rest": 2, "sleep": 1}
    assert counts["events"] == {"hand_on_leg": 1}
    assert counts["is_child"] == {"no": 2, "yes": 1}
    assert counts["keypoints"] == {"seen": 45, "hidden": 5, "outside": 4}
    assert json.loads(json.dumps(counts)) == counts


@settings(max_examples=60, deadline=None)
@given(arrays(bool, array_shapes(min_dims=2, max_dims=2, max_side=9)))
def test_run_lengths_come_back_as_the_mask(mask: np.ndarray) -> None:
    height, width = mask.shape
    counts = run_lengths(mask)
    assert sum(counts) == mask.size
    decoded = coco_mask.decode(
        coco_mask.frPyObjects({"size": [height, width], "counts": counts}, height, width)
    )
    np.testing.assert_array_equal(decoded.astype(bool), mask)


@pytest.mark.parametrize("full", [False, True])
def test_run_lengths_of_an_empty_and_of_a_full_mask(full: bool) -> None:
    mask = np.full((5, 3), full)
    decoded = coco_mask.decode(coco_mask.frPyObjects({"size": [5, 3], "counts": run_lengths(mask)}, 5, 3))
    assert (decoded == full).all()
