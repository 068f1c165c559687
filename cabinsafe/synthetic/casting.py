"""Drawing a scene from a seed: cabin, camera, light, and people whose postures are possible."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import numpy as np

from cabinsafe.errors import ConfigError
from cabinsafe.synthetic.body import Body, BodyModel, BodySpec, draw_body
from cabinsafe.synthetic.cabin.model import Cabin
from cabinsafe.synthetic.cabin.mounts import draw_camera, facing_seats
from cabinsafe.synthetic.cabin.sampling import draw_cabin
from cabinsafe.synthetic.camera import Camera
from cabinsafe.synthetic.light import draw_light
from cabinsafe.synthetic.posing.posture import LEFT, RIGHT
from cabinsafe.synthetic.posing.styles import STYLES, Style
from cabinsafe.synthetic.recipe import Recipe
from cabinsafe.synthetic.sampling import generator
from cabinsafe.synthetic.scene import (
    Occupant,
    PersonSpec,
    SceneSpec,
    may_touch,
    neighbour,
    own_solids,
    pose_person,
    window_open,
)
from cabinsafe.synthetic.sensor import draw_sensor
from cabinsafe.synthetic.truth import actor, facts
from cabinsafe.synthetic.validity import body_problems, camera_problems, pair_problems
from cabinsafe.synthetic.wardrobe.spec import draw_look

PEOPLE_SHARES = (0.04, 0.22, 0.36, 0.22, 0.10, 0.04, 0.02)
"""How often there are 0, 1, ... 6 people, where there are seats for them."""
DRIVER_SHARE = 0.7
"""How often the driver's seat is taken, if anybody is there and the camera sees it."""
COVERING_SHARES = MappingProxyType({"none": 0.92, "blanket": 0.04, "bag": 0.04})
"""What passengers who just sit have on their laps."""
DRAWS = 12
"""A vehicle and its camera are drawn again so often where what is fixed does not go with what was drawn."""
POSE_TRIES = 3
STYLE_TRIES = 4

_UNDER_COVERING = ("rest", "sleep", "looking_out", "lean_on_neighbour")
_CHILD_SEAT_STYLES = ("rest", "sleep", "talk", "looking_out")


@dataclass
class Cast:
    """People so far.

    Attributes:
        cabin: where they are.
        camera: what they must keep clear of.
        model: gives bodies.
        bodies: of all that are to come, by seat.
        posed: those in place.
    """

    cabin: Cabin
    camera: Camera
    model: BodyModel
    bodies: dict[str, Body] = field(default_factory=dict)
    posed: list[Occupant] = field(default_factory=list)

    def place(self, person: PersonSpec) -> Occupant:
        """The person in place, possible or not."""
        return pose_person(self.cabin, person, self.bodies, self.posed)

    def fits(self, person: PersonSpec) -> Occupant | None:
        """The person in place, or None if the posture is impossible or shows what it must not."""
        occupant = self.place(person)
        figures = [other.figure for other in self.posed] + [occupant.figure]
        problems = [
            *body_problems(occupant.figure, own_solids(self.cabin, person.seat), window_open(person.style)),
            *pair_problems(figures),
            *camera_problems([occupant.figure], self.camera.position),
        ]
        return None if problems or not self._keeps_its_word(occupant) else occupant

    def _keeps_its_word(self, occupant: Occupant) -> bool:
        """Whether it shows what it is meant to, not what it resembles, and touches nobody by accident."""
        style, seat = STYLES[occupant.spec.style], occupant.spec.seat
        found = facts(self.cabin, [actor(one) for one in (*self.posed, occupant)])
        own = {fact.kind for fact in found if fact.seats[0] == seat}
        touched = {fact.seats for fact in found if fact.kind == "hand_on_leg" and seat in fact.seats}
        meant = {(seat, occupant.spec.partner)} if may_touch(occupant.spec.style) else set()
        accident = touched - meant and style.sitting not in ("fighting", "lying")
        return style.near_miss_of not in own and set(style.shows) <= own and not accident


def draw_scene(seed: int, recipe: Recipe, model: BodyModel, assets: Path | None = None) -> SceneSpec:
    """A scene of a seed, with what the recipe fixes.

    Raises:
        ConfigError: a fixed value is out of range, or no camera can see a seat.
    """
    return cast_scene(seed, recipe, model, assets)[0]


def cast_scene(
    seed: int, recipe: Recipe, model: BodyModel, assets: Path | None = None
) -> tuple[SceneSpec, tuple[Occupant, ...]]:
    """A scene of a seed, and its people in place: what posing the spec's people gives again.

    Raises:
        ConfigError: a fixed value is out of range, or no camera can see a seat.
    """
    for attempt in range(DRAWS):
        drawn = seed if attempt == 0 else int(generator(seed, "draw again", attempt).integers(2**48))
        try:
            cabin = Cabin(draw_cabin(drawn, recipe.cabin))
            camera = draw_camera(cabin, drawn, recipe.camera)
            light = draw_light(drawn, recipe.light)
            sensor = draw_sensor(drawn, light, recipe.sensor)
            break
        except ConfigError:  # what is fixed may not go with what was drawn: draw the rest again
            if attempt == DRAWS - 1:
                raise
    posed = draw_people(seed, recipe, (cabin, Camera(camera)), model, assets)
    people = tuple(occupant.spec for occupant in posed)
    spec = SceneSpec(seed=seed, cabin=cabin.spec, camera=camera, light=light, sensor=sensor, people=people)
    return spec, posed


def draw_people(
    seed: int, recipe: Recipe, place: tuple[Cabin, Camera], model: BodyModel, assets: Path | None
) -> tuple[Occupant, ...]:
    """People for a cabin and its camera: none goes through anything, every style shows what it says."""
    cabin, camera = place
    rng = generator(seed, "people")
    seats = _choose_seats(rng, recipe, cabin, camera)
    people = {seat: _draw_person(seed, seat, recipe, cabin, assets) for seat in seats}
    cast = Cast(cabin, camera, model, {seat: model.shape(person.body) for seat, person in people.items()})
    waiting = list(seats)
    while waiting:
        seat = waiting.pop(0)
        for _ in range(STYLE_TRIES):
            chosen = _choose_style(rng, recipe, cast, seat, frozenset(waiting))
            if _place(rng, cast, people, chosen):
                waiting = [s for s in waiting if s not in chosen]
                break
        else:
            del cast.bodies[seat]  # nothing fits: the seat stays empty
    return tuple(cast.posed)


def _choose_seats(rng: np.random.Generator, recipe: Recipe, cabin: Cabin, camera: Camera) -> list[str]:
    seen = list(facing_seats(cabin, camera))
    if recipe.people_count:
        count = int(rng.choice(recipe.people_count))
    else:
        count = int(rng.choice(len(PEOPLE_SHARES), p=PEOPLE_SHARES))
    driver = next((name for name, seat in cabin.seats.items() if seat.wheel is not None), None)
    order = [str(name) for name in rng.permutation(seen)]
    rest = [name for name, seat in cabin.seats.items() if name not in seen and not seat.laden]
    order += [str(name) for name in rng.permutation(rest)]
    if driver in seen:
        order.remove(driver)
        order = [driver, *order] if rng.random() < DRIVER_SHARE else order
    return order[:count]


def _draw_person(seed: int, seat: str, recipe: Recipe, cabin: Cabin, assets: Path | None) -> PersonSpec:
    rng = generator(seed, "person", seat)
    place = cabin.seats[seat]
    is_child = place.child_hip_m is not None or (place.wheel is None and rng.random() < recipe.child_share)
    own_seed = int(rng.integers(2**31))
    covering = str(rng.choice(list(COVERING_SHARES), p=list(COVERING_SHARES.values())))
    body: BodySpec = draw_body(own_seed, "child" if is_child else "adult")
    return PersonSpec(
        seat=seat,
        body=body,
        look=draw_look(own_seed, body, recipe.look, assets),
        belted=bool(rng.random() < recipe.belted_share),
        covering=covering if place.wheel is None else "none",
    )


def _choose_style(
    rng: np.random.Generator, recipe: Recipe, cast: Cast, seat: str, waiting: frozenset[str]
) -> dict[str, tuple[str, str | None]]:
    """Style and partner of one person, and of a partner who has to answer; in posing order."""
    options = []
    for name, style in STYLES.items():
        allowed = name in recipe.styles if recipe.styles else style.weight > 0
        if allowed and is_possible(style, name, cast, seat, waiting):
            options.append(name)
    if not options:
        return {seat: ("rest", None)}
    weights = np.array([max(STYLES[name].weight, 0.5) for name in options])
    name = str(rng.choice(options, p=weights / weights.sum()))
    style = STYLES[name]
    if "partner" not in style.needs:
        return {seat: (name, None)}
    partners = _partners(cast, seat, waiting if style.answer else frozenset(o.spec.seat for o in cast.posed))
    partner = str(rng.choice(partners))
    if style.answer:
        return {partner: (style.answer, seat), seat: (name, partner)}
    return {seat: (name, partner)}


def _place(
    rng: np.random.Generator,
    cast: Cast,
    people: Mapping[str, PersonSpec],
    chosen: Mapping[str, tuple[str, str | None]],
) -> bool:
    """Pose all of ``chosen``, or none of them."""
    before = len(cast.posed)
    for seat, (style, partner) in chosen.items():
        base = people[seat]
        for _ in range(POSE_TRIES):
            changed = _in_style(base, style, partner, int(rng.integers(2**31)))
            occupant = cast.fits(changed)
            if occupant is not None:
                cast.posed.append(occupant)
                break
        else:
            del cast.posed[before:]
            return False
    return True


def _in_style(base: PersonSpec, style: str, partner: str | None, pose_seed: int) -> PersonSpec:
    seated = STYLES[style].sitting == "seated"
    update = {
        "style": style,
        "partner": partner,
        "pose_seed": pose_seed,
        "belted": base.belted and seated,
        "covering": base.covering if style in _UNDER_COVERING else "none",
    }
    return base.model_copy(update=update)


def is_possible(style: Style, name: str, cast: Cast, seat: str, waiting: frozenset[str]) -> bool:
    """Whether a style's needs are met on a seat, with those in place and those still waiting for a style."""
    place, cabin = cast.cabin.seats[seat], cast.cabin
    if place.child_hip_m is not None:
        return name in _CHILD_SEAT_STYLES
    taken, body = frozenset(cast.bodies), cast.bodies[seat]
    row = [s for s in cabin.seats if s.partition(".")[0] == seat.partition(".")[0]]
    beside = [n for side in (LEFT, RIGHT) if (n := neighbour(place, side)) is not None]
    partners = waiting if style.answer else frozenset(o.spec.seat for o in cast.posed)
    met = {
        "driver": place.wheel is not None,
        "passenger": place.wheel is None,
        "dash": "dash" in place.in_front.name and abs(place.in_front.x_m - place.hip_m[0]) < body.leg_m,
        "window": place.window is not None,
        "free_beside": any(n not in taken and not cabin.seats[n].laden for n in beside),
        "bench": cabin.spec.rows[place.row - 1].bench
        and len(row) > 1
        and all(n == seat or (n not in taken and not cabin.seats[n].laden) for n in row),
        "partner": bool(_partners(cast, seat, partners)),
        "tall": cabin.spec.roof_m > 0.78 * body.stature_m,
    }
    return all(met[need] for need in style.needs)


def _partners(cast: Cast, seat: str, among: frozenset[str]) -> list[str]:
    place = cast.cabin.seats[seat]
    beside = [name for side in (LEFT, RIGHT) if (name := neighbour(place, side)) is not None]
    return [name for name in beside if name in among and cast.cabin.seats[name].child_hip_m is None]
