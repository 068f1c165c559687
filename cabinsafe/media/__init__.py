"""Frames in, pictures out."""

from cabinsafe.media.drawing import draw_scene
from cabinsafe.media.sources import FrameSource, ImageFiles, LiveCamera, VideoFile, open_source
from cabinsafe.media.writer import VideoWriter

__all__ = [
    "FrameSource",
    "ImageFiles",
    "LiveCamera",
    "VideoFile",
    "VideoWriter",
    "draw_scene",
    "open_source",
]
