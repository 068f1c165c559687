"""Labels of pictures in the layout of COCO's keypoint task (cocodataset.org, "Data format").

What is known of an image or a person beyond that layout stands beside its other keys, where
:mod:`cabinsafe.data` finds it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

from cabinsafe.geometry import XY
from cabinsafe.synthetic.body import KEYPOINTS
from cabinsafe.synthetic.cabin.model import Cabin
from cabinsafe.synthetic.cabin.views import camera_view
from cabinsafe.synthetic.camera import Camera
from cabinsafe.synthetic.picture import Picture
from cabinsafe.synthetic.posing.styles import STYLES
from cabinsafe.synthetic.scene import PersonSpec
from cabinsafe.synthetic.truth import Fact, PersonTruth, run_lengths
from cabinsafe.synthetic.wardrobe.spec import LookSpec
from cabinsafe.views import CameraView

LIMBS = (
    ("left_ankle", "left_knee"), ("left_knee", "left_hip"), ("right_ankle", "right_knee"),
    ("right_knee", "right_hip"), ("left_hip", "right_hip"), ("left_shoulder", "left_elbow"),
    ("right_shoulder", "right_elbow"), ("left_elbow", "left_wrist"), ("right_elbow", "right_wrist"),
    ("left_eye", "right_eye"), ("nose", "left_eye"), ("nose", "right_eye"), ("left_eye", "left_ear"),
    ("right_eye", "right_ear"), ("left_ear", "left_shoulder"), ("right_ear", "right_shoulder"),
    ("neck", "nose"), ("neck", "left_shoulder"), ("neck", "right_shoulder"), ("neck", "left_hip"),
    ("neck", "right_hip"),
)  # fmt: skip
"""What the file's skeleton joins: the limbs of the trt_pose layout."""
PERSON = 1
"""Id of the only category."""

Record = dict[str, Any]
Labels = Callable[[], Iterable[Record]]


def picture_label(picture: Picture, image_id: int, file_name: str) -> Record:
    """All that is true of a picture, as plain values.

    Args:
        picture: the picture.
        image_id: its id in the file to be.
        file_name: of the image.

    Returns:
        ``image``: an entry of COCO's ``images``; ``annotations``: its people, without ids. Those of whom
        no pixel shows are left out.
    """
    camera = picture.spec.camera
    view = camera_view(Cabin(picture.spec.cabin), Camera(camera))
    middles = view.cushion_middles(camera.size_wh)
    people = [
        person_annotation(
            person,
            truth,
            [fact for fact in picture.facts if fact.seats[0] == person.seat],
            middles.get(person.seat),
        )
        for person, truth in zip(picture.spec.people, picture.people, strict=True)
        if truth.mask.any()
    ]
    return {
        "image": image_entry(picture, view, image_id, file_name),
        "annotations": [{"image_id": image_id, **annotation} for annotation in people],
    }


def image_entry(picture: Picture, view: CameraView, image_id: int, file_name: str) -> Record:
    """An entry of ``images``; ``view`` is kept as in a cabin file, all else is words and numbers."""
    spec = picture.spec
    cabin, camera, light = spec.cabin, spec.camera, spec.light
    return {
        "id": image_id,
        "file_name": file_name,
        "width": camera.size_wh[0],
        "height": camera.size_wh[1],
        "seed": spec.seed,
        "cabin": cabin.kind,
        "drive_side": cabin.drive_side,
        "mount": camera.mount,
        "lens": camera.model,
        "fov_deg": camera.fov_deg,
        "mirrored": camera.mirrored,
        "light": light.kind,
        "scenery": light.scenery,
        "mono": spec.sensor.mono,
        "people_count": len(spec.people),
        "events": [_event(fact) for fact in picture.facts],
        "view": view.model_dump(mode="json"),
    }


def person_annotation(
    person: PersonSpec, truth: PersonTruth, facts: Iterable[Fact], seat_middle: XY | None
) -> Record:
    """An entry of ``annotations`` without ids; the area is that of the pixels that show the person.

    Args:
        person: who.
        truth: what is in the picture of them.
        facts: the events in which they are the first seat.
        seat_middle: of their cushion's outline, pixels; None where the view has none.
    """
    events = [_event(fact) for fact in facts]
    style = STYLES[person.style]
    miss = style.near_miss_of if style.near_miss_of not in {event["kind"] for event in events} else None
    return {
        "category_id": PERSON,
        "keypoints": flat_keypoints(truth),
        "num_keypoints": int(np.count_nonzero(truth.visibility)),
        "bbox": list(truth.box or ()),
        "area": int(truth.mask.sum()),
        "segmentation": {"size": list(truth.mask.shape), "counts": run_lengths(truth.mask)},
        "iscrowd": 0,
        "seat": person.seat,
        "seat_middle": None if seat_middle is None else [round(value, 2) for value in seat_middle],
        "style": person.style,
        "partner": person.partner,
        "sitting": style.sitting,
        "events": events,
        "near_miss_of": miss,
        "is_child": person.body.is_child,
        "belted": person.belted,
        "covering": person.covering,
        "look": look_words(person.look),
    }


def flat_keypoints(truth: PersonTruth) -> list[float]:
    """x, y, visibility of each of :data:`~cabinsafe.synthetic.body.KEYPOINTS`; 0, 0, 0 outside the picture.

    Pixels are cut, not rounded, to thousandths, so that what is in the picture stays in it.
    """
    seen = truth.visibility > 0
    xy = np.where(seen[:, None], np.floor(truth.xy * 1000) / 1000, 0.0)
    rows = zip(xy.tolist(), truth.visibility.tolist(), strict=True)
    return [value for (x, y), visibility in rows for value in (x, y, visibility)]


def look_words(look: LookSpec) -> dict[str, str]:
    """What somebody looks like, in words; garments of MakeHuman by their names."""
    own_bottom = "dress" if look.top == "dress" else look.bottom
    return {
        "hair": look.makehuman_hair or look.hair_style,
        "beard": look.beard,
        "top": look.makehuman_suit or look.top,
        "bottom": look.makehuman_suit or own_bottom,
        "shoes": look.makehuman_shoes or look.shoes,
        "hat": look.hat,
        "glasses": look.glasses,
        "carried": look.carried,
    }


def coco_text(labels: Labels) -> Iterator[str]:
    """A COCO keypoint file, piece by piece, so that it may be larger than memory.

    Args:
        labels: gives the records of :func:`picture_label`, twice the same; annotations are numbered from 1
            in their order.
    """
    yield '{"info": ' + json.dumps({"description": "cabinsafe synth images", "version": library_version()})
    yield f',\n"categories": {json.dumps([_category()])},\n"images": ['
    yield from _items(label["image"] for label in labels())
    yield '],\n"annotations": ['
    people = (annotation for label in labels() for annotation in label["annotations"])
    yield from _items({"id": number, **annotation} for number, annotation in enumerate(people, start=1))
    yield "]}\n"


def library_version() -> str | None:
    """Version of the library; None in a source tree that is not installed."""
    try:
        return version("cabinsafe")
    except PackageNotFoundError:
        return None


def _items(entries: Iterable[Record]) -> Iterator[str]:
    for number, entry in enumerate(entries):
        yield (",\n" if number else "\n") + json.dumps(entry, allow_nan=False)


def _category() -> Record:
    """COCO counts the keypoints that its skeleton joins from 1."""
    skeleton = [[KEYPOINTS.index(a) + 1, KEYPOINTS.index(b) + 1] for a, b in LIMBS]
    return {"id": PERSON, "name": "person", "keypoints": list(KEYPOINTS), "skeleton": skeleton}


def _event(fact: Fact) -> Record:
    return {"kind": fact.kind, "seats": list(fact.seats)}
