"""Labelled pictures to measure on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cabinsafe.data import read_keypoints
from cabinsafe.data.split import Split, choose
from cabinsafe.errors import DataError

ANNOTATION_FILES: Final = ("keypoints.json", "person_keypoints.json")


@dataclass(frozen=True)
class PoseSet:
    """Images, their files and their labels.

    Attributes:
        name: what reports call it.
        paths: image id to file, ids rising.
        annotations: a COCO keypoint dictionary of COCO's 17 keypoints; it may hold other images, too.
        images: image id to its entry in ``annotations``.
        people: image id to its annotations, crowds and people without labelled keypoints included.
    """

    name: str
    paths: Mapping[int, Path]
    annotations: Mapping[str, Any]
    images: Mapping[int, Mapping[str, Any]]
    people: Mapping[int, tuple[Mapping[str, Any], ...]]


def open_set(path: Path, split: Split | None = None, limit: int | None = None) -> PoseSet:
    """Read a COCO-style keypoint set.

    Args:
        path: the annotations, with the images in ``images/`` beside them or else right beside them; or a
            folder that holds ``keypoints.json`` or ``person_keypoints.json``, such as ``cabinsafe synth
            images`` makes.
        split: part of it by the fixed rule of :mod:`cabinsafe.data.split`; None for all.
        limit: at most so many images.

    Raises:
        DataError: it is missing or no such set, images are missing, or none is chosen.
    """
    file = _annotation_file(path)
    keypoints = read_keypoints(file)
    folder = file.parent / "images"
    folder = folder if folder.is_dir() else file.parent
    try:
        ids = choose(keypoints.image_ids, split, limit)
    except DataError as error:
        raise DataError(f"{file}: {error}") from error
    keypoints.require_images(folder)
    annotations = keypoints.coco()
    chosen = set(ids)
    images = {image["id"]: image for image in annotations["images"] if image["id"] in chosen}
    people: dict[int, list[Mapping[str, Any]]] = {image_id: [] for image_id in ids}
    for annotation in annotations["annotations"]:
        if annotation["image_id"] in chosen:
            people[annotation["image_id"]].append(annotation)
    return PoseSet(
        name=path.resolve().name if path.is_dir() else path.stem,
        paths={image_id: folder / images[image_id]["file_name"] for image_id in ids},
        annotations=annotations,
        images=images,
        people={image_id: tuple(found) for image_id, found in people.items()},
    )


def _annotation_file(path: Path) -> Path:
    if path.is_file():
        return path
    if not path.is_dir():
        raise DataError(f"{path}: no annotation file, and no folder")
    found = [path / name for name in ANNOTATION_FILES if (path / name).is_file()]
    if len(found) != 1:
        names = " or ".join(ANNOTATION_FILES)
        raise DataError(f"{path}: expected one of {names} in the folder, found {'both' if found else 'none'}")
    return found[0]
