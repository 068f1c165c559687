"""Pose networks beside their peers: OKS AP, milliseconds, size and memory, all in one run.

    python -m benchmarks.pose_peers SET [--split test] [--limit N] --openpose FILE --multipose FILE

SET is as for ``cabinsafe evaluate pose``. FILEs are human-pose-estimation-0001 (lightweight OpenPose, Open
Model Zoo; it runs through our letterbox and decoder) and MoveNet MultiPose (Google; whole frame, at most six
people) as ONNX. All see 352x352 letterboxed frames with one thread. Memory is the largest resident set of a
process that opens the network and runs it once.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from cabinsafe.data import COCO_KEYPOINTS
from cabinsafe.evaluation.accuracy import Prediction, bootstrap, interval_95, judge
from cabinsafe.evaluation.predict import open_estimator
from cabinsafe.evaluation.sets import PoseSet, open_set
from cabinsafe.media import read_image
from cabinsafe.onnx_session import open_session
from cabinsafe.pose import PoseCard
from cabinsafe.pose.preprocess import letterbox
from cabinsafe.resources import sha256_of
from cabinsafe.types import Frame

SIDE = 352
OURS = ("cabinsafe-pose", "cabinsafe-pose-float")
Predict = Callable[[Frame], tuple[list[Prediction], float]]
"""One frame to its people and the milliseconds of the network alone."""


class Found(NamedTuple):
    """What one network found in every image, and how long the network took."""

    keypoints: tuple[str, ...]
    people: dict[int, list[Prediction]]
    median_ms: float


def ours(model: str) -> tuple[tuple[str, ...], Predict]:
    """A network with a card, through the whole pose layer."""
    estimator = open_estimator(model, threads=1)

    def predict(frame: Frame) -> tuple[list[Prediction], float]:
        batch, transforms = estimator.preprocess([frame])
        start = time.perf_counter()
        (maps,) = estimator.infer(batch)
        took = time.perf_counter() - start
        skeletons = estimator.decode(maps, transforms[0]).skeletons
        return [(s.xy, s.score, s.person_score) for s in skeletons], took * 1e3

    return estimator.keypoints, predict


def multipose(file: Path) -> tuple[tuple[str, ...], Predict]:
    """MoveNet MultiPose: RGB int32 in, up to six people of 17 (y, x, score), shares of the input, out."""
    session = open_session(file)
    name = session.get_inputs()[0].name

    def predict(frame: Frame) -> tuple[list[Prediction], float]:
        canvas, transform = letterbox(frame.image, (SIDE, SIDE), 0)
        picture = canvas[None, :, :, ::-1].astype(np.int32)
        start = time.perf_counter()
        (rows,) = session.run(None, {name: picture})
        took = time.perf_counter() - start
        people = []
        for row in rows[0]:
            points = row[:51].reshape(17, 3).astype(np.float32)
            xy = transform.to_frame(points[:, 1::-1] * SIDE)
            people.append((xy, points[:, 2], float(row[55])))
        return people, took * 1e3

    return COCO_KEYPOINTS, predict


def openpose_card(file: Path, folder: Path) -> str:
    """A card for human-pose-estimation-0001: that of our float network, whose layout it shares."""
    card = PoseCard.load("cabinsafe-pose-float").model_dump(mode="json")
    card |= {
        "name": file.stem,
        "file": file.name,
        "sha256": sha256_of(file),
        "min_person_score": 0.0,
    }
    card["input"]["name"] = "data"
    card["maps"] |= {"heatmaps": "Mconv7_stage2_L2", "pafs": "Mconv7_stage2_L1"}
    (folder / file.name).symlink_to(file.resolve())
    (folder / "card.json").write_text(json.dumps(card), encoding="utf-8")
    return str(folder / "card.json")


def find_all(pose_set: PoseSet, opened: tuple[tuple[str, ...], Predict]) -> Found:
    """Run a network over all images of a set."""
    keypoints, predict = opened
    results = {i: predict(Frame(image=read_image(path), t_s=0.0)) for i, path in pose_set.paths.items()}
    times = [took for _, took in results.values()]
    return Found(keypoints, {i: people for i, (people, _) in results.items()}, float(np.median(times)))


def _peak_mb(open_network: Callable[..., tuple[tuple[str, ...], Predict]], argument: str | Path) -> float:
    _, predict = open_network(argument)
    predict(Frame(image=np.zeros((SIDE, SIDE, 3), np.uint8), t_s=0.0))
    status = Path("/proc/self/status").read_text(encoding="utf-8")  # getrusage would count the parent's, too
    return float(status.partition("VmHWM:")[2].split()[0]) / 1024


def peak_mb(open_network: Callable[..., tuple[tuple[str, ...], Predict]], argument: str | Path) -> float:
    """Largest resident set, MB, of a fresh process that opens a network and runs it once."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_peak_mb, (open_network, argument))


def show(pose_set: PoseSet, found: Mapping[str, Found], files: Mapping[str, tuple[float, float]]) -> None:
    """Print the table; ``files`` are the megabytes of the file and of the process."""
    judged = [judge(one.people, one.keypoints, pose_set.annotations) for one in found.values()]
    drawn = bootstrap(judged, 1000, seed=0)
    last = len(judged) - 1
    print(
        "| network | AP (95 %) | AP less the last row's (95 %) | AP50 | AP75 | ms | file, MB | memory, MB |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for i, (name, one) in enumerate(found.items()):
        accuracy = judged[i].accuracy()
        span = "{:.3f}-{:.3f}".format(*interval_95(drawn[:, i]))
        gain = accuracy.ap - judged[last].accuracy().ap
        gain_span = "{:+.3f} to {:+.3f}".format(*interval_95(drawn[:, i] - drawn[:, last]))
        print(
            f"| {name} | {accuracy.ap:.3f} ({span}) | {gain:+.3f} ({gain_span}) "
            f"| {accuracy.ap50:.3f} | {accuracy.ap75:.3f} | {one.median_ms:.0f} | {files[name][0]:.1f} "
            f"| {files[name][1]:.0f} |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("set", type=Path)
    parser.add_argument("--split", choices=("train", "val", "test"))
    parser.add_argument("--limit", type=int)
    parser.add_argument("--openpose", type=Path, required=True)
    parser.add_argument("--multipose", type=Path, required=True)
    arguments = parser.parse_args()
    pose_set = open_set(arguments.set, arguments.split, arguments.limit)
    with tempfile.TemporaryDirectory() as folder:
        card = openpose_card(arguments.openpose, Path(folder))
        networks: dict[str, tuple[Callable[..., tuple[tuple[str, ...], Predict]], str | Path, Path]] = {
            name: (ours, name, PoseCard.load(name).verified_file()) for name in OURS
        }
        networks["MoveNet MultiPose"] = (multipose, arguments.multipose, arguments.multipose)
        networks["human-pose-estimation-0001"] = (ours, card, arguments.openpose)
        found = {name: find_all(pose_set, opener(what)) for name, (opener, what, _) in networks.items()}
        files = {
            name: (file.stat().st_size / 1e6, peak_mb(opener, what))
            for name, (opener, what, file) in networks.items()
        }
    print(f"{len(pose_set.paths)} images, {SIDE}x{SIDE}, 1 thread")
    show(pose_set, found, files)


if __name__ == "__main__":
    main()
