"""The loss receives the wrong thing."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch

from unstuck.doctor.case import Case, Suspicion
from unstuck.doctor.probes import without_op

__all__ = ["JUDGES"]


def softmax_before_cross_entropy(case: Case) -> Suspicion | None:
    """Probabilities, rows in [0, 1] that sum to one, where cross-entropy expects logits."""
    if case.loss_name != "cross_entropy" or not case.given or case.given[-1].ndim < 2:
        return None
    given = torch.cat([t.movedim(1, -1).flatten(0, -2).float() for t in case.given])
    sums = given.sum(1)
    if given.shape[1] < 2 or not bool((given >= 0).all()) or float((sums - 1).abs().max()) > 1e-3:
        return None
    op = next((op for op in case.chain if op.name in ("softmax", "_softmax")), None)
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
        probe=lambda: without_op(case, op, "the softmax") if op else None,
        consequences=("lr_too_low", "too_few_steps", "under_capacity", "vanishing_gradients"),
        certain=True,
    )


JUDGES: dict[str, Callable[[Case], Suspicion | None]] = {
    "softmax_before_cross_entropy": softmax_before_cross_entropy,
}
