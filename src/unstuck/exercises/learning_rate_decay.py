"""Checks for the exercises of the chapter ``book/learning_rate_decay.md``."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch

from unstuck.exercises.answers import AnswerError, Checker, call, expect_close

__all__ = ["CHECKS"]

_STEPS = 200  # of the open exercise
_GOAL = 1.7  # the mean loss to get below; the best constant rate leaves 3.27, the best rates there are 1.45


def _reach(answer: Any) -> None:
    cases: list[tuple[Callable[[int], float], int]] = [
        (lambda step: 0.5 ** (step // 3), 10),
        (lambda step: max(1 - step / 7, 0.25), 7),
        (lambda step: 1.0, 12),
    ]
    for schedule, steps in cases:
        factors = [schedule(step) for step in range(steps)]
        total = sum(factors)
        expect_close(
            call(answer, schedule, steps),
            total,
            "add up the factors of all updates: schedule(0), schedule(1), ..., schedule(steps - 1)",
            mistakes={
                "that is one update too many: the last one is taken when steps - 1 have been": total + schedule(steps),
                "the first update is taken when none has been, at schedule(0)": total - schedule(0) + schedule(steps),
                "schedule(0) is missing: the first update counts too": total - schedule(0),
                "that is the mean factor; the reach is their sum": total / steps,
                "that is the last factor, not how far the whole run gets": factors[-1],
            },
        )


def _greedy(answer: Any) -> None:
    for square, curvature, noise in ((2.0, 0.5, 3.0), (100.0, 1.0, 4.0), (0.3, 2.0, 0.5)):
        expect_close(
            call(answer, square, curvature, noise),
            curvature * square / (curvature**2 * square + noise),
            "set the derivative of (1 - ηλ)² V + η² σ² by η to zero",
            mistakes={
                "that is the best rate without noise": 1 / curvature,
                "noise is σ² already: it is not squared again": curvature * square / (curvature**2 * square + noise**2),
                "noise is σ², and no root of it is needed": curvature * square / (curvature**2 * square + noise**0.5),
                "a factor λ is missing above: the derivative of (1 - ηλ)² by η is -2λ(1 - ηλ)": square
                / (curvature**2 * square + noise),
                "below stands λ² V, as (1 - ηλ)² holds η² λ²": curvature * square / (curvature * square + noise),
                "that is the next mean square; its rate is asked for": square * noise / (curvature**2 * square + noise),
                "square is V already: it is not squared again": curvature
                * square**2
                / (curvature**2 * square**2 + noise),
            },
        )


def _per_epoch(answer: Any) -> None:
    batches, asked = 4, range(12)
    schedules: list[Callable[[float], float]] = [lambda epoch: 1 / (1 + epoch) ** 2, lambda epoch: float(0.3**epoch)]
    for schedule in schedules:
        made = call(answer, schedule, batches)
        if not callable(made):
            raise AnswerError(f"return a function of the step, for the loop to ask before every batch, not {made!r}")
        got = [call(made, step) for step in asked]
        expect_close(
            _numbers(got),
            [schedule(step // batches) for step in asked],
            f"with {batches} batches an epoch, steps 0 to {batches - 1} get schedule(0), and the next {batches} get "
            "schedule(1)",
            mistakes={
                "that asks the schedule for a new rate at every batch: it runs as many times too fast as an epoch has "
                "batches": [schedule(step) for step in asked],
                "within an epoch the rate must stay: divide without remainder": [
                    schedule(step / batches) for step in asked
                ],
                "that runs the wrong way: an epoch is many batches, so divide": [
                    schedule(step * batches) for step in asked
                ],
                "the last batch of an epoch still belongs to it: step counts the updates before it": [
                    schedule((step + 1) // batches) for step in asked
                ],
                "the first epoch is number 0": [schedule(step // batches + 1) for step in asked],
            },
        )


def _warm_cosine(answer: Any) -> None:
    for warm, steps in ((4, 20), (10, 16)):
        made = call(answer, warm, steps)
        if not callable(made):
            raise AnswerError(f"return a schedule, a function of the step, not {made!r}")
        run = range(steps + 1)
        right = _warm_then(warm, run, [(step - warm) / (steps - warm) for step in run])
        expect_close(
            _numbers([call(made, step) for step in run]),
            right,
            f"warm_cosine({warm}, {steps}) must give 0 at step 0, 1 at step {warm}, 0.5 half-way between {warm} and "
            f"{steps}, and 0 at step {steps}",
            mistakes={
                "the cosine starts its own clock when the warm-up ends: it is given step - warm": _warm_then(
                    warm, run, [step / steps for step in run]
                ),
                "after the warm-up only steps - warm are left: this cosine never gets to 0": _warm_then(
                    warm, run, [(step - warm) / steps for step in run]
                ),
                "the factor is 0 before the first update and 1 after `warm` of them, so step / warm": [
                    (step + 1) / warm if step < warm else factor for step, factor in enumerate(right)
                ],
                "a whole cosine goes from 1 to -1: shift and halve it": [
                    factor if step < warm else 2 * factor - 1 for step, factor in enumerate(right)
                ],
                "that is a straight line down; half a cosine is flat at both ends": [
                    factor if step < warm else 1 - (step - warm) / (steps - warm) for step, factor in enumerate(right)
                ],
            },
        )


def _own(answer: Any) -> None:
    try:
        rates = torch.as_tensor(answer, dtype=torch.float64)
    except (TypeError, ValueError, RuntimeError):
        raise AnswerError(f"hand over {_STEPS} numbers, not {answer!r}") from None
    if rates.shape != (_STEPS,):
        raise AnswerError(f"{_STEPS} rates are asked for, shape ({_STEPS},); got shape {tuple(rates.shape)}")
    if not (torch.isfinite(rates) & (rates >= 0)).all():
        raise AnswerError("every rate must be a finite number of at least 0")
    curvatures = torch.logspace(-3, 0, 20, dtype=torch.float64)
    distance, noise = 1 / curvatures, torch.zeros(20, dtype=torch.float64)
    for rate in rates:  # the mean square is the sum of both, as the noise is independent of where a step begins
        shrink = (1 - rate * curvatures) ** 2
        distance, noise = shrink * distance, shrink * noise + rate**2 * 3 * curvatures
    left = float((curvatures * distance).sum() / 2)
    brought = float((curvatures * noise).sum() / 2)
    if left + brought < _GOAL:
        return
    total = left + brought
    where = f"the mean loss ends at {total:.3g}, of which {left:.3g} is distance not covered and {brought:.3g} noise"
    if not total < 10:
        raise AnswerError(f"{where}: more than at the start, so rates stay above 2/λmax = 2 for too long")
    if (rates == rates[0]).all():
        raise AnswerError(f"{where}; no constant rate gets below 3.2: let the rates differ")
    if brought > left:
        raise AnswerError(f"{where}: come down further, or earlier, so that the noise can die out")
    raise AnswerError(f"{where}: the flat directions need more reach; stay high for longer, or start higher")


def _warm_then(warm: int, run: Sequence[int], shares: Sequence[float]) -> list[float]:
    """Return the factors of a run whose cosine, after the warm-up, has gone this share of its way at each step."""
    return [
        step / warm if step < warm else (1 + math.cos(math.pi * share)) / 2
        for step, share in zip(run, shares, strict=True)
    ]


def _numbers(values: list[Any]) -> Any:
    """Return a list of numbers as a tensor, or as it is where one of them is none."""
    try:
        return torch.tensor([float(value) for value in values], dtype=torch.float64)
    except (TypeError, ValueError):
        return values


CHECKS: dict[str, Checker] = {
    "reach": _reach,
    "greedy": _greedy,
    "per_epoch": _per_epoch,
    "warm_cosine": _warm_cosine,
    "own": _own,
}
