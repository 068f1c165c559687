"""Speed of the PAF decoder, beside its accuracy, on noisy synthetic maps.

Times go through the Python API on one thread, and with ``--native`` also through the C++ program of
``native/benchmarks``. Machines differ and are noisy, so each time stands as a multiple of one pass of
``heatmaps.max()`` over the same maps in the same run. Run from the repository:

    python -m benchmarks.decoder [--layout trt_pose|openpose] [--first-seed 0] [--seeds 12]
        [--native build/bench_decoder] [--peer] [--write FILE --people 5]
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks import centroid_munkres, native_scenes
from cabinsafe.pose.decoder import DecoderOptions, PafDecoder
from cabinsafe.pose.poses import DecodedPoses
from cabinsafe.pose.topology import Topology

SIZES = (44, 88)
PEOPLE = (1, 3, 5, 10, 20)
REPEATS = 50
MATCH_SIGMAS = 2.0


Decode = Callable[[NDArray[np.float32], NDArray[np.float32]], DecodedPoses]


class Result(NamedTuple):
    """One image: times and counts."""

    decode_ms: float
    max_ms: float
    error_cells: list[float]
    found: int
    connected: int
    visible: int
    wrong_limbs: int
    limbs: int
    predictions: int


def load_maps() -> ModuleType:
    """Load the tests' map generator; the tests are no package, so by path."""
    path = Path(__file__).parents[1] / "tests" / "support" / "synthetic_maps.py"
    spec = importlib.util.spec_from_file_location("synthetic_maps", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def median_ms(call: Callable[[], object], repeats: int) -> float:
    """Median wall time of a call, milliseconds."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return float(np.median(times)) * 1e3


def match_people(hits: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Pair predictions with truth, the most shared keypoints first; hits is (N, T, K)."""
    shared = hits.sum(axis=2)
    pairs = []
    while shared.size and shared.max() > 0:
        row, column = np.unravel_index(shared.argmax(), shared.shape)
        pairs.append((int(row), int(column)))
        shared[row, :] = 0
        shared[:, column] = 0
    return pairs


def count_wrong_limbs(poses: DecodedPoses, hits: NDArray[np.bool_], topology: Topology) -> tuple[int, int]:
    """Limbs whose two ends lie on keypoints of different people, and all limbs with both ends on one."""
    wrong = total = 0
    for limb, (start, end) in enumerate(topology.limb_indices):
        for person in np.flatnonzero(poses.limb_score[:, limb] > 0):
            owners = hits[person, :, start], hits[person, :, end]
            if owners[0].any() and owners[1].any():
                total += 1
                wrong += not (owners[0] & owners[1]).any()
    return wrong, total


def count_connected(truth: NDArray[np.float64], topology: Topology, least: int) -> int:
    """Visible keypoints that limbs between visible keypoints can bring to one prediction for each person.

    That is the largest connected piece of each, if it has the least number of keypoints.
    """
    total = 0
    for person in truth:
        pieces = [{int(k)} for k in np.flatnonzero(np.isfinite(person[:, 0]))]
        for ends in topology.limb_indices:
            joined = [piece for piece in pieces if piece & set(ends)]
            if len(joined) == 2:
                pieces = [piece for piece in pieces if piece not in joined] + [joined[0] | joined[1]]
        largest = max(map(len, pieces), default=0)
        total += largest if largest >= least else 0
    return total


def measure(decode: Decode, topology: Topology, least: int, scene: Any, repeats: int = REPEATS) -> Result:
    """Decode one scene; error and recall over keypoints within two sigmas of the paired person's truth."""
    poses = decode(scene.heatmaps, scene.pafs)
    distance = np.linalg.norm(poses.xy[:, None] - scene.truth[None], axis=3)
    hits = distance < MATCH_SIGMAS * scene.sigma_cells
    errors = [float(d) for n, t in match_people(hits) for d in distance[n, t][hits[n, t]]]
    wrong, limbs = count_wrong_limbs(poses, hits, topology)
    return Result(
        median_ms(lambda: decode(scene.heatmaps, scene.pafs), repeats),
        median_ms(scene.heatmaps.max, repeats),
        errors,
        len(errors),
        count_connected(scene.truth, topology, least),
        int(np.isfinite(scene.truth[..., 0]).sum()),
        wrong,
        limbs,
        len(poses),
    )


def report(size: int, people: int, results: list[Result], native_ms: list[float] | None = None) -> str:
    """One row of the table."""
    decode_ms = float(np.median([r.decode_ms for r in results]))
    passes = float(np.median([r.decode_ms / r.max_ms for r in results]))
    native = "-"
    if native_ms is not None:
        pairs = zip(native_ms, results, strict=True)
        native = f"{np.median([ms / r.max_ms for ms, r in pairs]):.1f}"
    error = float(np.mean([e for r in results for e in r.error_cells]))
    visible = sum(r.visible for r in results)
    recall = sum(r.found for r in results) / visible
    bound = sum(r.connected for r in results) / visible
    wrong = sum(r.wrong_limbs for r in results) / max(sum(r.limbs for r in results), 1)
    predictions = sum(r.predictions for r in results) / (people * len(results))
    return (
        f"| {size}x{size} | {people} | {decode_ms:.4f} | {passes:.1f} | {native} | {error:.3f} "
        f"| {recall:.3f} | {bound:.3f} | {wrong:.4f} | {predictions:.2f} |"
    )


HEADER = (
    "| map | people | ms per image | passes | passes, C++ | keypoint error, cells | recall "
    "| connected | wrong limbs | predictions per person |\n|---|---|---|---|---|---|---|---|---|---|"
)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--layout", choices=("trt_pose", "openpose"), default="trt_pose")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--seeds", type=int, default=12, help="images per row")
    parser.add_argument("--native", type=Path, help="the program bench_decoder, for times without Python")
    parser.add_argument(
        "--peer", action="store_true", help="trt_pose's method instead; its times say nothing"
    )
    parser.add_argument("--write", type=Path, help="only write the scenes of --people at 88x88 for --native")
    parser.add_argument("--people", type=int, default=5)
    arguments = parser.parse_args()
    topology: Topology = getattr(Topology, arguments.layout)()
    options = DecoderOptions(max_people=64)
    maps = load_maps()
    seeds = range(arguments.first_seed, arguments.first_seed + arguments.seeds)
    if arguments.write:
        scenes = [maps.make_scene(topology, arguments.people, SIZES[-1], seed) for seed in seeds]
        native_scenes.write(arguments.write, topology, options, scenes)
        return
    decode: Decode = PafDecoder(topology, options).decode
    if arguments.peer:
        decode = partial(centroid_munkres.decode, topology)
    print(HEADER)
    for size in SIZES:
        for people in PEOPLE:
            scenes = [maps.make_scene(topology, people, size, seed) for seed in seeds]
            native = arguments.native
            times = native_scenes.decode_ms(native, topology, options, scenes) if native else None
            repeats = 1 if arguments.peer else REPEATS
            results = [measure(decode, topology, options.min_keypoints, s, repeats) for s in scenes]
            print(report(size, people, results, times), flush=True)


if __name__ == "__main__":
    main()
