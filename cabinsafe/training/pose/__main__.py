"""``python -m cabinsafe.training.pose CONFIG.yml``: train, or continue, one run."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from cabinsafe.errors import CabinSafeError, MissingExtraError
from cabinsafe.training.pose.config import load_config


def main(arguments: list[str]) -> int:
    """Run the training that a config describes; return the exit status."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m cabinsafe.training.pose CONFIG.yml\n")
        return 2
    try:
        _require_extra()
        from cabinsafe.training.pose.recipe import run

        path = run(load_config(Path(arguments[0])), _print_line)
    except CabinSafeError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    _print_line(f"wrote {path}")
    return 0


def _require_extra() -> None:
    for package in ("torch", "onnx", "pycocotools"):
        try:
            importlib.import_module(package)
        except ImportError as error:
            raise MissingExtraError("training a pose network", "train", package) from error


def _print_line(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
