"""Motion: the posture of every rider at any time, smooth from act to act, never quite still.

Between two acts the targets of the inverse kinematics move with minimum jerk (Flash and Hogan, Journal of
Neuroscience 5(7), 1985), by way of postures that were settled out of seats and doors. On top lie breathing, a
slow sway, glances, and the shaking of the vehicle.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from cabinsafe.synthetic.body import Body, BodyModel
from cabinsafe.synthetic.cabin.model import Cabin
from cabinsafe.synthetic.contact import Figure
from cabinsafe.synthetic.posing.ik import solve
from cabinsafe.synthetic.posing.posture import Foot, Hand, Posture
from cabinsafe.synthetic.posing.settle import settle
from cabinsafe.synthetic.posing.styles import STYLES
from cabinsafe.synthetic.ride.passage import entry_path, swap_path
from cabinsafe.synthetic.ride.spec import ENTRY_S, ActSpec, RiderSpec, RideSpec
from cabinsafe.synthetic.rotations import Array, about_x, about_y
from cabinsafe.synthetic.sampling import generator
from cabinsafe.synthetic.scene import Occupant, PersonSpec, own_solids, pose_person, window_open

_WAYPOINTS = (0.25, 0.5, 0.75)
_HAND_ARC_M = 0.06
_BREATHS_HZ = (0.22, 0.30)
_BREATH_RAD = 0.012
_SWAY_HZ = (0.05, 0.45)
_SWAY_WAVES = 5


@dataclass(frozen=True)
class Leg:
    """One stretch of a rider's motion.

    Attributes:
        start_s, end_s: when.
        path: postures that are passed at equal shares of the way; the last is held.
    """

    start_s: float
    end_s: float
    path: tuple[Posture, ...]

    def at(self, t_s: float) -> Posture:
        """The posture at a time; before the start the first, after the end the last."""
        share = min_jerk((t_s - self.start_s) / max(self.end_s - self.start_s, 1e-9)) * (len(self.path) - 1)
        index = min(int(share), len(self.path) - 2) if len(self.path) > 1 else 0
        if len(self.path) == 1:
            return self.path[0]
        return self.path[index].towards(self.path[index + 1], share - index)


def min_jerk(share: float) -> float:
    """Share of the way at a share of the time, both 0 to 1: at rest at both ends."""
    s = min(max(share, 0.0), 1.0)
    return s**3 * (10 - 15 * s + 6 * s**2)


class Sway:
    """Small slow random movement: a sum of sines, each channel of its own.

    Attributes:
        channels: how many numbers it gives.
    """

    def __init__(
        self, rng: np.random.Generator, channels: int, hertz: tuple[float, float] = _SWAY_HZ
    ) -> None:
        self.channels = channels
        shape = (channels, _SWAY_WAVES)
        self._hertz = rng.uniform(*hertz, shape)
        self._phase = rng.uniform(0, 2 * np.pi, shape)
        self._weight = rng.uniform(0.3, 1.0, shape) / _SWAY_WAVES**0.5

    def at(self, t_s: float) -> Array:
        """(channels,) numbers of about -1 to 1."""
        values: Array = (self._weight * np.sin(2 * np.pi * self._hertz * t_s + self._phase)).sum(axis=1)
        return values


class RiderMotion:
    """One rider's posture over time.

    Attributes:
        number: the rider's, from 1.
        spec: the rider.
        body: the rider's body.
    """

    def __init__(
        self, number: int, keys: Sequence[Occupant], spec: RiderSpec, legs: Sequence[Leg], seed: int
    ) -> None:
        self.number, self.spec, self.body = number, spec, keys[0].body
        self._keys, self._legs = tuple(keys), tuple(legs)
        rng = generator(seed, "sway", number)
        self._breath = (rng.uniform(*_BREATHS_HZ), rng.uniform(0, 2 * np.pi))
        self._sway = Sway(rng, 15)

    def is_there(self, t_s: float) -> bool:
        """Whether the rider is in the cabin, or on the way in or out."""
        return self.spec.is_there(t_s)

    def is_passing(self, t_s: float) -> bool:
        """Whether the rider is coming in, leaving, or changing seats."""
        spec = self.spec
        coming = spec.enters_s is not None and t_s < spec.enters_s + ENTRY_S
        leaving = spec.leaves_s is not None and t_s >= spec.leaves_s
        act = spec.act_at(t_s)
        before = [a for a in spec.acts if a.start_s < act.start_s]
        swapping = bool(before) and before[-1].seat != act.seat and t_s < act.held_s
        return coming or leaving or swapping

    def person_at(self, t_s: float) -> PersonSpec:
        """What the rider does: on the way from one act to the next, what the nearer one is."""
        begun = [i for i, act in enumerate(self.spec.acts) if i == 0 or act.start_s + act.move_s / 2 <= t_s]
        return self._keys[begun[-1]].spec

    def planned(self, t_s: float) -> Posture:
        """The posture by the script alone."""
        leg = next((leg for leg in reversed(self._legs) if leg.start_s <= t_s), self._legs[0])
        return leg.at(t_s)

    def posture(self, t_s: float, shake: Array) -> Posture:
        """The posture with breathing, sway and the vehicle's shaking (3,): sideways lean, bounce, pitch."""
        planned = self.planned(t_s)
        hertz, phase = self._breath
        breath = _BREATH_RAD * np.sin(2 * np.pi * hertz * t_s + phase)
        s = self._sway.at(t_s)
        lean, bounce, pitch = shake
        return replace(
            planned,
            hips_m=planned.hips_m + 0.002 * s[:3] + np.array([0, 0, bounce]),
            pelvis=about_x(0.4 * lean) @ about_y(0.4 * pitch) @ planned.pelvis,
            spine=planned.spine + np.array([breath + pitch, lean, 0]) + 0.016 * s[3:6],
            head=planned.head + np.array([-breath, 0, 0]) + np.array([0.05, 0.03, 0.09]) * s[6:9],
            left_hand=_drifted(planned.left_hand, 0.006 * s[9:12]),
            right_hand=_drifted(planned.right_hand, 0.006 * s[12:15]),
        )


def plan_motions(spec: RideSpec, cabin: Cabin, model: BodyModel) -> tuple[RiderMotion, ...]:
    """The motion of every rider of a ride."""
    bodies = [model.shape(rider.body) for rider in spec.riders]
    keys = key_occupants(spec, cabin, bodies)
    motions = []
    for number, (rider, body) in enumerate(zip(spec.riders, bodies, strict=True), 1):
        legs = _legs_of(spec, cabin, rider, body, keys[number])
        motions.append(RiderMotion(number, keys[number], rider, legs, spec.seed))
    return tuple(motions)


def key_occupants(spec: RideSpec, cabin: Cabin, bodies: Sequence[Body]) -> dict[int, list[Occupant]]:
    """The posture of every act, by rider's number; each keeps clear of what the others then do."""
    found: dict[int, list[Occupant]] = {number: [] for number in range(1, len(spec.riders) + 1)}
    acts = [(number, act) for number, rider in enumerate(spec.riders, 1) for act in rider.acts]
    for number, act in sorted(acts, key=_posing_order):
        found[number].append(place_act(spec, cabin, bodies, found, (number, act)))
    return found


def _posing_order(item: tuple[int, ActSpec]) -> tuple[float, bool, bool, int]:
    """By time; then who needs nobody, then who answers, then who acts upon another."""
    number, act = item
    return act.start_s, act.partner is not None, STYLES[act.style].weight > 0, number


def place_act(
    spec: RideSpec,
    cabin: Cabin,
    bodies: Sequence[Body],
    found: dict[int, list[Occupant]],
    which: tuple[int, ActSpec],
) -> Occupant:
    """One act's posture, given those of earlier acts."""
    number, act = which
    others = {
        n: placed[-1]
        for n, placed in found.items()
        if n != number and placed and not spec.riders[n - 1].has_left(act.start_s)
    }
    by_seat = {occupant.spec.seat: occupant.body for occupant in others.values()}
    partner = None
    if act.partner is not None:
        partner = (
            others[act.partner].spec.seat
            if act.partner in others
            else spec.riders[act.partner - 1].acts[0].seat
        )
        by_seat.setdefault(partner, bodies[act.partner - 1])
    by_seat[act.seat] = bodies[number - 1]
    rider = spec.riders[number - 1]
    person = PersonSpec(
        seat=act.seat,
        style=act.style,
        partner=partner,
        pose_seed=act.pose_seed,
        side=act.side,
        body=rider.body,
        look=rider.look,
    )
    return pose_person(cabin, person, by_seat, list(others.values()))


def _legs_of(
    spec: RideSpec, cabin: Cabin, rider: RiderSpec, body: Body, keys: Sequence[Occupant]
) -> list[Leg]:
    """From act to act, by way of settled postures; in and out through the door."""
    legs = [Leg(0.0, 1e-3, (keys[0].posture,))]
    if rider.enters_s is not None:
        path = (*entry_path(cabin, body, keys[0].spec.seat), keys[0].posture)
        legs.append(Leg(rider.enters_s, rider.enters_s + ENTRY_S, path))
    for act, before, after in zip(rider.acts[1:], keys, keys[1:], strict=False):
        start = legs[-1].at(act.start_s)
        if before.spec.seat != after.spec.seat:
            path = (start, *swap_path(cabin, body, before.spec.seat, after.spec.seat), after.posture)
        else:
            path = _settled_path(cabin, body, start, after)
        legs.append(Leg(act.start_s, act.held_s, path))
    if rider.leaves_s is not None:
        last = legs[-1].at(rider.leaves_s)
        out = tuple(reversed(entry_path(cabin, body, keys[-1].spec.seat)))
        legs.append(Leg(rider.leaves_s, rider.leaves_s + ENTRY_S, (last, *out)))
    return [leg for leg in legs if leg.start_s <= spec.duration_s]


def _settled_path(cabin: Cabin, body: Body, start: Posture, goal: Occupant) -> tuple[Posture, ...]:
    solids = own_solids(cabin, goal.spec.seat)
    opened = window_open(goal.spec.style)
    between = [
        settle(body, _arched(start.towards(goal.posture, share), share), solids, (), opened)
        for share in _WAYPOINTS
    ]
    return (start, *between, goal.posture)


def _arched(posture: Posture, share: float) -> Posture:
    """Hands and feet a little higher on the way, so that they do not scrape along what they lie on."""
    lift = np.array([0.0, 0.0, _HAND_ARC_M * np.sin(np.pi * share)])
    return replace(
        posture,
        left_hand=_drifted(posture.left_hand, lift), right_hand=_drifted(posture.right_hand, lift),
        left_foot=_raised(posture.left_foot, lift / 2), right_foot=_raised(posture.right_foot, lift / 2),
    )  # fmt: skip


def _drifted(hand: Hand, offset: Array) -> Hand:
    return replace(hand, wrist_m=hand.wrist_m + offset)


def _raised(foot: Foot, offset: Array) -> Foot:
    return replace(foot, ankle_m=foot.ankle_m + offset)


def vehicle_shake(seed: int, speed_m_s: float) -> Callable[[float], Array]:
    """What the road does to people over time: (3,) sideways lean (rad), bounce (m), pitch (rad)."""
    slow = Sway(generator(seed, "road", "turns"), 2, (0.03, 0.25))
    quick = Sway(generator(seed, "road", "bumps"), 1, (1.5, 4.0))
    strength = min(speed_m_s / 12.0, 1.5)

    def at(t_s: float) -> Array:
        turn, brake = slow.at(t_s)
        return strength * np.array([0.03 * turn, 0.003 * float(quick.at(t_s)[0]), 0.02 * brake])

    return at


def figure_of(motion: RiderMotion, t_s: float, shake: Array) -> Figure:
    """A rider's body at a time."""
    return Figure(motion.body, solve(motion.body, motion.posture(t_s, shake)))
