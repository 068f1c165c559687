"""The command line, as a user runs it: in a process of its own, on real files, with the embedded network."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest

from cabinsafe import Event, Scene
from cabinsafe.media import open_source
from cabinsafe.run import EVENTS_FILE, SCENES_FILE, VIDEO_FILE

COMMAND = [str(Path(sys.executable).with_name("cabinsafe"))]


def cabinsafe(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *map(str, arguments)], capture_output=True, text=True, cwd=cwd, timeout=600, check=False
    )


def read_scenes(folder: Path) -> list[Scene]:
    return [Scene.model_validate_json(line) for line in (folder / SCENES_FILE).read_text().splitlines()]


def read_events(folder: Path) -> list[Event]:
    return [Event.model_validate_json(line) for line in (folder / EVENTS_FILE).read_text().splitlines()]


def one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def assert_complete(folder: Path, frames: int) -> None:
    """All files are valid, agree on the number of frames, and every started event ended."""
    assert len(read_scenes(folder)) == frames
    assert len(list(open_source(folder / VIDEO_FILE))) == frames
    phases: dict[str, list[str]] = {}
    for event in read_events(folder):
        phases.setdefault(event.event_id, []).append(event.phase)
    assert all((p[0], p[-1]) == ("started", "ended") for p in phases.values())


def test_analyze_a_video(short_clip: Path, tmp_path: Path) -> None:
    done = cabinsafe("analyze", short_clip, "--cabin", "shuttle", "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert "12 frames" in done.stdout
    assert_complete(tmp_path / "out", 12)
    scene = read_scenes(tmp_path / "out")[-1]
    assert scene.size_wh == next(iter(open_source(short_clip))).size_wh
    assert len(scene.tracks) >= 2, "the clip opens with people sitting upright"
    assert all(track.skeleton is not None for track in scene.tracks)


def test_analyze_images_without_a_video(short_clip: Path, tmp_path: Path) -> None:
    for frame in open_source(short_clip):
        if frame.index < 3:
            cv2.imwrite(str(tmp_path / f"{frame.index}.png"), frame.image)
    arguments = ["--cabin", "shuttle", "--out", tmp_path / "out", "--image-fps", 2, "--no-video"]
    assert cabinsafe("analyze", tmp_path, *arguments).returncode == 0
    assert [scene.t_s for scene in read_scenes(tmp_path / "out")] == [0, 0.5, 1]
    assert not (tmp_path / "out" / VIDEO_FILE).exists()


def test_analyze_several_cameras(repository: Path, short_clip: Path, tmp_path: Path) -> None:
    """One set of files; the scenes tell the cameras apart, each has its own video."""
    cabin = (repository / "configs" / "shuttle.yaml").read_text()
    head, front, tail = re.split(r"(?<=^cameras:\n)(.*?)(?=^pose:)", cabin, flags=re.DOTALL | re.MULTILINE)
    two = head + front + front.replace("camera_id: front", "camera_id: rear/left") + tail
    (tmp_path / "two.yaml").write_text(two)
    cameras = ["--camera", f"front={short_clip}", "--camera", f"rear/left={short_clip}"]
    out = tmp_path / "out"
    done = cabinsafe("analyze", "-c", tmp_path / "two.yaml", "-o", out, *cameras)
    assert done.returncode == 0, done.stderr
    assert "24 frames" in done.stdout
    scenes = read_scenes(out)
    for camera, video in (("front", "annotated-front.mp4"), ("rear/left", "annotated-rear%2Fleft.mp4")):
        assert sum(scene.camera_id == camera for scene in scenes) == 12
        assert len(list(open_source(out / video))) == 12
    assert not (out / VIDEO_FILE).exists()


def test_ctrl_c_keeps_what_was_found(repository: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    clip = repository / "demo" / "ride.mp4"
    arguments = [*COMMAND, "analyze", str(clip), "--cabin", "shuttle", "--out", str(out)]
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 120
    scenes = out / SCENES_FILE
    while not (scenes.exists() and len(scenes.read_bytes().splitlines()) >= 5):
        assert time.monotonic() < deadline, "no scene was written in time"
        assert process.poll() is None, "the run ended before it was interrupted"
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    stdout, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted: what was found until then is written" in one_line(stdout)
    frames = len(read_scenes(out))
    assert 5 <= frames < 200
    assert_complete(out, frames)


def test_a_truncated_video_keeps_what_was_found(short_clip: Path, tmp_path: Path) -> None:
    data = short_clip.read_bytes()
    (tmp_path / "cut.avi").write_bytes(data[: len(data) // 2])
    done = cabinsafe("analyze", tmp_path / "cut.avi", "--cabin", "shuttle", "--out", tmp_path / "out")
    assert done.returncode == 1
    assert re.search(r"ended after \d+ of 12 announced frames", one_line(done.stderr))
    assert_complete(tmp_path / "out", len(read_scenes(tmp_path / "out")))
    assert 1 <= len(read_scenes(tmp_path / "out")) < 12


def test_an_image_that_is_none_keeps_what_was_found(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "1.png"), np.zeros((48, 64, 3), np.uint8))
    (tmp_path / "2.png").write_text("no image")
    done = cabinsafe("analyze", tmp_path, "--cabin", "sedan", "--out", tmp_path / "out")
    assert done.returncode == 1
    assert "2.png: not an image that can be read" in one_line(done.stderr)
    assert "stopped; what was found until then is in" in one_line(done.stdout)
    assert_complete(tmp_path / "out", 1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["analyze", "none.mp4", "-c", "sedan", "-o", "out"], "'none.mp4' is no file, folder, glob"),
        (["analyze", "empty.mp4", "-c", "sedan", "-o", "out"], "the file is empty (0 bytes)"),
        (
            ["analyze", "empty.mp4", "-c", "typo.yaml", "-o", "out"],
            "nam: unknown key; did you mean 'name'?",
        ),
        (["analyze", "empty.mp4", "-c", "none.yaml", "-o", "out"], "no cabin 'none.yaml': neither a file"),
        (
            ["analyze", "a.png", "-c", "sedan", "-o", "empty.mp4/out"],
            "results cannot be written there: Not a directory",
        ),
        (
            ["analyze", "a.png", "-c", "sedan", "-o", "out", "--camera", "roof"],
            "no camera 'roof' in this cabin; it has",
        ),
        (["analyze", "-c", "sedan", "-o", "out"], "give INPUT, with one --camera VIEW at most, or"),
        (["analyze", "a.png", "-c", "sedan", "-o", "out", "--camera", "mirror=a.png"], "give INPUT, with"),
        (["analyze", "-c", "sedan", "-o", "out", "--camera", "roof=a.png"], "no camera 'roof' in this cabin"),
        (
            ["analyze", "-c", "sedan", "-o", "out", "--camera", "mirror=a.png", "--camera", "mirror=a.png"],
            "camera 'mirror' is given twice",
        ),
        (["config", "check", "typo.yaml"], "unknown key"),
        (["config", "check", "lineless.yaml"], "feet_on_seats needs a seat_line"),
    ],
)
def test_mistakes_end_in_one_clear_line(tmp_path: Path, arguments: list[str], message: str) -> None:
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "typo.yaml").write_text("nam: a\ncameras: [{camera_id: front}]\n")
    (tmp_path / "lineless.yaml").write_text("name: a\ncameras: [{camera_id: front}]\n")
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((48, 64, 3), np.uint8))
    done = cabinsafe(*arguments, cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert message in one_line(done.stderr)
    assert "Traceback" not in done.stderr


def test_the_input_is_never_overwritten(short_clip: Path, tmp_path: Path) -> None:
    data = short_clip.read_bytes()
    (tmp_path / VIDEO_FILE).write_bytes(data)
    for source in (tmp_path / VIDEO_FILE, f"file://{tmp_path / VIDEO_FILE}"):
        done = cabinsafe("analyze", source, "-c", "shuttle", "-o", tmp_path)
        assert done.returncode == 1
    assert "would be overwritten by the results; choose another folder" in one_line(done.stderr)
    assert (tmp_path / VIDEO_FILE).read_bytes() == data


def test_a_mistake_leaves_older_results_alone_and_a_new_run_leaves_none(
    short_clip: Path, tmp_path: Path
) -> None:
    for name in (EVENTS_FILE, SCENES_FILE, VIDEO_FILE):
        (tmp_path / name).write_text("old")
    assert (
        cabinsafe("analyze", short_clip, "-c", "shuttle", "-o", tmp_path, "--camera", "roof").returncode == 1
    )
    assert cabinsafe("analyze", tmp_path / "none.mp4", "-c", "shuttle", "-o", tmp_path).returncode == 1
    assert {file.read_text() for file in tmp_path.iterdir()} == {"old"}
    assert cabinsafe("analyze", short_clip, "-c", "shuttle", "-o", tmp_path, "--no-video").returncode == 0
    assert not (tmp_path / VIDEO_FILE).exists()


@pytest.mark.parametrize(("limit_kib", "file"), [(8, SCENES_FILE), (100, VIDEO_FILE)])
def test_a_full_disk_leaves_whole_lines_and_says_so(
    repository: Path, tmp_path: Path, limit_kib: int, file: str
) -> None:
    """A limit on the size of files stands in for the disk: 8 KiB hold a few scenes, 100 KiB not the video."""
    clip = tmp_path / "clip.avi"
    with open_source(repository / "demo" / "ride.mp4") as source:
        writer = cv2.VideoWriter(str(clip), cv2.VideoWriter.fourcc(*"MJPG"), 15, (640, 480))
        for frame in islice(source, 15):
            writer.write(frame.image)
        writer.release()
    out = tmp_path / "out"
    arguments = " ".join(map(str, [*COMMAND, "analyze", clip, "-c", "shuttle", "-o", out]))
    command = f"trap '' XFSZ; ulimit -f {limit_kib}; exec {arguments}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 1, done.stdout
    assert re.search(
        rf"error: .*{re.escape(file)}: .*(cannot be written|could be written)", one_line(done.stderr)
    )
    assert read_scenes(out), "whole scenes are there"
    phases = [event.phase for event in read_events(out)]
    assert phases.count("started") == phases.count("ended")


def test_a_model_that_is_not_the_one_on_its_card(repository: Path, tmp_path: Path) -> None:
    card = json.loads((repository / "models" / "cabinsafe-pose.json").read_text())
    (tmp_path / "net.json").write_text(json.dumps(card))
    (tmp_path / card["file"]).write_bytes(b"another network")
    cabin = (
        (repository / "configs" / "shuttle.yaml")
        .read_text()
        .replace("model: cabinsafe-pose", "model: net.json")
    )
    (tmp_path / "cabin.yaml").write_text(cabin)
    done = cabinsafe(
        "analyze", repository / "demo" / "ride.mp4", "-c", tmp_path / "cabin.yaml", "-o", tmp_path / "out"
    )
    assert done.returncode == 1
    assert f"is not the file that net.json describes: expected sha256 {card['sha256']}" in one_line(
        done.stderr
    )


def test_version_schema_check_and_doctor() -> None:
    assert re.fullmatch(r"cabinsafe \d+\.\d+\.\d+\n", cabinsafe("--version").stdout)
    schema = json.loads(cabinsafe("config", "schema").stdout)
    assert schema["additionalProperties"] is False
    assert "cabin 'sedan' is valid, 1 camera(s)" in cabinsafe("config", "check", "sedan").stdout
    doctor = cabinsafe("doctor")
    assert doctor.returncode == 0, doctor.stdout
    for name in (
        "PAF decoder",
        "onnx",
        "replay",
        "tensorrt",
        "cabinsafe-pose",
        "unsafe-sitting",
        "MPEG-4",
        "H.264",
    ):
        assert name in one_line(doctor.stdout)


def test_help_names_every_command() -> None:
    text = cabinsafe("--help").stdout
    for command in ("analyze", "demo", "doctor", "config"):
        assert command in text
