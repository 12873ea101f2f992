"""An end in time, and the best of what there was."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from typing import Any, Literal

from torch import nn

from unstuck.run import Observer, Run

__all__ = ["EarlyStopping", "Mode", "better", "pick_mode"]

Mode = Literal["min", "max"]


class EarlyStopping(Observer):
    """Ends a run that gets no better, and gives the model its best weights back.

    Parameters
    ----------
    monitor
        The column of the history to judge by, such as ``"validation_loss"``; never the test split's.
    mode
        Whether lower (``"min"``) or higher (``"max"``) is better; by default ``"max"`` for an accuracy and ``"min"``
        for all else.
    patience
        How many epochs in a row may pass without a new best before the run is stopped, at least 1.
    min_delta
        By how much a value must beat the best one to count as better, at least 0; NaN and infinity never do.
    restore
        Put what the model's ``state_dict`` held after the best epoch, weights and buffers, back at the end: also where
        all epochs were run, and where an error or an interrupt broke the run off.
        The optimiser and the history stay as the last epoch left them.
        A moving average of the weights is put back with them.
        Observers are told of the end in their order: one that saves the model belongs after this one.

    Attributes
    ----------
    best_epoch : int or None
        The best epoch, counted from 1: its row is ``run.history.to_frame().loc[best_epoch]``.
    best_value : float or None
        What was measured there.
    stopped_epoch : int or None
        The epoch after which the run was stopped; none if it was not.

    Notes
    -----
    What was best, and its weights, are kept in a checkpoint, so that a resumed run stops where the unbroken one would.
    If it watches another column, or the same one for the other end, it begins anew.

    Raises
    ------
    ValueError
        If a setting is out of range; or, after the first epoch, if the history has no column `monitor`.

    Examples
    --------
    >>> from functools import partial
    >>> from unstuck import MLP, fit, load
    >>> from unstuck.optim import SGD
    >>> stopping = EarlyStopping(patience=2)
    >>> data = load("digits")
    >>> run = fit(MLP(), data, optimizer=partial(SGD, lr=1.0), epochs=100, observers=[stopping])
    >>> stopping.best_epoch < len(run.history) < 100
    True

    References
    ----------
    Prechelt (1998), "Early stopping: but when?".
    Chapter: Regularisation.
    """

    best_epoch: int | None
    best_value: float | None
    stopped_epoch: int | None
    _best_states: list[dict[str, Any]]

    def __init__(
        self,
        monitor: str = "validation_loss",
        mode: Mode | None = None,
        patience: int = 10,
        min_delta: float = 0.0,
        *,
        restore: bool = True,
    ) -> None:
        if patience < 1:
            raise ValueError(f"patience must be at least 1, got {patience}")
        if not min_delta >= 0:
            raise ValueError(f"min_delta must be at least 0, got {min_delta}")
        self.monitor, self.patience, self.min_delta, self.restore = monitor, patience, min_delta, restore
        self.mode = pick_mode(mode, monitor)
        self._resumed = False
        self._forget()

    def on_start(self, run: Run) -> None:
        """Forget the run before, unless this one goes on from it."""
        if not self._resumed:
            self._forget()
        self._resumed = False

    def on_epoch(self, run: Run) -> None:
        """Keep the best state, and stop the run when it was too long ago."""
        if self.monitor not in run.history.epochs:
            raise ValueError(
                f"EarlyStopping has no column {self.monitor!r} to judge by; the history has "
                f"{', '.join(run.history.epochs)}"
            )
        epoch, value = len(run.history), run.final(self.monitor)
        if better(value, self.best_value, self.mode, self.min_delta):
            self.best_epoch, self.best_value = epoch, value
            if self.restore:
                self._best_states = [copy.deepcopy(module.state_dict()) for module in _modules(run)]
        if epoch - (self.best_epoch or 0) >= self.patience:
            self.stopped_epoch = epoch
            run.stop()

    def on_end(self, run: Run) -> None:
        """Put the best state back."""
        for module, state in zip(_modules(run), self._best_states, strict=False):
            module.load_state_dict(state)
        self._best_states = []  # another copy of the model, which nobody needs from here on

    def state_dict(self) -> dict[str, Any]:
        """Return what was best, and its weights."""
        return {
            "watched": [self.monitor, self.mode],
            "best_epoch": self.best_epoch,
            "best_value": self.best_value,
            "stopped_epoch": self.stopped_epoch,
            "best_states": self._best_states,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take it back, if it is of the same column."""
        self._forget()
        self._resumed = True
        if state["watched"] == [self.monitor, self.mode]:
            self.stopped_epoch = state["stopped_epoch"]
            self.best_epoch, self.best_value = state["best_epoch"], state["best_value"]
            self._best_states = state["best_states"]

    def _forget(self) -> None:
        self.best_epoch = self.best_value = self.stopped_epoch = None
        self._best_states = []


def pick_mode(mode: Mode | None, column: str) -> Mode:
    """Return whether lower or higher is better in a column: as was said, or else higher for an accuracy alone."""
    if mode not in (None, "min", "max"):
        raise ValueError(f"mode must be 'min' or 'max', got {mode!r}")
    return mode or ("max" if "accuracy" in column else "min")


def better(value: float, best: float | None, mode: Mode, min_delta: float = 0.0) -> bool:
    """Tell whether a value beats the best one by more than that; NaN and infinity never do."""
    if not math.isfinite(value):
        return False
    if best is None:
        return True
    gain = best - value if mode == "min" else value - best
    return gain > min_delta


def _modules(run: Run) -> list[nn.Module]:
    """Return the model, and the moving average of its weights if there is one."""
    return [run.model] if run.average is None else [run.model, run.average]
