"""A run that went on after its evaluation had become worse."""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from unstuck.doctor.case import Case, EvaluationSet, Suspicion
from unstuck.doctor.causes.modes import of_training
from unstuck.doctor.given import held_out
from unstuck.doctor.printed import LARGE_IS_GOOD, series_of
from unstuck.doctor.retrials import loss_function, loss_of
from unstuck.doctor.sources import line_of_length, line_with
from unstuck.doctor.watch.sites import Site

__all__ = ["overfitting"]

# Losses of sure but wrong predictions rise in sound runs, too, by a little and while the score still climbs.
_RISE = 0.25
_STEEP = 1.5  # a rise that outweighs a score that climbs by a little
_GAP = 0.06  # between the scores on what was trained on and on what was not; half of it for a ranking
_WIDE = 0.25  # a gap of scores that speaks for itself
_FAR, _CLIMBS = 0.2, 0.15  # likewise, of a training that ends at nothing; the share of it that a score may climb by
_BY_HEART = 0.1  # of the training loss is left, while the evaluation's stands still or rises a little


@dataclass(frozen=True)
class _Curve:
    """Losses and scores of an evaluation over the run, and the losses of training up to each."""

    steps: list[int]
    losses: np.ndarray
    scores: np.ndarray
    training: np.ndarray


def overfitting(case: Case) -> Suspicion | None:
    """Suspect a run whose evaluation has become worse for long while its training loss went on falling."""
    train, evaluated = case.scores
    if case.stream.interleaved:
        return None
    if train is None or evaluated is None:
        return _without_scores(case)
    least = _GAP / 2 if train.kind == "auc" else _GAP
    if train.value - evaluated.value < least:
        return None
    ends = [list(one.scores.values())[-1] for one in held_out(case) if one.scores]
    if any(end.kind == train.kind and train.value - end.value < least for end in ends):
        return None  # it does as well on samples that it has not seen: the others are noisy, say, or turned
    for one in case.evaluation_sets:
        if of_training(case, [call for phase in one.phases.values() for call in phase]):
            continue
        one = _within(case, one)
        curve = _curve(case, one) if one.phases else None
        gap = train.value - evaluated.value
        if curve is None:
            continue
        found = _turned(curve, _RISE if gap < _WIDE else _RISE / 2) or _learnt_by_heart(curve, gap)
        if found is None:
            continue
        best, rise = found
        return Suspicion(
            "overfitting",
            0.75,
            f"From step {curve.steps[best]} of {case.stream.steps} on the evaluation loss rises, from "
            f"{curve.losses[best]:.3g} to {curve.losses[-1]:.3g}, while the training loss falls from "
            f"{curve.training[best]:.3g} to {curve.training[-1]:.3g}; at the end it is {train} on what was trained on, "
            f"{evaluated.value:.2f} on what was not.",
            {
                "loss_best": float(curve.losses[best]), "loss_last": float(curve.losses[-1]), "rise": rise,
                "step_best": curve.steps[best], "train": train.value, "evaluation": evaluated.value,
            },
            "Stop at the lowest evaluation loss, get more data or augment it, or regularise: weight decay, dropout.",
            _line_of_data(case, one) or line_of_length(case.stream.passes[-1].site),
            symptoms=("train_test_gap",),
            consequences=("too_few_steps", "label_noise", "lr_too_low"),
        )  # fmt: skip
    return None


def _without_scores(case: Case) -> Suspicion | None:
    """Suspect it by losses alone: of what was evaluated, or as the script prints them."""
    if case.values_to_come or len(case.losses) < 20 or not np.isfinite(case.losses).all():
        return None
    found = case.quietly(lambda: _by_held_loss(case)) or _by_print(case)
    if found is None:
        return None
    steps, losses, training, printed = found
    fallen = float(case.losses[:3].mean()) - training[-1]
    best = int(np.nanargmin(losses))
    rise, since = float(np.median(losses[-2:])) - losses[best], training[best] - training[-1]
    if steps[best] > 0.6 * steps[-1] or not rise > _RISE * fallen > 0 or since < _STILL * fallen:
        return None
    if losses[best] > 0 and rise < _RISE * losses[best]:
        return None
    return Suspicion(
        "overfitting",
        0.75,
        f"From step {steps[best]} of {case.stream.steps} on {printed or 'the loss of what was evaluated'} rises, from "
        f"{losses[best]:.3g} to {losses[-1]:.3g}, while the training loss falls from {training[best]:.3g} to "
        f"{training[-1]:.3g}.",
        {
            "loss_best": float(losses[best]), "loss_last": float(losses[-1]), "rise": rise, "step_best": steps[best],
        },
        "Stop at the lowest evaluation loss, get more data or augment it, or regularise: weight decay, dropout.",
        line_of_length(case.stream.passes[-1].site),
        symptoms=("train_test_gap",),
        consequences=("too_few_steps", "lr_too_low", "lr_too_high"),
    )  # fmt: skip


# The steps, the losses of evaluations and of training, and what prints the former.
_Losses = tuple[list[int], np.ndarray, np.ndarray, str]


def _by_held_loss(case: Case) -> _Losses | None:
    """Return the losses of weights kept on the way, on what was evaluated and on as many batches of the training."""
    again = case.rerun
    if again is None or not again.unseen_batches:
        return None
    by_step: dict[int, dict[int, dict[str, Tensor]]] = {}
    for step, key, state in case.seen.snapshots:
        by_step.setdefault(step, {})[key] = state
    held, trained, steps = [], [], []
    models = again.final()
    mine = again.batches[-len(again.unseen_batches) :]
    last = case.stream.passes[-1].step + 1
    for step, states in [*[(s, kept) for s, kept in by_step.items() if models.keys() <= kept.keys()][-12:], (last, {})]:
        if step == last:
            models = again.final()
        for key, state in states.items():
            if key in models:
                models[key].load_state_dict(state, strict=False)
        steps.append(step)
        held.append(again.loss_on(models, again.unseen_batches))
        trained.append(again.loss_on(models, mine))
    return (steps, np.array(held), np.array(trained), "") if len(steps) >= _FEWEST else None


def _by_print(case: Case) -> _Losses | None:
    """Return a loss that the script prints, where that turns, beside the training's."""
    phases = {step for one in case.evaluation_sets for step in one.phases}
    known = series_of(case.seen.printed)
    named = [series for series in known if _LOSS.search(series.label)]
    for series in known:
        steps = [reading.step for reading in series.readings]
        values = np.array([reading.value for reading in series.readings])
        beside = (other.readings[0].value for other in named if other.site == series.site)
        if LARGE_IS_GOOD.search(series.label) and series not in named:
            continue
        if series.kind not in ("", "loss", "squares") or not any(_near(series.readings[0].value, v) for v in beside):
            continue
        if series not in named and not _OTHERS.search(series.label):
            continue
        if series.split == "train" or len(set(steps)) < _FEWEST:
            continue
        if not np.isfinite(values).all() or len(phases & set(steps)) < _FEWEST:
            continue
        training = np.array([_training_loss(case, step) for step in steps])
        if np.median(values[-2:]) - values.min() > _RISE * (float(case.losses[:3].mean()) - training[-1]):
            return steps, values, training, f'"{series.label}"'
    return None


def _near(value: float, other: float) -> bool:
    """Whether two numbers printed side by side may be the same loss, of two sets of samples."""
    return abs(value - other) <= _ALIKE * abs(other)


_ALIKE = 0.4
_OTHERS = re.compile(r"test|\bval|held|hidden|unseen|check|known|\bnew\b|\bdev\b")
_LOSS = re.compile(r"loss|\bnll\b|nats|\bbits\b|cross[- ]?entropy|deviance|perplexity|\bmse\b|\brmse\b")
_FEWEST = 5  # readings
_STILL_RISING = 0.03  # of an evaluation's lowest loss
_STILL = 0.08  # of all that the training loss falls, since the evaluation was at its best


def _within(case: Case, one: EvaluationSet) -> EvaluationSet:
    """Leave out what was evaluated before this stream began, as of a training before it."""
    first = case.stream.passes[0].step
    later = {step: calls for step, calls in one.phases.items() if step > first}
    return EvaluationSet(one.stack, later, one.measure)


def _turned(curve: _Curve, least: float) -> tuple[int, float] | None:
    """Return the place of the lowest loss and the rise since; None where it did not turn for good, or by less."""
    best = int(np.nanargmin(curve.losses))
    low, last = float(curve.losses[best]), float(np.nanmedian(curve.losses[-2:]))
    rise = last / low - 1 if low > 0 else 0.0
    if rise < least or curve.steps[best] > 0.6 * curve.steps[-1]:
        return None
    if not curve.training[-1] < 0.8 * curve.training[best]:
        return None
    climbs = 0.01 if rise < _STEEP else 0.03
    if len(curve.scores) and curve.scores[-2:].mean() > curve.scores[best] + climbs:
        return None
    return best, rise


def _learnt_by_heart(curve: _Curve, gap: float) -> tuple[int, float] | None:
    """Return likewise of one that stands still from early on, far below a training that goes on to nothing."""
    best = int(np.nanargmin(curve.losses))
    rise = float(np.nanmedian(curve.losses[-2:])) / max(float(curve.losses[best]), 1e-12) - 1
    if gap < _FAR or rise < _STILL_RISING or curve.steps[best] > 0.5 * curve.steps[-1]:
        return None
    if not curve.training[-1] < _BY_HEART * curve.training[best]:
        return None
    if len(curve.scores) and curve.scores[-2:].mean() > curve.scores[best] + _CLIMBS * gap:
        return None
    return best, rise


def _curve(case: Case, one: EvaluationSet) -> _Curve | None:
    """Return how an evaluation went over the run: from the script's own, or, with few of them, from kept weights."""
    if len(one.phases) >= 5 and len(one.losses) == len(one.phases):
        steps = list(one.losses)
        losses = np.array([one.losses[step] for step in steps])
        scores = np.array([one.scores[step].value for step in steps]) if len(one.scores) == len(steps) else np.array([])
    else:
        found = case.quietly(lambda: _from_weights(case, one))
        if found is None:
            return None
        steps, losses, scores = found
    if len(steps) < 5 or not np.isfinite(losses).any():
        return None
    return _Curve(steps, losses, scores, np.array([_training_loss(case, step) for step in steps]))


def _training_loss(case: Case, step: int) -> float:
    passes = np.array([done.step for done in case.stream.passes])
    place = int(np.searchsorted(passes, step))
    width = max(len(passes) // 30, 3)
    return float(np.median(case.losses[max(place - width, 0) : place + 1]))


def _from_weights(case: Case, one: EvaluationSet) -> tuple[list[int], np.ndarray, np.ndarray] | None:
    """Evaluate copies of the weights that were kept on the way, and those at the end."""
    calls = [c for c in list(one.phases.values())[-1] if c.target is not None]
    if not calls or not all(call.kept for call in calls):
        return None
    model, loss = calls[0].module, loss_function(case)
    if loss is None or any(call.module is not model for call in calls):
        return None
    twin = copy.deepcopy(model).eval()
    states: list[tuple[int, dict[str, Tensor] | None]] = [
        (step, state) for step, key, state in case.seen.snapshots if key == id(model)
    ]
    steps, losses, scores = [], [], []
    for step, state in [*states[-12:], (case.stream.passes[-1].step + 1, None)]:
        if state is None:
            twin = copy.deepcopy(model).eval()
        else:
            twin.load_state_dict(state, strict=False)
        with torch.no_grad(), torch.random.fork_rng([]):
            outputs = [twin(*call.args, **call.kwargs) for call in calls]
        score = one.measure(outputs, [call.target for call in calls if call.target is not None])
        steps.append(step)
        losses.append(float(np.mean([float(loss_of(loss, o, c.target)) for o, c in zip(outputs, calls, strict=True)])))
        scores.append(score.value if score is not None else float("nan"))
    return steps, np.array(losses), np.array(scores)


def _line_of_data(case: Case, one: EvaluationSet) -> Site | None:
    """Return the line that splits the data, where it leaves less to train on than to evaluate on."""
    rows = case.x
    site = case.stream.passes[-1].site
    if rows is None or one.x is None or site is None:
        return None
    distinct = len({row.tobytes() for row in rows.flatten(1).cpu().numpy()}) if rows.ndim > 1 else len(rows)
    return line_with(site.file, r"train_test_split\(|random_split\(") if distinct < len(one.x) else None
