"""What the messages of other tools mean in our causes, generously.

Every cause by which a message explains itself, or against which it advises, counts as named by it, and one kind of
message counts as one finding, of however many layers it is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

# A model called from outside its script with one batch may be called wrongly: no tool is blamed for that.
SPARED = ("forward: ", "loss: computing the loss raised")


def translated(tool: str, messages: Sequence[str]) -> list[dict[str, Any]]:
    """Return the messages of a tool as findings, a kind once, in its own order; "other" is none of our causes."""
    found: dict[str, dict[str, Any]] = {}
    for message in messages:
        if message.startswith(SPARED):
            continue
        kind = next((words for words in WORDS[tool] if words in message), message)
        first, *also = WORDS[tool].get(kind, ("other",))
        finding = {
            "cause": first,
            "also": also,
            "message": message,
            "confidence": 1.0,
            "where": None,
            "confirmed": None,
        }
        found.setdefault(kind, finding)
    return list(found.values())


# By tool, words of a message, and the causes that it names.
WORDS: dict[str, dict[str, tuple[str, ...]]] = {
    "torchmortem": {
        "Gradient starvation": ("vanishing_gradients", "dying_relu", "zero_or_constant_init", "init_too_large"),
        "Instability feedback loop": ("exploding_gradients", "lr_too_high", "init_too_large"),
        "Representation bottleneck": ("under_capacity", "weight_decay_too_strong"),
        "curvature": ("lr_too_high",),
        "Dead units": ("dying_relu", "lr_too_high", "init_too_large", "zero_or_constant_init"),
        "Vanishing gradients": ("vanishing_gradients",),
        "Exploding gradients": ("exploding_gradients", "lr_too_high", "init_too_large"),
        "Gradient stalling": ("vanishing_gradients", "dying_relu", "zero_or_constant_init"),
        "Activation saturation": ("vanishing_gradients", "init_too_large", "lr_too_high"),
        "Update ratio too low": ("lr_too_low", "vanishing_gradients"),
        "Update ratio too high": ("lr_too_high",),
        "High gradient noise": ("lr_too_high", "batch_norm_tiny_batch"),
        "Weight norm explosion": ("exploding_gradients", "lr_too_high"),
        "Stagnant weight norms": (
            "vanishing_gradients",
            "lr_too_low",
            "detached_graph",
            "frozen_parameters",
            "missing_optimizer_step",
        ),
        "weight norm imbalance": ("init_too_large",),
        "Training divergence": ("lr_too_high", "exploding_gradients", "nonfinite_input", "loss_sign_flipped"),
        "Loss plateau": ("lr_too_low", "lr_decays_too_fast"),
        "Rank collapse": ("weight_decay_too_strong", "dropout_too_strong", "lr_too_high", "under_capacity"),
    },
    "gradsnitch": {
        "Loss became NaN/Inf": ("lr_too_high", "exploding_gradients", "nonfinite_input"),
        "Gradient norm exploded": ("exploding_gradients", "lr_too_high", "nonfinite_input"),
        "Gradient-norm spike": ("lr_too_high", "exploding_gradients"),
        "overfitting": ("overfitting",),
        "Loss plateau": (
            "lr_too_low",
            "zero_or_constant_init",
            "dying_relu",
            "frozen_parameters",
            "labels_misaligned",
            "label_noise",
            "missing_optimizer_step",
            "missing_backward",
        ),
        "Loss divergence": ("lr_too_high", "exploding_gradients", "loss_sign_flipped"),
        "Vanishing gradients": ("vanishing_gradients", "dying_relu", "lr_too_low"),
        "LR too high": ("lr_too_high",),
        "LR too low": ("lr_too_low", "frozen_parameters"),
        "Loss oscillation": ("lr_too_high", "momentum_too_high"),
        "LR schedule collapsed early": ("lr_decays_too_fast",),
    },
    "neuraldbg": {
        "gradient_health_transition: vanishing": ("vanishing_gradients",),
        "gradient_health_transition: exploding": ("exploding_gradients", "lr_too_high", "init_too_large"),
        "gradient_health_transition: saturated": ("vanishing_gradients",),
        "activation_regime_shift: dead": ("dying_relu",),
        "activation_regime_shift: saturated": ("vanishing_gradients", "init_too_large"),
        "activation_regime_shift: anomalous": ("nonfinite_input", "exploding_gradients"),
        "optimizer_instability: loss_plateau": ("lr_too_low", "lr_decays_too_fast"),
        "optimizer_instability: loss_spike": ("lr_too_high",),
        "optimizer_instability: diverging": ("lr_too_high", "exploding_gradients"),
        "data_anomaly: nan_detected": ("nonfinite_input",),
        "data_anomaly: inf_detected": ("nonfinite_input",),
        "data_anomaly: distribution_shift": ("inputs_not_normalised", "no_shuffle"),
    },
    "torch-audit": {
        "TA100": ("nonfinite_input", "exploding_gradients", "lr_too_high", "init_too_large"),
        "TA102": ("exploding_gradients", "lr_too_high"),
        "TA104": ("missing_backward", "frozen_parameters", "detached_graph"),
        "TA105": ("dying_relu", "zero_or_constant_init", "lr_too_high"),
        "TA301": ("inputs_not_normalised",),
        "TA302": ("inputs_not_normalised",),
        "TA303": ("reshape_scrambles_data",),
        "TA304": ("batch_norm_tiny_batch",),
        "TA305": ("label_index_error", "nonfinite_input"),
        "TA401": ("weight_decay_too_strong",),
        "TA402": ("weight_decay_too_strong",),
        "TA403": ("weight_decay_too_strong",),
        "TA405": ("zero_or_constant_init",),
        "TA500": ("unregistered_parameters",),
        "TA501": ("shared_parameters_by_accident",),
    },
    "torchtest2": {
        "output_finite": ("nonfinite_input",),
        "eval_determinism": ("wrong_train_eval_mode",),
        "initial_loss": ("softmax_before_cross_entropy", "init_too_large"),
        "optimizer_coverage": ("optimizer_misses_parameters", "unregistered_parameters"),
        "gradient_flow": ("detached_graph", "dying_relu", "zero_or_constant_init", "vanishing_gradients"),
        "gradient_magnitude": ("exploding_gradients", "init_too_large", "nonfinite_input"),
        "params_change": ("detached_graph", "optimizer_misses_parameters", "frozen_parameters"),
        "frozen_params": ("frozen_parameters",),
        "input_dependency": ("detached_graph", "shared_parameters_by_accident"),
        "batch_independence": ("samples_mixed_in_batch", "reshape_scrambles_data", "softmax_wrong_axis"),
        "overfit_batch": (
            "lr_too_low",
            "lr_too_high",
            "under_capacity",
            "softmax_before_cross_entropy",
            "sigmoid_before_logit_loss",
            "relu_on_output",
            "loss_shape_broadcast",
            "nll_without_log_softmax",
            "loss_sign_flipped",
        ),
        "loss:": ("detached_graph", "nonfinite_input"),
    },
    "torchdiag": {
        "no parameters changed": ("missing_optimizer_step", "lr_too_low", "optimizer_misses_parameters"),
        "gradients: EXPLODE": ("exploding_gradients",),
        "gradients: VANISH": ("vanishing_gradients",),
        "gradients: no_grad": ("detached_graph",),
        "dead neurons": ("dying_relu", "lr_too_high", "init_too_large", "inputs_not_normalised"),
    },
    "mldoct": {
        "without 'optimizer.zero_grad()'": ("missing_zero_grad",),
        "Double Softmax": ("softmax_before_cross_entropy",),
        "model.eval() was not called": ("wrong_train_eval_mode",),
    },
}
