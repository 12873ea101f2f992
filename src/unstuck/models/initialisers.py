"""How large the first weights are."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal, TypeVar

import torch
from torch import Tensor, nn

__all__ = ["RULES", "Rule", "initialise"]

Rule = Literal["he", "xavier", "lecun", "orthogonal"]
Model = TypeVar("Model", bound=nn.Module)

_LAYERS = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)

# Each fills a weight in place.
RULES: dict[Rule, Callable[[Tensor], Tensor]] = {
    "he": lambda weight: nn.init.kaiming_normal_(weight, nonlinearity="relu"),
    "xavier": nn.init.xavier_normal_,
    "lecun": lambda weight: nn.init.kaiming_normal_(weight, nonlinearity="linear"),
    "orthogonal": nn.init.orthogonal_,
}


def initialise(model: Model, rule: Rule | float = "he", gain: float = 1.0) -> Model:
    r"""Draw the weights of all linear and convolutional layers anew, and set their biases to zero.

    With :math:`n` inputs and :math:`m` outputs a unit (for a convolution, times the size of its kernel), the standard
    deviation of a weight is

    =================  ==========================================================================
    ``"lecun"``        :math:`\sqrt{1 / n}`: a linear layer keeps the variance of its inputs
    ``"he"``           :math:`\sqrt{2 / n}`: so does one after a ReLU, which halves the mean square
    ``"xavier"``       :math:`\sqrt{2 / (n + m)}`: a compromise between the way forward and back
    ``"orthogonal"``   that of a random rotation: no direction is stretched at all
    a number           that number, whatever the layer; 0 makes all weights zero
    =================  ==========================================================================

    Normalisation layers, embeddings and recurrent layers are left as they are.

    Parameters
    ----------
    model
        Changed in place; its weights are drawn from PyTorch's global generator, in the order of its modules.
    rule
        One of the above.
    gain
        Multiplies every weight, as 5 / 3 for tanh; at least 0.

    Returns
    -------
    Model
        The same model.

    Raises
    ------
    ValueError
        If there is no such rule, a number is negative or not finite, or the model has no layer to initialise.

    Examples
    --------
    >>> std = initialise(nn.Linear(512, 64), "he").weight.std().item()
    >>> abs(std / (2 / 512) ** 0.5 - 1) < 0.05
    True

    References
    ----------
    X. Glorot and Y. Bengio, "Understanding the difficulty of training deep feedforward neural networks", AISTATS 2010;
    K. He et al., "Delving deep into rectifiers", ICCV 2015; PyTorch's :mod:`torch.nn.init`, which draws the weights.
    Chapter: Models and capacity.
    """
    for name, number in (("rule", rule), ("gain", gain)):
        if not isinstance(number, str) and not 0 <= number < math.inf:
            raise ValueError(f"{name} must be a finite number of at least 0, got {number}")
    if isinstance(rule, str) and rule not in RULES:
        raise ValueError(f"rule must be one of {', '.join(map(repr, RULES))} or a number, got {rule!r}")
    layers = [module for module in model.modules() if isinstance(module, _LAYERS)]
    if not layers:
        raise ValueError(f"{type(model).__name__} has no linear or convolutional layer to initialise")
    with torch.no_grad():
        for layer in layers:
            if isinstance(rule, str):
                RULES[rule](layer.weight)
            else:
                layer.weight.normal_(std=rule)
            layer.weight.mul_(gain)
            if layer.bias is not None:
                layer.bias.zero_()
    return model
