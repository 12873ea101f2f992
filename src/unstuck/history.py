"""What a run has measured: losses on the device until the epoch ends, plain numbers after that."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["DivergedError", "History"]

_BLOCK = 1024  # losses that are kept one by one; a scalar of its own takes 512 bytes of a GPU's memory


class DivergedError(ArithmeticError):
    """The loss became NaN or infinite.

    Attributes
    ----------
    step
        The first step whose loss it was, counted from 1.
    lr, loss
        The learning rate of that step, and its loss.
    history
        What was measured until then, that step included.
    """

    def __init__(self, step: int, lr: float, loss: float, history: History) -> None:
        self.step, self.lr, self.loss, self.history = step, lr, loss, history
        super().__init__(
            f"the loss became {loss} at step {step}, at a learning rate of {lr:.4g}; what came after it is lost. "
            "`python -m unstuck doctor SCRIPT` looks for the cause, and the book's index of symptoms lists what to "
            'look at, under NaN; nonfinite="ignore" trains on regardless'
        )


class History:
    """The record of a run, a number a step and a row an epoch.

    Losses stay on the device they come from, and are read back once an epoch, so that recording never makes the
    program wait for the device.

    Parameters
    ----------
    reduce
        Applied to the losses, shape ``(steps,)``, before they are read: the mean over the processes of a run.
    refuse_nonfinite
        Raise :class:`DivergedError` where a loss is read that is NaN or infinite.

    Attributes
    ----------
    steps : dict of list
        ``loss`` (mean over the batch), ``samples`` (the batch's size) and ``lr`` (the rate the step used) of every
        step, up to the last closed epoch or :meth:`flush`.
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

    def __init__(
        self, *, reduce: Callable[[Tensor], Tensor] = lambda losses: losses, refuse_nonfinite: bool = False
    ) -> None:
        self.steps: dict[str, list[float]] = {"loss": [], "samples": [], "lr": []}
        self.epochs: dict[str, list[float]] = {"step": [], "loss": []}
        self.reduce, self.refuse_nonfinite = reduce, refuse_nonfinite
        self._blocks: list[Tensor] = []
        self._losses: list[Tensor] = []
        self._samples: list[float] = []
        self._lrs: list[float | Tensor] = []

    def record(self, loss: Tensor, *, samples: int, lr: float | Tensor) -> None:
        """Note one step.

        Parameters
        ----------
        loss
            The mean loss of the batch: a scalar, without a graph, on any device; never changed in place afterwards.
        samples
            How many samples the batch held.
        lr
            The learning rate of the step.
        """
        self._losses.append(loss)
        self._samples.append(samples)
        self._lrs.append(lr.detach().clone() if isinstance(lr, Tensor) else lr)
        if len(self._losses) == _BLOCK:
            self._blocks.append(torch.stack(self._losses))
            self._losses.clear()

    @property
    def steps_taken(self) -> int:
        """How many steps were recorded, also in the open epoch."""
        return len(self.steps["loss"]) + len(self._samples)

    def flush(self) -> None:
        """Read what was recorded since the last time, which makes the program wait for the device.

        Raises
        ------
        DivergedError
            If a loss is NaN or infinite, and such are refused.
        """
        if not self._samples:
            return
        if self._losses:
            self._blocks.append(torch.stack(self._losses))
        first = len(self.steps["loss"])
        self.steps["loss"] += self.reduce(torch.cat(self._blocks)).tolist()  # sync: once an epoch
        self.steps["samples"] += self._samples
        self.steps["lr"] += _numbers(self._lrs)
        self._blocks, self._losses, self._samples, self._lrs = [], [], [], []
        if self.refuse_nonfinite:
            for step in range(first, len(self.steps["loss"])):
                if not math.isfinite(loss := self.steps["loss"][step]):
                    raise DivergedError(step + 1, self.steps["lr"][step], loss, self)

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
        DivergedError
            As :meth:`flush` does.
        """
        metrics = dict(metrics or {})
        if self.steps_taken == self._closed_steps:
            raise ValueError("the epoch has no steps: the training data yielded no batch (generators yield once)")
        if self.epochs["step"] and set(metrics) != set(self.epochs) - {"step", "loss"}:
            raise ValueError(f"the metrics must be those of the epochs before, got {sorted(metrics)}")
        self.flush()
        losses, samples = (self.steps[name][self._closed_steps :] for name in ("loss", "samples"))
        weighted = sum(loss * count for loss, count in zip(losses, samples, strict=True))
        row = {"step": len(self.steps["loss"]), "loss": weighted / sum(samples), **metrics}
        for name, value in row.items():
            self.epochs.setdefault(name, []).append(value)

    @property
    def _closed_steps(self) -> int:
        return int(self.epochs["step"][-1]) if self.epochs["step"] else 0

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

    def state_dict(self) -> dict[str, Any]:
        """Return all that was read, also of the open epoch, as plain lists; :meth:`flush` first."""
        return self.to_dict()

    def load_state_dict(self, state: Mapping[str, Mapping[str, Sequence[float]]]) -> None:
        """Become the history whose :meth:`state_dict` this is."""
        self.steps = {name: list(values) for name, values in state["steps"].items()}
        self.epochs = {name: list(values) for name, values in state["epochs"].items()}
        self._blocks, self._losses, self._samples, self._lrs = [], [], [], []

    def to_frame(self) -> pd.DataFrame:
        """Return the epochs as a frame, a row each, counted from 1."""
        import pandas as pd  # here, as it takes longer to load than all the rest, and many never ask for a frame

        return pd.DataFrame(self.epochs, index=pd.RangeIndex(1, len(self) + 1, name="epoch"))


def _numbers(rates: Sequence[float | Tensor]) -> list[float]:
    """Read learning rates; all at once where they are tensors, as every single one would be waited for."""
    tensors = [rate for rate in rates if isinstance(rate, Tensor)]
    if len(tensors) < len(rates):
        return [float(rate) for rate in rates]
    read: list[float] = torch.stack(tensors).flatten().tolist()
    return read
