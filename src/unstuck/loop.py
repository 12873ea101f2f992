"""The training loop, on one screen."""

from __future__ import annotations

import os
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import CyclicLR, LRScheduler, OneCycleLR, ReduceLROnPlateau
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from unstuck.checkpoint import restore
from unstuck.distributed import Agreement, Processes, join, local_rank
from unstuck.engines import ENGINES, Engine, Graphed
from unstuck.feed import Batch, Feed, count_batches, evaluation_batches, rest_of_epoch, training_batches
from unstuck.history import History
from unstuck.losses import cross_entropy
from unstuck.run import Interrupt, Observer, Run
from unstuck.step import Loss, Penalty, Precision, Step, check_batch, classifies, eval_mode, in_float32, make_step

__all__ = [
    "MakeOptimizer",
    "Transform",
    "evaluate",
    "fit",
    "pick_device",
    "seeded",
    "watched_column",
]

Transform = Callable[[Tensor, Tensor], Batch]
MakeOptimizer = Callable[[Iterable[nn.Parameter]], Optimizer]
MakeScheduler = Callable[[Optimizer], LRScheduler]


def fit(
    model: nn.Module,
    data: Feed,
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
    engine: Engine = "eager",
    precision: Precision = "float32",
    channels_last: bool = False,
    clip: float | None = None,
    accumulate: int = 1,
    ema: float | None = None,
    nonfinite: Literal["stop", "ignore"] = "stop",
    resume: str | Path | None = None,
) -> Run:
    r"""Train a model.

    Under torchrun, all processes train it together: each takes its rows of every batch, and the history is that of the
    whole batches.
    Ctrl-C ends the run at the end of a step, and returns it with the history so far, ``run.interrupted`` set.

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
    engine
        Runs the step: ``"eager"``, ``"compiled"`` (:func:`~unstuck.engines.compiled`) or ``"graphed"``
        (:func:`~unstuck.engines.graphed`, on a CUDA device).
    precision, channels_last, clip, accumulate
        As for :func:`~unstuck.step.make_step`.
    ema
        Keep an exponential moving average of the weights as well, :math:`\bar w \leftarrow d \bar w + (1 - d) w`
        after every step, with this decay :math:`d`, above 0 and below 1: ``run.average.module`` is the averaged model,
        and measured on the same splits, as ``ema_<split>_loss`` and ``ema_<split>_accuracy``.
    nonfinite
        What to do at a loss that is NaN or infinite: ``"stop"`` the run when it is read, at the end of the epoch or for
        a checkpoint; or ``"ignore"`` it.
    resume
        A checkpoint, or a folder of them, of which the latest is taken: the run goes on from there as if it had never
        been broken off.
        All else must be as it was in the run that wrote it; `epochs` may be more.

    Returns
    -------
    Run
        The model, its optimiser and the history: ``loss`` (what was minimised, over the epoch, while training), and for
        each split measured ``<split>_loss`` and, for classes, ``<split>_accuracy`` (after the epoch, in eval mode).

    Raises
    ------
    ValueError
        If a setting is out of range, an engine cannot honour one, or the first batch cannot be trained on; before any
        update is made.
    CheckpointError
        If there is nothing to resume from, or it is of another run.
    DivergedError
        If the loss becomes NaN or infinite; it tells the step and the learning rate, and holds the history.

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
    processes, device = join(), pick_device(device)
    model.to(device)
    if channels_last:
        model.to(memory_format=torch.channels_last)
    optimizer = _on_parameters(optimizer, model)
    scheduler, scheduled = _scheduler(schedule, optimizer, schedule_every)
    training = training_batches(data, batch_size, seed, device)
    measured = evaluation_batches(data, evaluate_on, device)
    average = None if ema is None else _average(model, ema)
    eager = make_step(
        processes.wrap(model, device),
        loss,
        optimizer,
        penalty=penalty,
        precision=precision,
        channels_last=channels_last,
        clip=clip,
        accumulate=accumulate,
        average=average,
    )
    step = _engine(engine)(eager)
    history = History(reduce=processes.mean, refuse_nonfinite=_is_strict(nonfinite))
    run = Run(model, optimizer, history, device, seed, epochs, scheduler, eager.scaler, average, observers, processes)
    run.batches = count_batches(training)
    interrupt, agreed = Interrupt(), Agreement(processes)

    with seeded(seed + processes.rank, device), interrupt.watch():
        if resume is not None:
            restore(run, resume)
        if run.stopped:  # by an observer, before the run was broken off: at most its epoch is to be ended
            epochs = len(history) + (run.batch > 0)
        with _observed(observers, run):
            for _ in range(len(history), epochs):
                model.train()
                for x, y in rest_of_epoch(training, run):
                    samples = len(y)
                    x, y, weight = processes.share(x, y)
                    if x.device != device:
                        x, y = x.to(device, non_blocking=True), y.to(device, non_blocking=True)
                    if transform:
                        x, y = transform(x, y)
                    if run.step == 0:
                        check_batch(model, loss, x, y)  # sync: once a run
                    history.record(step(x, y, weight), samples=samples, lr=optimizer.param_groups[0]["lr"])
                    if scheduler and scheduled == "step":
                        scheduler.step()
                    run.batch += 1
                    run.interrupted = agreed(bool(interrupt))
                    for observer in observers:
                        observer.on_step(run)
                    if run.interrupted:
                        break
                history.flush()
                if run.interrupted:
                    break
                with eager.at_precision():
                    history.close_epoch(_evaluations(run, measured, loss))
                run.batch = 0
                if scheduler and scheduled == "epoch":
                    _step_epoch(scheduler, history)
                run.interrupted = agreed(bool(interrupt))
                for observer in observers:
                    observer.on_epoch(run)
                if run.stopped or run.interrupted:
                    break
        agreed.settle()
    return run


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
    return _evaluate(model, batches, loss, Processes())


@torch.no_grad()
def _evaluate(model: nn.Module, batches: Iterable[Batch], loss: Loss, processes: Processes) -> dict[str, float]:
    """Evaluate a model, each process on its rows of every batch."""
    device = next((parameter.device for parameter in model.parameters()), torch.device("cpu"))
    total, correct, samples = torch.zeros((), device=device), torch.zeros((), device=device), 0
    counts = False
    with eval_mode(model):
        for x, y in batches:
            x, y = x[processes.rank :: processes.count], y[processes.rank :: processes.count]
            if not len(y):
                continue
            x, y = x.to(device, non_blocking=True), y.to(device, non_blocking=True)
            output = in_float32(model(x))
            total = total + loss(output, y) * len(y)
            samples += len(y)
            counts = classifies(output, y)
            if counts:
                correct += (output.argmax(dim=1) == y).sum()
    sums = torch.stack([total, correct.to(total), *total.new_tensor([samples, counts])])
    summed, hits, seen, counted = processes.sum(sums).tolist()  # sync: once an evaluation
    if not seen:
        raise ValueError("there is no batch to evaluate on")
    return {"loss": summed / seen, "accuracy": hits / seen} if counted else {"loss": summed / seen}


def pick_device(device: torch.device | str = "auto") -> torch.device:
    """Return the device of that name; ``"auto"`` is CUDA where there is one, else Apple's MPS, else the CPU.

    Under torchrun, CUDA is the device of this process's own: the one of its rank on this machine.
    """
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    if device == "cuda" and "LOCAL_RANK" in os.environ:
        return torch.device("cuda", local_rank())
    return torch.device(device)


@contextmanager
def seeded(seed: int, device: torch.device) -> Iterator[None]:
    """Seed PyTorch inside the block, and give the caller's random state back after it."""
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices):
        torch.manual_seed(seed)
        yield


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


def _average(model: nn.Module, decay: float) -> AveragedModel:
    if not 0 < decay < 1:
        raise ValueError(f"ema must be above 0 and below 1, got {decay}")
    return AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(decay))  # type: ignore[no-untyped-call]


def _engine(name: Engine) -> Callable[[Step], Step | Graphed]:
    if name not in ENGINES:
        raise ValueError(f"engine must be one of {', '.join(ENGINES)}, got {name!r}")
    return ENGINES[name]


def _is_strict(nonfinite: str) -> bool:
    if nonfinite not in ("stop", "ignore"):
        raise ValueError(f"nonfinite must be 'stop' or 'ignore', got {nonfinite!r}")
    return nonfinite == "stop"


def _evaluations(run: Run, measured: Mapping[str, Iterable[Batch]], loss: Loss) -> dict[str, float]:
    """Evaluate a model, and the average of its weights, on every split, whose name stands before each metric's."""
    models = {"": run.model} if run.average is None else {"": run.model, "ema_": run.average.module}
    return {
        f"{prefix}{name}_{key}": value
        for prefix, model in models.items()
        for name, batches in measured.items()
        for key, value in _evaluate(model, batches, loss, run.processes).items()
    }


def _step_epoch(scheduler: LRScheduler, history: History) -> None:
    if isinstance(scheduler, ReduceLROnPlateau):
        scheduler.step(history[watched_column(history.epochs)][-1])
    else:
        scheduler.step()


@contextmanager
def _observed(observers: Sequence[Observer], run: Run) -> Iterator[None]:
    """Tell observers of the run's start, and of its end, however it comes: all of them, also where one fails."""
    started: list[Observer] = []
    try:
        for observer in observers:
            observer.on_start(run)
            started.append(observer)
        yield
    finally:
        with ExitStack() as ends:
            for observer in reversed(started):
                ends.callback(observer.on_end, run)
