"""Drawing a ride from a seed: who comes along, and what they do one after the other, acts and near misses."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from cabinsafe.errors import ConfigError
from cabinsafe.synthetic.body import Body, BodyModel
from cabinsafe.synthetic.cabin.model import Cabin
from cabinsafe.synthetic.cabin.mounts import draw_camera
from cabinsafe.synthetic.cabin.sampling import draw_cabin
from cabinsafe.synthetic.camera import Camera
from cabinsafe.synthetic.casting import Cast, draw_people, is_possible
from cabinsafe.synthetic.light import draw_light
from cabinsafe.synthetic.posing.posture import LEFT, RIGHT
from cabinsafe.synthetic.posing.styles import STYLES, Style
from cabinsafe.synthetic.recipe import Recipe
from cabinsafe.synthetic.ride.rider import RiderDraft
from cabinsafe.synthetic.ride.spec import ENTRY_S, SWAP_S, ActSpec, RiderSpec, RideSpec
from cabinsafe.synthetic.sampling import generator
from cabinsafe.synthetic.scene import Occupant, PersonSpec, neighbour
from cabinsafe.synthetic.sensor import draw_sensor

HOLD_S = (2.5, 7.0)
"""How long an act is held."""
MOVE_S = (0.7, 1.6)
"""How long the way to it takes."""
TELLING_FACTOR = 2.5
"""How much more often than in single pictures an act is an event or a near miss."""
QUIET_SHARE = 0.45
"""How often somebody just sits, or drives, between two acts."""
SWAP_SHARE = 0.06
"""How often an act is a change of seats, where a seat beside is free."""
ENTER_SHARE, LEAVE_SHARE = 0.15, 0.15
"""How often a passenger by a door comes in, or leaves, during the ride."""
SPEEDS_M_S = (0.0, 30.0)
_TRIES = 4


def draw_ride(
    seed: int,
    recipe: Recipe,
    model: BodyModel,
    duration_s: float,
    fps: float = 15.0,
    assets: Path | None = None,
) -> RideSpec:
    """A ride of a seed, with what the recipe fixes.

    Raises:
        ConfigError: a fixed value is out of range, or no camera can see a seat.
    """
    cabin = Cabin(draw_cabin(seed, recipe.cabin))
    camera = draw_camera(cabin, seed, recipe.camera)
    light = draw_light(seed, recipe.light)
    rng = generator(seed, "script")
    first = draw_people(
        seed, recipe.model_copy(update={"styles": ()}), (cabin, Camera(camera)), model, assets
    )
    script = _Script(cabin, Camera(camera), model, recipe, duration_s, rng)
    script.begin(tuple(occupant.spec for occupant in first))
    return RideSpec(
        seed=seed,
        duration_s=duration_s,
        fps=fps,
        speed_m_s=float(rng.uniform(*SPEEDS_M_S)),
        cabin=cabin.spec,
        camera=camera,
        light=light,
        sensor=draw_sensor(seed, light, recipe.sensor),
        riders=script.write(),
    )


def from_another_camera(ride: RideSpec, recipe: Recipe, seed: int) -> RideSpec:
    """The same ride, taken by another camera in the same cabin, with what the recipe fixes of it.

    Raises:
        ConfigError: the recipe fixes something else, a value is out of range, or no camera can see a seat.
    """
    others = sorted(recipe.model_fields_set - {"camera"})
    if others:
        raise ConfigError(f"recipe of another camera: expected 'camera' alone, found {', '.join(others)}")
    return ride.model_copy(update={"camera": draw_camera(Cabin(ride.cabin), seed, recipe.camera)})


class _Script:
    """Acts, one after the other, whose postures are possible beside what the others then do."""

    def __init__(
        self,
        cabin: Cabin,
        camera: Camera,
        model: BodyModel,
        recipe: Recipe,
        duration_s: float,
        rng: np.random.Generator,
    ) -> None:
        self._cabin, self._camera, self._model = cabin, camera, model
        self._recipe, self._duration_s, self._rng = recipe, duration_s, rng
        self._riders: list[RiderDraft] = []
        self._bodies: list[Body] = []
        self._now: dict[int, Occupant] = {}

    def begin(self, people: tuple[PersonSpec, ...]) -> None:
        """Everybody in a quiet posture in which the ride begins; who fits in none stays at home."""
        for person in people:
            self._bodies.append(self._model.shape(person.body))
            for _ in range(_TRIES):
                if self._begin_with(person):
                    break
            else:
                self._bodies.pop()

    def _begin_with(self, person: PersonSpec) -> bool:
        number, style = len(self._riders), self._quiet_style(person.seat)
        update = {
            "style": style, "partner": None, "side": None, "covering": "none",
            "pose_seed": int(self._rng.integers(2**31)),
        }  # fmt: skip
        first = person.model_copy(update=update)
        self._riders.append(RiderDraft(first, [ActSpec(start_s=0, style=style, seat=person.seat)]))
        occupant = self._cast(number, 0.0).fits(first)
        if occupant is None:
            self._riders.pop()
            return False
        rider = self._riders[number]
        rider.acts = [self._act(occupant.spec, 0.0, 1.0, None)]
        rider.free_s = float(self._rng.uniform(1.0, 4.0))
        self._now[number] = occupant
        self._come_and_go(rider)
        return True

    def write(self) -> tuple[RiderSpec, ...]:
        """The riders with all their acts."""
        while True:
            waiting = [
                n for n, r in enumerate(self._riders) if r.free_s < r.until_s(self._duration_s) - HOLD_S[0]
            ]
            if not waiting:
                break
            self._next_act(min(waiting, key=lambda n: self._riders[n].free_s))
        return tuple(
            RiderSpec(
                body=r.person.body, look=r.person.look, belted=r.person.belted, enters_s=r.enters_s,
                leaves_s=r.leaves_s, acts=tuple(r.acts),
            )
            for r in self._riders
        )  # fmt: skip

    def _come_and_go(self, rider: RiderDraft) -> None:
        seat = self._cabin.seats[rider.person.seat]
        if seat.wheel is not None or seat.window is None or seat.child_hip_m is not None:
            return
        if self._duration_s > 4 * ENTRY_S and self._rng.random() < ENTER_SHARE:
            rider.enters_s = float(self._rng.uniform(1.0, self._duration_s / 3))
            rider.free_s = rider.enters_s + ENTRY_S + 1.0
        if self._duration_s > 6 * ENTRY_S and self._rng.random() < LEAVE_SHARE:
            rider.leaves_s = float(self._rng.uniform(2 / 3, 0.9) * self._duration_s)

    def _next_act(self, number: int) -> None:
        rider, rng = self._riders[number], self._rng
        hold, move = float(rng.uniform(*HOLD_S)), float(rng.uniform(*MOVE_S))
        for _ in range(_TRIES):
            chosen = self._choose(number)
            start = max(self._riders[n].free_s for n in chosen)
            placed = self._placed(chosen, start)
            if placed is None:
                continue
            for n, occupant in placed.items():
                way = SWAP_S if occupant.spec.seat != self._riders[n].seat else move
                self._add(n, occupant, start, way, start + way + hold)
            partner = chosen[number][2]
            if partner is not None:  # whoever is touched stays put meanwhile
                other = self._riders[partner]
                other.free_s = max(other.free_s, start + move + hold)
            return
        rider.free_s += hold

    def _add(self, number: int, occupant: Occupant, start_s: float, move_s: float, free_s: float) -> None:
        spec, rider = occupant.spec, self._riders[number]
        partner = next((n + 1 for n, o in self._now.items() if o.spec.seat == spec.partner), None)
        rider.acts.append(self._act(spec, start_s, move_s, partner))
        rider.free_s = free_s
        self._now[number] = occupant

    @staticmethod
    def _act(spec: PersonSpec, start_s: float, move_s: float, partner: int | None) -> ActSpec:
        return ActSpec(
            start_s=round(start_s, 3), move_s=round(move_s, 3), style=spec.style, seat=spec.seat,
            partner=partner, pose_seed=spec.pose_seed, side=spec.side,
        )  # fmt: skip

    def _choose(self, number: int) -> dict[int, tuple[str, str, int | None]]:
        """What a rider does next, and a partner who has to answer: style, seat, partner; in posing order."""
        rng, rider = self._rng, self._riders[number]
        if rng.random() < QUIET_SHARE:
            free = self._free_beside(number)
            if free and rng.random() < SWAP_SHARE / QUIET_SHARE:
                return {number: ("rest", str(rng.choice(free)), None)}
            return {number: (self._quiet_style(rider.seat), rider.seat, None)}
        cast = self._cast(number, rider.free_s)
        idle = {
            self._riders[n].seat: n
            for n in self._now
            if n != number
            and abs(self._riders[n].free_s - rider.free_s) < HOLD_S[0]
            and self._riders[n].is_seated(rider.free_s)
        }
        options = [
            name
            for name, style in STYLES.items()
            if (name in self._recipe.styles if self._recipe.styles else style.weight > 0)
            and is_possible(style, name, cast, rider.seat, frozenset(idle))
        ]
        if not options:
            return {number: (self._quiet_style(rider.seat), rider.seat, None)}
        weights = np.array([_weight(STYLES[name]) for name in options])
        name = str(rng.choice(options, p=weights / weights.sum()))
        return self._with_partner(number, name, cast, idle)

    def _with_partner(
        self, number: int, name: str, cast: Cast, idle: Mapping[str, int]
    ) -> dict[int, tuple[str, str, int | None]]:
        style, seat = STYLES[name], self._riders[number].seat
        if "partner" not in style.needs:
            return {number: (name, seat, None)}
        beside = [neighbour(self._cabin.seats[seat], side) for side in (LEFT, RIGHT)]
        seats = {o.spec.seat: n for n, o in self._now.items() if n != number}
        among = (
            idle
            if style.answer
            else {s: n for s, n in seats.items() if any(p.spec.seat == s for p in cast.posed)}
        )
        partners = [among[s] for s in beside if s and s in among and not self._cabin.seats[s].laden]
        if not partners:
            return {number: (self._quiet_style(seat), seat, None)}
        partner = int(self._rng.choice(partners))
        if style.answer:
            return {
                partner: (style.answer, self._riders[partner].seat, number),
                number: (name, seat, partner),
            }
        return {number: (name, seat, partner)}

    def _placed(
        self, chosen: Mapping[int, tuple[str, str, int | None]], start_s: float
    ) -> dict[int, Occupant] | None:
        """The postures of what was chosen, or None if one is impossible."""
        people = {*chosen, *(partner for _, _, partner in chosen.values() if partner is not None)}
        if not all(self._riders[n].is_seated(start_s) for n in people):
            return None
        before = dict(self._now)
        placed: dict[int, Occupant] = {}
        try:
            for number, (style, seat, partner) in chosen.items():
                person = self._riders[number].person.model_copy(
                    update={
                        "style": style, "seat": seat, "pose_seed": int(self._rng.integers(2**31)),
                        "partner": None if partner is None else self._riders[partner].seat,
                        "side": None,
                    }
                )  # fmt: skip
                occupant = self._cast(number, start_s, seat=seat).fits(person)
                if occupant is None:
                    return None
                placed[number] = self._now[number] = occupant
        finally:
            self._now = before
        return placed

    def _cast(self, number: int, t_s: float, seat: str | None = None) -> Cast:
        """The others as they are at a time, for a rider to be placed among."""
        others = {n: o for n, o in self._now.items() if n != number and not self._riders[n].has_left(t_s)}
        bodies = {o.spec.seat: o.body for o in others.values()}
        bodies[seat or self._riders[number].seat] = self._bodies[number]
        return Cast(self._cabin, self._camera, self._model, bodies, list(others.values()))

    def _quiet_style(self, seat: str) -> str:
        if self._cabin.seats[seat].wheel is not None:
            return "drive"
        return str(self._rng.choice(["rest", "rest", "rest", "looking_out", "talk", "text", "legs_crossed"]))

    def _free_beside(self, number: int) -> list[str]:
        seat = self._cabin.seats[self._riders[number].seat]
        if seat.wheel is not None or seat.child_hip_m is not None:
            return []
        taken = {rider.seat for rider in self._riders}
        beside = [neighbour(seat, side) for side in (LEFT, RIGHT)]
        places = self._cabin.seats
        return [s for s in beside if s and s not in taken and not places[s].laden and places[s].wheel is None]


def _weight(style: Style) -> float:
    telling = bool(style.shows) or style.near_miss_of is not None
    return max(style.weight, 0.5) * (TELLING_FACTOR if telling else 1.0)
