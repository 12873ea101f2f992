"""The loss that is minimised, term by term: summed where it should be averaged, or averaged twice."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn, optim
from torch.overrides import TorchFunctionMode

from unstuck.doctor.case import Case, Suspicion, Verdict
from unstuck.doctor.probes import cured
from unstuck.doctor.recount import batches_of_training, sizes_of
from unstuck.doctor.rerun import Change, Rerun, Tried
from unstuck.doctor.scores import score_of
from unstuck.doctor.watch.losses import LOSSES, NUMBER_LOSSES
from unstuck.doctor.watch.sites import Site
from unstuck.doctor.watch.tape import Op, producers_of

__all__ = [
    "ADAPTIVE",
    "Addend",
    "Term",
    "addends",
    "by_number_and_by_sample",
    "divided",
    "summed",
    "terms_apart",
    "terms_of",
]

_APART = 10.0  # times: terms of a loss of which one is summed over the batch and the other is not; a weight may be less
_WEIGHS = 2.0  # times as much, likewise, where a rerun tells what it does
_ELEMENTWISE = (*NUMBER_LOSSES, "binary_cross_entropy", "binary_cross_entropy_with_logits")
ADAPTIVE = (
    optim.Adam, optim.AdamW, optim.NAdam, optim.RAdam, optim.Adamax, optim.RMSprop, optim.Adagrad, optim.Adadelta,
)  # fmt: skip
_REDUCED_ALIKE = "Reduce both terms alike: sum each over the numbers of a sample, and average over the batch."
_FOLLOW = ("lr_too_high", "lr_too_low", "exploding_gradients", "too_few_steps", "under_capacity", "momentum_too_high",
           "clip_too_small", "vanishing_gradients")  # fmt: skip
_TIMES = frozenset({"mul", "__mul__", "__rmul__", "multiply"})
_OVER = frozenset({"div", "__truediv__", "true_divide", "divide"})
_PLUS = frozenset({"add", "__add__", "__radd__"})
_MINUS = frozenset({"sub", "__sub__", "__rsub__", "rsub"})


@dataclass(frozen=True)
class Term:
    """A term of the loss: what reduces it to a number, over how much, and by what it is multiplied then.

    ``summed`` says over how many numbers of a sample a mean is taken of sums.
    """

    op: Op
    reduction: str  # mean or sum
    factor: float
    numbers: int
    scaled_by: Op | None
    summed: int = 1


def terms_of(case: Case) -> list[Term]:
    """Return the terms of the loss of the last look that depend on what a model returned."""
    if not case.stream.looks:
        return []
    producers = producers_of([op for op in case.pass_ops if not op.modules])
    found: list[Term] = []
    for part in addends(case.stream.looks[-1].loss, producers):
        op = producers.get(id(part.value))
        if op is None or not op.inputs:
            continue
        numbers = op.inputs[0].numel()
        if op.name in LOSSES:
            reduction = op.kwargs.get("reduction", "mean")
            if reduction in ("mean", "sum") and numbers:
                found.append(Term(op, reduction, part.factor, numbers, part.scaled_by))
        elif op.name in ("mean", "sum") and part.value.numel() == 1 and _of_model(op, producers):
            summed = _summed(op.inputs[0], producers)
            found.append(Term(op, op.name, part.factor, numbers, part.scaled_by, summed))
    return found


@dataclass(frozen=True)
class Addend:
    """A part of a loss that is a sum, and what it is multiplied by before the parts are added up.

    ``scaled_by`` does the last of that, and ``line`` is the last on the way to the sum.
    """

    value: Tensor
    factor: float
    scaled_by: Op | None
    line: Site | None


def addends(loss: Tensor, producers: Mapping[int, Op]) -> list[Addend]:
    """Return the parts that a loss is the sum of, in order; the loss itself where it is none."""
    found: list[Addend] = []
    waiting: list[tuple[Any, float, Op | None, Site | None]] = [(loss, 1.0, None, None)]
    while waiting:
        value, factor, scaled_by, line = waiting.pop()
        if not isinstance(value, Tensor):
            continue
        op = producers.get(id(value))
        args = list(op.args[:2]) if op is not None and not isinstance(op.func, nn.Module) else []
        inner = next((arg for arg in args if isinstance(arg, Tensor) and arg.requires_grad), None)
        number = next((_number_in(arg) for arg in args if arg is not inner), 0.0)
        if op is not None and op.name in _PLUS | _MINUS and len(args) == 2:
            signs = (1, 1) if op.name in _PLUS else (-1, 1) if "r" in op.name else (1, -1)
            parts = [(part, sign * factor, scaled_by, op.site) for part, sign in zip(args, signs, strict=True)]
            waiting += parts[::-1]
        elif op is not None and op.name in _TIMES | _OVER and inner is not None and number:
            waiting.append((inner, factor / number if op.name in _OVER else factor * number, op, op.site))
        elif op is not None and op.name in ("neg", "__neg__") and args:
            waiting.append((args[0], -factor, scaled_by, op.site))
        elif op is not None and op.name in ("to", "float", "double", "squeeze") and args:
            waiting.append((args[0], factor, scaled_by, line))
        elif value.requires_grad:
            found.append(Addend(value, factor, scaled_by, line))
    return found


def _summed(value: Tensor, producers: dict[int, Op]) -> int:
    """Return over how many numbers a value was summed before, sample by sample."""
    while (op := producers.get(id(value))) is not None and op.inputs:
        if op.name == "sum" and value.numel():
            return op.inputs[0].numel() // value.numel()
        if op.name not in _TIMES | _OVER | {"neg", "__neg__"}:
            break
        value = next((t for t in op.inputs if t.requires_grad), op.inputs[0])
    return 1


def _number_in(value: Any) -> float:
    """Return the number that a value is, or holds without a gradient; 0 for anything else."""
    if isinstance(value, (int, float)):
        return float(value)
    if isinstance(value, Tensor) and value.numel() == 1 and not value.requires_grad:
        return float(value)
    return 0.0


def _of_model(op: Op, producers: dict[int, Op]) -> bool:
    """Whether a function's input comes from a model's output, rather than from weights alone."""
    waiting, seen = list(op.inputs), set()
    while waiting:
        tensor = waiting.pop()
        made = producers.get(id(tensor))
        if made is None or id(made) in seen:
            continue
        if isinstance(made.func, nn.Module):
            return True
        seen.add(id(made))
        waiting += made.inputs
    return False


def _rows(case: Case) -> int:
    """Return how many samples the model was given in the pass whose terms are looked at."""
    calls = [op for op in case.pass_ops if isinstance(op.func, nn.Module) and op.inputs]
    return len(calls[0].inputs[0]) if calls and calls[0].inputs[0].ndim else 0


def terms_apart(case: Case) -> Suspicion | None:
    """Find a loss in which one term is summed over the batch and another is averaged."""
    terms, rows = terms_of(case), _rows(case)
    means = [term for term in terms if term.reduction == "mean"]
    sums = [term for term in terms if term.reduction == "sum" and term.numbers >= rows > 1]
    if not means or not sums or case.stream.interleaved:
        return None
    summed, averaged = max(sums, key=lambda t: abs(t.factor)), max(means, key=lambda t: abs(t.factor))
    apart = abs(summed.factor) * rows / max(abs(averaged.factor), 1e-12)
    if apart < _APART or abs(summed.factor) * rows < _APART:
        return None
    values = {id(term): abs(float(term.op.outputs[0].detach()) * term.factor) for term in (summed, averaged)}
    return Suspicion(
        "loss_scale_wrong",
        0.83,
        f"One term of the loss is summed over {summed.numbers} numbers of a batch of {rows}, and another a mean over "
        f"{averaged.numbers}: the first weighs {apart:.3g} times as much as if both were means over the batch.",
        {"batch": rows, "summed": summed.numbers, "averaged": averaged.numbers, "weight": apart,
         "summed_value": values[id(summed)], "averaged_value": values[id(averaged)]},
        _REDUCED_ALIKE,
        averaged.op.site,
        probe=partial(_alike, case, rows),
        consequences=(*_FOLLOW, "dropout_too_strong", "weight_decay_too_strong"),
        certain=True,
    )  # fmt: skip


def by_number_and_by_sample(case: Case) -> Suspicion | None:
    """Find a loss in which one term is a mean over all numbers of a batch, and another of sums over each sample's."""
    terms, rows = terms_of(case), _rows(case)
    means = [term for term in terms if term.reduction == "mean" and rows > 1 and term.numbers % rows == 0]
    over_all = [t for t in means if t.numbers >= _APART * rows and t.op.name in (*_ELEMENTWISE, "mean")]
    of_sums = [term for term in means if term.numbers == rows and term.summed > 1]
    if not over_all or not of_sums or case.stream.interleaved:
        return None
    mean, by_sample = max(over_all, key=lambda t: abs(t.factor)), max(of_sums, key=lambda t: abs(t.factor))
    numbers = mean.numbers // rows
    apart = abs(by_sample.factor) * numbers / max(abs(mean.factor), 1e-12)
    if apart < _WEIGHS:
        return None
    return Suspicion(
        "loss_scale_wrong",
        case.guessed(0.7),
        f"One term of the loss is a mean over the {numbers} numbers of every sample, and another a mean of sums over "
        f"the {by_sample.summed} of each: the second weighs {apart:.3g} times as much as if both were sums.",
        {"batch": rows, "numbers": numbers, "summed": by_sample.summed, "weight": apart},
        _REDUCED_ALIKE,
        mean.op.site,
        probe=lambda: _alike(case, rows) or Verdict(False, ""),  # a weight may be meant: what no rerun tells is let be
        consequences=(*_FOLLOW, "dropout_too_strong", "weight_decay_too_strong", "dying_relu"),
    )


class _BySample(TorchFunctionMode):
    """Makes sums and means over a batch to means over the batch of sums over each sample."""

    def __init__(self, rows: int) -> None:
        super().__init__()
        self.rows = rows

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Call the function, and bring what it returns to that scale."""
        kwargs = kwargs or {}
        out = func(*args, **kwargs)
        name = getattr(func, "__name__", "")
        given = args[0] if args else None
        if (
            not isinstance(given, Tensor)
            or not isinstance(out, Tensor)
            or out.numel() != 1
            or given.numel() < self.rows
        ):
            return out
        if name == "sum" or (name in LOSSES and kwargs.get("reduction") == "sum"):
            return out / self.rows
        if name == "mean" or (name in LOSSES and kwargs.get("reduction", "mean") == "mean"):
            return out * (given.numel() / self.rows)
        return out


def _alike(case: Case, rows: int) -> Verdict | None:
    again = case.rerun
    before, after = case.baseline, case.try_out("with both terms by sample", Change(mode=partial(_BySample, rows)))
    if again is None or before is None or after is None:
        return None
    scores = [_reconstruction(case, again, tried) for tried in (before, after)]
    if scores[0] is None or scores[1] is None:
        return None
    return Verdict(
        scores[1] > scores[0] + 0.1,
        f"with both terms reduced by sample: R² of the outputs {scores[0]:.2f} -> {scores[1]:.2f} after "
        f"{case.probe_steps} steps",
        {"r2_before": scores[0], "r2_after": scores[1]},
    )


def _reconstruction(case: Case, again: Rerun, tried: Tried) -> float | None:
    """Return the share of the targets' variance that the outputs explain, logits taken as probabilities."""
    outputs, targets = [], []
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        parameters = again.parameters_for(tried.models)
        for batch in again.batches[-8:]:
            outcome = again.program.run(tried.models, batch, parameters)
            target = next((batch[key] for key in again.program.targets if key in batch), None)
            if target is None and outcome.given is not None:  # an autoencoder's target is its input
                target = next((one for one in batch.values() if one.shape == outcome.given.shape), None)
            if outcome.given is None or target is None:
                return None
            logits = case.loss_name == "binary_cross_entropy_with_logits"
            outputs.append(outcome.given.sigmoid() if logits else outcome.given)
            targets.append(target)
    score = score_of(outputs, targets)
    return score.value if score is not None else None


def divided(case: Case) -> Suspicion | None:
    """Find a mean loss that is divided once more, with an optimiser that the scale matters to."""
    terms, rows = terms_of(case), _rows(case)
    if len(terms) != 1 or isinstance(case.stream.optimizer, ADAPTIVE) or case.stream.optimizer is None:
        return None
    term = terms[0]
    size = abs(term.factor)
    if term.reduction != "mean" or not 0 < size < 0.5 or term.scaled_by is None or case.stream.passes_a_step > 1.5:
        return None
    counts = {rows: "the batch size", batches_of_training(case): "the number of batches"}
    counts |= dict.fromkeys(sizes_of(case), "the number of samples")
    name = next((said for count, said in counts.items() if count > 1 and abs(1 / size - count) < 0.01 * count), "")
    return Suspicion(
        "loss_scale_wrong",
        0.75 if name else 0.45,
        f"A loss that is a mean already is divided by {1 / size:.4g}{f', {name},' if name else ''} before it is "
        f"minimised: every step is {1 / size:.4g} times shorter than the rate says.",
        {"factor": size, "batch": rows},
        "Minimise the mean as it is; divide by the number of batches only where gradients of so many are accumulated.",
        term.scaled_by.site,
        probe=lambda: cured(case, "with the mean loss itself", Change(lr=1 / size), least=0.02),
        consequences=_FOLLOW,
        certain=bool(name),
    )


def summed(case: Case) -> Suspicion | None:
    """Find a loss that is summed over the batch, with a rate that would fit a mean."""
    terms, rows = terms_of(case), _rows(case)
    if len(terms) != 1 or isinstance(case.stream.optimizer, ADAPTIVE) or case.stream.optimizer is None:
        return None
    term = terms[0]
    if term.reduction != "sum" or rows < 4 or abs(term.factor) * rows < 2:
        return None
    if term.scaled_by is not None and len(term.scaled_by.inputs) > 1:
        return None  # by the number of the batch's events, say, or by the sum of its weights
    modules = [made for made in case.seen.made.values() if isinstance(made.thing, nn.Module)]
    maker = next((made.site for made in modules if getattr(made.thing, "reduction", "") == "sum"), None)
    each = term.numbers if term.op.name in ("mse_loss", "l1_loss", "smooth_l1_loss", "sum") else rows
    return Suspicion(
        "loss_scale_wrong",
        0.72,
        f"The loss is a sum over a batch of {rows}: its gradient, and so every step, is {rows} times that of the mean.",
        {"batch": rows, "numbers": term.numbers, "loss": float(case.losses[-1])},
        "Average the loss over the batch (reduction='mean'), or divide the rate by the batch size.",
        maker or term.op.site,
        probe=lambda: cured(case, "with the mean over the batch", Change(lr=1 / max(each, rows)), least=0.02),
        consequences=_FOLLOW,
    )
