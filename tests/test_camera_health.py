"""A camera that is covered, frozen or moved is told from one that looks at a dark or busy cabin."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import cv2
import numpy as np
import pytest

from cabinsafe.camera_health import CameraHealth, CameraHealthOptions
from cabinsafe.errors import ConfigError
from cabinsafe.events import EventGate
from cabinsafe.media import open_source
from cabinsafe.types import Frame, Reading, Scene, State

Image = np.ndarray


@pytest.fixture(scope="module")
def ride(repository) -> list[Image]:
    """The demo ride, two frames a second: people move and leave, the road passes outside."""
    return [frame.image for frame in open_source(repository / "demo" / "ride.mp4") if frame.index % 8 == 0]


def look(health: CameraHealth, images: Iterable[Image], start_s: float = 0.0) -> list[dict[str, Reading]]:
    return [
        {reading.kind: reading for reading in health.read(Frame(image=image, t_s=start_s + i * 0.5))}
        for i, image in enumerate(images)
    ]


def noise(images: Iterable[Image], levels: float = 2.0) -> Iterable[Image]:
    rng = np.random.default_rng(0)
    for image in images:
        yield np.clip(image + rng.normal(0, levels, image.shape), 0, 255).astype(np.uint8)


def turned(x: float, y: float) -> Callable[[Image], Image]:
    """The view of a camera turned by shares of the picture."""

    def turn(image: Image) -> Image:
        height, width = image.shape[:2]
        matrix = np.array([[1, 0, x * width], [0, 1, y * height]], np.float32)
        return cv2.warpAffine(image, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)

    return turn


def covered(image: Image) -> Image:
    """A hand over the lens: dim, even, brighter to one side."""
    return np.broadcast_to(np.linspace(20, 60, image.shape[1])[None, :, None], image.shape)


def states(seen: list[dict[str, Reading]], kind: str) -> set[State]:
    return {readings[kind].state for readings in seen}


def test_a_ride_as_it_is_has_nothing_wrong(ride) -> None:
    seen = look(CameraHealth(), ride)
    assert states(seen, "camera_blind") == {State.FALSE}
    assert states(seen[1:], "camera_frozen") == {State.FALSE}
    assert states(seen, "camera_moved") == {State.NOT_OBSERVABLE, State.FALSE}
    assert states(seen[31:], "camera_moved") == {State.FALSE}, "after it was learnt"


@pytest.mark.parametrize("gain", [0.05, 0.3, 1.6])
def test_the_dark_and_the_sun_are_neither_blindness_nor_motion(ride, gain: float) -> None:
    health = CameraHealth()
    look(health, ride[:32])
    seen = look(health, noise(image * gain for image in ride[32:]), 16.0)
    assert states(seen, "camera_blind") == {State.FALSE}
    assert states(seen, "camera_moved") == {State.FALSE}


@pytest.mark.parametrize("image", ["hand", "black", "white"])
def test_a_covered_lens_is_blind_and_not_moved(ride, image: str) -> None:
    pictures = {
        "hand": covered(ride[0]),
        "black": np.zeros_like(ride[0]),
        "white": np.full_like(ride[0], 255),
    }
    health = CameraHealth()
    look(health, ride[:32])
    seen = look(health, noise([pictures[image]] * 10), 16.0)
    assert states(seen, "camera_blind") == {State.TRUE}
    assert states(seen, "camera_moved") == {State.NOT_OBSERVABLE}
    back = look(health, ride[32:42], 21.0)
    assert states(back, "camera_blind") == {State.FALSE}
    assert states(back, "camera_moved") == {State.FALSE}, "the usual view was not forgotten"


def test_a_frozen_picture_does_not_change_at_all(ride) -> None:
    health = CameraHealth()
    look(health, ride[:4])
    seen = look(health, [ride[4]] * 6, 2.0)
    assert [readings["camera_frozen"].state for readings in seen] == [State.FALSE] + [State.TRUE] * 5
    assert states(look(health, noise([ride[4]] * 3), 5.0), "camera_frozen") == {State.FALSE}


@pytest.mark.parametrize("by", [(0.05, 0.0), (-0.08, 0.06), (0.25, 0.15)])
def test_a_turned_camera_has_moved_by_so_much(ride, by: tuple[float, float]) -> None:
    health = CameraHealth()
    look(health, ride[:32])
    seen = look(health, map(turned(*by), ride[32:]), 16.0)[10:]
    assert states(seen, "camera_moved") == {State.TRUE}
    evidence = seen[-1]["camera_moved"].evidence
    assert evidence["shift_x_widths"] == pytest.approx(by[0], abs=0.02)
    assert evidence["shift_y_heights"] == pytest.approx(by[1], abs=0.02)


def test_another_view_altogether_has_moved(ride) -> None:
    health = CameraHealth()
    look(health, ride[:32])
    assert states(look(health, (image[::-1, ::-1] for image in ride[32:]), 16.0)[10:], "camera_moved") == {
        State.TRUE
    }


def test_it_looks_only_now_and_then_and_at_each_camera_by_itself(ride) -> None:
    health = CameraHealth()
    black = np.zeros_like(ride[0])
    first = health.read(Frame(image=ride[0], t_s=0.0, camera_id="front"))
    assert health.read(Frame(image=black, t_s=0.1, camera_id="front")) is first
    (blind, *_) = health.read(Frame(image=black, t_s=0.1, camera_id="rear"))
    assert (blind.kind, blind.state) == ("camera_blind", State.TRUE)
    assert first[0].state is State.FALSE
    health.reset()
    assert health.read(Frame(image=black, t_s=0.2, camera_id="front"))[0].state is State.TRUE


@pytest.mark.parametrize("size_wh", [(64, 48), (1920, 1080), (7, 5)])
def test_any_size_of_picture_will_do(size_wh: tuple[int, int]) -> None:
    image = np.zeros((size_wh[1], size_wh[0], 3), np.uint8)
    assert {r.kind for r in CameraHealth().read(Frame(image=image, t_s=0.0))} == {
        "camera_blind", "camera_frozen", "camera_moved",
    }  # fmt: skip


def test_the_gate_turns_a_covered_camera_into_one_event_within_ten_seconds(ride) -> None:
    health, gate, events = CameraHealth(), EventGate(), []
    images = [*ride[:20], *noise([covered(ride[0])] * 30), *ride[20:40]]
    for i, image in enumerate(images):
        readings = health.read(Frame(image=image, t_s=i / 2))
        scene = Scene(t_s=i / 2, camera_id="front", size_wh=(640, 480), camera_readings=readings)
        events += gate.update(scene, [])
    assert [(e.kind, e.phase) for e in events if e.phase != "updated"] == [
        ("camera_blind", "started"), ("camera_blind", "ended"),
    ]  # fmt: skip
    assert events[0].t_start_s == 10.0
    assert events[0].t_s <= 20.0
    assert events[0].evidence["detail_levels"] < 0.7
    assert events[-1].t_end_s == pytest.approx(24.5)


def test_options_out_of_range_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"check_every_s: .*more than 0"):
        CameraHealthOptions(check_every_s=0)
