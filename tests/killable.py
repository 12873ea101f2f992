"""Runs for other processes to train, to be killed there: imported once by the server that those are forked from."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Callable
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Adam
from torch.optim.lr_scheduler import OneCycleLR
from torch.utils.data import DataLoader, Dataset, TensorDataset

from unstuck.checkpoint import latest, save
from unstuck.data import Split, load
from unstuck.history import History
from unstuck.loop import fit
from unstuck.models import ConvNet
from unstuck.observers.checkpointer import Checkpointer
from unstuck.observers.stopping import EarlyStopping
from unstuck.run import Observer, Run

torch.set_num_threads(1)

EPOCHS, BATCHES, SAMPLES = 5, 6, 300
THROTTLE = 0.004  # seconds a step; as long as the step itself, so that a kill falls within one or beside it


class Noisy(Dataset[tuple[Tensor, Tensor]]):
    """Samples with noise that whoever fetches them draws."""

    def __init__(self, split: Split) -> None:
        self.split = split

    def __len__(self) -> int:
        return len(self.split)

    def __getitem__(self, row: int) -> tuple[Tensor, Tensor]:
        return self.split.x[row] + 0.1 * torch.randn(1, 8, 8), self.split.y[row]


def batches(kind: str) -> Any:
    """Return the data of a run: in memory, or from a loader, with workers of its own or without."""
    data = load("digits").map_splits(lambda split: Split(split.x[:SAMPLES], split.y[:SAMPLES]))
    size = SAMPLES // BATCHES
    if kind == "data":
        return data
    loaders = {
        "loader": lambda: DataLoader(TensorDataset(*data.train), size, shuffle=True),
        "generator": lambda: DataLoader(
            TensorDataset(*data.train), size, shuffle=True, generator=torch.Generator().manual_seed(3)
        ),
        "worker": lambda: DataLoader(
            Noisy(data.train), size, shuffle=True, num_workers=1, multiprocessing_context="fork"
        ),
    }
    return {"train": loaders[kind](), "validation": [tuple(data.validation)]}


class Watcher(Observer):
    """Tells another process of every step, slows the run down, and keeps the random state that it ends with."""

    def __init__(self, told: Connection | None) -> None:
        self.told = told
        self.random = torch.empty(0)

    def on_step(self, run: Run) -> None:
        if self.told:
            self.told.send(run.step)
            time.sleep(THROTTLE)

    def on_end(self, run: Run) -> None:
        self.random = torch.get_rng_state()


def train(kind: str, folder: Path | None, result: Path, told: Connection | None = None) -> None:
    """Train, from the latest checkpoint if there is a folder and one in it, and write down all that came of it.

    The run has what needs a memory: momentum, a schedule of the rate and of the momentum, dropout, a moving average of
    the weights, and an end before its time.
    """
    torch.manual_seed(0)
    model = ConvNet(in_shape=(1, 8, 8))
    stopping, watcher = EarlyStopping(patience=1, min_delta=0.2), Watcher(told)
    run = fit(
        model,
        batches(kind),
        optimizer=partial(Adam, lr=0.01),
        schedule=partial(OneCycleLR, max_lr=0.01, total_steps=EPOCHS * BATCHES),
        epochs=EPOCHS,
        batch_size=SAMPLES // BATCHES,
        device="cpu",
        seed=3,
        observers=[stopping, watcher, *([Checkpointer(folder, every_steps=4, keep_last=2)] if folder else [])],
        ema=0.9,
        resume=folder if folder and latest(folder) else None,
    )
    assert run.average is not None
    came = {
        "model": run.model.state_dict(),
        "average": run.average.state_dict(),
        "optimizer": run.optimizer.state_dict(),
        "history": run.history.to_dict(),
        "random": watcher.random,
        "stopped": [run.stopped, stopping.best_epoch, stopping.stopped_epoch],
    }
    torch.save(came, result.with_suffix(".tmp"))
    os.replace(result.with_suffix(".tmp"), result)


def made_run(steps: int, seed: int) -> Run:
    """Return a run that was taken some steps by hand."""
    torch.manual_seed(seed)
    model = nn.Linear(2, 1)
    run = Run(model, Adam(model.parameters()), History(), torch.device("cpu"), 0, 1)
    for _ in range(steps):
        run.history.record(torch.tensor(float(seed)), samples=1, lr=0.1)
    return run


def save_and_die(folder: Path, moment: int) -> None:
    """Replace the checkpoint of step 2 by that of another run, and be killed just before the system does one of it."""
    count = 0

    def counting(call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **settings: Any) -> Any:
            nonlocal count
            count += 1
            if count == moment:
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*arguments, **settings)

        return counted

    for name in ("mkdir", "fsync", "replace", "unlink", "rmdir"):
        setattr(os, name, counting(getattr(os, name)))
    shutil.rmtree = counting(shutil.rmtree)
    torch.save = counting(torch.save)
    save(made_run(2, seed=2), folder)
