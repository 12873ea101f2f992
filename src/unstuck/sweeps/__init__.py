"""Many runs, of all settings and seeds that are listed, as one batched program."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import psutil
import torch
from torch import Tensor

from unstuck.data import Data
from unstuck.distributed import join
from unstuck.feed import EVALUATION_BATCH
from unstuck.loop import pick_device
from unstuck.losses import cross_entropy
from unstuck.sweeps.grid import OPTIMIZERS, Axes, Trial, expand, split
from unstuck.sweeps.program import Array, Trained, make_model, train
from unstuck.sweeps.result import Sweep

if TYPE_CHECKING:
    from tqdm import tqdm

__all__ = ["OPTIMIZERS", "Sweep", "sweep"]


def sweep(
    model: Any,
    data: Any,
    loss: Any = cross_entropy,
    optimizer: Any = "adam",
    schedule: Any = None,
    epochs: int = 1,
    *,
    seeds: int | Iterable[int] = 8,
    batch_size: int | list[int] = 64,
    penalty: Any = None,
    transform: Any = None,
    schedule_every: Literal["step", "epoch"] = "step",
    evaluate_on: Sequence[str] | None = None,
    device: torch.device | str = "auto",
    chunk: int | None = None,
    progress: bool | None = None,
    **settings: Any,
) -> Sweep:
    """Train every combination of the listed settings and seeds.

    Runs that differ in numbers, schedules or seeds are one program: their parameters are stacked, and every step is
    taken by all of them at once.
    Each of them is the run that :func:`~unstuck.loop.fit` gives on its own with that setting and seed, its weights made
    under ``torch.manual_seed(seed)``: the same batches, the same dropout, the same numbers up to rounding.
    Under torchrun, every process trains its share of the runs, and every process gets all of them back.

    Wherever a value is asked for below, a list of values makes an axis of that name, and so does a mapping from the
    names that the axis is to show to values: ``lr=[0.01, 0.1]``, ``schedule={"cosine": cosine(400), "none": None}``.

    Parameters
    ----------
    model
        Makes a model: a function without arguments, as ``partial(MLP, 128)``; :func:`torch.initial_seed` tells it its
        seed.
        The rules of :mod:`torch.func` hold for it and for `loss`: random numbers from dropout layers only, and nothing
        that depends on the values of data, as ``F.one_hot`` does (``torch.eye(classes)[y]`` does not).
    data
        A :class:`~unstuck.data.Data`.
    loss
        Maps ``(model(x), y)`` to the mean over the batch.
    optimizer
        One of ``"sgd"``, ``"adagrad"``, ``"rmsprop"``, ``"adam"`` and ``"adamw"``; or a class of one's own like
        :class:`~unstuck.optim.Adam`, of which a sweep uses the constructor's checks and the static method ``rule``.
    schedule
        One of :mod:`unstuck.schedules`, the plateau included; none keeps the rate.
    epochs
        How often to go over the training data, at least 1.
    seeds
        How many, or which ones; always the last axis.
    batch_size
        Samples a step.
    penalty, transform
        As for :func:`~unstuck.loop.fit`.
        A transform is called once a run and step, and then bounds the speed.
    schedule_every
        What the schedule counts.
    evaluate_on
        The names of the splits to measure after every epoch; all by default.
    device
        A device, or ``"auto"``: CUDA, then Apple's MPS, then the CPU.
    chunk
        The largest number of runs to train at once; by default as many as half of the free memory holds.
    progress
        Whether to show a bar of the steps; by default where standard error is a terminal.
    **settings
        The optimiser's, by the names of its constructor (``lr``, ``momentum``, ``betas``, ``weight_decay``, ...), and
        ``l1`` and ``l2``, the strengths of the penalties of :mod:`unstuck.regularise`.

    Returns
    -------
    Sweep
        Histories, final values and models, by the names of the axes.
        A run that diverges is listed in :attr:`Sweep.diverged`, and does its neighbours no harm.

    Raises
    ------
    ValueError
        If a setting is unknown or out of range, or the first batch cannot be trained on; before any update is made.

    Examples
    --------
    >>> from functools import partial
    >>> from unstuck.data import load
    >>> from unstuck.models import Linear
    >>> result = sweep(Linear, load("digits"), optimizer="sgd", lr=[1e-4, 0.1], seeds=3, epochs=2)
    >>> result
    <Sweep of 6 runs: lr (2) x seed (3); 2 epochs>
    >>> result.best("validation_accuracy")
    {'lr': 0.1}
    >>> result.final("test_accuracy").groupby("lr").median().round(1).to_dict()
    {0.0001: 0.2, 0.1: 0.9}

    References
    ----------
    The stacking of models follows PyTorch's tutorial on model ensembling with ``torch.func``.
    """
    if epochs < 1:
        raise ValueError(f"epochs must be at least 1, got {epochs}")
    if chunk is not None and chunk < 1:
        raise ValueError(f"chunk must be at least 1, got {chunk}")
    if schedule_every not in ("step", "epoch"):
        raise ValueError(f"schedule_every must be 'step' or 'epoch', got {schedule_every!r}")
    arguments = {
        "model": model,
        "data": data,
        "loss": loss,
        "optimizer": optimizer,
        "schedule": schedule,
        "batch_size": batch_size,
        "penalty": penalty,
        "transform": transform,
    }
    axes, trials = expand(arguments, settings, seeds)
    for trial in trials:
        _check_data(trial.values["data"], evaluate_on, trial.values["batch_size"])
    processes, where = join(), pick_device(device)
    chunks = [
        part
        for group in split(trials)
        for part in _cut(group, min(chunk or largest_chunk(group[0], where), math.ceil(len(group) / processes.count)))
    ][processes.rank :: processes.count]
    trained: dict[int, tuple[Trained, int]] = {}
    shown = False if not processes.is_main else progress
    with _bar(sum(len(part) * _steps(part[0], epochs) for part in chunks), shown) as bar:
        for part in chunks:
            names = list(part[0].values["data"].splits) if evaluate_on is None else evaluate_on
            outcome = train(
                part,
                epochs=epochs,
                schedule_every=schedule_every,
                evaluate_on=names,
                device=where,
                on_step=partial(bar.update, len(part)),
            )
            trained |= {trial.index: (outcome, row) for row, trial in enumerate(part)}
    everything = {index: outcome for part in processes.gather(trained) for index, outcome in part.items()}
    outcomes = [everything[trial.index] for trial in trials]
    return Sweep(
        axes,
        trials,
        _side_by_side([(outcome.epochs, row) for outcome, row in outcomes], axes),
        _side_by_side([(outcome.steps, row) for outcome, row in outcomes], axes),
        [{name: values[row] for name, values in outcome.state.items()} for outcome, row in outcomes],
    )


def largest_chunk(trial: Trial, device: torch.device) -> int:
    """Return how many runs like this one half of the free memory holds, at least 1.

    A run takes its parameters eight times over (with gradient, the optimiser's averages and what a step computes on
    the way) and what the larger of a training batch and an evaluation batch leaves for the backward pass.
    """
    model, data = make_model(trial), trial.values["data"]
    saved = 0

    def note(tensor: Tensor) -> Tensor:
        nonlocal saved
        saved += tensor.nbytes
        return tensor

    batch_size = trial.values["batch_size"]
    x = data.train.x[:batch_size].to("cpu")
    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor), torch.random.fork_rng([]):
        output = model(x)
    samples = max(batch_size, EVALUATION_BATCH)
    of_batch = (saved + x.nbytes + output.nbytes) * samples / len(x)
    of_weights = 8 * sum(param.nbytes for param in model.parameters())
    free = float(torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else psutil.virtual_memory().available)
    return max(1, int(free / 2 / (of_batch + of_weights)))


def _cut(group: list[Trial], size: int) -> list[list[Trial]]:
    return [group[start : start + size] for start in range(0, len(group), size)]


def _steps(trial: Trial, epochs: int) -> int:
    batches: int = math.ceil(len(trial.values["data"].train) / trial.values["batch_size"])
    return epochs * batches


def _check_data(data: object, evaluate_on: Sequence[str] | None, batch_size: int) -> None:
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, got {batch_size}")
    if not isinstance(data, Data):
        raise ValueError(f"data must be a Data, as load() returns, got {type(data).__name__}")
    if unknown := set(evaluate_on or ()) - set(data.splits):
        raise ValueError(f"evaluate_on names {sorted(unknown)}, but data holds {sorted(data.splits)}")


def _bar(total: int, progress: bool | None) -> tqdm[None]:
    shown = sys.stderr.isatty() if progress is None else progress
    if shown:
        from tqdm.auto import tqdm  # only now, as the import alone warns in a notebook that has no widgets
    else:
        from tqdm import tqdm
    return tqdm(total=total, unit="step", unit_scale=True, disable=not shown)


def _side_by_side(rows: Sequence[tuple[Mapping[str, Array], int]], axes: Axes) -> dict[str, Array]:
    """Lay the runs' columns out along the axes; NaN where one is shorter than others, or lacks a column."""
    names = dict.fromkeys(name for columns, _ in rows for name in columns)
    longest = max(values.shape[1] for columns, _ in rows for values in columns.values())
    laid = {name: np.full((len(rows), longest), np.nan) for name in names}
    for place, (columns, row) in enumerate(rows):
        for name, values in columns.items():
            laid[name][place, : values.shape[1]] = values[row]
    shape = tuple(map(len, axes.values()))
    return {name: values.reshape(*shape, longest) for name, values in laid.items()}
