"""Checks for the exercises of the chapter ``book/adam.md``."""

from __future__ import annotations

import math
from typing import Any

import torch

from unstuck.exercises.answers import AnswerError, Checker, call, expect_close

__all__ = ["CHECKS"]

_SLIPS = ("sound", "epsilon in the root", "no root", "no correction", "corrected twice", "correction kept")


def _startup(answer: Any) -> None:
    for t, beta1, beta2 in ((1, 0.9, 0.999), (12, 0.9, 0.999), (40, 0.5, 0.99), (3, 0.0, 0.9)):
        mean, square = 1 - beta1**t, 1 - beta2**t
        expect_close(
            call(answer, t, beta1, beta2),
            mean / math.sqrt(square),
            "under a constant gradient g, m is (1 − β1^t) g and v is (1 − β2^t) g²; the step is m over the root of v",
            mistakes={
                "turn it round: without the correction the steps are too long": math.sqrt(square) / mean,
                "v is the average of a square: the step divides by its root": mean / square,
                "the average of the gradient is too small as well, by 1 − β1^t": 1 / math.sqrt(square),
                "that is the length of the very first step; the averages fill up as t grows": (1 - beta1)
                / math.sqrt(1 - beta2),
                "steps are counted from 1: the averages have taken in t gradients": (1 - beta1 ** (t + 1))
                / math.sqrt(1 - beta2 ** (t + 1)),
            },
        )


def _rule(fault: str) -> Any:
    """Return Adam's step with a fault, or without one."""

    def step(
        w: float, g: float, m: float, v: float, t: int, lr: float, beta1: float, beta2: float, eps: float
    ) -> tuple[float, float, float]:
        m = (beta2 if fault == "swapped" else beta1) * m + (1 - (beta2 if fault == "swapped" else beta1)) * g
        v = (beta1 if fault == "swapped" else beta2) * v + (1 - (beta1 if fault == "swapped" else beta2)) * g * g
        power = {"missing": 0, "twice": 2}.get(fault, 1)
        count = t + 1 if fault == "late" else t
        m_hat, v_hat = m / (1 - beta1**count) ** power, v / (1 - beta2**count) ** power
        scale = math.sqrt(v_hat) + eps
        if fault == "inside":
            scale = math.sqrt(v_hat + eps)
        elif fault == "rootless":
            scale = v_hat + eps
        elif fault == "unscaled":
            scale = 1.0
        w = w + lr * m_hat / scale if fault == "climbs" else w - lr * m_hat / scale
        return (w, m_hat, v_hat) if fault == "kept" else (w, m, v)

    return step


_STEP_HINTS = {
    "inside": "ε stands inside the root, where it acts as its root: √v̂ + ε, not √(v̂ + ε)",
    "rootless": "the root is missing: the step divides by √v̂ + ε",
    "missing": "the correction is missing: divide m by 1 − β1^t and v by 1 − β2^t",
    "twice": "the correction is applied twice",
    "kept": "m and v are returned corrected, and would be corrected again at the next step: return them as kept",
    "late": "the correction counts one step too many: t is counted from 1 already",
    "swapped": "β1 belongs to the average of the gradient, β2 to that of its square",
    "unscaled": "the step is not divided by √v̂ + ε",
    "climbs": "the step climbs: it goes against the averaged gradient",
}


def _step(answer: Any) -> None:
    settings = {"lr": 0.1, "beta1": 0.8, "beta2": 0.95, "eps": 1e-2}
    w, m, v = 1.0, 0.0, 0.0
    for t, g in enumerate((0.05, -0.02, 0.3, 0.1), start=1):
        given = (w, g, m, v, t, *settings.values())
        got = call(answer, *(torch.tensor(value, dtype=torch.float64) for value in given[:4]), *given[4:])
        if not isinstance(got, (tuple, list)) or len(got) != 3:
            raise AnswerError(f"return the three new values (w, m, v), not {got!r}")
        expect_close(
            got,
            _rule("")(*given),
            f"step {t} is not Adam's: average g and g², correct both, divide one by the root of the other",
            mistakes={hint: _rule(fault)(*given) for fault, hint in _STEP_HINTS.items()},
            rtol=1e-6,
        )
        w, m, v = _rule("")(*given)


def _noise(answer: Any) -> None:
    for beta1 in (0.9, 0.5, 0.0):
        expect_close(
            call(answer, beta1),
            math.sqrt((1 - beta1) / (1 + beta1)),
            "m is a sum of independent gradients with weights (1 − β1) β1^k: its variance is the sum of the weights' "
            "squares",
            mistakes={
                "that is the mean square; the root mean square is its root": (1 - beta1) / (1 + beta1),
                "the weights sum to 1, but independent gradients add up in squares: sum the weights' squares": 1.0,
                "that counts 1/(1 − β1) gradients of equal weight; the weights fall off, sum their squares": math.sqrt(
                    1 - beta1
                ),
                "that is the newest gradient's weight alone; the older ones add to the variance": 1 - beta1,
            },
        )


def _slip(answer: Any) -> None:
    cases = [
        (1.0, 1.0, "sound", "both steps are one rate long"),
        (0.9999, 0.9999, "sound", "both steps are one rate long, but for ε"),
        (0.7071, 0.7071, "epsilon in the root", "1/√2 is what √(v̂ + ε) gives where v̂ and ε are equal"),
        (5000.0, 5000.0, "no root", "the step is about one over the gradient"),
        (10000.0, 10000.0, "no root", "the step is one over the gradient"),
        (3.152, 6.52, "no correction", "0.1/√0.001 is 3.16, and it grows from there"),
        (0.3162, 0.153, "corrected twice", "√0.001/0.1 is 0.316, and it shrinks from there"),
        (1.0, 6.6e-8, "correction kept", "the first step is right, and by the tenth nothing moves"),
    ]
    for first, tenth, wanted, why in cases:
        got = call(answer, first, tenth)
        if got not in _SLIPS:
            raise AnswerError(f"return one of {', '.join(map(repr, _SLIPS))}, not {got!r}")
        if got != wanted:
            raise AnswerError(f"name_the_slip({first}, {tenth:g}) gave {got!r}, but {why}: {wanted!r}")


def _burst(answer: Any) -> None:
    try:
        gradients = torch.as_tensor(answer, dtype=torch.float64)
    except (TypeError, ValueError, RuntimeError):
        raise AnswerError(f"hand over a list of numbers, not {answer!r}") from None
    if gradients.ndim != 1 or not 1 <= len(gradients) <= 30_000:
        raise AnswerError(f"a list of 1 to 30,000 gradients is asked for, got shape {tuple(gradients.shape)}")
    if not torch.isfinite(gradients).all():
        raise AnswerError("every gradient must be a finite number")
    longest, at, m, v = 0.0, 0, 0.0, 0.0
    for t, g in enumerate(gradients.tolist(), start=1):
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        length = abs(m / (1 - 0.9**t)) / (math.sqrt(v / (1 - 0.999**t)) + 1e-8)
        if length > longest:
            longest, at = length, t
    if longest > 7:
        return
    where = f"the longest step is {longest:.3g} rates, step {at}"
    if longest <= 1.01:
        raise AnswerError(f"{where}; let a long silence come first, so that v is small when the gradients return")
    if longest < 3.2:
        raise AnswerError(f"{where}; more than one gradient must follow the silence, for m to fill up")
    if at < 1000:
        raise AnswerError(f"{where}; so early the correction still holds v̂ up: be silent for thousands of steps first")
    if longest < 6.6:
        raise AnswerError(f"{where}; a constant gradient after the silence gives up to 6.57: let it grow")
    raise AnswerError(f"{where}; find the growth from step to step at which m² / v is largest")


CHECKS: dict[str, Checker] = {
    "startup": _startup,
    "step": _step,
    "noise": _noise,
    "slip": _slip,
    "burst": _burst,
}
