"""Labels that do not belong to their inputs: all of them, or those of a stretch."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from unstuck.doctor.case import Case, Suspicion
from unstuck.doctor.causes.lags import lag_of, lasting, sliding
from unstuck.doctor.causes.probed import PROBED, at_chance, probed_of, several_inputs, several_targets
from unstuck.doctor.causes.splits import in_another_form
from unstuck.doctor.given import Given, given_to, held_out, keys_of, samples_of
from unstuck.doctor.recording import LossCall
from unstuck.doctor.scores import of_shares
from unstuck.doctor.watch.sites import Site
from unstuck.inspection.labels import misaligned_split, misaligned_training
from unstuck.inspection.reading import Samples

__all__ = ["JUDGES"]

_PASSES = 64  # the last ones, in which two targets of a sample are compared
_LEAST = 100  # samples, below which chance and a weak signal look alike
_GAP = 0.12  # by which a model may do better on an evaluation than in training, of an easier draw
_ALIKE = 0.05  # of what guessing reaches: two sets of samples that hold classes in the same shares
_STRETCH = 0.12  # of the samples: a stretch of them in which labels are at chance
_WINDOW = 40  # samples of a stretch that are judged together
_PARTS = 32  # of the samples, in which targets that are numbers are held against what the model says
_TIED, _SOME, _EITHER = 0.4, 0.15, 0.9  # a correlation; the share of parts that have it; of those that have it or none
_REST = 0.4  # of that correlation, which a stretch has at most
_CLEARLY = 4.0  # standard errors, as the stretch is the worst of many
_KNOWN = 0.6  # of the targets that come again with an input: so many occur elsewhere, too
_REPEATED = 0.01  # of the rows of a batch that occur in it twice: then the same input may well have several targets

_FIX = (
    "Look where inputs and targets are loaded, sorted, filtered, augmented, shuffled or cut into batches: both must go "
    "through it together, with the same indices."
)
_FOLLOW = (
    "overfitting", "under_capacity", "too_few_steps", "lr_too_low", "lr_too_high", "label_noise", "class_imbalance",
    "dropout_too_strong", "vanishing_gradients", "inputs_not_normalised",
)  # fmt: skip


def labels_misaligned(case: Case) -> Suspicion | None:
    """Tell targets that are not those of their inputs: other ones in every epoch, in a stretch, or all."""
    given = given_to(case)
    if (found := _contradictory(case, given)) is not None:
        return found
    if not given.rowwise or case.stream.interleaved or several_targets(case) or several_inputs(case):
        return None
    if not given.aligned or case.targets_of_a_model:
        return None
    for judge in (_changing, _lagging, _stretch, _stretch_of_numbers, _all_at_chance, _evaluation):
        found = judge(case, given)
        if found is not None:
            return found
    return None


def _contradictory(case: Case, given: Given) -> Suspicion | None:
    """Find samples of which one loss is given the class, and another shares of classes that know nothing of it."""
    classes, likeliest = [], []
    for done in case.stream.passes[-_PASSES:]:
        calls = [call for call in done.loss_calls if call.target.numel() and call.input.ndim == 2]
        hard = next((c for c in calls if c.target.ndim == 1 and not c.target.is_floating_point()), None)
        soft = next((c for c in calls if c.target.shape == c.input.shape and c.target.is_floating_point()), None)
        if hard is None or soft is None or not _of_one_output(hard, soft) or not of_shares(soft.target):
            continue
        known = (hard.target >= 0) & (hard.target < soft.target.shape[1])
        classes.append(hard.target[known])
        likeliest.append(soft.target.argmax(1)[known])
    if not classes:
        return None
    y, other = torch.cat(classes), torch.cat(likeliest)
    if len(y) < _LEAST or len(torch.unique(other)) < 2:
        return None
    size = int(max(y.max(), other.max())) + 1
    chance = float((y.bincount(minlength=size) / len(y) * other.bincount(minlength=size) / len(y)).sum())
    agreed = float((y == other).float().mean())
    if agreed > chance + _ALIKE or chance > 1 - _GAP:
        return None
    return _suspicion(
        0.93,
        f"Of {len(y)} samples {agreed:.0%} have the class that one loss is given as the likeliest of the shares that "
        f"another is given, and {chance:.0%} would by chance: one of the two is not in the samples' order.",
        {"agreement": agreed, "by_chance": chance, "samples": len(y)},
        given.source(given.y_chain),
    )


def _of_one_output(one: LossCall, other: LossCall) -> bool:
    """Whether two losses are given the same scores of classes, a temperature or a logarithm apart."""
    alike = one.input.shape == other.input.shape and one.input.numel() > 0
    return alike and torch.equal(one.input.argmax(1), other.input.argmax(1))


def _suspicion(confidence: float, summary: str, evidence: dict[str, float | int], where: Site | None) -> Suspicion:
    return Suspicion("labels_misaligned", confidence, summary, evidence, _FIX, where, consequences=_FOLLOW)


def _changing(case: Case, given: Given) -> Suspicion | None:
    """Find inputs that come with one target in one epoch and with another in the next."""
    pairs = given.pairs[: len(given.keys)]
    # Classes below zero stand for what fills a sequence up, as zeros do, which no key counts at the end.
    ys = [keys_of((y if y.is_floating_point() else y.clamp(min=0)).reshape(len(y), -1)) for _, y in pairs]
    within = sum(len(keys) - len(np.unique(keys)) for keys in given.keys) / max(sum(map(len, given.keys)), 1)
    x, y = np.concatenate(given.keys), np.concatenate(ys)
    inputs, codes = np.unique(x, return_inverse=True)
    if within > _REPEATED or len(x) < 1.5 * len(inputs) or len(inputs) < 20 or len(np.unique(y)) < 2:
        return None
    first = np.zeros(len(inputs), dtype=np.uint64)
    first[codes[::-1]] = y[::-1]  # the target at the first time
    again = np.ones(len(x), dtype=bool)
    again[np.unique(x, return_index=True)[1]] = False
    others = float((y != first[codes])[again].mean())
    shares = np.unique(y, return_counts=True)[1] / len(y)
    chance = float(1 - (shares**2).sum())  # of another target, if it were drawn
    values, counts = np.unique(y, return_counts=True)
    known = float(np.isin(y[again], values[counts > 1]).mean())  # targets computed anew are no one else's
    if others < 0.3 * chance or known < _KNOWN:
        return None
    rows = keys_of(given.ordered[0]) if given.ordered else x[:0]
    held = len(np.unique(rows)) < 0.9 * len(rows)
    said = "the copies of a sample do not keep its target" if held else "batches of both are taken by different indices"
    return _suspicion(
        0.96,
        f"The same input comes with another target in {others:.0%} of the cases when it comes again, and targets drawn "
        f"at random would differ in {chance:.0%}: {said}.",
        {"changed": others, "by_chance": chance, "inputs": len(inputs)},
        given.source(given.y_chain) if held else given.taking(given.y_chain),
    )


def _lagging(case: Case, given: Given) -> Suspicion | None:
    """Find a series whose labels are those of some rows before, by as many throughout or by more and more."""
    if given.origin is None or not given.numeric or given.origin[0].ndim < 2 or not lasting(given.origin[1], case.task):
        return None
    x, y = given.origin
    found, fitted = lag_of(x, y, case.task), "a linear function"
    if found is None:
        out, fitted = case.quietly(lambda: _outputs(case, x)), "what the model makes of them"
        found = lag_of(out, y, case.task) if out is not None else None
    if found is None:
        return _sliding(case, given, x, y)
    lag, there, here = found
    return _suspicion(
        0.85,
        f"In the order in which the script holds them, targets fit the inputs {lag} rows before them far better than "
        f"their own: {fitted} explains {there:.0%} of them there, and {here:.0%} where they stand.",
        {"rows": lag, "explained_there": there, "explained_here": here},
        given.source(given.y_chain),
    )


def _sliding(case: Case, given: Given, x: Tensor, y: Tensor) -> Suspicion | None:
    found = sliding(x, y, case.task)
    if found is None:
        return None
    lag, there, here = found
    return _suspicion(
        0.9,
        f"In the order in which the script holds them, targets slide away from their inputs, by {lag} rows in the end: "
        f"a linear function explains {there:.0%} of them where they fit best, and {here:.0%} where they stand.",
        {"rows": lag, "explained_there": there, "explained_here": here},
        given.source(given.y_chain),
    )


def _outputs(case: Case, x: Tensor) -> Tensor | None:
    """Return what the model makes of all samples in the end; of classes, as shares."""
    models = list(case.rerun.final().values()) if case.rerun is not None else []
    if len(models) != 1:
        return None
    with torch.no_grad():
        out = torch.cat([models[0].eval()(part) for part in torch.split(x, 1000)])
    return out.softmax(1) if case.task == "classes" and out.ndim == 2 else out


# -- probes on the samples ---------------------------------------------------------------------------------------------


def _stretch(case: Case, given: Given) -> Suspicion | None:
    """Find a stretch of the samples in which labels are at chance, while they fit elsewhere."""
    probed = probed_of(case, given)
    if given.ordered is None or probed is None or probed.labels is None or len(probed.codes) < 4 * _WINDOW:
        return None
    better = probed.linear if probed.floors["linear"] > probed.floors["neighbours"] else probed.neighbours
    order = np.argsort(probed.samples.rows)
    named, codes = better.argmax(axis=1)[order], probed.codes[order]
    right = (named == codes).astype(float)
    by_class = np.bincount(codes, right) / np.maximum(np.bincount(codes), 1)
    usual = by_class[codes]  # a class that is hard to tell is no stretch, where samples come sorted
    kernel = np.ones(_WINDOW)
    hits, promised = (np.convolve(values, kernel, "valid") / _WINDOW for values in (right, usual))
    chance = np.array(
        [
            float(
                (
                    np.bincount(named[i : i + _WINDOW], minlength=len(by_class))
                    * np.bincount(codes[i : i + _WINDOW], minlength=len(by_class))
                ).sum()
            )
            / _WINDOW**2
            for i in range(len(hits))
        ]
    )
    error = np.sqrt(chance * (1 - chance) / _WINDOW)
    lost = (hits < chance + 2 * error) & (hits < promised - 2 * error) & (chance < 0.7)
    fine = hits > chance + 0.5 * (1 - chance)
    longest, place = _run(lost)
    if longest + _WINDOW < _STRETCH * len(codes) or longest < _WINDOW or fine.mean() < 0.05:
        return None
    rows = probed.samples.rows[order]
    inside = slice(place + _WINDOW // 2, place + longest + _WINDOW // 2)
    begin, end = int(rows[inside][0]), int(rows[inside][-1])
    outside = float(np.delete(right, np.r_[inside]).mean())
    within = float(right[inside].mean())
    if outside - within < _CLEARLY * np.sqrt(outside * (1 - outside) / len(right[inside])):
        return None
    return _suspicion(
        0.92,
        f"From about sample {begin} to {end}, labels do not fit their inputs: a probe that has not seen them names "
        f"{within:.0%} of them, and {outside:.0%} elsewhere.",
        {"begin": begin, "end": end, "agreement_within": within, "agreement_elsewhere": outside},
        given.source(given.y_chain),
    )


def _stretch_of_numbers(case: Case, given: Given) -> Suspicion | None:
    """Find a stretch of the samples in which targets do not go with what the model says, while they do elsewhere."""
    for whole in (given.ordered, given.origin if given.origin is not given.ordered else None):
        if whole is not None and case.task == "numbers" and whole[1][0].numel() == 1:
            found = _untied(case, given, *whole)
            if found is not None:
                return found
    return None


def _untied(case: Case, given: Given, x: Tensor, y: Tensor) -> Suspicion | None:
    """Hold targets against what the model says, part by part of the samples in their order."""
    out = case.quietly(lambda: _outputs(case, x))
    rows = len(x) // _PARTS
    if out is None or out.numel() != len(x) or rows < _WINDOW or not bool(torch.isfinite(out).all()):
        return None
    parts = torch.split(torch.stack([out.flatten(), y.flatten()]).double(), rows, 1)[:_PARTS]
    agreed = np.array([float(torch.corrcoef(part)[0, 1].nan_to_num()) for part in parts])
    lost = agreed < _CLEARLY / np.sqrt(rows)
    longest, place = _run(lost, gap=0)
    if longest < _STRETCH * _PARTS or np.mean(agreed > _TIED) < _SOME or np.mean(lost | (agreed > _TIED)) < _EITHER:
        return None
    begin, end = place * rows, (place + longest) * rows
    spread = [float(part[1].std()) for part in parts]
    within, elsewhere = float(np.mean(agreed[lost])), float(np.mean(agreed[~lost]))
    if within > _REST * elsewhere:
        return None  # told less well, by a model that goes far wrong here and there
    if not 0.5 < np.median(np.array(spread)[lost]) / np.median(np.array(spread)[~lost]) < 2:
        return None  # another kind of samples, or of targets
    return _suspicion(
        0.85,
        f"From about sample {begin} to {end}, targets do not go with their inputs: their correlation with what the "
        f"model makes of them is {within:.2f}, and {elsewhere:.2f} elsewhere.",
        {"begin": begin, "end": end, "correlation_within": within, "correlation_elsewhere": elsewhere},
        given.source(given.y_chain),
    )


def _run(mask: NDArray[np.bool_], gap: int = _WINDOW // 2) -> tuple[int, int]:
    """Return the length and the place of the longest run of a mask, gaps of less than so much filled."""
    filled = mask.copy()
    places = np.flatnonzero(mask)
    for a, b in pairwise(places):
        if b - a < gap:
            filled[a:b] = True
    best, start, place = 0, None, 0
    for i, value in enumerate([*filled, False]):
        if value and start is None:
            start = i
        elif not value and start is not None:
            if i - start > best:
                best, place = i - start, start
            start = None
    return best, place


def _all_at_chance(case: Case, given: Given) -> Suspicion | None:
    """Find targets that no probe can predict, and the model only where it has seen them."""
    train, evaluation = case.scores
    sizes = [len(one.x) for one in held_out(case) if one.x is not None]
    if train is None or (
        # indices of a small vocabulary recur in the evaluation, which is no evaluation of training samples for that
        evaluation is not None and (sizes or not given.numeric) and not at_chance(evaluation, max(sizes, default=1000))
    ):  # fmt: skip
        return None
    probed = probed_of(case, given)
    found = misaligned_training(probed, "training") if probed else None
    if found is None or probed is None:
        return None
    learnt = not at_chance(train, len(probed.codes))
    plain = given.numeric and given.pairs[0][0].ndim != 3  # of sequences and indices, the probes know less
    if evaluation is None and learnt and not plain:
        return None
    return _suspicion(
        (0.9 if learnt else 0.62) if plain else (0.6 if learnt else 0.4),
        found.summary.replace("In the training split nothing", "Nothing")
        + (f" The model has {train} on what it was trained on" if learnt else f" So does the model ({train})")
        + (f", and {evaluation.value:.2f} on other samples." if evaluation and sizes else "."),
        {name: value for name, value in found.evidence.items() if not isinstance(value, str)},
        given.source(given.y_chain),
    )


def _evaluation(case: Case, given: Given) -> Suspicion | None:
    """Find an evaluation whose targets are at chance, though training's can be predicted."""
    train, _ = case.scores
    if train is None or not given.numeric or in_another_form(case) is not None:
        return None
    for evaluated in held_out(case):
        x, y = evaluated.x, evaluated.y
        score = next(reversed(evaluated.scores.values()), None)
        if x is None or y is None or score is None or (y[0].numel() != 1 and case.task != "numbers"):
            continue
        if (
            not at_chance(score, len(x))
            or at_chance(train, min(train.samples, 1000))
            or not bool(torch.isfinite(x.float()).all())
        ):
            continue
        probed = probed_of(case, given)
        if probed is None or probed.samples.x.shape[1:] != x.shape[1:]:
            return None
        other = samples_of(x, y.reshape(len(y), -1))
        labels = other.y[:, 0].astype(np.int64) if probed.labels is not None else other.y
        found = misaligned_split(probed, Samples(other.x, labels, other.rows), "evaluation", PROBED, 0)
        if found is not None:
            return _suspicion(
                0.9,
                f"{found.summary} The model has {train} in training and {score.value:.2f} there.",
                {name: value for name, value in found.evidence.items() if not isinstance(value, str)},
                evaluated.site,
            )
    return None


JUDGES: dict[str, Callable[[Case], Suspicion | None]] = {"labels_misaligned": labels_misaligned}
