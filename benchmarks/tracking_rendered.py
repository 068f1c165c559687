"""The tracker on rendered rides as the embedded network sees them, without and with expected people.

    python -m benchmarks.tracking_rendered RIDE... [--expect 0 0.5]

RIDEs are folders that ``cabinsafe synth ride`` made; the true boxes are those of what the camera sees of each
person. Measures are those of :mod:`benchmarks.tracking`.
"""

from __future__ import annotations

import argparse
from dataclasses import fields
from pathlib import Path

import numpy as np

from benchmarks.tracking import Ride, Score, score
from cabinsafe import CabinAnalyzer, load_config
from cabinsafe.data import read_scenes
from cabinsafe.geometry import box_iou


def follow(folder: Path, expect_s: float) -> tuple[Ride, float]:
    """One ride through the whole analyzer, and its duration in seconds."""
    config = load_config(folder / "cabin.yaml")
    pose = config.pose.model_copy(update={"expect_s": expect_s})
    people, ids, overlaps, duration_s = [], [], [], 0.0
    with CabinAnalyzer.from_config(
        config.model_copy(update={"pose": pose, "detectors": {}, "events": {}})
    ) as cabin:
        frames = cabin.frames(folder / "ride.mp4")
        for frame, truth in zip(frames, read_scenes(folder / "scenes.jsonl"), strict=True):
            scene, duration_s = cabin.inspect(frame).scene, truth.t_s
            people.append(np.array([t.track_id for t in truth.tracks], dtype=int))
            ids.append(np.array([t.track_id for t in scene.tracks], dtype=int))
            true_boxes = np.array([t.box_xyxy for t in truth.tracks]).reshape(-1, 4)
            scale = np.array(frame.size_wh * 2) / np.array(truth.size_wh * 2)
            found = np.array([t.box_xyxy for t in scene.tracks]).reshape(-1, 4)
            overlaps.append(box_iou(true_boxes * scale, found))
    return Ride(people, ids, overlaps, update_us=float("nan")), duration_s


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Tracking benchmark on rendered rides")
    parser.add_argument("rides", type=Path, nargs="+")
    parser.add_argument("--expect", type=float, nargs="+", default=[0.0, 0.5])
    given = parser.parse_args()
    names = [field.name for field in fields(Score) if field.name != "update_us"]
    print("| expect_s | " + " | ".join(name.replace("_", " ") for name in names) + " |")
    print("|---" * (len(names) + 1) + "|")
    for expect_s in given.expect:
        done = [follow(folder, expect_s) for folder in given.rides]
        measured = score([ride for ride, _ in done], sum(duration for _, duration in done))
        print(f"| {expect_s} | " + " | ".join(f"{getattr(measured, name):.3f}" for name in names) + " |")


if __name__ == "__main__":
    main()
