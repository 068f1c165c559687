"""Draws a scene on its frame: skeletons, boxes, seats, event banners."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

from cabinsafe.types import Event, Scene, Skeleton, Track
from cabinsafe.views import CameraView

Image = NDArray[np.uint8]
Color = tuple[int, int, int]

_TRACK_COLORS: tuple[Color, ...] = (  # BGR, told apart also without red-green vision
    (230, 159, 0),
    (86, 180, 233),
    (66, 228, 240),
    (167, 121, 204),
    (115, 158, 0),
    (178, 114, 0),
)
_SEAT: Color = (255, 255, 255)
_TEXT: Color = (255, 255, 255)
_ALARM: Color = (40, 40, 220)
_EDGES = (
    *((f"{side}_{a}", f"{side}_{b}") for side in ("left", "right") for a, b in (
        *(("shoulder", "elbow"), ("elbow", "wrist"), ("hip", "knee"), ("knee", "ankle"), ("eye", "ear")),
    )),
    *(("neck", f"{side}_{part}") for side in ("left", "right") for part in ("shoulder", "hip")),
    *(("nose", f"{side}_eye") for side in ("left", "right")),
    ("neck", "nose"),
)  # fmt: skip


def draw_scene(image: Image, scene: Scene, view: CameraView | None, running: Iterable[Event] = ()) -> Image:
    """Copy of a frame (H, W, 3) BGR with all that was found in it.

    Args:
        image: the frame.
        scene: its tracks.
        view: seats to draw, or None.
        running: events to announce in banners at the top; the people in them get alarm-coloured boxes.
    """
    canvas: Image = image.copy()
    events = list(running)
    alarmed = {track_id for event in events for track_id in event.track_ids}
    unit = max(1, round(min(scene.size_wh) / 400))
    if view is not None:
        _draw_seats(canvas, view, scene.size_wh, unit)
    for track in scene.tracks:
        color = _TRACK_COLORS[track.track_id % len(_TRACK_COLORS)]
        _draw_box(canvas, track, _ALARM if track.track_id in alarmed else color, unit)
        if track.skeleton is not None:
            draw_skeleton(canvas, track.skeleton, color, unit)
    _draw_text(canvas, f"{scene.camera_id}  {scene.t_s:8.2f} s", (6 * unit, canvas.shape[0] - 6 * unit), unit)
    for row, event in enumerate(events):
        _draw_banner(canvas, event, scene.t_s, row, unit)
    return canvas


def _draw_seats(canvas: Image, view: CameraView, size_wh: tuple[int, int], unit: int) -> None:
    for seat in view.seats:
        zone = seat.zone_px(size_wh)
        if zone is None:
            continue
        cv2.polylines(canvas, [np.rint(zone).astype(np.int32)], True, _SEAT, 1, cv2.LINE_AA)
        left_top = zone[np.argmin(zone.sum(axis=1))]
        _draw_text(canvas, seat.name, (int(left_top[0]) + 3 * unit, int(left_top[1]) + 12 * unit), unit)
        line = seat.seat_line_px(size_wh)
        if line is not None:
            start, end = (_pixel(point) for point in line)
            cv2.line(canvas, start, end, _SEAT, 2 * unit, cv2.LINE_AA)


def _draw_box(canvas: Image, track: Track, color: Color, unit: int) -> None:
    x1, y1, x2, y2 = (round(side) for side in track.box_xyxy)
    cv2.rectangle(canvas, (x1, y1), (x2, y2), color, unit, cv2.LINE_AA)
    label = f"#{track.track_id} {track.seat or ''}{' ?' if track.box_source == 'prediction' else ''}"
    below = min(y2 + 13 * unit, canvas.shape[0] - 4 * unit)  # under the box, where it hides no face
    _draw_text(canvas, label, (max(0, x1), below), unit)


def draw_skeleton(canvas: Image, skeleton: Skeleton, color: Color, unit: int) -> None:
    """Draw a skeleton on a picture (H, W, 3) BGR, in place.

    Args:
        canvas: the picture.
        skeleton: in its pixels.
        color: BGR, of the limbs; keypoints are white.
        unit: half a limb's width, pixels.
    """
    known = set(skeleton.keypoints)
    for start, end in _EDGES:
        if {start, end} <= known and skeleton.sees(start, end):
            cv2.line(canvas, _pixel(skeleton[start]), _pixel(skeleton[end]), color, 2 * unit, cv2.LINE_AA)
    for point in skeleton.xy[~np.isnan(skeleton.xy[:, 0])]:
        cv2.circle(canvas, _pixel(point), 2 * unit, (255, 255, 255), -1, cv2.LINE_AA)


def _draw_banner(canvas: Image, event: Event, t_s: float, row: int, unit: int) -> None:
    height = 20 * unit
    top = row * (height + unit)
    cv2.rectangle(canvas, (0, top), (canvas.shape[1], top + height), _ALARM, -1)
    who = " -> ".join(
        f"#{track_id}{f' {seat}' if seat else ''}"
        for track_id, seat in zip(event.track_ids, event.seats or (None,) * len(event.track_ids), strict=True)
    )
    text = f"{event.kind.replace('_', ' ').upper()}  {who}  {t_s - event.t_start_s:.1f} s"
    _draw_text(canvas, text, (6 * unit, top + height - 6 * unit), unit)


def _draw_text(canvas: Image, text: str, origin: tuple[int, int], unit: int) -> None:
    """Text whose left bottom is at ``origin``, on a dark plate so that it can be read over anything."""
    font, scale = cv2.FONT_HERSHEY_SIMPLEX, 0.4 * unit
    (width, height), below = cv2.getTextSize(text, font, scale, unit)
    x, y = origin
    top, left = max(0, y - height - unit), max(0, x - unit)
    plate = canvas[top : max(0, y + below), left : max(0, x + width + unit)]
    plate //= 3
    cv2.putText(canvas, text, origin, font, scale, _TEXT, unit, cv2.LINE_AA)


def _pixel(point: NDArray[np.floating]) -> tuple[int, int]:
    """Pixel that holds a point; pixel centres are at +0.5."""
    return int(np.floor(point[0])), int(np.floor(point[1]))
