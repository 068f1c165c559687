"""Cabin files: what is refused, and whether the message helps to mend it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cabinsafe import CabinAnalyzer, CabinConfig, load_config
from cabinsafe.config import config_schema
from cabinsafe.errors import ConfigError, ModelError

MINIMAL = """
name: test
cameras:
  - camera_id: front
    seats:
      - name: Row1.Pos1
        zone: [[0, 0], [1, 0], [1, 1]]
        seat_line: [[0.1, 0.8], [0.9, 0.8]]
"""


SITTING = "detectors: {unsafe_sitting: {model: svm.json, seat_model: seat.json}}"


@pytest.fixture
def write(tmp_path: Path):
    def write(text: str) -> Path:
        file = tmp_path / "cabin.yaml"
        file.write_text(text, encoding="utf-8")
        return file

    return write


def test_a_minimal_file_gets_every_default(write) -> None:
    cabin = load_config(write(MINIMAL))
    assert list(cabin.detectors) == ["feet_on_seats", "hand_on_leg", "unsafe_sitting"]
    assert cabin.pose.engine == "onnx"
    assert cabin.views["front"].seats[0].name == "Row1.Pos1"


@pytest.mark.parametrize("name", ["sedan", "shuttle"])
def test_bundled_cabins_are_valid_by_path_and_by_name(repository: Path, name: str) -> None:
    cabin = load_config(repository / "configs" / f"{name}.yaml")
    assert cabin == load_config(name)
    assert cabin.name == name


@pytest.mark.parametrize(
    ("addition", "parts"),
    [
        (
            "evnts: {}",
            [
                "evnts: unknown key",
                "did you mean 'events'?",
                "allowed here: camera_health, cameras, detectors",
            ],
        ),
        (
            "events: {default: {hold_sec: 1}}",
            ["events.default.hold_sec: unknown key; did you mean 'hold_s'?", "release_s"],
        ),
        (
            "events: {default: {hold_s: -1}}",
            ["events.default.hold_s", "got -1", "allowed: at least 0", "at most 3600"],
        ),
        (
            "events: {default: {when: {min_speed_m_s: 5, max_speed_m_s: 2}}}",
            ["events.default.when: min_speed_m_s 5.0 must not exceed max_speed_m_s 2.0"],
        ),
        ("events: {feet: {}}", ["events.feet: no such detector in this file", "feet_on_seats"]),
        ("detectors: {feet_on_table: {}}", ["no detector of kind 'feet_on_table'; there are feet_on_seats"]),
        (
            "detectors: {feet_on_seats: {margi_shins: 1}}",
            ["detectors.feet_on_seats.margi_shins: unknown key; did you mean 'margin_shins'?"],
        ),
        (
            "detectors: {feet_on_seats: {span_margin: 2}}",
            ["detectors.feet_on_seats.span_margin", "got 2", "at least 0, at most 1"],
        ),
        ("pose: {threads: many}", ["pose.threads", "valid integer", "got 'many'", "at least 1, at most 64"]),
        ("pose: {engine: tensor}", ["pose.engine", "onnx or openvino or tensorrt or replay", "got 'tensor'"]),
        ("pose: {tensorrt: {precision: fp8}}", ["pose.tensorrt.precision", "fp32 or fp16 or int8", "'fp8'"]),
        ("pose: {tensorrt: {batch: 9}}", ["pose.tensorrt: batch 9 is more than max_batch 8"]),
        ("pose: {decoder: {peak_threshold: 7}}", ["pose.decoder.peak_threshold", "got 7", "allowed"]),
        ("pose: {boxes: maybe}", ["pose.boxes", "boolean", "got 'maybe'"]),
        ("pose: {box_decoder: {max_boxes: 0}}", ["pose.box_decoder.max_boxes", "got 0", "at least 1"]),
        (
            "events: {feet_on_seats: {per_seat: {Row1.Pos9: {hold_s: 2}}}}",
            ["events.feet_on_seats.per_seat.Row1.Pos9: the cabin has Row1.Pos1"],
        ),
        (
            "events: {default: {per_view: {reer: {hold_s: 2}}}}",
            ["events.default.per_view.reer: the cabin has front"],
        ),
        (
            "detectors: {feet_on_seats: {per_seat: {Row1.Pos9: {margin_shins: 0}}}}",
            ["detectors.feet_on_seats.per_seat.Row1.Pos9: the cabin has Row1.Pos1"],
        ),
        ("name: twice", ["key 'name' is given twice"]),
    ],
)
def test_mistakes_are_named_with_key_and_range(write, addition: str, parts: list[str]) -> None:
    file = write(MINIMAL + addition)
    with pytest.raises(ConfigError) as refusal:
        load_config(file)
    message = str(refusal.value)
    assert message.startswith(f"{file}: ")
    for part in parts:
        assert part in message


@pytest.mark.parametrize(
    ("old", "new", "part"),
    [
        ("name: test", "", "name: missing; it must be given"),
        ("Row1.Pos1", "driver", "cameras.0.seats.0.name"),
        ("[0.9, 0.8]]", "[9, 0.8]]", "cameras.0.seats.0.seat_line.1.0"),
        ("[0.9, 0.8]]", "[0.1, 0.8]]", "two ends of seat_line must differ"),
        ("[[0, 0], [1, 0], [1, 1]]", "[[0, 0], [1, 0]]", "cameras.0.seats.0.zone"),
        ("[1, 0], [1, 1]]", "[0.3, 0.3], [1, 1]]", "cameras.0.seats.0.zone: the outline has no area"),
        ("[1, 0], [1, 1]]", "[1, 1], [1, 0], [0, 1]]", "cameras.0.seats.0.zone: the outline crosses itself"),
        (
            "[1, 0], [1, 1]]",
            "[1, 1], [0.6, 0], [0, 1]]",
            "cameras.0.seats.0.zone: the outline crosses itself",
        ),
        (
            "    seats:",
            "    dashboard: [[0, 0.9], [1, 1], [1, 0.9], [0, 1]]\n    seats:",
            "cameras.0.dashboard: the outline crosses itself",
        ),
        (
            "    seats:",
            "    seats:\n      - name: Row3.Pos1",
            "Row3.Pos1 needs a zone, a seat_line or a cushion",
        ),
    ],
)
def test_geometry_is_checked(write, old: str, new: str, part: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        load_config(write(MINIMAL.replace(old, new)))
    assert part in str(refusal.value)


@pytest.mark.parametrize(
    "zone",
    [
        "[[0, 0], [1, 0], [1, 1], [0, 0]]",  # closed by its first corner
        "[[0, 0], [1, 0], [1, 1], [0.5, 0.2], [0, 1]]",  # not convex
        "[[0, 0], [0.5, 0], [1, 0], [1, 1]]",  # a corner on a side
    ],
)
def test_outlines_may_be_closed_and_of_any_shape(write, zone: str) -> None:
    cabin = load_config(write(MINIMAL.replace("[[0, 0], [1, 0], [1, 1]]", zone)))
    assert len(cabin.views["front"].seats[0].zone) == zone.count("[") - 1


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("[1, 2]", "expected a mapping"),
        ("a: [", "not valid YAML"),
        ("", "got NoneType"),
        ("a: \x00", "not valid YAML"),
    ],
)
def test_files_that_are_no_mapping(write, text: str, part: str) -> None:
    with pytest.raises(ConfigError, match=part):
        load_config(write(text))


def test_merge_keys_work_and_are_not_taken_for_repeated_ones(write) -> None:
    text = "events:\n  default: &d {hold_s: 3, release_s: 4}\n  hand_on_leg: {<<: *d, hold_s: 2}\n"
    gate = load_config(write(MINIMAL + text)).events["hand_on_leg"]
    assert (gate.hold_s, gate.release_s) == (2, 4)


def test_missing_file_and_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "none.yaml", tmp_path):
        with pytest.raises(ConfigError, match="cannot be read"):
            load_config(path)


@pytest.mark.parametrize(
    ("name", "hint"), [("shutle", "; did you mean 'shuttle'?"), ("sedan.yml", "'sedan'?"), ("bus", "shuttle")]
)
def test_a_name_that_is_no_cabin_is_refused_with_those_that_are(name: str, hint: str) -> None:
    with pytest.raises(ConfigError, match=f"no cabin '{name}': .*bundled sedan, shuttle") as refusal:
        load_config(name)
    assert str(refusal.value).endswith(hint)


@pytest.mark.parametrize(
    ("addition", "error", "message"),
    [
        ("pose: {model: none}", ModelError, "pose.model: no model card 'none': neither"),
        (SITTING, ModelError, "detectors.unsafe_sitting: no model card"),
        (
            "detectors: {feet_on_seats: {}}",
            ConfigError,
            "detectors.feet_on_seats: feet_on_seats needs a seat",
        ),
    ],
)
def test_what_fails_when_the_parts_are_made_names_file_and_key(
    write, addition: str, error: type[Exception], message: str
) -> None:
    file = write(MINIMAL.replace("        seat_line: [[0.1, 0.8], [0.9, 0.8]]\n", "") + addition)
    with pytest.raises(error) as refusal:
        CabinAnalyzer.from_config(file)
    assert str(refusal.value).startswith(f"{file}: {message}")


def test_one_mistake_is_one_line(write) -> None:
    with pytest.raises(ConfigError) as refusal:
        load_config(write(MINIMAL.replace("camera_id: front", "camera_id: front\n    mirored: true")))
    assert str(refusal.value).count("\n") == 0
    assert "cameras.0.mirored: unknown key; did you mean 'mirrored'?" in str(refusal.value)


def test_construction_in_code_is_checked_the_same_way() -> None:
    with pytest.raises(ConfigError, match="cameras: missing"):
        CabinConfig(name="a")


def test_two_cameras_or_seats_of_one_name_are_refused(write) -> None:
    seat = MINIMAL.split("seats:\n")[1]
    with pytest.raises(ConfigError, match="seat names must differ"):
        load_config(write(MINIMAL + seat.lstrip("\n")))
    camera = MINIMAL.split("cameras:\n")[1]
    with pytest.raises(ConfigError, match="camera ids must differ"):
        load_config(write(MINIMAL + camera))


def test_digest_follows_content_not_layout(write) -> None:
    plain = load_config(write(MINIMAL)).digest
    assert load_config(write("# a comment\n" + MINIMAL + "pose: {threads: 1}\n")).digest == plain
    assert load_config(write(MINIMAL + "pose: {threads: 2}\n")).digest != plain
    every = "detectors: {feet_on_seats: {margin_shins: %s}, hand_on_leg: {}, unsafe_sitting: {}}\n"
    assert load_config(write(MINIMAL + every % -0.19)).digest == plain, "a default that is written out"
    assert load_config(write(MINIMAL + every % 0.16)).digest != plain


def test_digest_does_not_depend_on_where_the_file_lies(tmp_path: Path) -> None:
    digests = set()
    for folder in (tmp_path / "a", tmp_path / "b"):
        folder.mkdir()
        (folder / "cabin.yaml").write_text(MINIMAL + "pose: {model: nets/mine.json}\n" + SITTING)
        digests.add(load_config(folder / "cabin.yaml").digest)
    assert len(digests) == 1


TENSORRT = "tensorrt: {cache: plans, plan: a.plan}"


def test_paths_are_relative_to_the_file(write, tmp_path: Path) -> None:
    cabin = load_config(
        write(MINIMAL + f"pose: {{model: nets/a.json, recording: maps.npz, {TENSORRT}}}\n" + SITTING)
    )
    assert cabin.pose.model == str(tmp_path / "nets/a.json")
    assert cabin.pose.recording == str(tmp_path / "maps.npz")
    assert cabin.pose.tensorrt.cache == str(tmp_path / "plans")
    assert cabin.pose.tensorrt.plan == str(tmp_path / "a.plan")
    assert cabin.detectors["unsafe_sitting"]["model"] == str(tmp_path / "svm.json")
    assert cabin.detectors["unsafe_sitting"]["seat_model"] == str(tmp_path / "seat.json")


def test_schema_describes_every_detector_and_is_json() -> None:
    schema = json.loads(json.dumps(config_schema()))
    detectors = schema["properties"]["detectors"]["properties"]
    assert {"feet_on_seats", "hand_on_leg", "unsafe_sitting"} <= set(detectors)
    assert detectors["feet_on_seats"]["properties"]["span_margin"]["maximum"] == 1
    assert schema["$defs"]["PoseConfig"]["properties"]["boxes"]["default"] is True
    assert schema["$defs"]["BoxOptions"]["properties"]["score_threshold"]["maximum"] == 1
