"""The fixed split of the people data, by image id.

Rule, written down so that it can never drift: take the first byte of
``sha256("cabinsafe-people-v1:<image_id>")`` modulo 10. 0 is *test*, 1 is *val*, 2 to 9 are
*train*. The rule looks at nothing but the id, so adding images never moves an old one. Weights,
settings, thresholds and blends are chosen on *val*; *test* is only ever reported.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Final, Literal, get_args

import numpy as np

from cabinsafe.errors import DataError

Split = Literal["train", "val", "test"]

_SALT: Final = "cabinsafe-people-v1"


def split_of(image_id: int) -> Split:
    """Return the split that an image id belongs to."""
    digest = hashlib.sha256(f"{_SALT}:{image_id}".encode()).digest()
    bucket = digest[0] % 10
    if bucket == 0:
        return "test"
    return "val" if bucket == 1 else "train"


def select(image_ids: Iterable[int], split: Split) -> list[int]:
    """Return the ids of one split, sorted."""
    return sorted(image_id for image_id in image_ids if split_of(image_id) == split)


def choose(image_ids: Iterable[int], split: Split | None = None, limit: int | None = None) -> list[int]:
    """Return some of the ids, sorted.

    Args:
        image_ids: all there are.
        split: which part of them; None for all.
        limit: at most so many, drawn from that part, always the same ones.

    Raises:
        DataError: there are none.
    """
    every = list(image_ids)
    ids = sorted(every) if split is None else select(every, split)
    if not ids:
        none = f"none of the {len(every)} images is in the split '{split}'"
        raise DataError(none if every else "there are no images")
    if limit is None or limit >= len(ids):
        return ids
    places = np.random.default_rng(0).permutation(len(ids))[:limit]
    return [ids[place] for place in sorted(places)]


def require_all(image_ids: Iterable[int]) -> None:
    """Check that no split is empty.

    Raises:
        DataError: one is; the message names it and the rule.
    """
    ids = list(image_ids)
    empty = [split for split in get_args(Split) if not select(ids, split)]
    if empty:
        raise DataError(
            f"none of the {len(ids)} images falls into {' or '.join(empty)}; the rule: first byte of "
            f'sha256("{_SALT}:<image id>") modulo 10, where 0 is test, 1 is val and the others are train'
        )
