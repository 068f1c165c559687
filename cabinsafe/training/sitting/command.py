"""What ``cabinsafe train svm`` does, from paths to files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cabinsafe.config import CabinConfig, load_config
from cabinsafe.errors import OutputError
from cabinsafe.training.sitting.files import LICENCE
from cabinsafe.training.sitting.fit import Recipe
from cabinsafe.training.sitting.page import html_page
from cabinsafe.training.sitting.read import read_samples
from cabinsafe.training.sitting.records import write_jsonl
from cabinsafe.training.sitting.samples import Samples
from cabinsafe.training.sitting.sight import LOOKS, Sight, sitting_options
from cabinsafe.training.svm import Trained, card_path, save, train
from cabinsafe.whole_files import replace_file, require_writable

TRAIN_FILE: Final = "train.jsonl"
TEST_FILE: Final = "test.jsonl"


@dataclass(frozen=True)
class SvmJob:
    """What to do.

    Attributes:
        data: files and folders to train on.
        out: card to write.
        cabin: cabin file; None for the defaults.
        test: files and folders to measure on; empty to hold out a share of ``data``.
        report: HTML file; None for one beside the card.
        keep: folder for the skeletons that were read, or None.
        look: whether the pose network looks at pictures and clips.
        seed: of all that is drawn.
        force: whether to write over a better classifier.
        licence: for the card.
        recipe: how to train.
    """

    data: tuple[Path, ...]
    out: Path
    cabin: Path | None = None
    test: tuple[Path, ...] = ()
    report: Path | None = None
    keep: Path | None = None
    look: bool = True
    seed: int = 0
    force: bool = False
    licence: str = LICENCE
    recipe: Recipe = field(default_factory=Recipe)


@dataclass(frozen=True)
class Outcome:
    """What came of it.

    Attributes:
        trained: the training.
        lines: to be shown, one after the other.
    """

    trained: Trained
    lines: tuple[str, ...]


def run_job(job: SvmJob, say: Callable[[str], None] = lambda _: None) -> Outcome:
    """Read, train, compare, report, and write the classifier if it may be written.

    Raises:
        DataError, ConfigError, MediaError: the data or the cabin file cannot be used.
        ModelError: a better classifier lies there; the report is written all the same.
        OutputError: a file cannot be written.
    """
    cabin = None if job.cabin is None else load_config(job.cabin)
    path = card_path(job.out)
    page = job.report or path.with_suffix(".html")
    _require_places(path, page, job.keep)
    with _sight(job, cabin) as sight:
        samples = _read(job.data, cabin, sight, LOOKS if job.test else 1, say)
        test = _read(job.test, cabin, sight, 1, say) if job.test else None
    _keep(job.keep, samples, test)
    used = sitting_options(cabin)
    current = path if path.exists() else (job.recipe.with_seat and used.on_seat) or used.model
    trained = train(samples, test, current=current, recipe=job.recipe, seed=job.seed, say=say)
    trained.draft.note_origin(job.licence, [data.name for data in job.data])
    replace_file(page, html_page(trained, f"Unsafe sitting: {path.stem}").encode())
    save(trained, path, force=job.force)
    return Outcome(trained, (*_figures(trained), f"wrote {path}", f"more figures in {page}"))


@contextmanager
def _sight(job: SvmJob, cabin: CabinConfig | None) -> Iterator[Sight | None]:
    """The pose network, or None where it is not to look; it is opened only if there may be pictures."""
    if not job.look or all(path.suffix in (".jsonl", ".parquet") for path in (*job.data, *job.test)):
        yield None
        return
    with closing(Sight(cabin)) as sight:
        yield sight


def _read(
    paths: Sequence[Path],
    cabin: CabinConfig | None,
    sight: Sight | None,
    looks: int,
    say: Callable[[str], None],
) -> Samples:
    return read_samples(paths, cabin, sight, looks, lambda name: say(f"reading {name}"))


def _keep(folder: Path | None, samples: Samples, test: Samples | None) -> None:
    if folder is None:
        return
    write_jsonl(folder / TRAIN_FILE, samples)
    if test is not None:
        write_jsonl(folder / TEST_FILE, test)


def _require_places(card: Path, page: Path, keep: Path | None) -> None:
    """Check that all files can be written, before anything slow begins; their folders are made."""
    files = [card, card.with_suffix(".onnx"), page]
    if keep is not None:
        files += [keep / TRAIN_FILE, keep / TEST_FILE]
    for file in files:
        _folder(file.parent)
        require_writable(file)


def _folder(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{path}: cannot be made: {error.strerror or error}") from error


def _figures(trained: Trained) -> Iterator[str]:
    others = {"logistic regression": trained.baseline}
    if trained.current is not None:
        others["current"] = trained.current
    for source, figures in trained.figures.items():
        beside = ", ".join(f"{name} {_accuracy(f[source])}" for name, f in others.items())
        yield (
            f"{source}: balanced accuracy {_accuracy(figures)} ({beside}); undecided "
            f"{figures['undecided_share']:.1%}, too little seen {figures['too_little_seen_share']:.1%}"
        )
    if trained.why_not:
        yield f"not compared with the current classifier: {trained.why_not}"


def _accuracy(figures: dict[str, float | None]) -> str:
    value = figures["balanced_accuracy"]
    return "-" if value is None else f"{value:.3f}"
