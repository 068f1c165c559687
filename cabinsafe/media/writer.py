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
        fps: frames per second.

    Raises:
        OutputError: on the first frame, if the file cannot be written.
    """

    def __init__(self, path: Path, fps: float) -> None:
        self._path = path
        self._fps = fps
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

    def close(self) -> None:
        """Finish the file; without a frame none is written."""
        if self._writer is not None:
            self._writer.release()
