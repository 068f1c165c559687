"""Pictures to calibrate and to compare on, prepared as for the engine that the network is for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cabinsafe.data import KEYPOINTS, read_keypoints
from cabinsafe.data.split import Split, choose
from cabinsafe.errors import DataError
from cabinsafe.media import read_image
from cabinsafe.pose.card import InputSpec
from cabinsafe.pose.preprocess import input_tensor, without_bars

_SUFFIXES: Final = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp"})
_WIDE: Final = 16 / 9


def find_pictures(folder: Path, annotations: Path | None = None, split: Split | None = None) -> list[Path]:
    """The image files in a folder and below it, sorted; or those of a COCO-style set.

    Args:
        folder: where they are.
        annotations: the set's annotation file; only its images are taken.
        split: only this part of the set, by the fixed rule of :mod:`cabinsafe.data.split`.

    Raises:
        DataError: there are none, some are missing, or a split is asked for without annotations.
    """
    if annotations is not None:
        people = read_keypoints(annotations)
        people.require_images(folder)
        ids = choose(people.image_ids, split)
        return [image.path for image in people.labelled_images(folder, KEYPOINTS, ids)]
    if split is not None:
        raise DataError(f"the split '{split}' goes by image id: it needs the annotations of {folder}")
    if not folder.is_dir():
        raise DataError(f"no folder of images: {folder}")
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in _SUFFIXES)
    if not found:
        raise DataError(f"{folder}: no images, looked for {', '.join(sorted(_SUFFIXES))}")
    return found


def draw(pictures: Sequence[Path], counts: tuple[int, int], seed: int) -> tuple[list[Path], list[Path]]:
    """Draw two groups that share no picture, the same ones for the same seed.

    Raises:
        DataError: there are not enough.
    """
    if sum(counts) > len(pictures):
        raise DataError(
            f"{counts[0]} pictures to calibrate on and {counts[1]} others to compare on are asked for, "
            f"but there are only {len(pictures)}"
        )
    places = np.random.default_rng(seed).permutation(len(pictures))
    drawn = [pictures[place] for place in places[: sum(counts)]]
    return drawn[: counts[0]], drawn[counts[0] :]


def batches(pictures: Sequence[Path], spec: InputSpec) -> Iterator[NDArray[np.float32]]:
    """Input tensors (1, 3, H, W), one for each picture; their sizes differ where ``spec`` allows it.

    Every second picture is cut to the shape of a camera's frame. Grey bars are seen where a network of one
    size will see them: ``spec.side_multiple`` is None.

    Raises:
        MediaError: a file cannot be read as an image.
    """
    for place, path in enumerate(pictures):
        image = read_image(path)
        image = _cut_wide(image) if place % 2 else image
        tensor, _ = input_tensor([image], without_bars(spec, [image]))
        yield tensor


def _cut_wide(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The middle of an image, as wide as it is, at most 9/16 as high."""
    height, width = image.shape[:2]
    kept = min(height, max(round(width / _WIDE), 1))
    top = (height - kept) // 2
    return image[top : top + kept]
