"""From a source in any of the known formats to a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from cabinsafe.data.convert import coco, cvat, label_studio, lsp
from cabinsafe.data.convert.names import KeypointNames, read_names
from cabinsafe.data.convert.people import Labels
from cabinsafe.data.convert.source import require_folder
from cabinsafe.data.convert.writer import Summary, write_labels
from cabinsafe.errors import DataError, OutputError

_READERS: Final[Mapping[str, Callable[[Path, Path, KeypointNames], Labels]]] = MappingProxyType(
    {
        "coco": coco.read_labels,
        "lsp": lsp.read_labels,
        "cvat": cvat.read_labels,
        "label-studio": label_studio.read_labels,
    }
)

FORMATS: Final = tuple(_READERS)
"""What :func:`convert` reads."""


def convert(
    source_format: str,
    source: str | Path,
    images: str | Path,
    out: str | Path,
    names: str | Path | None = None,
) -> Summary:
    """Write annotations as a file of 18 keypoints for :func:`~cabinsafe.data.read_keypoints`.

    Args:
        source_format: one of :data:`FORMATS`.
        source: the annotations.
        images: the folder that the file's image names shall be relative to.
        out: the file to write, JSON.
        names: YAML file of keypoint names that are none of the common spellings; ``null`` leaves one out.

    Raises:
        DataError: the source is not in that format, or something in it or an image is missing or wrong; the
            message says what and where.
        ConfigError: ``names`` cannot be used.
        OutputError: the file cannot be written.
    """
    if source_format not in _READERS:
        raise DataError(f"no format '{source_format}'; expected one of {', '.join(FORMATS)}")
    source, images, out = Path(source), Path(images), Path(out)
    if out.resolve() == source.resolve():
        raise OutputError(f"{out}: is the source; choose another file for the result")
    require_folder(images)
    known = KeypointNames({} if names is None else read_names(Path(names)))
    return write_labels(_READERS[source_format](source, images, known), out, source, images)
