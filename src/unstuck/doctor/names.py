"""The causes that the doctor can name, by slug, each with what is wrong in plain words."""

from __future__ import annotations

__all__ = ["CASES", "CAUSES", "GROUPS", "case_file"]

GROUPS: dict[str, dict[str, str]] = {
    "the loss receives the wrong thing": {
        "softmax_before_cross_entropy": "probabilities go into a loss that expects logits",
        "sigmoid_before_logit_loss": "a sigmoid's output goes into a loss that expects logits",
        "relu_on_output": "a one-sided activation ends the model, so that its outputs cannot go below zero",
        "nll_without_log_softmax": "raw scores or probabilities go into a loss that expects log-probabilities",
        "softmax_wrong_axis": "a softmax normalises over the wrong axis",
        "loss_sign_flipped": "the loss is maximised",
        "loss_shape_broadcast": "the shapes of prediction and target differ, and broadcast",
        "label_index_error": "class indices are off by one, collide, or exceed the model's outputs",
    },
    "data": {
        "labels_misaligned": "inputs and labels are not in the same order",
        "label_noise": "a large share of the labels is wrong",
        "inputs_not_normalised": "the inputs are far from unit scale",
        "targets_not_scaled": "the targets of a regression are far from unit scale",
        "reshape_scrambles_data": "a reshape stands where a permute or a transpose was meant",
        "samples_mixed_in_batch": "one sample's output depends on another's input",
        "no_shuffle": "batches come in the order of their labels",
        "repeated_batch": "the same few batches are fed over and over",
        "class_imbalance": "a rare class is never predicted because of its share",
        "train_test_preprocessing_mismatch": "evaluation inputs are prepared unlike training inputs",
        "train_test_leak": "samples of the evaluation occur in the training set",
        "nonfinite_input": "inputs or targets hold NaN or infinity",
    },
    "optimisation": {
        "lr_too_high": "the learning rate is too high",
        "lr_too_low": "the learning rate is too low",
        "lr_decays_too_fast": "the schedule takes the learning rate to nothing long before the run ends",
        "missing_zero_grad": "gradients pile up from step to step",
        "zero_grad_after_backward": "gradients are cleared before the step uses them",
        "missing_backward": "steps are taken, and nothing is backpropagated",
        "missing_optimizer_step": "gradients are computed, and no step is taken",
        "optimizer_misses_parameters": "parameters that should be trained are not the optimiser's",
        "frozen_parameters": "parameters that must learn are frozen",
        "detached_graph": "something cuts the gradient on its way back",
        "unregistered_parameters": "layers are held where the model does not find their parameters",
        "clip_too_small": "clipping scales nearly every gradient far down",
        "clip_before_unscale": "clipping acts on gradients that are still scaled",
        "weight_decay_too_strong": "the penalty on the weights outweighs the data",
        "momentum_too_high": "the momentum is too high",
    },
    "the model": {
        "zero_or_constant_init": "weights start equal, so that units stay equal",
        "init_too_large": "weights start too large",
        "vanishing_gradients": "early layers receive next to no gradient",
        "exploding_gradients": "gradients grow through depth or time until they overflow",
        "dying_relu": "most units of a layer are zero for every input",
        "under_capacity": "the model is too small for the data",
        "dropout_too_strong": "dropout removes too much",
        "wrong_train_eval_mode": "the model is trained or evaluated in the wrong mode",
        "batch_norm_tiny_batch": "batch statistics are taken over one or two samples",
        "shared_parameters_by_accident": "one module or tensor stands where several were meant",
    },
    "budget and measurement": {
        "too_few_steps": "the loss is still falling when training ends",
        "overfitting": "the evaluation loss rises while the training loss falls",
        "metric_wrong": "the printed metric is not what a recomputation gives",
        "loss_scale_wrong": "losses are averaged or summed inconsistently",
    },
}

CAUSES: dict[str, str] = {slug: title for group in GROUPS.values() for slug, title in group.items()}

# Those that the book tells the story of.
CASES = (
    "softmax_before_cross_entropy",
    "loss_shape_broadcast",
    "missing_zero_grad",
    "optimizer_misses_parameters",
    "detached_graph",
    "lr_too_high",
    "lr_too_low",
    "lr_decays_too_fast",
    "weight_decay_too_strong",
    "labels_misaligned",
    "inputs_not_normalised",
    "train_test_preprocessing_mismatch",
    "class_imbalance",
    "vanishing_gradients",
    "wrong_train_eval_mode",
    "overfitting",
    "metric_wrong",
)


def case_file(cause: str) -> str | None:
    """Return the page of the book on a cause.

    Parameters
    ----------
    cause
        One of :data:`CAUSES`.

    Returns
    -------
    str or None
        Without its suffix, below the folder of the book; None where there is none.

    Examples
    --------
    >>> case_file("lr_too_low")
    'cases/lr-too-low'
    >>> case_file("init_too_large") is None
    True
    """
    return f"cases/{cause.replace('_', '-')}" if cause in CASES else None
