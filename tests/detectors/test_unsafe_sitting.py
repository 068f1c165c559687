from __future__ import annotations

from pathlib import Path

import pytest

from cabinsafe.detectors.classifier import ClassifierCard
from cabinsafe.detectors.features import feature_schema
from cabinsafe.detectors.unsafe_sitting import UnsafeSitting, UnsafeSittingOptions
from cabinsafe.errors import ConfigError
from cabinsafe.resources import sha256_of
from cabinsafe.types import Reading, Scene, State
from cabinsafe.views import CameraView, SeatView

HIDDEN_LEGS = dict.fromkeys(["left_knee", "right_knee", "left_ankle", "right_ankle"])


LYING = {  # on the back, head to the left of the picture
    "nose": (60, 262), "left_eye": (58, 256), "right_eye": (58, 268), "left_ear": (66, 252),
    "right_ear": (66, 272), "neck": (100, 265), "left_shoulder": (102, 240), "right_shoulder": (98, 290),
    "left_elbow": (150, 228), "right_elbow": (148, 305), "left_wrist": (190, 245), "right_wrist": (192, 295),
    "left_hip": (212, 252), "right_hip": (210, 284), "left_knee": (296, 240), "right_knee": (298, 280),
    "left_ankle": (370, 262), "right_ankle": (366, 300),
}  # fmt: skip


SIDEWAYS = {  # seated, the torso fallen onto the next seat, to the right of the picture
    "nose": (345, 260), "neck": (308, 252), "left_shoulder": (304, 284), "right_shoulder": (312, 220),
    "left_elbow": (330, 318), "right_elbow": (300, 200), "left_wrist": (352, 330), "right_wrist": (260, 215),
    "left_eye": (352, 266), "right_eye": (350, 254), "left_ear": (344, 274), "right_ear": (340, 244),
}  # fmt: skip


def detector(**options: object) -> UnsafeSitting:
    return UnsafeSitting(UnsafeSittingOptions(**options), {})


@pytest.fixture(scope="module")
def embedded() -> UnsafeSitting:
    return detector()


def only(readings: list[Reading]) -> Reading:
    (reading,) = readings
    return reading


def mirrored(points: dict[str, tuple[float, float]]) -> dict[str, tuple[float, float]]:
    swap = {"left": "right", "right": "left"}
    names = {name: name.split("_") for name in points}
    return {
        "_".join([swap.get(parts[0], parts[0]), *parts[1:]]): (400 - points[name][0], points[name][1])
        for name, parts in names.items()
    }


@pytest.mark.parametrize(
    ("points", "state"),
    [
        ({}, State.FALSE),
        (LYING, State.TRUE),
        (mirrored(LYING), State.TRUE),
        (LYING | HIDDEN_LEGS, State.TRUE),
        (SIDEWAYS, State.TRUE),
        (mirrored(SIDEWAYS), State.TRUE),
    ],
    ids=[
        "upright",
        "lying",
        "lying the other way",
        "lying, legs hidden",
        "fallen sideways",
        "fallen to the other side",
    ],
)
def test_hand_made_skeletons(embedded, make_skeleton, make_scene, points: dict, state: State) -> None:
    assert only(embedded.read(make_scene(make_skeleton(**points)))).state is state


@pytest.mark.parametrize("down_px", [15, 30, 45, 60])
@pytest.mark.parametrize("apart_px", [0, 6, 18])
def test_upright_from_straight_ahead_is_safe_however_short_the_thighs_look(
    embedded, make_skeleton, make_scene, down_px: int, apart_px: int
) -> None:
    legs = {}
    for side, x, sign in (("left", 222, 1), ("right", 178, -1)):
        knee = (x + sign * apart_px, 250 + down_px)
        legs |= {f"{side}_knee": knee, f"{side}_ankle": (knee[0], knee[1] + 80)}
    assert only(embedded.read(make_scene(make_skeleton(**legs)))).state is State.FALSE


@pytest.mark.parametrize(
    "change",
    [
        HIDDEN_LEGS,
        HIDDEN_LEGS | {"left_hip": None},
        {"left_wrist": (215, 105), "left_elbow": (262, 160)},
    ],
    ids=["legs hidden", "legs and a hip hidden", "phone at the ear"],
)
def test_an_upright_trunk_is_not_reported(embedded, make_skeleton, make_scene, change) -> None:
    """Safe or undecided are both right: without legs an upright person may also stand."""
    assert only(embedded.read(make_scene(make_skeleton(**change)))).state is not State.TRUE


@pytest.mark.parametrize("points", [{}, LYING, SIDEWAYS], ids=["upright", "lying", "sideways"])
def test_distance_to_the_camera_does_not_matter(embedded, make_skeleton, make_scene, points: dict) -> None:
    near = make_skeleton(**points)
    far = near.model_copy(update={"xy": near.xy * 0.4 + [300, 20]})
    a, b = embedded.read(make_scene(near, far))
    assert a.score == pytest.approx(b.score, abs=1e-3)


def test_evidence_says_why(embedded, make_skeleton, make_scene) -> None:
    reading = only(embedded.read(make_scene(make_skeleton(**LYING))))
    evidence = reading.evidence
    assert reading.kind == "unsafe_sitting"
    assert reading.score == pytest.approx(evidence["unsafe_probability"], abs=1e-4)
    assert reading.score >= evidence["threshold_probability"] == embedded.threshold
    assert evidence["keypoints_seen_count"] == 14
    assert 90 < evidence["body_scale_px"] < 140
    classes = embedded._judge.card.classes
    assert classes[0] == "safe"
    assert len(classes) > 2
    each = [evidence[f"{name}_probability"] for name in classes]
    assert sum(each) == pytest.approx(1, abs=1e-3)
    assert sum(each[1:]) == pytest.approx(reading.score, abs=1e-3)
    assert max(zip(each, classes, strict=True))[1] == "lying"
    added = {name: value for name, value in evidence.items() if name.endswith("_adds_logits")}
    assert len(added) == 3
    assert min(added.values()) > 0, "each speaks for the answer"
    for name in added:
        feature = name.removesuffix("_adds_logits")
        assert feature in feature_schema().names
        assert not feature.startswith("seen_")
        assert f"{feature}_body_scales" in evidence


def test_reasons_speak_for_safe_where_the_answer_is_safe(embedded, make_skeleton, make_scene) -> None:
    reading = only(embedded.read(make_scene(make_skeleton())))
    added = [value for name, value in reading.evidence.items() if name.endswith("_adds_logits")]
    assert reading.state is State.FALSE
    assert added
    assert max(added) < 0


@pytest.mark.parametrize(
    ("change", "options"),
    [
        ({"left_hip": None, "right_hip": None}, {}),
        ({"left_shoulder": None, "right_shoulder": None, "neck": None}, {}),
        ({"nose": None}, {"min_keypoints_count": 14}),
        ({"ambiguity": 0.95}, {}),
        ({}, {"min_keypoint_score": 0.95}),
    ],
    ids=["no hip", "no shoulder", "too few", "contested", "weak keypoints"],
)
def test_what_cannot_be_judged_is_not_observable(make_skeleton, make_scene, change, options) -> None:
    for points in ({}, LYING):
        reading = only(detector(**options).read(make_scene(make_skeleton(**{**points, **change}))))
        assert (reading.state, reading.score) == (State.NOT_OBSERVABLE, 0.0)
        assert "unsafe_probability" not in reading.evidence


def test_keypoints_on_contested_limbs_are_unseen(embedded, make_skeleton, make_scene) -> None:
    arm = {"left_elbow-left_shoulder": 0.95, "right_elbow-right_wrist": 0.92, "left_hip-left_knee": 0.9}
    contested = only(embedded.read(make_scene(make_skeleton(limbs=arm))))
    gone = dict.fromkeys(["left_elbow", "left_wrist", "right_wrist"])
    hidden = only(detector().read(make_scene(make_skeleton(**gone))))
    assert contested.evidence["keypoints_seen_count"] == hidden.evidence["keypoints_seen_count"] == 11
    assert contested.score == pytest.approx(hidden.score, abs=1e-6)
    trunk = {f"neck-{side}_{joint}": 0.95 for side in ("left", "right") for joint in ("shoulder", "hip")}
    assert only(embedded.read(make_scene(make_skeleton(limbs=trunk)))).state is State.NOT_OBSERVABLE


def test_an_answer_stands_for_a_while_and_not_longer(make_skeleton, make_scene) -> None:
    rule = detector(every_s=0.2)
    upright, lying = make_skeleton(), make_skeleton(**LYING)
    states = [
        only(rule.read(make_scene(person, t_s=t_s))).state
        for t_s, person in ((0.0, upright), (0.1, lying), (0.2, lying), (0.3, upright), (0.4, upright))
    ]
    assert states == [State.FALSE, State.FALSE, State.TRUE, State.TRUE, State.FALSE]
    assert only(rule.read(make_scene(None, t_s=0.5))).state is State.NOT_OBSERVABLE, "who is gone is gone"
    assert only(rule.read(make_scene(lying, t_s=0.6))).state is State.TRUE
    assert only(rule.read(make_scene(upright, t_s=0.1))).state is State.FALSE, "time went back: judged anew"
    always = detector(every_s=0.0)
    always.read(make_scene(upright, t_s=0.0))
    assert only(always.read(make_scene(lying, t_s=0.01))).state is State.TRUE


def test_newcomers_are_judged_at_once_beside_those_whose_answers_stand(make_skeleton, make_scene) -> None:
    rule = detector(every_s=1.0)
    rule.read(make_scene(make_skeleton(), t_s=0.0))
    readings = rule.read(make_scene(make_skeleton(), make_skeleton((30, 0), **LYING), t_s=0.1))
    assert [(r.track_ids, r.state) for r in readings] == [((1,), State.FALSE), ((2,), State.TRUE)]


def test_options_differ_by_seat_and_view_but_for_the_classifier(make_skeleton, make_scene) -> None:
    seat = SeatView(name="Row1.Pos1", zone=((0, 0), (1, 0), (1, 1)))
    views = {"front": CameraView(camera_id="front", seats=(seat,))}
    options = UnsafeSittingOptions(per_seat={"Row1.Pos1": {"threshold": 1e-6}})
    scenes = [make_scene(make_skeleton(), seat=name) for name in ("Row1.Pos1", None)]
    states = [only(UnsafeSitting(options, views).read(scene)).state for scene in scenes]
    assert states == [State.TRUE, State.FALSE]
    with pytest.raises(ConfigError, match=r"per_view\.front must not hold model"):
        UnsafeSittingOptions(per_view={"front": {"model": "other"}})
    with pytest.raises(ConfigError, match=r"per_seat\.Row9\.Pos1"):
        UnsafeSitting(UnsafeSittingOptions(per_seat={"Row9.Pos1": {"threshold": 0.5}}), views)


def test_one_reading_per_track_even_without_a_skeleton(embedded, make_skeleton, make_scene) -> None:
    readings = embedded.read(make_scene(make_skeleton(), None, make_skeleton((30, 0), **LYING)))
    assert [(r.track_ids, r.state) for r in readings] == [
        ((1,), State.FALSE),
        ((2,), State.NOT_OBSERVABLE),
        ((3,), State.TRUE),
    ]
    assert embedded.read(Scene(t_s=0.0, camera_id="front", size_wh=(4, 4))) == []


def test_threshold_and_margin_come_from_the_options(embedded, make_skeleton, make_scene) -> None:
    scene = make_scene(make_skeleton(**SIDEWAYS))
    probability = only(embedded.read(scene)).score
    above = min(probability + 0.5 * (1 - probability), 0.999999)
    assert only(detector(threshold=above).read(scene)).state is State.FALSE
    near = min(probability - 0.05, 0.95)
    unsure = only(detector(threshold=near, abstain_margin=0.1).read(scene))
    assert (unsure.state, unsure.score) == (State.NOT_OBSERVABLE, probability)
    assert unsure.evidence["unsafe_probability"] == pytest.approx(probability, abs=1e-4)
    assert only(detector(threshold=near).read(scene)).state is State.TRUE, "no band of its own"
    assert only(detector(abstain_margin=0.0).read(scene)).state is State.TRUE


def test_between_the_cards_limits_there_is_no_answer(copied: Path, edit, make_skeleton, make_scene) -> None:
    scene = make_scene(make_skeleton(**SIDEWAYS))
    probability = only(detector(model=str(copied)).read(scene)).score
    edit(undecided=[0.1, min(probability + 1e-4, 1.0)])
    assert only(detector(model=str(copied)).read(scene)).state is State.NOT_OBSERVABLE
    edit(undecided=[0.1, probability - 1e-4])
    assert only(detector(model=str(copied)).read(scene)).state is State.TRUE


def test_two_detectors_do_not_disturb_each_other(make_skeleton, make_scene) -> None:
    scene = make_scene(make_skeleton())
    strict, usual = detector(threshold=1e-6), detector()
    states = [only(d.read(scene)).state for d in (strict, usual, strict, usual)]
    assert states == [State.TRUE, State.FALSE, State.TRUE, State.FALSE]
    strict.reset()
    assert only(strict.read(scene)).state is State.TRUE


@pytest.mark.parametrize("wrong", [{"threshold": 1.0}, {"min_keypoints_count": 2}, {"hold_s": 1}])
def test_options_have_bounds(wrong) -> None:
    with pytest.raises(ConfigError):
        UnsafeSittingOptions(**wrong)


def test_embedded_card_is_the_files_own(embedded, repository: Path) -> None:
    file = repository / "models" / "unsafe-sitting.onnx"
    assert embedded.digests == {file.name: sha256_of(file)}
    assert file.stat().st_size < 2_000_000
    card = ClassifierCard.load("unsafe-sitting")
    assert card.licence == "Apache-2.0"
    assert all("synthetic" in source["what"] for source in card.sources)
    assert card.classes == (
        "safe", "kneeling", "leaning_out", "lying", "reversed", "sliding", "standing"
    )  # fmt: skip
    held_out = card.metrics["held_out"]
    assert held_out["labelled"]["balanced_accuracy"] > held_out["seen"]["balanced_accuracy"] > 0.8
    baseline = card.metrics["logistic_regression"]
    for source in ("labelled", "seen"):
        assert held_out[source]["balanced_accuracy"] > baseline[source]["balanced_accuracy"]
    assert any("own cabins" in limit for limit in card.limits)


def test_a_card_may_lie_anywhere(copied: Path, make_skeleton, make_scene) -> None:
    assert only(detector(model=str(copied)).read(make_scene(make_skeleton()))).state is State.FALSE
