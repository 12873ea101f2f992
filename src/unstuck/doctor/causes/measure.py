"""What is printed is not what happened: metrics held against what the recorded outputs and targets give."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from torch import Tensor

from unstuck.doctor.case import Case, Suspicion
from unstuck.doctor.causes.accuracy import wrong_accuracy
from unstuck.doctor.causes.leaks import called_a_test, unused_loader
from unstuck.doctor.causes.numbers import r2_of, wrong_error, wrong_r2
from unstuck.doctor.given import given_to, held_out, keys_of
from unstuck.doctor.recording import LossCall
from unstuck.doctor.watch.sites import Site

__all__ = ["JUDGES"]

_ORDERED = frozenset({  # metrics of scikit-learn that are others once their arguments are exchanged
    "r2_score", "explained_variance_score", "precision_score", "recall_score", "balanced_accuracy_score",
    "mean_absolute_percentage_error", "fbeta_score", "average_precision_score", "log_loss", "roc_auc_score",
})  # fmt: skip


def metric_wrong(case: Case) -> Suspicion | None:
    """Tell a printed metric that the outputs and targets of the same evaluation do not give."""
    for judge in (_broadcast, _exchanged, _misprinted, _of_training):
        found = judge(case)
        if found is not None:
            return found
    return None


def _suspicion(
    confidence: float, summary: str, evidence: dict[str, float | int], fix: str, where: Site | None
) -> Suspicion:
    follow = ("loss_sign_flipped",)  # a wrong number may fall as the right one rises
    return Suspicion("metric_wrong", confidence, summary, evidence, fix, where, consequences=follow, certain=True)


def _broadcast(case: Case) -> Suspicion | None:
    """Find an evaluation that compares every output with every target."""
    for evaluated in case.evaluation_sets:
        for calls in evaluated.phases.values():
            for call in calls:
                site = call.spread or (_broadcasts(call.loss) and (call.loss.site or call.site) if call.loss else None)
                if site:
                    samples = len(call.output) if isinstance(call.output, Tensor) else 0
                    return _suspicion(
                        0.95,
                        f"The evaluation compares every output with every target: shapes such as (n, 1) and (n,) "
                        f"broadcast to (n, n), and each of {samples} samples is held against all.",
                        {"samples": samples},
                        "Bring both to one shape first, with squeeze(1) or view_as.",
                        site,
                    )
    return None


def _broadcasts(loss: LossCall) -> bool:
    """Whether a loss between numbers is given as many of both, in shapes that broadcast to more."""
    ours, theirs = loss.input, loss.target
    if ours.shape == theirs.shape or not ours.numel() == theirs.numel() > 1 or not theirs.is_floating_point():
        return False
    return loss.output.ndim == 0 and loss.name in ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss")


def _exchanged(case: Case) -> Suspicion | None:
    """Find metrics of scikit-learn that take the predictions for the targets, or classes for scores."""
    for call in reversed(case.seen.metrics):
        if call.of_model and call.swapped and call.name in _ORDERED:
            other = r2_of(call.second, call.first) if call.name == "r2_score" else None
            said = f" and gives {call.value:.4g}, the other way round {other:.4g}" if other is not None else ""
            return _suspicion(
                0.97,
                f"{call.name} is given the predictions first and the targets second{said}: scikit-learn takes the "
                "targets first.",
                {"printed": call.value} | ({"recomputed": other} if other is not None else {}),
                f"Exchange the arguments: {call.name}(y_true, y_pred).",
                call.site,
            )
        ranked = call.name in ("roc_auc_score", "average_precision_score") and call.of_model and call.second.ndim == 1
        if ranked and len(call.second) > 20 and len(np.unique(call.second)) == 2:
            return _suspicion(
                0.75,
                f"{call.name} is given classes where it ranks scores: {len(call.second)} samples have 2 values.",
                {"values": 2, "samples": len(call.second)},
                "Give it the probabilities, or the logits.",
                call.site,
            )
    return None


def _misprinted(case: Case) -> Suspicion | None:
    """Find a number that is printed as what it is not."""
    for recount in (wrong_accuracy, wrong_r2, wrong_error):
        found = recount(case)
        if found is not None:
            evidence: dict[str, float | int] = {"printed": found.printed, "recomputed": found.right}
            return _suspicion(0.9, found.summary, evidence, found.fix, found.where)
    return None


def _of_training(case: Case) -> Suspicion | None:
    """Find an evaluation of the training set that is called a test, while the loader of another set is never used."""
    left_out = unused_loader(case)
    mine = given_to(case).all_keys
    for evaluated in case.evaluation_sets if left_out is not None and not held_out(case) else ():
        x = evaluated.x
        if x is None or not called_a_test(case, evaluated) or np.isin(keys_of(x), mine).mean() < 0.99:
            continue
        return _suspicion(
            0.9,
            f"What is printed as a test is measured on the training set: all {len(x)} samples were trained on, and the "
            "loader of other samples is never used.",
            {"samples": len(x)},
            "Evaluate on the loader of the held-out samples.",
            evaluated.site,
        )
    return None


JUDGES: dict[str, Callable[[Case], Suspicion | None]] = {"metric_wrong": metric_wrong}
