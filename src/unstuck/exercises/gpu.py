"""Checks for the exercises of the chapter ``book/gpu.md``."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import torch

from unstuck.exercises.answers import AnswerError, Checker, call, expect_close

__all__ = ["CHECKS"]

_ROOM = 4  # how much larger the gradients of the exercise on scales may become


def _knee(answer: Any) -> None:
    sizes = torch.tensor([1.0, 8.0, 64.0, 512.0, 4096.0], dtype=torch.float64)
    for overhead, slope in ((100e-6, 0.5e-6), (2e-3, 4e-6), (30e-6, 3e-6)):
        knee = overhead / slope
        expect_close(
            call(answer, sizes, overhead + slope * sizes),
            knee,
            "fit a straight line through the times: overhead where it meets B = 0, work per sample as its slope; they "
            "are equal at a / c",
            mistakes={
                "that is the overhead, in seconds; a batch size is asked for": overhead,
                "that is the slope; a batch size is asked for": slope,
                "that is the slope over the overhead: the wrong way up": 1 / knee,
                "that is where work takes twice as long as overhead": 2 * knee,
                "the smallest batch has some work in it: a is where the line meets B = 0": knee + 1,
            },
        )


def _flop(answer: Any) -> None:
    for widths, batch in (([64, 128, 10], 64), ([784, 256, 64, 10], 32), ([5, 3], 7)):
        products = [n * m for n, m in pairwise(widths)]
        right = 2 * batch * (3 * sum(products) - products[0])
        expect_close(
            call(answer, list(widths), batch),
            right,
            "forward 2 B n m for a layer of n inputs and m outputs; backward as many for its weights, and as many for "
            "its inputs",
            mistakes={
                "the first layer's inputs are data and need no gradient: one product fewer": 6 * batch * sum(products),
                "that is the forward pass; backward has products too": 2 * batch * sum(products),
                "that is the backward pass; add the forward one": 2 * batch * (2 * sum(products) - products[0]),
                "backward takes two products a layer: for the weights and for the inputs": 4 * batch * sum(products),
                "a multiplication and an addition count as two": right / 2,
                "that is for one sample: multiply by the batch": right / batch,
                "it is the first layer that needs one product fewer, not the last": 2
                * batch
                * (3 * sum(products) - products[-1]),
            },
            rtol=1e-6,
        )


def _finish(answer: Any) -> None:
    cases = [
        ([1.0, 1.0, 1.0, 1.0], [0.1, 0.1, 0.1, 0.2]),
        ([1.0, 1.0, 1.0], [5.0, 0.5, 2.0]),
        ([0.5, 3.0, 0.5, 0.5], [1.0, 1.5, 0.2, 4.0]),
    ]
    for launches, durations in cases:
        sums = sum(launches), sum(durations)
        expect_close(
            call(answer, list(launches), list(durations)),
            _last_end(launches, durations),
            "a kernel begins when its launch is over and the kernel before it is done, whichever is later",
            mistakes={
                "the CPU does not wait: launches go on while kernels run": sum(sums),
                "that is when the last launch is over; its kernel has yet to run": sums[0],
                "that is how long the kernels run; they may have to wait for their launches": sums[1],
                "a kernel begins after its own launch, not before it": _last_end([0.0, *launches[:-1]], durations),
            },
        )


def _weights(answer: Any) -> None:
    for sizes in ([5, 4], [8, 8, 8], [3, 1, 0, 4]):
        total, processes = sum(sizes), len(sizes)
        shares = [size / total for size in sizes]
        expect_close(
            _as_tensor(call(answer, list(sizes))),
            [processes * share for share in shares],
            "the average over R processes divides by R, and the mean over all samples by their number",
            mistakes={
                "these are the shares; the average over the processes divides by their number once more": shares,
                "with these every process counts alike, and a sample of a small shard more than others": [1.0]
                * processes,
                "these turn means into sums; divide by the number of samples": [float(size) for size in sizes],
                "a smaller shard must count less, not more": [
                    total / (processes * size) if size else math.inf for size in sizes
                ],
            },
        )


def _scale(answer: Any) -> None:
    generator = torch.Generator().manual_seed(0)
    for size, largest in ((1e-6, 0.02), (1e-3, 3.0), (1e-9, 4e-6)):
        gradients = size * torch.randn(200, 5, generator=generator)
        gradients[3, 2] = -largest
        expect_close(
            call(answer, gradients.clone()),
            _best_scale(largest),
            f"the largest power of two with {_ROOM} times the largest gradient, in absolute value, below 65,504",
            mistakes={
                "that leaves no room: the gradients may become four times as large": _best_scale(largest / _ROOM),
                "doubling twice is a factor of four": _best_scale(largest / 2),
                "eight times is more room than was asked for": _best_scale(2 * largest),
                "a gradient may be negative: take absolute values": _best_scale(float(gradients.max())),
                "that is no power of two, and rounds every gradient": 65504 / (_ROOM * largest),
                "that overflows: round the exponent down": 2 * _best_scale(largest),
                "that is the exponent; the scale is two to it": math.log2(_best_scale(largest)),
            },
            rtol=1e-6,
        )


def _last_end(launches: list[float], durations: list[float]) -> float:
    cpu = gpu = 0.0
    for launch, duration in zip(launches, durations, strict=True):
        cpu += launch
        gpu = max(cpu, gpu) + duration
    return gpu


def _best_scale(largest: float) -> float:
    return float(2.0 ** math.floor(math.log2(65504 / (_ROOM * largest))))


def _as_tensor(values: Any) -> Any:
    try:
        return torch.as_tensor(values, dtype=torch.float64)
    except (TypeError, ValueError, RuntimeError):
        raise AnswerError(f"a list of numbers is asked for, not {values!r}") from None


CHECKS: dict[str, Checker] = {
    "knee": _knee,
    "flop": _flop,
    "finish": _finish,
    "weights": _weights,
    "scale": _scale,
}
