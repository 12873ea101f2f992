"""Errors and R squared that a script printed, held against the outputs and targets that they are about."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from unstuck.doctor.blame import line_of_value
from unstuck.doctor.case import Case
from unstuck.doctor.printed import series_of
from unstuck.doctor.recount import Misprint, Options, decided, phases_at

__all__ = ["r2_of", "wrong_error", "wrong_r2"]


def wrong_r2(case: Case) -> Misprint | None:
    """Find an R squared that was divided by the variance of the predictions, or averaged over batches."""
    for series in series_of(case.seen.printed):
        if series.kind != "r2" or series.split == "train":
            continue
        options = [_r2_options(case, reading.step) for reading in series.readings]
        found = decided(series, options)
        if found is not None:
            name, printed, right = found
            return Misprint(
                f"The printed R² is {name}: {printed:.4g} is printed, and the outputs of the same evaluation have "
                f"{right:.4g}.",
                printed,
                right,
                "Take 1 - sum((target - output)²) / sum((target - mean of the targets)²), over all samples at once.",
                line_of_value(series.site, series.label, r"r\^?[2²]|squared"),
            )
    return None


def wrong_error(case: Case) -> Misprint | None:
    """Find an error of numbers that is another than its name says: a root not taken, or errors that cancel out."""
    for series in series_of(case.seen.printed):
        kind = next((name for name in ("rmse", "mse", "mae") if re.search(rf"\b{name}\b", series.label)), "")
        if not kind or series.split == "train":
            continue
        options = [_error_options(case, kind, reading.step) for reading in series.readings]
        found = decided(series, options)
        if found is not None:
            name, printed, right = found
            return Misprint(
                f'The printed error ("{series.label}") is {name}: {printed:.4g} is printed, and the outputs of the '
                f"same evaluation have {right:.4g}.",
                printed,
                right,
                "Take the square or the absolute value of every error first, then the mean, and the root last.",
                line_of_value(series.site, series.label, rf"{kind}|err"),
            )
    return None


# -- what the numbers may be ------------------------------------------------------------------------------------------


def _r2_options(case: Case, step: int) -> Options | None:
    right: dict[str, float] = {}
    wrong: dict[str, float] = {}
    for _, calls in phases_at(case, step):
        pairs = [(c.target, c.output) for c in calls if c.target is not None and isinstance(c.output, Tensor)]
        if len(pairs) != len(calls) or any(y.numel() != out.numel() or y.numel() < 2 for y, out in pairs):
            continue
        ys = [y.detach().cpu().double().numpy().ravel() for y, _ in pairs]
        outs = [out.detach().cpu().double().numpy().ravel() for _, out in pairs]
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
    for _, calls in phases_at(case, step):
        pairs = [(c.target, c.output) for c in calls if c.target is not None and isinstance(c.output, Tensor)]
        if len(pairs) != len(calls) or any(y.numel() != out.numel() or not y.numel() for y, out in pairs):
            continue
        parts = [(out.detach().flatten() - y.detach().flatten()).double().cpu().numpy() for y, out in pairs]
        whole = np.concatenate(parts)
        square, absolute = float((whole**2).mean()), float(np.abs(whole).mean())
        of_batches = [float((part**2).mean()) for part in parts]
        if kind == "mae":
            found = {"pooled": absolute, "by batch": float(np.mean([np.abs(part).mean() for part in parts]))}
            wrong["the mean of the errors with their signs, which cancel out"] = abs(float(whole.mean()))
        elif kind == "mse":
            found = {"pooled": square, "by batch": float(np.mean(of_batches))}
            wrong["the square of the mean error, in which errors cancel out"] = float(whole.mean()) ** 2
            wrong["a sum of means over batches that is divided by the number of samples"] = sum(of_batches) / len(whole)
        else:
            found = {"pooled": square**0.5, "by batch": float(np.mean(np.sqrt(of_batches)))}
            found["of the mean of batches"] = float(np.mean(of_batches)) ** 0.5
            wrong["the mean squared error, of which no root is taken"] = square
            wrong["a sum of roots over batches that is divided by the number of samples"] = float(
                np.sqrt(of_batches).sum()
            ) / len(whole)
        right |= {f"{name} {len(right)}": value for name, value in found.items()}
    return Options(right, wrong) if right else None


def r2_of(targets: NDArray[np.generic], predictions: NDArray[np.generic]) -> float:
    """Return the share of the targets' variance that predictions explain."""
    y, p = targets.astype(float).ravel(), predictions.astype(float).ravel()
    return float(1 - ((y - p) ** 2).sum() / ((y - y.mean()) ** 2).sum())
