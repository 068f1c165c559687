"""Live cameras and streams: always the newest frame, timed by the clock when it arrived."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from cabinsafe.errors import CabinSafeError, MediaError
from cabinsafe.media.source import FrameSource
from cabinsafe.types import Frame


class LiveCamera(FrameSource):
    """A camera index or stream URL.

    A thread of its own grabs every frame as it comes; whoever is slower than the camera gets the newest one,
    so that time stays true. Frame indices count what the camera sent, so gaps show what was left out.

    Args:
        address: camera index or URL.
        camera_id: what its frames carry.
        silence_s: a camera that sends nothing for this long is taken to be lost.
        reconnect_every_s: how often to open a stream that broke off again, until it is lost; None takes it
            to be lost when it breaks off. The frames' size may be another one afterwards.

    Raises:
        MediaError: it cannot be opened.
    """

    live = True

    def __init__(
        self,
        address: int | str,
        camera_id: str = "front",
        silence_s: float = 10.0,
        reconnect_every_s: float | None = None,
    ) -> None:
        self.address = address
        self.camera_id = camera_id
        self._silence_s = silence_s
        self._reconnect_every_s = reconnect_every_s
        self._capture = cv2.VideoCapture(address)
        if not self._capture.isOpened():
            raise MediaError(f"camera or stream '{self._name}' cannot be opened")
        self.fps = self._capture.get(cv2.CAP_PROP_FPS) or 25.0
        self._news = threading.Condition()
        self._newest: Frame | None = None
        self._count = 0
        self._epoch_s = time.time() - time.monotonic()
        self._ended = False
        self._closing = threading.Event()
        self._error: CabinSafeError | None = None
        self._thread = threading.Thread(target=self._grab, name=f"camera {self._name}", daemon=True)
        self._thread.start()

    @property
    def _name(self) -> str:
        """The address without the password of a URL."""
        return re.sub(r"//[^/@]*@", "//", str(self.address))

    @property
    def sent_count(self) -> int:
        """Frames that the camera has sent so far, left out ones included."""
        return self._count

    def __iter__(self) -> Iterator[Frame]:
        while not self._closing.is_set():
            with self._news:
                arrived = self._news.wait_for(
                    lambda: self._newest or self._ended or self._closing.is_set(), timeout=self._silence_s
                )
                frame, self._newest = self._newest, None
            if self._closing.is_set():
                return
            if frame is not None:
                yield frame
            elif self._error is not None:
                raise MediaError(f"camera or stream '{self._name}': {self._error}") from self._error
            elif arrived:
                raise MediaError(f"camera or stream '{self._name}' ended after {self._count} frames")
            else:
                raise MediaError(f"camera or stream '{self._name}' sent nothing for {self._silence_s:g} s")

    def close(self) -> None:
        """Stop grabbing and release the camera; a stalled one is left to its thread, which ends with it."""
        self._closing.set()
        with self._news:
            self._news.notify_all()
        self._thread.join(timeout=1.0)

    def _grab(self) -> None:
        try:
            self._pass_on_frames()
            while self._reconnect_every_s is not None and not self._closing.wait(self._reconnect_every_s):
                self._capture.open(self.address)
                self._pass_on_frames()
        except CabinSafeError as error:
            self._error = error
        finally:
            self._capture.release()
            with self._news:
                self._ended = True
                self._news.notify_all()

    def _pass_on_frames(self) -> None:
        while not self._closing.is_set() and (image := self._read()) is not None:
            t_s = self._epoch_s + time.monotonic()
            frame = Frame(image=image, t_s=t_s, index=self._count, camera_id=self.camera_id)
            with self._news:
                self._newest = frame
                self._count += 1
                self._news.notify_all()

    def _read(self) -> NDArray[np.uint8] | None:
        try:
            read, image = self._capture.read()
        except cv2.error:
            return None
        return np.asarray(image, dtype=np.uint8) if read else None
