"""The built wheel, installed into a folder of its own: it carries its models, cabins and clip, and works."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

SMOKE = """
from pathlib import Path
import cabinsafe
from cabinsafe import CabinAnalyzer
from cabinsafe.resources import bundled_dir

home = Path(cabinsafe.__file__).parent
for name in ("models", "configs", "demo"):
    assert bundled_dir(name) == home / name, bundled_dir(name)
with CabinAnalyzer.from_config("shuttle") as cabin:
    frame = next(cabin.frames(bundled_dir("demo") / "ride.mp4"))
    print("people:", len(cabin.inspect(frame).scene.tracks))
"""


@pytest.mark.slow
def test_wheel_is_complete(repository: Path, tmp_path: Path) -> None:
    build = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        str(repository),
        "--no-deps",
        "--quiet",
        "--wheel-dir",
        str(tmp_path),
    ]
    subprocess.run(build, check=True)
    (wheel,) = tmp_path.glob("cabinsafe-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
        names = archive.namelist()
    assert {"cabinsafe/py.typed", "cabinsafe/pose/engines/cuda/letterbox.cu"} <= set(names)
    assert not [name for name in names if name.startswith(("tests/", "benchmarks/", "native/"))]
    done = subprocess.run(
        [sys.executable, "-c", SMOKE],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path / "site")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    people = int(done.stdout.rpartition("people:")[2])
    assert people >= 2
