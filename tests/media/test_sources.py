"""Real files through real codecs: whole, empty, cut off, and not what they claim to be."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from cabinsafe.errors import MediaError, OutputError
from cabinsafe.media import ImageFiles, LiveCamera, VideoFile, VideoWriter, open_source


def write_video(
    path: Path, frames: int = 30, fps: float = 12.5, fourcc: str = "mp4v", size_wh: tuple[int, int] = (64, 48)
) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*fourcc), fps, size_wh)
    rng = np.random.default_rng(0)
    for _ in range(frames):
        writer.write(rng.integers(0, 255, (*size_wh[::-1], 3), dtype=np.uint8))
    writer.release()
    return path


def test_video_gives_every_frame_with_its_time(tmp_path: Path) -> None:
    with open_source(write_video(tmp_path / "a.mp4"), "rear") as source:
        frames = list(source)
    assert source.frame_count == len(frames) == 30
    assert [f.index for f in frames] == list(range(30))
    np.testing.assert_allclose([f.t_s for f in frames], np.arange(30) / 12.5, atol=1e-3)
    assert {f.camera_id for f in frames} == {"rear"}
    assert frames[0].size_wh == (64, 48)


def test_missing_empty_and_cut_off_videos(tmp_path: Path) -> None:
    empty = tmp_path / "empty.mp4"
    empty.touch()
    with pytest.raises(MediaError, match=r"empty.mp4: the file is empty \(0 bytes\)"):
        open_source(empty)
    with pytest.raises(MediaError, match="no such video file"):
        VideoFile(tmp_path / "none.mp4")
    whole = write_video(tmp_path / "whole.mp4")
    headless = tmp_path / "headless.mp4"
    headless.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    with pytest.raises(MediaError, match="not a video that can be decoded here"):
        open_source(headless)
    text = tmp_path / "text.mp4"
    text.write_text("this is no video")
    with pytest.raises(MediaError, match="not a video"):
        open_source(text)


def test_a_truncated_video_yields_what_it_has_and_then_says_so(tmp_path: Path) -> None:
    whole = write_video(tmp_path / "whole.avi", fourcc="MJPG")
    data = whole.read_bytes()
    cut = tmp_path / "cut.avi"
    cut.write_bytes(data[: len(data) // 2])
    frames = []
    with (
        open_source(cut) as source,
        pytest.raises(MediaError, match=r"ended after \d+ of 30 announced frames"),
    ):
        for frame in source:
            frames.append(frame)
    assert 5 < len(frames) < 25


def test_images_come_in_natural_order(tmp_path: Path) -> None:
    for i in (10, 2, 1):
        cv2.imwrite(str(tmp_path / f"frame{i}.png"), np.full((8, 8, 3), i, np.uint8))
    (tmp_path / "notes.txt").write_text("not an image, not in the way")
    for source in (tmp_path, tmp_path / "frame*.png"):
        frames = list(open_source(source, image_fps=4))
        assert [int(f.image[0, 0, 0]) for f in frames] == [1, 2, 10]
        assert [f.t_s for f in frames] == [0, 0.25, 0.5]


def test_a_single_image_is_one_frame(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.jpg"), np.zeros((8, 8, 3), np.uint8))
    assert len(list(open_source(tmp_path / "a.jpg"))) == 1


def test_an_image_that_is_no_image_is_named(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "1.png"), np.zeros((8, 8, 3), np.uint8))
    (tmp_path / "2.png").write_bytes(b"no image")
    source = iter(open_source(tmp_path))
    next(source)
    with pytest.raises(MediaError, match=r"2\.png: not an image that can be read"):
        next(source)


def test_inputs_that_lead_nowhere(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="the folder holds no image"):
        open_source(tmp_path)
    with pytest.raises(MediaError, match="no file matches"):
        open_source(tmp_path / "*.jpg")
    with pytest.raises(MediaError, match="is no file, folder, glob, camera index or stream URL"):
        open_source(tmp_path / "none")
    with pytest.raises(MediaError, match="no image to read"):
        ImageFiles([])


def test_cameras_and_streams_that_do_not_answer(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="camera or stream '63' cannot be opened"):
        open_source("63")
    with pytest.raises(MediaError, match=r"stream 'rtsp://127.0.0.1:9/x' cannot be opened"):
        open_source("rtsp://user:secret@127.0.0.1:9/x")


def test_a_file_url_is_the_file(tmp_path: Path) -> None:
    source = open_source(f"file://{write_video(tmp_path / 'a b.mp4', frames=5)}".replace(" ", "%20"))
    assert [f.index for f in source] == [0, 1, 2, 3, 4]


def test_a_live_camera_gives_the_newest_frame_timed_by_arrival(tmp_path: Path) -> None:
    """A file stands in for the camera: it sends as fast as it can, and we are slower."""
    frames = []
    with LiveCamera(str(write_video(tmp_path / "a.mp4", frames=60))) as camera:
        with pytest.raises(MediaError, match="ended after 60 frames"):
            for frame in camera:
                frames.append(frame)
                time.sleep(0.05)
        assert camera.sent_count == 60
    assert frames[-1].index == 59, "the newest frame is never left out"
    assert len(frames) < 60, "what came while we were busy was left out"
    assert (np.diff([f.t_s for f in frames]) > 0).all()
    assert abs(frames[0].t_s - time.time()) < 60


def test_a_camera_that_falls_silent_is_an_error(tmp_path: Path, monkeypatch) -> None:
    stalled = threading.Event()
    monkeypatch.setattr(LiveCamera, "_read", lambda _: stalled.wait(5) and None)
    with LiveCamera(str(write_video(tmp_path / "a.mp4")), silence_s=0.1) as camera:
        with pytest.raises(MediaError, match=r"sent nothing for 0\.1 s"):
            next(iter(camera))
        stalled.set()


def test_a_stream_that_breaks_off_is_opened_again(tmp_path: Path) -> None:
    """A file stands in for the stream; when it is opened again, it is another, of another size."""
    path, frames = write_video(tmp_path / "a.avi", frames=3, fourcc="MJPG"), []
    with LiveCamera(str(path), silence_s=60, reconnect_every_s=0.3) as camera:
        for frame in camera:
            if not frames:
                write_video(path, frames=2, fourcc="MJPG", size_wh=(32, 24))
            frames.append(frame)
            if frame.size_wh == (32, 24):
                break
    assert frames[0].size_wh == (64, 48)
    assert frames[-1].index >= 3, "it goes on counting"
    assert (np.diff([f.t_s for f in frames]) > 0).all()


def test_a_stream_that_stays_away_is_lost(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.avi", frames=3, fourcc="MJPG")
    with LiveCamera(str(path), silence_s=0.5, reconnect_every_s=0.05) as camera:
        path.unlink()
        with pytest.raises(MediaError, match=r"sent nothing for 0\.5 s"):
            list(camera)


def test_a_live_camera_that_is_closed_ends_its_frames(tmp_path: Path, monkeypatch) -> None:
    stalled, seen = threading.Event(), []
    monkeypatch.setattr(LiveCamera, "_read", lambda _: stalled.wait(60) and None)
    camera = LiveCamera(str(write_video(tmp_path / "a.mp4")), silence_s=60)
    reader = threading.Thread(target=lambda: seen.extend(camera))
    reader.start()
    closer = threading.Thread(target=camera.close)
    closer.start()
    reader.join(timeout=30)
    assert not reader.is_alive()
    assert seen == []
    stalled.set()
    closer.join()


def test_a_camera_whose_frames_are_no_colour_images_says_so_at_once(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(LiveCamera, "_read", lambda _: np.zeros((8, 8), np.uint8))
    clip = str(write_video(tmp_path / "a.mp4"))
    with LiveCamera(clip) as camera, pytest.raises(MediaError, match=r"uint8 array \(H, W, 3\), BGR"):
        next(iter(camera))


def test_containers_that_only_estimate_their_count_are_not_called_truncated(tmp_path: Path, caplog) -> None:
    source = VideoFile(write_video(tmp_path / "a.mkv", fourcc="MJPG"))
    source.frame_count = 40
    assert len(list(source)) == 30
    assert "ended after 30 of 40 announced frames" in caplog.text


def test_writer_letterboxes_other_sizes_into_the_first(tmp_path: Path) -> None:
    writer = VideoWriter(tmp_path / "a.mp4", 10)
    for size in ((48, 64), (100, 30), (47, 63)):
        writer.write(np.zeros((*size, 3), np.uint8))
    writer.close()
    assert [f.size_wh for f in open_source(tmp_path / "a.mp4")] == [(64, 48)] * 3


def test_writer_says_what_it_cannot_write(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="the video cannot be written"):
        VideoWriter(tmp_path / "none" / "a.mp4", 10).write(np.zeros((8, 8, 3), np.uint8))
