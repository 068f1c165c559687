"""Frames in, pictures out."""

from cabinsafe.media.drawing import draw_scene, draw_skeleton
from cabinsafe.media.live import LiveCamera
from cabinsafe.media.source import FrameSource
from cabinsafe.media.sources import ImageFiles, VideoFile, open_source
from cabinsafe.media.stills import read_image
from cabinsafe.media.writer import VideoWriter

__all__ = [
    "FrameSource",
    "ImageFiles",
    "LiveCamera",
    "VideoFile",
    "VideoWriter",
    "draw_scene",
    "draw_skeleton",
    "open_source",
    "read_image",
]
