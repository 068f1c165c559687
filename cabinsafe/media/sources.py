"""Where frames come from: video files, images, live cameras. One class each, one function to choose."""

from __future__ import annotations

import glob
import re
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2

from cabinsafe.closing import Closing
from cabinsafe.errors import MediaError
from cabinsafe.types import Frame

IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff"})
_TRUNCATION_TOLERANCE = 0.02  # containers announce their frame count with this much error


class FrameSource(Closing, ABC):
    """Frames of one camera, in order; a context manager.

    Attributes:
        camera_id: what its frames carry.
        frame_count: how many frames it announces, or None if unknown.
        fps: nominal frames per second.
    """

    camera_id: str
    frame_count: int | None = None
    fps: float = 0.0

    @abstractmethod
    def __iter__(self) -> Iterator[Frame]:
        """Frames in order.

        Raises:
            MediaError: a frame cannot be read, or the source ends before its announced end; all frames
                before that were yielded.
        """


class VideoFile(FrameSource):
    """A video file, timed by its own time stamps.

    Raises:
        MediaError: missing, empty, or nothing that can be decoded.
    """

    def __init__(self, path: str | Path, camera_id: str = "front") -> None:
        self.path = Path(path)
        self.camera_id = camera_id
        if not self.path.is_file():
            raise MediaError(f"{self.path}: no such video file")
        if self.path.stat().st_size == 0:
            raise MediaError(f"{self.path}: the file is empty (0 bytes)")
        self._capture = cv2.VideoCapture(str(self.path))
        if not self._capture.isOpened():
            raise MediaError(
                f"{self.path}: not a video that can be decoded here, or its end (index) is cut off"
            )
        self.frame_count = max(0, int(self._capture.get(cv2.CAP_PROP_FRAME_COUNT))) or None
        self.fps = self._capture.get(cv2.CAP_PROP_FPS) or 25.0

    def __iter__(self) -> Iterator[Frame]:
        index = 0
        while True:
            read, image = self._capture.read()
            if not read:
                break
            stamp_s = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000.0
            t_s = stamp_s if stamp_s > 0 or index == 0 else index / self.fps
            yield Frame(image=image, t_s=t_s, index=index, camera_id=self.camera_id)
            index += 1
        self._check_complete(index)

    def close(self) -> None:
        """Release the decoder."""
        self._capture.release()

    def _check_complete(self, count: int) -> None:
        if count == 0:
            raise MediaError(f"{self.path}: no frame could be decoded; the file is truncated or damaged")
        announced = self.frame_count or count
        if announced - count > max(2, _TRUNCATION_TOLERANCE * announced):
            raise MediaError(
                f"{self.path}: ended after {count} of {announced} announced frames; "
                "the file is truncated or damaged"
            )


class ImageFiles(FrameSource):
    """Images in the order given, ``1 / fps`` seconds apart.

    Raises:
        MediaError: there are none.
    """

    def __init__(self, paths: Sequence[Path], camera_id: str = "front", fps: float = 10.0) -> None:
        if not paths:
            raise MediaError("no image to read")
        self.paths = list(paths)
        self.camera_id = camera_id
        self.frame_count = len(self.paths)
        self.fps = fps

    def __iter__(self) -> Iterator[Frame]:
        for index, path in enumerate(self.paths):
            image = cv2.imread(str(path), cv2.IMREAD_COLOR) if path.is_file() else None
            if image is None:
                raise MediaError(f"{path}: not an image that can be read")
            yield Frame(image=image, t_s=index / self.fps, index=index, camera_id=self.camera_id)


class LiveCamera(FrameSource):
    """A camera index or stream URL, timed by the clock at arrival: seconds since 1970, strictly rising.

    Raises:
        MediaError: it cannot be opened.
    """

    def __init__(self, address: int | str, camera_id: str = "front") -> None:
        self.address = address
        self.camera_id = camera_id
        self._capture = cv2.VideoCapture(address)
        if not self._capture.isOpened():
            raise MediaError(f"camera or stream '{address}' cannot be opened")
        self.fps = self._capture.get(cv2.CAP_PROP_FPS) or 25.0
        self._epoch_s = time.time() - time.monotonic()

    def __iter__(self) -> Iterator[Frame]:
        index = 0
        while True:
            read, image = self._capture.read()
            if not read:
                raise MediaError(f"camera or stream '{self.address}' ended after {index} frames")
            yield Frame(
                image=image,
                t_s=self._epoch_s + time.monotonic(),
                index=index,
                camera_id=self.camera_id,
            )
            index += 1

    def close(self) -> None:
        """Release the camera."""
        self._capture.release()


def open_source(source: str | Path, camera_id: str = "front", image_fps: float = 10.0) -> FrameSource:
    """Open a video file, an image, a folder or glob of images, a camera index or a stream URL.

    Args:
        source: what to read.
        camera_id: view its frames belong to.
        image_fps: frames per second that images stand for.

    Raises:
        MediaError: it does not exist, or holds nothing that can be read.
    """
    text, path = str(source), Path(source)
    if path.is_dir():
        images = [file for file in path.iterdir() if file.suffix.lower() in IMAGE_SUFFIXES]
        if not images:
            raise MediaError(f"{path}: the folder holds no image ({', '.join(sorted(IMAGE_SUFFIXES))})")
        return ImageFiles(sorted(images, key=_natural_order), camera_id, image_fps)
    if path.is_file():
        if path.suffix.lower() in IMAGE_SUFFIXES:
            return ImageFiles([path], camera_id, image_fps)
        return VideoFile(path, camera_id)
    if text.isdigit():
        return LiveCamera(int(text), camera_id)
    if "://" in text:
        return LiveCamera(text, camera_id)
    if glob.has_magic(text):
        matches = [Path(match) for match in glob.glob(text, recursive=True)]
        if not matches:
            raise MediaError(f"no file matches '{text}'")
        return ImageFiles(sorted(matches, key=_natural_order), camera_id, image_fps)
    raise MediaError(f"'{text}' is no file, folder, glob, camera index or stream URL")


def _natural_order(path: Path) -> list[tuple[int, int, str]]:
    """Sort key under which ``frame2`` comes before ``frame10``."""
    parts = re.split(r"(\d+)", str(path))
    return [(1, int(part), "") if part.isdigit() else (0, 0, part) for part in parts]
