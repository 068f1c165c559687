"""Files are there whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from cabinsafe.errors import OutputError
from cabinsafe.whole_files import replace_file, replacing, require_writable


def test_a_new_file_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("old")
    replace_file(file, (piece for piece in (b"n", b"ew")))
    assert file.read_text() == "new"
    assert list(tmp_path.iterdir()) == [file]


def test_whatever_ends_the_writing_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("old")

    def write_half() -> None:
        with replacing(file) as partial:
            partial.write_text("ne")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_half()
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_a_folder_that_is_missing_is_said(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"none/a\.txt: cannot be written: No such file"):
        replace_file(tmp_path / "none" / "a.txt", b"")


def test_a_place_is_tried_without_leaving_a_trace(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    require_writable(file)
    assert not list(tmp_path.iterdir())
    file.write_text("old")
    require_writable(file)
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize(("place", "why"), [("none/a.txt", "No such file"), (".", "Is a directory")])
def test_a_place_where_nothing_can_be_written_is_said(tmp_path: Path, place: str, why: str) -> None:
    with pytest.raises(OutputError, match=f"cannot be written: {why}"):
        require_writable(tmp_path / place)
    assert not list(tmp_path.iterdir())
