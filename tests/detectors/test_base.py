"""Options that differ by view and by seat: what applies where, and what is refused."""

from __future__ import annotations

import pytest
from pydantic import Field

from cabinsafe.detectors import LocalOptions, TunableOptions
from cabinsafe.errors import ConfigError
from cabinsafe.views import CameraView, SeatView

ZONE = ((0, 0), (1, 0), (1, 1))
VIEWS = {
    "front": CameraView(camera_id="front", seats=(SeatView(name="Row1.Pos1", zone=ZONE),)),
    "rear": CameraView(camera_id="rear", seats=(SeatView(name="Row2.Pos1", zone=ZONE),)),
}


class Reach(TunableOptions):
    near_m: float = Field(1.0, ge=0, le=5, description="Lower end")
    far_m: float = Field(2.0, ge=0, le=5, description="Upper end")


def test_the_seat_counts_before_the_view_and_the_view_before_the_rest() -> None:
    options = Reach(
        near_m=0.5,
        per_view={"rear": {"near_m": 0.6, "far_m": 3.0}},
        per_seat={"Row2.Pos1": {"near_m": 0.7}},
    )
    local = LocalOptions(options, VIEWS)
    places = [("front", "Row1.Pos1"), ("front", None), ("rear", None), ("rear", "Row2.Pos1"), ("other", None)]
    found = [(local.at(*place).near_m, local.at(*place).far_m) for place in places]
    assert found == [(0.5, 2.0), (0.5, 2.0), (0.6, 3.0), (0.7, 3.0), (0.5, 2.0)]


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"per_seat": {"Row1.Pos1": {"near_m": 9}}}, "per_seat.Row1.Pos1.near_m.*at most 5"),
        ({"per_view": {"front": {"nearm": 1}}}, "per_view.front.nearm: unknown key; did you mean 'near_m'"),
        ({"per_view": {"front": 3}}, "per_view.front.*dictionary"),
        ({"per_seat": {"Driver": {"near_m": 1}}}, "per_seat.Driver"),
        ({"per_view": {"front": {"per_seat": {}}}}, "per_view.front must not hold per_seat"),
    ],
)
def test_bad_overrides_are_refused_when_the_options_are_read(overrides: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Reach(**overrides)


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"per_seat": {"Row3.Pos1": {}}}, "per_seat.Row3.Pos1: the cabin has Row1.Pos1, Row2.Pos1"),
        ({"per_view": {"roof": {}}}, "per_view.roof: the cabin has front, rear"),
    ],
)
def test_places_that_the_cabin_lacks_are_refused(overrides: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        LocalOptions(Reach(**overrides), VIEWS)
