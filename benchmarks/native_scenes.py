"""Scenes in a file for ``native/benchmarks/bench_decoder.cpp``, and the times it measures on them."""

from __future__ import annotations

import struct
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cabinsafe.pose.body import body_of, mirrored_limbs
from cabinsafe.pose.decoder import DecoderOptions
from cabinsafe.pose.topology import Topology


def write(path: Path, topology: Topology, options: DecoderOptions, scenes: Sequence[Any]) -> None:
    """Write scenes of one size; the format stands in the program."""
    keypoints, limbs = len(topology.keypoints), len(topology.limbs)
    height, width = scenes[0].heatmaps.shape[1:]
    with path.open("wb") as file:
        counts = len(scenes), keypoints, topology.heatmap_count, limbs, topology.paf_count, height, width
        file.write(struct.pack("7i", *counts))
        file.write(np.array(topology.heatmap_channels, np.int32).tobytes())
        for ends, limb, mirror in zip(
            topology.limb_indices, topology.limbs, mirrored_limbs(topology), strict=True
        ):
            file.write(struct.pack("5i", *ends, limb.x_channel, limb.y_channel, mirror))
        file.write(np.array(body_of(topology), np.float32).tobytes())
        file.write(np.array(list(options.model_dump().values()), np.float32).tobytes())
        for scene in scenes:
            file.write(scene.heatmaps.tobytes() + scene.pafs.tobytes())


def decode_ms(
    program: Path, topology: Topology, options: DecoderOptions, scenes: Sequence[Any]
) -> list[float]:
    """Median milliseconds of a decoding of each scene in the native program."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "scenes.bin"
        write(path, topology, options, scenes)
        run = subprocess.run([program, path], check=True, capture_output=True, text=True)
    return [float(line.split()[0]) / 1e3 for line in run.stdout.splitlines()]
