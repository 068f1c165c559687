"""The public lists are exact, and importing the library is cheap."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

PUBLIC = {
    "cabinsafe": {
        *("Box", "CabinAnalyzer", "CabinConfig", "CabinSafeError", "Event", "Frame"),
        *("Reading", "Scene", "Skeleton", "Track", "load_config"),
    },
    "cabinsafe.pose": {
        *("BoxOptions", "DecodedPoses", "DecoderOptions", "Engine", "Limb", "OnnxEngine", "PafDecoder"),
        *("PoseCard", "PoseEstimator", "PosePrior", "PoseResult", "RecordingEngine", "ReplayEngine"),
        "Topology",
    },
    "cabinsafe.data": {
        *("COCO_KEYPOINTS", "KEYPOINTS", "ClipTruth", "KeypointSet", "LabelledImage", "TrueEvent"),
        *("interval_iou", "read_keypoints", "read_scenes", "read_truth", "write_truth"),
    },
    "cabinsafe.tracking": {
        *("CameraTrackers", "ExpectedPerson", "OccupantLinker", "TrackIds", "Tracker", "TrackerOptions"),
        "occupancy",
    },
    "cabinsafe.detectors": {
        *("Detector", "DetectorOptions", "FeetOnSeats", "HandOnLeg", "LocalOptions", "TunableOptions"),
        "UnsafeSitting",
        *("any_of", "detector_class", "detector_kinds", "make_detector", "read_all"),
    },
}


@pytest.mark.parametrize(("module", "names"), PUBLIC.items())
def test_public_list_is_exact(module: str, names: set[str]) -> None:
    imported = importlib.import_module(module)
    assert set(imported.__all__) == names
    assert sorted(imported.__all__, key=lambda n: (not n.isupper(), n.islower(), n)) == list(imported.__all__)
    for name in names:
        assert getattr(imported, name) is not None


def test_import_pulls_in_nothing_heavy(tmp_path: Path) -> None:
    heavy = [
        "torch",
        "onnxruntime",
        "filterpy",
        "scipy.stats",
        "scipy.optimize",
        "sklearn",
        "rich",
        "typer",
        "tensorrt",
        "tensorrt_rtx",
        "openvino",
        "cuda",
        "pycuda",
    ]
    code = f"import cabinsafe, sys; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_a_program_in_a_checkout_finds_the_installed_native_module(repository: Path) -> None:
    code = "from cabinsafe.pose import PafDecoder, Topology; PafDecoder(Topology.trt_pose())"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=repository, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
