"""The loss receives the wrong thing: an activation too many, one too few, or one over the wrong axis."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from unstuck.doctor.case import Case, Suspicion
from unstuck.doctor.probes import changed, replacing, without_op
from unstuck.doctor.rerun import Change
from unstuck.doctor.watch.tape import Op

__all__ = ["JUDGES", "axis_of"]

_LOGIT_LOSSES = ("binary_cross_entropy_with_logits", "multilabel_soft_margin_loss", "soft_margin_loss")
_NUMBER_LOSSES = ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss")
_SHAPES = frozenset({
    "view", "reshape", "squeeze", "unsqueeze", "flatten", "permute", "transpose", "contiguous", "float", "double", "to",
    "__getitem__", "movedim", "view_as", "reshape_as", "narrow", "select", "clone",
})  # fmt: skip
_ONE_SIDED = {  # what a final activation lets through at the lower end
    "relu": 0.0, "relu_": 0.0, "relu6": 0.0, "clamp_min": 0.0, "softplus": 0.0, "exp": 0.0, "abs": 0.0, "square": 0.0,
    "sigmoid": 0.0, "hardsigmoid": 0.0,
}  # fmt: skip
_STUCK = ("lr_too_low", "lr_too_high", "too_few_steps", "under_capacity", "vanishing_gradients", "overfitting")


def softmax_before_cross_entropy(case: Case) -> Suspicion | None:
    """Suspect probabilities, rows in [0, 1] that sum to one, where cross-entropy expects logits."""
    given = _rows(case)
    if case.loss_name != "cross_entropy" or given is None or given.shape[1] < 2:
        return None
    sums = given.sum(1)
    if not bool((given >= 0).all()) or not float((sums - 1).abs().max()) < 1e-3:
        return None
    op = _activation(case, "softmax")
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
        consequences=_STUCK,
        certain=True,
    )


def sigmoid_before_logit_loss(case: Case) -> Suspicion | None:
    """Suspect a sigmoid's output, in (0, 1), where the loss applies a sigmoid, or a softmax, of its own."""
    op = _activation(case, "sigmoid") or _activation(case, "softmax")
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
        consequences=(*_STUCK, "class_imbalance", "metric_wrong"),
        certain=op is not None,
    )


def relu_on_output(case: Case) -> Suspicion | None:
    """Suspect a one-sided activation that ends the model, where the outputs must be able to go below zero."""
    op = next((op for op in case.chain if op.name not in _SHAPES and op.name != "log_softmax"), None)
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
    elif (case.loss_name in _NUMBER_LOSSES or by_hand) and case.task in ("numbers", "binary"):
        below = float((y.float() < low - 1e-6).float().mean())
        if below < 0.01:  # what cannot go below zero may well be right for what never does
            return None
        why, certain = f"targets of which {below:.0%} lie below {low:g}", True
    else:
        return None
    out = next(iter(op.outputs)).detach().float()
    zero = float((out == low).float().mean())
    evidence: dict[str, float | int] = {"share_at_bound": zero, "output_min": float(out.min())}
    rows = _rows(case)
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
        consequences=(*_STUCK, "dying_relu", "class_imbalance", "targets_not_scaled"),
        certain=certain,
    )


def nll_without_log_softmax(case: Case) -> Suspicion | None:
    """Suspect raw scores or probabilities where the loss expects log-probabilities."""
    if case.loss_name not in ("nll_loss", "kl_div") or not case.given:
        return None
    if case.loss_name == "kl_div" and case.given[-1].ndim != 2:
        return None
    given = _rows(case)
    if given is None or not torch.isfinite(given).all():
        return None
    totals = given.exp().sum(1)
    off = float((totals.log()).abs().median())
    if off < 0.02 or _activation(case, "log_softmax"):  # over which axis is for another judge to say
        return None
    if case.loss_name == "kl_div" and float(given.max()) <= 1e-6:  # logs of something that need not sum to one
        return None
    softmax = _activation(case, "softmax")
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
        consequences=(*_STUCK, "exploding_gradients", "loss_sign_flipped"),
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
        if last and case.task == "classes" and case.loss_name in ("nll_loss", "cross_entropy", "") and axis != 1:
            if not (given.ndim > 2 and axis == given.ndim - 1):  # flattened afterwards
                found = op, 1, "classes"
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
        consequences=(*_STUCK, "samples_mixed_in_batch", "nll_without_log_softmax", "wrong_train_eval_mode"),
        certain=True,
    )


def loss_sign_flipped(case: Case) -> Suspicion | None:
    """Suspect that the loss is maximised: its negative is minimised, or the optimiser maximises."""
    stream = case.stream
    if stream.interleaved or not stream.passes:
        return None
    maximised = stream.optimizer is not None and bool(stream.optimizer.param_groups[0].get("maximize", False))
    last = stream.passes[-1]
    of_data = sum(float(call.output.float().mean()) for call in last.loss_calls)
    negated = bool(last.loss_calls) and of_data > 0 and float(case.losses[-1]) < 0
    negated = negated and abs(float(case.losses[-1]) + of_data) < 0.05 * abs(of_data)
    start, end = case.loss_around(0), case.loss_around(1)
    by_hand = not last.loss_calls and float(case.losses[0]) < 0 and (end < start or not math.isfinite(end))
    if not (maximised or negated or by_hand):
        return None
    if not negated and not _gets_worse(case):
        return None
    found_at = next(
        (op.site for op in reversed(case.pass_ops) if op.name in ("neg", "__neg__", "__rsub__", "mul")), None
    )
    return Suspicion(
        "loss_sign_flipped",
        0.97 if negated or maximised else 0.85,
        f"What backward is called on is negative and falls without a bound, from {start:.3g} to {end:.3g}: the loss is "
        f"maximised, not minimised."
        if not maximised
        else f"The optimiser maximises (maximize=True): the loss goes from {start:.3g} to {end:.3g}.",
        {"loss_start": start, "loss_end": end},
        "Change the sign: minimise the loss, or the negative of what is to be large."
        if not maximised
        else "Remove maximize=True.",
        case.seen.made_at(stream.optimizer) if maximised else (found_at if negated else case.loss_site),
        probe=lambda: changed(
            case,
            "with the sign changed",
            Change(hyper={"maximize": False}) if maximised else Change(loss=lambda outcome: -outcome.loss),
            enough=0.1,
        ),
        consequences=(*_STUCK, "exploding_gradients", "labels_misaligned", "dying_relu", "label_noise"),
        certain=negated or maximised,
    )


def loss_shape_broadcast(case: Case) -> Suspicion | None:
    """Suspect that prediction and target differ in shape, and their difference is taken between all pairs of them."""
    pair: tuple[Tensor, Tensor] | None = None
    name, site = case.loss_name, case.loss_site
    for done in case.stream.passes:
        for call in done.loss_calls:
            if call.name in (*_NUMBER_LOSSES, "binary_cross_entropy_with_logits", "poisson_nll_loss") and _grows(
                call.input, call.target
            ):
                pair, name = (call.input, call.target), call.name
    if pair is None and not case.loss_name and case.rerun is not None:
        program = case.rerun.program
        for op in program.ops:
            inputs = op.inputs
            if len(inputs) == 2 and _grows(*inputs) and sum(id(t) in program.outside for t in inputs) == 1:
                pair, name, site = (inputs[0], inputs[1]), op.name, op.site
                break
    if pair is None:
        return None
    first, second = (tuple(t.shape) for t in pair)
    together = tuple(torch.broadcast_shapes(first, second))  # type: ignore[no-untyped-call]
    mend: dict[str, Callable[..., Tensor]] = {name: _of_one_shape(name, case)}
    return Suspicion(
        "loss_shape_broadcast",
        0.98,
        f"A prediction of shape {first} meets a target of shape {second}: both are broadcast to {together}, and every "
        "prediction is held against every target, so that the best prediction is the targets' mean.",
        {"prediction_numbers": pair[0].numel(), "target_numbers": pair[1].numel(), "compared": math.prod(together)},
        "Give both one shape: prediction.squeeze(1), or target.unsqueeze(1).",
        site,
        probe=lambda: changed(case, "with both of one shape", Change(mode=replacing(mend)), enough=0.1),
        consequences=(*_STUCK, "samples_mixed_in_batch", "labels_misaligned", "targets_not_scaled", "metric_wrong"),
        certain=True,
    )


def label_index_error(case: Case) -> Suspicion | None:
    """Suspect indices that differ by one between training and evaluation, or two classes that share one."""
    y, rows = case.y, _rows(case)
    if case.task != "classes" or y is None or rows is None or case.loss_name not in ("cross_entropy", "nll_loss"):
        return None
    y = y.flatten()
    y = y[y >= 0]
    classes = rows.shape[1]
    if classes < 3 or len(y) < 20 * classes:
        return None
    counts = y.bincount(minlength=classes)
    for evaluated in case.evaluation_sets:
        found = _shifted(evaluated.phases, classes)
        if found is not None:
            shift, plain, shifted = found
            return Suspicion(
                "label_index_error",
                0.95,
                f"The evaluation counts a class as another: its accuracy is {plain:.2f}, and {shifted:.2f} once the "
                f"predicted index is moved by {shift:+d}.",
                {"accuracy": plain, "accuracy_shifted": shifted, "shift": shift},
                "Code the classes from 0 in both: what training was given and what the evaluation compares with "
                "must be the same indices.",
                None,
                consequences=("metric_wrong", "labels_misaligned", "train_test_preprocessing_mismatch"),
                certain=True,
            )
    return _collision(case, counts.tolist())


def _collision(case: Case, counts: list[int]) -> Suspicion | None:
    """Suspect that two classes share an index: one never occurs in training, but does elsewhere or fills another."""
    missing = [c for c, count in enumerate(counts) if not count]
    present = sorted(count for count in counts if count)
    if not missing or len(present) < 2:
        return None
    least = present[0]
    double = [c for c, count in enumerate(counts) if 1.6 * least < count < 2.6 * least]
    # As many classes are twice as frequent as are missing, and the others are all alike.
    filled = len(double) == len(missing) and all(
        count < 1.5 * least for c, count in enumerate(counts) if count and c not in double
    )
    tested = [evaluated.y for evaluated in case.evaluation_sets if evaluated.y is not None]
    elsewhere = 0.0
    for y in tested:
        if not y.is_floating_point() and y.ndim == 1:
            share = y.clamp_min(0).bincount(minlength=len(counts)).float() / len(y)
            elsewhere = max(elsewhere, max(float(share[c]) for c in missing))
    expected = elsewhere > 0.5 / len(counts)
    if not filled and not expected:
        return None
    named = ", ".join(map(str, missing[:5]))
    return Suspicion(
        "label_index_error",
        0.93 if expected else 0.85,
        f"Of {len(counts)} classes the training labels never name {named}"
        + (f", which make up to {elsewhere:.0%} of what is evaluated on" if expected else "")
        + (f", and name {', '.join(map(str, double))} about twice as often as others" if filled else "")
        + ": classes share an index.",
        {
            "classes": len(counts),
            "classes_missing": len(missing),
            "count_largest": present[-1],
            "count_smallest": least,
            "share_in_evaluation": elsewhere,
        },
        "Look at how labels become indices: a shift that is clipped, or names that are cut, put two classes on one.",
        None,
        consequences=("metric_wrong", "class_imbalance", "label_noise", "under_capacity", "overfitting"),
        certain=True,
    )


# -- what the judges have in common -----------------------------------------------------------------------------------


def _rows(case: Case) -> Tensor | None:
    """Return what the loss was given as rows of shape ``(rows, classes)``; None for other shapes."""
    parts = [t for t in case.given if t.ndim >= 2]
    if not parts or len(parts) != len(case.given) or len({t.shape[1] for t in parts}) != 1:
        return None
    return torch.cat([t.movedim(1, -1).flatten(0, -2).float() for t in parts])


def _activation(case: Case, name: str) -> Op | None:
    """Return the activation of that name, if it is the last but for changes of shape."""
    op = next((op for op in case.chain if op.name not in _SHAPES), None)
    return op if op is not None and op.name == name else None


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


def _summed_over(ops: list[Op], weights: Tensor) -> int | None:
    """Return the axis of attention weights that is summed over by what uses them next; None where that is unclear."""
    for op in ops:
        inputs = op.inputs
        if op.name in ("matmul", "bmm", "__matmul__") and len(inputs) == 2 and inputs[0] is weights:
            return weights.ndim - 1
        if op.name in ("dropout",) and inputs and inputs[0] is weights:
            weights = op.outputs[0]
        if op.name in ("mul", "__mul__", "__rmul__") and len(inputs) == 2 and any(t is weights for t in inputs):
            product, dims = op.outputs[0], weights.ndim
            for after in ops:
                if after.name == "sum" and after.inputs and after.inputs[0] is product:
                    axis = after.kwargs.get("dim", after.args[1] if len(after.args) > 1 else None)
                    return int(axis) % product.ndim if isinstance(axis, int) and product.ndim == dims else None
            return None
    return None


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


def _grows(first: Tensor, second: Tensor) -> bool:
    """Whether two tensors broadcast to something larger than either."""
    if first.shape == second.shape:
        return False
    try:
        together = math.prod(torch.broadcast_shapes(first.shape, second.shape))  # type: ignore[no-untyped-call]
    except RuntimeError:
        return False
    return together > max(first.numel(), second.numel())


def _of_one_shape(name: str, case: Case) -> Callable[..., Tensor]:
    function = getattr(F, name, None) or getattr(torch, name.strip("_").replace("rsub", "sub"), None)

    def mended(first: Tensor, second: Tensor, *args: object, **kwargs: object) -> Tensor:
        assert function is not None
        alike = isinstance(first, Tensor) and isinstance(second, Tensor) and first.numel() == second.numel()
        value: Tensor = function(first, second.view_as(first) if alike else second, *args, **kwargs)
        return value

    return mended


def _gets_worse(case: Case) -> bool:
    """Whether the models score worse on what they were trained on than before training."""
    if case.rerun is None:
        return False
    again = case.rerun
    before = case.quietly(lambda: again.scores(again.fresh())[0])
    after = case.scores[0]
    if before is None or after is None:
        return False
    return not after.value >= min(before.value, after.chance) - 1e-9 or not math.isfinite(after.value)


def _shifted(phases: dict[int, list], classes: int) -> tuple[int, float, float] | None:  # type: ignore[type-arg]
    """Return the shift of indices that lifts the accuracy of the last evaluation from next to nothing to a good one."""
    calls = phases[max(phases)]
    outputs = [call.output for call in calls if isinstance(call.output, Tensor) and call.target is not None]
    targets = [call.target for call in calls if isinstance(call.output, Tensor) and call.target is not None]
    if not outputs or any(
        o.ndim != 2 or o.shape[1] != classes or len(o) != len(t) for o, t in zip(outputs, targets, strict=True)
    ):
        return None
    predicted, target = torch.cat(outputs).argmax(1), torch.cat(targets).flatten()
    if target.is_floating_point() or len(target) != len(predicted):
        return None
    plain = float((predicted == target).float().mean())
    for shift in (1, -1):
        shifted = float((predicted + shift == target).float().mean())
        if shifted > 0.5 and plain < 0.3 * shifted:
            return shift, plain, shifted
    return None


JUDGES: dict[str, Callable[[Case], Suspicion | None]] = {
    "softmax_before_cross_entropy": softmax_before_cross_entropy,
    "sigmoid_before_logit_loss": sigmoid_before_logit_loss,
    "relu_on_output": relu_on_output,
    "nll_without_log_softmax": nll_without_log_softmax,
    "softmax_wrong_axis": softmax_wrong_axis,
    "loss_sign_flipped": loss_sign_flipped,
    "loss_shape_broadcast": loss_shape_broadcast,
    "label_index_error": label_index_error,
}
