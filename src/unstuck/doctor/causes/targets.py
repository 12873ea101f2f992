"""The loss is held against the wrong thing: the target's shape, or the indices of the classes."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from unstuck.doctor.case import Case, Suspicion
from unstuck.doctor.causes.outputs import STUCK, given_rows
from unstuck.doctor.probes import changed, replacing
from unstuck.doctor.recording import ModelCall
from unstuck.doctor.rerun import Change
from unstuck.doctor.watch.losses import NUMBER_LOSSES
from unstuck.doctor.watch.tape import Op, producers_of

__all__ = ["JUDGES"]

_BY_ELEMENT = frozenset({
    "sub", "rsub", "subtract", "add", "radd", "mul", "rmul", "multiply", "div", "truediv", "rtruediv", "divide",
    "dist", "maximum", "minimum", "where",
})  # fmt: skip


def loss_shape_broadcast(case: Case) -> Suspicion | None:
    """Suspect that prediction and target differ in shape, and their difference is taken between all pairs of them."""
    pair: tuple[Tensor, Tensor] | None = None
    name, site = case.loss_name, case.loss_site
    for done in case.stream.passes:
        for call in done.loss_calls:
            if call.name in (*NUMBER_LOSSES, "binary_cross_entropy_with_logits", "poisson_nll_loss") and _grows(
                call.input, call.target
            ):
                pair, name = (call.input, call.target), call.name
    if pair is None and case.rerun is not None:
        program = case.rerun.program
        for op in program.ops:
            inputs = op.inputs
            by_element = op.name.strip("_") in _BY_ELEMENT and len(inputs) == 2
            if not by_element or not _grows(*inputs):
                continue
            if sum(id(t) in program.outside for t in inputs) == 1 or _by_mistake(inputs, producers_of(program.ops)):
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
        consequences=(*STUCK, "samples_mixed_in_batch", "labels_misaligned", "targets_not_scaled", "metric_wrong"),
        certain=True,
    )


_VIEWS = frozenset({
    "unsqueeze", "__getitem__", "view", "reshape", "expand", "t", "T", "mT", "transpose", "permute", "squeeze",
    "flatten",
})  # fmt: skip


def _by_mistake(inputs: list[Tensor], producers: dict[int, Op]) -> bool:
    """Whether a column, which was not made one on purpose, meets numbers that are not its own."""
    column, row = sorted(inputs, key=lambda t: -t.ndim)
    if column.ndim != 2 or row.ndim != 1 or column.shape[1] != 1:
        return False
    made = producers.get(id(column))
    return (made is None or made.name not in _VIEWS) and _source(column, producers) != _source(row, producers)


def _source(tensor: Tensor, producers: dict[int, Op]) -> int:
    """Return the id of the tensor that another one shows in another shape."""
    while (op := producers.get(id(tensor))) is not None and op.name in _VIEWS and op.inputs:
        tensor = op.inputs[0]
    return id(tensor)


def label_index_error(case: Case) -> Suspicion | None:
    """Suspect indices that differ by one between training and evaluation, or two classes that share one."""
    outside = _blank(case) or _beyond(case)
    if outside is not None:
        return outside
    y, rows = case.y, given_rows(case)
    if case.task != "classes" or y is None or rows is None or case.loss_name not in ("cross_entropy", "nll_loss"):
        return None
    y = torch.cat([target.flatten() for target in case.targets])  # of all passes: classes may come one after another
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


def _blank(case: Case) -> Suspicion | None:
    """Find a symbol that has the index which CTC keeps for no symbol at all."""
    symbols = blanks = index = 0
    for done in case.stream.passes:
        for call in done.loss_calls:
            if call.name == "ctc_loss" and call.target.numel() and "target_lengths" in call.kwargs:
                index = int(call.kwargs.get("blank", 0))
                told = _symbols(call.target, call.kwargs.get("target_lengths"))
                symbols, blanks = symbols + told.numel(), blanks + int((told == index).sum())
    if not blanks:
        return None
    return Suspicion(
        "label_index_error",
        0.95,
        f"{blanks / symbols:.0%} of the symbols in the targets have the index {index}, which CTC keeps for the blank: "
        "they can never be read.",
        {"share": blanks / symbols, "blank": index},
        "Count the symbols from 1, and leave 0 to the blank; give the model one output more than there are symbols.",
        None,
        consequences=("metric_wrong", "labels_misaligned", "under_capacity", "label_noise"),
        certain=True,
    )


def _symbols(target: Tensor, lengths: object) -> Tensor:
    """Return the symbols of targets without what fills them up."""
    if target.ndim != 2 or lengths is None:
        return target.flatten()
    sizes = torch.as_tensor(lengths).flatten()
    return torch.cat([row[: int(size)] for row, size in zip(target.cpu(), sizes, strict=False)])


def _beyond(case: Case) -> Suspicion | None:
    """Suspect classes that an evaluation names and the model has no output for."""
    if case.loss_name.startswith("binary_cross_entropy") or case.task == "unknown":
        return None  # thresholds between ranks, say, of which there is one less; or outputs that are no classes' scores
    if not case.loss_name and case.rerun is not None and not case.rerun.program.of_classes:
        return None  # places in a space of few dimensions, by whose distances a class is told
    for evaluated in case.evaluation_sets:
        for call in next(reversed(evaluated.phases.values())):
            out, y = call.output, call.target
            if not isinstance(out, Tensor) or y is None or out.ndim != 2 or out.shape[1] < 3 or not y.numel():
                continue
            if y.is_floating_point() or y.shape != out.shape[:1] or int(y.max()) < out.shape[1]:
                continue
            share = float((y >= out.shape[1]).float().mean())
            return Suspicion(
                "label_index_error",
                0.95,
                f"The model has {out.shape[1]} outputs, and the labels of the evaluation go up to {int(y.max())}: "
                f"{share:.0%} of the samples are of a class that it cannot name.",
                {"classes": out.shape[1], "target_max": int(y.max()), "share": share},
                "Code the classes from 0, and give the model one output more than the highest index.",
                None,
                consequences=("metric_wrong", "labels_misaligned", "under_capacity", "label_noise"),
                certain=True,
            )
    return None


def _collision(case: Case, counts: list[int]) -> Suspicion | None:
    """Suspect that two classes share an index: one never occurs in training, but does elsewhere or fills another."""
    missing = [c for c, count in enumerate(counts) if not count]
    present = sorted(count for count in counts if count)
    if not missing or len(present) < 2:
        return None
    usual = statistics.median(present)
    double = [c for c, count in enumerate(counts) if count > 1.6 * usual]
    taken = sum(round(counts[c] / usual) - 1 for c in double)
    # As many classes fill others up as are missing, each by once as many more, and the others are all alike.
    # Classes of samples, that is: symbols of a sequence are of any frequency.
    of_samples = bool(case.inputs) and case.targets[-1].shape == case.inputs[-1].shape[:1]
    even = all(0.6 * usual < count < 1.5 * usual for c, count in enumerate(counts) if count and c not in double)
    filled = of_samples and even and taken == len(missing)
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
        + (f", and name {', '.join(map(str, double))} several times as often as others" if filled else "")
        + ": classes share an index.",
        {
            "classes": len(counts),
            "classes_missing": len(missing),
            "count_largest": present[-1],
            "count_usual": usual,
            "share_in_evaluation": elsewhere,
        },
        "Look at how labels become indices: a shift that is clipped, or names that are cut, put two classes on one.",
        None,
        consequences=("metric_wrong", "class_imbalance", "label_noise", "under_capacity", "overfitting"),
        certain=True,
    )


# -- what the judges have in common -----------------------------------------------------------------------------------


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


def _shifted(phases: dict[int, list[ModelCall]], classes: int) -> tuple[int, float, float] | None:
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
    "loss_shape_broadcast": loss_shape_broadcast,
    "label_index_error": label_index_error,
}
