"""What a printed number may be: the evaluations and passes that it is about, and what fits its digits."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor
from torch.utils.data import DataLoader

from unstuck.doctor.case import Case, EvaluationSet
from unstuck.doctor.given import given_to, keys_of
from unstuck.doctor.printed import Reading, Series
from unstuck.doctor.recording import ModelCall, Pass
from unstuck.doctor.watch.sites import Site

__all__ = [
    "FINE",
    "LONGEST",
    "Misprint",
    "Options",
    "batch_size_of",
    "batches_of_training",
    "decided",
    "fits",
    "half_of",
    "phases_at",
    "sizes_of",
    "value_of",
    "windows_of",
]

FINE = 0.006  # half of the last digit: coarser numbers fit too much
_MOST = 0.8  # of the readings that an explanation must fit; and so few may fit what is right
_FEW = 0.2
LONGEST = 1000  # passes that a number is recomputed from


@dataclass(frozen=True)
class Options:
    """What a printed number may be, by name: right, or wrong in a known way."""

    right: dict[str, float]
    wrong: dict[str, float]


@dataclass(frozen=True)
class Misprint:
    """A printed number that is not what its words say, but a known mistake for it.

    Attributes
    ----------
    summary, fix, where
        As a suspicion has them.
    printed, right
        The last of such numbers, and what it should have been.
    """

    summary: str
    printed: float
    right: float
    fix: str
    where: Site | None


def phases_at(case: Case, step: int) -> Iterator[tuple[EvaluationSet, list[ModelCall]]]:
    """Yield the evaluations made after a step, before the next; one place's calls on two data sets each by itself."""
    mine = given_to(case).all_keys
    for evaluated in case.evaluation_sets:
        calls = evaluated.phases.get(step)
        if not calls:
            continue
        compared = {id(call.module) for call in calls if call.target is not None}  # the others prepare their inputs
        calls = [call for call in calls if id(call.module) in compared] or calls
        yield evaluated, calls
        inputs = [_input(call) for call in calls]
        known = [x is not None and bool(np.isin(keys_of(x[:8]), mine).all()) for x in inputs]
        for place in range(1, len(calls)):
            if known[place] != known[place - 1]:
                yield evaluated, calls[:place]
                yield evaluated, calls[place:]


def _input(call: ModelCall) -> Tensor | None:
    x = call.args[0] if call.args and isinstance(call.args[0], Tensor) else None
    return x if x is not None and x.numel() and x.ndim else None


def windows_of(case: Case, series: Series, place: int) -> Iterator[list[Pass]]:
    """Yield the passes that a number of the training may be about: since the one before, of an epoch, or all."""
    passes = case.stream.passes
    if "steps" not in case.known:
        case.known["steps"] = [one.step for one in passes]
    steps = case.known["steps"]
    step = series.readings[place].step
    before = max((r.step for r in series.readings[:place] if r.step < step), default=0)
    end = bisect_left(steps, step)
    start = bisect_left(steps, before)
    epoch = batches_of_training(case)
    for begin in sorted({start, max(end - epoch, 0), end // epoch * epoch if epoch else 0, 0}, reverse=True):
        yield passes[begin:end]


def batches_of_training(case: Case) -> int:
    """Return how many batches an epoch has; 0 where no loader is known."""
    counts = [len(loader) for loader in _loaders(case) if loader.batch_size == batch_size_of(case)]
    return max(counts, default=0)


def batch_size_of(case: Case) -> int:
    """Return how many samples the first batch of the training had; 0 where it was not kept."""
    return len(case.inputs[0]) if case.inputs and case.inputs[0].ndim else 0


def _loaders(case: Case) -> list[DataLoader[object]]:
    found = []
    for made in case.seen.made.values():
        if isinstance(made.thing, DataLoader) and id(made.thing) in case.seen.iterated:
            try:
                len(made.thing)
            except TypeError:
                continue
            found.append(made.thing)
    return found


def sizes_of(case: Case) -> set[int]:
    """Return how many samples the data sets of the script have, by which something may have been divided."""
    sizes = {len(given_to(case).all_keys)}
    sizes |= {len(loader.dataset) for loader in _loaders(case)}  # type: ignore[arg-type]
    sizes |= {len(one.x) for one in case.evaluation_sets if one.x is not None}
    return {size for size in sizes if size > 1}


def decided(series: Series, options: Sequence[Options | None]) -> tuple[str, float, float] | None:
    """Return the wrong way that explains a series of numbers, with the last of them and what is right.

    Numbers that anything right explains, or nothing at all, are let be; so are those with too few digits.
    """
    known = [(reading, option) for reading, option in zip(series.readings, options, strict=True) if option is not None]
    known = [(r, o) for r, o in known if half_of(r) <= FINE * max(1.0, abs(value_of(r))) and o.right]
    if not known:
        return None
    fine = sum(any(fits(r, v) for v in o.right.values()) for r, o in known)
    if fine > _FEW * len(known):
        return None
    names = {name for _, o in known for name in o.wrong}
    for name in sorted(names):
        hits = sum(name in o.wrong and fits(r, o.wrong[name]) for r, o in known)
        if hits >= max(_MOST * len(known), 1):
            reading, option = known[-1]
            return name, value_of(reading), next(iter(option.right.values()))
    return None


def value_of(reading: Reading) -> float:
    """Return what a number says; a percentage as a share."""
    return reading.value / 100 if reading.percent else reading.value


def half_of(reading: Reading) -> float:
    """Return half of its last digit, on that scale."""
    return reading.half / 100 if reading.percent else reading.half


def fits(reading: Reading, value: float) -> bool:
    """Whether a number is printed so; a share may be printed in percent with no sign."""
    if not np.isfinite(value):
        return False
    near = half_of(reading) * 1.01 + 2e-6 * abs(value)
    plain = abs(value_of(reading) - value) <= near
    return plain or (not reading.percent and abs(reading.value / 100 - value) <= reading.half / 100 * 1.01 + 2e-6)
