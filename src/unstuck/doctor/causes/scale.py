"""Losses that are averaged or summed inconsistently, as they are minimised or as they are printed."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unstuck.doctor.blame import line_of_value
from unstuck.doctor.case import Case, Suspicion
from unstuck.doctor.causes.terms import by_number_and_by_sample, divided, summed, terms_apart, terms_of
from unstuck.doctor.printed import Reading, Series, series_of
from unstuck.doctor.recording import LossCall, Pass
from unstuck.doctor.recount import (
    LONGEST,
    Options,
    batch_size_of,
    batches_of_training,
    decided,
    phases_at,
    sizes_of,
    windows_of,
)
from unstuck.doctor.sources import line_with
from unstuck.doctor.watch.sites import Site

__all__ = ["JUDGES"]


def loss_scale_wrong(case: Case) -> Suspicion | None:
    """Tell a loss that is divided or summed otherwise than it should be, as it is minimised or as it is printed."""
    for judge in (terms_apart, by_number_and_by_sample, divided, summed, _printed):
        found = judge(case)
        if found is not None:
            return found
    return None


def _printed(case: Case) -> Suspicion | None:
    """Find printed losses that are means of batches divided by the number of samples, and the like."""
    plain, kinds = [], {}
    for series in series_of(case.seen.printed):
        bare = not series.kind and bool(series.split or "error" in series.label)  # as in "train 0.31 test 0.35"
        if not (series.kind == "loss" or bare) or not series.readings:
            continue
        options = [_loss_options(case, series, place) for place in range(len(series.readings))]
        found = decided(series, options)
        if found is not None and found[0] != _SUM:
            name, printed, right = found
            return Suspicion(
                "loss_scale_wrong",
                0.9,
                f'The printed loss ("{series.label}") is {name}: {printed:.4g}, and the mean is {right:.4g}.',
                {"printed": printed, "recomputed": right},
                "Weigh the mean of every batch by its size and divide by the number of samples, or divide the sum of "
                "the means by the number of batches; the same way in training and in evaluation.",
                _line_of(series, divided=_DIVIDED in name),
                certain=True,
            )
        if any(option is not None for option in options):
            kinds[series] = _SUM if found else "mean"
            plain.append(series)
    summed = next((s for s in plain if kinds[s] == _SUM), None)
    mean = next((s for s in plain if kinds[s] == "mean" and summed is not None and s.split != summed.split), None)
    if summed is None or mean is None:
        return _beside(case)
    return Suspicion(
        "loss_scale_wrong",
        0.7,
        f'Two printed losses are not on one scale: "{summed.label}" is a sum over batches, "{mean.label}" a mean.',
        {"printed_sum": summed.readings[-1].value, "printed_mean": mean.readings[-1].value},
        "Divide both by the number of their batches, or of their samples.",
        line_of_value(summed, r"loss|nll|cost"),
        certain=True,
    )


def _beside(case: Case) -> Suspicion | None:
    """Find two printed losses of which one is as many times the other as a batch has samples, and the like.

    For losses of several terms, whose evaluation cannot be worked out anew: the first term of both is known, and so is
    how far apart the two should be, unless that term alone is printed of the evaluation.
    """
    losses = [series for series in series_of(case.seen.printed) if series.kind == "loss"]
    pairs = [(a, b) for a in losses for b in losses if (a.split, b.split) == ("train", "test")]
    for train, test in pairs:
        known = [pair for reading in test.readings if (pair := _apart(case, train, reading)) is not None]
        times = float(np.median([of_test for of_test, _ in known])) if len(known) >= _READINGS else 1.0
        alike = [
            abs(math.log(of_test / times)) < _NEAR and abs(math.log(of_train)) < _NEAR for of_test, of_train in known
        ]
        sizes = {name: size for name, size in _divisors(case).items() if size >= _TIMES}
        name = next((n for n, size in sizes.items() if abs(abs(math.log(times)) - math.log(size)) < _NEAR), None)
        if name is None or not all(alike):
            continue
        return Suspicion(
            "loss_scale_wrong",
            0.8,
            f'Two printed losses are not on one scale: "{test.label}" is {times:.3g} times what "{train.label}" would '
            f"be on the same samples, and {name}.",
            {"printed": test.readings[-1].value, "times": times},
            "Add up losses as they are averaged: means times the size of their batch over the number of samples, or "
            "means over the number of batches; the same way in training and in evaluation.",
            line_of_value(test, r"loss|nll|elbo|cost"),
            certain=True,
        )
    return None


def _apart(case: Case, train: Series, reading: Reading) -> tuple[float, float] | None:
    """Return how many times too large a printed loss of an evaluation is, and that of the training before it.

    The former is measured by the latter and by a term that both have; the latter by what was minimised.
    """
    place = next((i for i, one in enumerate(train.readings) if one.step == reading.step), None)
    if place is None or not min(reading.value, train.readings[place].value) > 0:
        return None
    passes = next((window for window in windows_of(case, train, place) if window), [])
    minimised = float(np.mean([float(one.loss) / one.scale for one in passes])) if passes else 0.0
    trained = _each([one.loss_calls[0] for one in passes if one.loss_calls])
    for _, calls in phases_at(case, reading.step):
        evaluated = _each([call.loss for call in calls if call.loss])
        if evaluated > 0 and trained > 0 and minimised > 0 and abs(math.log(reading.value / evaluated)) > _NEAR:
            printed = train.readings[place].value
            return reading.value / printed / (evaluated / trained), printed / minimised
    return None


def _each(calls: Sequence[LossCall]) -> float:
    """Return the loss of a sample, of what a loss function gave for batches; 0 where that is not known."""
    of = _of_calls(calls) if calls else None
    if of is None or of.reduction not in ("mean", "sum"):
        return 0.0
    return float((of.values * (of.rows if of.reduction == "mean" else 1.0)).sum() / of.rows.sum())


def _divisors(case: Case) -> dict[str, int]:
    rows = batch_size_of(case)
    return {f"a batch has {rows} samples": rows} | {f"a data set has {size}": size for size in sizes_of(case)}


def _line_of(series: Series, *, divided: bool) -> Site | None:
    """Return the line to change: of losses divided before they are added up, that which adds them."""
    added = line_with(series.site.file, r"\+=.*\.item\(\)") if divided and series.site else None
    return added or line_of_value(series, r"loss|nll|cost")


_SUM = "a sum over batches"
_DIVIDED = "of losses that were divided before they were added up, by"
_EXACT = 1e-3
_READINGS = 3
_TIMES = 8  # apart, at least
_NEAR = 0.25  # of a logarithm


def _loss_options(case: Case, series: Series, place: int) -> Options | None:
    right: dict[str, float] = {}
    wrong: dict[str, float] = {}
    step = series.readings[place].step
    parts: list[tuple[_Losses | None, bool]] = []
    if series.split != "train":
        parts += [(_of_calls([c.loss for c in calls if c.loss]), True) for _, calls in phases_at(case, step)]
    if series.split != "test":
        for passes in windows_of(case, series, place):
            if 0 < len(passes) <= LONGEST:
                plain = all(_plain(case, one) for one in passes)
                calls = [one.loss_calls[0] for one in passes] if plain else []
                parts.append((_of_calls(calls) if plain else _of_passes(case, passes), False))
    for losses, evaluated in parts:
        if losses is None:
            continue
        found = _averages(losses, sizes_of(case), batches_of_training(case) if evaluated else 0)
        if found is not None:
            right |= {f"{name} {len(right)}": value for name, value in found.right.items()}
            wrong |= {name: value for name, value in found.wrong.items() if name not in wrong}
    return Options(right, wrong) if right else None


def _plain(case: Case, done: Pass) -> bool:
    """Whether a pass minimised what one loss function returned."""
    known: dict[int, bool] = case.known.setdefault("plain", {})
    if done.number not in known:
        calls = done.loss_calls
        known[done.number] = len(calls) == 1 and calls[0].output.numel() == 1 and (
            abs(float(done.loss) / done.scale - float(calls[0].output)) < 1e-6 * max(abs(float(calls[0].output)), 1)
        )  # fmt: skip
    return known[done.number]


@dataclass(frozen=True)
class _Losses:
    """The losses of batches, how many samples each has, and whether a loss is their "mean" or "sum".

    ``share`` is what is minimised of each: less than all where the gradients of several batches make a step.
    """

    values: NDArray[np.float64]
    rows: NDArray[np.float64]
    reduction: str
    share: float = 1.0


def _of_calls(calls: Sequence[LossCall]) -> _Losses | None:
    reductions = {call.kwargs.get("reduction", "mean") for call in calls}
    if len(reductions) != 1 or any(call.output.numel() != 1 for call in calls):
        return None
    values = np.array([float(call.output) for call in calls])
    rows = np.array([call.rows for call in calls], dtype=float)
    return _Losses(values, rows, reductions.pop())


def _of_passes(case: Case, passes: Sequence[Pass]) -> _Losses | None:
    """Return the losses of passes of one term, before that was divided by how many passes make a step."""
    if "terms" not in case.known:
        case.known["terms"] = terms_of(case)
    terms, each = case.known["terms"], max(round(case.stream.passes_a_step), 1)
    share = abs(terms[0].factor) if len(terms) == 1 else 0.0
    rows = [_rows_of(one) for one in passes]
    if min(abs(share - 1), abs(share * each - 1)) > _EXACT or 0 in rows:
        return None
    values = np.array([float(one.loss) / one.scale / share for one in passes])
    return _Losses(values, np.array(rows, dtype=float), terms[0].reduction, share)


def _rows_of(done: Pass) -> int:
    x = done.calls[0].rows if done.calls else None
    return len(x) if x is not None and x.ndim else 0


def _averages(of: _Losses, sizes: set[int], batches: int) -> Options | None:
    """Return what may be made of the losses of batches: means that are right, and others."""
    losses, rows = of.values, of.rows
    total, count = rows.sum(), len(losses)
    if not np.isfinite(losses).all():
        return None
    if of.reduction == "mean":
        right = {"weighted": float((losses * rows).sum() / total), "mean": float(losses.mean())}
        right |= {"last": float(losses[-1]), "total": float((losses * rows).sum())}
        wrong = {"a sum of means over batches that is divided by the number of samples": float(losses.sum() / total)}
        if rows.max() > 1:
            name = "a sum over samples that is divided by the number of batches"
            wrong[name] = float((losses * rows).sum() / count)
        for size in sizes - {int(total)}:
            wrong[f"a sum of means over batches that is divided by {size} samples"] = float(losses.sum() / size)
            wrong[f"a sum over {int(total)} samples that is divided by {size}"] = float((losses * rows).sum() / size)
        if batches and batches != count:
            wrong["a sum over the batches of the evaluation, divided by those of training"] = float(
                losses.sum() / batches
            )
        if count > 1:
            wrong[_SUM] = float(losses.sum())
        if of.share < 1:
            by = f"{_DIVIDED} the {1 / of.share:.3g} batches of a step"
            wrong |= {f"a mean {by}": of.share * right["mean"], f"a weighted mean {by}": of.share * right["weighted"]}
    elif of.reduction == "sum":
        right = {"by sample": float(losses.sum() / total), "total": float(losses.sum())}
        right |= {"last": float(losses[-1]), "last by sample": float(losses[-1] / rows[-1])}
        wrong = {}
        if rows.max() > 1:
            wrong["a sum over samples that is divided by the number of batches"] = float(losses.mean())
    else:
        return None
    near = {n: v for n, v in wrong.items() if all(abs(v - r) > 1e-9 + 1e-6 * abs(r) for r in right.values())}
    return Options(right, near) if all(math.isfinite(v) for v in right.values()) else None


JUDGES: dict[str, Callable[[Case], Suspicion | None]] = {"loss_scale_wrong": loss_scale_wrong}
