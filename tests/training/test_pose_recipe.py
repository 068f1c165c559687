"""One whole run on drawn images: train, blend, export, report; then the same run again."""

from __future__ import annotations

import json
import sys
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
pytest.importorskip("pycocotools")

from typer.testing import CliRunner  # noqa: E402

from cabinsafe.cli import app  # noqa: E402
from cabinsafe.data import COCO_KEYPOINTS  # noqa: E402
from cabinsafe.data.split import select, split_of  # noqa: E402
from cabinsafe.errors import ConfigError, DataError, MissingExtraError  # noqa: E402
from cabinsafe.pose import OnnxEngine, PafDecoder, PoseCard, PoseEstimator, Topology  # noqa: E402
from cabinsafe.resources import sha256_of  # noqa: E402
from cabinsafe.training.pose.checkpoints import write_checkpoint  # noqa: E402
from cabinsafe.training.pose.config import PoseTrainingConfig  # noqa: E402
from cabinsafe.training.pose.networks.light import LightNetwork  # noqa: E402
from cabinsafe.training.pose.recipe import run  # noqa: E402
from cabinsafe.types import Frame  # noqa: E402

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
    pytest.mark.slow,
]


def write_people(folder: Path) -> None:
    generator = np.random.default_rng(0)
    ids = [i for split in ("train", "val", "test") for i in select(range(1, 200), split)[:3]]
    images, annotations = [], []
    for number, image_id in enumerate(ids):
        cv2.imwrite(str(folder / f"{image_id}.png"), generator.integers(0, 255, (64, 64, 3), np.uint8))
        images.append({"id": image_id, "file_name": f"{image_id}.png", "width": 64, "height": 64})
        rows = np.column_stack([generator.uniform(5, 60, (17, 2)), np.full(17, 2)])
        annotations.append(
            {
                "id": number + 1,
                "image_id": image_id,
                "category_id": 1,
                "iscrowd": 0,
                "area": 3000.0,
                "bbox": [2.0, 2.0, 60.0, 60.0],
                "num_keypoints": 17,
                "keypoints": rows.ravel().tolist(),
            }
        )
    categories = [{"id": 1, "name": "person", "keypoints": list(COCO_KEYPOINTS), "skeleton": []}]
    content = {"images": images, "annotations": annotations, "categories": categories}
    (folder / "people.json").write_text(json.dumps(content), encoding="utf-8")


class Notes:
    def __init__(self) -> None:
        self.losses: list[float] = []
        self.scores: list[tuple[int, float]] = []

    def step(self, number: int, loss: float) -> None:
        self.losses.append(loss)

    def validated(self, number: int, figures) -> None:
        self.scores.append((number, figures["score"]))


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[PoseTrainingConfig, Notes]:
    """A config whose run has ended, and what was told of it."""
    folder = tmp_path_factory.mktemp("run")
    write_people(folder)
    torch.manual_seed(0)
    write_checkpoint(folder / "start.pt", {"network": "light", "average": LightNetwork().state_dict()})
    people = {"annotations": folder / "people.json", "images": folder}
    config = PoseTrainingConfig(
        network="light",
        initial_weights=folder / "start.pt",
        teacher=folder / "start.pt",
        data=(
            {**people, "split": "train", "teacher_share": 0.5},
            {**people, "split": "test", "complete": False},
        ),
        validate_on=({**people, "split": "val"},),
        output=folder / "out",
        crop_px=64,
        runtime_px=64,
        batch_size=2,
        workers=0,
        steps=2,
        validate_every_steps=1,
        blend=(0.5, 1.0),
        data_note="drawn noise",
    )
    notes = Notes()
    assert run(config, notes) == folder / "out" / "pose.onnx"
    return config, notes


def test_a_run_ends_with_a_checked_network_and_a_report(finished) -> None:
    config, notes = finished
    report = json.loads((config.output / "report.json").read_text(encoding="utf-8"))
    assert (config.output / "pose.onnx").stat().st_size == report["size_bytes"] < 20_000_000
    assert report["parity_largest_difference"] < 1e-4
    assert report["blend"] in config.blend
    assert set(report["validation"]) == {"0.5", "1"}
    assert report["config"]["steps"] == 2
    assert len(notes.losses) == 2
    assert [number for number, _ in notes.scores] == [1, 2]


def test_the_card_is_usable_and_says_only_what_is_known(finished) -> None:
    config, _ = finished
    card = PoseCard.load(config.output / "pose.json")
    assert card.verified_file() == config.output / "pose.onnx"
    assert card.topology == Topology.openpose()
    assert card.maps.boxes == "boxes"
    assert card.input.size_wh == (64, 64)
    assert card.metrics["blend"] in config.blend
    assert str(config.output.parent) not in (config.output / "pose.json").read_text(encoding="utf-8")
    notes = {entry.key: entry.value for entry in onnx.load(str(card.verified_file())).metadata_props}
    assert notes["data_note"] == "drawn noise"
    assert notes["data_0"] == f"people.json sha256 {sha256_of(config.data[0].annotations)}"
    assert notes["initial_weights"] == f"start.pt sha256 {sha256_of(config.initial_weights)}"


def test_the_library_runs_the_result(finished) -> None:
    card = PoseCard.load(finished[0].output / "pose.json")
    frame = Frame(image=np.zeros((48, 64, 3), np.uint8), t_s=0.0)
    with closing(
        PoseEstimator(OnnxEngine(card.verified_file()), card, PafDecoder(card.topology))
    ) as estimator:
        assert estimator.estimate([frame])[0].maps.boxes.shape == (5, 6, 8)


def test_a_run_that_ended_only_exports_again(finished) -> None:
    config, _ = finished
    notes = Notes()
    digest = sha256_of(config.output / "pose.onnx")
    run(config, notes)
    assert notes.losses == []
    assert sha256_of(config.output / "pose.onnx") == digest


def test_a_run_with_other_settings_is_not_continued(finished) -> None:
    with pytest.raises(ConfigError, match="other settings"):
        run(finished[0].model_copy(update={"learning_rate": 1e-3}), Notes())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"crop_px": 72}, "crop_px: 'light' takes multiples of 16, got 72"),
        ({"initial_weights": None}, "blend: a mixture with the start weights needs initial_weights"),
        ({"network": "huge"}, "network: no 'huge'"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(finished, changes, message) -> None:
    with pytest.raises(ConfigError, match=message):
        run(finished[0].model_copy(update=changes), Notes())


def test_an_empty_split_and_a_missing_image_are_refused(finished, tmp_path: Path) -> None:
    config, _ = finished
    content = json.loads(config.data[0].annotations.read_text(encoding="utf-8"))
    content["images"] = [image for image in content["images"] if split_of(image["id"]) != "val"]
    content["annotations"] = [a for a in content["annotations"] if split_of(a["image_id"]) != "val"]
    (tmp_path / "few.json").write_text(json.dumps(content), encoding="utf-8")
    few = config.validate_on[0].model_copy(update={"annotations": tmp_path / "few.json"})
    with pytest.raises(DataError, match="none of its 6 images is in 'val'"):
        run(config.model_copy(update={"validate_on": (few,)}), Notes())
    gone = config.data[0].model_copy(update={"images": tmp_path})
    with pytest.raises(DataError, match=r"3 of 3 images are missing, first \d+\.png"):
        run(config.model_copy(update={"data": (gone,)}), Notes())


def test_the_command_line_trains(finished, tmp_path: Path) -> None:
    config, _ = finished
    values = config.model_dump(mode="json", exclude={"decoder", "augment"}) | {
        "output": str(tmp_path / "again")
    }
    (tmp_path / "run.yaml").write_text(json.dumps(values), encoding="utf-8")
    done = CliRunner().invoke(app, ["train", "pose", str(tmp_path / "run.yaml")])
    assert done.exit_code == 0, done.output
    assert "step 2: ap_0" in done.output
    assert sha256_of(tmp_path / "again" / "pose.onnx") == sha256_of(config.output / "pose.onnx")


@pytest.mark.parametrize("package", ["torch", "onnx", "pycocotools"])
def test_the_extra_is_named(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtraError, match=rf"'{package}'.*cabinsafe\[train\]"):
        CliRunner().invoke(app, ["train", "pose", "run.yaml"], catch_exceptions=False)
