"""Other trackers, called as the tracking benchmark calls trackers. None is needed: who is absent is left out.

They know boxes only. Where there are keypoints, they get the box around a lone skeleton too, as one more
detection; a skeleton whose box overlaps a detection (IoU >= 0.3) is taken for the same person and left out.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from benchmarks.simulated_rides import FPS, Moment
from cabinsafe.geometry import box_iou

Follow = Callable[[Moment], tuple[list[int], list[tuple[float, ...]]]]
MEMORY_FRAMES = int(5.0 * FPS)


def detections(moment: Moment) -> np.ndarray:
    """Boxes and scores (N, 5): the detector's, and around skeletons that have none."""
    rows = [*moment.boxes]
    for skeleton in moment.skeletons:
        box = skeleton.box_xyxy
        if not len(moment.boxes) or box_iou(box, moment.boxes[:, :4]).max() < 0.3:
            rows.append(np.array([*box, skeleton.person_score]))
    return np.array(rows).reshape(-1, 5)


def peers() -> dict[str, Callable[[], Follow]]:
    """Those that are installed, with a long memory."""
    found = {}
    makers = (("norfair IoU", _norfair), ("ByteTrack (supervision)", _bytetrack), ("OC-SORT", _ocsort))
    for name, make in makers:
        try:
            make()
        except (ImportError, AttributeError) as error:
            print(f"{name} is left out: {error}")
        else:
            found[name] = make
    return found


def _norfair() -> Follow:
    from norfair import Detection, Tracker

    tracker = Tracker("iou", distance_threshold=0.7, hit_counter_max=MEMORY_FRAMES, initialization_delay=3)

    def follow(moment: Moment) -> tuple[list[int], list[tuple[float, ...]]]:
        rows = detections(moment)
        tracks = tracker.update(
            [Detection(points=row[:4].reshape(2, 2), scores=np.full(2, row[4])) for row in rows]
        )
        return [track.id for track in tracks], [tuple(track.estimate.ravel()) for track in tracks]

    return follow


def _bytetrack() -> Follow:
    from supervision import ByteTrack

    tracker = ByteTrack(lost_track_buffer=MEMORY_FRAMES, frame_rate=int(FPS))
    return _supervision_style(tracker.update_with_detections)


def _ocsort() -> Follow:
    from trackers import OCSORTTracker

    tracker = OCSORTTracker(
        lost_track_buffer=MEMORY_FRAMES, frame_rate=FPS, minimum_iou_threshold=0.1,
        high_conf_det_threshold=0.3, direction_consistency_weight=0.2,
    )  # fmt: skip
    return _supervision_style(tracker.update)


def _supervision_style(update: Callable) -> Follow:
    from supervision import Detections

    def follow(moment: Moment) -> tuple[list[int], list[tuple[float, ...]]]:
        rows = detections(moment)
        tracks = update(
            Detections(xyxy=rows[:, :4], confidence=rows[:, 4], class_id=np.zeros(len(rows), dtype=int))
        )
        pairs = [
            (int(number), tuple(box))
            for number, box in zip(tracks.tracker_id, tracks.xyxy, strict=True)
            if number is not None and number >= 0
        ]
        return [number for number, _ in pairs], [box for _, box in pairs]

    return follow
