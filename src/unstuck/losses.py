"""Loss functions, written out: each a pure function of predictions and targets.

The classification losses take *logits*, the raw outputs of a network, of any finite size: nothing here overflows for
``|logit|`` up to 1e4 and far beyond.
Every function equals its namesake in :mod:`torch.nn.functional` in value and gradient; the tests hold it there.
Shapes are compared before anything is computed, so that a target that would broadcast is an error and not a number.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

Reduction = Literal["mean", "sum", "none"]

__all__ = [
    "binary_cross_entropy",
    "cross_entropy",
    "hinge",
    "huber",
    "log_softmax",
    "log_sum_exp",
    "mse",
]


def log_sum_exp(logits: Tensor) -> Tensor:
    r"""Compute :math:`\ln \sum_c e^{z_c}` over the last axis without overflow.

    The largest logit is taken out of the sum first: :math:`m + \ln \sum_c e^{z_c - m}` with :math:`m = \max_c z_c`.
    Its gradient is the softmax of the logits.

    Parameters
    ----------
    logits
        Shape ``(..., classes)``.

    Returns
    -------
    Tensor
        Shape ``(...)``.

    Examples
    --------
    >>> log_sum_exp(torch.tensor([1000.0, 1000.0]))
    tensor(1000.6932)

    References
    ----------
    Blanchard, Higham and Higham (2021), "Accurately computing the log-sum-exp and softmax functions".
    Chapter: Loss functions.
    """
    largest = logits.detach().amax(dim=-1, keepdim=True)
    return largest.squeeze(-1) + (logits - largest).exp().sum(dim=-1).log()


def log_softmax(logits: Tensor) -> Tensor:
    r"""Return the logarithm of the softmax over the last axis, :math:`z_c - \ln \sum_k e^{z_k}`.

    Parameters
    ----------
    logits
        Shape ``(..., classes)``.

    Returns
    -------
    Tensor
        Log-probabilities, shape ``(..., classes)``.

    Examples
    --------
    >>> log_softmax(torch.zeros(1, 4)).exp()
    tensor([[0.2500, 0.2500, 0.2500, 0.2500]])

    References
    ----------
    Chapter: Loss functions.
    """
    return logits - log_sum_exp(logits).unsqueeze(-1)


def cross_entropy(
    logits: Tensor,
    target: Tensor,
    *,
    weight: Tensor | None = None,
    label_smoothing: float = 0.0,
    reduction: Reduction = "mean",
) -> Tensor:
    r"""Charge the negative log-probability of the right class, or its mean under a distribution over the classes.

    .. math::

        \ell(z, y) = \ln \sum_c e^{z_c} - z_y, \qquad
        \frac{\partial \ell}{\partial z_c} = p_c - [c = y], \qquad p = \operatorname{softmax}(z).

    A target :math:`q` that is a distribution costs :math:`-\sum_c q_c \ln p_c`, with the gradient :math:`p - q`.
    Smoothing :math:`\varepsilon` makes :math:`(1 - \varepsilon) q_c + \varepsilon / C` of it, where
    :math:`q_c = [c = y]` for an index.
    With class weights :math:`w` the loss is :math:`-\sum_c w_c q_c \ln p_c`; its mean is taken over
    :math:`\sum_i w_{y_i}` for indices, and over the number of samples for distributions.

    Parameters
    ----------
    logits
        Raw scores, shape ``(batch, classes)``.
        Not probabilities: see the chapter for the floor that a softmax in front of this loss builds in.
    target
        Class indices from 0 to ``classes - 1``, an integer tensor of shape ``(batch,)``; or probabilities, a floating
        tensor of shape ``(batch, classes)``, as mixup and distillation make them.
        That no probability is negative and that each row sums to one is not checked.
    weight
        One weight a class, shape ``(classes,)``; all ones if left out.
    label_smoothing
        The share :math:`\varepsilon` of the belief that is spread evenly over all classes, from 0 to 1.
    reduction
        ``"mean"``, ``"sum"`` or ``"none"`` (one loss a sample).

    Returns
    -------
    Tensor
        A scalar, or shape ``(batch,)`` with ``reduction="none"``; in nats.

    Raises
    ------
    ValueError
        If the shapes do not belong together, or a setting is out of range.
    TypeError
        If `target` holds neither integers nor rows of probabilities.

    Examples
    --------
    >>> cross_entropy(torch.zeros(2, 10), torch.tensor([3, 7]))  # ln 10
    tensor(2.3026)
    >>> cross_entropy(torch.tensor([[2.0, 0.0]]), torch.tensor([[0.5, 0.5]]))  # both classes' costs, averaged
    tensor(1.1269)

    References
    ----------
    Equal to :func:`torch.nn.functional.cross_entropy`.
    Szegedy et al. (2016), "Rethinking the Inception architecture", for label smoothing.
    Chapter: Loss functions.
    """
    soft = target.is_floating_point() and target.ndim == 2
    if not soft:
        _check_classes("cross_entropy", logits, target)
    elif logits.shape != target.shape:
        raise ValueError(
            f"cross_entropy takes logits and probabilities of one shape, (batch, classes); "
            f"got {tuple(logits.shape)} and {tuple(target.shape)}"
        )
    classes = logits.shape[-1]
    if not 0.0 <= label_smoothing <= 1.0:
        raise ValueError(f"label_smoothing must lie between 0 and 1, got {label_smoothing}")
    if weight is not None and weight.shape != (classes,):
        raise ValueError(f"weight must have shape ({classes},), one number a class, got {tuple(weight.shape)}")
    costs = -log_softmax(logits)  # (batch, classes): what each class would have cost, had it been the right one
    if weight is not None:
        costs = costs * weight
    if soft:  # an infinite cost times a share of zero would not be zero
        losses = (target * costs.masked_fill((target == 0) & costs.isinf(), 0.0)).sum(dim=1)
    else:
        losses = costs.gather(1, target.unsqueeze(1)).squeeze(1)
    if label_smoothing:  # added to the losses and not to the target, for the same reason
        losses = (1 - label_smoothing) * losses + label_smoothing * costs.mean(dim=1)
    if reduction == "mean" and weight is not None and not soft:
        return losses.sum() / weight.gather(0, target).sum()
    return _reduce(losses, reduction)


def binary_cross_entropy(
    logits: Tensor, target: Tensor, *, pos_weight: Tensor | None = None, reduction: Reduction = "mean"
) -> Tensor:
    r"""Charge the negative log-probability of a yes-or-no answer, on logits.

    .. math::

        \ell(z, t) = \ln(1 + e^{z}) - t z, \qquad
        \frac{\partial \ell}{\partial z} = \sigma(z) - t, \qquad \sigma(z) = \frac{1}{1 + e^{-z}}.

    Parameters
    ----------
    logits
        Raw scores, any shape.
        Not a sigmoid's output.
    target
        Probabilities from 0 to 1, most often exactly 0 or 1; a floating tensor of the shape of `logits`.
    pos_weight
        Multiplies the loss of the positive answers; broadcasts against `logits`.
    reduction
        ``"mean"``, ``"sum"`` or ``"none"``.

    Returns
    -------
    Tensor
        A scalar, or the shape of `logits` with ``reduction="none"``; in nats.

    Raises
    ------
    ValueError
        If the shapes differ, even where they would broadcast.
    TypeError
        If `target` holds integers.

    Examples
    --------
    >>> binary_cross_entropy(torch.tensor([0.0, 1e4]), torch.tensor([1.0, 1.0]), reduction="none")
    tensor([0.6931, 0.0000])

    References
    ----------
    Equal to :func:`torch.nn.functional.binary_cross_entropy_with_logits`.
    Chapter: Loss functions.
    """
    _check_same("binary_cross_entropy", logits, target)
    zero = torch.zeros_like(logits)
    cost_of_no = torch.logaddexp(logits, zero)  # -ln(1 - sigma(z)): log-sum-exp of two logits, z and 0
    cost_of_yes = torch.logaddexp(-logits, zero)  # -ln sigma(z)
    if pos_weight is not None:
        cost_of_yes = pos_weight * cost_of_yes
    return _reduce(target * cost_of_yes + (1 - target) * cost_of_no, reduction)


def hinge(logits: Tensor, target: Tensor, *, margin: float = 1.0, reduction: Reduction = "mean") -> Tensor:
    r"""Charge every wrong class that comes within a margin of the right one.

    .. math::

        \ell(z, y) = \frac{1}{C} \sum_{c \ne y} \max(0,\, m - z_y + z_c), \qquad
        \frac{\partial \ell}{\partial z_c} = \frac{1}{C} \begin{cases}
            [z_c > z_y - m] & c \ne y, \\
            -\#\{k \ne y : z_k > z_y - m\} & c = y.
        \end{cases}

    Parameters
    ----------
    logits
        Raw scores, shape ``(batch, classes)``.
    target
        Class indices, an integer tensor of shape ``(batch,)``.
    margin
        The lead :math:`m > 0` that the right class must have, in units of the logits.
    reduction
        ``"mean"``, ``"sum"`` or ``"none"``.

    Returns
    -------
    Tensor
        A scalar, or shape ``(batch,)`` with ``reduction="none"``.

    Raises
    ------
    ValueError
        If the shapes do not belong together, or `margin` is not positive.
    TypeError
        If `target` does not hold integers.

    Examples
    --------
    >>> hinge(torch.tensor([[2.0, 0.0, 1.5]]), torch.tensor([0]))  # only class 2 is too close: 0.5 / 3
    tensor(0.1667)

    References
    ----------
    Equal to :func:`torch.nn.functional.multi_margin_loss`.
    Crammer and Singer (2001) for the multi-class margin; theirs takes the largest term, this one the sum.
    Chapter: Loss functions.
    """
    _check_classes("hinge", logits, target)
    if not margin > 0:
        raise ValueError(f"margin must be positive, got {margin}")
    index = target.unsqueeze(1)
    violation = (margin - logits.gather(1, index) + logits).clamp(min=0)
    violation = violation.scatter(1, index, 0.0)  # the right class does not compete with itself
    return _reduce(violation.sum(dim=1) / logits.shape[1], reduction)


def mse(prediction: Tensor, target: Tensor, *, reduction: Reduction = "mean") -> Tensor:
    r"""Charge the square of the error.

    .. math::

        \ell(\hat y, y) = (\hat y - y)^2, \qquad \frac{\partial \ell}{\partial \hat y} = 2 (\hat y - y).

    Parameters
    ----------
    prediction, target
        Floating tensors of the same shape, in the units of the quantity that is predicted.
    reduction
        ``"mean"`` (over all elements), ``"sum"`` or ``"none"``.

    Returns
    -------
    Tensor
        A scalar, or the shape of `prediction` with ``reduction="none"``; in squared units.

    Raises
    ------
    ValueError
        If the shapes differ, even where they would broadcast.
    TypeError
        If `target` holds integers.

    Examples
    --------
    >>> mse(torch.tensor([1.0, 4.0]), torch.tensor([1.0, 1.0]))
    tensor(4.5000)

    References
    ----------
    Equal to :func:`torch.nn.functional.mse_loss`.
    Chapter: Loss functions.
    """
    _check_same("mse", prediction, target)
    return _reduce((prediction - target).square(), reduction)


def huber(prediction: Tensor, target: Tensor, *, delta: float = 1.0, reduction: Reduction = "mean") -> Tensor:
    r"""Charge the square of a small error and the size of a large one.

    .. math::

        \ell(\hat y, y) = \begin{cases} \frac12 e^2 & |e| \le \delta, \\ \delta (|e| - \frac12 \delta) & |e| > \delta,
        \end{cases} \qquad
        \frac{\partial \ell}{\partial \hat y} = \max(-\delta, \min(\delta, e)), \qquad e = \hat y - y.

    Parameters
    ----------
    prediction, target
        Floating tensors of the same shape, in the units of the quantity that is predicted.
    delta
        The error :math:`\delta > 0` from which on the loss grows in a straight line, in the same units.
    reduction
        ``"mean"`` (over all elements), ``"sum"`` or ``"none"``.

    Returns
    -------
    Tensor
        A scalar, or the shape of `prediction` with ``reduction="none"``.

    Raises
    ------
    ValueError
        If the shapes differ, even where they would broadcast, or `delta` is not positive.
    TypeError
        If `target` holds integers.

    Examples
    --------
    >>> huber(torch.tensor([0.5, 10.0]), torch.tensor([0.0, 0.0]), reduction="none")
    tensor([0.1250, 9.5000])

    References
    ----------
    Equal to :func:`torch.nn.functional.huber_loss`.
    Huber (1964), "Robust estimation of a location parameter".
    Chapter: Loss functions.
    """
    _check_same("huber", prediction, target)
    if not delta > 0:
        raise ValueError(f"delta must be positive, got {delta}")
    error = prediction - target
    size = error.abs()
    return _reduce(torch.where(size <= delta, 0.5 * error.square(), delta * (size - 0.5 * delta)), reduction)


def _reduce(losses: Tensor, reduction: Reduction) -> Tensor:
    if reduction == "mean":
        return losses.mean()
    if reduction == "sum":
        return losses.sum()
    if reduction == "none":
        return losses
    raise ValueError(f"reduction must be 'mean', 'sum' or 'none', got {reduction!r}")


def _check_classes(name: str, logits: Tensor, target: Tensor) -> None:
    if target.dtype not in (torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8):
        raise TypeError(f"{name} takes class indices, an integer tensor, as target; got {target.dtype}")
    if logits.ndim != 2 or target.shape != logits.shape[:1]:
        raise ValueError(
            f"{name} takes logits of shape (batch, classes) and a target of shape (batch,); "
            f"got {tuple(logits.shape)} and {tuple(target.shape)}"
        )


def _check_same(name: str, prediction: Tensor, target: Tensor) -> None:
    if not target.is_floating_point():
        raise TypeError(f"{name} takes a floating tensor as target; got {target.dtype}")
    if prediction.shape != target.shape:
        raise ValueError(
            f"{name} takes a prediction and a target of the same shape; got {tuple(prediction.shape)} and "
            f"{tuple(target.shape)}, which would broadcast or fail"
        )
