"""Writes a run down while it goes on, so that it can go on from there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from unstuck.checkpoint.folders import BEST, CheckpointError, checkpoint_name, checkpoints, delete, step_of
from unstuck.checkpoint.state import raise_together, read_state, save
from unstuck.files import replacing
from unstuck.history import History
from unstuck.observers.stopping import Mode, better, pick_mode
from unstuck.run import Observer, Run

__all__ = ["Checkpointer"]


class Checkpointer(Observer):
    """Saves checkpoints: every so often, after the last epoch, and at once when the run is interrupted.

    ``fit(..., resume=folder)`` goes on from the latest one, and ends as if it had never been broken off.

    Parameters
    ----------
    folder
        Where they lie, a folder each, ``step-00000123``; one folder for one run.
    every_steps, every_epochs
        Save after every so many steps, epochs or both, at least 1; None: not at that.
        A checkpoint in the middle of an epoch makes the program wait for the device, once.
    keep_last
        How many to keep, at least 1; None: all. Others are deleted, but only when the new one is safely there.
    keep_best
        A column of the history, such as ``"validation_loss"``: the checkpoint of the epoch in which it was best is
        written and kept too, however old it is; :func:`~unstuck.checkpoint.best` finds it. NaN and infinity are never
        best.
    mode
        Whether lower (``"min"``) or higher (``"max"``) is better; by default ``"max"`` for an accuracy and ``"min"``
        for all else.

    Attributes
    ----------
    best_value : float or None
        What was measured at the best checkpoint.

    Notes
    -----
    A run that was resumed from an earlier checkpoint than the latest has left the future that the later ones are of:
    they are deleted with its first checkpoint.

    Raises
    ------
    ValueError
        If a setting is out of range; at the start, if another observer with a state comes after this one; or, after the
        first epoch, if the history has no column `keep_best`.
    CheckpointError
        At the start, if the folder holds checkpoints of another run.

    Examples
    --------
    >>> import tempfile
    >>> from functools import partial
    >>> from unstuck import MLP, fit, load
    >>> from unstuck.checkpoint import latest
    >>> from unstuck.optim import SGD
    >>> settings = {"data": load("digits"), "optimizer": partial(SGD, lr=0.1)}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     run = fit(MLP(), epochs=2, observers=[Checkpointer(folder)], **settings)
    ...     print(latest(folder).name)
    ...     run = fit(MLP(), epochs=3, observers=[Checkpointer(folder)], resume=folder, **settings)
    step-00000038
    >>> run.step
    57
    """

    best_value: float | None
    _best: str | None  # the name of the best checkpoint

    def __init__(
        self,
        folder: str | Path,
        *,
        every_steps: int | None = None,
        every_epochs: int | None = 1,
        keep_last: int | None = 3,
        keep_best: str | None = None,
        mode: Mode | None = None,
    ) -> None:
        for name, value in (("every_steps", every_steps), ("every_epochs", every_epochs), ("keep_last", keep_last)):
            if value is not None and value < 1:
                raise ValueError(f"{name} must be at least 1, or None, got {value}")
        if mode is not None and keep_best is None:
            raise ValueError(f"mode={mode!r} says which way keep_best is better, but keep_best is not given")
        self.folder, self.every_steps, self.every_epochs = Path(folder), every_steps, every_epochs
        self.keep_last, self.keep_best, self.mode = keep_last, keep_best, pick_mode(mode, keep_best or "")
        self.best_value = self._best = None

    def on_start(self, run: Run) -> None:
        """Make sure that the folder is this run's."""
        if later := _with_state_after(self, run):
            raise ValueError(
                f"Checkpointer must come after {later} in observers: it saves what they know when its turn comes"
            )
        problem = self._other_run(run) if run.processes.is_main else None
        raise_together(run.processes, problem)
        found = {path.name for path in checkpoints(self.folder)}
        if not run.step or self._best not in run.processes.gather(found)[0]:
            self.best_value = self._best = None
        if self.keep_best and run.processes.is_main:
            self._note_best()

    def on_step(self, run: Run) -> None:
        """Save, if it is time."""
        if run.interrupted or (self.every_steps and run.step % self.every_steps == 0):
            self._save(run)

    def on_epoch(self, run: Run) -> None:
        """Judge the epoch; save, if it is time, or the best, or the last."""
        epoch = len(run.history)
        is_best = self._judge(run)
        is_last = epoch == run.epochs or run.stopped or run.interrupted
        if is_best or is_last or (self.every_epochs and epoch % self.every_epochs == 0):
            self._save(run)

    def state_dict(self) -> dict[str, Any]:
        """Return what is best so far."""
        return {"watched": [self.keep_best, self.mode], "best_value": self.best_value, "best": self._best}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take it back, if it was judged by the same column."""
        if state["watched"] == [self.keep_best, self.mode]:
            self.best_value, self._best = state["best_value"], state["best"]

    def _judge(self, run: Run) -> bool:
        if self.keep_best is None:
            return False
        if self.keep_best not in run.history.epochs:
            raise ValueError(
                f"Checkpointer has no column {self.keep_best!r} to judge by; the history has "
                f"{', '.join(run.history.epochs)}"
            )
        value = run.final(self.keep_best)
        if not better(value, self.best_value, self.mode):
            return False
        self.best_value, self._best = value, checkpoint_name(run.step)
        return True

    def _save(self, run: Run) -> None:
        save(run, self.folder)
        if run.processes.is_main:
            if self.keep_best:
                self._note_best()
            self._prune(run.step)

    def _note_best(self) -> None:
        note = self.folder / BEST
        if self._best is None:
            note.unlink(missing_ok=True)
        else:
            with replacing(note) as unfinished:
                unfinished.write_text(f"{self._best}\n", encoding="utf8")

    def _prune(self, step: int) -> None:
        found = checkpoints(self.folder)
        past = [path for path in found if step_of(path) <= step]
        kept = past if self.keep_last is None else past[-self.keep_last :]
        for path in found:
            if path not in kept and path.name != self._best:
                delete(path)

    def _other_run(self, run: Run) -> CheckpointError | None:
        """Say so if the folder is another run's: if its losses are not those that this run began with."""
        found = checkpoints(self.folder)
        if not found:
            return None
        if not run.step:
            return CheckpointError(
                f"{self.folder} holds checkpoints of another run: choose another folder, or go on from them with "
                f"resume={str(self.folder)!r}"
            )
        past = [path for path in found if step_of(path) <= run.step]
        try:
            state = read_state((past or found)[-1])
        except CheckpointError as error:
            return error
        history = History()
        history.load_state_dict(state["history"])
        shared = min(history.steps_taken, run.step)
        saved, own = (of.steps["loss"][:shared] for of in (history, run.history))
        if state["seed"] == run.seed and np.array_equal(saved, own, equal_nan=True):
            return None
        return CheckpointError(
            f"{self.folder} holds checkpoints of another run than this one was resumed from: choose another folder"
        )


def _with_state_after(observer: Observer, run: Run) -> str:
    """Return the class of an observer behind this one that keeps a state; nothing if there is none."""
    place = [one is observer for one in run.observers].index(True)
    after = [type(one) for one in run.observers[place + 1 :]]
    return next((kind.__name__ for kind in after if kind.state_dict is not Observer.state_dict), "")
