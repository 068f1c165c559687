"""Which seats a person's feet can reach in a view, and in which order."""

from __future__ import annotations

import pytest

from cabinsafe.detectors.zones import ZoneMap
from cabinsafe.views import CameraView, SeatView

SIZE = (100, 100)


def seat(name: str, left: float) -> SeatView:
    corners = [(left, 0.5), (left + 0.2, 0.5), (left + 0.2, 0.7), (left, 0.7)]
    return SeatView(name=name, zone=corners, cushion=corners)


@pytest.fixture
def zones() -> ZoneMap:
    seats = [seat("Row1.Pos1", 0.0), seat("Row1.Pos2", 0.2), seat("Row2.Pos1", 0.6)]
    unmarked = SeatView(name="Row1.Pos3", zone=[(0, 0), (1, 0), (1, 1)])
    return ZoneMap({"front": CameraView(camera_id="front", seats=[*seats, unmarked])})


@pytest.mark.parametrize(
    ("own", "near"),
    [
        ("Row1.Pos1", ["Row1.Pos1", "Row1.Pos2"]),
        ("Row1.Pos2", ["Row1.Pos2", "Row1.Pos1"]),
        ("Row1.Pos3", ["Row1.Pos1", "Row1.Pos2"]),
        ("Row3.Pos1", []),
        (None, ["Row1.Pos1", "Row1.Pos2", "Row2.Pos1"]),
    ],
)
def test_the_own_seat_comes_first_and_only_its_row(zones: ZoneMap, own: str | None, near: list[str]) -> None:
    assert [seat.name for seat in zones.of("front", SIZE).near(own)] == near


def test_a_camera_that_the_cabin_lacks_has_no_places(zones: ZoneMap) -> None:
    nowhere = zones.of("roof", SIZE)
    assert nowhere.near(None) == nowhere.near("Row1.Pos1") == ()
    assert nowhere.dashboard is None


def test_a_point_known_to_be_deeper_elsewhere_is_not_measured_against_the_outline(zones: ZoneMap) -> None:
    first, second = zones.of("front", SIZE).near("Row1.Pos1")
    depth = first.depth_px((10.0, 60.0), 0.1, 100.0)
    assert depth == pytest.approx(10.0)
    assert second.depth_px((10.0, 60.0), 0.1, 100.0, depth) == pytest.approx(-10.0)
