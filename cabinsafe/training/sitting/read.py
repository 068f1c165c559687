"""Labelled skeletons from whatever a path holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from cabinsafe.config import CabinConfig
from cabinsafe.errors import DataError
from cabinsafe.evaluation.sets import ANNOTATION_FILES
from cabinsafe.training.sitting.annotated import read_annotated
from cabinsafe.training.sitting.clips import TRUTH_FILE, read_clip
from cabinsafe.training.sitting.records import read_jsonl, read_parquet
from cabinsafe.training.sitting.samples import Samples, joined
from cabinsafe.training.sitting.sight import Sight, sitting_options


def read_samples(
    paths: Sequence[Path],
    cabin: CabinConfig | None = None,
    sight: Sight | None = None,
    looks: int = 1,
    advance: Callable[[str], None] = lambda _: None,
) -> Samples:
    """All labelled skeletons of several files and folders, in order.

    Args:
        paths: ``.jsonl`` or ``.parquet`` files of records; ``.json`` files of COCO-style keypoints, or
            folders with one; folders of a clip with its ``truth.json``.
        cabin: its options of the unsafe-sitting detector apply; and it is the cabin of clips without one.
        sight: looks at pictures and clips; None leaves them closed.
        looks: how often at pictures of somebody unsafe; see
            :func:`~cabinsafe.training.sitting.annotated.read_annotated`.
        advance: called with a path's name after each of its pictures or frames.

    Raises:
        DataError: a path holds no such thing, or a malformed one.
    """
    options = sitting_options(cabin)

    def one(path: Path) -> Samples:
        def tell() -> None:
            advance(path.name)

        if path.suffix == ".jsonl":
            return read_jsonl(path)
        if path.suffix == ".parquet":
            return read_parquet(path)
        if path.suffix == ".json":
            return read_annotated(path, sight, options, looks, tell)
        if (path / TRUTH_FILE).is_file():
            return read_clip(path, sight, options, cabin, tell)
        files = [path / name for name in ANNOTATION_FILES if (path / name).is_file()]
        if files:
            return read_annotated(files[0], sight, options, looks, tell)
        raise DataError(
            f"{path}: expected a .jsonl, .parquet or .json file, or a folder with {TRUTH_FILE} or "
            f"{' or '.join(ANNOTATION_FILES)}"
        )

    return joined([one(path) for path in paths])
