"""How ``unstuck train`` carries a run out: who watches it, and what it leaves in its folder."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from unstuck.checkpoint import save_weights
from unstuck.cli.folder import EMA_WEIGHTS, WEIGHTS, Record, RunFolder
from unstuck.cli.output import say, show_table
from unstuck.cli.settings import Settings
from unstuck.distributed import join
from unstuck.history import DivergedError, History
from unstuck.loop import fit, seeded
from unstuck.models import count_parameters
from unstuck.observers import Curves, EarlyStopping, HistoryFile, Progress, TensorBoard
from unstuck.observers.checkpointer import Checkpointer
from unstuck.run import Observer, Run

__all__ = ["carry_out", "metric_rows"]

_JUDGE = "validation_loss"


def carry_out(
    settings: Settings,
    arguments: Mapping[str, Any],
    record: Record,
    checkpoint: Path | None,
    *,
    quiet: bool,
    talk: bool,
) -> Run:
    """Train, and leave in the run's folder all that is to be left there.

    Parameters
    ----------
    settings
        Of the run.
    arguments
        What :meth:`Settings.prepare <unstuck.cli.settings.Settings.prepare>` made of them.
    record
        The file that says what the run is.
    checkpoint
        Where to go on from; None: at the beginning.
    quiet
        Show no bar.
    talk
        Print what is done.
    """
    is_main, folder = join().is_main, record.folder
    with seeded(settings.seed, arguments["device"]):
        model = arguments["model"]()
    started = time.perf_counter()
    try:
        run = fit(
            **{**arguments, "model": model},
            observers=[record, *_observers(settings, folder, quiet=quiet, talk=talk)],
            resume=checkpoint,
        )
        if is_main:
            save_weights(run.model, folder.path / WEIGHTS)
            if run.average is not None:
                save_weights(run.average, folder.path / EMA_WEIGHTS)
            # Early stopping gives the model its best weights back.
            kept = "best" if settings.patience else "last"
            record.write(outcome=_outcome(run), weights=kept, **_measured(run.history, started))
    except DivergedError as error:
        if is_main:
            record.write(outcome="diverged", diverged_at=error.step, **_measured(error.history, started))
        raise
    finally:
        folder.unlock()
    if talk and is_main:
        _report(record)
    return run


def metric_rows(row: Mapping[str, float]) -> list[list[str]]:
    """Return the metrics of an epoch as a table's rows: a split each, its loss and its accuracy."""
    splits = [name.removesuffix("_loss") for name in row if name.endswith("_loss")]
    return [[split, f"{row[f'{split}_loss']:.4f}", _percent(row.get(f"{split}_accuracy"))] for split in splits]


class _Told(Observer):
    """Says what begins, and, where no bar is seen, how each epoch went."""

    def __init__(self, settings: Settings, *, lines: bool) -> None:
        self.settings, self.lines = settings, lines

    def on_start(self, run: Run) -> None:
        """Say what is trained, and where."""
        done = f", going on after step {run.step}" if run.step else ""
        shared = f" on {run.processes.count} processes" if run.processes.count > 1 else ""
        epochs = f"{run.epochs} epoch{'s' if run.epochs > 1 else ''} of {run.batches} steps"
        size = f"{self.settings.model} of {count_parameters(run.model):,} parameters"
        say(f"{self.settings.data}: {size}, {epochs}, on {run.device}{shared}{done}")

    def on_epoch(self, run: Run) -> None:
        """Say how the epoch went."""
        if self.lines:
            row = "  ".join(f"{name} {values[-1]:.4g}" for name, values in run.history.epochs.items() if name != "step")
            say(f"epoch {len(run.history)}/{run.epochs}  {row}")


def _observers(settings: Settings, folder: RunFolder, *, quiet: bool, talk: bool) -> Sequence[Observer]:
    path, bar = folder.path, sys.stderr.isatty() and not quiet
    return [
        *([_Told(settings, lines=not bar)] if talk else []),
        *([Progress()] if bar else []),
        *([EarlyStopping(_JUDGE, patience=settings.patience)] if settings.patience else []),
        HistoryFile(path / "history.json"),
        HistoryFile(path / "history.csv"),
        Curves(path / "curves.svg"),
        *([TensorBoard(path / "tensorboard")] if settings.tensorboard else []),
        Checkpointer(
            folder.checkpoints,
            every_epochs=settings.checkpoint_every,
            every_steps=settings.checkpoint_every_steps,
            keep_last=settings.keep_last,
            keep_best=_JUDGE,
        ),
    ]


def _outcome(run: Run) -> str:
    if run.interrupted:
        return "interrupted"
    return "stopped early" if len(run.history) < run.epochs else "finished"


def _measured(history: History, started: float) -> dict[str, Any]:
    """Return what a record says of a history: its length, its last row, and that with the lowest validation loss."""
    losses = [loss if math.isfinite(loss) else math.inf for loss in history.epochs.get(_JUDGE, [])]
    best = losses.index(min(losses)) + 1 if losses and min(losses) < math.inf else None
    return {
        "seconds": time.perf_counter() - started,
        "epochs": len(history),
        "steps": history.steps_taken,
        "last": _row(history, len(history)),
        "best": _row(history, best),
    }


def _row(history: History, epoch: int | None) -> dict[str, float] | None:
    """Return an epoch's row; none where there is no such epoch."""
    return {"epoch": epoch, **{name: values[epoch - 1] for name, values in history.epochs.items()}} if epoch else None


def _report(record: Record) -> None:
    """Print how a run ended, and what it left."""
    content, path = record.content, record.folder.path
    row = content[content["weights"]]
    if content["weights"] == "best" and row:
        say(f"The weights are those of epoch {row['epoch']} of {content['epochs']}: it had the lowest validation loss")
    if row:
        show_table(["split", "loss", "accuracy"], metric_rows(row))
    say(f"{path} holds {', '.join(sorted(file.name for file in path.glob('[!.]*')))}")


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.2f} %"
