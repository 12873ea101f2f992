"""Training in evaluation mode, evaluation in training mode, and dropout that knows no mode."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from unstuck.doctor.case import Case, EvaluationSet, Suspicion, Verdict
from unstuck.doctor.probes import lifted, replacing
from unstuck.doctor.recording import ModelCall
from unstuck.doctor.rerun import Change
from unstuck.doctor.scores import Score
from unstuck.doctor.signals import DROPOUTS, listen
from unstuck.doctor.sources import line_with

__all__ = ["DROPOUT_MODULES", "as_it_is", "of_training", "wrong_train_eval_mode"]

DROPOUT_MODULES = (nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.AlphaDropout, nn.FeatureAlphaDropout)
_NORM = (nn.modules.batchnorm._BatchNorm, nn.modules.instancenorm._InstanceNorm)


def _matters(model: nn.Module) -> list[nn.Module]:
    """Return the modules that behave differently in training and in evaluation."""
    found = []
    for module in model.modules():
        drops = isinstance(module, DROPOUT_MODULES) and module.p > 0
        drops |= isinstance(module, nn.RNNBase) and module.dropout > 0 and module.num_layers > 1
        drops |= isinstance(module, nn.MultiheadAttention) and module.dropout > 0
        norms = isinstance(module, _NORM) and module.running_mean is not None
        if drops or norms:
            found.append(module)
    return found


def wrong_train_eval_mode(case: Case) -> Suspicion | None:
    """Training in evaluation mode, evaluation in training mode, or dropout by a function that is always on."""
    if case.stream.interleaved:
        return None
    return _trained_in_eval(case) or _evaluated_in_train(case) or _always_on(case)


def _trained_in_eval(case: Case) -> Suspicion | None:
    trained = {id(p) for p in case.stream.held if p.requires_grad}
    for model in case.stream.models:
        parts = _matters(model)
        # Layers kept in evaluation mode on purpose belong to what was learnt before, or does not learn now.
        parts = [part for part in parts if not case.loaded_before(part)]
        if not parts or not any(id(p) in trained for p in model.parameters()):
            continue
        if all(isinstance(part, _NORM) and not any(id(p) in trained for p in part.parameters()) for part in parts):
            continue
        flags = [call.training for done in case.stream.passes for call in done.calls[:1] if call.module is model]
        share = flags.count(False) / max(len(flags), 1)
        if share < 0.3:  # the mode is left behind by what comes before the last passes, or it is meant
            continue
        first = flags.index(False)
        when = "from the first step on" if not first else f"from step {first} on, after an evaluation,"
        return Suspicion(
            "wrong_train_eval_mode",
            0.95,
            f"{share:.0%} of the training passes run in evaluation mode, {when} so that nothing comes of "
            f"{_said(parts)}.",
            {"passes_in_eval_mode": share, "first": first, "layers": len(parts)},
            "Call model.train() at the start of every epoch: model.eval() stays until it is taken back.",
            case.seen.sites.get("eval") or case.stream.passes[first].site,
            probe=lambda: lifted(case, "in training mode", Change(training=True), 0.15, 0.01),
            consequences=("overfitting", "too_few_steps", "under_capacity", "lr_too_high", "lr_too_low"),
            certain=True,
        )
    return None


def _said(parts: list[nn.Module]) -> str:
    names = list(dict.fromkeys("batch normalisation" if isinstance(part, _NORM) else "dropout" for part in parts))
    return " and ".join(names)


def _evaluated_in_train(case: Case) -> Suspicion | None:
    wrong = [one for one in (*case.evaluation_sets, *_of_averages(case)) if _in_training_mode(case, one)]
    if not wrong:
        return None
    one = wrong[0]
    call = next(iter(one.phases.values()))[0]
    parts = _matters(call.module)
    right, left = _scored(case, one, training=False), _scored(case, one, training=True)
    evidence: dict[str, float] = {"layers": len(parts), "evaluations": len(one.phases)}
    tried = ""
    if right is not None and left is not None:
        evidence |= {"score_train_mode": left.value, "score_eval_mode": right.value}
        tried = f"in evaluation mode: {left} -> {right.value:.2f} on the same samples"
    return Suspicion(
        "wrong_train_eval_mode",
        0.95,
        f"The model is evaluated in training mode: {_said(parts)} as in the training"
        + (f", {left} instead of {right.value:.2f}." if right is not None and left is not None else "."),
        evidence,
        "Call model.eval() before the evaluation, and model.train() before the training goes on.",
        (line_with(call.site.file, r"\.train\(\s*[^\s)]") if call.site is not None else None) or call.site,
        probe=lambda: _better(left, right, tried),
        consequences=("dropout_too_strong", "batch_norm_tiny_batch", "under_capacity", "too_few_steps", "metric_wrong"),
        certain=True,
    )


def _of_averages(case: Case) -> list[EvaluationSet]:
    """Return the evaluations of models made like the trained one that are not trained themselves, such as averages."""
    trained = [model for stream in (case.stream, *case.stream.others) for model in stream.models]
    shapes = [[p.shape for p in model.parameters()] for model in case.stream.models]
    others = (call for call in case.seen.evaluations if not any(call.module is model for model in trained))
    return case.sets_of(call for call in others if [p.shape for p in call.module.parameters()] in shapes)


def _better(before: Score | None, after: Score | None, tried: str) -> Verdict | None:
    if before is None or after is None:
        return None
    return Verdict(after.value > before.value + 0.005, tried)


def _in_training_mode(case: Case, one: EvaluationSet) -> bool:
    calls = [call for phase in one.phases.values() for call in phase]
    if not all(call.training for call in calls) or not _matters(calls[0].module):
        return False
    end = case.stream.passes[-1].step
    if any(call.grad and call.step <= end and call.target is None and call.loss is None for call in calls):
        return False  # with a gradient, and never compared with anything: a part of something else
    if len(one.phases) > 0.5 * case.stream.steps and len(one.phases) > 4:
        return False  # at every step, as of what the loss is given
    if _again_and_again(calls):
        return False
    return not of_training(case, calls)


def _again_and_again(calls: list[ModelCall]) -> bool:
    """Say whether the same inputs come several times at one step: dropout is averaged over, on purpose."""
    seen: dict[tuple[int, int, float], int] = {}
    for call in calls:
        x = call.first
        if x is not None and x.numel():
            key = call.step, x.numel(), float(x.double().sum())
            seen[key] = seen.get(key, 0) + 1
    return max(seen.values(), default=0) > 2


def of_training(case: Case, calls: list[ModelCall]) -> bool:
    """Say whether the inputs of an evaluation are training samples, whose score in passing may be meant as it is."""
    x = calls[-1].first
    if x is None or not x.numel() or case.x is None or case.x.shape[1:] != x.shape[1:] or case.x.dtype != x.dtype:
        return False
    if not x.ndim or (x.ndim == 1 and not x.is_floating_point()):
        return False  # such as the numbers of users, who are all known
    known = {row.tobytes() for row in case.x.reshape(len(case.x), -1).cpu().numpy()}
    rows = x[:64].reshape(min(len(x), 64), -1).cpu().numpy()
    return float(np.mean([row.tobytes() in known for row in rows])) > 0.5


def _scored(case: Case, one: EvaluationSet, *, training: bool) -> Score | None:
    """Score the last phase of an evaluation again with the models as they are, in a mode."""
    calls = list(one.phases.values())[-1]
    model = calls[0].module

    def score() -> Score | None:
        twin = copy.deepcopy(model).train(training)
        kept = [c for c in calls if c.target is not None and c.kept]
        with torch.no_grad(), torch.random.fork_rng(_devices(model)):
            torch.manual_seed(0)
            outputs = [twin(*call.args, **call.kwargs) for call in kept]
        pairs = [(o, c.target) for o, c in zip(outputs, kept, strict=True) if isinstance(o, Tensor)]
        return one.measure([o for o, _ in pairs], [t for _, t in pairs if t is not None])

    return case.quietly(score)


def _devices(model: nn.Module) -> list[torch.device]:
    return list({p.device for p in model.parameters() if p.device.type == "cuda"})


def _always_on(case: Case) -> Suspicion | None:
    again = case.rerun
    evaluated = [
        one for one in case.evaluation_sets if any(c.target is not None for p in one.phases.values() for c in p)
    ]
    if again is None or not evaluated:
        return None
    calls = next(iter(evaluated[0].phases.values()))
    if _again_and_again(calls) or (any(call.training for call in calls) and _matters(calls[0].module)):
        return None
    signals = case.quietly(lambda: listen(again, again.final(), again.batches[-1], training=False, backward=False))
    on = [c for c in signals.of("dropout") if c.settings["training"] and c.settings["p"] > 0] if signals else []
    if not on:
        return None
    off = replacing(dict.fromkeys(DROPOUTS, as_it_is))
    with_, without = again.scores(again.final()), again.scores(again.final(), Change(mode=off))
    place = 1 if with_[1] is not None and without[1] is not None else 0
    before, after = with_[place], without[place]
    tried = f"with it off: {before} -> {after.value:.2f}" if before is not None and after is not None else ""
    return Suspicion(
        "wrong_train_eval_mode",
        0.95,
        f"F.{on[0].name} with p = {on[0].settings['p']:g} goes on dropping units in evaluation: by default it is on, "
        "whatever mode the model is in.",
        {"p": on[0].settings["p"], "calls": len(on)}
        | ({"score_on": before.value, "score_off": after.value} if before is not None and after is not None else {}),
        "Pass training=self.training to it, or use an nn.Dropout module.",
        on[0].site,
        probe=lambda: _better(before, after, tried),
        consequences=("dropout_too_strong", "under_capacity", "too_few_steps"),
        certain=True,
    )


def as_it_is(x: Tensor, *_: Any, **__: Any) -> Tensor:
    """Return what is given: what stands in for a dropout that is off."""
    return x
