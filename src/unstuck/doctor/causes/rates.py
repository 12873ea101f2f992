"""The steps are too long or too short: the rate, its schedule, and the momentum that lengthens it."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from unstuck.doctor.case import Case, Suspicion, Verdict
from unstuck.doctor.causes.capacity import DONE
from unstuck.doctor.probes import WORTH, changed, cured, falls_further, set_right, trains_better
from unstuck.doctor.rerun import Change
from unstuck.doctor.sources import line_of_name, line_of_setting
from unstuck.doctor.watch.sites import Site

__all__ = ["JUDGES"]

_RATE_NAMES = ("lr", "learning_rate", "rate")
_ABOUT = 0.2  # of the steps that a schedule has, by which those it leaves at a usable rate may differ
_EARLY = 8  # looks
_UNUSUAL = 0.99  # a momentum that no recipe has
_USUAL_STEP = 1e-3  # of the weights' size
_TINY = 3e-4  # likewise, of a step that hardly moves them
_WILD = 0.12  # likewise, of the first steps
_SOME = 0.03  # of a score
_CLEARLY = 0.1  # likewise, where the loss tells the same
_UNLIKE = 0.1  # of a score: more than runs differ by that only draw other numbers, at a sound rate
_DRAWS = 3
_RANKED = 0.035  # a ranking may lie below one with nothing left to lift


def lr_decays_too_fast(case: Case) -> Suspicion | None:
    """Suspect a schedule that takes the rate to nothing long before the run ends."""
    rates = case.stream.rates
    if len(rates) < 10 or rates.max() <= 0:
        return None
    peak = int(rates.argmax())
    after = rates[peak:]
    small, faint = (float((after < share * rates.max()).mean()) for share in (0.01, 0.05))
    # The tail of a cosine spends 6 % of its length below a hundredth, a step decay a third at most.
    if small < 0.3 and faint < 0.6:
        return None
    scheduler = case.seen.schedulers[0] if case.seen.schedulers else None
    a_batch = case.seen.counts.get("schedule", 0) > 0.8 * case.stream.steps
    level, spent = (0.01, small) if small >= 0.3 else (0.05, faint)
    usable = int((after >= level * rates.max()).sum())
    return Suspicion(
        "lr_decays_too_fast",
        0.49,
        f"The rate falls from {rates.max():.3g} to below {level:.0%} of it within {peak + usable} of {len(rates)} "
        f"steps, and ends at {rates[-1]:.2g}: for {spent:.0%} of the run next to nothing is learnt"
        + (", as the schedule is stepped once a batch." if a_batch and scheduler is not None else "."),
        {
            "lr_max": float(rates.max()),
            "lr_last": float(rates[-1]),
            "share_of_run_below_1_percent": small,
            "steps_usable": usable,
        },
        "Step the schedule once an epoch, or give it the number of steps that the run takes."
        if a_batch
        else "Let it fall more slowly: the rate should come to its end with the run.",
        _line_of_schedule(case, scheduler, peak + usable, a_batch=a_batch),
        probe=lambda: changed(
            case, "with the schedule stretched over the run", Change(stretch=(peak + usable) / len(rates)), enough=0.25
        ),
        consequences=("lr_too_low", "too_few_steps", "under_capacity", "vanishing_gradients"),
    )


def _line_of_schedule(case: Case, scheduler: Any, steps: int, *, a_batch: bool) -> Site | None:
    """Return the line that says how long a schedule is, or that steps it too often."""
    if scheduler is None:
        return case.seen.made_at(case.stream.optimizer)
    made = case.seen.made_at(scheduler)
    for rule in getattr(scheduler, "lr_lambdas", ()):
        if inspect.isfunction(rule):  # by hand: of the numbers in it, one may be the number of steps
            known = inspect.getclosurevars(rule)
            for name, value in {**known.globals, **known.nonlocals}.items():
                if isinstance(value, (int, float)) and abs(value - steps) <= _ABOUT * steps:
                    return line_of_name(made, name) or made
    return case.seen.sites.get("schedule") if a_batch else made


def lr_too_high(case: Case) -> Suspicion | None:
    """Suspect a rate at which the loss jumps about, stays where it was, or diverges, and a tenth of which learns."""
    rate, sizes = _rate(case), _relative_steps(case)
    if rate is None:
        return None
    early = float(np.median(sizes[:_EARLY])) if sizes else float("nan")
    start, end = case.loss_around(0), case.loss_around(1)
    broke = not np.isfinite(end) or end > 2 * abs(start) + 1e-12
    # Sound steps move the weights by about a thousandth of their size; ones that never moved far are not too large.
    if not broke and early < 1e-3:
        return None
    return Suspicion(
        "lr_too_high",
        0.6 if broke else 0.45,
        f"At a rate of {rate:g} a step moves the weights by {early:.1%} of their size, and the loss goes from "
        f"{start:.3g} to {end:.3g}.",
        {"lr": rate, "update_to_weight_early": early, "loss_start": start, "loss_end": end},
        f"Lower the rate by a factor of ten, to {rate / 10:g}, or find it with a range test.",
        _line_of_rate(case, rate),
        probe=lambda: _lower(case, [0.1, *(step for step in (_factor(early),) if step < 0.1)], early),
        consequences=(
            "dying_relu",
            "exploding_gradients",
            "momentum_too_high",
            "under_capacity",
            "too_few_steps",
            "overfitting",
        ),
    )


def lr_too_low(case: Case) -> Suspicion | None:
    """Suspect a rate at which hardly anything moves, and ten times of which learns in the same number of steps."""
    rate, sizes = _rate(case), _relative_steps(case)
    if rate is None or not sizes:
        return None
    typical = float(np.median(sizes))
    start, end = case.loss_around(0), case.loss_around(1)
    if not np.isfinite(end) or end > start + 0.1 * abs(start) or typical > 1e-2:
        return None
    return Suspicion(
        "lr_too_low",
        0.49 if typical < _TINY else 0.45,
        f"At a rate of {rate:g} a step moves the weights by {typical:.1e} of their size, and the loss comes from "
        f"{start:.3g} to {end:.3g} in {case.stream.steps} steps.",
        {"lr": rate, "update_to_weight": typical, "loss_start": start, "loss_end": end},
        f"Raise the rate by a factor of ten, to {10 * rate:g}, or find it with a range test.",
        _line_of_rate(case, rate),
        probe=lambda: _best(case, [10.0, *(step * _factor(typical) for step in (1, 10) if _factor(typical) > 10)]),
        consequences=("too_few_steps", "under_capacity", "vanishing_gradients"),
    )


def momentum_too_high(case: Case) -> Suspicion | None:
    """Suspect a memory of past gradients so long that the weights swing past where they should stop."""
    optimizer = case.stream.optimizer
    if optimizer is None:
        return None
    group = optimizer.param_groups[0]
    betas = group.get("betas")
    momentum = float(betas[0]) if isinstance(betas, (tuple, list)) else float(group.get("momentum", 0.0) or 0.0)
    if momentum < 0.95:
        return None
    usual = {"betas": (0.9, float(betas[1]))} if isinstance(betas, (tuple, list)) else {"momentum": 0.9}
    memory = 1 / (1 - momentum) if momentum < 1 else float("inf")
    return Suspicion(
        "momentum_too_high",
        0.62 if momentum >= _UNUSUAL else 0.49,  # where a lower rate cures a run too, this is what is odd about it
        f"Momentum {momentum:g} averages over about {memory:.0f} steps of the {case.stream.steps} of the run, and "
        "makes each of them as much longer: the loss swings.",
        {"momentum": momentum, "steps_remembered": memory, "steps": case.stream.steps},
        "Use 0.9, or lower the rate by as much as the momentum raises the length of a step.",
        line_of_setting(case.seen.made_at(optimizer), ("momentum", "betas", "beta"), momentum),
        probe=lambda: (
            cured(case, "with momentum 0.9", Change(hyper=usual), enough=0.35, least=0.005, errors=0.5)
            if momentum > _UNUSUAL
            else set_right(case, "with momentum 0.9", Change(hyper=usual), least=_least(case))
        ),
        consequences=(
            "lr_too_high",
            "exploding_gradients",
            "dying_relu",
            "init_too_large",
            "under_capacity",
            "too_few_steps",
        ),
    )


def _least(case: Case) -> float:
    """Return what a score must rise by to be worth it; a ranking has less far to go."""
    score = case.scores[1] or case.scores[0]
    return 0.4 * WORTH if score is not None and score.kind == "auc" else WORTH


# -- what the judges have in common -----------------------------------------------------------------------------------


def _rate(case: Case) -> float | None:
    """Return the highest rate of the run; None where no optimiser steps or the run is too short to judge."""
    rates = case.stream.rates
    if len(rates) < 10 or case.stream.interleaved or not rates.max() > 0:
        return None
    return float(rates.max())


def _line_of_rate(case: Case, rate: float) -> Site | None:
    """Return the line that sets the rate: its highest, or that which a schedule multiplies."""
    made = case.seen.made_at(case.stream.optimizer)
    group = case.stream.optimizer.param_groups[0] if case.stream.optimizer is not None else {}
    found = [line_of_setting(made, _RATE_NAMES, float(value)) for value in (rate, group.get("initial_lr", rate))]
    return next((line for line in found if line != made), made)


def _relative_steps(case: Case) -> list[float]:
    """Return by what share of their size the weights move, of each step looked at: the median over those that do."""
    found = []
    for look in case.stream.step_looks:
        shares = [look.moved[key] / norm for key, norm in look.weights.items() if norm > 0 and key in look.moved]
        if shares:
            found.append(float(np.median([share for share in shares if share > 0] or [0.0])))
    return found


def _factor(moved: float) -> float:
    """Return the power of ten that brings a step to about a thousandth of the weights' size, as in sound runs."""
    if not np.isfinite(moved) or moved <= 0:
        return 1.0
    return float(10.0 ** np.clip(np.round(np.log10(_USUAL_STEP / moved)), -4, 4))


def _best(case: Case, factors: list[float]) -> Verdict | None:
    """Try rates, in order, until one cures."""
    verdict, factors = None, list(factors)
    for factor in factors:  # to which one more may be added
        name = f"with the rate x {factor:g}" if factor >= 1 else f"with the rate / {1 / factor:g}"
        change = Change(lr=factor)
        verdict = set_right(case, name, change) or verdict
        if verdict is not None and not verdict.confirmed and factor > 1:
            verdict = _ranks_already(case, name, change) or _creeps(case, name, change, verdict) or verdict
        if verdict is not None and verdict.confirmed:
            return verdict
        if factor == factors[-1] == 10.0 and _helps(verdict):
            factors.append(100.0)
    return verdict


def _lower(case: Case, factors: list[float], early: float) -> Verdict | None:
    """Try lower rates; where a rerun went well at the script's own, see whether that was luck.

    At steps of a size that no sound run takes, a lower rate that is clearly better need not go half the way.
    """
    verdict = _best(case, factors)
    if verdict is not None and not verdict.confirmed and early > _WILD:
        for factor in (0.1, 1 / 30):
            name = f"with the rate / {1 / factor:.0f}"
            wild = cured(case, name, Change(lr=factor), enough=0.25, least=0.06, errors=3.0)
            if wild is not None and wild.confirmed and trains_better(case, name):
                return wild
    own, before = case.scores[0], case.baseline
    if verdict is None or verdict.confirmed or own is None or before is None or before.train is None:
        return verdict
    if before.train.kind != own.kind or not before.train.value > own.value + _UNLIKE:
        return verdict
    for seed in range(1, 1 + _DRAWS):
        name = f"drawn anew, {seed}"
        low, high = case.try_out(name, Change(seed=seed)), case.try_out(f"{name}, lower", Change(lr=0.1, seed=seed))
        if low is None or high is None or low.train is None or high.train is None:
            return verdict
        if not high.train.value > own.value + _UNLIKE:
            return verdict
        if high.train.value > low.train.value + _UNLIKE:
            return Verdict(
                True,
                f"how it ends hangs on what is drawn: {low.train} at this rate, {high.train.value:.2f} at a tenth of "
                f"it, after {case.probe_steps} steps",
                {"score_before": low.train.value, "score_after": high.train.value},
            )
    return verdict


def _helps(verdict: Verdict | None) -> bool:
    """Whether what was tried goes some of the way: then more of it may go all of it."""
    evidence = verdict.evidence if verdict is not None else {}
    return float(evidence.get("score_after", 0.0)) > float(evidence.get("score_before", 0.0)) + _SOME


def _creeps(case: Case, name: str, change: Change, verdict: Verdict) -> Verdict | None:
    """Hold the losses against each other, too, where next to nothing moves and a score does not come far either way."""
    sizes = _relative_steps(case)
    before, after = (float(verdict.evidence.get(key, math.nan)) for key in ("score_before", "score_after"))
    if not sizes or float(np.median(sizes)) > _TINY or not after > before + _CLEARLY:
        return None
    further = falls_further(case, name, change)
    return Verdict(True, verdict.tried, verdict.evidence) if further is not None and further.confirmed else None


def _ranks_already(case: Case, name: str, change: Change) -> Verdict | None:
    """Hold the losses against each other where two classes are ranked well from the start, as by a rate near zero."""
    before, after, train = case.baseline, case.try_out(name, change), case.scores[0]
    sizes = _relative_steps(case)
    if before is None or after is None or train is None or train.kind != "auc" or train.value < DONE["auc"] - _RANKED:
        return None
    if not sizes or float(np.median(sizes)) > _TINY or case.loss_around(1) < 0.5 * case.loss_around(0):
        return None
    if not after.last < 0.5 * before.last or not math.isfinite(after.last):
        return None
    return Verdict(True, f"{name}: loss {before.last:.3g} -> {after.last:.3g} after {case.probe_steps} steps")


JUDGES: dict[str, Callable[[Case], Suspicion | None]] = {
    "lr_decays_too_fast": lr_decays_too_fast,
    "lr_too_high": lr_too_high,
    "lr_too_low": lr_too_low,
    "momentum_too_high": momentum_too_high,
}
