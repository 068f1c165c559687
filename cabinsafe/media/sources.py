"""Where frames come from: video files, images, live cameras. One class each, one function to choose."""

from __future__ import annotations

import glob
import logging
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

import cv2

from cabinsafe.errors import MediaError
from cabinsafe.media.live import LiveCamera
from cabinsafe.media.source import FrameSource
from cabinsafe.media.stills import read_image
from cabinsafe.types import Frame

IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff"})
_TRUNCATION_TOLERANCE = 0.02  # announced frame counts are this far off in whole files
_EXACT_COUNTS = frozenset({".mp4", ".m4v", ".mov", ".avi"})  # others estimate the count from the duration
_RECONNECT_EVERY_S = 1.0
_log = logging.getLogger(__name__)


class VideoFile(FrameSource):
    """A video file, timed by its own time stamps.

    Raises:
        MediaError: missing, empty, or nothing that can be decoded.
    """

    def __init__(self, path: str | Path, camera_id: str = "front") -> None:
        self.path = Path(path)
        self.files = (self.path,)
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
        if announced - count <= max(2, _TRUNCATION_TOLERANCE * announced):
            return
        message = f"{self.path}: ended after {count} of {announced} announced frames"
        if self.path.suffix.lower() in _EXACT_COUNTS:
            raise MediaError(f"{message}; the file is truncated or damaged")
        _log.warning("%s; this kind of file only estimates them", message)


class ImageFiles(FrameSource):
    """Images in the order given, ``1 / fps`` seconds apart.

    Raises:
        MediaError: there are none.
    """

    def __init__(self, paths: Sequence[Path], camera_id: str = "front", fps: float = 10.0) -> None:
        if not paths:
            raise MediaError("no image to read")
        self.files = tuple(paths)
        self.camera_id = camera_id
        self.frame_count = len(self.files)
        self.fps = fps

    def __iter__(self) -> Iterator[Frame]:
        for index, path in enumerate(self.files):
            yield Frame(image=read_image(path), t_s=index / self.fps, index=index, camera_id=self.camera_id)


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
    if text.startswith("file://"):
        return open_source(unquote(urlsplit(text).path), camera_id, image_fps)
    if text.isdecimal() or "://" in text:
        address, reconnect_every_s = (int(text), None) if text.isdecimal() else (text, _RECONNECT_EVERY_S)
        return LiveCamera(address, camera_id, reconnect_every_s=reconnect_every_s)
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
