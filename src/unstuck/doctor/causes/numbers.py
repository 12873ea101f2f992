"""Errors and R squared that a script printed, held against the outputs and targets that they are about."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from unstuck.doctor.blame import line_of_value
from unstuck.doctor.case import Case
from unstuck.doctor.printed import Series, series_of
from unstuck.doctor.recount import Misprint, Options, decided, half_of, phases_at, value_of

__all__ = ["r2_of", "wrong_error", "wrong_r2"]

_DIGITS = 0.02  # half of the last digit of a number, over the number: fewer digits fit too much

Numbers = NDArray[np.float64]

_OF_SUMS = "a sum over samples that is divided by the number of batches"
_TWICE = "a sum of means over batches that is divided by the number of samples"


def wrong_r2(case: Case) -> Misprint | None:
    """Find an R squared that was divided by the variance of the predictions, or averaged over batches."""
    for series in series_of(case.seen.printed):
        if series.kind != "r2" or series.split == "train":
            continue
        found = _misprint(
            series,
            lambda step: _r2_options(case, step),
            "The printed R²",
            r"r\^?[2²]|squared",
            "Take 1 - sum((target - output)²) / sum((target - mean of the targets)²), over all samples at once.",
        )
        if found is not None:
            return found
    return None


def wrong_error(case: Case) -> Misprint | None:
    """Find an error of numbers that is another than its name says: a root not taken, or errors that cancel out."""
    for series in series_of(case.seen.printed):
        kind = next((name for name in ("rmse", "mse", "mae") if re.search(rf"\b{name}\b", series.label)), "")
        if not kind or series.split == "train":
            continue
        found = _misprint(
            series,
            lambda step, kind=kind: _error_options(case, kind, step),  # type: ignore[misc]
            f'The printed error ("{series.label}")',
            rf"{kind}|err",
            "Take the square or the absolute value of every error first, then the mean, and the root last.",
        )
        if found is not None:
            return found
    return None


def _misprint(
    series: Series, options_at: Callable[[int], Options | None], what: str, word: str, fix: str
) -> Misprint | None:
    """Return what a series of numbers is in truth; ``word`` is a pattern of the line at which they are worked out."""
    told = tuple(r for r in series.readings if half_of(r) <= _DIGITS * abs(value_of(r)) or series.kind == "r2")
    found = decided(replace(series, readings=told), [options_at(reading.step) for reading in told])
    if found is None:
        return None
    name, printed, right = found
    return Misprint(
        f"{what} is {name}: {printed:.4g} is printed, and the outputs of the same evaluation have {right:.4g}.",
        printed,
        right,
        fix,
        line_of_value(series, word),
    )


# -- what the numbers may be ------------------------------------------------------------------------------------------


def _r2_options(case: Case, step: int) -> Options | None:
    right: dict[str, float] = {}
    wrong: dict[str, float] = {}
    for ys, outs in _batches_at(case, step):
        if min(map(len, ys)) < 2:
            continue
        y, p = np.concatenate(ys), np.concatenate(outs)
        right[f"pooled {len(right)}"] = r2_of(y, p)
        right[f"correlation {len(right)}"] = (
            float(np.corrcoef(y, p)[0, 1] ** 2) if y.std() and p.std() else float("nan")
        )
        wrong["divided by the variance of the predictions"] = r2_of(p, y)
        wrong["the ratio of the error to the variance, not 1 less it"] = 1 - r2_of(y, p)
        if len(ys) > 1:
            wrong["a mean over batches"] = float(np.mean([r2_of(a, b) for a, b in zip(ys, outs, strict=True)]))
    return Options(right, wrong) if right else None


def _error_options(case: Case, kind: str, step: int) -> Options | None:
    right: dict[str, float] = {}
    wrong: dict[str, float] = {}
    for ys, outs in _batches_at(case, step):
        parts = [out - y for y, out in zip(ys, outs, strict=True)]
        whole = np.concatenate(parts)
        square, absolute = float((whole**2).mean()), float(np.abs(whole).mean())
        of_batches = [float((part**2).mean()) for part in parts]
        if kind == "mae":
            sizes = [float(np.abs(part).mean()) for part in parts]
            found = {"pooled": absolute, "by batch": float(np.mean(sizes))}
            wrong[_TWICE] = sum(sizes) / len(whole)
            wrong[_OF_SUMS] = float(np.abs(whole).sum()) / len(parts)
            wrong["the mean of the errors with their signs, which cancel out"] = abs(float(whole.mean()))
        elif kind == "mse":
            found = {"pooled": square, "by batch": float(np.mean(of_batches))}
            wrong["the square of the mean error, in which errors cancel out"] = float(whole.mean()) ** 2
            wrong[_TWICE] = sum(of_batches) / len(whole)
            wrong[_OF_SUMS] = float((whole**2).sum()) / len(parts)
        else:
            found = {"pooled": square**0.5, "by batch": float(np.mean(np.sqrt(of_batches)))}
            found["of the mean of batches"] = float(np.mean(of_batches)) ** 0.5
            wrong["the mean squared error, of which no root is taken"] = square
            wrong["a sum of roots over batches that is divided by the number of samples"] = float(
                np.sqrt(of_batches).sum()
            ) / len(whole)
        right |= {f"{name} {len(right)}": value for name, value in found.items()}
    return Options(right, wrong) if right else None


def _batches_at(case: Case, step: int) -> Iterator[tuple[list[Numbers], list[Numbers]]]:
    """Yield the targets and the outputs of each evaluation made after a step, batch by batch, as flat arrays."""
    for _, calls in phases_at(case, step):
        pairs = [(c.target, c.output) for c in calls if c.target is not None and isinstance(c.output, Tensor)]
        if len(pairs) == len(calls) and all(y.numel() == out.numel() > 0 for y, out in pairs):
            yield [_flat(y) for y, _ in pairs], [_flat(out) for _, out in pairs]


def _flat(value: Tensor) -> Numbers:
    return value.detach().cpu().double().numpy().ravel()


def r2_of(targets: NDArray[np.generic], predictions: NDArray[np.generic]) -> float:
    """Return the share of the targets' variance that predictions explain."""
    y, p = targets.astype(float).ravel(), predictions.astype(float).ravel()
    return float(1 - ((y - p) ** 2).sum() / ((y - y.mean()) ** 2).sum())
