"""Annotations of others are converted on tiny files and read back as training reads them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cabinsafe.data import KEYPOINTS, LabelledImage, read_keypoints
from cabinsafe.data.convert import Summary, convert

Converted = tuple[Summary, dict[str, LabelledImage]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of images; that they are there is all that counts."""
    path = tmp_path / "images"
    for name in ("a.jpg", "b.jpg", "deep/c.jpg"):
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).touch()
    return path


@pytest.fixture
def converted(tmp_path: Path, folder: Path) -> Callable[..., Converted]:
    """Convert, and read the file back: the summary, and the images by name."""

    def run(source_format: str, source: Path, names: Path | None = None) -> Converted:
        out = tmp_path / "keypoints.json"
        summary = convert(source_format, source, folder, out, names)
        people = read_keypoints(out)
        assert people.keypoints == KEYPOINTS
        people.require_images(folder)
        images = people.labelled_images(folder, KEYPOINTS)
        return summary, {image.path.relative_to(folder).as_posix(): image for image in images}

    return run


@pytest.fixture
def labels_of() -> Callable[..., dict[str, tuple[float, float, int]]]:
    """What is labelled of one person of an image, by name."""

    def read(image: LabelledImage, person: int = 0) -> dict[str, tuple[float, float, int]]:
        rows = zip(KEYPOINTS, image.xy[person], image.visibility[person], strict=True)
        return {
            name: (round(float(x), 2), round(float(y), 2), int(seen)) for name, (x, y), seen in rows if seen
        }

    return read
