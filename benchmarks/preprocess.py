"""Frames to the network's input: ours beside OpenCV and numpy, in turns, and how far the two lie apart.

    python benchmarks/preprocess.py

CPU milliseconds of one thread, medians over rounds in which each way has its turn.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from cabinsafe import _preprocess
from cabinsafe.media import open_source
from cabinsafe.pose.card import InputSpec
from cabinsafe.pose.preprocess import input_tensor
from cabinsafe.resources import bundled_dir

SPEC = InputSpec(
    name="image",
    color="rgb",
    size_wh=(352, 352),
    mean=(123.675, 116.28, 103.53),
    std=(58.395, 57.12, 57.375),
    pad_value=128,
)
SIZES_WH = ((1280, 720), (640, 480), (1920, 1080), (320, 240))


def cv2_and_numpy(image: NDArray[np.uint8], part: tuple[int, int, int, int]) -> NDArray[np.float32]:
    """What the library did before: resize, canvas, float, transpose."""
    left, top, width, height = part
    canvas = np.full((*SPEC.size_wh[::-1], 3), SPEC.pad_value, np.uint8)
    way = cv2.INTER_AREA if width < image.shape[1] else cv2.INTER_LINEAR
    canvas[top : top + height, left : left + width] = cv2.resize(image, (width, height), interpolation=way)
    batch = np.stack([canvas])[..., ::-1]
    scaled = (batch - np.array(SPEC.mean, np.float32)) / np.array(SPEC.std, np.float32)
    return np.ascontiguousarray(scaled.transpose(0, 3, 1, 2), np.float32)


def medians_ms(ways: dict[str, Callable[[], Any]], rounds: int) -> dict[str, float]:
    """CPU time of a call of each way, in turns so that all meet the same machine."""
    millis: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            start = time.thread_time_ns()
            way()
            millis[name].append((time.thread_time_ns() - start) / 1e6)
    return {name: float(np.median(values)) for name, values in millis.items()}


def main() -> None:
    """Print a line per frame size."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=200)
    rounds = parser.parse_args().rounds
    cv2.setNumThreads(1)
    with open_source(bundled_dir("demo") / "ride.mp4") as source:
        frame = next(iter(source)).image
    for size_wh in SIZES_WH:
        print_size(np.asarray(cv2.resize(frame, size_wh), np.uint8), rounds)


def print_size(image: NDArray[np.uint8], rounds: int) -> None:
    """Times, ratio to the old way, and the largest difference in levels."""
    ours, (transform,) = input_tensor([image], SPEC)
    left, top = (int(side) for side in transform.offset_xy)
    inner = [round(s * side) for s, side in zip(transform.scale_xy, transform.frame_wh, strict=True)]
    part = (left, top, inner[0], inner[1])
    theirs = cv2_and_numpy(image, part)
    ways: dict[str, Callable[[], Any]] = {
        "cv2 and numpy": lambda: cv2_and_numpy(image, part),
        "ours": lambda: input_tensor([image], SPEC),
        "ours, float16": lambda: input_tensor([image], SPEC, "float16"),
    }
    out = np.empty_like(ours)
    settings: dict[str, Any] = {"rgb": True, "pad": SPEC.pad_value, "mean": SPEC.mean, "std": SPEC.std}
    for isa in _preprocess.instruction_sets():
        ways[isa] = lambda isa=isa: _preprocess.fill([image], [part], **settings, out=out, threads=1, isa=isa)
    millis = medians_ms(ways, rounds)
    levels = np.abs(ours - theirs) * np.reshape(SPEC.std, (1, 3, 1, 1))
    print(
        f"{image.shape[1]}x{image.shape[0]}: {millis['cv2 and numpy'] / millis['ours']:.1f} times as quick; "
        f"at most {levels.max():.0f} level of 255 apart, {(levels > 0.5).mean():.2%} of the values"
    )
    print("   ", ", ".join(f"{name} {value:.3f} ms" for name, value in millis.items()))


if __name__ == "__main__":
    main()
