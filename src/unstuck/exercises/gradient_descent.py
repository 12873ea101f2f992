"""Checks for the exercises of the chapter ``book/gradient_descent.md``."""

from __future__ import annotations

import math
from typing import Any

import torch

from unstuck.exercises.answers import AnswerError, Checker, call, expect_close

__all__ = ["CHECKS"]

_VERDICTS = ("summed", "too small", "too large", "look elsewhere")


def _threshold(answer: Any) -> None:
    generator = torch.Generator().manual_seed(0)
    for shift in (0.0, 3.0):
        x = torch.randn(40, generator=generator) + shift
        design = torch.stack([x, torch.ones_like(x)], dim=1)
        largest = float(torch.linalg.eigvalsh(2 * design.T @ design / len(x))[-1])
        expect_close(
            call(answer, x),
            2 / largest,
            "the Hessian of the mean squared error in (w, b) is 2/N times [[Σx², Σx], [Σx, N]]; "
            "the rate is 2 over its largest eigenvalue",
            mistakes={
                "that is 1/λmax, the rate that closes the steepest error in one step; it diverges from twice that on": 1
                / largest,
                "the second derivative of a square has a factor 2, and that of the mean squared error keeps it": 4
                / largest,
                "the loss is a mean over the samples, not a sum: divide the Hessian by N": 2 / (largest * len(x)),
                "that is the limit for w alone; with x off zero, w and b share a steeper direction": 1
                / float(x.square().mean()),
                "that is the limit for the flattest direction; the steepest one diverges first": 2
                / float(torch.linalg.eigvalsh(2 * design.T @ design / len(x))[0]),
            },
        )


def _momentum(answer: Any) -> None:
    for lr, curvature in ((0.16, 1.0), (0.02, 8.0), (0.5, 0.5)):
        root = math.sqrt(lr * curvature)
        expect_close(
            call(answer, lr, curvature),
            (1 - root) ** 2,
            "set the discriminant of r² − (1 + μ − ηλ) r + μ to zero and solve for μ",
            mistakes={
                "that is the factor r = √μ by which the error shrinks; the momentum is its square": 1 - root,
                "that is the other root of the discriminant; a momentum must lie below 1": (1 + root) ** 2,
                "the root goes over ηλ, before it is taken from 1": (1 - lr * curvature) ** 2,
                "that is 1 − ηλ, the factor of plain gradient descent": 1 - lr * curvature,
            },
        )


def _noise(answer: Any) -> None:
    generator = torch.Generator().manual_seed(0)
    gradients = torch.randn(30, 5, generator=generator) * torch.tensor([1.0, 2.0, 0.5, 1.0, 3.0]) + 0.7
    mean = gradients.mean(0)
    deviation, square = gradients - mean, mean.square().sum()
    trace = deviation.square().sum(1).mean()
    expect_close(
        call(answer, gradients),
        trace / square,
        "the mean squared distance of the samples' gradients from their mean, over the squared length of that mean",
        mistakes={
            "the mean gradient is not taken out: what is left counts the gradient itself as noise": gradients.square()
            .sum(1)
            .mean()
            / square,
            "divide by the number of samples, not by one less": trace * 30 / 29 / square,
            "the trace adds up the variances of all parameters; it is not their mean": trace / 5 / square,
            "that compares lengths; the noise scale compares squares": trace.sqrt() / square.sqrt(),
            "turn it round: noise over gradient": square / trace,
        },
    )


def _diagnose(answer: Any) -> None:
    cases = [
        (2.31, 10, 64, 2e-6, "too small", "the loss opens at ln C and the weights hardly move"),
        (2.35, 10, 64, 0.8, "too large", "the loss opens at ln C and the first update is as large as the weights"),
        (2.31, 10, 64, 5e-3, "look elsewhere", "the loss opens at ln C and the ratio is that of a healthy run"),
        (147.4, 10, 64, 1.1, "summed", "the loss opens at batch_size times ln C, which explains the large ratio"),
        (589.0, 100, 128, 2e-5, "summed", "the loss opens at batch_size times ln C, however small the rate"),
        (4.61, 100, 32, 0.9, "too large", "ln C is 4.61 for 100 classes: measure the first loss against it"),
        (9.21, 10_000, 4, 0.02, "look elsewhere", "ln C is 9.21 for 10,000 classes: the loss opens where it should"),
        (0.70, 2, 1, 0.02, "look elsewhere", "with a batch of one, sum and mean are the same"),
    ]
    for first_loss, classes, batch_size, ratio, wanted, why in cases:
        got = call(answer, first_loss, classes, batch_size, ratio)
        if got not in _VERDICTS:
            raise AnswerError(f"return one of {', '.join(map(repr, _VERDICTS))}, not {got!r}")
        if got != wanted:
            raise AnswerError(
                f"diagnose({first_loss}, {classes}, {batch_size}, {ratio:g}) gave {got!r}, but {why}: {wanted!r}"
            )


def _rates(answer: Any) -> None:
    try:
        rates = torch.as_tensor(answer, dtype=torch.float64)
    except (TypeError, ValueError, RuntimeError):
        raise AnswerError(f"hand over eight numbers, not {answer!r}") from None
    if rates.shape != (8,):
        raise AnswerError(f"eight rates are asked for, shape (8,); got shape {tuple(rates.shape)}")
    if not (torch.isfinite(rates) & (rates > 0)).all():
        raise AnswerError("every rate must be a finite number above 0")
    curvatures = torch.linspace(1, 100, 9901, dtype=torch.float64)
    left = (1 - rates * curvatures.unsqueeze(1)).prod(dim=1).abs()
    worst, at = left.max(dim=0)
    if worst < 0.5:
        return
    where = f"{worst:.3g} of the error is left at curvature {curvatures[at]:.3g}"
    if (rates == rates[0]).all():
        raise AnswerError(f"{where}; no constant rate leaves less than 0.85: let the eight differ")
    if (rates <= 0.02).all():
        raise AnswerError(
            f"{where}; no rate is above 2/100: repeated, such a rate diverges, but once it is what the flat directions "
            "need"
        )
    raise AnswerError(f"{where}; each rate is one over a root of the polynomial: spread the roots over 1 to 100")


CHECKS: dict[str, Checker] = {
    "threshold": _threshold,
    "momentum": _momentum,
    "noise": _noise,
    "diagnose": _diagnose,
    "rates": _rates,
}
