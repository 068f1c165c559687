"""The commands of ``cabinsafe synth``: thin; nothing slow is imported before a command runs."""

from __future__ import annotations

import json
import os
import time
from contextlib import closing
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from cabinsafe.data import ClipTruth
from cabinsafe.errors import ConfigError

synth_app = typer.Typer(no_args_is_help=True, help="Labelled synthetic people in vehicle cabins.")

_RecipeOption = Annotated[
    Path | None, typer.Option("--recipe", "-r", help="YAML file of what is fixed; all else is drawn.")
]
_AssetsOption = Annotated[
    Path | None,
    typer.Option(exists=True, file_okay=False, help="MakeHuman's asset folder: clothes/, hair/."),
]
_ProcessesOption = Annotated[
    int | None, typer.Option("--processes", "-p", min=1, help="By default one per core.")
]
_SHOWN = (
    ("cabin", "cabins"), ("drive_side", "drive side"), ("mount", "camera mounts"), ("lens", "lenses"),
    ("light", "light"), ("scenery", "scenery"), ("people_count", "people per image"), ("style", "styles"),
    ("events", "events"), ("near_miss_of", "near misses of"), ("is_child", "children"),
    ("keypoints", "keypoints"),
)  # fmt: skip


class _Format(str, Enum):
    jpg = "jpg"
    png = "png"


@synth_app.command()
def images(
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the set; created if need be.")],
    count: Annotated[
        int | None, typer.Option("--count", "-n", min=1, help="How many; by default all that --scenes has.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", "-s", min=0, help="Of the whole set.")] = 0,
    recipe: _RecipeOption = None,
    assets: _AssetsOption = None,
    processes: _ProcessesOption = None,
    format_: Annotated[_Format, typer.Option("--format", help="Of the pictures.")] = _Format.jpg,
    scenes: Annotated[
        Path | None, typer.Option(help="A scene's JSON file, or a folder of them, to be taken as they are.")
    ] = None,
) -> None:
    """Make a set of labelled pictures: images, scenes, keypoints.json, statistics.json.

    The same command goes on where it was stopped; a larger --count makes a set larger.
    """
    from cabinsafe.synthetic.image_folder import ImageFolder
    from cabinsafe.synthetic.images import DrawnScenes, ImageJob, Scenes, find_scenes, make_images
    from cabinsafe.synthetic.recipe import load_recipe

    source: Scenes
    if scenes is not None:
        source = find_scenes(scenes)
        available = len(source.files)
        count = available if count is None else count
        if recipe is not None or count > available:
            raise ConfigError(f"--scenes has {available} scenes, takes no --recipe and at most that --count")
    elif count is None:
        raise ConfigError("--count is missing: how many pictures to make")
    else:
        source = DrawnScenes(seed, load_recipe(recipe))
    job = ImageJob(source, ImageFolder(out, format_.value), assets)
    console = Console(highlight=False)
    with _ImageProgress(console, count) as progress:
        summary = make_images(job, count, processes or os.cpu_count() or 1, progress.show)
    console.print(f"{summary.made} made, {summary.kept} were there; in {out}", soft_wrap=True, markup=False)
    if summary.statistics is None:
        console.print("interrupted: run the same command again to go on")
        raise typer.Exit(130)
    console.print(_variety_table(summary.statistics))


@synth_app.command()
def ride(
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the clip; created if need be.")],
    seconds: Annotated[float, typer.Option(min=1, max=7200, help="How long it lasts.")] = 30.0,
    seed: Annotated[int, typer.Option("--seed", "-s", min=0, help="Of the ride.")] = 0,
    fps: Annotated[float, typer.Option(min=1, max=60, help="Frames per second.")] = 15.0,
    *,
    recipe: _RecipeOption = None,
    assets: _AssetsOption = None,
    processes: _ProcessesOption = None,
    script: Annotated[
        Path | None,
        typer.Option(
            help="A ride's JSON or YAML file, to be taken as it is: ride.json of a clip. With a --recipe of "
            "a camera, and nothing else, the same ride as that camera takes it."
        ),
    ] = None,
    video: Annotated[
        bool, typer.Option(help="Take pictures; without them all else is made, in a small part of the time.")
    ] = True,
) -> None:
    """Make a clip of a ride: ride.mp4, scenes.jsonl, truth.json, cabin.yaml, ride.json.

    The same command goes on where it was stopped; of a ride without its video it makes the video, too.
    """
    from cabinsafe.data import read_truth
    from cabinsafe.synthetic.body import BodyModel
    from cabinsafe.synthetic.recipe import load_recipe
    from cabinsafe.synthetic.ride.clip import TRUTH_FILE, ClipJob, make_clip
    from cabinsafe.synthetic.ride.files import load_ride
    from cabinsafe.synthetic.ride.script import draw_ride, from_another_camera

    if script is not None:
        spec = load_ride(script)
        spec = spec if recipe is None else from_another_camera(spec, load_recipe(recipe), seed)
    else:
        spec = draw_ride(seed, load_recipe(recipe), BodyModel(), seconds, fps, assets)
    console = Console(highlight=False)
    with _ImageProgress(console, spec.frame_count, "frames") as progress:
        job = ClipJob(spec, out, assets, video)
        is_complete = make_clip(job, processes or os.cpu_count() or 1, progress.show)
    if not is_complete:
        console.print("interrupted: run the same command again to go on")
        raise typer.Exit(130)
    console.print(_truth_table(read_truth(out / TRUTH_FILE)))
    console.print(f"{spec.frame_count} frames; in {out}", soft_wrap=True, markup=False)


@synth_app.command()
def skeletons(
    out: Annotated[Path, typer.Option("--out", "-o", help="JSON Lines file to write.")],
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="How many scenes.")],
    seed: Annotated[int, typer.Option("--seed", "-s", min=0, help="Of all of them.")] = 0,
    recipe: _RecipeOption = None,
) -> None:
    """Write the labelled skeletons of scenes without taking pictures: data for `train svm`, quickly."""
    from cabinsafe.jsonl import JsonLinesFile
    from cabinsafe.synthetic.images import DrawnScenes
    from cabinsafe.synthetic.recipe import load_recipe
    from cabinsafe.synthetic.skeletons import skeleton_records

    source = DrawnScenes(seed, load_recipe(recipe))
    console = Console(highlight=False)
    people = 0
    with closing(JsonLinesFile(out)) as file, _ImageProgress(console, count, "scenes") as progress:
        progress.show(0, 0)
        for made, records in enumerate(skeleton_records(source, count), start=1):
            for record in records:
                file.write(json.dumps(record))
            people += len(records)
            progress.show(made, 0)
    console.print(f"{people} people; in {out}", soft_wrap=True, markup=False)


@synth_app.command()
def scene(
    seed: Annotated[int, typer.Option("--seed", "-s", min=0, help="Of the scene.")] = 0,
    recipe: _RecipeOption = None,
    assets: _AssetsOption = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="JSON file; by default it is printed.")
    ] = None,
) -> None:
    """Draw a scene as JSON, to look at and to edit; `images --scenes` takes its picture."""
    from cabinsafe.synthetic.body import BodyModel
    from cabinsafe.synthetic.casting import draw_scene
    from cabinsafe.synthetic.recipe import load_recipe
    from cabinsafe.whole_files import replace_file

    drawn = draw_scene(seed, load_recipe(recipe), BodyModel(), assets).model_dump_json(indent=1)
    if out is None:
        typer.echo(drawn)
    else:
        replace_file(out, drawn.encode() + b"\n")


@synth_app.command()
def schema() -> None:
    """Print the JSON Schema of a recipe, for editors."""
    from cabinsafe.synthetic.recipe_files import recipe_schema

    typer.echo(json.dumps(recipe_schema(), indent=2))


@synth_app.command()
def view(
    recipe: Annotated[Path, typer.Argument(help="YAML file that fixes the cabin and the camera.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Cabin file to write.")],
) -> None:
    """Write the cabin file of a recipe's vehicle, for `cabinsafe analyze`."""
    from cabinsafe.synthetic.recipe import load_recipe
    from cabinsafe.synthetic.recipe_files import fixed_cabin_file
    from cabinsafe.yaml_file import write_mapping

    write_mapping(out, fixed_cabin_file(load_recipe(recipe)))


class _ImageProgress:
    """A progress bar with images per hour, counted from the first one made."""

    def __init__(self, console: Console, count: int, what: str = "images") -> None:
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[per_hour]:,.0f}/h, ETA"),
            TimeRemainingColumn(),
            console=console,
        )
        self._task = self._bar.add_task(what, total=count, per_hour=0.0)
        self._first_s: float | None = None

    def __enter__(self) -> _ImageProgress:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def show(self, made: int, kept: int) -> None:
        """Take note of the images made and kept so far."""
        now = time.monotonic()
        if made == 1:
            self._first_s = now
        elapsed = now - (self._first_s or now)
        per_hour = (made - 1) / elapsed * 3600 if elapsed else 0.0
        self._bar.update(self._task, completed=made + kept, per_hour=per_hour)


def _variety_table(statistics: dict[str, Any]) -> Table:
    title = f"{statistics['images']} images, {statistics['people']} people"
    table = Table("", "how often", title=title, box=SIMPLE_HEAD, show_header=False, padding=(0, 1, 0, 0))
    for key, name in _SHOWN:
        table.add_row(name, ", ".join(f"{value} {number}" for value, number in statistics[key].items()))
    return table


def _truth_table(truth: ClipTruth) -> Table:
    table = Table(title="What is true of it", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name in ("what", "from", "to", "who"):
        table.add_column(name, justify="right" if name in ("from", "to") else "left", no_wrap=True)
    for event in truth.events:
        what = f"{event.kind.replace('_', ' ')}{' (near miss)' if event.near_miss else ''}"
        table.add_row(what, f"{event.t_start_s:.1f} s", f"{event.t_end_s:.1f} s", " > ".join(event.seats))
    return table
