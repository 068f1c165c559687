"""Writes annotated frames as an MP4 file."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from cabinsafe.errors import OutputError
from cabinsafe.pose.preprocess import letterbox

Image = NDArray[np.uint8]


class VideoWriter:
    """MP4 (MPEG-4 part 2) writer; the first frame decides the size, others are letterboxed into it.

    Args:
        path: file to write.
        fps: frames per second; 25 where a camera names a rate that cannot be (under 1, over 120).

    Raises:
        OutputError: the file cannot be written, or not in full.
    """

    def __init__(self, path: Path, fps: float) -> None:
        self._path = path
        self._fps = fps if 1 <= fps <= 120 else 25.0
        self._count = 0
        self._writer: cv2.VideoWriter | None = None
        self._size_wh = (0, 0)

    def write(self, image: Image) -> None:
        """Append one frame (H, W, 3) BGR."""
        if self._writer is None:
            height, width = image.shape[:2]
            self._size_wh = (width + width % 2, height + height % 2)
            codec = cv2.VideoWriter.fourcc(*"mp4v")
            self._writer = cv2.VideoWriter(str(self._path), codec, self._fps, self._size_wh)
            if not self._writer.isOpened():
                raise OutputError(f"{self._path}: the video cannot be written")
        if (image.shape[1], image.shape[0]) != self._size_wh:
            image, _ = letterbox(image, self._size_wh, 0)
        self._writer.write(image)
        self._count += 1

    def close(self) -> None:
        """Finish the file, and read back that it is whole; without a frame none is written."""
        if self._writer is None:
            return
        self._writer.release()
        self._writer = None
        written = cv2.VideoCapture(str(self._path))
        count = int(written.get(cv2.CAP_PROP_FRAME_COUNT)) if written.isOpened() else 0
        written.release()
        if count != self._count:
            raise OutputError(f"{self._path}: only {count} of {self._count} frames could be written")
