"""Sources of the stream tests, and the promise that no thread is left behind."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from cabinsafe.types import Frame


class FakeSource:
    """Frames at the given times; an exception among them is raised, an event is waited for."""

    def __init__(self, *steps, camera_id: str = "front", fps: float = 10.0, live: bool = False) -> None:
        self.steps, self.camera_id, self.fps, self.live = steps, camera_id, fps, live
        self.given = 0
        self.closed = threading.Event()

    def __iter__(self) -> Iterator[Frame]:
        for step in self.steps:
            if isinstance(step, BaseException):
                raise step
            if isinstance(step, threading.Event):
                while not (step.wait(0.01) or self.closed.is_set()):
                    pass
                continue
            if self.closed.is_set():
                return
            image = np.zeros((48, 64, 3), np.uint8)
            self.given += 1
            yield Frame(image=image, t_s=step, index=self.given - 1, camera_id=self.camera_id)

    def close(self) -> None:
        self.closed.set()


@pytest.fixture(scope="session")
def make_source() -> Callable[..., FakeSource]:
    return FakeSource


@pytest.fixture
def wait_until() -> Callable[[Callable[[], bool]], None]:
    def wait(holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 30
        while not holds():
            assert time.monotonic() < deadline, "it never came to that"
            time.sleep(0.005)

    return wait


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before
