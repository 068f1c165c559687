"""Belts, blankets and bags on seated people."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import cKDTree

from cabinsafe.synthetic.body import Body
from cabinsafe.synthetic.contact import Figure, segment_distances
from cabinsafe.synthetic.mesh import CABIN, Material
from cabinsafe.synthetic.rig import BonePose
from cabinsafe.synthetic.rotations import about_y, about_z
from cabinsafe.synthetic.wardrobe import Dressed, LookSpec, dress
from cabinsafe.synthetic.wardrobe.belts import BELT_WIDTH_M, bag_on_lap, blanket, seat_belt


@pytest.fixture(scope="module")
def people(adult_body: Body, child_body: Body) -> list[Dressed]:
    return [dress(adult_body, LookSpec(top="hoodie")), dress(child_body, LookSpec(top="t_shirt"))]


def seated(body: Body, lean: float = 0.0, twist: float = 0.0) -> BonePose:
    pose = BonePose(body.rig)
    for mark in "LR":
        pose.turn(f"upperleg01.{mark}", about_y(-np.pi / 2))
        pose.turn(f"lowerleg01.{mark}", about_y(np.pi / 2))
    pose.turn("spine04", about_y(lean) @ about_z(twist))
    return pose


def hips(pose: BonePose, left_m: float = 0.0) -> np.ndarray:
    return (pose.head("upperleg01.L") + pose.head("upperleg01.R")) / 2 + np.array([0, left_m, 0])


@pytest.mark.parametrize("seat_side", [1, -1])
@pytest.mark.parametrize(("lean", "twist"), [(0.0, 0.0), (0.6, 0.0), (-0.4, 0.3), (0.1, -0.5)])
def test_a_belt_hugs_the_clothes(people: list[Dressed], seat_side: int, lean: float, twist: float) -> None:
    for person in people:
        pose = seated(person.body, lean, twist)
        anchor = np.array([-0.3, seat_side * 0.3, pose.head("neck01")[2] + 0.05])
        buckle = hips(pose) + np.array([-0.02, -seat_side * 0.2, -0.05])
        shoulder, lap = seat_belt(person, pose, seat_side, anchor, buckle)
        top = next(
            mesh
            for part, mesh in zip(person.garments, person.meshes(pose, 1), strict=True)
            if part.name == "top"
        )
        figure = Figure(person.body, pose)
        middle = shoulder.vertices.reshape(-1, 2, 3).mean(axis=1)
        away = cKDTree(top.vertices).query(middle)[0]
        assert (away < 0.035).sum() >= 12, "leaning forward it is free only below the chest"
        trunk = figure.rows("chest", "belly", "pelvis", "thigh")
        spots = np.repeat(middle[:, None], 2, axis=1)
        gaps = segment_distances(spots, figure.lines[trunk]) - figure.radii[trunk]
        assert gaps.min() > -0.04, "not inside the body"
        forward = pose.rotation("spine02")[:, 0]
        assert (middle[20:35] - pose.head("spine02")) @ forward == pytest.approx(0.15, abs=0.15)
        across = lap.vertices.reshape(-1, 2, 3).mean(axis=1)
        assert across[10:-10, 0].max() > hips(pose)[0] + 0.08, "the lap belt passes in front"
        assert {shoulder.object_id, lap.object_id} == {CABIN}


def test_a_belt_runs_between_its_anchors_at_its_width(people: list[Dressed]) -> None:
    pose = seated(people[0].body)
    anchor, buckle, outer = (
        np.array([-0.3, 0.3, 0.5]),
        hips(pose, -0.22),
        hips(pose, 0.25),
    )
    shoulder, lap = seat_belt(people[0], pose, 1, anchor, buckle, outer)
    for belt, start, end in ((shoulder, anchor, buckle), (lap, buckle, outer)):
        edges = belt.vertices.reshape(-1, 2, 3)
        np.testing.assert_allclose(edges[[0, -1]].mean(axis=1), [start, end], atol=1e-5)
        np.testing.assert_allclose(np.linalg.norm(edges[:, 0] - edges[:, 1], axis=1), BELT_WIDTH_M, rtol=1e-3)


def test_a_blanket_covers_the_lap_from_above(people: list[Dressed]) -> None:
    for person in people:
        pose = seated(person.body)
        (sheet,) = blanket(person, pose, 4, Material())
        assert sheet.object_id == CABIN
        assert np.isfinite(sheet.vertices).all()
        tree = cKDTree(sheet.vertices[:, :2])
        for name in ("left_thigh", "right_thigh"):
            start, end = Figure(person.body, pose).line(name)
            for share in (0.35, 0.6, 0.9):
                spot = start + share * (end - start)
                near, row = tree.query(spot[:2])
                assert near < 0.03
                assert 0 < sheet.vertices[row, 2] - spot[2] < person.body.radius(name) + 0.12
        assert sheet.vertices[:, 0].max() > pose.head("lowerleg01.L")[0]


def test_a_bag_stands_on_the_thighs(people: list[Dressed]) -> None:
    pose = seated(people[1].body)
    bag, handles = bag_on_lap(people[1], pose, 7, (0.3, 0.1, 0.1))
    thigh = pose.head("upperleg01.L")[2]
    assert thigh < bag.vertices[:, 2].min() < thigh + 0.15
    assert handles.vertices[:, 2].max() > bag.vertices[:, 2].max()
    assert bag.object_id == handles.object_id == CABIN


def test_same_arguments_same_bytes(people: list[Dressed]) -> None:
    pose = seated(people[0].body, 0.2)
    belts = [seat_belt(people[0], pose, 1, (-0.3, 0.3, 0.5), hips(pose, -0.2)) for _ in range(2)]
    assert [mesh.vertices.tobytes() for mesh in belts[0]] == [mesh.vertices.tobytes() for mesh in belts[1]]
    assert blanket(people[0], pose, 1, Material())[0].vertices.tobytes() != (
        blanket(people[0], pose, 2, Material())[0].vertices.tobytes()
    )
