"""Two processes of half a batch each end where one process with the whole batch does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")

from cabinsafe.training.pose.processes import join_processes  # noqa: E402

SCRIPT = """
import sys
from pathlib import Path
import torch
from torch.utils.data import Dataset
sys.path.insert(0, {tests!r})
from test_pose_train import Log, Tiny, make_batch, spec, weight_sum
from cabinsafe.training.pose.processes import join_processes
from cabinsafe.training.pose.train import Trainer

def joined(batch, rows):
    labels = type(batch.labels)(*(part[rows] for part in batch.labels))
    return type(batch)(batch.image[rows], labels, *(part[rows] for part in batch[2:]))

torch.manual_seed(0)
torch.set_num_threads(1)
with join_processes("cpu") as processes:
    rows = slice(None) if processes.world == 1 else slice(processes.rank, processes.rank + 1)
    trainer = Trainer(Tiny(), "tiny", spec(), Path(sys.argv[1]), processes)
    trainer.run(lambda a, b: (joined(make_batch(s), rows) for s in range(a, b)), weight_sum, Log())
"""


def test_without_torchrun_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    with join_processes("cpu") as processes:
        assert (processes.rank, processes.world, processes.is_first) == (0, 1, True)
        assert processes.from_first(lambda: 3) == 3


@pytest.mark.slow
def test_two_processes_equal_one(tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text(SCRIPT.format(tests=str(Path(__file__).parent)), encoding="utf-8")
    run = [sys.executable, str(script), str(tmp_path / "one")]
    subprocess.run(run, check=True, timeout=300)
    together = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    done = subprocess.run(
        [*together, str(script), str(tmp_path / "two")],
        check=False,
        timeout=300,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    one, two = (torch.load(tmp_path / name / "last.pt", weights_only=True) for name in ("one", "two"))
    assert one["step"] == two["step"] == 6
    for name, value in one["weights"].items():
        torch.testing.assert_close(two["weights"][name], value, atol=1e-6, rtol=1e-4)
