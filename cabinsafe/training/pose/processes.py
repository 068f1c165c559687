"""One process of several that train together (``torchrun``), or the only one."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
import torch.distributed
from torch import nn

_T = TypeVar("_T")


@dataclass(frozen=True)
class Processes:
    """One process among its fellows.

    Attributes:
        device: what it trains on.
        rank: its number.
        world: how many there are.
    """

    device: torch.device
    rank: int = 0
    world: int = 1

    @property
    def is_first(self) -> bool:
        """Whether this one validates, logs and writes."""
        return self.rank == 0

    def wrap(self, module: nn.Module) -> nn.Module:
        """Share gradients among all processes."""
        if self.world == 1:
            return module
        ids = [self.device.index] if self.device.type == "cuda" else None
        return nn.parallel.DistributedDataParallel(module, device_ids=ids)

    def from_first(self, make: Callable[[], _T]) -> _T:
        """What the first process makes, in all of them."""
        made: list[Any] = [make() if self.is_first else None]
        if self.world > 1:
            torch.distributed.broadcast_object_list(made)
        result: _T = made[0]
        return result


@contextmanager
def join_processes(device: str | None = None) -> Iterator[Processes]:
    """Join the processes that ``torchrun`` started, if it did.

    Args:
        device: ``cpu`` or ``cuda``; by default the accelerator if there is one.
    """
    kind = device or ("cuda" if torch.cuda.is_available() else "cpu")
    world, rank = int(os.environ.get("WORLD_SIZE", "1")), int(os.environ.get("RANK", "0"))
    local = int(os.environ.get("LOCAL_RANK", "0"))
    chosen = torch.device(kind, local) if kind == "cuda" else torch.device(kind)
    if world == 1:
        yield Processes(chosen)
        return
    torch.distributed.init_process_group("nccl" if kind == "cuda" else "gloo")
    try:
        yield Processes(chosen, rank, world)
    finally:
        torch.distributed.destroy_process_group()
