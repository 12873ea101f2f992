"""Accuracies that a script printed, held against the outputs and targets that they are about."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from unstuck.doctor.blame import line_of_value
from unstuck.doctor.case import Case, EvaluationSet
from unstuck.doctor.printed import Series, series_of
from unstuck.doctor.recording import ModelCall
from unstuck.doctor.recount import (
    FINE,
    LONGEST,
    Misprint,
    Options,
    batches_of_training,
    decided,
    fits,
    half_of,
    phases_at,
    sizes_of,
    value_of,
    windows_of,
)
from unstuck.doctor.scores import axis_of_classes

__all__ = ["wrong_accuracy"]

Numbers = NDArray[np.float64]


def wrong_accuracy(case: Case) -> Misprint | None:
    """Find accuracies that were divided by something else, or taken from other predictions."""
    for series in series_of(case.seen.printed):
        if series.kind != "accuracy":
            continue
        options = [_accuracy_options(case, series, place) for place in range(len(series.readings))]
        found = decided(series, options) or _ratio(series, options)
        if found is not None:
            name, printed, right = found
            return Misprint(
                f'The printed accuracy ("{series.label}") is {name}: {printed:.4g} is printed, and of the outputs of '
                f"the same evaluation {right:.4g} are right.",
                printed,
                right,
                "Count the samples that were evaluated, and divide the number of right ones by that.",
                line_of_value(series, r"acc|correct"),
            )
    return None


def _accuracy_options(case: Case, series: Series, place: int) -> Options | None:
    step = series.readings[place].step
    right: dict[str, float] = {}
    wrong: dict[str, float] = {}
    sizes, batches = sizes_of(case), batches_of_training(case)
    if series.split != "train":
        for evaluated, calls in phases_at(case, step):
            counted = [_hits(case, call) for call in calls]
            if any(one is None for one in counted):
                continue
            pairs = np.array(counted, dtype=float)
            found = _options(pairs, sizes, batches)
            right |= {f"{name} {len(right)}": value for name, value in found.right.items()}
            if (padding := _padding(case)) is not None:
                some = np.array([_count(case, call, padding) for call in calls], dtype=float)
                right |= {f"{name} {len(right)}": value for name, value in _options(some, sizes, batches).right.items()}
            wrong |= found.wrong
            wrong |= _other_predictions(case, calls)
            wrong |= _counted_on(case, evaluated, step, pairs)
    if series.split != "test":
        for passes in windows_of(case, series, place):
            if len(passes) > LONGEST:
                continue
            counted = [_hits(case, one.calls[-1]) for one in passes if one.calls]
            if not counted or any(one is None for one in counted):
                continue
            pairs = np.array(counted, dtype=float)
            found = _options(pairs, sizes, 0)
            right |= {f"{name} {len(right)}": value for name, value in found.right.items()}
            right[f"last {len(right)}"] = float(pairs[-1, 0] / pairs[-1, 1])
            if series.split == "train":
                for _, calls in phases_at(case, step):
                    again = [_hits(case, call) for call in calls]
                    if all(one is not None for one in again):
                        both = np.array(again, dtype=float)
                        right[f"evaluated {len(right)}"] = float(both[:, 0].sum() / both[:, 1].sum())
                wrong |= found.wrong
    return Options(right, {n: v for n, v in wrong.items() if np.isfinite(v)}) if right else None


def _counted_on(case: Case, evaluated: EvaluationSet, step: int, pairs: Numbers) -> dict[str, float]:
    """Return what an accuracy is whose counts were never set back to zero between evaluations."""
    before = [_hits(case, call) for s, calls in evaluated.phases.items() if s < step for call in calls]
    if not before or any(one is None for one in before):
        return {}
    hits, rows = np.array(before, dtype=float).sum(0) + pairs.sum(0)
    return {
        "that of all evaluations so far, as the counts are never set back": float(hits / rows),
        "the hits of all evaluations so far over the samples of one": float(hits / pairs[:, 1].sum()),
    }


def _options(pairs: Numbers, sizes: set[int], batches: int) -> Options:
    """Return what an accuracy may be, of the number of hits and of samples of each batch."""
    hits, rows = pairs[:, 0], pairs[:, 1]
    total, count, largest = rows.sum(), len(rows), rows.max()
    right = {"pooled": float(hits.sum() / total), "mean of batches": float((hits / rows).mean()), "count": hits.sum()}
    wrong = {
        f"divided by {count} times the batch size, though the last batch is smaller": float(
            hits.sum() / (count * largest)
        ),
        "a mean over batches that is divided by the number of samples": float((hits / rows).sum() / total),
    }
    if count > 1:
        wrong["a sum over batches that is not divided by their number"] = float((hits / rows).sum())
        wrong["that of the last batch alone"] = float(hits[-1] / rows[-1])
        wrong["the hits of the last batch over the samples of all"] = float(hits[-1] / total)
        wrong["divided by the number of batches, not of samples"] = float(hits.sum() / count)
        if batches and batches != count:
            wrong["divided by the number of training batches"] = float((hits / rows).sum() / batches)
    for size in sizes - {int(total)}:
        wrong[f"divided by the {size} samples of another set"] = float(hits.sum() / size)
    return Options(right, {n: v for n, v in wrong.items() if not any(abs(v - r) < 1e-9 for r in right.values())})


def _hits(case: Case, call: ModelCall) -> tuple[int, int] | None:
    """Return how many outputs of a call are right, and how many there are, counted once."""
    known: dict[int, tuple[int, int] | None] = case.known.setdefault("hits", {})
    if id(call) not in known:
        known[id(call)] = _count(case, call)
    return known[id(call)]


def _padding(case: Case) -> int | None:
    """Return the index of a class that the loss ignores, as that of what fills a sequence up."""
    calls = [call for done in case.stream.passes[:1] for call in done.loss_calls]
    ignored = next((int(call.kwargs["ignore_index"]) for call in calls if "ignore_index" in call.kwargs), -100)
    return ignored if ignored >= 0 else None


def _count(case: Case, call: ModelCall, padding: int | None = None) -> tuple[int, int] | None:
    """Return how many outputs of a call are right, and how many there are; None where no classes are told."""
    out, y = call.output, call.target if call.target is not None else (call.loss.target if call.loss else None)
    if not isinstance(out, Tensor) or y is None or not out.numel() or not y.numel() or not out.ndim:
        return None
    out, y = out.detach(), y.detach()
    if (axis := axis_of_classes(out, y)) is not None:
        guess = out.argmax(axis)
    elif out.ndim >= 2 and out.shape[1] > 1 and (y.shape != out.shape or bool((y.sum(1) == 1).all())):
        guess = out.argmax(1)
        if y.shape == out.shape:
            y = y.argmax(1)
    elif out.numel() == y.numel() and bool(((y == 0) | (y == 1)).all()):
        guess = (out > _threshold(case, out)).to(y.dtype).flatten()
        y = y.flatten()
    elif out.numel() == y.numel() and bool((y.abs() == 1).all()):
        guess, y = out.sign().flatten(), y.flatten()
    else:
        return None
    if guess.numel() != y.numel():
        return None
    y, guess = y.reshape(guess.shape), guess
    known = y >= 0 if not y.is_floating_point() else torch.ones_like(y, dtype=torch.bool)
    if padding is not None:
        known &= y != padding
    return int((guess == y)[known].sum()), int(known.sum())


def _threshold(case: Case, out: Tensor) -> float:
    if case.loss_name == "binary_cross_entropy":
        return 0.5
    if case.loss_name == "binary_cross_entropy_with_logits":
        return 0.0
    return 0.5 if bool(((out >= 0) & (out <= 1)).all()) else 0.0


def _other_predictions(case: Case, calls: Sequence[ModelCall]) -> dict[str, float]:
    """Return accuracies of logits taken for probabilities, of one column's argmax, of each output against all."""
    outs = [call.output for call in calls]
    ys = [call.target for call in calls]
    if not all(
        isinstance(o, Tensor) and y is not None and o.numel() == y.numel() for o, y in zip(outs, ys, strict=True)
    ):
        return {}
    out, y = torch.cat([o.flatten() for o in outs]), torch.cat([y.flatten().float() for y in ys if y is not None])
    if not bool(((y == 0) | (y == 1)).all()):
        return {}
    found = {}
    if _threshold(case, out) == 0.0:
        name = "of logits that are compared with 0.5, a threshold for probabilities"
        found[name] = float(((out > 0.5) == (y > 0.5)).float().mean())
        found["of logits that are rounded, as only probabilities may be"] = float((out.round() == y).float().mean())
    if all(isinstance(o, Tensor) and o.ndim == 2 for o in outs):
        found["of the argmax over a single column, which is always 0"] = float((y == 0).float().mean())
    share, guess = float(y.mean()), float((out > _threshold(case, out)).float().mean())
    found["of every output against every target"] = share * guess + (1 - share) * (1 - guess)
    return found


def _ratio(series: Series, options: Sequence[Options | None]) -> tuple[str, float, float] | None:
    """Find numbers that are always the same multiple of what is right."""
    known = [
        (r, o)
        for r, o in zip(series.readings, options, strict=True)
        if o is not None and r.half <= FINE * (100 if r.percent else 1)
    ]
    if len(known) < 4 or any(fits(r, v) for r, o in known for v in o.right.values()):
        return None
    names = set.intersection(*({name for name in o.right if not name.startswith("count")} for _, o in known))
    for name in sorted(names):
        right = np.array([o.right[name] for _, o in known])
        printed = np.array([value_of(r) for r, _ in known])
        half = np.array([half_of(r) for r, _ in known])
        if (right <= 0).any() or right.std() < 5 * half.max():
            continue
        factor = float((printed * right).sum() / (right**2).sum())
        for scale in (1.0, 0.01):
            close = np.abs(printed * scale - factor * scale * right) <= 1.5 * half * scale + 1e-6
            if close.all() and abs(factor * scale - 1) > 0.01 and (scale == 1.0 or factor > 1.5):
                return f"{factor * scale:.3g} times what is right", float(printed[-1] * scale), float(right[-1])
    return None
