"""A run, and those who watch it."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import nn
from torch.optim import Optimizer

from unstuck.history import History

__all__ = ["Observer", "Run"]


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
    stopped
        Whether :meth:`stop` was called.
    """

    model: nn.Module
    optimizer: Optimizer
    history: History
    device: torch.device
    seed: int
    epochs: int
    stopped: bool = field(default=False, init=False)

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
    """

    def on_start(self, run: Run) -> None:
        """Before the first step."""

    def on_step(self, run: Run) -> None:
        """After every step."""

    def on_epoch(self, run: Run) -> None:
        """After every epoch, when its row of the history is written."""

    def on_end(self, run: Run) -> None:
        """After the last epoch, or when the run was broken off by an error."""
