"""Sets of synthetic pictures: every picture from its own seed, by several processes, to be resumed at will.

Picture number i of a set is the same however many there are, whoever makes it, and whenever.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from cabinsafe.errors import ConfigError, MissingExtraError
from cabinsafe.interrupts import DeferredInterrupt
from cabinsafe.media.stills import encode_png
from cabinsafe.synthetic.body import BodyModel
from cabinsafe.synthetic.casting import cast_scene
from cabinsafe.synthetic.image_folder import ImageFolder
from cabinsafe.synthetic.labels import library_version, picture_label
from cabinsafe.synthetic.picture import take
from cabinsafe.synthetic.recipe import Recipe
from cabinsafe.synthetic.sampling import generator
from cabinsafe.synthetic.scene import Occupant, SceneSpec
from cabinsafe.synthetic.sensor import encode_jpeg
from cabinsafe.synthetic.wardrobe.makehuman import garments_in
from cabinsafe.synthetic.workers import catch_up, retold

Staged = tuple[SceneSpec, Sequence[Occupant] | None]


class Scenes(Protocol):
    """Where the scenes of a set come from."""

    def scene(self, index: int, model: BodyModel, assets: Path | None) -> Staged:
        """The scene of a picture, and its people in place where they are known."""

    def name(self, index: int) -> str:
        """What to call it in a message."""

    def identity(self) -> dict[str, Any]:
        """What tells these scenes from others."""


@dataclass(frozen=True)
class DrawnScenes:
    """Scenes drawn by chance.

    Attributes:
        seed: of the set.
        recipe: what is fixed in all of them.
    """

    seed: int
    recipe: Recipe

    def seed_of(self, index: int) -> int:
        """The seed of one scene; :func:`~cabinsafe.synthetic.casting.cast_scene` gives the scene from it."""
        return int(generator(self.seed, "image", index).integers(2**48))

    def scene(self, index: int, model: BodyModel, assets: Path | None) -> Staged:
        """The scene of a picture, and its people in place."""
        return cast_scene(self.seed_of(index), self.recipe, model, assets)

    def name(self, index: int) -> str:
        """What to call it in a message."""
        return f"seed {self.seed_of(index)}"

    def identity(self) -> dict[str, Any]:
        """What tells these scenes from others."""
        recipe = json.dumps(self.recipe.model_dump(mode="json"), sort_keys=True)
        return {"seed": self.seed, "recipe_sha256": hashlib.sha256(recipe.encode()).hexdigest()}


@dataclass(frozen=True)
class GivenScenes:
    """Scenes read from JSON files."""

    files: tuple[Path, ...]

    def scene(self, index: int, model: BodyModel, assets: Path | None) -> Staged:  # noqa: ARG002
        """The scene of a picture; its people are yet to be posed."""
        return SceneSpec.model_validate_json(self.files[index].read_bytes()), None

    def name(self, index: int) -> str:
        """What to call it in a message."""
        return str(self.files[index])

    def identity(self) -> dict[str, Any]:
        """What tells these scenes from others."""
        digest = hashlib.sha256()
        for file in self.files:
            digest.update(hashlib.sha256(file.read_bytes()).digest())
        return {"scenes_sha256": digest.hexdigest()}


def find_scenes(path: Path) -> GivenScenes:
    """The scene in a JSON file, or those in a folder's JSON files, by name.

    Raises:
        ConfigError: there is none.
    """
    files = sorted(path.glob("*.json")) if path.is_dir() else [path]
    if not files or not all(file.is_file() for file in files):
        raise ConfigError(f"{path}: expected a scene's JSON file or a folder of them, found none")
    return GivenScenes(tuple(files))


@dataclass(frozen=True)
class ImageJob:
    """What to make.

    Attributes:
        scenes: of the pictures.
        folder: where they go.
        assets: MakeHuman's asset folder, or None.
    """

    scenes: Scenes
    folder: ImageFolder
    assets: Path | None = None

    def identity(self) -> dict[str, Any]:
        """What makes the pictures what they are; ``job.json`` holds it.

        Raises:
            DataError: the asset folder has no garments.
        """
        garments = [
            f"{kind}/{name}"
            for kind in ("clothes", "hair")
            for name in (garments_in(self.assets, kind) if self.assets else ())
        ]
        return {
            "made_by": "cabinsafe synth images",
            "version": library_version(),
            "image_format": self.folder.image_format,
            **self.scenes.identity(),
            "assets": garments,
        }

    def maker(self) -> Callable[[int], None]:
        """Load what pictures need; what is returned makes the picture of a number."""
        return partial(self.make, BodyModel())

    def make(self, model: BodyModel, index: int) -> None:
        """Make one picture and write its files.

        Raises:
            CabinSafeError: the message names the picture and its seed.
        """
        try:
            spec, posed = self.scenes.scene(index, model, self.assets)
            picture = take(spec, model, self.assets, posed)
            is_png = self.folder.image_format == "png"
            image = encode_png(picture.image) if is_png else encode_jpeg(picture.image, spec.sensor)
            label = picture_label(picture, index, self.folder.image_name(index))
            self.folder.write(index, image, spec.model_dump_json().encode() + b"\n", label)
        except Exception as error:
            raise retold(error, f"image {index} ({self.scenes.name(index)}): ") from error


@dataclass(frozen=True)
class ImageSummary:
    """What a run came to.

    Attributes:
        made: pictures made in this run.
        kept: pictures that were there before.
        statistics: of :func:`~cabinsafe.synthetic.variety.variety`; None if it was interrupted.
    """

    made: int
    kept: int
    statistics: dict[str, Any] | None


def make_images(
    job: ImageJob, count: int, processes: int = 1, on_image: Callable[[int, int], None] | None = None
) -> ImageSummary:
    """Make the first pictures of a set, or those of them that are not there yet.

    Ctrl-C lets the pictures at hand be finished; the same call goes on from there. The pictures are made in
    spawned processes, so a script that calls this needs ``if __name__ == "__main__":``.

    Args:
        job: what to make.
        count: how many pictures.
        processes: of one thread each, at least 1.
        on_image: called with the numbers of pictures made and kept, at first and after every picture.

    Raises:
        MissingExtraError: the [synthetic] extra is not installed.
        OutputError: the folder is another job's, or the disk is full; what was written stays whole.
        CabinSafeError: of a scene; the message names picture and seed.
    """
    if importlib.util.find_spec("anny") is None:  # tell it before any process starts
        raise MissingExtraError("synthetic people", "synthetic", "anny")
    job.folder.claim(job.identity())
    with DeferredInterrupt() as interrupt:
        made, kept = catch_up(
            job.maker, job.folder.is_whole, count, processes, lambda: interrupt.requested, on_image
        )
    is_complete = made + kept == count
    return ImageSummary(made, kept, job.folder.finish(count) if is_complete else None)
