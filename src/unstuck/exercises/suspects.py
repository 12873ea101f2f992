"""Three training runs with a fault each, to be questioned by whoever reads ``book/stuck_model.md``.

To read on is to be told the answers.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial

import pandas as pd
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Optimizer

from unstuck.data import Data, Split, load

__all__ = ["CANDIDATES", "Suspect", "suspect"]

CANDIDATES = (
    "metric_wrong",
    "wrong_train_eval_mode",
    "labels_misaligned",
    "label_noise",
    "inputs_not_normalised",
    "reshape_scrambles_data",
    "train_test_preprocessing_mismatch",
    "missing_zero_grad",
    "missing_optimizer_step",
    "lr_too_high",
    "lr_too_low",
    "momentum_too_high",
    "under_capacity",
    "overfitting",
    "dropout_too_strong",
    "weight_decay_too_strong",
    "too_few_steps",
)

Parts = tuple[nn.Module, Optimizer]


@dataclass(frozen=True)
class Suspect:
    """A run that has ended, and the program that made it, part by part.

    Attributes
    ----------
    log
        What the program printed: ``train_loss``, ``train_accuracy``, ``test_loss`` and ``test_accuracy`` of every
        epoch.
    model, optimizer
        As the program left them.
    train, test
        What the program trained and tested on, as the model was given it.
    start
        Makes the program's model and optimizer anew, with the first weights.
    step
        The program's step: takes a model, its optimizer and a batch ``x, y``, and returns the batch's loss.
    """

    log: pd.DataFrame
    model: nn.Module
    optimizer: Optimizer
    train: Split
    test: Split
    start: Callable[[], Parts]
    step: Callable[[nn.Module, Optimizer, Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class _Program:
    """What a run is made of."""

    make: Callable[[], nn.Module]
    optimizer: Callable[[nn.Module], Optimizer]
    step: Callable[[nn.Module, Optimizer, Tensor, Tensor], Tensor]
    prepare: Callable[[Data], tuple[Split, Split]]
    epochs: int
    forgets_mode: bool = False


def suspect(name: str) -> Suspect:
    """Run one of the three programs on the digits, and hand over what it has left.

    Parameters
    ----------
    name
        ``"first"``, ``"second"`` or ``"third"``.

    Returns
    -------
    Suspect
        The same in every call; the program's own random state is left alone.

    Raises
    ------
    KeyError
        If there is no suspect of that name; the message lists those there are.

    Examples
    --------
    >>> suspect("first").log.shape
    (30, 4)
    """
    if name not in _PROGRAMS:
        raise KeyError(f"there is no suspect {name!r}; there are {', '.join(_PROGRAMS)}")
    program = _PROGRAMS[name]
    log, parts, train, test = _ended(name)
    model, optimizer = copy.deepcopy(parts)  # whoever asks may go on training them
    return Suspect(log.copy(), model, optimizer, train, test, partial(_start, program), program.step)


def _start(program: _Program) -> Parts:
    with torch.random.fork_rng([]):
        torch.manual_seed(0)
        model = program.make()
    return model, program.optimizer(model)


@cache  # as a check asks for the run again with every answer
def _ended(name: str) -> tuple[pd.DataFrame, Parts, Split, Split]:
    program = _PROGRAMS[name]
    train, test = program.prepare(load("digits"))
    model, optimizer = _start(program)
    log = []
    with torch.random.fork_rng([]):
        torch.manual_seed(0)
        batches = train.batches(50, shuffle=True)
        for _ in range(program.epochs):
            model.train()
            for x, y in batches:
                program.step(model, optimizer, x, y)
            model.train(program.forgets_mode)
            log.append([*_measured(model, train), *_measured(model, test)])
    columns = ["train_loss", "train_accuracy", "test_loss", "test_accuracy"]
    frame = pd.DataFrame(log, columns=columns, index=pd.RangeIndex(1, len(log) + 1, name="epoch"))
    return frame, (model, optimizer), train, test


@torch.no_grad()
def _measured(model: nn.Module, split: Split) -> tuple[float, float]:
    logits = model(split.x)
    return F.cross_entropy(logits, split.y).item(), (logits.argmax(1) == split.y).float().mean().item()


def _step(model: nn.Module, optimizer: Optimizer, x: Tensor, y: Tensor) -> Tensor:
    optimizer.zero_grad()
    return _step_on(model, optimizer, x, y)


def _step_on(model: nn.Module, optimizer: Optimizer, x: Tensor, y: Tensor) -> Tensor:
    loss = F.cross_entropy(model(x), y)
    loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()
    return loss.detach()


def _as_it_is(data: Data) -> tuple[Split, Split]:
    return data.train, data.test


def _by_pixel(data: Data) -> tuple[Split, Split]:
    """Read a file that holds all samples' first pixels, then all samples' second ones, as if it held images."""
    return _reread(data.train), _reread(data.test)


def _reread(split: Split) -> Split:
    in_file = split.x.movedim(0, -1).contiguous()  # (1, 8, 8, samples)
    return Split(in_file.reshape(split.x.shape), split.y)


def _network(drop: float = 0.0) -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 96), nn.ReLU(), nn.Dropout(drop), nn.Linear(96, 10))


_PROGRAMS = {
    "first": _Program(
        make=_network,
        optimizer=lambda model: torch.optim.Adam(model.parameters(), lr=2e-3),
        step=_step,
        prepare=_by_pixel,
        epochs=30,
    ),
    "second": _Program(
        make=_network,
        optimizer=lambda model: torch.optim.SGD(model.parameters(), lr=0.1),
        step=_step_on,
        prepare=_as_it_is,
        epochs=12,
    ),
    "third": _Program(
        make=lambda: _network(drop=0.8),
        optimizer=lambda model: torch.optim.Adam(model.parameters(), lr=2e-3),
        step=_step,
        prepare=_as_it_is,
        epochs=20,
        forgets_mode=True,
    ),
}
