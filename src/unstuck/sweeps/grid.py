"""The grid of a sweep: from what was listed to one plain record a run, and to groups that can be one program."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from unstuck.optim import SGD, Adagrad, Adam, AdamW, RMSprop
from unstuck.optim.rules import Hyper, Rule

__all__ = ["OPTIMIZERS", "Axes", "Trial", "expand", "rule_of", "split", "strengths_of"]

Axes = dict[str, tuple[Any, ...]]

OPTIMIZERS: dict[str, Any] = {
    "sgd": SGD,
    "adagrad": Adagrad,
    "rmsprop": RMSprop,
    "adam": Adam,
    "adamw": AdamW,
}

_PENALTIES = ("l1", "l2")
# What a program may hold once a run; runs that differ in anything else are trained by programs of their own.
_TOGETHER = {"schedule", "seed", *_PENALTIES}


@dataclass(frozen=True)
class Trial:
    """One run of a sweep: its place in the grid, and the value of every argument and setting."""

    index: int
    values: Mapping[str, Any]

    @property
    def seed(self) -> int:
        """What its weights, order of batches and other random numbers come from."""
        return int(self.values["seed"])

    @property
    def settings(self) -> dict[str, Any]:
        """The settings of its optimiser, and no others."""
        names = allowed_settings(class_of(self.values["optimizer"]))
        return {name: value for name, value in self.values.items() if name in names}


def expand(
    arguments: Mapping[str, Any], settings: Mapping[str, Any], seeds: int | Iterable[int]
) -> tuple[Axes, list[Trial]]:
    """Lay out the grid.

    Parameters
    ----------
    arguments
        :func:`~unstuck.sweeps.sweep`'s own arguments, by name: each a value, a list of values, or a mapping of values
        by the names that the axis is to show.
    settings
        The optimiser's settings, likewise.
    seeds
        How many, or which.

    Returns
    -------
    tuple
        The axes in the order of the arguments, the seed last, and the runs in the order of the flattened grid.

    Raises
    ------
    ValueError
        If a setting is unknown or out of range, an axis is empty, or a label occurs twice.
    """
    listed = {**arguments, **settings}
    choices = {name: _choices(name, given) for name, given in listed.items()}
    choices["seed"] = _choices("seed", _checked_seeds(seeds))
    axes = {
        name: labels
        for name, (labels, _) in choices.items()
        if name == "seed" or isinstance(listed[name], (list, Mapping, range, np.ndarray, Tensor))
    }
    grid = itertools.product(*(values for _, values in choices.values()))
    runs = [Trial(index, dict(zip(choices, values, strict=True))) for index, values in enumerate(grid)]
    for label, value in zip(*choices["optimizer"], strict=True):
        known = allowed_settings(class_of(value))
        if unknown := set(settings) - known - set(_PENALTIES):
            allowed = ", ".join(sorted({*known, *_PENALTIES}))
            raise ValueError(f"unknown setting {sorted(unknown)} for {label}; it takes {allowed}")
    # What an optimiser refuses is refused before anything is trained, in its own words: once for all seeds.
    for run in runs[:: len(choices["seed"][0])]:
        class_of(run.values["optimizer"])([nn.Parameter(torch.zeros(1))], **run.settings)
        for name in _PENALTIES:
            if not run.values.get(name, 0) >= 0:
                raise ValueError(f"{name} must be at least 0, got {run.values[name]}")
    return axes, runs


def class_of(optimizer: Any) -> Any:
    """Return the class of an optimiser that was named; or given as it is, with a static method `rule` as ours have."""
    if isinstance(optimizer, str) and optimizer in OPTIMIZERS:
        return OPTIMIZERS[optimizer]
    if not hasattr(optimizer, "rule"):
        names = ", ".join(OPTIMIZERS)
        raise ValueError(f"optimizer must be one of {names}, or a class with their method `rule`, got {optimizer!r}")
    return optimizer


@cache
def allowed_settings(optimizer: Any) -> frozenset[str]:
    """Return the settings that an optimiser takes in a sweep."""
    return frozenset(inspect.signature(optimizer).parameters) - {"params", "maximize"}


def split(runs: Sequence[Trial]) -> list[list[Trial]]:
    """Group runs that can be one program: those that differ in numbers, schedules and seeds only."""
    groups: dict[tuple[Any, ...], list[Trial]] = {}
    for run in runs:
        settings = run.settings
        key = tuple(
            (name, value if isinstance(value, (str, int, float)) else id(value))  # what cannot be hashed, by identity
            for name, value in run.values.items()
            if name not in _TOGETHER and (name not in settings or not _is_numeric(value))
        )
        groups.setdefault(key, []).append(run)
    return list(groups.values())


def rule_of(runs: Sequence[Trial], like: Tensor) -> tuple[Rule, dict[str, Hyper]]:
    """Return the rule of a group's optimiser, and its settings: a number that all share, or shape ``(runs,)``.

    Parameters
    ----------
    runs
        A group of :func:`split`.
    like
        Gives the type and the device.
    """
    make = class_of(runs[0].values["optimizer"])
    defaults = make([nn.Parameter(torch.zeros(1))], **runs[0].settings).defaults
    varied = {name: _stacked([run.settings[name] for run in runs], like) for name in runs[0].settings}
    rule, hyper = make.rule({**defaults, **varied})
    return rule, hyper


def strengths_of(runs: Sequence[Trial], like: Tensor) -> dict[str, Hyper]:
    """Return the strengths of the penalties that a group's runs name, where any is above zero."""
    named = [name for name in _PENALTIES if any(run.values.get(name, 0) > 0 for run in runs)]
    return {name: torch.tensor([run.values[name] for run in runs], dtype=torch.float64).to(like) for name in named}


def _choices(name: str, given: Any) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Return an axis' labels and values."""
    if isinstance(given, Mapping):
        labels, values = tuple(given), tuple(given.values())
    else:
        listed = given.tolist() if isinstance(given, (np.ndarray, Tensor)) else given
        values = tuple(listed) if isinstance(listed, (list, range)) else (listed,)
        labels = tuple(value if isinstance(value, (str, int, float, tuple)) else _name(value) for value in values)
    if not values:
        raise ValueError(f"{name} has no value to try")
    if len(set(labels)) < len(labels):
        raise ValueError(f"{name} names a value twice: {', '.join(map(str, labels))}; a mapping gives names of its own")
    return labels, values


def _name(value: Any) -> str:
    return str(getattr(value, "__name__", value))


def _checked_seeds(seeds: int | Iterable[int]) -> list[int]:
    listed = list(range(seeds)) if isinstance(seeds, int) else [int(seed) for seed in seeds]
    if not listed or min(listed) < 0:
        raise ValueError(
            f"seeds must be a number of runs, at least 1, or a list of seeds, each at least 0, got {seeds}"
        )
    return listed


def _is_numeric(value: Any) -> bool:
    if isinstance(value, tuple):
        return all(map(_is_numeric, value))
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _stacked(values: Sequence[Any], like: Tensor) -> Any:
    if isinstance(values[0], tuple):
        return tuple(_stacked(part, like) for part in zip(*values, strict=True))
    if all(value == values[0] for value in values):
        return values[0]  # one number is cheaper than a tensor of equal ones
    return torch.tensor(values, dtype=torch.float64).to(like)
