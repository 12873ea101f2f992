"""The loss receives the wrong thing: an activation too many, one too few, or one over the wrong axis."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from unstuck.doctor.case import Case, Suspicion
from unstuck.doctor.causes.outputs import SHAPES, STUCK, activation, given_rows
from unstuck.doctor.probes import changed, replacing, without_op
from unstuck.doctor.rerun import Change
from unstuck.doctor.watch.losses import NUMBER_LOSSES
from unstuck.doctor.watch.tape import Op

__all__ = ["JUDGES", "axis_of"]

_LOGIT_LOSSES = ("binary_cross_entropy_with_logits", "multilabel_soft_margin_loss", "soft_margin_loss")
_ONE_SIDED = {  # what a final activation lets through at the lower end
    "relu": 0.0, "relu_": 0.0, "relu6": 0.0, "clamp_min": 0.0, "softplus": 0.0, "exp": 0.0, "abs": 0.0, "square": 0.0,
    "sigmoid": 0.0, "hardsigmoid": 0.0,
}  # fmt: skip


def softmax_before_cross_entropy(case: Case) -> Suspicion | None:
    """Suspect probabilities, rows in [0, 1] that sum to one, where cross-entropy expects logits."""
    given = given_rows(case)
    if case.loss_name != "cross_entropy" or given is None or given.shape[1] < 2:
        return None
    sums = given.sum(1)
    if not bool((given >= 0).all()) or not float((sums - 1).abs().max()) < 1e-3:
        return None
    op = activation(case, "softmax")
    classes = given.shape[1]
    floor = math.log(1 + (classes - 1) / math.e)
    return Suspicion(
        "softmax_before_cross_entropy",
        0.99 if op else 0.9,
        f"The loss receives probabilities where it expects logits: every row sums to 1, so it cannot fall below "
        f"ln(1 + {classes - 1}/e) = {floor:.3f}.",
        {"row_sum_min": float(sums.min()), "row_sum_max": float(sums.max()), "loss_floor": floor},
        "Remove the softmax: cross-entropy applies log_softmax itself. Take the softmax of the output where "
        "probabilities are wanted.",
        case.where_of(op),
        symptoms=("loss_plateau",),
        probe=lambda: without_op(case, op, "the softmax") if op else None,
        consequences=STUCK,
        certain=True,
    )


def sigmoid_before_logit_loss(case: Case) -> Suspicion | None:
    """Suspect a sigmoid's output, in (0, 1), where the loss applies a sigmoid, or a softmax, of its own."""
    op = activation(case, "sigmoid") or activation(case, "softmax")
    logits_wanted = case.loss_name in _LOGIT_LOSSES or (
        case.loss_name == "cross_entropy" and op is not None and op.name == "sigmoid"
    )
    if not logits_wanted or not case.given:
        return None
    given = torch.cat([t.float().flatten() for t in case.given])
    low, high = float(given.min()), float(given.max())
    # Without a sigmoid in sight, logits may lie in [0, 1] by chance: hundreds of them, after training, do not.
    if low < 0 or high > 1 or (op is None and (len(given) < 500 or _early(case))):
        return None
    lowest = F.binary_cross_entropy_with_logits(torch.tensor([1.0, 0.0]), torch.tensor([1.0, 0.0]), reduction="none")
    return Suspicion(
        "sigmoid_before_logit_loss",
        0.98 if op else 0.75,
        f"The loss receives values between {low:.2f} and {high:.2f}, a sigmoid's output, and applies a sigmoid again: "
        f"it cannot fall below {lowest[0]:.3f} for a positive and {lowest[1]:.3f} for a negative.",
        {"given_min": low, "given_max": high, "floor_positive": float(lowest[0]), "floor_negative": float(lowest[1])},
        "Remove the sigmoid: the loss applies it itself. Take the sigmoid of the output where probabilities are "
        "wanted, or compare the logits with 0.",
        case.where_of(op),
        symptoms=("loss_plateau",),
        probe=lambda: without_op(case, op, f"the {op.name}") if op else None,
        consequences=(*STUCK, "class_imbalance", "metric_wrong"),
        certain=op is not None,
    )


def relu_on_output(case: Case) -> Suspicion | None:
    """Suspect a one-sided activation that ends the model, where the outputs must be able to go below zero."""
    op = next((op for op in case.chain if op.name not in SHAPES and op.name != "log_softmax"), None)
    low = _lower_end(op)
    y = case.y
    if op is None or low is None or y is None:
        return None
    by_hand = not case.loss_name
    if case.loss_name in ("cross_entropy", "nll_loss") or (by_hand and case.task == "classes"):
        if op.name in ("sigmoid", "hardsigmoid") and case.loss_name == "cross_entropy":
            return None  # named as what it is
        why, certain = "logits", op.name not in ("sigmoid", "hardsigmoid", "exp")
    elif case.loss_name in _LOGIT_LOSSES and op.name not in ("sigmoid", "hardsigmoid"):
        why, certain = "logits", True
    elif (case.loss_name in NUMBER_LOSSES or by_hand) and case.task in ("numbers", "binary"):
        below = float((y.float() < low - 1e-6).float().mean())
        if below < 0.01:  # what cannot go below zero may well be right for what never does
            return None
        why, certain = f"targets of which {below:.0%} lie below {low:g}", True
    else:
        return None
    out = next(iter(op.outputs)).detach().float()
    zero = float((out == low).float().mean())
    evidence: dict[str, float | int] = {"share_at_bound": zero, "output_min": float(out.min())}
    rows = given_rows(case)
    never = ""
    if rows is not None and case.task == "classes" and rows.shape[1] > 1:
        missing = rows.shape[1] - len(set(rows.argmax(1).tolist()))
        evidence["classes_never_predicted"] = missing
        never = f" {missing} of {rows.shape[1]} classes are never predicted." if missing else ""
    return Suspicion(
        "relu_on_output",
        0.97 if certain else 0.8,
        f"The model ends in {op.name.rstrip('_')}, so that its outputs cannot go below {low:g}, and is held against "
        f"{why}: {zero:.0%} of the outputs are exactly {low:g}.{never}",
        evidence,
        f"Remove the {op.name.rstrip('_')} after the last layer: the loss must be given numbers of either sign.",
        case.where_of(op),
        symptoms=("loss_plateau",),
        probe=lambda: without_op(case, op, f"the {op.name.rstrip('_')} at the end"),
        consequences=(*STUCK, "dying_relu", "class_imbalance", "targets_not_scaled"),
        certain=certain,
    )


def nll_without_log_softmax(case: Case) -> Suspicion | None:
    """Suspect raw scores or probabilities where the loss expects log-probabilities."""
    if case.loss_name not in ("nll_loss", "kl_div") or not case.given:
        return None
    if case.loss_name == "kl_div" and case.given[-1].ndim != 2:
        return None
    given = given_rows(case)
    if given is None or not torch.isfinite(given).all():
        return None
    totals = given.exp().sum(1)
    off = float((totals.log()).abs().median())
    if off < 0.02 or activation(case, "log_softmax"):  # over which axis is for another judge to say
        return None
    if case.loss_name == "kl_div" and float(given.max()) <= 1e-6:  # logs of something that need not sum to one
        return None
    softmax = activation(case, "softmax")
    what = "probabilities" if softmax else "raw scores"
    mend: dict[str, Callable[..., Tensor]] = {
        case.loss_name: _logged(case.loss_name) if softmax else _normalised(case.loss_name)
    }
    return Suspicion(
        "nll_without_log_softmax",
        0.97,
        f"The loss receives {what} where it expects log-probabilities: the exponentials of a row sum to "
        f"{float(totals.median()):.3g}, not to 1, so that it is bounded by nothing that means certainty.",
        {
            "row_exp_sum_median": float(totals.median()),
            "given_max": float(given.max()),
            "loss_last": case.loss_around(1),
        },
        "Use cross_entropy (nn.CrossEntropyLoss) on the raw scores, or apply log_softmax first"
        + (", in place of softmax." if softmax else "."),
        case.where_of(softmax) if softmax else case.loss_site,
        probe=lambda: changed(case, "with log-probabilities", Change(mode=replacing(mend)), enough=0.1),
        consequences=(*STUCK, "exploding_gradients", "loss_sign_flipped"),
        certain=True,
    )


def softmax_wrong_axis(case: Case) -> Suspicion | None:
    """Suspect a softmax that normalises over the batch, or over another axis than what uses it sums over."""
    if not case.stream.looks:
        return None
    ops = case.pass_ops
    rows = len(case.targets[-1]) if case.targets and case.targets[-1].ndim else 0
    found: tuple[Op, int, str] | None = None
    for number, op in enumerate(ops):
        if op.name not in ("softmax", "log_softmax") or not op.inputs:
            continue
        given, axis = op.inputs[0], axis_of(op)
        if axis is None or given.ndim < 2:
            continue
        last = any(op is end for end in case.chain)
        if last and case.task == "classes" and case.loss_name in ("nll_loss", "cross_entropy", ""):
            wanted = _axis_of_loss(case, op, axis)
            if axis != wanted:
                found = op, wanted, "classes"
        elif axis == 0 and given.shape[0] == rows and given.shape[1] != rows:
            found = op, given.ndim - 1, "samples"
        elif (used := _summed_over(ops[number + 1 :], op.outputs[0])) is not None and used != axis:
            found = op, used, "what is summed over next"
        if found:
            break
    if found is None:
        return None
    op, right, over = found
    axis = axis_of(op)
    sums = (op.outputs[0].exp() if op.name == "log_softmax" else op.outputs[0]).detach().float().sum(right)
    mend: dict[str, Callable[..., Tensor]] = {op.name: _over(op.name, axis, right)}
    return Suspicion(
        "softmax_wrong_axis",
        0.96,
        f"A {op.name} of a tensor of shape {tuple(op.inputs[0].shape)} runs over axis {axis}"
        + (", the batch" if axis == 0 and op.inputs[0].shape[0] == rows else "")
        + f": over axis {right}, {'' if over != 'samples' else 'that of one sample, '}its outputs sum to "
        f"{float(sums.min()):.2g} to {float(sums.max()):.2g}, not to 1.",
        {"axis": int(axis or 0), "axis_wanted": right, "sum_min": float(sums.min()), "sum_max": float(sums.max())},
        f"Give it the axis of the {'classes' if over == 'classes' else 'entries that are to sum to 1'}: dim={right}.",
        case.where_of(op),
        probe=lambda: changed(case, f"with {op.name} over axis {right}", Change(mode=replacing(mend)), enough=0.1),
        consequences=(*STUCK, "samples_mixed_in_batch", "nll_without_log_softmax", "wrong_train_eval_mode"),
        certain=True,
    )


# -- what the judges have in common -----------------------------------------------------------------------------------


def _early(case: Case) -> bool:
    return len(case.losses) < 50


def _lower_end(op: Op | None) -> float | None:
    if op is None:
        return None
    if op.name in ("clamp", "clip", "clamp_"):
        low = op.kwargs.get("min", op.args[1] if len(op.args) > 1 else None)
        return float(low) if isinstance(low, (int, float)) and -1e-3 <= low <= 1e-3 else None
    if op.name == "pow" and len(op.args) > 1 and op.args[1] == 2:
        return 0.0
    return _ONE_SIDED.get(op.name)


def axis_of(op: Op) -> int | None:
    """Return the axis that a softmax normalises over, counted from 0."""
    axis = op.kwargs.get("dim", op.args[1] if len(op.args) > 1 else None)
    dims = op.inputs[0].ndim
    if axis is None:  # what PyTorch takes where none is given
        axis = 0 if dims in (0, 1, 3) else 1
    return int(axis) % dims if isinstance(axis, int) and dims else None


def _axis_of_loss(case: Case, op: Op, axis: int) -> int:
    """Return the axis over which the outputs of the model's last softmax should sum to 1, for what the loss gets to."""
    given, rows = op.inputs[0], given_rows(case)
    if given.ndim == 2:
        return 1
    if rows is None:
        return axis
    if any(bool(((p.sum(1) - 1).abs() < 0.01).all()) for p in (rows, rows.exp())):
        return axis  # it was moved or flattened on its way, and its logarithm taken, it may be
    return given.ndim - 1 if given.shape[-1] == rows.shape[1] and axis != given.ndim - 1 else 1


def _summed_over(ops: list[Op], weights: Tensor) -> int | None:
    """Return the axis of attention weights that is summed over by what uses them next; None where that is unclear.

    Of two factors that are multiplied, one that sums to 1 over that axis is the weights, as those of a mixture.
    """
    entries = weights.ndim
    for op in ops:
        inputs = op.inputs
        if op.name in ("matmul", "bmm", "__matmul__") and len(inputs) == 2 and inputs[0] is weights:
            return weights.ndim - 1
        if inputs and inputs[0] is weights and op.outputs and op.outputs[0].shape == (*weights.shape, 1):
            weights = op.outputs[0]  # each is to weigh a vector
            continue
        if op.name == "einsum" and any(t is weights for t in inputs):
            return _summed_by_einsum(op, weights)
        if op.name in ("dropout",) and inputs and inputs[0] is weights:
            weights = op.outputs[0]
        if op.name in ("mul", "__mul__", "__rmul__") and len(inputs) == 2 and any(t is weights for t in inputs):
            product, dims = op.outputs[0], weights.ndim
            other = inputs[1] if inputs[0] is weights else inputs[0]
            for after in ops:
                if after.name == "sum" and after.inputs and after.inputs[0] is product:
                    axis = after.kwargs.get("dim", after.args[1] if len(after.args) > 1 else None)
                    if not isinstance(axis, int) or product.ndim != dims or _sums_to_one(other, axis):
                        return None
                    return axis % product.ndim if axis % product.ndim < entries else None
            return None
    return None


def _sums_to_one(factor: Tensor, axis: int) -> bool:
    if not -factor.ndim <= axis < factor.ndim:
        return False
    return bool(((factor.detach().float().sum(axis) - 1).abs() < 1e-3).all())


def _summed_by_einsum(op: Op, weights: Tensor) -> int | None:
    """Return the one axis of weights that an einsum sums over; None for none or several."""
    equation = op.args[0] if op.args and isinstance(op.args[0], str) else ""
    given, arrow, wanted = equation.replace(" ", "").partition("->")
    place = next(i for i, tensor in enumerate(op.inputs) if tensor is weights)
    letters = given.split(",")[place] if arrow and place < len(given.split(",")) else ""
    summed = [axis for axis, letter in enumerate(letters) if letter not in wanted]
    return summed[0] if len(letters) == weights.ndim and len(summed) == 1 else None


def _over(name: str, wrong: int | None, right: int) -> Callable[..., Tensor]:
    softmax = F.log_softmax if name == "log_softmax" else F.softmax

    def mended(given: Tensor, dim: int | None = None, *args: object, **kwargs: object) -> Tensor:
        axis = (dim if dim is not None else (0 if given.ndim in (0, 1, 3) else 1)) % given.ndim
        return softmax(given, dim=right if axis == wrong and right < given.ndim else axis)

    return mended


def _logged(name: str) -> Callable[..., Tensor]:
    return lambda given, *args, **kwargs: getattr(F, name)(given.clamp_min(1e-12).log(), *args, **kwargs)


def _normalised(name: str) -> Callable[..., Tensor]:
    return lambda given, *args, **kwargs: getattr(F, name)(given.log_softmax(1), *args, **kwargs)


JUDGES: dict[str, Callable[[Case], Suspicion | None]] = {
    "softmax_before_cross_entropy": softmax_before_cross_entropy,
    "sigmoid_before_logit_loss": sigmoid_before_logit_loss,
    "relu_on_output": relu_on_output,
    "nll_without_log_softmax": nll_without_log_softmax,
    "softmax_wrong_axis": softmax_wrong_axis,
}
