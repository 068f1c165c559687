"""Vehicles drawn by the hundred, for all tests that look at many."""

from __future__ import annotations

from cabinsafe.synthetic.cabin import Cabin, CabinSpec, Seat, draw_cabin

KINDS = ("sedan", "suv", "van", "shuttle")
SEEDS = range(300)
CABINS = [Cabin(draw_cabin(seed)) for seed in SEEDS]


def bare(cabin: Cabin) -> CabinSpec:
    return cabin.spec.model_copy(update={"things": ()})


def every_seat() -> list[tuple[Cabin, Seat]]:
    return [(cabin, seat) for cabin in CABINS for seat in cabin.seats.values()]
