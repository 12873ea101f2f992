"""An end in time, and the best of what there was."""

from __future__ import annotations

import copy
import math
from typing import Any, Literal

from unstuck.run import Observer, Run

__all__ = ["EarlyStopping"]


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
        Observers are told of the end in their order: one that saves the model belongs after this one.

    Attributes
    ----------
    best_epoch : int or None
        The best epoch, counted from 1: its row is ``run.history.to_frame().loc[best_epoch]``.
    best_value : float or None
        What was measured there.
    stopped_epoch : int or None
        The epoch after which the run was stopped; none if it was not.

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
    _best_state: dict[str, Any] | None

    def __init__(
        self,
        monitor: str = "validation_loss",
        mode: Literal["min", "max"] | None = None,
        patience: int = 10,
        min_delta: float = 0.0,
        *,
        restore: bool = True,
    ) -> None:
        if mode not in (None, "min", "max"):
            raise ValueError(f"mode must be 'min' or 'max', got {mode!r}")
        if patience < 1:
            raise ValueError(f"patience must be at least 1, got {patience}")
        if not min_delta >= 0:
            raise ValueError(f"min_delta must be at least 0, got {min_delta}")
        self.monitor, self.patience, self.min_delta, self.restore = monitor, patience, min_delta, restore
        self.mode = mode or ("max" if "accuracy" in monitor else "min")
        self._forget()

    def on_start(self, run: Run) -> None:
        """Forget the run before."""
        self._forget()

    def on_epoch(self, run: Run) -> None:
        """Keep the best state, and stop the run when it was too long ago."""
        if self.monitor not in run.history.epochs:
            raise ValueError(
                f"EarlyStopping has no column {self.monitor!r} to judge by; the history has "
                f"{', '.join(run.history.epochs)}"
            )
        epoch, value = len(run.history), run.final(self.monitor)
        if self._better(value):
            self.best_epoch, self.best_value = epoch, value
            if self.restore:
                self._best_state = copy.deepcopy(run.model.state_dict())
        if epoch - (self.best_epoch or 0) >= self.patience:
            self.stopped_epoch = epoch
            run.stop()

    def on_end(self, run: Run) -> None:
        """Put the best state back."""
        if self._best_state is not None:
            run.model.load_state_dict(self._best_state)
            self._best_state = None  # another copy of the model, which nobody needs from here on

    def _forget(self) -> None:
        self.best_epoch = self.best_value = self.stopped_epoch = self._best_state = None

    def _better(self, value: float) -> bool:
        if not math.isfinite(value):
            return False
        if self.best_value is None:
            return True
        gain = self.best_value - value if self.mode == "min" else value - self.best_value
        return gain > self.min_delta
