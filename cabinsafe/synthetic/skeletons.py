"""Labelled skeletons without pictures: the people of drawn scenes as their camera would see them.

A scene costs a fraction of its picture. Nothing hides anything here: every keypoint within the picture is
known, as in the labels of a picture, hidden ones included.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from typing import Any

import numpy as np

from cabinsafe.data.posture import posture_of
from cabinsafe.errors import MissingExtraError
from cabinsafe.geometry import XY
from cabinsafe.synthetic.body import KEYPOINTS, BodyModel
from cabinsafe.synthetic.cabin.model import Cabin
from cabinsafe.synthetic.cabin.views import camera_view
from cabinsafe.synthetic.camera import Camera
from cabinsafe.synthetic.images import DrawnScenes
from cabinsafe.synthetic.posing.styles import STYLES
from cabinsafe.synthetic.rotations import Array
from cabinsafe.synthetic.truth import actor, facts


def skeleton_records(scenes: DrawnScenes, count: int) -> Iterator[list[dict[str, Any]]]:
    """For each of ``count`` scenes, its people as ``cabinsafe train svm`` reads them.

    Scene number i has the people of picture number i of the set with the same seed and recipe.

    Raises:
        MissingExtraError: the [synthetic] extra is not installed.
        ConfigError: a fixed value is out of range, or no camera can see a seat.
    """
    if importlib.util.find_spec("anny") is None:
        raise MissingExtraError("synthetic people", "synthetic", "anny")
    model = BodyModel()
    for index in range(count):
        yield _people(scenes, index, model)


def _people(scenes: DrawnScenes, index: int, model: BodyModel) -> list[dict[str, Any]]:
    spec, posed = scenes.scene(index, model, None)
    cabin, camera = Cabin(spec.cabin), Camera(spec.camera)
    found = facts(cabin, [actor(occupant) for occupant in posed or ()])
    middles = camera_view(cabin, camera).cushion_middles(spec.camera.size_wh)
    vehicle = f"{scenes.name(index)}"
    records = []
    for number, occupant in enumerate(posed or ()):
        person = occupant.spec
        kinds = {fact.kind for fact in found if fact.seats[0] == person.seat}
        records.append(
            {
                "keypoints": _in_picture(camera, occupant.figure.keypoints),
                "seat": None if person.seat not in middles else _turned_back(camera, middles[person.seat]),
                "label": posture_of(STYLES[person.style].sitting, person.style, kinds, vehicle),
                "vehicle": vehicle,
                "person": f"{vehicle}/{number}",
                "note": person.style,
            }
        )
    return records


def _in_picture(camera: Camera, keypoints: Array) -> dict[str, list[float]]:
    """Name to x, y of those within the picture, which is turned back if the camera mirrors it."""
    xy, _ = camera.project(keypoints)
    width, height = camera.spec.size_wh
    with np.errstate(invalid="ignore"):
        inside = (xy >= 0).all(axis=1) & (xy < (width, height)).all(axis=1)
    return {
        name: _turned_back(camera, point)
        for name, point, seen in zip(KEYPOINTS, xy.tolist(), np.atleast_1d(inside), strict=True)
        if seen
    }


def _turned_back(camera: Camera, point: XY) -> list[float]:
    """x, y of a point in the picture turned back if the camera mirrors it, to a hundredth of a pixel."""
    x, y = point
    return [round(camera.spec.size_wh[0] - x if camera.spec.mirrored else x, 2), round(y, 2)]
