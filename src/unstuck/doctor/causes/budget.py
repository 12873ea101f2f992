"""The run is too short for the data, or too long."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import optim

from unstuck.doctor.case import Case, Suspicion, Verdict
from unstuck.doctor.causes.turning import overfitting
from unstuck.doctor.given import keys_of
from unstuck.doctor.rerun import Change, Tried
from unstuck.doctor.retrials import held_loss
from unstuck.doctor.sources import line_of_length

__all__ = ["JUDGES"]

_BRIEF = 200  # steps
_SHORT = 500  # steps: such a run is tried for much longer, too
_LONGER = 4
_NEARLY = 0.7  # of the variance that is left: where most of what is unexplained goes, it was no noise
_FITTED = 0.95  # R² of what is trained on, where what is left of it may be learnt by heart
_BELOW = 0.2  # of the loss at the end: going on does not take so much off at once
_FRESH = 3  # passes over the data
_WORTH_AGAINST_SCORE = 0.05  # of all that the loss falls, where a score stands still: not all can be foretold
_MUCH = 0.2  # of all that the loss fell, that it falls on by
_STANDS = 0.05  # likewise: a loss that falls by less stands still
_BOUND = 1.5  # times the bound of a clip: norms so large are cut by a third
_ONCE = 1.5  # passes over the data
_RISEN = 0.02  # of a score
_RISING = 0.005  # of a score, from one evaluation to the next
_TOLD_APART = 20_000  # rows
_SHARED = 0.5  # of what the training loss falls on by: what is learnt by heart does not show in other samples
_WORTH = 0.03  # of all that the loss falls: less, where nothing but the loss is known, is not worth the time


def too_few_steps(case: Case) -> Suspicion | None:
    """Suspect a run that ends while the loss still falls."""
    losses = case.losses
    if len(losses) < 6 or case.rerun is None or case.stream.interleaved or not np.isfinite(losses).all():
        return None
    if case.values_to_come:
        return None  # their error tells little of what is learnt
    if any(other.passes[0].number > case.stream.passes[-1].number for other in case.stream.others):
        return None  # the training goes on in another way
    part = max(len(losses) // 6, 2)
    last, before = losses[-part:], losses[-2 * part : -part]
    fall = float(before.mean() - last.mean())
    noise = float(np.hypot(last.std() / np.sqrt(len(last)), before.std() / np.sqrt(len(before))))
    share = fall / abs(float(before.mean())) if before.mean() else 0.0
    fallen = float(losses[: max(len(losses) // 50, 1)].mean() - last.mean())
    # Near the start the loss is large, and what it falls by is to be held against what it has fallen by so far.
    training = fall > 2 * noise and (share > 0.04 or fall > 0.1 * fallen > 0)
    rates = case.stream.rates
    # It may only just have begun to learn; where nothing but the loss is known, one at rest is one at its end.
    scored = any(score is not None for score in case.scores)
    resting = case.stream.steps <= _BRIEF and not case.stream.continued and scored
    falling = training or _evaluation_falls(case)
    if not (falling or resting) or len(rates) < 3 or rates[-1] < 0.05 * rates.max():
        return None
    epochs = _epochs(case)
    steps = case.stream.steps
    # A rate of the usual size and few passes over the data: then it is not the rate that is short.
    short = (epochs <= 10 if math.isfinite(epochs) else steps <= 300) and _usual_rate(case) and _unclipped(case)
    verdict = _going_on(case, longer=True, epochs=epochs) if short else None
    length = f"after {steps} steps" + (f", {epochs:.3g} passes over the data" if math.isfinite(epochs) else "")
    said = f"The loss still falls when training ends {length}" if falling else f"Training ends {length}, early to judge"
    if falling:
        said += f": by {share:.0%} over the last sixth of the run" if training else ", as the evaluations show"
    return Suspicion(
        "too_few_steps",
        # Whatever slows a run down ends it too early: what else can be undone is named first, unless rate and
        # passes are such that more steps are what one would try.
        0.52 if short and verdict is not None else 0.42,
        f"{said}.",
        {"steps": steps, "fall_at_end": share, "loss_last": float(last.mean())}
        | ({"epochs": epochs} if math.isfinite(epochs) else {}),
        "Train for longer, until the evaluation no longer improves.",
        line_of_length(case.stream.passes[-1].site),
        symptoms=("loss_still_falling",) if falling else (),
        probe=lambda: verdict if short else _going_on(case, longer=False, epochs=epochs),
        consequences=("under_capacity", "lr_too_low") if short else ("under_capacity",),
    )


def _unclipped(case: Case) -> bool:
    """Say whether there is no clip, or one that leaves most steps of the second half much as they are."""
    late = [norm / bound for step, _, bound, norm in case.seen.clips if step > case.stream.steps / 2 and bound > 0]
    return not case.seen.clips or (bool(late) and float(np.median(late)) < _BOUND)


def _evaluation_falls(case: Case) -> bool:
    """Say whether the last evaluations become better, from each to the next: by their loss, or by the score."""
    for one in case.evaluation_sets[:2]:
        last = [loss for _, loss in sorted(one.losses.items())][-3:]
        if len(last) == 3 and last[2] < 0.98 * last[1] and last[1] < last[0]:
            return True
        scores = [score.value for _, score in sorted(one.scores.items())][-3:]
        if not last and len(scores) == 3 and scores[2] > scores[1] + _RISING and scores[1] > scores[0] + _RISING:
            return True
    return False


def _epochs(case: Case) -> float:
    """Return how many passes over the data the run makes; NaN where that cannot be told."""
    found: list[np.ndarray] = []
    firsts = [x for x in case.inputs if x.ndim]
    if len(firsts) < len(case.inputs):
        return float("nan")
    calls = [done.calls[0] for done in case.stream.passes if done.calls]
    alike = len(calls) == len(firsts) and all(call.kept for call in calls)
    for place, x in enumerate(firsts):
        others = [t for t in calls[place].given[1:] if t.ndim and len(t) == len(x)] if alike else []
        parts = [keys_of(part)[:, None] for part in (x, *others)]  # a row may be told by all of them alone
        found.append(keys_of(torch.as_tensor(np.concatenate(parts, 1).view(np.int64))))
        if sum(map(len, found)) > _TOLD_APART:
            break
    distinct = len(np.unique(np.concatenate(found))) if found else 0
    whole = sum(len(x) for x in firsts) * len(case.stream.passes) / max(len(firsts), 1)
    return whole / distinct if distinct else float("nan")


def _usual_rate(case: Case) -> bool:
    """Say whether the rate is of the size that people start with."""
    optimizer, rate = case.stream.optimizer, float(case.stream.rates.max())
    if isinstance(optimizer, optim.SGD):
        momentum = float(optimizer.param_groups[0].get("momentum", 0.0) or 0.0)
        return rate / max(1 - momentum, 1e-3) >= 0.01
    return rate >= 3e-4


def _going_on(case: Case, *, longer: bool, epochs: float) -> Verdict | None:
    """Go on from the last weights for as long again, or much longer where that is not enough, at the last rate.

    ``epochs`` says how often each sample has been seen: after few passes hardly one is learnt by heart.
    """
    again, rates = case.rerun, case.stream.rates
    if again is None:
        return None
    factor = float(rates[-1] / rates[0]) if rates[0] else 1.0
    change = Change(model=lambda _: again.final(), lr=factor, constant_lr=True)
    steps = min(case.stream.steps, 2 * max(case.probe_steps, 1))
    tried = case.try_out("going on for as long again", change, steps)
    if tried is None or _of_another_loss(case, tried):
        return None
    verdict = _better(case, tried, 0.3)
    if verdict is not None and not verdict.confirmed and epochs <= _FRESH and _no_worse(case, tried):
        verdict = _lower(case, tried, _WORTH_AGAINST_SCORE) or verdict
    longer = longer and case.stream.steps <= min(_SHORT, case.probe_steps)
    if verdict is None or verdict.confirmed or not longer:
        return verdict
    tried = case.try_out(f"going on for {_LONGER} times as long", change, _LONGER * case.stream.steps)
    if tried is None:
        return verdict
    found = _better(case, tried, 0.5) or verdict
    return found if found.confirmed else _falls_on(case, tried, once=epochs <= _ONCE) or found


def _falls_on(case: Case, tried: Tried, *, once: bool) -> Verdict | None:
    """Tell whether the loss falls on by much of what it has fallen so far, and that of other samples with it.

    ``once`` says that hardly a sample was seen twice: then what is learnt is not learnt by heart.
    """
    old, first = _last_loss(case), case.loss_around(0)
    fallen, more = first - old, old - tried.last
    if not more > _MUCH * fallen > 0:
        return None
    again = case.rerun
    held = (held_loss(case, again.final()), held_loss(case, tried.models)) if again is not None else (None, None)
    if held[0] is not None and held[1] is not None:
        said = f", of samples not trained on {held[0]:.3g} -> {held[1]:.3g}"
        return Verdict(True, f"{_said_of_loss(case, tried)}{said}") if held[0] - held[1] > _SHARED * more else None
    score, new = case.scores[1], tried.evaluation
    better = score is not None and new is not None and new.value > score.value + _RISEN
    return Verdict(True, _said_of_loss(case, tried)) if better or (score is None and once) else None


def _of_another_loss(case: Case, tried: Tried) -> bool:
    """Whether going on begins far below where the run ended: a term's weight, say, had become larger meanwhile."""
    few = max(min(len(case.losses), len(tried.losses)) // 20, 5)
    ended, begun = case.losses[-few:], tried.losses[:few]
    below = float(ended.mean() - begun.mean())
    return below > max(_BELOW * abs(float(ended.mean())), 2 * float(ended.std()))


def _better(case: Case, tried: Tried, enough: float) -> Verdict | None:
    """Tell whether going on went so much of the way to a perfect score."""
    evaluated, first = case.scores[1] is not None and tried.evaluation is not None, case.loss_around(0)
    for old, new in zip(reversed(case.scores), (tried.evaluation, tried.train), strict=True):
        if old is not None and new is not None and math.isfinite(old.value):
            rise = new.value - old.value
            noise = 2 * math.sqrt(0.25 / max(old.samples, 1)) if old.kind != "r2" else 0.0
            least = 0.02 if old.kind == "auc" else 0.04
            nearly_all = old.kind == "r2" and rise > max(_NEARLY * (1 - old.value), 0.015)
            nearly_all = nearly_all and (evaluated or old.value < _FITTED)
            # Statistics of batches make a score on training data swing, while its loss stands still.
            swings = not evaluated and _last_loss(case) - tried.last < _STANDS * (first - _last_loss(case))
            return Verdict(
                ((rise > max(least, noise) and rise > enough * (1 - old.value)) or nearly_all) and not swings,
                f"going on for {len(tried.losses)} more steps: {old} -> {new.value:.2f}",
            )
    return _lower(case, tried, _WORTH) or Verdict(False, _said_of_loss(case, tried))


def _no_worse(case: Case, tried: Tried) -> bool:
    """Whether going on learns nothing by heart: neither the evaluation's score falls, nor are there few batches."""
    old, new = case.scores[1], tried.evaluation
    few = case.rerun is None or case.rerun.of_looks
    return not few and (old is None or new is None or new.value >= old.value)


def _lower(case: Case, tried: Tried, worth: float) -> Verdict | None:
    """Tell whether going on took much off the loss, and off all that it falls by; None where it did not."""
    old, first = _last_loss(case), case.loss_around(0)
    lower = 0 < tried.last < 0.7 * old and old - tried.last > worth * (first - tried.last)
    return Verdict(True, _said_of_loss(case, tried)) if lower else None


def _last_loss(case: Case) -> float:
    return float(case.losses[-max(len(case.losses) // 10, 1) :].mean())


def _said_of_loss(case: Case, tried: Tried) -> str:
    return f"going on for {len(tried.losses)} more steps: loss {_last_loss(case):.3g} -> {tried.last:.3g}"


JUDGES: dict[str, Callable[[Case], Suspicion | None]] = {"too_few_steps": too_few_steps, "overfitting": overfitting}
