"""Unsafe sitting of people whose seat's cushion is outlined."""

from __future__ import annotations

from typing import Any

import pytest

from cabinsafe.detectors.unsafe_sitting import UnsafeSitting, UnsafeSittingOptions
from cabinsafe.errors import ConfigError, ModelError
from cabinsafe.types import Reading, Scene, State
from cabinsafe.views import CameraView, SeatView

SEAT = "Row2.Pos1"
CUSHION = ((0.34, 0.63), (0.66, 0.63), (0.68, 0.79), (0.32, 0.79))  # its middle .3 torsos below the hips


def view(*, moved: tuple[float, float] = (0.0, 0.0), mirrored: bool = False) -> dict[str, CameraView]:
    """A view in which the cushion is where somebody upright sits, or elsewhere."""
    outline = [(x + moved[0], y + moved[1]) for x, y in CUSHION]
    if mirrored:
        outline = [(1.0 - x, y) for x, y in outline]
    seat = SeatView(name=SEAT, cushion=tuple(outline))
    return {"front": CameraView(camera_id="front", mirrored=mirrored, seats=(seat,))}


def read(scene: Scene, views: dict[str, CameraView], **options: Any) -> Reading:
    (reading,) = UnsafeSitting(UnsafeSittingOptions(**options), views).read(scene)
    return reading


@pytest.fixture
def seated(make_skeleton, make_scene) -> Scene:
    return in_seat(make_scene(make_skeleton()))


def in_seat(scene: Scene) -> Scene:
    tracks = tuple(track.model_copy(update={"seat": SEAT}) for track in scene.tracks)
    return scene.model_copy(update={"tracks": tracks})


def test_whoever_is_far_before_the_seat_sits_less_safely(seated: Scene) -> None:
    upright = read(seated, view())
    slid = read(seated, view(moved=(0.0, -0.15)))
    assert upright.state is State.FALSE
    assert slid.score > upright.score + 0.2, "the same skeleton, the cushion higher in the picture"


def test_a_mirrored_view_is_read_as_the_same_seat(seated: Scene, make_scene) -> None:
    (track,) = seated.tracks
    assert track.skeleton is not None
    turned = track.skeleton.xy * [-1.0, 1.0] + [seated.size_wh[0], 0.0]
    other = track.skeleton.model_copy(update={"xy": turned.astype("float32")})  # its sides keep their names
    scene = in_seat(make_scene(other))
    plain, mirror = read(seated, view()), read(scene, view(mirrored=True))
    assert mirror.score == pytest.approx(plain.score, abs=1e-4)


@pytest.mark.parametrize("seat", [None, "Row1.Pos1"])
def test_without_an_outlined_seat_the_skeleton_alone_is_judged(seated: Scene, seat: str | None) -> None:
    tracks = tuple(track.model_copy(update={"seat": seat}) for track in seated.tracks)
    scene = seated.model_copy(update={"tracks": tracks})
    assert read(scene, view()).evidence == read(scene, {}).evidence


def test_people_of_both_sorts_are_read_together(make_scene, make_skeleton) -> None:
    scene = make_scene(make_skeleton(), make_skeleton((60, 0)))
    first, second = scene.tracks
    scene = scene.model_copy(update={"tracks": (first.model_copy(update={"seat": SEAT}), second)})
    detector = UnsafeSitting(UnsafeSittingOptions(), view())
    on_seat, other = detector.read(scene)
    assert [reading.track_ids for reading in (on_seat, other)] == [(1,), (2,)]
    assert on_seat.evidence == read(in_seat(make_scene(make_skeleton())), view()).evidence
    alone = read(make_scene(make_skeleton((60, 0))), {})
    assert other.score == pytest.approx(alone.score, abs=1e-3)


def test_evidence_may_name_distances_to_the_seat(seated: Scene) -> None:
    evidence = read(seated, view(moved=(0.0, -0.15))).evidence
    assert any("_seat_adds_logits" in name for name in evidence)


def test_digests_name_the_classifiers_in_use() -> None:
    assert set(UnsafeSitting(UnsafeSittingOptions(), {}).digests) == {"unsafe-sitting.onnx"}
    both = {"unsafe-sitting.onnx", "unsafe-sitting-seat.onnx"}
    assert set(UnsafeSitting(UnsafeSittingOptions(), view()).digests) == both
    alone = UnsafeSittingOptions(seat_model=None)
    assert set(UnsafeSitting(alone, view()).digests) == {"unsafe-sitting.onnx"}


def test_another_model_is_not_overruled_by_the_embedded_one() -> None:
    assert UnsafeSittingOptions(model="mine.json").on_seat is None
    assert UnsafeSittingOptions(model="mine.json", seat_model="seat.json").on_seat == "seat.json"
    assert UnsafeSittingOptions().on_seat == "unsafe-sitting-seat"


def test_classifiers_of_the_other_sort_are_refused() -> None:
    with pytest.raises(ModelError, match=r"must know where the seat is: name it as seat_model"):
        UnsafeSitting(UnsafeSittingOptions(model="unsafe-sitting-seat"), {})
    with pytest.raises(ModelError, match=r"does not look at where the seat is: name it as model"):
        UnsafeSitting(UnsafeSittingOptions(seat_model="unsafe-sitting"), view())
    with pytest.raises(ConfigError, match="must not hold seat_model"):
        UnsafeSittingOptions(per_seat={SEAT: {"seat_model": "other"}})


def test_an_unseen_person_is_not_judged_by_the_seat_alone(make_scene, make_skeleton) -> None:
    scene = in_seat(make_scene(make_skeleton(**dict.fromkeys(["left_hip", "right_hip"]))))
    assert read(scene, view()).state is State.NOT_OBSERVABLE
