"""What the processes of one run share under torchrun; on one process, nothing at all."""

from __future__ import annotations

import atexit
import os
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

__all__ = ["Agreement", "Processes", "join", "local_rank"]


@dataclass(frozen=True)
class Processes:
    """The processes of one run, as one of them sees them.

    On a single process every method returns at once what it was given.

    Attributes
    ----------
    rank
        Which of them this one is, from 0.
    count
        How many there are.
    control
        The group over which they agree about other things than gradients, on the CPU.
    """

    rank: int = 0
    count: int = 1
    control: dist.ProcessGroup | None = field(default=None, repr=False, compare=False)

    @property
    def is_main(self) -> bool:
        """Whether this is the process that writes files and shows progress."""
        return self.rank == 0

    def wrap(self, model: nn.Module, device: torch.device) -> nn.Module:
        """Return a model whose gradients are averaged over the processes, and whose weights start as rank 0's."""
        if self.count == 1:
            return model
        return DistributedDataParallel(model, device_ids=[device] if device.type == "cuda" else None)

    def share(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor, float]:
        """Return this process's rows of a batch, and the weight of their mean.

        The mean over the processes of ``weight * mean over own rows`` is the mean over the batch, also where its length
        is no multiple of their number.
        A process that no row is left for takes the first one, with weight 0, as gradients are averaged over all.
        """
        if self.count == 1:
            return x, y, 1.0
        own = slice(self.rank, None, self.count)
        rows = len(y[own])
        if not rows:
            return x[:1], y[:1], 0.0
        return x[own], y[own], rows * self.count / len(y)

    def sum(self, values: Tensor) -> Tensor:
        """Return the sum over the processes."""
        if self.count > 1:
            values = values.clone()
            dist.all_reduce(values)
        return values

    def mean(self, values: Tensor) -> Tensor:
        """Return the mean over the processes."""
        return self.sum(values) / self.count if self.count > 1 else values

    def gather(self, value: Any) -> list[Any]:
        """Return the value of every process, in their order; anything that can be pickled."""
        if self.count == 1:
            return [value]
        values = [None] * self.count
        dist.all_gather_object(values, value, group=self.control)
        return values

    def barrier(self) -> None:
        """Wait for all the others."""
        if self.count > 1:
            dist.barrier(group=self.control)


class Agreement:
    """Tells all processes at the same step that one of them was asked to stop.

    The answer is one call late, so that nobody waits for it; on a single process it is not.
    """

    def __init__(self, processes: Processes) -> None:
        self.processes = processes
        self._pending: tuple[dist.Work, Tensor] | None = None

    def __call__(self, asked: bool) -> bool:
        """Return whether any process was asked, up to the call before this one."""
        if self.processes.count == 1:
            return asked
        known = self.settle()
        flag = torch.tensor([int(asked)])
        work = dist.all_reduce(flag, op=dist.ReduceOp.MAX, group=self.processes.control, async_op=True)
        self._pending = (work, flag)
        return known

    def settle(self) -> bool:
        """Wait for the last answer, and return it."""
        if self._pending is None:
            return False
        work, flag = self._pending
        self._pending = None
        work.wait()
        return bool(flag)


def join() -> Processes:
    """Return the processes that torchrun started, or that the program put into a group itself; else this one alone.

    Gradients travel over NCCL between GPUs and over gloo between CPUs.

    Raises
    ------
    ValueError
        If there are GPUs on this machine, but fewer than processes.
    """
    if not dist.is_initialized():
        if not (dist.is_torchelastic_launched() and int(os.environ["WORLD_SIZE"]) > 1):
            return Processes()
        if torch.cuda.is_available():
            if local_rank() >= torch.cuda.device_count():
                raise ValueError(
                    f"process {local_rank()} of this machine has no GPU of its own: there are "
                    f"{torch.cuda.device_count()}; start as many processes with --nproc-per-node"
                )
            torch.cuda.set_device(local_rank())
        dist.init_process_group("cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo")
        atexit.register(_leave)
    if dist.get_world_size() == 1:
        return Processes()
    return _group()


def local_rank() -> int:
    """Return which process of this machine this is, from 0, as torchrun counts them."""
    return int(os.environ.get("LOCAL_RANK", 0))


@cache
def _group() -> Processes:
    control: Any = dist.new_group(backend="gloo")
    return Processes(dist.get_rank(), dist.get_world_size(), control)


def _leave() -> None:
    if dist.is_initialized():
        dist.destroy_process_group()
