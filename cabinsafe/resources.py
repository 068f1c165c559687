"""Where the bundled files lie: ``models/``, ``configs/`` and ``demo/``, in checkout and wheel alike."""

from __future__ import annotations

import hashlib
from pathlib import Path

from cabinsafe.errors import ModelError


def bundled_dir(name: str) -> Path:
    """Folder of bundled files: inside the installed package, else beside it in a checkout.

    Raises:
        ModelError: neither place has it.
    """
    package = Path(__file__).resolve().parent
    places = [package / name, package.parent / name]
    for place in places:
        if place.is_dir() and not (place / "__init__.py").exists():
            return place
    raise ModelError(f"bundled folder '{name}' not found; looked in {', '.join(map(str, places))}")


def sha256_of(path: Path) -> str:
    """Hex digest of a file's bytes."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def verify_sha256(path: Path, expected: str, card: Path) -> None:
    """Check a model file against the digest on its card.

    Raises:
        ModelError: the file is missing, or is not the one the card describes.
    """
    if not path.is_file():
        raise ModelError(f"{card}: the model file {path} does not exist")
    found = sha256_of(path)
    if found != expected:
        raise ModelError(
            f"{path} is not the file that {card.name} describes: expected sha256 {expected}, found {found}"
        )
