"""Commands of ``cabinsafe data`` that label: thin; nothing slow is imported before a command runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from cabinsafe.cli_parts import SplitName, progress_bar
from cabinsafe.errors import OutputError

label_app = typer.Typer(no_args_is_help=True, help="Labels by a teacher.")


@label_app.command()
def complete(
    set_: Annotated[Path, typer.Argument(metavar="SET", help="COCO-style keypoint file.")],
    images: Annotated[Path, typer.Option("--images", "-i", help="Folder of its images.")],
    model: Annotated[
        Path, typer.Option("--model", "-m", help="MoveNet Thunder as ONNX: int32 RGB to y, x, score.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Keypoint file to write, JSON.")],
    split: Annotated[
        SplitName | None, typer.Option(help="Complete this part only; the rest stays as it is.")
    ] = None,
    min_score: Annotated[
        float, typer.Option(min=0, max=1, help="From which on the teacher is believed.")
    ] = 0.5,
    threads: Annotated[int, typer.Option(min=1, help="Of the network.")] = 1,
) -> None:
    """Fill in the keypoints that a set lacks with those of a teacher; every label it has stays.

    For training only: in evaluation the teacher's keypoints would count as truth. Those it adds are named in
    each annotation's teacher_keypoints and have visibility 1.
    """
    from cabinsafe.data import read_keypoints
    from cabinsafe.data.split import choose
    from cabinsafe.training.pose.thunder import (
        MoveNet,
        TeacherOptions,
        complete_labels,
        teacher_summary,
        write_completed,
    )

    if not out.parent.is_dir():  # known before the work, not after it
        raise OutputError(f"{out}: cannot be written: there is no folder {out.parent}")
    people = read_keypoints(set_)
    teacher = MoveNet(model, threads)
    ids = choose(people.image_ids, None if split is None else split.value)
    console = Console(highlight=False)
    with progress_bar(console) as progress:
        task = progress.add_task("images", total=len(ids))
        options = TeacherOptions(min_score=min_score)
        content = complete_labels(people, images, teacher, options, ids, lambda: progress.advance(task))
    write_completed(content, out)
    console.print(f"{teacher_summary(content)}; in {out}", soft_wrap=True, markup=False)
