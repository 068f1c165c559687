"""Frames of a ride: each from the ride's spec and its number alone, so that any process can make any."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cabinsafe.synthetic.body import KEYPOINTS, BodyModel
from cabinsafe.synthetic.cabin.model import Cabin
from cabinsafe.synthetic.camera import Camera
from cabinsafe.synthetic.contact import Figure
from cabinsafe.synthetic.environment import Environment
from cabinsafe.synthetic.light import lighting
from cabinsafe.synthetic.mesh import Mesh
from cabinsafe.synthetic.picture import SUPERSAMPLING, belt_meshes
from cabinsafe.synthetic.posing.styles import STYLES
from cabinsafe.synthetic.render import Rendering, Visibility, nearer_of, render, visibility
from cabinsafe.synthetic.ride.motion import RiderMotion, figure_of, plan_motions, vehicle_shake
from cabinsafe.synthetic.ride.passage import entry_door
from cabinsafe.synthetic.ride.spec import RideSpec
from cabinsafe.synthetic.sampling import generator
from cabinsafe.synthetic.scene import look_in_style
from cabinsafe.synthetic.sensor import develop, metered_exposure
from cabinsafe.synthetic.truth import Actor, Fact, PersonTruth, facts, person_truth
from cabinsafe.synthetic.wardrobe.dressed import Dressed, dress
from cabinsafe.types import Scene, Skeleton, Track

METERING_S = 2.0
"""The camera's exposure is metered this often, and moves evenly in between."""
SEEN_SCORE, HIDDEN_SCORE = 1.0, 0.5
"""Scores of true keypoints in the picture: seen, and hidden behind something."""


@dataclass(frozen=True, eq=False)
class FrameTruth:
    """What is true of one frame of a ride.

    Attributes:
        scene: the true skeletons; track ids are the riders' numbers.
        facts: the events that hold, with the seats of those who act.
        riders: number of the rider on each seat that is named in ``facts``.
    """

    scene: Scene
    facts: tuple[Fact, ...]
    riders: dict[str, int]


@dataclass(frozen=True, eq=False)
class FilmFrame(FrameTruth):
    """One frame of a ride, with its truth.

    Attributes:
        image: (H, W, 3) uint8 BGR.
    """

    image: NDArray[np.uint8]


class Film:
    """All that the frames of one ride share.

    Args:
        spec: the ride.
        model: gives the bodies.
        assets: MakeHuman's asset folder, if looks name things from there.
    """

    def __init__(self, spec: RideSpec, model: BodyModel, assets: Path | None = None) -> None:
        self.spec = spec
        self.cabin, self.camera = Cabin(spec.cabin), Camera(spec.camera)
        self.motions = plan_motions(spec, self.cabin, model)
        self._assets = assets
        self._clothes: dict[tuple[int, str], Dressed] = {}
        self._exposures: dict[int, float] = {}
        self._rooms: dict[frozenset[str], list[Mesh]] = {}
        self._empty: dict[frozenset[str], Visibility] = {}
        self._world = Environment(spec.light)
        self._shake = vehicle_shake(spec.seed, spec.speed_m_s)

    def frame(self, index: int) -> FilmFrame:
        """One frame."""
        t_s = index / self.spec.fps
        figures = self.figures(t_s)
        rendering = self._render(t_s, figures)
        noise = int(generator(self.spec.seed, "noise", index).integers(2**31))
        image = develop(rendering.color, self.spec.sensor, noise, self._exposure(t_s))
        truth = self._truth(t_s, figures, rendering)
        return FilmFrame(truth.scene, truth.facts, truth.riders, image)

    def truth(self, index: int) -> FrameTruth:
        """What is true of a frame, without its picture: a small part of the work.

        One ray for each pixel tells what hides what, where a picture has several: at an edge, a keypoint or
        the side of a box may now and then differ from that of :meth:`frame`.
        """
        t_s = index / self.spec.fps
        figures = self.figures(t_s)
        doors = self._open_doors(t_s)
        if doors not in self._empty:
            self._empty[doors] = visibility(self._room(doors), self.camera, 1)
        people = visibility(self._people(t_s, figures), self.camera, 1)
        return self._truth(t_s, figures, nearer_of(people, self._empty[doors]))

    def _truth(self, t_s: float, figures: dict[int, Figure], seen: Visibility) -> FrameTruth:
        truths = {n: person_truth(figure, n, self.camera, seen) for n, figure in figures.items()}
        actors = self.actors(t_s, figures)
        held = facts(self.cabin, list(actors.values()))
        riders = {actor.seat: number for number, actor in actors.items()}
        return FrameTruth(self._scene(t_s, truths), held, riders)

    def figures(self, t_s: float) -> dict[int, Figure]:
        """The bodies in the cabin at a time, by rider's number."""
        shake = self._shake(t_s)
        return {m.number: figure_of(m, t_s, shake) for m in self.motions if m.is_there(t_s)}

    def actors(self, t_s: float, figures: dict[int, Figure]) -> dict[int, Actor]:
        """Those who are judged: not those who come, go or change seats."""
        judged = {}
        for number, figure in figures.items():
            motion = self.motions[number - 1]
            if not motion.is_passing(t_s):
                judged[number] = Actor(
                    motion.spec.act_at(t_s).seat, STYLES[motion.person_at(t_s).style].sitting, figure
                )
        return judged

    def _dressed(self, motion: RiderMotion, t_s: float) -> Dressed:
        """A rider's clothes, and the phone, if one is in use."""
        look = look_in_style(motion.person_at(t_s))
        key = (motion.number, look.phone_hand)
        if key not in self._clothes:
            self._clothes[key] = dress(motion.body, look, self._assets)
        return self._clothes[key]

    def _open_doors(self, t_s: float) -> frozenset[str]:
        """The doors through which people now pass."""
        seats = [m.spec.act_at(t_s).seat for m in self.motions if m.spec.is_in_door(t_s)]
        return frozenset(door for seat in seats if (door := entry_door(self.cabin, seat)) is not None)

    def _room(self, doors: frozenset[str]) -> list[Mesh]:
        """The cabin, with some doors open."""
        if doors not in self._rooms:
            self._rooms[doors] = self.cabin.meshes(doors)
        return self._rooms[doors]

    def _people(self, t_s: float, figures: dict[int, Figure]) -> list[Mesh]:
        """The riders in their clothes, and belts on them."""
        meshes: list[Mesh] = []
        for number, figure in figures.items():
            motion = self.motions[number - 1]
            clothes = self._dressed(motion, t_s)
            meshes += clothes.meshes(figure.pose, number)
            act = motion.spec.act_at(t_s)
            if motion.spec.belted and not motion.is_passing(t_s) and STYLES[act.style].sitting == "seated":
                meshes += belt_meshes(self.cabin.seats[act.seat], clothes, figure.pose)
        return meshes

    def _render(
        self, t_s: float, figures: dict[int, Figure], supersampling: int = SUPERSAMPLING
    ) -> Rendering:
        meshes = [*self._room(self._open_doors(t_s)), *self._people(t_s, figures)]
        light = lighting(
            self.spec.light, self.cabin.bounds, t_s * self.spec.speed_m_s, t_s, environment=self._world
        )
        return render(meshes, self.camera, light, supersampling)

    def _exposure(self, t_s: float) -> float:
        number = int(t_s / METERING_S)
        times = [number * METERING_S, (number + 1) * METERING_S]
        return float(np.exp(np.interp(t_s, times, [self._metered(number), self._metered(number + 1)])))

    def _metered(self, number: int) -> float:
        """Log exposure at a metering time."""
        if number not in self._exposures:
            t_s = min(number * METERING_S, self.spec.duration_s)
            color = self._render(t_s, self.figures(t_s), 1).color
            self._exposures[number] = float(np.log(metered_exposure(color, self.spec.sensor)))
        return self._exposures[number]

    def _scene(self, t_s: float, truths: dict[int, PersonTruth]) -> Scene:
        tracks = [
            track
            for number, truth in truths.items()
            if (track := true_track(self.motions[number - 1], truth, t_s)) is not None
        ]
        return Scene(
            t_s=t_s,
            camera_id=self.spec.camera.camera_id,
            size_wh=self.spec.camera.size_wh,
            tracks=tuple(tracks),
        )


def true_track(motion: RiderMotion, truth: PersonTruth, t_s: float) -> Track | None:
    """A rider's true track, or None if nothing of the rider is in the picture."""
    if truth.box is None or truth.box[2] <= 0 or truth.box[3] <= 0:
        return None
    left, top, width, height = truth.box
    inside = truth.visibility > 0
    score = np.where(truth.visibility == 2, SEEN_SCORE, np.where(inside, HIDDEN_SCORE, 0.0))
    skeleton = Skeleton(
        topology="trt_pose",
        keypoints=KEYPOINTS,
        xy=np.where(inside[:, None], truth.xy, np.nan),
        score=score,
        person_score=1.0,
    )
    seat = None if motion.is_passing(t_s) else motion.spec.act_at(t_s).seat
    return Track(
        track_id=motion.number,
        box_xyxy=(left, top, left + width, top + height),
        box_source="detection",
        skeleton=skeleton if inside.any() else None,
        age_s=t_s - (motion.spec.enters_s or 0.0),
        seat=seat,
    )
