"""Sets of pictures: the same whoever makes them, whole whatever ends the job, never over something else."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from pycocotools.coco import COCO

from cabinsafe.data import read_keypoints
from cabinsafe.errors import ConfigError, DataError, MissingExtraError, OutputError
from cabinsafe.synthetic.body import KEYPOINTS, BodyModel
from cabinsafe.synthetic.image_folder import ImageFolder, replace_file
from cabinsafe.synthetic.images import DrawnScenes, GivenScenes, ImageJob, find_scenes, make_images
from cabinsafe.synthetic.recipe import Recipe
from cabinsafe.synthetic.scene import SceneSpec

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # pycocotools'

SIZE = 96
SMALL = Recipe(
    camera={"size_wh": (SIZE, SIZE)}, people_count=(1, 2), styles=("rest", "talk", "feet_own_seat")
)
COUNT = 3


def job_in(folder: Path, seed: int = 3, recipe: Recipe = SMALL, **values: object) -> ImageJob:
    return ImageJob(DrawnScenes(seed, recipe), ImageFolder(folder), **values)  # type: ignore[arg-type]


def files(folder: Path) -> dict[str, bytes]:
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


@pytest.fixture(scope="module")
def reference(body_model: BodyModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A set made one by one, in this process."""
    job = job_in(tmp_path_factory.mktemp("reference") / "set")
    job.folder.claim(job.identity())
    for index in range(COUNT):
        job.make(body_model, index)
    job.folder.finish(COUNT)
    return job.folder.path


@pytest.fixture
def copy(reference: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(reference, tmp_path / "copy"))


@pytest.mark.slow
def test_a_set_is_the_same_from_one_process_resumed_by_two(reference: Path, tmp_path: Path) -> None:
    """Begun with one process and fewer pictures, damaged, and finished by two processes."""
    job, told = job_in(tmp_path / "set"), []
    first = make_images(job, 2, 1, lambda made, kept: told.append((made, kept)))
    assert (first.made, first.kept, first.statistics["images"]) == (2, 0, 2)  # type: ignore[index]
    assert told == [(0, 0), (1, 0), (2, 0)]
    image = job.folder.path / "images" / "000001.jpg"
    image.write_bytes(image.read_bytes()[:-100])
    second = make_images(job, COUNT, 2)
    assert (second.made, second.kept) == (COUNT - 1, 1)
    assert files(job.folder.path) == files(reference)


@pytest.mark.slow
def test_a_scene_gives_the_same_picture_in_another_process(reference: Path, tmp_path: Path) -> None:
    scene, out = reference / "scenes" / "000002.json", tmp_path / "set"
    done = synth("images", "--scenes", scene, "--out", out, "--format", "png", "--processes", 1)
    assert done.returncode == 0, done.stderr
    assert "1 images, " in done.stdout
    assert "camera mounts" in done.stdout
    assert (out / "scenes" / "000000.json").read_bytes() == scene.read_bytes()
    ours, theirs = (
        json.loads((folder / "labels" / name).read_text())["annotations"]
        for folder, name in ((out, "000000.json"), (reference, "000002.json"))
    )
    assert [a | {"image_id": 2} for a in ours] == theirs
    exact = cv2.imread(str(out / "images" / "000000.png")).astype(int)
    lossy = cv2.imread(str(reference / "images" / "000002.jpg")).astype(int)
    assert exact.shape == (SIZE, SIZE, 3)
    assert np.abs(exact - lossy).mean() < 12


@pytest.mark.slow
def test_ctrl_c_leaves_whole_pictures_only(tmp_path: Path) -> None:
    pytest.importorskip("anny", reason="needs the [synthetic] extra")
    out, recipe = tmp_path / "set", tmp_path / "recipe.yaml"
    recipe.write_text("camera: {size_wh: [96, 96]}\npeople_count: [0]\n")  # empty cabins: quick
    arguments = [*COMMAND, "synth", "images", "-n", "5000", "-o", str(out), "-r", str(recipe), "-p", "2"]
    with subprocess.Popen(
        arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        deadline = time.monotonic() + 120
        while len(list((out / "labels").glob("0*.json"))) < 2 and process.poll() is None:
            if time.monotonic() > deadline:
                process.kill()
            time.sleep(0.05)
        assert process.poll() is None, f"it was not at work when interrupted: {process.communicate()}"
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the worker processes, too
        stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 130, stderr
    assert "interrupted: run the same command again to go on" in stdout
    assert "Traceback" not in stderr
    assert not (out / "keypoints.json").exists()
    names = [path.stem for path in (out / "labels").iterdir()]
    assert 2 <= len(names) < 5000
    assert all(ImageFolder(out).is_whole(int(name)) for name in names)
    assert len(files(out)) == 3 * len(names) + 1, "three files of each picture, and job.json"


def test_what_is_written_fits_together(reference: Path) -> None:
    coco = COCO(str(reference / "keypoints.json"))
    assert coco.getImgIds() == list(range(COUNT))
    assert coco.getAnnIds(), "there are people"
    people = read_keypoints(reference / "keypoints.json")
    people.require_images(reference / "images")
    for labelled in people.labelled_images(reference / "images", KEYPOINTS):
        spec = SceneSpec.model_validate_json(
            (reference / "scenes" / f"{labelled.image_id:06d}.json").read_bytes()
        )
        assert cv2.imread(str(labelled.path)).shape == (SIZE, SIZE, 3)
        assert spec.seed == DrawnScenes(3, SMALL).seed_of(labelled.image_id) == labelled.attributes["seed"]
        assert {person["seat"] for person in labelled.people} <= {person.seat for person in spec.people}
        seen = np.isfinite(labelled.xy).all(axis=2)
        assert ((labelled.xy[seen] >= 0) & (labelled.xy[seen] < SIZE)).all()
    for annotation in coco.loadAnns(coco.getAnnIds()):
        rows, columns = np.nonzero(coco.annToMask(annotation))
        left, top, width, height = annotation["bbox"]
        if len(rows):
            assert (columns.min(), rows.min()) == (left, top)
            assert (columns.max() + 1 - left, rows.max() + 1 - top) == (width, height)
    statistics = json.loads((reference / "statistics.json").read_text())
    assert statistics["people"] == len(coco.getAnnIds())
    assert sum(statistics["style"].values()) == statistics["people"]


def test_seeds_of_pictures_differ_and_do_not_depend_on_anything_else() -> None:
    seeds = [DrawnScenes(3, SMALL).seed_of(index) for index in range(1000)]
    assert len(set(seeds)) == 1000
    assert seeds[:10] == [DrawnScenes(3, Recipe()).seed_of(index) for index in range(10)]
    assert not set(seeds) & {DrawnScenes(4, SMALL).seed_of(index) for index in range(1000)}


@pytest.mark.parametrize("name", ["images/000001.jpg", "scenes/000001.json", "labels/000001.json"])
@pytest.mark.parametrize("damage", ["missing", "truncated", "empty", "changed"])
def test_a_damaged_picture_is_not_whole(copy: Path, name: str, damage: str) -> None:
    folder, file = ImageFolder(copy), copy / name
    data = file.read_bytes()
    assert folder.is_whole(1)
    if damage == "missing":
        file.unlink()
    else:
        changed = data.replace(data[10:11], b"?", 1) if "labels" not in name else b"[" + data[1:]
        file.write_bytes({"truncated": data[: len(data) // 2], "empty": b"", "changed": changed}[damage])
    assert not folder.is_whole(1)
    assert folder.is_whole(0)


def test_nothing_is_made_anew_where_all_is_there(copy: Path, body_model: BodyModel) -> None:
    before = {path: path.stat().st_mtime_ns for path in (copy / "images").iterdir()}
    summary = make_images(job_in(copy), COUNT, 2)
    assert (summary.made, summary.kept) == (0, COUNT)
    assert {path: path.stat().st_mtime_ns for path in (copy / "images").iterdir()} == before


@pytest.mark.parametrize(
    ("changed", "key"),
    [
        ({"seed": 4}, "seed is 3 and not 4"),
        ({"recipe": Recipe(belted_share=0.1)}, "recipe_sha256 is"),
        ({"folder": "png"}, "image_format is 'jpg' and not 'png'"),
    ],
)
def test_a_folder_of_another_job_is_refused(
    copy: Path, body_model: BodyModel, changed: dict[str, object], key: str
) -> None:
    before = files(copy)
    job = ImageJob(
        DrawnScenes(changed.get("seed", 3), changed.get("recipe", SMALL)),  # type: ignore[arg-type]
        ImageFolder(copy, changed.get("folder", "jpg")),  # type: ignore[arg-type]
    )
    with pytest.raises(OutputError, match=f"holds pictures of another job, its {key}"):
        make_images(job, 1)
    assert files(copy) == before


def test_a_set_of_another_version_or_of_given_scenes_is_refused(copy: Path, reference: Path) -> None:
    given = ImageJob(find_scenes(reference / "scenes"), ImageFolder(copy))
    with pytest.raises(OutputError, match="scenes_sha256 is None"):
        given.folder.claim(given.identity())
    job = job_in(copy)
    with pytest.raises(OutputError, match=r"its version is '.*' and not '99\.0'"):
        job.folder.claim(job.identity() | {"version": "99.0"})


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "holiday.jpg").touch()
    with pytest.raises(OutputError, match=r"is not empty and holds no job\.json"):
        ImageFolder(tmp_path).claim({})
    (tmp_path / "holiday.jpg").unlink()
    (tmp_path / "job.json").write_text("{")
    with pytest.raises(OutputError, match="cannot be used for pictures"):
        ImageFolder(tmp_path).claim({})
    with pytest.raises(OutputError, match="cannot be used for pictures"):
        ImageFolder(tmp_path / "job.json" / "set").claim({})


def leave_no_room_for(path: Path) -> None:
    """What is written for this file meets a full disk."""
    path.with_name(f".{path.name}.part").symlink_to("/dev/full")


def test_a_full_disk_leaves_what_was_there(tmp_path: Path) -> None:
    replace_file(tmp_path / "a", b"old")
    leave_no_room_for(tmp_path / "a")
    with pytest.raises(OutputError, match="a: cannot be written: No space left"):
        replace_file(tmp_path / "a", (b"new" * 100 for _ in range(100)))
    assert files(tmp_path) == {"a": b"old"}


def test_a_picture_that_does_not_fit_on_the_disk_is_named(copy: Path, body_model: BodyModel) -> None:
    leave_no_room_for(copy / "images" / "000005.jpg")
    with pytest.raises(OutputError, match=r"^image 5 \(seed \d+\): .*000005\.jpg: cannot be written"):
        job_in(copy).make(body_model, 5)
    assert not list(copy.rglob("*000005*"))


@pytest.mark.parametrize(
    ("change", "kind", "message"),
    [
        ({"sed": 1}, ConfigError, "sed: unknown key; did you mean 'seed'"),
        ({"people": [{"seat": "Row1.Pos1", "style": "flying"}]}, ConfigError, "no style 'flying'"),
        ({"people": [{"seat": "Row9.Pos1"}]}, ConfigError, "no seat Row9.Pos1"),
        (
            {"people": [{"seat": "Row1.Pos1", "look": {"makehuman_suit": "male_suit"}}]},
            DataError,
            "needs the folder of MakeHuman's assets",
        ),
    ],
)
def test_a_scene_that_cannot_be_is_named(
    reference: Path,
    body_model: BodyModel,
    tmp_path: Path,
    change: dict[str, object],
    kind: type,
    message: str,
) -> None:
    values = json.loads((reference / "scenes" / "000000.json").read_text())
    (tmp_path / "odd.json").write_text(json.dumps(values | change))
    job = ImageJob(find_scenes(tmp_path), ImageFolder(tmp_path / "set"))
    with pytest.raises(kind, match=rf"(?s)^image 0 \(.*odd\.json\): .*{message}"):
        job.make(body_model, 0)


def test_scenes_that_are_not_there_are_told(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "none.json"):
        with pytest.raises(ConfigError, match="expected a scene's JSON file or a folder of them, found none"):
            find_scenes(place)
    (tmp_path / "b.json").touch()
    (tmp_path / "a.json").touch()
    assert find_scenes(tmp_path) == GivenScenes((tmp_path / "a.json", tmp_path / "b.json"))


def test_without_the_extra_it_is_named_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "anny", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'cabinsafe\[synthetic\]'"):
        make_images(job_in(tmp_path / "set"), 1)
    assert not (tmp_path / "set").exists()


COMMAND = [str(Path(sys.executable).with_name("cabinsafe"))]


def synth(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [*COMMAND, "synth", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
