"""Many runs as one program: stacked parameters, and one step of all of them at once."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.func import functional_call, grad_and_value, stack_module_state, vmap

from unstuck import regularise
from unstuck.data import Data, Split
from unstuck.feed import EVALUATION_BATCH
from unstuck.loop import seeded, watched_column
from unstuck.optim import Hyper, State
from unstuck.schedules import Plateau
from unstuck.step import Loss, Penalty, check_batch, classifies, eval_mode
from unstuck.sweeps.grid import Trial, rule_of, strengths_of
from unstuck.sweeps.streams import Streams, with_streams

__all__ = ["Array", "Trained", "make_model", "train"]

Array = NDArray[np.float64]
Tensors = dict[str, Tensor]

_IN_CACHE = 2**17  # numbers of one tensor; a rule works on five or so at a time


@dataclass
class Trained:
    """What a program leaves of its runs.

    Attributes
    ----------
    steps : dict
        ``loss`` and ``lr``, shape ``(runs, steps)``.
    epochs : dict
        ``loss`` and the metrics, shape ``(runs, epochs)``.
    state : dict
        The models' parameters and buffers, stacked, shape ``(runs, ...)``, on the CPU.
    """

    steps: dict[str, Array]
    epochs: dict[str, Array]
    state: Tensors = field(repr=False)


def make_model(trial: Trial) -> nn.Module:
    """Make a run's model, with the weights that its seed gives, and leave the program's random state alone."""
    with seeded(trial.seed, torch.device("cpu")):
        model: nn.Module = trial.values["model"]()
    return model


def train(
    trials: Sequence[Trial],
    *,
    epochs: int,
    schedule_every: str,
    evaluate_on: Sequence[str],
    device: torch.device,
    on_step: Callable[[], object] = lambda: None,
) -> Trained:
    """Train runs that differ in numbers, schedules and seeds only.

    Every run sees what :func:`~unstuck.loop.fit` would show it: the same weights to start from, the same order of
    batches, the same random numbers.

    Parameters
    ----------
    trials
        One group of :func:`~unstuck.sweeps.grid.split`, or a part of one.
    epochs, schedule_every, evaluate_on, device
        As for :func:`~unstuck.sweeps.sweep`.
    on_step
        Called after every step of all runs.

    Returns
    -------
    Trained
        In the order of `trials`.
    """
    shared = trials[0].values
    data: Data = shared["data"].to(device)
    loss, transform, batch_size = shared["loss"], shared["transform"], shared["batch_size"]
    models = [make_model(trial).to(device) for trial in trials]
    streams = Streams([trial.seed for trial in trials], device)
    template = with_streams(models[0], streams)
    params, fixed = _stacked(models)
    like = next(iter(params.values()))
    gradients = _gradients_of(template, loss, shared["penalty"])
    strengths = strengths_of(trials, like)
    rule, hyper = rule_of(trials, like)
    rates = _Rates(trials, hyper["lr"])
    parts = {name: _parts(param) for name, param in params.items()}
    states: dict[tuple[str, int], State] = {}
    record = _Record(len(trials), steps=epochs * math.ceil(len(data.train) / batch_size), like=like)

    for epoch in range(epochs):
        template.train()
        order = _orders(data.train, trials, epoch)
        for start in range(0, len(data.train), batch_size):
            rows = order[:, start : start + batch_size]
            x, y = data.train.x[rows], data.train.y[rows]  # (runs, batch, ...)
            if transform:
                x, y = streams.map(transform, x, y)
            if record.steps_taken == 0:
                check_batch(models[0], loss, x[0], y[0])  # sync: once a program
            lr = rates.at(record.steps_taken if schedule_every == "step" else epoch)
            hyper["lr"] = lr.to(like, non_blocking=True)
            grads, (losses, fixed) = gradients(params, fixed, strengths, x, y)
            for name, param in params.items():
                for part in parts[name]:
                    settings = {key: _along(value, param, part) for key, value in hyper.items()}
                    kept = states.get((name, part.start), {})
                    param[part], states[name, part.start] = rule(param[part], grads[name][part], kept, **settings)
            record.step(losses, lr, samples=rows.shape[1])
            on_step()
        record.close_epoch(_metrics(template, {**params, **fixed}, loss, data, evaluate_on))
        rates.see(record.watched())
    return record.close({**params, **fixed})


def _stacked(models: Sequence[nn.Module]) -> tuple[Tensors, Tensors]:
    """Stack the models' tensors, shape ``(runs, ...)``: what is trained, and what is not."""
    params, buffers = stack_module_state(list(models))
    trained = {name for name, param in models[0].named_parameters() if param.requires_grad}
    if not trained:
        raise ValueError("the model has no parameter to train")
    stacked = {name: value.detach() for name, value in params.items()}
    frozen = {name: value for name, value in stacked.items() if name not in trained}
    return {name: stacked[name] for name in stacked if name in trained}, {**frozen, **buffers}


def _gradients_of(template: nn.Module, loss: Loss, penalty: Penalty | None) -> Callable[..., Any]:
    """Return ``(params, fixed, strengths, x, y) -> (gradients, (losses, fixed))``, all with a leading axis of runs."""
    names = [name for name, _ in template.named_parameters()]

    def objective(params: Tensors, fixed: Tensors, strengths: Tensors, x: Tensor, y: Tensor) -> tuple[Tensor, Tensors]:
        value = loss(functional_call(template, (params, fixed), (x,)), y)
        weights = [params[name] if name in params else fixed[name] for name in names]
        if penalty:
            value = value + penalty(weights)
        for name, strength in strengths.items():
            value = value + getattr(regularise, name)(weights, strength)
        return value, fixed  # batch normalisation has changed its statistics in place

    gradients: Callable[..., Any] = vmap(grad_and_value(objective, has_aux=True))
    return gradients


def _orders(split: Split, trials: Sequence[Trial], epoch: int) -> Tensor:
    """Return every run's order of the samples in an epoch, shape ``(runs, samples)``."""
    seeds = {trial.seed for trial in trials}
    orders = {seed: split.batches(shuffle=True, seed=seed).order(epoch) for seed in seeds}
    return torch.stack([orders[trial.seed] for trial in trials])


def _parts(param: Tensor) -> list[slice]:
    """Cut the runs of a stacked parameter into parts to update one after another.

    On a CPU a rule takes half the time on what fits into the cache; on a GPU one launch for all of them is best.
    """
    runs, numbers = param.shape[0], param[0].numel()
    size = max(1, _IN_CACHE // max(numbers, 1)) if param.device.type == "cpu" else runs
    return [slice(start, start + size) for start in range(0, runs, size)]


def _along(hyper: Hyper, param: Tensor, part: slice) -> Hyper:
    """Turn a part of a setting of shape ``(runs,)`` so that it broadcasts against a parameter's, ``(runs, ...)``."""
    return hyper[part].reshape(-1, *[1] * (param.ndim - 1)) if isinstance(hyper, Tensor) else hyper


@torch.no_grad()
def _metrics(template: nn.Module, state: Tensors, loss: Loss, data: Data, names: Sequence[str]) -> dict[str, Array]:
    """Measure every run on these splits as :func:`~unstuck.loop.evaluate` does, shape ``(runs,)`` a metric."""

    def measure(state: Tensors, x: Tensor, y: Tensor) -> dict[str, Tensor]:
        output = functional_call(template, state, (x,))
        sums = {"loss": loss(output, y) * len(y)}
        if classifies(output, y):
            sums["accuracy"] = (output.argmax(dim=1) == y).sum()
        return sums

    metrics = {}
    with eval_mode(template):
        for name in names:
            split = data.splits[name]
            parts = [
                vmap(measure, in_dims=(0, None, None))(state, x, y)
                for x, y in split.batches(min(len(split), EVALUATION_BATCH))
            ]
            for key in parts[0]:
                total = torch.stack([part[key] for part in parts]).sum(dim=0)
                metrics[f"{name}_{key}"] = _numbers(total) / len(split)  # sync: once an evaluation
    return metrics


class _Rates:
    """The learning rate of every run, step by step, as its schedule has it."""

    def __init__(self, trials: Sequence[Trial], base: Hyper) -> None:
        self.base = torch.as_tensor(base, dtype=torch.float64).cpu().expand(len(trials))
        self.schedules = [trial.values["schedule"] for trial in trials]
        self.plateaus = [1.0] * len(trials)

    def at(self, time: int) -> Tensor:
        """Return the rates of a step, shape ``(runs,)``, on the CPU; `time` counts steps or epochs."""
        of_step = [schedule for schedule in self.schedules if schedule and not isinstance(schedule, Plateau)]
        known = {id(schedule): schedule(time) for schedule in of_step}  # runs most often share one
        factors = [known.get(id(one), plateau) for one, plateau in zip(self.schedules, self.plateaus, strict=True)]
        return self.base * torch.tensor(factors, dtype=torch.float64)

    def see(self, losses: Array) -> None:
        """Give the schedules that wait for a plateau the losses so far, shape ``(runs, epochs)``."""
        for run, schedule in enumerate(self.schedules):
            if isinstance(schedule, Plateau):
                self.plateaus[run] = schedule(losses[run].tolist())


class _Record:
    """What the runs have measured: losses on the device until the epoch ends, arrays after that."""

    def __init__(self, runs: int, steps: int, like: Tensor) -> None:
        self.losses = torch.empty(steps, runs, dtype=like.dtype, device=like.device)
        self.lrs = torch.empty(steps, runs, dtype=torch.float64)
        self.samples: list[int] = []
        self.closed = 0
        self.epochs: dict[str, list[Array]] = {}

    @property
    def steps_taken(self) -> int:
        return len(self.samples)

    def step(self, losses: Tensor, lrs: Tensor, samples: int) -> None:
        self.losses[self.steps_taken], self.lrs[self.steps_taken] = losses, lrs
        self.samples.append(samples)

    def close_epoch(self, metrics: dict[str, Array]) -> None:
        losses = _numbers(self.losses[self.closed : self.steps_taken])  # sync: once an epoch
        row = {"loss": np.average(losses, axis=0, weights=self.samples[self.closed :]), **metrics}
        for name, values in row.items():
            self.epochs.setdefault(name, []).append(values)
        self.closed = self.steps_taken

    def watched(self) -> Array:
        """Return the losses that a plateau is looked for in, shape ``(runs, epochs)``."""
        return np.stack(self.epochs[watched_column(self.epochs)], axis=1)

    def close(self, state: Tensors) -> Trained:
        steps = {"loss": _numbers(self.losses).T, "lr": _numbers(self.lrs).T}
        epochs = {name: np.stack(rows, axis=1) for name, rows in self.epochs.items()}
        return Trained(steps, epochs, {name: value.cpu() for name, value in state.items()})


def _numbers(values: Tensor) -> Array:
    return values.cpu().double().numpy()
