"""``cabinsafe evaluate pose`` from end to end: the embedded network on frames that it labelled itself."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from cabinsafe.errors import ConfigError, DataError, MediaError, MissingExtraError, ModelError, OutputError
from cabinsafe.evaluate_cli import evaluate_app
from cabinsafe.evaluation.predict import run as run_network
from cabinsafe.evaluation.predict import short_names
from cabinsafe.media.stills import decode_image
from cabinsafe.pose import DecoderOptions, PafDecoder, PoseEstimator

pytest.importorskip("pycocotools")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def evaluate(*arguments: object) -> str:
    """What the command prints; its error is raised."""
    words = ["pose", *map(str, arguments), "--rounds", "20"]
    result = CliRunner().invoke(evaluate_app, words, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture(scope="session")
def wrong(tmp_path_factory: pytest.TempPathFactory, ride: Path) -> Path:
    """The same frames with other labels: the first person gone, the last one far from where they are."""
    folder = tmp_path_factory.mktemp("wrong") / "set"
    shutil.copytree(ride, folder)
    content = json.loads((folder / "keypoints.json").read_text())
    people = content["annotations"][1:]
    rows = np.array(people[-1]["keypoints"]).reshape(17, 3)
    rows[rows[:, 2] > 0, 0] -= 250
    people[-1]["keypoints"] = rows.ravel().tolist()
    people[-1]["bbox"][0] -= 250
    (folder / "keypoints.json").write_text(json.dumps(content | {"annotations": people}))
    return folder


@pytest.fixture(scope="session")
def reported(tmp_path_factory: pytest.TempPathFactory, ride: Path, wrong: Path, repository: Path) -> Path:
    """The report on both sets, of the network and of the same network by its card."""
    out = tmp_path_factory.mktemp("out") / "new" / "folder"
    twin = tmp_path_factory.mktemp("twin") / "twin & <co>.json"
    for suffix in (".json", ".onnx"):
        shutil.copy(repository / "models" / f"cabinsafe-pose{suffix}", twin.parent)
    (twin.parent / "cabinsafe-pose.json").rename(twin)
    text = evaluate(ride, wrong, "--model", "cabinsafe-pose", "--model", twin, "--out", out)
    (out / "console.txt").write_text(text)
    return out


def test_the_figures_of_a_network_on_its_own_labels(reported: Path, ride: Path) -> None:
    report = json.loads((reported / "report.json").read_text())
    people = len(json.loads((ride / "keypoints.json").read_text())["annotations"])
    assert people >= 3
    assert [network["name"] for network in report["networks"]] == ["cabinsafe-pose", "twin & <co>"]
    right = report["sets"][0]
    first, second = right["models"]
    assert (right["images"], first["accuracy"]["people"], first["counts"]["labelled"]) == (4, people, people)
    assert first["accuracy"]["ap"] == pytest.approx(1.0)
    assert first["ap_interval"] == pytest.approx([1.0, 1.0])
    assert [part["ap"] for part in first["by_keypoints"].values()] == pytest.approx([1.0] * 3)
    parts = {key: {v: p["ap"] for v, p in values.items()} for key, values in first["by_attribute"].items()}
    assert parts["style"] == pytest.approx({"drive": 1.0, "rest": 1.0})
    assert parts["light"] == pytest.approx({"day": 1.0, "night": 1.0})
    assert first["recall"] == {"people": people, "recall": 1.0}
    assert sum(group["people"] for group in first["recall_by"]["light"].values()) == people
    assert (first["counts"]["empty_images"], first["counts"]["false_per_100_empty"]) == (1, 0.0)
    assert set(first["stage_ms"]) == {"letterbox", "network", "decoder"}
    assert min(first["stage_ms"].values()) > 0
    assert second["accuracy"] == first["accuracy"]
    (difference,) = right["differences"]
    assert (difference["ap"], difference["interval"]) == (0.0, [0.0, 0.0])


def test_wrong_labels_are_mistakes(reported: Path) -> None:
    right, wrong = json.loads((reported / "report.json").read_text())["sets"]
    before, after = right["models"][0], wrong["models"][0]
    assert after["accuracy"]["ap"] < 0.9
    assert after["recall"]["recall"] == pytest.approx(1 - 1 / after["recall"]["people"])
    more = after["counts"]["false_per_image"] - before["counts"]["false_per_image"]
    assert more == pytest.approx(2 / 4)


def test_the_console_shows_a_table_per_set(reported: Path, ride: Path) -> None:
    text = (reported / "console.txt").read_text()
    for word in (
        f"{ride.name}, 4 images",
        "set, 4 images",
        "AP50",
        "hips and legs",
        "median ms",
        "twin & <co>",
    ):
        assert word in text


class Page(HTMLParser):
    """Tags that are open, pictures, and where the page would fetch from."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.pictures: list[str] = []
        self.sources: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.sources += [value for key, value in attrs if key in ("src", "href")]
        if tag not in ("meta", "img", "link"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_is_whole_and_fetches_nothing(reported: Path) -> None:
    text = (reported / "report.html").read_text(encoding="utf-8")
    page = Page(text)
    assert page.open == []
    assert "url(" not in text
    assert "<script" not in text
    for word in ("twin & <co>", "recall by light", "AP by style", "People who are not there", "0.png: score"):
        assert word in page.text
    pictures = [source.partition("base64,") for source in page.sources]
    assert len(pictures) >= 4, "a false and a missed person of each network"
    for kind, _, data in pictures:
        assert kind == "data:image/jpeg;"
        height, width = decode_image(base64.b64decode(data)).shape[:2]
        assert height == 420
        assert width > 2 * height


def test_a_browser_shows_the_pictures(reported: Path, tmp_path: Path) -> None:
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    browser = next(filter(None, map(shutil.which, names)), None)
    if browser is None:
        pytest.skip("no Chromium here")
    shot = tmp_path / "page.png"
    options = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--window-size=1200,6000",
        f"--screenshot={shot}",
    ]
    profile = f"--user-data-dir={tmp_path / 'profile'}"
    subprocess.run(
        [browser, *options, profile, (reported / "report.html").as_uri()],
        capture_output=True, check=True, timeout=120,
    )  # fmt: skip
    pixels = cv2.imread(str(shot)).astype(int)
    for color in ((90, 210, 60), (0, 140, 255), (235, 165, 80)):  # green, orange, blue of the drawings
        assert (np.abs(pixels - color).max(axis=2) < 40).sum() > 100


def test_bad_inputs_are_refused_before_anything_is_written(ride: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(DataError, match="no annotation file"):
        evaluate(tmp_path / "none", "-o", out)
    with pytest.raises(ConfigError, match="'cabinsafe-pose' is given twice"):
        evaluate(ride, "-m", "cabinsafe-pose", "-m", "cabinsafe-pose", "-o", out)
    with pytest.raises(ModelError, match="no model card 'nothing'"):
        evaluate(ride, "-m", "nothing", "-o", out)
    content = json.loads((ride / "keypoints.json").read_text())
    content |= {"images": content["images"][3:], "annotations": []}
    (tmp_path / "keypoints.json").write_text(json.dumps(content))
    with pytest.raises(DataError, match="none of the 1 images is in the split 'val'"):
        evaluate(tmp_path, "--split", "val", "-o", out)
    assert not out.exists()
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="file"):
        evaluate(ride, "-o", tmp_path / "file")


def test_an_image_that_is_none_is_named(wrong: Path, tmp_path: Path) -> None:
    shutil.copytree(wrong, tmp_path / "set")
    (tmp_path / "set" / "images" / "0.png").write_bytes(b"no image")
    with pytest.raises(MediaError, match=r"0\.png: not an image"):
        evaluate(tmp_path / "set", "-o", tmp_path / "out")


def test_without_pycocotools_the_extra_is_named(ride: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "pycocotools.coco", None)
    with pytest.raises(MissingExtraError, match=r"cabinsafe\[train\]"):
        evaluate(ride, "-o", tmp_path / "out")


def test_a_limit_of_images_and_no_pictures(ride: Path, tmp_path: Path) -> None:
    evaluate(ride, "--limit", 2, "--worst", 0, "-o", tmp_path)
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["options"]["limit"] == report["sets"][0]["images"] == 2
    assert "<img" not in (tmp_path / "report.html").read_text()


def test_weak_people_count_for_precision_but_not_as_found(ride: Path, tmp_path: Path) -> None:
    evaluate(ride, "--min-person-score", 1, "--worst", 0, "-o", tmp_path)
    report = json.loads((tmp_path / "report.json").read_text())
    (model,) = report["sets"][0]["models"]
    assert report["networks"][0]["min_person_score"] == 1.0
    assert model["accuracy"]["ap"] == pytest.approx(1.0)
    assert (model["counts"]["found"], model["recall"]["recall"]) == (0, 0.0)


def test_images_with_more_people_than_allowed_are_counted_as_refused(
    ride: Path, network: PoseEstimator
) -> None:
    decoder = PafDecoder(network.card.topology, DecoderOptions(max_people=1))
    strict = PoseEstimator(network.engine, network.card, decoder)
    paths = {i: ride / "images" / f"{i}.png" for i in (0, 3)}
    seen: list[None] = []
    found = run_network(strict, paths, lambda: seen.append(None))
    assert (found.refused, found.found[0], found.found[3]) == ((0,), [], [])
    assert len(seen) == 2


def test_networks_are_called_by_their_files_unless_these_are_alike() -> None:
    assert short_names(["cabinsafe-pose", "a/net.json"]) == ["cabinsafe-pose", "net"]
    assert short_names(["a/net.json", "b/net.json"]) == ["a/net.json", "b/net.json"]
