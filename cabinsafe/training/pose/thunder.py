"""Completes half-labelled keypoint sets with what MoveNet Thunder sees in people's boxes.

Humans leave keypoints out, and many people have nothing but a box. A top-down network that is shown one box
at a time is a good teacher there, within limits: it is believed only where it is sure, stays within the box,
takes nobody else's keypoint, and agrees with what the person's human labels say.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from cabinsafe.data import COCO_KEYPOINTS, KEYPOINTS, KeypointSet
from cabinsafe.data.coco_file import read_coco
from cabinsafe.data.convert import AREA_OF_BOX
from cabinsafe.data.convert.writer import with_necks
from cabinsafe.errors import EngineError, ModelError
from cabinsafe.evaluation.pairs import similarities
from cabinsafe.media import read_image
from cabinsafe.onnx_session import open_session
from cabinsafe.options import Options
from cabinsafe.resources import sha256_of
from cabinsafe.whole_files import replace_file

Image = NDArray[np.uint8]
Rows = NDArray[np.float64]

TEACHER_KEYPOINTS: Final = "teacher_keypoints"
"""Key of an annotation: names of those of its keypoints that no human has labelled."""

_CROP_OF_BOX: Final = 1.25  # side of the square that is shown, of the longer side of the box
_SAME_PLACE: Final = 0.1  # of the root of the box's area
_COUNT: Final = len(COCO_KEYPOINTS)
_HIDDEN: Final = 1  # a visibility: there, but not vouched for
_DIGITS: Final = 2


class TeacherOptions(Options):
    """When the teacher is believed.

    The defaults are chosen on COCO people whose human labels were hidden: 95 % of what is filled in then is
    right (similarity above .5), and under 2 % of the people are somebody else. At a score of 0.6, 97 % is
    right, and a third less is filled in.

    Attributes:
        min_score: score of a keypoint from which on it is believed.
        box_margin: by how much of the box's width and height a keypoint may lie outside it.
        min_agreement: least object keypoint similarity of the teacher and a person's human labels; below it
            the teacher is taken to have looked at somebody else.
        min_keypoints: fewest keypoints of a person whom no human has labelled.
    """

    min_score: float = Field(0.5, ge=0, le=1)
    box_margin: float = Field(0.05, ge=0)
    min_agreement: float = Field(0.5, ge=0, le=1)
    min_keypoints: int = Field(6, ge=1, le=_COUNT)


class MoveNet:
    """MoveNet for one person, Thunder or Lightning, as an ONNX file.

    Args:
        path: the file: int32 RGB (1, S, S, 3) to (1, 1, 17, 3), the y and x (in shares of S) and the score of
            COCO's keypoints.
        threads: of the network.

    Raises:
        ModelError: the file is missing, or is no such network.
    """

    def __init__(self, path: Path, threads: int = 1) -> None:
        self.path = path
        self._session: Any = open_session(path, threads)
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        shape = inputs[0].shape
        is_square = len(shape) == 4 and isinstance(shape[1], int) and shape == [1, shape[1], shape[1], 3]
        is_single = len(inputs) == len(outputs) == 1 and outputs[0].shape == [1, 1, _COUNT, 3]
        if not (is_square and is_single and inputs[0].type == "tensor(int32)"):
            found = [f"{tensor.name} {tensor.type} {tensor.shape}" for tensor in (*inputs, *outputs)]
            raise ModelError(
                f"{path}: not MoveNet for one person: expected tensor(int32) [1, S, S, 3] and "
                f"tensor(float) [1, 1, {_COUNT}, 3], found {', '.join(found)}"
            )
        self._input, self._side_px = inputs[0].name, shape[1]

    def look(self, image: Image, box: Rows) -> Rows:
        """Look at a person's box.

        Args:
            image: (H, W, 3) uint8 BGR.
            box: (4,) left, top, width, height in pixels; width and height above 0.

        Returns:
            (17, 3) x and y in the image's pixels, and score.

        Raises:
            EngineError: the network fails.
        """
        side = max(round(_CROP_OF_BOX * float(box[2:].max())), 1)
        corner = np.round(box[:2] + box[2:] / 2 - side / 2).astype(int)
        patch = _square(image, corner, side)
        way = cv2.INTER_AREA if side > self._side_px else cv2.INTER_LINEAR
        crop = cv2.resize(patch, (self._side_px, self._side_px), interpolation=way)
        try:
            (found,) = self._session.run(None, {self._input: crop[None, ..., ::-1].astype(np.int32)})
        except Exception as error:  # onnxruntime's exceptions share no base class but this one
            raise EngineError(f"ONNX Runtime failed: {error}") from error
        y, x, score = np.asarray(found, np.float64).reshape(_COUNT, 3).T
        return np.stack([corner[0] + x * side, corner[1] + y * side, score], axis=1)


def complete_labels(
    people: KeypointSet,
    images: Path,
    model: MoveNet,
    options: TeacherOptions,
    image_ids: Iterable[int] | None = None,
    on_image: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """Fill in the keypoints that a set lacks; every label it has stays as it is.

    What the teacher fills in has visibility 1 and is named in the annotation's ``teacher_keypoints``. A neck
    that the set has, but not for that person, is derived where both shoulders are there then. Crowds are left
    alone.

    Args:
        people: the set.
        images: folder of its images.
        model: the teacher.
        options: when it is believed.
        image_ids: complete only these images; the others stay in the file as they are.
        on_image: called after each image that is completed.

    Returns:
        The set as a COCO dictionary, with the teacher's file and the options under ``teacher``.

    Raises:
        DataError: the set has no such image, or one is missing.
        MediaError: an image cannot be read.
        EngineError: the network fails.
    """
    people.require_images(images)
    content = read_coco(people.path).model_dump()
    annotations: dict[int, list[dict[str, Any]]] = {}
    for annotation in content["annotations"]:
        annotations.setdefault(annotation["image_id"], []).append(annotation)
    places = [KEYPOINTS.index(name) for name in people.keypoints]
    for labelled in people.labelled_images(images, people.keypoints, image_ids):
        together = annotations.get(labelled.image_id, [])
        if any(map(_needs_teacher, together)):
            pupil = _Pupil(read_image(labelled.path), model, options, places, _rows(together, places))
            for number, annotation in enumerate(together):
                if _needs_teacher(annotation):
                    annotation.update(pupil.learn(number, annotation))
        on_image()
    teacher = {"file": model.path.name, "sha256": sha256_of(model.path), "options": options.model_dump()}
    return content | {"teacher": teacher}


@dataclass(frozen=True)
class _Pupil:
    """An image whose people are completed.

    Attributes:
        image: (H, W, 3) uint8 BGR.
        model: the teacher.
        options: when it is believed.
        places: where the file's keypoints are in :data:`KEYPOINTS`.
        labels: (N, 18, 3) x, y and visibility of everybody in the image, as they are in the file.
    """

    image: Image
    model: MoveNet
    options: TeacherOptions
    places: list[int]
    labels: Rows

    def learn(self, number: int, annotation: Mapping[str, Any]) -> dict[str, Any]:
        """What changes of the annotation of a person, one of the N."""
        before = self.labels[number, self.places]
        after = self._filled(number, np.array(annotation["bbox"]))[self.places]
        is_new = (before[:, 2] == 0) & (after[:, 2] > 0)
        new = [KEYPOINTS[place] for place, new in zip(self.places, is_new, strict=True) if new]
        if not new:
            return {}
        return {
            "keypoints": after.ravel().tolist(),
            "num_keypoints": int(np.count_nonzero(after[:, 2])),
            TEACHER_KEYPOINTS: [*annotation.get(TEACHER_KEYPOINTS, ()), *new],
        }

    def _filled(self, number: int, box: Rows) -> Rows:
        """A person's labels (18, 3) with what is believed of the teacher's."""
        rows: Rows = self.labels[number]
        seen = self.model.look(self.image, box)
        labelled = rows[:_COUNT, 2] > 0
        missing = np.isin(np.arange(_COUNT), self.places) & ~labelled
        missing &= self._plausible(seen, box) & ~self._taken(number, seen, box)
        if labelled.any():
            person = {"keypoints": rows[:_COUNT].ravel(), "area": AREA_OF_BOX * box[2] * box[3]}
            guess = (seen[:, :2].astype(np.float32), seen[:, 2].astype(np.float32), 1.0)
            alike = similarities([person], [guess], COCO_KEYPOINTS)[0, 0]
            is_trusted = alike >= self.options.min_agreement
        else:
            is_trusted = missing.sum() >= self.options.min_keypoints
        if not (is_trusted and missing.any()):
            return rows
        filled = rows.copy()
        filled[:_COUNT][missing, :2] = seen[missing, :2].round(_DIGITS)
        filled[:_COUNT][missing, 2] = _HIDDEN
        completed, _ = with_necks(filled[None])
        return completed.reshape(rows.shape)

    def _plausible(self, seen: Rows, box: Rows) -> NDArray[np.bool_]:
        """Which of the teacher's keypoints (17, 3) are sure, in the image and hardly outside the box."""
        xy, score = seen[:, :2], seen[:, 2]
        low, high = box[:2], box[:2] + box[2:]
        margin = self.options.box_margin * box[2:]
        height, width = self.image.shape[:2]
        inside = (xy >= np.maximum(low - margin, 0)) & (xy <= np.minimum(high + margin, (width, height)))
        believed: NDArray[np.bool_] = inside.all(axis=1) & (score >= self.options.min_score)
        return believed

    def _taken(self, number: int, seen: Rows, box: Rows) -> NDArray[np.bool_]:
        """Which of the teacher's keypoints (17, 3) are where somebody else's label of the same one is."""
        others = np.delete(self.labels, number, axis=0)[:, :_COUNT]
        distance = np.linalg.norm(others[..., :2] - seen[:, :2], axis=-1)
        near = distance < _SAME_PLACE * np.sqrt(box[2] * box[3])
        taken: NDArray[np.bool_] = (near & (others[..., 2] > 0)).any(axis=0)
        return taken


def teacher_summary(content: Mapping[str, Any]) -> str:
    """How much of a completed set is the teacher's, in a line of words."""
    taught = [person for person in content["annotations"] if person.get(TEACHER_KEYPOINTS)]
    count = sum(len(person[TEACHER_KEYPOINTS]) for person in taught)
    alone = sum(len(person[TEACHER_KEYPOINTS]) == person["num_keypoints"] for person in taught)
    return f"{count} keypoints of {len(taught)} people are the teacher's, {alone} of them have no others"


def write_completed(content: dict[str, Any], out: Path) -> None:
    """Write what :func:`complete_labels` returned; whole or not at all.

    Raises:
        OutputError: the file cannot be written.
    """
    text = json.dumps(content, separators=(",", ":"), allow_nan=False)
    replace_file(out, text.encode() + b"\n")


def _needs_teacher(annotation: Mapping[str, Any]) -> bool:
    """Whether a person lacks keypoints and has a box to be looked at."""
    _, _, width, height = annotation["bbox"]
    return not annotation["iscrowd"] and 0 in annotation["keypoints"][2::3] and min(width, height) > 0


def _rows(annotations: Sequence[Mapping[str, Any]], places: list[int]) -> Rows:
    """x, y and visibility (N, 18, 3) in the order of :data:`KEYPOINTS`."""
    rows = np.zeros((len(annotations), len(KEYPOINTS), 3))
    rows[:, places] = np.reshape(
        [annotation["keypoints"] for annotation in annotations], (-1, len(places), 3)
    )
    return rows


def _square(image: Image, corner: NDArray[np.int64], side: int) -> Image:
    """The square (side, side, 3) of an image at a left and top corner, black outside."""
    patch = np.zeros((side, side, 3), np.uint8)
    (x0, y0), (x1, y1) = np.maximum(corner, 0), np.minimum(corner + side, image.shape[1::-1])
    if x0 < x1 and y0 < y1:
        left, top = (x0, y0) - corner
        patch[top : top + y1 - y0, left : left + x1 - x0] = image[y0:y1, x0:x1]
    return patch
