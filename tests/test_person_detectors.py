from __future__ import annotations

from pathlib import Path

import pytest

from cabinsafe import Box
from cabinsafe.errors import ConfigError
from cabinsafe.person_detectors import RecordedBoxes, make_person_detector

LINES = """{"camera_id": "front", "t_s": 0.0, "boxes": [[1, 2, 3, 4, 0.5]]}
{"camera_id": "front", "t_s": 0.1, "boxes": []}
{"camera_id": "rear", "t_s": 0.2, "boxes": [[5, 6, 7, 8, 1]]}
"""


def test_boxes_come_back_by_camera_and_time(tmp_path: Path, make_frame) -> None:
    file = tmp_path / "boxes.jsonl"
    file.write_text(LINES)
    detector = make_person_detector("recorded", {"path": str(file)})
    assert detector.detect(make_frame(0.001)) == [Box(xyxy=(1, 2, 3, 4), score=0.5)]
    assert detector.detect(make_frame(0.1)) == [], "looked and found nobody"
    assert detector.detect(make_frame(0.2)) is None, "did not look at this frame"
    assert detector.detect(make_frame(0.2, camera_id="rear")) == [Box(xyxy=(5, 6, 7, 8))]
    detector.close()


@pytest.mark.parametrize(
    "line", ["{", '{"t_s": 0}', '{"t_s": 0, "boxes": [[1, 2, 3]]}', '{"t_s": 0, "boxes": [[3, 2, 1, 4, 1]]}']
)
def test_malformed_lines_are_named(tmp_path: Path, line: str) -> None:
    file = tmp_path / "boxes.jsonl"
    file.write_text(LINES + line)
    with pytest.raises(ConfigError, match=r"boxes\.jsonl, line 4: not a record of boxes"):
        RecordedBoxes(str(file))


def test_missing_file_and_wrong_options(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        RecordedBoxes(str(tmp_path / "none.jsonl"))
    with pytest.raises(ConfigError, match=r"person_detector 'recorded' cannot be built: .*tolerance"):
        make_person_detector("recorded", {"path": "x", "tolerance": 1})
