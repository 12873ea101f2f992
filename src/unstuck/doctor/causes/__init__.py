"""What the doctor can accuse a run of: one function a cause, in the order in which they are asked.

A judge looks at a :class:`~unstuck.doctor.case.Case` and returns a :class:`~unstuck.doctor.case.Suspicion`, or None.
Each module has its judges in a dict ``JUDGES``, by slug.
What is certain from the first steps on comes before what is a matter of degree, and what lies upstream before what
follows from it: :data:`ORDER` is that order, and of two causes that fit equally well the first is named first.
"""

from __future__ import annotations

from collections.abc import Callable

from unstuck.doctor.case import Case, Suspicion
from unstuck.doctor.causes import (
    activations,
    budget,
    data,
    gradients,
    holding,
    model,
    proportions,
    rates,
    sign,
    targets,
)

__all__ = ["DEGREES", "JUDGES", "ORDER", "Judge"]

Judge = Callable[[Case], Suspicion | None]

ORDER = [
    "nonfinite_input",
    "missing_backward",
    "missing_optimizer_step",
    "zero_grad_after_backward",
    "missing_zero_grad",
    "detached_graph",
    "optimizer_misses_parameters",
    "unregistered_parameters",
    "frozen_parameters",
    "softmax_before_cross_entropy",
    "sigmoid_before_logit_loss",
    "nll_without_log_softmax",
    "softmax_wrong_axis",
    "loss_sign_flipped",
    "loss_shape_broadcast",
    "label_index_error",
    "relu_on_output",
    "clip_before_unscale",
    "reshape_scrambles_data",
    "samples_mixed_in_batch",
    "shared_parameters_by_accident",
    "wrong_train_eval_mode",
    "batch_norm_tiny_batch",
    "labels_misaligned",
    "train_test_preprocessing_mismatch",
    "train_test_leak",
    "no_shuffle",
    "repeated_batch",
    "metric_wrong",
    "loss_scale_wrong",
    "inputs_not_normalised",
    "targets_not_scaled",
    "zero_or_constant_init",
    "init_too_large",
    "clip_too_small",
    "weight_decay_too_strong",
    "momentum_too_high",
    "lr_decays_too_fast",
    "lr_too_high",
    "lr_too_low",
    "label_noise",
    "class_imbalance",
    "exploding_gradients",
    "vanishing_gradients",
    "dying_relu",
    "dropout_too_strong",
    "overfitting",
    "under_capacity",
    "too_few_steps",
]

DEGREES = frozenset(ORDER[ORDER.index("inputs_not_normalised") :])
"""The causes that are a matter of degree, and are judged by what the run does with something changed."""

_JUDGES: dict[str, Judge] = {
    **gradients.JUDGES,
    **holding.JUDGES,
    **activations.JUDGES,
    **sign.JUDGES,
    **targets.JUDGES,
    **data.JUDGES,
    **rates.JUDGES,
    **proportions.JUDGES,
    **model.JUDGES,
    **budget.JUDGES,
}

JUDGES: dict[str, Judge] = {slug: _JUDGES[slug] for slug in ORDER if slug in _JUDGES}
