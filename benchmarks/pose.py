"""Pose networks through the whole pose layer: milliseconds per stage beside OKS AP, on the same images.

    python benchmarks/pose.py DATA --model cabinsafe-pose --model other/card.json --split test

DATA holds ``person_keypoints.json`` (COCO keypoint format) and ``images/``. Splits are those of
``cabinsafe.training.pose.split``. AP is pycocotools' over all sizes. Against
the first network every other of the same keypoint names gets a bootstrap interval of the difference.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from cabinsafe.data import KEYPOINTS, read_keypoints
from cabinsafe.pose import DecoderOptions, OnnxEngine, PafDecoder, PoseCard, PoseEstimator
from cabinsafe.training.pose.evaluate import Prediction, bootstrap_difference, measure
from cabinsafe.training.pose.split import select
from cabinsafe.types import Frame

STAGES = ("letterbox", "network", "decoder")


def main() -> None:
    """Print one row per network."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("--model", action="append", help="embedded name or card path; may be repeated")
    parser.add_argument("--split", choices=["train", "val", "test"], default="test")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--decoder", type=json.loads, default={}, help="decoder options as JSON")
    arguments = parser.parse_args()
    people = read_keypoints(arguments.data / "person_keypoints.json")
    ids, annotations = select(people.image_ids, arguments.split), people.coco()
    images = people.labelled_images(arguments.data / "images", KEYPOINTS, ids)
    files = {image.image_id: image.path for image in images}
    print(f"{platform.machine()}, {arguments.threads} thread(s), split {arguments.split}: {len(ids)} images")
    print(
        f"{'network':<24}{'AP':>7}{'AP50':>7}{'AP75':>7}{'AR':>7}",
        *(f"{stage + ' ms':>14}" for stage in STAGES),
    )
    all_predictions = []
    for model in arguments.model or ["cabinsafe-pose"]:
        predictions, names, millis = run(model, files, ids, arguments.threads, arguments.decoder)
        accuracy = measure(predictions, names, annotations, ids)
        columns = (accuracy.ap, accuracy.ap50, accuracy.ap75, accuracy.ar)
        print(f"{Path(model).stem:<24}", *(f"{v:6.4f}" for v in columns), *(f"{ms:14.2f}" for ms in millis))
        all_predictions.append((predictions, names))
    for other, other_names in all_predictions[1:]:
        base, names = all_predictions[0]
        if tuple(names) == tuple(other_names):
            low, high = bootstrap_difference(other, base, names, annotations, rounds=1000, seed=0)
            print(f"AP of the first minus AP of this, 95 % interval over images: {low:+.4f} to {high:+.4f}")


def run(
    model: str, files: dict[int, Path], ids: Sequence[int], threads: int, decoder: dict[str, float]
) -> tuple[dict[int, list[Prediction]], Sequence[str], list[float]]:
    """Predictions by image id, keypoint names, and the median milliseconds of each stage."""
    card = PoseCard.load(model)
    options = DecoderOptions(**decoder)
    estimator = PoseEstimator(
        OnnxEngine(card.verified_file(), threads), card, PafDecoder(card.topology, options)
    )
    predictions: dict[int, list[Prediction]] = {}
    times = []
    for image_id in ids:
        frame = Frame(image=cv2.imread(str(files[image_id])), t_s=0.0)
        stamps = [time.perf_counter()]
        batch, transforms = estimator.preprocess([frame])
        stamps.append(time.perf_counter())
        maps = estimator.infer(batch)
        stamps.append(time.perf_counter())
        result = estimator.decode(maps[0], transforms[0])
        stamps.append(time.perf_counter())
        times.append(np.diff(stamps) * 1e3)
        predictions[image_id] = [(s.xy, s.score, s.person_score) for s in result.skeletons]
    estimator.close()
    return predictions, card.topology.keypoints, np.median(times, axis=0).tolist()


if __name__ == "__main__":
    main()
