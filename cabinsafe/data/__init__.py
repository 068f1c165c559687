"""What is known of pictures and clips: labelled keypoints, the truth about events, and scenes."""

from cabinsafe.data.coco_file import COCO_KEYPOINTS
from cabinsafe.data.keypoints import KEYPOINTS, KeypointSet, LabelledImage, read_keypoints
from cabinsafe.data.scenes import read_scenes
from cabinsafe.data.truth import ClipTruth, TrueEvent, interval_iou, read_truth, write_truth

__all__ = [
    "COCO_KEYPOINTS",
    "KEYPOINTS",
    "ClipTruth",
    "KeypointSet",
    "LabelledImage",
    "TrueEvent",
    "interval_iou",
    "read_keypoints",
    "read_scenes",
    "read_truth",
    "write_truth",
]
