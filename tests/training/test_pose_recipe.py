"""One whole run on drawn images: train, blend, export, report; then the same run again."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
pytest.importorskip("pycocotools")

from cabinsafe.data import COCO_KEYPOINTS  # noqa: E402
from cabinsafe.errors import CabinSafeError, ConfigError, DataError  # noqa: E402
from cabinsafe.pose.card import PoseCard  # noqa: E402
from cabinsafe.pose.decoder import PafDecoder  # noqa: E402
from cabinsafe.resources import sha256_of  # noqa: E402
from cabinsafe.training.pose.config import PoseTrainingConfig  # noqa: E402
from cabinsafe.training.pose.export import largest_difference  # noqa: E402
from cabinsafe.training.pose.layout import TOPOLOGY  # noqa: E402
from cabinsafe.training.pose.network import PoseNetwork, load_onnx_weights  # noqa: E402
from cabinsafe.training.pose.recipe import run  # noqa: E402
from cabinsafe.training.pose.split import select, split_of  # noqa: E402

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
    pytest.mark.slow,
]


def write_source_weights(path: Path) -> None:
    """Write what the loader reads of the source file: normalisation, convolutions, bias additions."""
    helper, array = onnx.helper, onnx.numpy_helper.from_array
    torch.manual_seed(0)
    constants = [array(np.full((1, 1, 1, 1), 1 / 255, np.float32), "scale")]
    constants.append(array(np.full((1, 3, 1, 1), -0.5, np.float32), "shift"))
    nodes = [helper.make_node("Mul", ["data", "scale"], ["m"])]
    nodes.append(helper.make_node("Add", ["m", "shift"], ["x0"]))
    convolutions = [m for m in PoseNetwork().modules() if isinstance(m, torch.nn.Conv2d)]
    for i, module in enumerate(convolutions):
        constants.append(array(module.weight.detach().numpy(), f"w{i}"))
        constants.append(array(module.bias.detach().numpy().reshape(1, -1, 1, 1), f"b{i}"))
        nodes.append(helper.make_node("Conv", [f"x{i}", f"w{i}"], [f"c{i}"]))
        nodes.append(helper.make_node("Add", [f"c{i}", f"b{i}"], [f"x{i + 1}"]))
    onnx.save(helper.make_model(helper.make_graph(nodes, "source", [], [], constants)), str(path))


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


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[PoseTrainingConfig, list[str]]:
    """A config whose run has ended, and the lines that it reported."""
    try:
        PafDecoder(TOPOLOGY)
    except CabinSafeError as error:
        pytest.skip(str(error))
    folder = tmp_path_factory.mktemp("run")
    write_people(folder)
    write_source_weights(folder / "source.onnx")
    config = PoseTrainingConfig(
        annotations=folder / "people.json",
        images=folder,
        initial_weights=folder / "source.onnx",
        output=folder / "out",
        crop_px=64,
        runtime_px=64,
        batch_size=2,
        steps=2,
        validate_every_steps=1,
        bootstrap_rounds=2,
        blend=(0.5, 1.0),
        data_note="drawn noise",
    )
    lines: list[str] = []
    assert run(config, lines.append) == folder / "out" / "pose.onnx"
    return config, lines


def test_a_run_ends_with_a_checked_network_and_a_report(finished) -> None:
    config, lines = finished
    report = json.loads((config.output / "report.json").read_text(encoding="utf-8"))
    assert (config.output / "pose.onnx").stat().st_size == report["size_bytes"] < 20_000_000
    assert report["parity_largest_difference"] < 1e-4
    assert report["test"]["start"]["images"] == report["test"]["tuned"]["images"] == 3
    assert len(report["test"]["ap_gain_95_percent"]) == 2
    assert report["config"]["steps"] == 2
    assert sum(line.startswith("step") for line in lines) == 2


def test_the_card_is_usable_and_says_only_what_is_known(finished) -> None:
    config, _ = finished
    card = PoseCard.load(config.output / "pose.json")
    assert card.verified_file() == config.output / "pose.onnx"
    assert card.topology == TOPOLOGY
    assert card.input.size_wh == (64, 64)
    assert card.metrics["test"]["tuned"]["images"] == 3
    assert card.metrics["blend"] in config.blend
    assert str(config.images) not in (config.output / "pose.json").read_text(encoding="utf-8")
    notes = {entry.key: entry.value for entry in onnx.load(str(card.verified_file())).metadata_props}
    assert {source["what"]: source["value"] for source in card.sources} == notes
    assert notes == {
        "initial_weights": "source.onnx",
        "initial_weights_sha256": sha256_of(config.initial_weights),
        "annotations": "people.json",
        "annotations_sha256": sha256_of(config.annotations),
        "data_note": "drawn noise",
    }


def test_a_run_can_start_from_the_result_of_another(finished) -> None:
    network = PoseNetwork()
    load_onnx_weights(network, finished[0].output / "pose.onnx")
    difference = largest_difference(network, finished[0].output / "pose.onnx", ((1, 64, 64),))
    assert difference < 1e-4


def test_a_run_with_other_settings_is_not_continued(finished) -> None:
    config, lines = finished
    with pytest.raises(ConfigError, match="other settings"):
        run(config.model_copy(update={"learning_rate": 1e-3}), lines.append)


def test_images_that_leave_a_split_empty_are_refused(finished, tmp_path: Path) -> None:
    config, lines = finished
    content = json.loads(config.annotations.read_text(encoding="utf-8"))
    content["images"] = [image for image in content["images"] if split_of(image["id"]) != "val"]
    content["annotations"] = [a for a in content["annotations"] if split_of(a["image_id"]) != "val"]
    (tmp_path / "few.json").write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(DataError, match="falls into val"):
        run(config.model_copy(update={"annotations": tmp_path / "few.json"}), lines.append)


def test_from_a_checkpoint_the_teacher_stays_the_network_of_the_initial_weights(
    finished, tmp_path: Path
) -> None:
    config, lines = finished
    again = {"initial_checkpoint": config.output / "best.pt", "output": tmp_path / "next", "steps": 1}
    assert run(config.model_copy(update=again), lines.append).is_file()
    teacher = torch.load(tmp_path / "next" / "last.pt", weights_only=True)["teacher"]
    source = PoseNetwork()
    load_onnx_weights(source, config.initial_weights)
    assert all(torch.equal(teacher[name], value) for name, value in source.state_dict().items())
