"""What a run has measured: losses on the device until the epoch ends, plain numbers after that."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import torch
from torch import Tensor

__all__ = ["History"]


class History:
    """The record of a run, a number a step and a row an epoch.

    Losses are written to a preallocated buffer on the device they come from, and read back once an epoch, so that
    recording never makes the program wait for the device.

    Attributes
    ----------
    steps : dict of list
        ``loss`` (mean over the batch), ``samples`` (the batch's size) and ``lr`` (the rate the step used) of every
        step, up to the last closed epoch.
    epochs : dict of list
        ``step`` (how many were taken by then), ``loss`` (the mean over the epoch's samples, measured while training)
        and whatever :meth:`close_epoch` was given.

    Examples
    --------
    >>> history = History()
    >>> history.record(torch.tensor(2.0), samples=3, lr=0.1)
    >>> history.record(torch.tensor(1.0), samples=1, lr=0.1)
    >>> history.close_epoch({"test_loss": 1.5})
    >>> history["loss"]  # (3 * 2 + 1 * 1) / 4: weighted by samples, not by batches
    [1.75]
    """

    def __init__(self, capacity: int = 1024) -> None:
        self.steps: dict[str, list[float]] = {"loss": [], "samples": [], "lr": []}
        self.epochs: dict[str, list[float]] = {"step": [], "loss": []}
        self._capacity = capacity
        self._buffer: Tensor | None = None
        self._samples: list[int] = []
        self._lrs: list[float | Tensor] = []

    def record(self, loss: Tensor, *, samples: int, lr: float | Tensor) -> None:
        """Note one step.

        Parameters
        ----------
        loss
            The mean loss of the batch: a scalar, without a graph, on any device.
        samples
            How many samples the batch held.
        lr
            The learning rate of the step.
        """
        row = len(self._samples)
        if self._buffer is None:
            self._buffer = torch.empty(self._capacity, dtype=loss.dtype, device=loss.device)
        elif row == len(self._buffer):
            self._buffer = torch.cat([self._buffer, torch.empty_like(self._buffer)])
        self._buffer[row] = loss
        self._samples.append(samples)
        self._lrs.append(lr.detach().clone() if isinstance(lr, Tensor) else lr)

    def close_epoch(self, metrics: Mapping[str, float] | None = None) -> None:
        """Read the epoch's losses back, and add its row.

        Parameters
        ----------
        metrics
            More columns of the row, such as ``{"test_loss": 0.3}``; the same ones every epoch.

        Raises
        ------
        ValueError
            If no step was recorded since the last epoch, or the columns are not those of the epochs before.
        """
        metrics = dict(metrics or {})
        if self._buffer is None or not self._samples:
            raise ValueError("the epoch has no steps: the training data yielded no batch (generators yield once)")
        if self.epochs["step"] and set(metrics) != set(self.epochs) - {"step", "loss"}:
            raise ValueError(f"the metrics must be those of the epochs before, got {sorted(metrics)}")
        losses = self._buffer[: len(self._samples)].tolist()  # sync: once an epoch
        self.steps["loss"] += losses
        self.steps["samples"] += self._samples
        self.steps["lr"] += [float(lr) for lr in self._lrs]
        weighted = sum(loss * samples for loss, samples in zip(losses, self._samples, strict=True))
        row = {"step": len(self.steps["loss"]), "loss": weighted / sum(self._samples), **metrics}
        for name, value in row.items():
            self.epochs.setdefault(name, []).append(value)
        self._samples, self._lrs = [], []

    def __getitem__(self, name: str) -> list[float]:
        """Return a column of the epochs.

        Raises
        ------
        KeyError
            If there is none of that name; the message lists those there are.
        """
        if name not in self.epochs:
            raise KeyError(f"no column {name!r} in this history; it has {', '.join(self.epochs)}")
        return self.epochs[name]

    def __len__(self) -> int:
        """Return the number of closed epochs."""
        return len(self.epochs["step"])

    def to_dict(self) -> dict[str, dict[str, list[float]]]:
        """Return both records as plain lists: ``{"steps": ..., "epochs": ...}``."""
        return {
            "steps": {name: list(values) for name, values in self.steps.items()},
            "epochs": {name: list(values) for name, values in self.epochs.items()},
        }

    def to_frame(self) -> pd.DataFrame:
        """Return the epochs as a frame, a row each, counted from 1."""
        return pd.DataFrame(self.epochs, index=pd.RangeIndex(1, len(self) + 1, name="epoch"))
