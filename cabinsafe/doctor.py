"""What works on this machine, and why the rest does not."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, distributions, version
from pathlib import Path
from typing import NamedTuple

import numpy as np

from cabinsafe.config import DEFAULT_MODEL
from cabinsafe.errors import CabinSafeError
from cabinsafe.pose.engines.openvino import describe as describe_openvino
from cabinsafe.pose.engines.tensorrt.start import describe as describe_tensorrt
from cabinsafe.resources import bundled_dir


class Finding(NamedTuple):
    """One line of the report: what was looked at, whether it is usable, and the details or the reason."""

    area: str
    name: str
    usable: bool
    detail: str


def examine() -> list[Finding]:
    """Look at the native module, engines, codecs, models and detectors; every check really runs the thing."""
    return [
        _try("native", "PAF decoder", _native),
        _try("engine", "onnx", _onnx),
        Finding("engine", "replay", True, "recorded maps (.npz)"),
        _try("engine", "openvino", describe_openvino),
        _try("engine", "tensorrt", describe_tensorrt),
        *(_try("codec", name, _codec, fourcc, suffix) for name, fourcc, suffix in _CODECS),
        _try("codec", "H.264 in .mp4", _reads_h264),
        _try("opencv", "cv2", _opencv),
        *(_try("model", name, _model, name) for name in _model_names()),
        *_detectors(),
        *(_extra(extra, package) for extra, package in _EXTRAS),
    ]


_CODECS = (("MPEG-4 in .mp4", "mp4v", ".mp4"), ("MJPEG in .avi", "MJPG", ".avi"))
_EXTRAS = (
    ("train", "torch"),
    ("train", "scikit-learn"),
    ("train", "pycocotools"),
    ("synthetic", "anny"),
    ("synthetic", "torch"),
)


def _try(area: str, name: str, check: Callable[..., str], *arguments: object) -> Finding:
    try:
        return Finding(area, name, True, check(*arguments))
    except (CabinSafeError, ImportError, OSError, ValueError) as error:
        return Finding(area, name, False, str(error))


def _native() -> str:
    from cabinsafe.pose import PafDecoder, Topology

    topology = Topology.trt_pose()
    heatmaps, pafs = (np.zeros((n, 8, 8), np.float32) for n in (topology.heatmap_count, topology.paf_count))
    PafDecoder(topology).decode(heatmaps, pafs)
    return "decodes"


def _onnx() -> str:
    import onnxruntime

    return f"ONNX Runtime {onnxruntime.__version__}, {', '.join(onnxruntime.get_available_providers())}"


def _codec(fourcc: str, suffix: str) -> str:
    """Write two frames and read them back."""
    import cv2

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"probe{suffix}"
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*fourcc), 10, (64, 48))
        can_write = writer.isOpened()
        for _ in range(2):
            writer.write(np.zeros((48, 64, 3), np.uint8))
        writer.release()
        if not can_write:
            raise ValueError("this OpenCV cannot write it")
        read, _ = cv2.VideoCapture(str(path)).read()
    if not read:
        raise ValueError("this OpenCV writes it but cannot read it back")
    return "written and read back"


def _reads_h264() -> str:
    """Read a frame of the demo clip."""
    from cabinsafe.media import open_source

    with open_source(bundled_dir("demo") / "ride.mp4") as source:
        next(iter(source))
    return "read; annotated videos are written as MPEG-4"


def _opencv() -> str:
    import cv2

    variants = sorted(
        {d.metadata["Name"] for d in distributions() if (d.metadata["Name"] or "").startswith("opencv-")}
    )
    if len(variants) > 1:
        raise ValueError(f"{' and '.join(variants)} are both installed and overwrite one another: keep one")
    return f"{cv2.__version__} ({', '.join(variants) or 'not from a wheel'})"


def _model_names() -> list[str]:
    """The embedded models, and those that must be."""
    present = {card.stem for card in bundled_dir("models").glob("*.json")}
    return sorted(present | {DEFAULT_MODEL, "unsafe-sitting", "unsafe-sitting-seat"})


def _model(name: str) -> str:
    """Check the digest and open the file."""
    from cabinsafe.cards import AnyCard
    from cabinsafe.onnx_session import open_session

    card = AnyCard.load(name)
    file = card.verified_file()
    open_session(file)
    return f"{card.kind}, {file.stat().st_size / 1e6:.1f} MB, digest as on its card"


def _module_of(kind: str) -> str:
    from cabinsafe.detectors import detector_class

    return detector_class(kind).__module__


def _detectors() -> list[Finding]:
    from cabinsafe.detectors import detector_kinds

    return [_try("detector", kind, _module_of, kind) for kind in sorted(detector_kinds())]


def _extra(extra: str, package: str) -> Finding:
    try:
        return Finding("extra", f"[{extra}] {package}", True, version(package))
    except PackageNotFoundError:
        return Finding(
            "extra", f"[{extra}] {package}", False, f"not installed: pip install 'cabinsafe[{extra}]'"
        )
