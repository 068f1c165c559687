"""Cameras in vehicles: they see somebody, and their seat lines are where OpenCV's projection puts them."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

from cabinsafe.config import CabinConfig
from cabinsafe.errors import ConfigError
from cabinsafe.geometry import polygon_contains
from cabinsafe.synthetic.cabin import (
    Cabin,
    CabinSpec,
    cabin_file,
    camera_view,
    draw_cabin,
    draw_camera,
    facing_seats,
)
from cabinsafe.synthetic.camera import Camera, CameraSpec
from cabinsafe.views import CameraView

KINDS = ("sedan", "suv", "van", "shuttle")
DRAWN = [
    (cabin, Camera(draw_camera(cabin, seed)))
    for seed in range(120)
    for cabin in [Cabin(draw_cabin(seed, {"kind": KINDS[seed % 4]}))]
]
SEDAN = Cabin(CabinSpec())
MIRROR = {
    "position_m": (0.36, 0.0, 1.08),
    "look_at_m": (-0.4, 0.0, 0.45),
    "size_wh": (640, 480),
    "fov_deg": 110,
}


def camera_of(**values: Any) -> Camera:
    return Camera(CameraSpec(**MIRROR | values))


def cv2_points(camera: Camera, points: np.ndarray) -> np.ndarray:
    """Pixels (N, 2) by OpenCV's own camera models."""
    spec = camera.spec
    intrinsics = np.array(
        [[camera.focal_px, 0, camera.center[0]], [0, camera.focal_px, camera.center[1]], [0, 0, 1]]
    )
    turn, _ = cv2.Rodrigues(camera.rotation)
    shift = -camera.rotation @ camera.position
    world = points.reshape(-1, 1, 3)
    if spec.model == "pinhole":
        pixels, _ = cv2.projectPoints(world, turn, shift, intrinsics, None)
    else:
        pixels, _ = cv2.fisheye.projectPoints(world, turn, shift, intrinsics, np.array(spec.distortion))
    return pixels.reshape(-1, 2)


# ---- mounts


def test_cameras_of_all_mounts_and_models_are_drawn() -> None:
    specs = [camera.spec for _, camera in DRAWN]
    assert {spec.mount for spec in specs} == {"mirror", "dash", "a_pillar", "rear_roof"}
    assert {spec.model for spec in specs} == {"pinhole", "fisheye"}
    assert all(spec.fov_deg >= 80 for spec in specs)


def test_cameras_are_in_the_cabin_and_not_in_a_solid() -> None:
    for cabin, camera in DRAWN:
        low, high = cabin.bounds
        assert (camera.position > low).all()
        assert (camera.position < high).all()
        assert [solid.name for solid in cabin.solids if solid.contains(camera.position)] == []


def test_facing_seats_show_head_shoulders_and_hips() -> None:
    for cabin, camera in DRAWN:
        names = facing_seats(cabin, camera)
        assert names
        for name in names:
            seat = cabin.seats[name]
            body = [
                seat.hip_m,
                seat.along_back(0.65),
                *(seat.along_back(0.45, left_m=y) for y in (-0.15, 0.15)),
            ]
            pixels, _ = camera.project(body)
            assert ((pixels >= 0) & (pixels <= camera.spec.size_wh)).all()
            way = camera.position + np.linspace(0, 1, 60)[:, None, None] * (np.array(body) - camera.position)
            assert not any(solid.contains(way).any() for solid in cabin.solids)
            assert (camera.position - seat.hip_m)[0] * seat.facing > 0


def test_one_seed_is_one_camera_and_fixed_values_win() -> None:
    for seed in range(10):
        fixed = {"mount": "mirror", "model": "pinhole", "roll_deg": 4.0, "size_wh": (320, 200)}
        spec = draw_camera(SEDAN, seed, fixed)
        assert spec == draw_camera(SEDAN, seed, fixed)
        assert spec.model_dump() | fixed == spec.model_dump()
    assert len({draw_camera(SEDAN, seed).model_dump_json() for seed in range(30)}) == 30


def test_a_fixed_position_is_a_custom_mount_that_looks_at_somebody() -> None:
    spec = draw_camera(SEDAN, 0, {"position_m": (0.4, 0.1, 1.05)})
    assert spec.mount == "custom"
    assert spec.position_m == (0.4, 0.1, 1.05)
    assert facing_seats(SEDAN, Camera(spec))


@pytest.mark.parametrize(
    ("fixed", "message"),
    [
        ({"position_m": (0.7, 0.0, 0.6)}, "none of 200 draws"),  # inside the dashboard
        ({"position_m": (0.4, 0.0, 1.0), "look_at_m": (5.0, 0.0, 1.0)}, "none of 200 draws"),
        ({"position_m": "roof"}, "position_m"),
        ({"mount": "trunk"}, "mount"),
        ({"fov": 90}, "did you mean 'fov_deg'"),
        ({"fov_deg": 5}, "fov_deg.*at least 20"),
        ({"model": "pinhole", "fov_deg": 170}, "at most 150"),
    ],
)
def test_cameras_that_cannot_be_are_refused(fixed: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        draw_camera(SEDAN, 0, fixed)


def test_laden_seats_are_for_nobody_but_child_seats_are() -> None:
    things = [{"kind": "bag", "seat": "Row1.Pos1"}, {"kind": "child_seat", "seat": "Row2.Pos2"}]
    camera = camera_of()
    assert set(facing_seats(SEDAN, camera)) >= {"Row1.Pos1", "Row1.Pos2", "Row2.Pos2"}
    names = facing_seats(Cabin(CabinSpec(things=things)), camera)
    assert "Row1.Pos1" not in names
    assert "Row1.Pos2" in names


# ---- zones and seat lines


def test_cabin_files_are_valid_and_hold_what_the_camera_sees() -> None:
    for cabin, camera in DRAWN:
        config = CabinConfig(**cabin_file(cabin, camera))
        (view,) = config.cameras
        assert view == camera_view(cabin, camera)
        places = any(seat.seat_line or seat.cushion for seat in view.seats)
        assert ("feet_on_seats" in config.detectors) == places


def test_every_hip_point_is_in_its_own_zone_and_in_no_other() -> None:
    seen = 0
    for cabin, camera in DRAWN:
        seats = [seat for seat in camera_view(cabin, camera).seats if seat.zone]
        for seat in seats:
            seen += 1
            (pixel,) = camera.project(cabin.seats[seat.name].hip_m)[0]
            holders = [s.name for s in seats if polygon_contains(s.zone, pixel / camera.spec.size_wh)]
            assert holders == [seat.name]
    assert seen > 2 * len(DRAWN)


def test_facing_seats_have_a_zone() -> None:
    shares = []
    for cabin, camera in DRAWN:
        names = {seat.name for seat in camera_view(cabin, camera).seats if seat.zone}
        shares += [name in names for name in facing_seats(cabin, camera)]
    assert np.mean(shares) > 0.97


def test_zones_do_not_overlap() -> None:
    for cabin, camera in DRAWN:
        zones = [np.float32(seat.zone) for seat in camera_view(cabin, camera).seats if seat.zone]
        for i, one in enumerate(zones):
            for other in zones[:i]:
                overlap, _ = cv2.intersectConvexConvex(cv2.convexHull(one), cv2.convexHull(other))
                assert overlap < 0.001


@pytest.mark.parametrize("model", ["pinhole", "fisheye"])
def test_seat_lines_lie_where_opencv_puts_the_front_edges(model: str) -> None:
    distortion = (0.02, -0.01, 0.002, 0.0) if model == "fisheye" else (0.0,) * 4
    fov = 150 if model == "fisheye" else 110
    camera = camera_of(model=model, distortion=distortion, fov_deg=fov, roll_deg=5)
    view = camera_view(SEDAN, camera)
    lines = {seat.name: seat.seat_line for seat in view.seats if seat.seat_line}
    assert set(lines) >= {"Row1.Pos1", "Row1.Pos2"}
    for name, line in lines.items():
        expected = cv2_points(camera, SEDAN.seats[name].front_edge) / camera.spec.size_wh
        assert np.array(line) == pytest.approx(expected, abs=2e-4)


def test_a_seatback_hides_the_seat_line_behind_it() -> None:
    low = camera_of(position_m=(0.5, 0.0, 0.9))
    view = camera_view(SEDAN, low)
    lines = {seat.name: seat.seat_line for seat in view.seats}
    assert lines["Row1.Pos1"] is not None
    assert lines.get("Row2.Pos1") is None
    no_console = {"console_m": 0, "tunnel_m": 0}
    alone = Cabin(CabinSpec(rows=CabinSpec().rows[1:], wheel=None, console=no_console))
    lines = {seat.name: seat.seat_line for seat in camera_view(alone, low).seats}
    assert lines["Row1.Pos1"] is not None


@pytest.mark.parametrize("model", ["pinhole", "fisheye"])
def test_cushions_lie_where_opencv_puts_their_corners(model: str) -> None:
    camera = camera_of(model=model, fov_deg=150 if model == "fisheye" else 110, roll_deg=5)
    cushions = {seat.name: seat.cushion for seat in camera_view(SEDAN, camera).seats if seat.cushion}
    assert set(cushions) >= {"Row1.Pos1", "Row1.Pos2"}
    for name, outline in cushions.items():
        box = SEDAN.seats[name].cushion
        top = np.array([[x, y, 1] for x in (-1, 1) for y in (-1, 1)]) * box.size / 2
        corners = cv2_points(camera, box.center + top @ box.rotation.T) / camera.spec.size_wh
        for corner in np.clip(corners, -0.5, 1.5):
            assert np.linalg.norm(np.array(outline) - corner, axis=1).min() < 2e-4
        (middle,) = camera.project((box.center + box.rotation @ (0, 0, box.size[2] / 2))[None])[0]
        assert polygon_contains(outline, middle / camera.spec.size_wh)


def test_a_cushion_that_a_seatback_hides_is_outlined_as_if_it_were_of_glass() -> None:
    camera = camera_of(position_m=(0.5, 0.0, 0.9))
    seats = {seat.name: seat for seat in camera_view(SEDAN, camera).seats}
    bare = SEDAN.spec.model_copy(update={"rows": (SEDAN.spec.rows[1],), "wheel": None})
    alone = {seat.name: seat for seat in camera_view(Cabin(bare), camera).seats}
    for position in (1, 2, 3):
        assert seats[f"Row2.Pos{position}"].cushion == alone[f"Row1.Pos{position}"].cushion
    assert seats["Row2.Pos1"].zone is None
    assert seats["Row1.Pos1"].zone is not None


def test_every_point_over_a_cushion_is_in_its_outline_and_none_beside_it() -> None:
    """Of lenses that bend straight edges, too."""
    rng = np.random.default_rng(0)
    checked = 0
    for cabin, camera in DRAWN[::4]:
        outlines = {seat.name: seat.cushion for seat in camera_view(cabin, camera).seats}
        for name, seat in cabin.seats.items():
            shares = rng.uniform(-1.3, 1.3, (20, 2))
            shares = shares[np.abs(np.abs(shares) - 1).min(axis=1) > 0.05]
            local = np.column_stack([shares, np.ones(len(shares))]) * seat.cushion.size / 2
            pixels, _ = camera.project(seat.cushion.center + local @ seat.cushion.rotation.T)
            for share, point in zip(shares, pixels / camera.spec.size_wh, strict=True):
                if not ((point > 0) & (point < 1)).all():
                    continue
                outline = outlines.get(name)
                if (camera.position - seat.hip_m)[0] * seat.facing <= 0:
                    assert outline is None, "seen from behind, the floor before it lies under the cushion"
                    continue
                assert outline is not None
                assert polygon_contains(outline, point) == (np.abs(share) < 1).all()
                checked += 1
    assert checked > 200


def test_the_dashboard_is_where_ankles_of_feet_on_it_are() -> None:
    camera = camera_of(position_m=(-0.3, 0.0, 1.1), look_at_m=(0.9, 0.0, 0.6))
    view = camera_view(SEDAN, camera)
    assert view.dashboard is not None
    dash = SEDAN.spec.dash
    spots = np.array([[SEDAN.spec.front_m + 0.1, y, dash.top_m + 0.08] for y in (-0.4, 0.0, 0.4)])
    for pixel in camera.project(spots)[0] / camera.spec.size_wh:
        assert polygon_contains(view.dashboard, pixel)
    away = camera_of(position_m=(-0.3, 0.0, 1.0), look_at_m=(-2.0, 0.0, 0.6), fov_deg=60)
    assert camera_view(SEDAN, away).dashboard is None
    assert camera_view(Cabin(CabinSpec(dash=None, wheel=None)), camera).dashboard is None


def test_a_mirrored_camera_has_the_mirrored_view() -> None:
    plain, mirrored = (camera_view(SEDAN, camera_of(mirrored=m, size_wh=(500, 400))) for m in (False, True))
    assert not plain.mirrored
    assert mirrored.mirrored
    assert [seat.name for seat in plain.seats] == [seat.name for seat in mirrored.seats]
    for one, other in zip(plain.seats, mirrored.seats, strict=True):
        if one.seat_line:
            turned = [(1 - x, y) for x, y in one.seat_line]
            assert np.array(other.seat_line) == pytest.approx(np.array(turned), abs=2e-4)
        if one.zone is None or other.zone is None:
            assert one.zone is other.zone
            continue
        xs = np.array(one.zone)[:, 0]
        assert 1 - np.array(other.zone)[:, 0].max() == pytest.approx(xs.min(), abs=1e-3)


def test_the_view_is_the_same_for_any_resolution() -> None:
    small, large = (camera_view(SEDAN, camera_of(size_wh=size)) for size in ((320, 240), (1280, 960)))
    assert isinstance(small, CameraView)
    assert small == large


def test_a_camera_that_sees_no_seat_has_an_empty_view() -> None:
    away = camera_of(look_at_m=(3.0, 0.0, 1.2), fov_deg=60)
    assert camera_view(SEDAN, away).seats == ()
    assert facing_seats(SEDAN, away) == ()
    assert CabinConfig(**cabin_file(SEDAN, away)).cameras[0].seats == ()


def test_a_cushion_that_a_lens_bends_across_itself_is_left_out() -> None:
    cabin = Cabin(draw_cabin(1058, {"kind": "van"}))
    view = camera_view(cabin, Camera(draw_camera(cabin, 1058 * 7 + 2)))
    cushions = {seat.name for seat in view.seats if seat.cushion}
    assert "Row3.Pos1" not in cushions
    assert {"Row3.Pos2", "Row3.Pos3"} <= cushions
