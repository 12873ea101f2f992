"""Something else than the data decides the steps: a clip, or a penalty on the weights."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from torch import optim

from unstuck.doctor.case import Case, Suspicion, Verdict
from unstuck.doctor.causes.terms import ADAPTIVE
from unstuck.doctor.probes import changed, set_right
from unstuck.doctor.program import program_of
from unstuck.doctor.recording import StepLook
from unstuck.doctor.rerun import Change
from unstuck.doctor.retrials import held_loss
from unstuck.doctor.sources import line_at, line_of_setting

__all__ = ["JUDGES"]

_DEFAULT = 0.01  # AdamW's decay
_HIGH = 0.02  # a rate, for AdamW, of which the decay takes off twenty times what it does at the default rate
_USUAL = 1e-3  # less of Adam's decay is common
_SEEN = 0.1  # of the loss: a smaller penalty is not worth a rerun
_STRONG = 0.4  # of the gradient's pull
_LITTLE = 0.1  # of the gradients' norm: a clip that leaves more is at work in many sound runs' beginning
_LESS = 0.75  # of a loss
_LEFT = 0.35  # of what a fit leaves unexplained


def clip_before_unscale(case: Case) -> Suspicion | None:
    """Suspect clipping of gradients that a GradScaler has multiplied and not yet divided."""
    count, scale = case.seen.scaled_clips, case.stream.passes[0].scale if case.stream.passes else 1.0
    if scale == 1.0:
        return None
    if not count:
        return _scaled_down_by_hand(case, scale)
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


def _scaled_down_by_hand(case: Case, scale: float) -> Suspicion | None:
    """Suspect it where the script itself scales gradients down, and unscale_ was never called."""
    site = case.seen.sites.get("unscale")  # where the step divides, it is the line of the step
    left = [] if case.seen.clips or "unscale_" in line_at(site) else _left_by_clipping(case)
    if not left or float(np.median(left)) > _LITTLE:
        return None
    typical = float(np.median(left))
    return Suspicion(
        "clip_before_unscale",
        0.7,
        f"A median of {typical:.2%} of the gradients' norm is left when the step comes: they were scaled down while "
        f"the scaler had multiplied them by {scale:g}.",
        {"share_left_median": typical, "scale": scale},
        "Call scaler.unscale_(optimizer) before the gradients are clipped.",
        case.stream.passes[-1].site,
        probe=lambda: _against_run(case, "without what scales the gradients down"),
        consequences=("clip_too_small", "lr_too_low", "too_few_steps", "under_capacity", "vanishing_gradients"),
    )


def clip_too_small(case: Case) -> Suspicion | None:
    """Suspect a clip that scales nearly every gradient far down."""
    if case.seen.scaled_clips or not case.stream.step_looks:
        return None
    left = _left_by_clipping(case)
    if not left or float(np.median(left)) > _LITTLE:
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
        probe=lambda: (
            changed(case, "without the clip", Change(clip=False), enough=0.2)
            if case.seen.clips
            else _against_run(case, "without what scales the gradients down")  # a rerun leaves out what is done by hand
        ),
        consequences=("lr_too_low", "too_few_steps", "under_capacity", "vanishing_gradients"),
    )


def weight_decay_too_strong(case: Case) -> Suspicion | None:
    """Suspect a penalty on the weights that outweighs the data loss."""
    optimizer = case.stream.optimizer
    if optimizer is None or case.stream.interleaved:
        return None
    decay = max((float(group.get("weight_decay", 0.0) or 0.0) for group in optimizer.param_groups), default=0.0)
    penalty = _penalty_share(case)
    if decay <= 0 and penalty < _SEEN:
        return None
    if isinstance(optimizer, optim.AdamW) and decay <= _DEFAULT and float(case.stream.rates.max()) >= _HIGH:
        return None  # it takes rate x decay off at each step: a decay that nobody chose is strong by the rate alone
    pulls = [_pull(look) for look in case.stream.step_looks[len(case.stream.step_looks) // 2 :]]
    pull = float(np.median(pulls)) if pulls else 0.0
    if decay > 0 and penalty < _SEEN and pull < 0.2 and decay < (_USUAL if _scaled_up(optimizer) else 1e-2):
        return None  # the decay takes a fraction of what the gradient gives: nothing to suspect
    by_hand, outweighs = decay <= 0, pull > _STRONG or penalty > _STRONG
    change = (
        Change(loss=lambda o: o.of_data if o.of_data is not None else o.loss)
        if by_hand
        else Change(hyper={"weight_decay": 0.0})
    )
    return Suspicion(
        "weight_decay_too_strong",
        case.guessed(0.51) if outweighs else 0.49,
        (
            f"The penalty makes {penalty:.0%} of the loss."
            if by_hand
            else f"The weight decay of {decay:g} pulls at the weights {pull:.2g} times as hard as the data's gradient."
        ),
        {"weight_decay": decay, "pull_over_gradient": pull, "penalty_share": penalty},
        "Lower it by factors of ten, until the training loss no longer suffers; 1e-4 to 1e-2 is usual for AdamW, "
        "1e-5 to 5e-4 for SGD.",
        case.loss_site
        if by_hand
        else line_of_setting(case.seen.made_at(optimizer), ("weight_decay", "wd", "l2", "decay"), decay),
        probe=lambda: _without_it(case, change, outweighs=outweighs),
        consequences=(
            "lr_too_low",
            "lr_too_high",
            "too_few_steps",
            "under_capacity",
            "vanishing_gradients",
            "dying_relu",
        ),
    )


# -- what the judges have in common -----------------------------------------------------------------------------------


def _without_it(case: Case, change: Change, *, outweighs: bool) -> Verdict | None:
    """Rerun without a penalty; what no rerun can tell is not to be said.

    Where it pulls about as hard as the data at the end, it is no longer the rate or luck that holds the fit back.
    """
    verdict = set_right(case, "with the penalty off", change, *((0.35, 0.02) if outweighs else ()))
    if verdict is not None and not verdict.confirmed and outweighs:
        if _explains_the_rest(verdict):
            return Verdict(True, verdict.tried, verdict.evidence)
        if (said := _loses_less(case)) and not _falls(verdict):
            return Verdict(True, f"{verdict.tried}; {said}", verdict.evidence)
    if verdict is not None and not verdict.evidence and not outweighs:
        return Verdict(False, verdict.tried)  # the training loss alone falls further without any penalty
    return verdict or (Verdict(False, "") if outweighs else None)


def _loses_less(case: Case) -> str:
    """Say by how much the loss falls without the penalty, of training and of other samples, if both by a lot."""
    before, after = case.baseline, case.try_out("with the penalty off")
    if before is None or after is None or not 0 < after.last < _LESS * before.last:
        return ""
    held = held_loss(case, before.models), held_loss(case, after.models)
    if held[0] is None or held[1] is None or not 0 < held[1] < _LESS * held[0]:
        return ""
    return f"loss {before.last:.3g} -> {after.last:.3g}, of samples not trained on {held[0]:.3g} -> {held[1]:.3g}"


def _falls(verdict: Verdict) -> bool:
    """Whether the score is lower than before."""
    before, after = _scores(verdict)
    return after < before


def _explains_the_rest(verdict: Verdict) -> bool:
    """Whether most of what a fit leaves unexplained, small as it is, goes."""
    before, after = _scores(verdict)
    return before < 1 and 1 - after < _LEFT * (1 - before)


def _scores(verdict: Verdict) -> tuple[float, float]:
    """Return the scores before and after a change; NaN where a verdict rests on none."""
    known = verdict.evidence
    return float(known.get("score_before", math.nan)), float(known.get("score_after", math.nan))


def _scaled_up(optimizer: optim.Optimizer) -> bool:
    """Whether the penalty's gradient is divided by the size of its own past, too, where the data give next to none."""
    apart = isinstance(optimizer, optim.AdamW) or optimizer.param_groups[0].get("decoupled_weight_decay", False)
    return isinstance(optimizer, ADAPTIVE) and not apart


def _left_by_clipping(case: Case) -> list[float]:
    """Return the share of the gradients' norm that is left when the step comes, of each step looked at."""
    after = {done.step: done for done in case.stream.passes}  # the last pass before each step
    looks = {look.number: look for look in case.stream.looks}
    found = []
    for step in case.stream.step_looks:
        done = after.get(step.step)
        look = looks.get(done.number) if done is not None else None
        if done is None or look is None:
            continue
        keys = [key for key in step.applied if key in look.gradients]
        raw = sum(look.gradients[key] ** 2 for key in keys) ** 0.5 / done.scale
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
    """Return what share of the first or the last loss is not the data's, where weights are used outside of models.

    One that is far too strong takes the weights to nothing, and is nothing itself in the end.
    """
    if case.rerun is None or not case.stream.passes:
        return 0.0
    weights, passes = set(case.stream.names), case.stream.passes
    if not any(id(t) in weights for op in case.rerun.program.ops for t in op.inputs):
        return 0.0
    found = []
    for place in (0, -1):
        if passes[place].loss_calls:
            data = sum(float(call.output.float().mean()) for call in passes[place].loss_calls)
            found.append((float(case.losses[place]), data))
        elif (program := program_of(case.stream, case.stream.looks[place])) is not None:
            values = {id(out): out for op in program.ops for out in op.outputs}
            found.append((float(values[program.result].detach()), float(values[program.data].detach())))
    return max((1 - data / whole for whole, data in found if whole > 0), default=0.0)


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
}
