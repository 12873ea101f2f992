"""The training loop, on one screen."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Literal

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import CyclicLR, LRScheduler, OneCycleLR, ReduceLROnPlateau

from unstuck.data import Data
from unstuck.history import History
from unstuck.losses import cross_entropy
from unstuck.run import Observer, Run
from unstuck.step import Loss, Penalty, check_batch, classifies, eval_mode, make_step

__all__ = [
    "EVALUATION_BATCH",
    "Batch",
    "MakeOptimizer",
    "Transform",
    "evaluate",
    "fit",
    "pick_device",
    "seeded",
    "training_batches",
    "watched_column",
]

Batch = tuple[Tensor, Tensor]
Transform = Callable[[Tensor, Tensor], Batch]
MakeOptimizer = Callable[[Iterable[nn.Parameter]], Optimizer]
MakeScheduler = Callable[[Optimizer], LRScheduler]

EVALUATION_BATCH = 1024  # samples; without a graph, so larger than a training batch may be


def fit(
    model: nn.Module,
    data: Data | Iterable[Batch] | Mapping[str, Iterable[Batch]],
    loss: Loss = cross_entropy,
    optimizer: Optimizer | MakeOptimizer | None = None,
    schedule: LRScheduler | MakeScheduler | None = None,
    epochs: int = 1,
    *,
    batch_size: int = 64,
    schedule_every: Literal["step", "epoch"] | None = None,
    evaluate_on: Sequence[str] | None = None,
    device: torch.device | str = "auto",
    seed: int = 0,
    penalty: Penalty | None = None,
    transform: Transform | None = None,
    observers: Sequence[Observer] = (),
) -> Run:
    """Train a model.

    Parameters
    ----------
    model
        Any module; it is moved to `device` and trained in place.
    data
        A :class:`~unstuck.data.Data`; or anything that yields batches ``(x, y)`` anew for every epoch, a
        :class:`torch.utils.data.DataLoader` for one; or a mapping of such by name, ``"train"`` among them.
    loss
        Maps ``(model(x), y)`` to the mean over the batch.
    optimizer
        An optimiser on the model's parameters, or a function that makes one of them: ``partial(SGD, lr=0.1)``.
    schedule
        A PyTorch scheduler on `optimizer`, or a function that makes one of it.
    epochs
        How often to go over the training data, at least 1.
    batch_size
        Samples a step, where `data` is a :class:`~unstuck.data.Data`.
    schedule_every
        When the scheduler steps; by default every step for ``OneCycleLR`` and ``CyclicLR``, and every epoch for all
        others, as their documentation has it.
    evaluate_on
        The names of the splits to measure after every epoch: by default all of a :class:`~unstuck.data.Data`, and all
        but ``"train"`` of a mapping.
    device
        A device, or ``"auto"``: CUDA, then Apple's MPS, then the CPU.
    seed
        Seeds the order of the batches and the random numbers of `transform` and of the model, such as dropout's; the
        program's own random state is left alone.
        The weights are drawn where the model is made: call :func:`torch.manual_seed` there.
    penalty
        Maps the model's parameters to a scalar that is added to the loss that is minimised, and so to the history's
        ``loss``, but to no evaluation: ``partial(l2, strength=1e-3)``.
    transform
        Maps each training batch, on the device, to the ``(x, y)`` that is trained on; its random draws come before the
        model's: ``partial(mixup, alpha=0.2, classes=10)``.
    observers
        Told of every step and epoch; one that calls :meth:`Run.stop <unstuck.run.Run.stop>` makes this epoch the last.

    Returns
    -------
    Run
        The model, its optimiser and the history: ``loss`` (what was minimised, over the epoch, while training), and for
        each split measured ``<split>_loss`` and, for classes, ``<split>_accuracy`` (after the epoch, in eval mode).

    Raises
    ------
    ValueError
        If a setting is out of range, or the first batch cannot be trained on; before any update is made.

    Examples
    --------
    >>> from functools import partial
    >>> from unstuck.data import load
    >>> from unstuck.models import Linear
    >>> from unstuck.optim import SGD
    >>> run = fit(Linear(), load("digits"), optimizer=partial(SGD, lr=0.1), epochs=3)
    >>> run.final("test_accuracy") > 0.9
    True
    """
    if epochs < 1:
        raise ValueError(f"epochs must be at least 1, got {epochs}")
    device = pick_device(device)
    model.to(device)
    optimizer = _on_parameters(optimizer, model)
    scheduler, scheduled = _scheduler(schedule, optimizer, schedule_every)
    training, measured = _batches(data, evaluate_on, batch_size, seed, device)
    step = make_step(model, loss, optimizer, penalty=penalty)
    run = Run(model, optimizer, History(), device, seed, epochs)

    with seeded(seed, device), _observed(observers, run):
        for epoch in range(epochs):
            model.train()
            for index, (x, y) in enumerate(training):
                x, y = x.to(device, non_blocking=True), y.to(device, non_blocking=True)
                if transform:
                    x, y = transform(x, y)
                if epoch == index == 0:
                    check_batch(model, loss, x, y)  # sync: once a run
                run.history.record(step(x, y), samples=len(y), lr=optimizer.param_groups[0]["lr"])
                if scheduler and scheduled == "step":
                    scheduler.step()
                for observer in observers:
                    observer.on_step(run)
            run.history.close_epoch(_evaluations(model, measured, loss))
            if scheduler and scheduled == "epoch":
                _step_epoch(scheduler, run.history)
            for observer in observers:
                observer.on_epoch(run)
            if run.stopped:
                break
    return run


@torch.no_grad()
def evaluate(model: nn.Module, batches: Iterable[Batch], loss: Loss = cross_entropy) -> dict[str, float]:
    """Measure a model: in eval mode, without a graph, every sample counted once and alike.

    Parameters
    ----------
    model
        Every part of it is left in the mode it was in.
    batches
        Yields ``(x, y)``.
    loss
        Maps ``(model(x), y)`` to the mean over the batch.

    Returns
    -------
    dict
        ``loss``, the mean over all samples, and ``accuracy`` from 0 to 1 where targets are class indices.

    Raises
    ------
    ValueError
        If there is no batch.
    """
    device = next((parameter.device for parameter in model.parameters()), torch.device("cpu"))
    total, correct, samples = torch.zeros((), device=device), torch.zeros((), device=device), 0
    counts = False
    with eval_mode(model):
        for x, y in batches:
            x, y = x.to(device, non_blocking=True), y.to(device, non_blocking=True)
            output = model(x)
            total = total + loss(output, y) * len(y)
            samples += len(y)
            counts = classifies(output, y)
            if counts:
                correct += (output.argmax(dim=1) == y).sum()
    if not samples:
        raise ValueError("there is no batch to evaluate on")
    metrics = {"loss": total, "accuracy": correct} if counts else {"loss": total}
    return {name: value.item() / samples for name, value in metrics.items()}  # sync: once an evaluation


def pick_device(device: torch.device | str = "auto") -> torch.device:
    """Return the device of that name; ``"auto"`` is CUDA where there is one, else Apple's MPS, else the CPU."""
    if device != "auto":
        return torch.device(device)
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


@contextmanager
def seeded(seed: int, device: torch.device) -> Iterator[None]:
    """Seed PyTorch inside the block, and give the caller's random state back after it."""
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices):
        torch.manual_seed(seed)
        yield


def training_batches(
    data: Data | Iterable[Batch] | Mapping[str, Iterable[Batch]], batch_size: int, seed: int, device: torch.device
) -> Iterable[Batch]:
    """Return what to train on, of all that :func:`fit` takes as data.

    Raises
    ------
    ValueError
        If a mapping holds no ``"train"``.
    """
    if isinstance(data, Data):
        return data.to(device).train.batches(batch_size, shuffle=True, seed=seed)
    if not isinstance(data, Mapping):
        return data
    if "train" not in data:
        raise ValueError(f"data must hold 'train', got {sorted(data)}")
    return data["train"]


def watched_column(columns: Container[str]) -> str:
    """Return the column of a history in which a plateau is looked for."""
    return "validation_loss" if "validation_loss" in columns else "loss"


def _on_parameters(optimizer: Optimizer | MakeOptimizer | None, model: nn.Module) -> Optimizer:
    if optimizer is None:
        raise ValueError("an optimizer is needed: an instance, or a function of the parameters: partial(SGD, lr=0.1)")
    if not isinstance(optimizer, Optimizer):
        optimizer = optimizer(model.parameters())
    held = {id(parameter) for group in optimizer.param_groups for parameter in group["params"]}
    if held.isdisjoint(map(id, model.parameters())):
        raise ValueError("the optimizer holds no parameter of this model: was it made for another one?")
    return optimizer


def _scheduler(
    schedule: LRScheduler | MakeScheduler | None, optimizer: Optimizer, every: str | None
) -> tuple[LRScheduler | None, str]:
    if every not in (None, "step", "epoch"):
        raise ValueError(f"schedule_every must be 'step' or 'epoch', got {every!r}")
    scheduler = schedule(optimizer) if schedule and not isinstance(schedule, LRScheduler) else schedule
    if scheduler and scheduler.optimizer is not optimizer:
        raise ValueError("the schedule is tied to another optimizer than the one that is stepped")
    by_step = isinstance(scheduler, (OneCycleLR, CyclicLR))
    return scheduler, every or ("step" if by_step else "epoch")


def _evaluations(model: nn.Module, measured: Mapping[str, Iterable[Batch]], loss: Loss) -> dict[str, float]:
    """Evaluate a model on every split, with the split's name in front of each metric's."""
    return {
        f"{name}_{key}": value
        for name, batches in measured.items()
        for key, value in evaluate(model, batches, loss).items()
    }


def _step_epoch(scheduler: LRScheduler, history: History) -> None:
    if isinstance(scheduler, ReduceLROnPlateau):
        scheduler.step(history[watched_column(history.epochs)][-1])
    else:
        scheduler.step()


def _batches(
    data: Data | Iterable[Batch] | Mapping[str, Iterable[Batch]],
    evaluate_on: Sequence[str] | None,
    batch_size: int,
    seed: int,
    device: torch.device,
) -> tuple[Iterable[Batch], dict[str, Iterable[Batch]]]:
    """Bring all that `fit` takes as data into one form: what to train on, and what to measure, by name."""
    splits: Mapping[str, Iterable[Batch]]
    training = training_batches(data, batch_size, seed, device)
    if isinstance(data, Data):
        on_device = data.to(device).splits
        splits = {name: split.batches(min(len(split), EVALUATION_BATCH)) for name, split in on_device.items()}
        default = list(splits)
    else:
        splits = data if isinstance(data, Mapping) else {"train": data}
        default = [name for name in splits if name != "train"]
    names = default if evaluate_on is None else evaluate_on
    if unknown := set(names) - set(splits):
        raise ValueError(f"evaluate_on names {sorted(unknown)}, but data holds {sorted(splits)}")
    return training, {name: splits[name] for name in names}


@contextmanager
def _observed(observers: Sequence[Observer], run: Run) -> Iterator[None]:
    """Tell observers of the run's start, and of its end, however it comes."""
    for observer in observers:
        observer.on_start(run)
    try:
        yield
    finally:
        for observer in observers:
            observer.on_end(run)
