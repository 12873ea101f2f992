"""The steps are too large, too small, or in the wrong proportion: the rate, its schedule, momentum, clips and decay."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from unstuck.doctor.case import Case, Suspicion, Verdict
from unstuck.doctor.probes import changed
from unstuck.doctor.recording import StepLook
from unstuck.doctor.rerun import Change
from unstuck.doctor.sources import line_of_setting

__all__ = ["JUDGES"]

_RATE_NAMES = ("lr", "learning_rate", "rate")
_HALF = 0.5  # of the way to a perfect score: what a better setting must go to count as a cure
_WORTH = 0.05  # and by how much the score itself must rise


def clip_before_unscale(case: Case) -> Suspicion | None:
    """Suspect clipping of gradients that a GradScaler has multiplied and not yet divided."""
    count, scale = case.seen.scaled_clips, case.stream.passes[0].scale if case.stream.passes else 1.0
    if not count or scale == 1.0:
        return None
    bound = case.seen.clips[0][2]
    return Suspicion(
        "clip_before_unscale",
        0.97,
        f"{count} of {len(case.seen.clips)} clips act on gradients that are still multiplied by {scale:g}: the bound "
        f"{bound:g} means {bound / scale:.3g}.",
        {"clips_of_scaled_gradients": count, "scale": scale, "bound": bound, "bound_in_effect": bound / scale},
        "Call scaler.unscale_(optimizer) before the gradients are clipped.",
        case.seen.sites.get("clip"),
        probe=lambda: _against_run(case, "with the gradients unscaled before the clip"),
        consequences=("clip_too_small", "lr_too_low", "too_few_steps", "under_capacity", "vanishing_gradients"),
        certain=True,
    )


def clip_too_small(case: Case) -> Suspicion | None:
    """Suspect a clip that scales nearly every gradient far down."""
    if case.seen.scaled_clips or not case.stream.step_looks:
        return None
    left = _left_by_clipping(case)
    if not left or float(np.median(left)) > 0.1:  # a clip that leaves a tenth is at work in many sound runs' beginning
        return None
    typical, bound = float(np.median(left)), case.seen.clips[0][2] if case.seen.clips else float("nan")
    site = case.seen.sites.get("clip")
    return Suspicion(
        "clip_too_small",
        0.49,
        f"Clipping leaves a median of {typical:.2%} of the gradients' norm"
        + (f" (bound {bound:g})" if np.isfinite(bound) else "")
        + ": the step is rate x direction x clip, and the clip decides it.",
        {"share_left_median": typical, "share_left_max": float(np.max(left)), "bound": bound},
        "Raise the bound to about the norms of ordinary steps, so that only rare, large gradients are clipped.",
        line_of_setting(site, ("max_norm", "clip", "grad"), bound) if np.isfinite(bound) else site,
        probe=lambda: changed(case, "without the clip", Change(clip=False), enough=0.2),
        consequences=("lr_too_low", "too_few_steps", "under_capacity", "vanishing_gradients"),
    )


def weight_decay_too_strong(case: Case) -> Suspicion | None:
    """Suspect a penalty on the weights that outweighs the data loss."""
    optimizer = case.stream.optimizer
    if optimizer is None or case.stream.interleaved:
        return None
    decay = max((float(group.get("weight_decay", 0.0) or 0.0) for group in optimizer.param_groups), default=0.0)
    penalty = _penalty_share(case)
    if decay <= 0 and penalty < 0.3:
        return None
    pulls = [_pull(look) for look in case.stream.step_looks[len(case.stream.step_looks) // 2 :]]
    pull = float(np.median(pulls)) if pulls else 0.0
    if decay > 0 and penalty < 0.3 and pull < 0.2 and decay < 1e-2:
        return None  # the decay takes a fraction of what the gradient gives: nothing to suspect
    by_hand = decay <= 0
    change = (
        Change(loss=lambda o: o.of_data if o.of_data is not None else o.loss)
        if by_hand
        else Change(hyper={"weight_decay": 0.0})
    )
    return Suspicion(
        "weight_decay_too_strong",
        0.49,
        (
            f"The penalty makes {penalty:.0%} of the loss at the end."
            if by_hand
            else f"The weight decay of {decay:g} pulls at the weights {pull:.2g} times as hard as the data's gradient."
        ),
        {"weight_decay": decay, "pull_over_gradient": pull, "penalty_share": penalty},
        "Lower it by factors of ten, until the training loss no longer suffers; 1e-4 to 1e-2 is usual for AdamW, "
        "1e-5 to 5e-4 for SGD.",
        case.loss_site
        if by_hand
        else line_of_setting(case.seen.made_at(optimizer), ("weight_decay", "wd", "l2", "decay"), decay),
        probe=lambda: _cure(case, "with the penalty off", change),
        consequences=(
            "lr_too_low",
            "lr_too_high",
            "too_few_steps",
            "under_capacity",
            "vanishing_gradients",
            "dying_relu",
        ),
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
        0.49,
        f"Momentum {momentum:g} averages over about {memory:.0f} steps of the {case.stream.steps} of the run, and "
        "makes each of them as much longer: the loss swings.",
        {"momentum": momentum, "steps_remembered": memory, "steps": case.stream.steps},
        "Use 0.9, or lower the rate by as much as the momentum raises the length of a step.",
        line_of_setting(case.seen.made_at(optimizer), ("momentum", "betas", "beta"), momentum),
        probe=lambda: _cure(case, "with momentum 0.9", Change(hyper=usual)),
        consequences=(
            "lr_too_high",
            "exploding_gradients",
            "dying_relu",
            "init_too_large",
            "under_capacity",
            "too_few_steps",
        ),
    )


def lr_decays_too_fast(case: Case) -> Suspicion | None:
    """Suspect a schedule that takes the rate to nothing long before the run ends."""
    rates = case.stream.rates
    if len(rates) < 10 or rates.max() <= 0:
        return None
    peak = int(rates.argmax())
    after = rates[peak:]
    small = float((after < 0.01 * rates.max()).mean())
    if small < 0.3:  # the tail of a cosine spends 6 % of its length below a hundredth, a step decay a third at most
        return None
    scheduler = case.seen.schedulers[0] if case.seen.schedulers else None
    a_batch = case.seen.counts.get("schedule", 0) > 0.8 * case.stream.steps
    usable = int((after >= 0.01 * rates.max()).sum())
    return Suspicion(
        "lr_decays_too_fast",
        0.49,
        f"The rate falls from {rates.max():.3g} to below a hundredth of it within {peak + usable} of {len(rates)} "
        f"steps, and ends at {rates[-1]:.2g}: for {small:.0%} of the run nothing is learnt"
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
        (case.seen.sites.get("schedule") if a_batch else case.seen.made_at(scheduler))
        if scheduler is not None
        else case.seen.made_at(case.stream.optimizer),
        probe=lambda: (
            changed(
                case,
                "with the highest rate kept",
                Change(lr=float(rates.max() / rates[0]) if rates[0] else 1.0, constant_lr=True),
                enough=0.25,
            )
            if rates[0]
            else changed(case, "with the highest rate kept", Change(hyper={"initial_lr": 0}, constant_lr=True))
        ),
        consequences=("lr_too_low", "too_few_steps", "under_capacity", "vanishing_gradients"),
    )


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
        line_of_setting(case.seen.made_at(case.stream.optimizer), _RATE_NAMES, rate),
        probe=lambda: _best(case, [0.1, *(step for step in (_factor(early),) if step < 0.1)]),
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
        0.49 if typical < 3e-4 else 0.45,
        f"At a rate of {rate:g} a step moves the weights by {typical:.1e} of their size, and the loss comes from "
        f"{start:.3g} to {end:.3g} in {case.stream.steps} steps.",
        {"lr": rate, "update_to_weight": typical, "loss_start": start, "loss_end": end},
        f"Raise the rate by a factor of ten, to {10 * rate:g}, or find it with a range test.",
        line_of_setting(case.seen.made_at(case.stream.optimizer), _RATE_NAMES, rate),
        probe=lambda: _best(case, [10.0, *(step * _factor(typical) for step in (1, 10) if _factor(typical) > 10)]),
        consequences=("too_few_steps", "under_capacity", "vanishing_gradients"),
    )


# -- what the judges have in common -----------------------------------------------------------------------------------

_EARLY = 8  # looks
_USUAL_STEP = 1e-3  # of the weights' size


def _rate(case: Case) -> float | None:
    """Return the highest rate of the run; None where no optimiser steps or the run is too short to judge."""
    rates = case.stream.rates
    if len(rates) < 10 or case.stream.interleaved or not rates.max() > 0:
        return None
    return float(rates.max())


def _relative_steps(case: Case) -> list[float]:
    """Return by what share of their size the weights move, of each step looked at: the median over the tensors."""
    found = []
    for look in case.stream.step_looks:
        shares = [look.moved[key] / norm for key, norm in look.weights.items() if norm > 0 and key in look.moved]
        if shares:
            found.append(float(np.median(shares)))
    return found


def _left_by_clipping(case: Case) -> list[float]:
    """Return the share of the gradients' norm that is left when the step comes, of each step looked at."""
    after = {done.step: done.number for done in case.stream.passes}  # the last pass before each step
    looks = {look.number: look for look in case.stream.looks}
    found = []
    for step in case.stream.step_looks:
        look = looks.get(after.get(step.step, -1))
        if look is None:
            continue
        keys = [key for key in step.applied if key in look.gradients]
        raw = sum(look.gradients[key] ** 2 for key in keys) ** 0.5
        applied = sum((step.applied[key] or 0.0) ** 2 for key in keys) ** 0.5
        if raw > 0 and np.isfinite(raw) and applied > 0:
            found.append(applied / raw)
    return found


def _pull(look: StepLook) -> float:
    """Return how hard decay pulls at the weights in a step, over how hard the gradient does."""
    decay = max((group.get("weight_decay", 0.0) for group in look.hyper), default=0.0)
    weights = sum(norm**2 for norm in look.weights.values()) ** 0.5
    gradient = sum((norm or 0.0) ** 2 for norm in look.applied.values()) ** 0.5
    return decay * weights / gradient if gradient > 0 else 0.0


def _penalty_share(case: Case) -> float:
    """Return what share of the last loss is not the loss function's value, where weights are used outside of models."""
    if case.rerun is None or not case.stream.passes or not case.stream.passes[-1].loss_calls:
        return 0.0
    weights = set(case.stream.names)
    if not any(id(t) in weights for op in case.rerun.program.ops for t in op.inputs):
        return 0.0
    whole = float(case.losses[-1])
    data = sum(float(call.output.float().mean()) for call in case.stream.passes[-1].loss_calls)
    return max(1 - data / whole, 0.0) if whole > 0 else 0.0


def _cure(case: Case, name: str, change: Change) -> Verdict | None:
    """Rerun with a change, which must cure: go half the way to a perfect score, on training data too."""
    found = case.gain(name, change)
    if found is None:
        return None
    share, before, after = found
    low = before.value if np.isfinite(before.value) else before.chance
    return Verdict(
        share > _HALF and after.value - low > _WORTH and _trains_better(case, name),
        f"{name}: {before} -> {after.value:.2f} after {case.probe_steps} steps",
    )


def _trains_better(case: Case, name: str) -> bool:
    old, new = case.baseline, case.try_out(name)
    if old is None or new is None or old.train is None or new.train is None or not np.isfinite(old.train.value):
        return True
    return new.train.value > old.train.value


def _factor(moved: float) -> float:
    """Return the power of ten that brings a step to about a thousandth of the weights' size, as in sound runs."""
    if not np.isfinite(moved) or moved <= 0:
        return 1.0
    return float(10.0 ** np.clip(np.round(np.log10(_USUAL_STEP / moved)), -4, 4))


def _best(case: Case, factors: list[float]) -> Verdict | None:
    """Try rates, in order, until one cures."""
    verdict = None
    for factor in factors:
        name = f"with the rate x {factor:g}" if factor >= 1 else f"with the rate / {1 / factor:g}"
        verdict = _cure(case, name, Change(lr=factor)) or verdict
        if verdict is not None and verdict.confirmed:
            return verdict
    return verdict


def _against_run(case: Case, name: str) -> Verdict | None:
    """Compare the run itself with the rerun, which does what the script meant."""
    old, again = case.scores[1] or case.scores[0], case.baseline
    new = (again.evaluation or again.train) if again is not None else None
    if old is None or new is None:
        return None
    share = (new.value - old.value) / max(1 - old.value, 1e-6)
    return Verdict(share > 0.1, f"{name}: {old} -> {new.value:.2f} after {case.probe_steps} steps")


JUDGES: dict[str, Callable[[Case], Suspicion | None]] = {
    "clip_before_unscale": clip_before_unscale,
    "clip_too_small": clip_too_small,
    "weight_decay_too_strong": weight_decay_too_strong,
    "momentum_too_high": momentum_too_high,
    "lr_decays_too_fast": lr_decays_too_fast,
    "lr_too_high": lr_too_high,
    "lr_too_low": lr_too_low,
}
