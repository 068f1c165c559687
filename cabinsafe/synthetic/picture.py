"""A scene's picture with its truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cabinsafe.synthetic.body import BodyModel
from cabinsafe.synthetic.cabin.model import Cabin
from cabinsafe.synthetic.cabin.seats import Seat
from cabinsafe.synthetic.camera import Camera
from cabinsafe.synthetic.light import lighting
from cabinsafe.synthetic.mesh import Material, Mesh
from cabinsafe.synthetic.render import Rendering, render
from cabinsafe.synthetic.rig import BonePose
from cabinsafe.synthetic.sampling import generator
from cabinsafe.synthetic.scene import Occupant, SceneSpec, look_in_style, pose_people
from cabinsafe.synthetic.sensor import develop
from cabinsafe.synthetic.truth import Fact, PersonTruth, actor, facts, person_truth
from cabinsafe.synthetic.wardrobe.belts import bag_on_lap, blanket, seat_belt
from cabinsafe.synthetic.wardrobe.dressed import Dressed, dress
from cabinsafe.synthetic.wardrobe.palette import cloth_color

Image = NDArray[np.uint8]
SUPERSAMPLING = 2


@dataclass(frozen=True, eq=False)
class Picture:
    """What a camera took, and what is true of it.

    Attributes:
        spec: the scene.
        image: (H, W, 3) uint8 BGR.
        people: one truth per person, in the order of the spec's people.
        facts: the events that hold.
        rendering: linear light, depth, object ids (people are 1, 2, ... in the order of the spec).
    """

    spec: SceneSpec
    image: Image
    people: tuple[PersonTruth, ...]
    facts: tuple[Fact, ...]
    rendering: Rendering


def take(
    spec: SceneSpec,
    model: BodyModel,
    assets: Path | None = None,
    posed: Sequence[Occupant] | None = None,
) -> Picture:
    """Pose, dress, light and render a scene, and note its truth.

    Args:
        spec: the scene.
        model: gives the bodies.
        assets: MakeHuman's asset folder, if looks name things from there.
        posed: the spec's people in place, where that is known already.
    """
    cabin, camera = Cabin(spec.cabin), Camera(spec.camera)
    occupants = pose_people(cabin, spec.people, model) if posed is None else posed
    meshes = cabin.meshes()
    for number, occupant in enumerate(occupants, 1):
        meshes += person_meshes(
            cabin, occupant, dress(occupant.body, look_in_style(occupant.spec), assets), number
        )
    rendering = render(meshes, camera, lighting(spec.light, cabin.bounds), SUPERSAMPLING)
    people = tuple(
        person_truth(occupant.figure, number, camera, rendering)
        for number, occupant in enumerate(occupants, 1)
    )
    image = develop(rendering.color, spec.sensor, spec.seed)
    return Picture(spec, image, people, facts(cabin, [actor(occupant) for occupant in occupants]), rendering)


def person_meshes(cabin: Cabin, occupant: Occupant, clothed: Dressed, number: int) -> list[Mesh]:
    """A dressed person in place, with belt and blanket."""
    spec = occupant.spec
    pose = occupant.figure.pose
    over = belt_meshes(cabin.seats[spec.seat], clothed, pose) if spec.belted else []
    over += _covering(occupant, clothed)
    return [*clothed.meshes(pose, number), *over]


def _covering(occupant: Occupant, clothed: Dressed) -> list[Mesh]:
    spec, pose = occupant.spec, occupant.figure.pose
    color = cloth_color(generator(spec.pose_seed, "covering"))
    if spec.covering == "blanket":
        return blanket(clothed, pose, spec.pose_seed, Material(color, roughness=0.95, wrinkles=0.4))
    return bag_on_lap(clothed, pose, spec.pose_seed, color) if spec.covering == "bag" else []


def belt_meshes(seat: Seat, clothed: Dressed, pose: BonePose) -> list[Mesh]:
    """The seat's belt over who sits there; a child seat has its own."""
    if seat.child_hip_m is not None:
        return []
    window_side = 1 if seat.hip_m[1] * seat.facing >= 0 else -1
    anchor = seat.along_back(0.60, 0.02, window_side * 0.22)
    buckle = seat.at(-0.02, -window_side * 0.20, -0.03)
    return seat_belt(clothed, pose, window_side, anchor, buckle)
