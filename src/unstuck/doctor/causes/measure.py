"""What is printed is not what happened: metrics held against what the recorded outputs and targets give."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from weakref import WeakKeyDictionary

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from unstuck.doctor.blame import line_of_value
from unstuck.doctor.case import Case, Suspicion
from unstuck.doctor.causes.splits import called_a_test, unused_loader
from unstuck.doctor.given import given_to, held_out, keys_of
from unstuck.doctor.printed import Series, series_of
from unstuck.doctor.recording import LossCall, ModelCall
from unstuck.doctor.recount import (
    FINE,
    LONGEST,
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
from unstuck.doctor.watch.sites import Site

__all__ = ["JUDGES"]

_ORDERED = frozenset({  # metrics of scikit-learn that are others once their arguments are exchanged
    "r2_score", "explained_variance_score", "precision_score", "recall_score", "balanced_accuracy_score",
    "mean_absolute_percentage_error", "fbeta_score", "average_precision_score", "log_loss", "roc_auc_score",
})  # fmt: skip
Numbers = NDArray[np.float64]


def metric_wrong(case: Case) -> Suspicion | None:
    """Tell a printed metric that the outputs and targets of the same evaluation do not give."""
    for judge in (_broadcast, _exchanged, _accuracies, _explained, _of_training):
        found = judge(case)
        if found is not None:
            return found
    return None


def _suspicion(
    confidence: float, summary: str, evidence: dict[str, float | int], fix: str, where: Site | None
) -> Suspicion:
    return Suspicion("metric_wrong", confidence, summary, evidence, fix, where, certain=True)


def _broadcast(case: Case) -> Suspicion | None:
    """Find an evaluation that compares every output with every target."""
    for evaluated in case.evaluation_sets:
        for calls in evaluated.phases.values():
            for call in calls:
                site = call.spread or (_broadcasts(call.loss) and (call.loss.site or call.site) if call.loss else None)
                if site:
                    samples = len(call.output) if isinstance(call.output, Tensor) else 0
                    return _suspicion(
                        0.95,
                        f"The evaluation compares every output with every target: shapes such as (n, 1) and (n,) "
                        f"broadcast to (n, n), and each of {samples} samples is held against all.",
                        {"samples": samples},
                        "Bring both to one shape first, with squeeze(1) or view_as.",
                        site,
                    )
    return None


def _broadcasts(loss: LossCall) -> bool:
    """Whether a loss between numbers is given as many of both, in shapes that broadcast to more."""
    ours, theirs = loss.input, loss.target
    if ours.shape == theirs.shape or not ours.numel() == theirs.numel() > 1 or not theirs.is_floating_point():
        return False
    return loss.output.ndim == 0 and loss.name in ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss")


def _exchanged(case: Case) -> Suspicion | None:
    """Find metrics of scikit-learn that take the predictions for the targets, or classes for scores."""
    for call in reversed(case.seen.metrics):
        if call.of_model and call.swapped and call.name in _ORDERED:
            other = _r2(call.second, call.first) if call.name == "r2_score" else None
            said = f" and gives {call.value:.4g}, the other way round {other:.4g}" if other is not None else ""
            return _suspicion(
                0.97,
                f"{call.name} is given the predictions first and the targets second{said}: scikit-learn takes the "
                "targets first.",
                {"printed": call.value} | ({"recomputed": other} if other is not None else {}),
                f"Exchange the arguments: {call.name}(y_true, y_pred).",
                call.site,
            )
        ranked = call.name in ("roc_auc_score", "average_precision_score") and call.of_model and call.second.ndim == 1
        if ranked and len(call.second) > 20 and len(np.unique(call.second)) == 2:
            return _suspicion(
                0.75,
                f"{call.name} is given classes where it ranks scores: {len(call.second)} samples have 2 values.",
                {"values": 2, "samples": len(call.second)},
                "Give it the probabilities, or the logits.",
                call.site,
            )
    return None


def _r2(targets: NDArray[np.generic], predictions: NDArray[np.generic]) -> float:
    y, p = targets.astype(float).ravel(), predictions.astype(float).ravel()
    return float(1 - ((y - p) ** 2).sum() / ((y - y.mean()) ** 2).sum())


def _accuracies(case: Case) -> Suspicion | None:
    """Find accuracies that were divided by something else, or taken from other predictions."""
    for series in series_of(case.seen.printed):
        if series.kind != "accuracy":
            continue
        options = [_accuracy_options(case, series, place) for place in range(len(series.readings))]
        found = decided(series, options) or _ratio(series, options)
        if found is not None:
            name, printed, right = found
            return _suspicion(
                0.9,
                f'The printed accuracy ("{series.label}") is {name}: {printed:.4g} is printed, and of the outputs of '
                f"the same evaluation {right:.4g} are right.",
                {"printed": printed, "recomputed": right},
                "Count the samples that were evaluated, and divide the number of right ones by that.",
                line_of_value(series.site, series.label, r"acc|correct"),
            )
    return None


def _accuracy_options(case: Case, series: Series, place: int) -> Options | None:
    step = series.readings[place].step
    right: dict[str, float] = {}
    wrong: dict[str, float] = {}
    sizes, batches = sizes_of(case), batches_of_training(case)
    if series.split != "train":
        for _, calls in phases_at(case, step):
            counted = [_hits(case, call) for call in calls]
            if any(one is None for one in counted):
                continue
            pairs = np.array(counted, dtype=float)
            found = _options(pairs, sizes, batches)
            right |= {f"{name} {len(right)}": value for name, value in found.right.items()}
            wrong |= found.wrong
            wrong |= _other_predictions(case, calls)
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
                for _, evaluated in phases_at(case, step):
                    again = [_hits(case, call) for call in evaluated]
                    if all(one is not None for one in again):
                        both = np.array(again, dtype=float)
                        right[f"evaluated {len(right)}"] = float(both[:, 0].sum() / both[:, 1].sum())
                wrong |= found.wrong
    return Options(right, {n: v for n, v in wrong.items() if np.isfinite(v)}) if right else None


def _options(pairs: Numbers, sizes: set[int], batches: int) -> Options:
    """Return what an accuracy may be, of the number of hits and of samples of each batch."""
    hits, rows = pairs[:, 0], pairs[:, 1]
    total, count, largest = rows.sum(), len(rows), rows.max()
    right = {"pooled": float(hits.sum() / total), "mean of batches": float((hits / rows).mean())}
    wrong = {
        f"divided by {count} times the batch size, though the last batch is smaller": float(
            hits.sum() / (count * largest)
        ),
        "a mean over batches that is divided by the number of samples": float((hits / rows).sum() / total),
    }
    if count > 1:
        wrong["a sum over batches that is not divided by their number"] = float((hits / rows).sum())
        wrong["that of the last batch alone"] = float(hits[-1] / rows[-1])
        wrong["divided by the number of batches, not of samples"] = float(hits.sum() / count)
        if batches and batches != count:
            wrong["divided by the number of training batches"] = float((hits / rows).sum() / batches)
    for size in sizes - {int(total)}:
        wrong[f"divided by the {size} samples of another set"] = float(hits.sum() / size)
    return Options(right, {n: v for n, v in wrong.items() if not any(abs(v - r) < 1e-9 for r in right.values())})


_COUNTED: WeakKeyDictionary[Case, dict[int, tuple[int, int] | None]] = WeakKeyDictionary()


def _hits(case: Case, call: ModelCall) -> tuple[int, int] | None:
    """Return how many outputs of a call are right, and how many there are, counted once."""
    known = _COUNTED.setdefault(case, {})
    if id(call) not in known:
        known[id(call)] = _count(case, call)
    return known[id(call)]


def _count(case: Case, call: ModelCall) -> tuple[int, int] | None:
    """Return how many outputs of a call are right, and how many there are; None where no classes are told."""
    out, y = call.output, call.target if call.target is not None else (call.loss.target if call.loss else None)
    if not isinstance(out, Tensor) or y is None or not out.numel() or not y.numel() or not out.ndim:
        return None
    out, y = out.detach(), y.detach()
    if (axis := axis_of_classes(out, y)) is not None:
        guess = out.argmax(axis)
    elif out.ndim >= 2 and out.shape[1] > 1:
        guess = out.argmax(1)
        if y.shape == out.shape and bool((y.sum(1) == 1).all()):
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
    names = set.intersection(*(set(o.right) for _, o in known))
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


def _explained(case: Case) -> Suspicion | None:
    """Find an R squared that was divided by the variance of the predictions, or averaged over batches."""
    for series in series_of(case.seen.printed):
        if series.kind != "r2" or series.split == "train":
            continue
        options = [_r2_options(case, reading.step) for reading in series.readings]
        found = decided(series, options)
        if found is not None:
            name, printed, right = found
            return _suspicion(
                0.9,
                f"The printed R² is {name}: {printed:.4g} is printed, and the outputs of the same evaluation have "
                f"{right:.4g}.",
                {"printed": printed, "recomputed": right},
                "Take 1 - sum((target - output)²) / sum((target - mean of the targets)²), over all samples at once.",
                line_of_value(series.site, series.label, r"r\^?[2²]|squared"),
            )
    return None


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
        right[f"pooled {len(right)}"] = _r2(y, p)
        right[f"correlation {len(right)}"] = (
            float(np.corrcoef(y, p)[0, 1] ** 2) if y.std() and p.std() else float("nan")
        )
        wrong["divided by the variance of the predictions"] = _r2(p, y)
        wrong["the ratio of the error to the variance, not 1 less it"] = 1 - _r2(y, p)
        if len(ys) > 1:
            wrong["a mean over batches"] = float(np.mean([_r2(a, b) for a, b in zip(ys, outs, strict=True)]))
    return Options(right, wrong) if right else None


def _of_training(case: Case) -> Suspicion | None:
    """Find an evaluation of the training set that is called a test, while the loader of another set is never used."""
    left_out = unused_loader(case)
    mine = given_to(case).all_keys
    for evaluated in case.evaluation_sets if left_out is not None and not held_out(case) else ():
        x = evaluated.x
        if x is None or not called_a_test(case, evaluated) or np.isin(keys_of(x), mine).mean() < 0.99:
            continue
        return _suspicion(
            0.9,
            f"What is printed as a test is measured on the training set: all {len(x)} samples were trained on, and the "
            "loader of other samples is never used.",
            {"samples": len(x)},
            "Evaluate on the loader of the held-out samples.",
            evaluated.stack[0] if evaluated.stack else None,
        )
    return None


JUDGES: dict[str, Callable[[Case], Suspicion | None]] = {"metric_wrong": metric_wrong}
