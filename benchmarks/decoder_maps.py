"""Average precision of the PAF decoder on a network's maps of real pictures, beside trt_pose's method.

    python -m benchmarks.decoder_maps DATA [--model cabinsafe-pose] [--split val] [--limit 100]

DATA is a folder with ``images`` and COCO's ``person_keypoints.json``. Both decode the same maps.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks import centroid_munkres
from cabinsafe.data.split import select
from cabinsafe.evaluation.accuracy import Prediction, bootstrap_difference, measure
from cabinsafe.evaluation.predict import open_estimator
from cabinsafe.media import read_image
from cabinsafe.pose import DecodedPoses, DecoderOptions, PafDecoder, PoseEstimator
from cabinsafe.types import Frame

ROUNDS = 1000


def find_people(
    estimator: PoseEstimator, decoders: dict[str, Callable[..., DecodedPoses]], path: Path
) -> dict[str, list[Prediction]]:
    """People of one picture by each decoder, in its pixels."""
    batch, transforms = estimator.preprocess([Frame(image=read_image(path), t_s=0.0)])
    maps = estimator.infer(batch)[0]
    found = {}
    for name, decode in decoders.items():
        poses = decode(maps.heatmaps, maps.pafs)
        xy = transforms[0].to_frame(poses.xy * estimator.card.maps.stride)
        found[name] = [(xy[i], poses.score[i], float(poses.person_score[i])) for i in range(len(poses))]
    return found


def main() -> None:
    """Print both rows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("data", type=Path)
    parser.add_argument("--model", default="cabinsafe-pose")
    parser.add_argument("--split", choices=("train", "val", "test"), default="val")
    parser.add_argument("--limit", type=int, default=100, help="the first so many pictures")
    arguments = parser.parse_args()
    annotations = json.loads((arguments.data / "person_keypoints.json").read_text())
    files = {image["id"]: image["file_name"] for image in annotations["images"]}
    estimator = open_estimator(arguments.model, threads=1)
    topology = estimator.card.topology
    decoders: dict[str, Callable[..., DecodedPoses]] = {
        "trt_pose's method": partial(centroid_munkres.decode, topology),
        "this library's": PafDecoder(topology, DecoderOptions(max_people=128)).decode,
    }
    found: dict[str, dict[int, list[Prediction]]] = {name: {} for name in decoders}
    for image_id in select(files, arguments.split)[: arguments.limit]:
        path = arguments.data / "images" / files[image_id]
        for name, people in find_people(estimator, decoders, path).items():
            found[name][image_id] = people
    print("| decoder | AP | AP50 | AP75 | AR | people found |\n|---|---|---|---|---|---|")
    for name, people_of in found.items():
        result = measure(people_of, topology.keypoints, annotations)
        count = sum(map(len, people_of.values()))
        columns = " | ".join(f"{value:.4f}" for value in (result.ap, result.ap50, result.ap75, result.ar))
        print(f"| {name} | {columns} | {count} |")
    low, high = bootstrap_difference(*found.values(), topology.keypoints, annotations, ROUNDS, seed=0)
    print(f"\ndifference of AP, 95 % of {ROUNDS} bootstrap samples: {low:+.3f} to {high:+.3f}")


if __name__ == "__main__":
    main()
