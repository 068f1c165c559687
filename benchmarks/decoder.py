"""Speed of the PAF decoder, beside its accuracy, on noisy synthetic maps.

Times go through the Python API on one thread. Machines differ and are noisy, so each time also stands as a
multiple of one pass of ``heatmaps.max()`` over the same maps in the same run. Run from the repository:

    python benchmarks/decoder.py [--layout trt_pose|openpose] [--seeds 12]
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cabinsafe.pose.decoder import DecodedPoses, DecoderOptions, PafDecoder
from cabinsafe.pose.topology import Topology

SIZES = (44, 88)
PEOPLE = (1, 3, 5, 10, 20)
REPEATS = 50
MATCH_SIGMAS = 2.0


class Result(NamedTuple):
    """One image: times and counts."""

    decode_ms: float
    max_ms: float
    error_cells: list[float]
    found: int
    visible: int
    wrong_limbs: int
    limbs: int
    predictions: int


def load_maps() -> ModuleType:
    """Load the tests' map generator; the tests are no package, so by path."""
    path = Path(__file__).parents[1] / "tests" / "pose" / "maps.py"
    spec = importlib.util.spec_from_file_location("synthetic_maps", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def median_ms(call: Callable[[], object]) -> float:
    """Median wall time of a call, milliseconds."""
    times = []
    for _ in range(REPEATS):
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


def measure(decoder: PafDecoder, scene: Any) -> Result:
    """Decode one scene; error and recall over keypoints within two sigmas of the paired person's truth."""
    poses = decoder.decode(scene.heatmaps, scene.pafs)
    distance = np.linalg.norm(poses.xy[:, None] - scene.truth[None], axis=3)
    hits = distance < MATCH_SIGMAS * scene.sigma_cells
    errors = [float(d) for n, t in match_people(hits) for d in distance[n, t][hits[n, t]]]
    wrong, limbs = count_wrong_limbs(poses, hits, decoder.topology)
    visible = int(np.isfinite(scene.truth[..., 0]).sum())
    return Result(
        median_ms(lambda: decoder.decode(scene.heatmaps, scene.pafs)),
        median_ms(scene.heatmaps.max),
        errors,
        len(errors),
        visible,
        wrong,
        limbs,
        len(poses),
    )


def report(size: int, people: int, results: list[Result]) -> str:
    """One row of the table."""
    decode_ms = float(np.median([r.decode_ms for r in results]))
    ratio = float(np.median([r.decode_ms / r.max_ms for r in results]))
    error = float(np.mean([e for r in results for e in r.error_cells]))
    recall = sum(r.found for r in results) / sum(r.visible for r in results)
    wrong = sum(r.wrong_limbs for r in results) / max(sum(r.limbs for r in results), 1)
    predictions = sum(r.predictions for r in results) / (people * len(results))
    return (
        f"| {size}x{size} | {people} | {decode_ms:.4f} | {ratio:.1f} | {error:.3f} | {recall:.3f} "
        f"| {wrong:.4f} | {predictions:.2f} |"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--layout", choices=("trt_pose", "openpose"), default="trt_pose")
    parser.add_argument("--seeds", type=int, default=12, help="images per row")
    arguments = parser.parse_args()
    topology: Topology = getattr(Topology, arguments.layout)()
    decoder = PafDecoder(topology, DecoderOptions(max_people=64))
    maps = load_maps()
    print(
        "| map | people | ms per image | x heatmaps.max() | keypoint error, cells | recall | wrong limbs "
        "| predictions per person |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for size in SIZES:
        for people in PEOPLE:
            scenes = [maps.make_scene(topology, people, size, seed) for seed in range(arguments.seeds)]
            print(report(size, people, [measure(decoder, scene) for scene in scenes]), flush=True)


if __name__ == "__main__":
    main()
