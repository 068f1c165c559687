"""Draws: the same in every process, independent of each other, and fixed values over drawn ones."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np

from cabinsafe.synthetic.sampling import generator, merged


def test_the_same_keys_give_the_same_numbers_in_every_process() -> None:
    code = "from cabinsafe.synthetic.sampling import generator; print(generator(3, 'light').integers(2**62))"
    here = int(generator(3, "light").integers(2**62))
    for hash_seed in ("0", "1"):
        done = subprocess.run(
            [sys.executable, "-c", code], env=os.environ | {"PYTHONHASHSEED": hash_seed},
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert int(done.stdout) == here


def test_other_keys_give_other_numbers() -> None:
    keys = [(1,), (2,), (1, "light"), (1, "camera"), (1, "camera", 0), (1, "camera", 1), (11, 1), (1, 11)]
    drawn = np.array([generator(*key).random(8) for key in keys])
    assert len(np.unique(drawn)) == drawn.size


def test_fixed_values_lie_over_drawn_ones() -> None:
    drawn = {"a": 1, "b": {"c": 2, "d": {"e": 3, "f": 4}}, "g": [1, 2]}
    fixed = {"b": {"d": {"e": 30}, "new": 5}, "g": [3], "h": 6}
    expected = {"a": 1, "b": {"c": 2, "d": {"e": 30, "f": 4}, "new": 5}, "g": [3], "h": 6}
    assert merged(drawn, fixed) == expected
    assert drawn["b"] == {"c": 2, "d": {"e": 3, "f": 4}}  # untouched
    assert merged({"a": {"b": 1}}, {"a": None}) == {"a": None}
    assert merged({"a": None}, {"a": {"b": 1}}) == {"a": {"b": 1}}
