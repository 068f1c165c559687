"""Leeds Sports Pose and its extended training set (Johnson & Everingham, BMVC 2010 and CVPR 2011).

Read are ``joints.mat`` as downloaded, whose n-th person is in ``im0001.jpg`` and so on (five digits in the
extended set), and ``joints.json``, a list of images each with its own name and size. Both have 14 joints of
one person per image, left and right being the person's own. The neck is as labelled. The head's top is none
of the 18 keypoints; it counts for the person's box only.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from cabinsafe.data.convert.matlab import read_array
from cabinsafe.data.convert.names import KeypointNames
from cabinsafe.data.convert.people import Labels, Person, Picture, box_around, outside
from cabinsafe.data.convert.source import Entry, Pixels, checked, read_json
from cabinsafe.data.keypoints import KEYPOINTS
from cabinsafe.errors import DataError

_HEAD_TOP: Final = "head_top"
_JOINTS: Final = (
    *("right_ankle", "right_knee", "right_hip", "left_hip", "left_knee", "left_ankle"),
    *("right_wrist", "right_elbow", "right_shoulder", "left_shoulder", "left_elbow", "left_wrist"),
    *("neck", _HEAD_TOP),
)
_FRAME_HEADERS: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # ITU-T T.81, table B.1


class _Image(Entry):
    file: str
    width: Pixels
    height: Pixels
    joints: list[tuple[float, float, int]]


class _File(Entry):
    joint_names: list[str]
    images: list[_Image]


def read_labels(source: Path, folder: Path, names: KeypointNames) -> Labels:
    """Read ``joints.mat`` or ``joints.json``; joints outside their image become unlabelled.

    Raises:
        DataError: it is no such file, or the image of a person in ``joints.mat`` is missing or no JPEG.
    """
    if source.suffix == ".mat":
        joint_names, pictures = list(_JOINTS), _read_mat(source, folder)
    else:
        joint_names, pictures = _read_json(source)
    places = [None if name == _HEAD_TOP else names.place(name, str(source)) for name in joint_names]
    left_out: Counter[str] = Counter()
    labelled = [
        Picture(name, size_wh, _people(joints, size_wh, places, left_out))
        for name, size_wh, joints in pictures
    ]
    return Labels(labelled, left_out)


_Joints = list[tuple[str, tuple[int, int], NDArray[np.float64]]]
"""File name, image size, and joints (J, 3): x, y and visibility 0, 1 or 2."""


def _read_json(source: Path) -> tuple[list[str], _Joints]:
    content = checked(source, _File, read_json(source), "a file of LSP joints")
    pictures: _Joints = []
    for image in content.images:
        if len(image.joints) != len(content.joint_names):
            raise DataError(
                f"{source}: {image.file}: expected {len(content.joint_names)} joints, got {len(image.joints)}"
            )
        joints = np.array(image.joints, np.float64)
        joints[:, 2] *= 2  # 0 is not labelled, 1 visible
        pictures.append((image.file, (image.width, image.height), joints))
    return content.joint_names, pictures


def _read_mat(source: Path, folder: Path) -> _Joints:
    """MATLAB's array is (14, 3, N) in the extended set, whose flag says that a joint is labelled.

    In the first set it is (3, 14, N); there all joints are labelled, and the flag says that one is hidden.
    """
    joints = read_array(source, "joints")
    if joints.ndim == 3 and joints.shape[:2] == (14, 3):
        joints, digits = joints.transpose(2, 0, 1), 5
        joints[..., 2] = np.where(joints[..., 2] > 0, 2, 0)
    elif joints.ndim == 3 and joints.shape[:2] == (3, 14):
        joints, digits = joints.transpose(2, 1, 0), 4
        joints[..., 2] = np.where(joints[..., 2] > 0, 1, 2)
    else:
        raise DataError(f"{source}: expected joints of shape (3, 14, N) or (14, 3, N), got {joints.shape}")
    names = [f"im{number:0{digits}d}.jpg" for number in range(1, len(joints) + 1)]
    return [(name, _jpeg_size(folder / name), each) for name, each in zip(names, joints, strict=True)]


def _people(
    joints: NDArray[np.float64], size_wh: tuple[int, int], places: list[int | None], left_out: Counter[str]
) -> tuple[Person, ...]:
    strays = outside(joints, size_wh)
    left_out["joints outside their image"] += int(strays.sum())
    labelled = (joints[:, 2] > 0) & ~strays
    rows = np.zeros((len(KEYPOINTS), 3))
    for joint, place in zip(joints[labelled], np.array(places, object)[labelled], strict=True):
        if place is None:
            left_out["joints that are none of the 18 keypoints"] += 1
        else:
            rows[place] = joint
    if not rows.any():
        return ()
    return (Person(rows, box_around(joints[labelled, :2], size_wh)),)


def _jpeg_size(path: Path) -> tuple[int, int]:
    """Width and height, from the frame header."""
    try:
        with path.open("rb") as file:
            size_wh = _frame_size(file)
    except OSError as error:
        raise DataError(f"no readable image: {path}: {error.strerror or error}") from error
    if size_wh is None:
        raise DataError(f"no JPEG image: {path}")
    return size_wh


def _frame_size(file: BinaryIO) -> tuple[int, int] | None:
    if file.read(2) != b"\xff\xd8":
        return None
    while len(head := file.read(4)) == 4 and head[0] == 0xFF:
        length = int.from_bytes(head[2:], "big")
        if head[1] in _FRAME_HEADERS:
            frame = file.read(5)  # precision, height, width
            return int.from_bytes(frame[3:], "big"), int.from_bytes(frame[1:3], "big")
        file.seek(length - 2, 1)
    return None
