"""The run is too short for the data, or too long."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, optim

from unstuck.doctor.case import Case, EvaluationSet, Suspicion, Verdict
from unstuck.doctor.causes.modes import of_training
from unstuck.doctor.loops import line_of_length
from unstuck.doctor.rerun import Change
from unstuck.doctor.scores import score_of
from unstuck.doctor.sources import line_with
from unstuck.doctor.watch.sites import Site
from unstuck.doctor.watch.tape import tensors_in

__all__ = ["JUDGES"]


def too_few_steps(case: Case) -> Suspicion | None:
    """Suspect a run that ends while the loss still falls."""
    losses = case.losses
    if len(losses) < 6 or case.rerun is None or case.stream.interleaved or not np.isfinite(losses).all():
        return None
    part = max(len(losses) // 6, 2)
    last, before = losses[-part:], losses[-2 * part : -part]
    fall = float(before.mean() - last.mean())
    noise = float(np.hypot(last.std() / np.sqrt(len(last)), before.std() / np.sqrt(len(before))))
    share = fall / abs(float(before.mean())) if before.mean() else 0.0
    fallen = float(losses[: max(len(losses) // 50, 1)].mean() - last.mean())
    # Near the start the loss is large, and what it falls by is to be held against what it has fallen by so far.
    training = fall > 2 * noise and (share > 0.04 or fall > 0.1 * fallen > 0)
    rates = case.stream.rates
    if not (training or _evaluation_falls(case)) or len(rates) < 3 or rates[-1] < 0.05 * rates.max():
        return None
    epochs = _epochs(case)
    steps = case.stream.steps
    # A rate of the usual size and few passes over the data: then it is not the rate that is short.
    short = (epochs <= 10 if math.isfinite(epochs) else steps <= 300) and _usual_rate(case)
    return Suspicion(
        "too_few_steps",
        # Whatever slows a run down ends it too early: what else can be undone is named first.
        0.46 if short else 0.42,
        f"The loss still falls when training ends after {steps} steps"
        + (f", {epochs:.3g} passes over the data" if math.isfinite(epochs) else "")
        + (f": by {share:.0%} over the last sixth of the run." if training else ", as the evaluations show."),
        {"steps": steps, "fall_at_end": share, "loss_last": float(last.mean())}
        | ({"epochs": epochs} if math.isfinite(epochs) else {}),
        "Train for longer, until the evaluation no longer improves.",
        line_of_length(case.stream.passes[-1].site),
        symptoms=("loss_still_falling",),
        probe=lambda: _going_on(case),
        consequences=("under_capacity", "lr_too_low") if short else ("under_capacity",),
    )


def _evaluation_falls(case: Case) -> bool:
    """Say whether the loss of the last evaluations still falls, from each to the next."""
    for one in case.evaluation_sets[:2]:
        last = [loss for _, loss in sorted(one.losses.items())][-3:]
        if len(last) == 3 and last[2] < 0.97 * last[1] and last[1] < 0.97 * last[0]:
            return True
    return False


def _epochs(case: Case) -> float:
    """Return how many passes over the data the run makes; NaN where that cannot be told."""
    seen: set[bytes] = set()
    count = 0
    for x in case.inputs:
        if not x.ndim:
            return float("nan")
        count += len(x)
        seen.update(row.tobytes() for row in x.flatten(1).cpu().numpy()) if x.ndim > 1 else seen.update(
            value.tobytes() for value in x.cpu().numpy()
        )
        if count > 20_000:
            break
    whole = sum(len(x) for x in case.inputs) * len(case.stream.passes) / max(len(case.inputs), 1)
    return whole / len(seen) if seen else float("nan")


def _usual_rate(case: Case) -> bool:
    """Say whether the rate is of the size that people start with."""
    optimizer, rate = case.stream.optimizer, float(case.stream.rates.max())
    if isinstance(optimizer, optim.SGD):
        momentum = float(optimizer.param_groups[0].get("momentum", 0.0) or 0.0)
        return rate / max(1 - momentum, 1e-3) >= 0.01
    return rate >= 3e-4


def _going_on(case: Case) -> Verdict | None:
    """Go on from the last weights for as long again, at the last rate."""
    again, rates = case.rerun, case.stream.rates
    if again is None:
        return None
    factor = float(rates[-1] / rates[0]) if rates[0] else 1.0
    change = Change(model=lambda _: again.final(), lr=factor, constant_lr=True)
    steps = min(case.stream.steps, 2 * max(case.probe_steps, 1))
    tried = case.try_out("going on for as long again", change, steps)
    if tried is None:
        return None
    for old, new in zip(reversed(case.scores), (tried.evaluation, tried.train), strict=True):
        if old is not None and new is not None and math.isfinite(old.value):
            rise = new.value - old.value
            noise = 2 * math.sqrt(0.25 / max(old.samples, 1)) if old.kind != "r2" else 0.0
            least = 0.02 if old.kind == "auc" else 0.04
            return Verdict(
                rise > max(least, noise) and rise > 0.3 * (1 - old.value),
                f"going on for {len(tried.losses)} more steps: {old} -> {new.value:.2f}",
            )
    part = max(len(case.losses) // 10, 1)
    old_loss = float(case.losses[-part:].mean())
    return Verdict(
        0 < tried.last < 0.7 * old_loss,
        f"going on for {len(tried.losses)} more steps: loss {old_loss:.3g} -> {tried.last:.3g}",
    )


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
    if case.stream.interleaved or train is None or evaluated is None or train.value - evaluated.value < 0.06:
        return None
    for one in case.evaluation_sets:
        if of_training(case, [call for phase in one.phases.values() for call in phase]):
            continue
        one = _within(case, one)
        curve = _curve(case, one) if one.phases else None
        found = _turned(curve) if curve is not None else None
        if curve is None or found is None:
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


def _within(case: Case, one: EvaluationSet) -> EvaluationSet:
    """Leave out what was evaluated before this stream began, as of a training before it."""
    first = case.stream.passes[0].step
    return EvaluationSet(one.stack, {step: calls for step, calls in one.phases.items() if step > first})


def _turned(curve: _Curve) -> tuple[int, float] | None:
    """Return the place of the lowest loss and the rise since; None where it did not turn for good."""
    best = int(np.nanargmin(curve.losses))
    low, last = float(curve.losses[best]), float(np.nanmedian(curve.losses[-2:]))
    rise = last / low - 1 if low > 0 else 0.0
    # Losses of sure but wrong predictions rise in sound runs, too, by a little and while the score still climbs.
    if rise < 0.25 or curve.steps[best] > 0.6 * curve.steps[-1]:
        return None
    if not curve.training[-1] < 0.8 * curve.training[best]:
        return None
    if len(curve.scores) and curve.scores[-2:].mean() > curve.scores[best] + 0.01:
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
    if not calls or not all(t.numel() for call in calls for t in tensors_in((call.args, call.kwargs))):
        return None
    model, loss = calls[0].module, getattr(F, case.loss_name, None)
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
        score = score_of(outputs, [call.target for call in calls if call.target is not None])
        steps.append(step)
        losses.append(float(np.mean([float(_loss(loss, o, c.target)) for o, c in zip(outputs, calls, strict=True)])))
        scores.append(score.value if score is not None else float("nan"))
    return steps, np.array(losses), np.array(scores)


def _loss(loss: Callable[..., Tensor], output: Tensor, target: Tensor | None) -> Tensor:
    assert target is not None
    if target.is_floating_point() and output.shape != target.shape and output.numel() == target.numel():
        target = target.reshape(output.shape)
    return loss(output, target.to(output.dtype) if target.is_floating_point() else target)


def _line_of_data(case: Case, one: EvaluationSet) -> Site | None:
    """Return the line that splits the data, where it leaves less to train on than to evaluate on."""
    rows = case.x
    site = case.stream.passes[-1].site
    if rows is None or one.x is None or site is None:
        return None
    distinct = len({row.tobytes() for row in rows.flatten(1).cpu().numpy()}) if rows.ndim > 1 else len(rows)
    return line_with(site.file, r"train_test_split\(|random_split\(") if distinct < len(one.x) else None


JUDGES: dict[str, Callable[[Case], Suspicion | None]] = {"too_few_steps": too_few_steps, "overfitting": overfitting}
