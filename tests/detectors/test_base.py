"""What all detectors share: options that differ by view and by seat, and how they are read."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import pytest
from pydantic import Field

from cabinsafe.detectors import LocalOptions, TunableOptions, read_all
from cabinsafe.errors import ConfigError, DetectorError, EngineError
from cabinsafe.types import Reading, Scene, State
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


class Crowd:
    """A detector of a plug-in that gives what it is told to."""

    Options, kind, needs, digests = Reach, "crowd", frozenset[str](), MappingProxyType[str, str]({})

    def __init__(self, *given: object) -> None:
        self._given = given

    def read(self, scene: Scene) -> Any:
        (given,) = self._given
        if isinstance(given, Exception):
            raise given
        return given

    def reset(self) -> None:
        """Nothing is remembered."""


SCENE = Scene(t_s=2.5, camera_id="rear", size_wh=(4, 4))
SAID = Reading(kind="crowd", track_ids=(1,), state=State.TRUE)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (None, "detector 'crowd': read.. must give a list of its readings, got NoneType"),
        ((SAID,), "got tuple"),
        ([SAID, "yes"], "got str in it"),
        ([SAID.model_copy(update={"kind": "mob"})], "got one of kind 'mob'"),
        (KeyError("neck"), "detector 'crowd' failed on camera 'rear' at 2.5 s: KeyError: 'neck'"),
    ],
)
def test_what_a_detector_does_wrong_is_an_error_that_names_it(given: object, message: str) -> None:
    with pytest.raises(DetectorError, match=message) as raised:
        read_all([Crowd([SAID]), Crowd(given)], SCENE)
    assert raised.value.__cause__ is (given if isinstance(given, Exception) else None)


def test_readings_come_in_the_detectors_order_and_own_errors_as_they_are() -> None:
    other = SAID.model_copy(update={"track_ids": (2,)})
    assert read_all([Crowd([SAID]), Crowd([]), Crowd([other])], SCENE) == [SAID, other]
    failed = EngineError("the classifier failed")
    with pytest.raises(EngineError) as raised:
        read_all([Crowd(failed)], SCENE)
    assert raised.value is failed
