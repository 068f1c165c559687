"""Keypoints are known by their common spellings, others by a file; nothing is guessed."""

from __future__ import annotations

import pytest

from cabinsafe.data import KEYPOINTS
from cabinsafe.data.convert.names import KeypointNames, read_names
from cabinsafe.errors import ConfigError, DataError


@pytest.mark.parametrize(
    "spelling",
    [
        *("left_shoulder", "Left Shoulder", "LEFT-SHOULDER", "leftShoulder", "l_shoulder", "LShoulder"),
        *("L. shoulder", "shoulder_left", "Shoulder.L", "shoulderLeft"),
    ],
)
def test_common_spellings_are_one(spelling: str) -> None:
    assert KEYPOINTS[KeypointNames().place(spelling, "here")] == "left_shoulder"


def test_no_spelling_means_two_keypoints() -> None:
    names = KeypointNames()
    for place, keypoint in enumerate(KEYPOINTS):
        side, _, part = keypoint.partition("_")
        spellings = [keypoint, f"{side[0]}_{part}", f"{part}_{side[0]}", f"{part}_{side}"] if part else [side]
        assert [names.place(spelling, "here") for spelling in spellings] == [place] * len(spellings)


@pytest.mark.parametrize(
    ("name", "near"), [("left_sholder", "left_shoulder"), ("rigth knee", "right_knee"), ("noze", "nose")]
)
def test_an_unknown_name_is_told_with_near_ones(name: str, near: str) -> None:
    with pytest.raises(DataError, match=f"here: no keypoint is called '{name}'; did you mean {near}"):
        KeypointNames().place(name, "here")


def test_what_resembles_nothing_gets_no_hint() -> None:
    with pytest.raises(DataError, match="is called '7'; A file of names") as error:
        KeypointNames().place("7", "here")
    assert "did you mean" not in str(error.value)


def test_a_file_maps_names_and_leaves_some_out(tmp_path) -> None:
    (tmp_path / "names.yaml").write_text("1: nose\nHandgelenk: l_wrist\ntail: null\n", encoding="utf-8")
    names = KeypointNames(read_names(tmp_path / "names.yaml"))
    assert names.place("1", "here") == KEYPOINTS.index("nose")
    assert names.place("Handgelenk", "here") == KEYPOINTS.index("left_wrist")
    assert names.place("tail", "here") is None
    assert names.place("neck", "here") == KEYPOINTS.index("neck"), "others are still known"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "hand: left_wirst",
            "the name given for 'hand': no keypoint is called 'left_wirst'; did you mean left_wr",
        ),
        ("hand: [left_wrist]", "hand: expected a keypoint or null, got"),
        ("- nose", "expected a mapping"),
        ("nose: nose\nnose: neck", "given twice"),
    ],
)
def test_what_is_wrong_with_a_file_is_told(tmp_path, text: str, said: str) -> None:
    file = tmp_path / "names.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=said) as error:
        read_names(file)
    assert str(file) in str(error.value)


def test_a_missing_file_is_told(tmp_path) -> None:
    with pytest.raises(ConfigError, match=r"no\.yaml: cannot be read"):
        read_names(tmp_path / "no.yaml")
