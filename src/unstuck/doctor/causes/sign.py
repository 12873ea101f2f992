"""The loss is maximised: what is to be large is made small, or the other way round."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from unstuck.doctor.case import Case, Suspicion, Verdict
from unstuck.doctor.causes.outputs import STUCK
from unstuck.doctor.causes.parts import opposed
from unstuck.doctor.causes.terms import terms_of
from unstuck.doctor.printed import LARGE_IS_GOOD, Series, series_of
from unstuck.doctor.probes import changed
from unstuck.doctor.recording import Likelihood
from unstuck.doctor.rerun import Change
from unstuck.doctor.sources import line_at
from unstuck.doctor.watch.sites import Site
from unstuck.doctor.watch.tape import Op, producers_of

__all__ = ["JUDGES"]

_BACKWARDS = 0.3  # of the score that knowing nothing reaches
_WITHOUT_END = 1000.0  # times as deep as it began: no density of data falls as far
_AGAINST = 0.3  # a correlation of outputs with targets, one way and the other
_HALVED = 0.5  # of what a printed score began with is left
_CLEARLY = 0.1  # of a whole
_MANY = 5  # readings
_OTHERWISE = re.compile(r"loss|err|gap|prev|dist|cost|drop|reject|task|forget")  # such as a loss of Dice's; an old task
_OF_PAIRS = re.compile(r"roc[- ]?auc|\bauroc\b|c-index|\bpair\w* acc")  # of which chance gets a half
_NEGATIONS = ("neg", "__neg__", "__rsub__", "mul")
_REWARD = re.compile(
    r"(?i:\badv(antages?)?\b|reward|returns\b|\brets?\b|\bgains?\b|profit|pay-?off|uplift)|\bG\b|\bR\b"
)
_COST = re.compile(r"cost|length|dist(?!\.)|regret|loss\w* - |energy|base\w*\s*-|value\w*\s*-|neg", re.IGNORECASE)
_PRICE = re.compile(r"cost|length|dist(?!\.)|regret|energy|loss", re.IGNORECASE)
_UNARY = re.compile(r"(?:[=(,*\[]|return|\+)\s*-")  # a minus sign that is no subtraction
_TOGETHER = frozenset({"add", "radd", "iadd", "sub", "rsub", "isub", "neg", "mul", "rmul"})


def loss_sign_flipped(case: Case) -> Suspicion | None:
    """Suspect that the loss is maximised: its negative is minimised, or the optimiser maximises."""
    stream = case.stream
    if stream.interleaved or not stream.passes:
        return None
    start, end = case.loss_around(0), case.loss_around(1)
    maximised = _maximises(case)  # then what is large is meant to be, unless it gets worse
    signs = (_by_optimizer,) if maximised else _SIGNS
    found = next((found for look in signs if (found := look(case, start, end)) is not None), None)
    if found is None:
        return None
    change = Change(hyper={"maximize": False}) if maximised else Change(loss=lambda outcome: -outcome.loss)
    return Suspicion(
        "loss_sign_flipped",
        found.confidence,
        found.said,
        {"loss_start": start, "loss_end": end},
        "Change the sign: minimise the loss, or the negative of what is to be large."
        if not maximised
        else "Remove maximize=True.",
        found.where,
        probe=(lambda: _turned_round(case, change)) if found.told_by_rerun else None,
        consequences=(
            *STUCK, "exploding_gradients", "labels_misaligned", "dying_relu", "label_noise", "no_shuffle",
        ),
        certain=found.certain,
    )  # fmt: skip


# -- what speaks for it -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Found:
    """A sign of it: the confidence, what is said of it, the line; whether it is proof, and whether a rerun can tell."""

    confidence: float
    said: str
    where: Site | None
    certain: bool = False
    told_by_rerun: bool = True


def _maximises(case: Case) -> bool:
    optimizer = case.stream.optimizer
    return optimizer is not None and bool(optimizer.param_groups[0].get("maximize", False))


def _by_optimizer(case: Case, start: float, end: float) -> _Found | None:
    """Find an optimiser that maximises what gets worse."""
    if not _gets_worse(case):
        return None
    said = f"The optimiser maximises (maximize=True): the loss goes from {start:.3g} to {end:.3g}."
    return _Found(0.97, said, case.seen.made_at(case.stream.optimizer), certain=True)


def _by_likelihood(case: Case, start: float, end: float) -> _Found | None:
    """Find the log-probability of data that is minimised."""
    unlikely = _made_unlikely(case)
    if unlikely is None:
        return None
    said = (
        "The log-probability of the data is what is minimised: the loss goes from "
        f"{start:.3g} to {end:.3g}, and the data become less likely with every step."
    )
    return _Found(0.97, said, unlikely.site, certain=True)


def _by_reward(case: Case, start: float, end: float) -> _Found | None:
    """Find actions of a policy that become less likely the more reward they brought, as the names say."""
    producers = producers_of(op for op in case.pass_ops if not op.modules)
    inner = producers_of(op for op in case.pass_ops if not isinstance(op.func, nn.Module))  # a policy may return them
    for term in terms_of(case):
        factor, op = term.factor, producers.get(id(term.op.inputs[0]))
        while op is not None and op.name in ("neg", "__neg__", "sum", "flatten", "view", "reshape"):
            factor, op = -factor if "neg" in op.name else factor, producers.get(id(op.inputs[0]))
        if op is None or op.name.strip("_") not in ("mul", "rmul") or len(op.inputs) != 2:
            continue
        learnt = [t for t in op.inputs if t.requires_grad]
        weights = [t for t in op.inputs if not t.requires_grad]
        short = _falling_short(weights[0], producers) if weights else None
        if factor <= 0 and short is not None and len(learnt) == 1 and _is_log_probability(learnt[0], inner):
            line = line_at(short.site)
            if _REWARD.search(line) and not _PRICE.search(line):
                said = (
                    "The log-probability of actions is raised by how far what they brought falls short of what was "
                    f"expected: those that did worse become likelier. The loss goes from {start:.3g} to {end:.3g}."
                )
                return _Found(0.8, said, short.site, told_by_rerun=False)
        if factor <= 0:
            continue
        line, made = line_at(op.site), producers.get(id(weights[0])) if weights else None
        if made is not None:
            line += f" {line_at(made.site)}"
        if len(learnt) != 1 or not _is_likely(learnt[0], inner) or not bool((weights[0] < 0).any()):
            continue
        rewarded = _REWARD.search(line) and not _UNARY.search(line) and not _COST.search(line)
        if bool((weights[0] > 0).any()) and rewarded:
            said = (
                "What actions brought is multiplied by how likely they are, and the product is minimised: those that "
                f"did better than others become less likely. The loss goes from {start:.3g} to {end:.3g}."
            )
            return _Found(0.8, said, op.site, told_by_rerun=False)
    return None


def _falling_short(weight: Tensor, producers: Mapping[int, Op]) -> Op | None:
    """Return the function that took from what a critic says what came of it; None where a weight is something else."""
    op = producers.get(id(weight))
    while op is not None and op.name in ("detach", "detach_", "flatten", "view", "reshape", "squeeze"):
        op = producers.get(id(op.inputs[0]))
    if op is None or op.name.strip("_") != "sub" or len(op.inputs) != 2:
        return None
    return op if op.inputs[0].requires_grad and not op.inputs[1].requires_grad else None


def _is_likely(value: Tensor, producers: Mapping[int, Op]) -> bool:
    """Whether a value is the probability of something that was picked, or its logarithm."""
    op = producers.get(id(value))
    while op is not None and op.name in ("squeeze", "flatten", "view", "reshape", "exp", "gather", "__getitem__"):
        if op.name in ("exp", "gather", "__getitem__") and bool(((value >= 0) & (value <= 1 + 1e-6)).all()):
            source = producers.get(id(op.inputs[0]))
            if source is not None and source.name in ("softmax", "exp", "log_softmax", "gather", "__getitem__"):
                return True
        op = producers.get(id(op.inputs[0]))
    return _is_log_probability(value, producers)


def _is_log_probability(value: Tensor, producers: Mapping[int, Op]) -> bool:
    """Whether a value is made from the logarithm of probabilities, none above one."""
    waiting, seen = [value], set()
    while waiting:
        op = producers.get(id(waiting.pop()))
        if op is None or id(op) in seen:
            continue
        if op.name in ("logsumexp", "log_softmax", "log"):
            return bool((value <= 1e-6).all())
        seen.add(id(op))
        waiting += op.inputs
    return False


def _by_sign(case: Case, start: float, end: float) -> _Found | None:
    """Find the negative of a loss function's value."""
    last = case.stream.passes[-1]
    of_data = sum(float(call.output.float().mean()) for call in last.loss_calls)
    negated = bool(last.loss_calls) and of_data > 0 and float(case.losses[-1]) < 0
    if not negated or abs(float(case.losses[-1]) + of_data) >= 0.05 * abs(of_data):
        return None
    return _Found(0.97, _falling(start, end), _line_of_minus(case), certain=True)


def _without_end(case: Case, start: float, end: float) -> _Found | None:
    """Find a loss that falls below zero as far as none does that has a minimum, and goes on."""
    first = float(case.losses[0])
    if not math.isfinite(first) or not end < -_WITHOUT_END * max(abs(first), abs(start), 1.0):
        return None
    before, after = (case.loss_around(a) - case.loss_around(b) for a, b in ((0.5, 0.75), (0.75, 1.0)))
    if end > -(_WITHOUT_END**2) * max(abs(first), abs(start), 1.0) and not after >= 0.5 * before:
        return None  # it comes to rest: one in large units, with a minimum
    return _Found(0.95, _falling(start, end), _line_of_sum(case) or case.loss_site, certain=True)


def _by_hand(case: Case, start: float, end: float) -> _Found | None:
    """Find a loss by hand that falls below zero while the models get worse, or learn nothing."""
    below = float(case.losses[0]) < 0 or end < 0
    falls = end < start or not math.isfinite(end)
    if case.stream.passes[-1].loss_calls or not below or not falls:
        return None
    if not _gets_worse(case) and not _learns_nothing(case):
        return None
    return _Found(0.85, _falling(start, end), case.loss_site)


def _by_answers(case: Case, start: float, end: float) -> _Found | None:
    """Find a loss by hand that training makes smaller, and the answers turned round: a score large for the best."""
    score, out = case.scores[0], case.stream.passes[-1].calls[-1].output if case.stream.passes[-1].calls else None
    if case.loss_name or score is None or score.kind == "r2" or not isinstance(out, Tensor) or not out.numel():
        return None
    distances = bool((out >= 0).all()) and float(out.max()) > 1  # which are small for a yes
    if score.value >= _BACKWARDS * score.chance or distances:
        return None
    said = (
        f"The loss falls from {start:.3g} to {end:.3g}, and the answers turn round: {score} on what was "
        "trained on, far less than by chance. What is minimised is large for the best answers."
    )
    return _Found(case.guessed(0.6), said, case.loss_site)


def _by_print(case: Case, start: float, end: float) -> _Found | None:
    """Find a score that the script prints and that falls from evaluation to evaluation, as the loss does."""
    if not end < start:
        return None
    first, last = case.stream.passes[0].step, case.stream.passes[-1].step + 1
    for series in series_of(case.seen.printed):
        told = {reading.step: reading.value for reading in series.readings if first < reading.step <= last}
        values = np.array(list(told.values()))  # one of each evaluation: what comes after the training is a sweep
        if _OTHERWISE.search(series.label):
            continue
        below = _OF_PAIRS.search(series.label) is not None and _below_chance(values)
        if not below and (LARGE_IS_GOOD.search(series.label) is None or not _falls(series, values)):
            continue
        said = (
            f'The loss falls from {start:.3g} to {end:.3g}, and with it what it is to raise: "{series.label}" goes '
            f"from {values[0]:.3g} to {values[-1]:.3g}. What is minimised is large for the best answers."
        )
        return _Found(0.6, said, case.loss_site, told_by_rerun=False)
    return None


def _falls(series: Series, values: np.ndarray) -> bool:
    """Whether a printed score falls in most of its steps, to less than half of what it began with."""
    if len(values) < _MANY or not np.isfinite(values).all() or not 0 < values[0] <= 100:
        return False
    whole = 100.0 if series.readings[0].percent or values[0] > 1 else 1.0
    rises = int((np.diff(values) > 0).sum())
    left = float(np.median(values[-3:]))
    return left < _HALVED * values[0] and values[0] - left > _CLEARLY * whole and rises < len(values) / 2


def _below_chance(values: np.ndarray) -> bool:
    """Whether a share of pairs in the right order ends far below a half, and no higher than it began."""
    if len(values) < _MANY or not bool((values >= 0).all()):
        return False
    return float(values[-3:].max()) < 0.5 - _CLEARLY and float(values[-3:].mean()) <= float(values[0])


def _by_part(case: Case, start: float, end: float) -> _Found | None:
    """Find a part of the loss that is turned round."""
    found = opposed(case)
    return None if found is None else _Found(case.guessed(0.7), found[0], found[1], told_by_rerun=False)


def _falling(start: float, end: float) -> str:
    return (
        f"What backward is called on is negative and falls without a bound, from {start:.3g} to {end:.3g}: the loss is "
        "maximised, not minimised."
    )


def _line_of_minus(case: Case) -> Site | None:
    return next((op.site for op in reversed(case.pass_ops) if op.name in _NEGATIONS), None)


def _line_of_sum(case: Case) -> Site | None:
    """Return the line that puts the loss together."""
    return next((op.site for op in reversed(case.pass_ops) if op.name.strip("_") in _TOGETHER and not op.modules), None)


# -- how the models fare ----------------------------------------------------------------------------------------------


def _made_unlikely(case: Case) -> Likelihood | None:
    """Return the log-probability of data that is minimised in every pass looked at; None where none is.

    What a policy did is weighed by its reward, which may be negative throughout; samples of data count alike.
    """
    numbers = {done.number for done in case.stream.passes}
    found = [one for one in case.seen.likelihoods if one.number in numbers]
    alike = all(one.least > 0 and one.most - one.least < 1e-4 * one.most for one in found)
    return found[-1] if len(found) > 1 and alike else None


def _gets_worse(case: Case) -> bool:
    """Whether the models score worse on what they were trained on than before training."""
    if case.rerun is None:
        return False
    again = case.rerun
    before = case.quietly(lambda: again.scores(again.fresh())[0])
    after = case.scores[0]
    if before is None or after is None:
        return False
    if after.by_line:  # which goes either way
        return (case.quietly(lambda: _correlation(case, again.final())) or 0.0) < -_AGAINST
    return not after.value >= min(before.value, after.chance) - 1e-9 or not math.isfinite(after.value)


def _learns_nothing(case: Case) -> bool:
    """Whether the models know no more of their classes than chance does."""
    after = case.scores[0]
    return after is not None and after.kind == "accuracy" and after.value < after.chance + 0.03


def _turned_round(case: Case, change: Change) -> Verdict | None:
    """Rerun with the sign changed; where numbers of another kind than the targets come out, by which way they go."""
    name = "with the sign changed"
    verdict = changed(case, name, change, enough=0.1)
    before, after = case.baseline, case.try_out(name)
    if case.loss_name or (verdict is not None and verdict.confirmed) or before is None or after is None:
        return verdict
    ways = [case.quietly(lambda tried=tried: _correlation(case, tried.models)) for tried in (before, after)]  # type: ignore[misc]
    if ways[0] is None or ways[1] is None:
        return verdict
    return Verdict(
        ways[0] < -_AGAINST / 3 and ways[1] > _AGAINST,
        f"{name}: correlation of outputs with targets {ways[0]:.2f} -> {ways[1]:.2f} after {case.probe_steps} steps",
        {"correlation_before": ways[0], "correlation_after": ways[1]},
    )


def _correlation(case: Case, models: dict[int, nn.Module]) -> float | None:
    """Return how the outputs on training data go with the targets; None where they are no numbers of their shape."""
    assert case.rerun is not None
    outputs, targets = case.rerun.answers(models)
    if not outputs or any(
        o.shape != t.shape or not t.is_floating_point() for o, t in zip(outputs, targets, strict=True)
    ):
        return None
    x, y = (torch.cat(part).flatten().float() for part in (outputs, targets))
    return float(torch.corrcoef(torch.stack([x, y]))[0, 1].nan_to_num())


_SIGNS = (
    _by_likelihood, _by_reward, _by_sign, _without_end, _by_hand, _by_answers, _by_print, _by_part,
)  # fmt: skip

JUDGES: dict[str, Callable[[Case], Suspicion | None]] = {"loss_sign_flipped": loss_sign_flipped}
