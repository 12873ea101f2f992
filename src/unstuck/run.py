"""A run, and those who watch it."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

import torch
from torch import Tensor, nn
from torch.amp.grad_scaler import GradScaler
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from torch.optim.swa_utils import AveragedModel

from unstuck.distributed import Processes
from unstuck.history import History

__all__ = ["Interrupt", "Observer", "Run", "random_state", "set_random_state"]

_TWICE = 1.0  # seconds; torchrun passes a Ctrl-C on to processes that had it from the terminal already


@dataclass
class Run:
    """A model in training, or trained: what :func:`~unstuck.loop.fit` returns, and what observers see.

    Attributes
    ----------
    model, optimizer
        As they stand now.
    history
        What was measured.
    device
        Where it runs.
    seed
        Seeded the order of the batches and whatever the model draws.
    epochs
        How many were asked for; ``len(run.history)`` tells how many there were.
    scheduler, scaler, average
        What changes the learning rate, what scales a float16 loss, and the moving average of the weights, where there
        is one; ``run.average.module`` is a model.
    observers
        Those who watch.
    processes
        Those that share the run under torchrun.
    batches
        How many an epoch has, where the data can tell.
    batch
        How many of the open epoch were trained on; 0 between epochs.
    loader_random
        The state of the data loader's own generator when the open epoch began or the last one ended, where it has one.
    stopped
        Whether :meth:`stop` was called.
    interrupted
        Whether the run was broken off by Ctrl-C.
    """

    model: nn.Module
    optimizer: Optimizer
    history: History
    device: torch.device
    seed: int
    epochs: int
    scheduler: LRScheduler | None = None
    scaler: GradScaler | None = None
    average: AveragedModel | None = None
    observers: Sequence[Observer] = ()
    processes: Processes = field(default_factory=Processes)
    batches: int | None = None
    batch: int = field(default=0, init=False)
    loader_random: Tensor | None = field(default=None, init=False, repr=False)
    stopped: bool = field(default=False, init=False)
    interrupted: bool = field(default=False, init=False)

    @property
    def step(self) -> int:
        """How many updates were made."""
        return self.history.steps_taken

    def stop(self) -> None:
        """Ask for an end after this epoch, as an observer may at any time; the epoch is still measured and told of."""
        self.stopped = True

    def final(self, name: str) -> float:
        """Return the last value of a column of the history, as ``run.final("test_accuracy")``."""
        return self.history[name][-1]


class Observer:
    """Watches a run; override what you need.

    Only :meth:`on_epoch` may read the history: while an epoch goes on, the losses lie on the device, and reading them
    would make the program wait for it.
    Under torchrun every process has its observers, and all of them are told of everything; only the one whose
    ``run.processes.is_main`` may write or show anything.
    """

    def on_start(self, run: Run) -> None:
        """Before the first step; in a run that is resumed, after everything is back in place."""

    def on_step(self, run: Run) -> None:
        """After every step."""

    def on_epoch(self, run: Run) -> None:
        """After every epoch, when its row of the history is written."""

    def on_end(self, run: Run) -> None:
        """After the last epoch, or when the run was broken off by an error or an interrupt."""

    def state_dict(self) -> dict[str, Any]:
        """Return what this observer must have back when the run is resumed: tensors, numbers, texts, lists, dicts."""
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take that back, before :meth:`on_start` of the resumed run."""


class Interrupt:
    """Notes a Ctrl-C inside its block, so that a run can end at a step's end and not in the middle of one.

    A second one, a second or more later, raises :class:`KeyboardInterrupt` at once.
    In any thread but the main one, signals are left alone.
    """

    def __init__(self) -> None:
        self._noted: float | None = None

    def __bool__(self) -> bool:
        """Tell whether there was one."""
        return self._noted is not None

    @contextmanager
    def watch(self) -> Iterator[None]:
        """Note interrupts inside the block."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = signal.signal(signal.SIGINT, self._note)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, signal.default_int_handler if before is None else before)

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        now = time.monotonic()
        if self._noted is not None and now - self._noted >= _TWICE:
            raise KeyboardInterrupt
        self._noted = now if self._noted is None else self._noted


def random_state(device: torch.device) -> dict[str, Tensor]:
    """Return PyTorch's random state: that of the CPU, and the CUDA device's, if it is one."""
    state = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        state["cuda"] = torch.cuda.get_rng_state(device)
    return state


def set_random_state(state: Mapping[str, Tensor], device: torch.device) -> None:
    """Put the random state back that :func:`random_state` returned."""
    torch.set_rng_state(state["cpu"])
    if device.type == "cuda" and "cuda" in state:
        torch.cuda.set_rng_state(state["cuda"], device)
