"""Dressing bodies."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cabinsafe.errors import DataError
from cabinsafe.synthetic.body import Body, BodyModel, BodySpec
from cabinsafe.synthetic.mesh import Mesh
from cabinsafe.synthetic.rig import BonePose
from cabinsafe.synthetic.rotations import about, about_y
from cabinsafe.synthetic.wardrobe import Dressed, LookSpec, draw_look, dress
from cabinsafe.synthetic.wardrobe.fitting import Fitting
from cabinsafe.synthetic.wardrobe.garment import Garment
from cabinsafe.synthetic.wardrobe.shoes import shoes

EVERYTHING = LookSpec(
    hair_style="long", beard="full", glasses="sunglasses", carried="scarf", phone_hand="left",
    watch_arm="right", face_mask=True, headphones=True,
)  # fmt: skip
HAIRS = ("bald", "receding", "buzz", "short", "curly", "afro", "medium", "long", "ponytail", "bun")
OUTFITS = [
    {"top": "t_shirt", "bottom": "trousers"},
    {"top": "long_sleeve", "bottom": "skirt", "carried": "bag_strap"},
    {"top": "jacket", "bottom": "shorts", "hat": "fedora"},
    {"top": "hoodie", "shoes": "boots", "hat": "beanie"},
    {"top": "dress", "shoes": "flats", "hat": "cap"},
    {"top": "tank", "bottom": "trousers", "bottom_looseness": 1.0, "top_looseness": 0.0},
]


def part(dressed: Dressed, name: str) -> Garment:
    return next(garment for garment in dressed.garments if garment.name == name)


def outer(garment: Garment) -> np.ndarray:
    """The rest points that are no turned-in hem."""
    points = garment.skin.rest.astype(np.float64)
    return points if garment.tint is None else points[garment.tint[:, 0] > 0.5]


def check(dressed: Dressed) -> None:
    """What must hold for every part of everybody."""
    bones = len(dressed.body.rig.labels)
    for garment in dressed.garments:
        assert garment.skin.weights.shape == (len(garment.skin.rest), bones), garment.name
        assert garment.skin.weights.min() >= 0
        np.testing.assert_allclose(garment.skin.weights.sum(axis=1), 1, atol=1e-5, err_msg=garment.name)
        assert np.isfinite(garment.skin.rest).all(), garment.name
        np.testing.assert_array_equal(np.unique(garment.triangles), np.arange(len(garment.skin.rest)))
        assert all(0 <= channel <= 1 for channel in garment.material.color)
        assert 0 <= garment.material.ir_reflectance <= 1


@pytest.mark.parametrize("outfit", OUTFITS, ids=lambda outfit: outfit["top"])
def test_every_part_is_whole(adult_body: Body, child_body: Body, outfit: dict[str, object]) -> None:
    for body in (adult_body, child_body):
        check(dress(body, LookSpec(**outfit)))


@pytest.mark.parametrize("style", HAIRS)
def test_hair_is_whole_and_on_the_head(adult_body: Body, style: str) -> None:
    dressed = dress(adult_body, LookSpec(hair_style=style))
    check(dressed)
    names = {garment.name for garment in dressed.garments}
    assert ("hair" in names) == (style != "bald")
    if style != "bald":
        hair, fit = part(dressed, "hair").skin.rest, Fitting(adult_body)
        assert hair[:, 2].min() > fit.bone("neck01")[2]
        assert np.quantile(fit.gap(hair.astype(np.float64))[0], 0.01) > -0.004
        face = np.abs(hair - (fit.keypoint("left_eye") + fit.keypoint("right_eye")) / 2)
        assert np.linalg.norm(face, axis=1).min() > 0.025, "eyes are free"


def test_everything_worn_at_once(adult_body: Body) -> None:
    dressed = dress(adult_body, EVERYTHING)
    check(dressed)
    names = {garment.name for garment in dressed.garments}
    assert names >= {
        "skin", "eyes", "iris.L", "hair", "locks", "beard", "frames", "lenses", "scarf", "phone", "watch",
        "mask", "headphones", "top", "bottom", "shoe.L", "sole.R",
    }  # fmt: skip


@pytest.mark.parametrize("outfit", OUTFITS, ids=lambda outfit: outfit["top"])
def test_clothes_lie_outside_the_body(adult_body: Body, child_body: Body, outfit: dict[str, object]) -> None:
    for body in (adult_body, child_body):
        fit = Fitting(body)
        for garment in dress(body, LookSpec(**outfit)).garments:
            if garment.name in {"top", "bottom", "shirt", "tights", "skirt"}:
                gaps = fit.gap(outer(garment))[0]
                assert np.quantile(gaps, 0.02) > -0.002, garment.name
                assert gaps.min() > -0.012, garment.name
                assert gaps.max() < 0.15, garment.name


def test_a_rigid_motion_moves_everything_rigidly(adult_body: Body) -> None:
    dressed = dress(adult_body, EVERYTHING)
    pose = BonePose(adult_body.rig)
    turn, offset = about((1, 2, 3), 0.9), np.array([0.3, -0.2, 1.0])
    pose.turn("root", turn)
    pose.move_root(offset)
    hips = adult_body.rig.heads[0]
    for garment, mesh in zip(dressed.garments, dressed.meshes(pose, 3), strict=True):
        expected = (garment.skin.rest - hips) @ turn.T + hips + offset
        np.testing.assert_allclose(mesh.vertices, expected, atol=2e-5, err_msg=garment.name)
        np.testing.assert_array_equal(mesh.rest, garment.skin.rest)
        assert mesh.object_id == 3


def test_sleeves_and_legs_end_where_they_should(adult_body: Body) -> None:
    shoulder, elbow, wrist = (adult_body.rig.head(f"{b}.L") for b in ("upperarm01", "lowerarm01", "wrist"))
    knee, ankle = adult_body.rig.head("lowerleg01.L"), adult_body.rig.head("foot.L")
    ends = {
        top: outer(part(dress(adult_body, LookSpec(top=top)), "top"))
        for top in ("t_shirt", "long_sleeve", "tank")
    }
    assert shoulder[1] + 0.03 < ends["t_shirt"][:, 1].max() < elbow[1]
    assert elbow[1] < ends["long_sleeve"][:, 1].max() < wrist[1] + 0.03
    assert ends["tank"][:, 1].max() < shoulder[1] + 0.06
    for bottom, low, high in (
        ("trousers", ankle[2] - 0.03, ankle[2] + 0.08),
        ("shorts", knee[2] - 0.08, knee[2] + 0.15),
    ):
        legs = outer(part(dress(adult_body, LookSpec(bottom=bottom)), "bottom"))
        assert low < legs[:, 2].min() < high
    neck = adult_body.rig.head("neck01")
    assert ends["t_shirt"][:, 2].max() < neck[2] + 0.06


def test_what_clothes_cover_is_not_drawn(adult_body: Body) -> None:
    skin = part(dress(adult_body, LookSpec(top="long_sleeve", bottom="trousers")), "skin").skin.rest
    fit = Fitting(adult_body)
    chest, thigh, toes = fit.bone("spine02"), fit.bone("upperleg02.L"), fit.bone("toe3-1.L")
    for spot, free_m in ((chest, 0.1), (thigh, 0.1), (toes, 0.04)):
        assert np.linalg.norm(skin - spot, axis=1).min() > free_m
    for name in ("nose", "left_wrist", "right_ear"):
        assert np.linalg.norm(skin - fit.keypoint(name), axis=1).min() < 0.05


@pytest.mark.parametrize("top", ["t_shirt", "dress"])
def test_nobody_is_naked(adult_body: Body, child_body: Body, top: str) -> None:
    for body in (adult_body, child_body):
        fit = Fitting(body)
        skin = part(dress(body, LookSpec(top=top, bottom="shorts")), "skin").skin.rest
        hips = fit.bone("upperleg01.L")[2]
        trunk = np.abs(skin[:, 1]) < fit.bone("upperleg01.L")[1]
        assert not (
            trunk & (skin[:, 2] > hips - 0.05 * fit.scale) & (skin[:, 2] < hips + 0.3 * fit.scale)
        ).any()


def test_a_skirt_follows_both_legs_of_a_seated_person(adult_body: Body) -> None:
    dressed = dress(adult_body, LookSpec(top="t_shirt", bottom="skirt"))
    pose = BonePose(adult_body.rig)
    for mark in "LR":
        pose.turn(f"upperleg01.{mark}", about_y(-np.pi / 2))
        pose.turn(f"lowerleg01.{mark}", about_y(np.pi / 2))
    names = [garment.name for garment in dressed.garments]
    skirt = dressed.meshes(pose, 1)[names.index("skirt")].vertices
    hip, knee = pose.head("upperleg01.L"), pose.head("lowerleg01.L")
    assert skirt[:, 0].max() > hip[0] + 0.6 * (knee[0] - hip[0])
    assert skirt[:, 2].min() > hip[2] - 0.3
    stretch = np.linalg.norm(np.diff(skirt[dressed.garments[names.index("skirt")].triangles], axis=1), axis=2)
    assert stretch.max() < 0.2


def test_same_look_same_bytes(adult_body: Body) -> None:
    look = draw_look(11, adult_body.spec)

    def bytes_of(meshes: list[Mesh]) -> list[bytes]:
        return [mesh.vertices.tobytes() + mesh.triangles.tobytes() for mesh in meshes]

    pose = BonePose(adult_body.rig)
    first, second = (bytes_of(dress(adult_body, look).meshes(pose, 1)) for _ in range(2))
    assert first == second
    other = bytes_of(dress(adult_body, look.model_copy(update={"seed": 1})).meshes(pose, 1))
    assert first != other


def corner(number: int) -> BodySpec:
    """One of the 32 extreme bodies."""
    gender, old, weight, muscle, height = (int(bit) for bit in f"{number:05b}")
    return BodySpec(gender=gender, age=0.95 if old else 0.24, weight=weight, muscle=muscle, height=height)


@pytest.mark.parametrize("number", range(0, 32, 3))
def test_extreme_shapes_can_be_dressed(body_model: BodyModel, number: int) -> None:
    spec = corner(number)
    dressed = dress(body_model.shape(spec), draw_look(number, spec))
    check(dressed)
    assert sum(len(garment.triangles) for garment in dressed.garments) < 36_000


@pytest.mark.parametrize("kind", ["sneakers", "boots", "flats"])
def test_shoes_fit_extreme_feet(body_model: BodyModel, kind: str) -> None:
    for number in range(32):
        fit = Fitting(body_model.shape(corner(number)))
        feet = fit.points[fit.near("foot") & fit.drawn]
        for hem_z in (np.inf, float(feet[:, 2].max())):
            worn = shoes(fit, LookSpec(shoes=kind), hem_z).garments
            points = np.concatenate([garment.skin.rest for garment in worn])
            assert (np.ptp(points[:, :2], axis=0) < np.ptp(feet[:, :2], axis=0) + 0.06).all()
            assert feet[:, 2].min() - 0.05 < points[:, 2].min() < feet[:, 2].min()


def test_a_look_that_needs_assets_says_so(adult_body: Body) -> None:
    with pytest.raises(DataError, match="'suit' needs the folder of MakeHuman's assets"):
        dress(adult_body, LookSpec(makehuman_suit="suit"))


def test_makehumans_clothes_replace_the_procedural_ones(adult_body: Body, tmp_path: Path) -> None:
    for kind, name, start in (("clothes", "suit", 1000), ("clothes", "shoes1", 12442), ("hair", "cap", 5000)):
        folder = tmp_path / kind / name
        folder.mkdir(parents=True)
        scales = "x_scale 5399 11998 1.4\ny_scale 791 881 2.3\nz_scale 962 5320 1.9\n"
        rows = "\n".join(str(start + i) for i in range(30))
        (folder / "it.mhclo").write_text(
            f"obj_file it.obj\n{scales}verts 0\n{rows}\ndelete_verts\n1400 - 1500\n"
        )
        faces = "".join(f"f {i} {i + 1} {i + 2}\n" for i in range(1, 29))
        (folder / "it.obj").write_text("v 0 0 0\n" * 30 + faces)
    look = LookSpec(makehuman_suit="suit", makehuman_shoes="shoes1", makehuman_hair="cap")
    dressed = dress(adult_body, look, tmp_path)
    assert all(np.isfinite(garment.skin.rest).all() for garment in dressed.garments)
    names = {garment.name for garment in dressed.garments}
    assert names & {"top", "bottom"}
    assert "shoe.L" not in names
    hair = part(dressed, "hair")
    np.testing.assert_allclose(hair.skin.rest, adult_body.skin.rest[5000:5030], atol=1e-6)
