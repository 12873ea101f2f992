"""What keeps a network from learning its training set by heart: penalties, dropout, and softer targets.

Penalties are functions of the parameters that :func:`~unstuck.loop.fit` adds to what is minimised
(``penalty=partial(l2, strength=1e-3)``), and mixup changes the batches (``transform=partial(mixup, ...)``).
Nothing here looks at a number to decide what to do, so that all of it works inside :func:`torch.func.vmap`, where each
tensor is one run's.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

__all__ = ["Dropout", "dropout", "elastic", "l1", "l2", "mixup", "smoothed"]


def l1(parameters: Iterable[Tensor], strength: float | Tensor, *, biases: bool = False) -> Tensor:
    r"""Charge the sizes of the weights.

    .. math::

        \lambda \sum_i |w_i|, \qquad \frac{\partial}{\partial w_i} = \lambda \operatorname{sign}(w_i),

    with the gradient 0 at 0.
    The pull towards zero is as strong on a small weight as on a large one, so that weights that do not earn it end at
    zero; gradient descent steps to and fro across it, by no more than the learning rate times :math:`\lambda`.

    Parameters
    ----------
    parameters
        Tensors of any shape on one device, as ``model.parameters()`` yields them.
    strength
        :math:`\lambda`, at least 0: a number, or a scalar tensor.
    biases
        Charge every tensor; otherwise only those of two or more axes, which leaves out biases and the scales and shifts
        of normalisation.

    Returns
    -------
    Tensor
        A scalar.

    Raises
    ------
    ValueError
        If `strength` is a negative number, or no parameter is left to charge.

    Examples
    --------
    >>> l1([torch.tensor([[1.0, -3.0]]), torch.tensor([5.0])], strength=0.5)  # the second is a bias
    tensor(2.)

    References
    ----------
    Tibshirani (1996), "Regression shrinkage and selection via the lasso".
    ``sklearn.linear_model.Lasso(alpha)`` halves its mean squared error: with :func:`~unstuck.losses.mse`, its solution
    belongs to ``strength = 2 * alpha``.
    Chapter: Regularisation.
    """
    _check_strength("strength", strength)
    return strength * _total([w.abs().sum() for w in _charged(parameters, biases)])


def l2(parameters: Iterable[Tensor], strength: float | Tensor, *, biases: bool = False) -> Tensor:
    r"""Charge the squares of the weights.

    .. math::

        \frac{\lambda}{2} \sum_i w_i^2, \qquad \frac{\partial}{\partial w_i} = \lambda w_i.

    The half makes :math:`\lambda` the same number as the ``weight_decay`` of :class:`~unstuck.optim.SGD`, which adds
    :math:`\lambda w` to the gradient, of biases too.
    It is the same number as ``Adam(weight_decay=)`` and another thing than ``AdamW(weight_decay=)``, whose decay is not
    divided by the size of the gradients.

    Parameters
    ----------
    parameters
        Tensors of any shape on one device, as ``model.parameters()`` yields them.
    strength
        :math:`\lambda`, at least 0: a number, or a scalar tensor.
    biases
        Charge every tensor; otherwise only those of two or more axes.

    Returns
    -------
    Tensor
        A scalar.

    Raises
    ------
    ValueError
        If `strength` is a negative number, or no parameter is left to charge.

    Examples
    --------
    >>> l2([torch.tensor([[1.0, -3.0]]), torch.tensor([5.0])], strength=0.5)  # 0.5 / 2 * (1 + 9)
    tensor(2.5000)

    References
    ----------
    Hoerl and Kennard (1970), "Ridge regression"; Loshchilov and Hutter (2019), "Decoupled weight decay regularization".
    ``sklearn.linear_model.Ridge(alpha)`` sums the squared errors of its `n` samples and halves nothing: with
    :func:`~unstuck.losses.mse`, its solution belongs to ``strength = 2 * alpha / n``.
    Chapter: Regularisation.
    """
    _check_strength("strength", strength)
    return strength / 2 * _total([w.square().sum() for w in _charged(parameters, biases)])


def elastic(parameters: Iterable[Tensor], *, l1: float | Tensor, l2: float | Tensor, biases: bool = False) -> Tensor:
    r"""Charge the sizes and the squares of the weights: the elastic net.

    .. math::

        \lambda_1 \sum_i |w_i| + \frac{\lambda_2}{2} \sum_i w_i^2.

    Parameters
    ----------
    parameters
        Tensors of any shape on one device, as ``model.parameters()`` yields them.
    l1, l2
        :math:`\lambda_1` and :math:`\lambda_2`, at least 0: numbers, or scalar tensors.
    biases
        Charge every tensor; otherwise only those of two or more axes.

    Returns
    -------
    Tensor
        A scalar.

    Raises
    ------
    ValueError
        If a strength is a negative number, or no parameter is left to charge.

    Examples
    --------
    >>> elastic([torch.tensor([[1.0, -3.0]])], l1=0.5, l2=0.5)
    tensor(4.5000)

    References
    ----------
    Zou and Hastie (2005), "Regularization and variable selection via the elastic net".
    ``sklearn.linear_model.ElasticNet(alpha, l1_ratio)`` charges ``l1 = alpha * l1_ratio`` and
    ``l2 = alpha * (1 - l1_ratio)``, on half the mean squared error: with :func:`~unstuck.losses.mse`, its solution
    belongs to twice these.
    Chapter: Regularisation.
    """
    _check_strength("l1", l1)
    _check_strength("l2", l2)
    weights = _charged(parameters, biases)
    return l1 * _total([w.abs().sum() for w in weights]) + l2 / 2 * _total([w.square().sum() for w in weights])


def dropout(x: Tensor, p: float, *, training: bool = True, generator: torch.Generator | None = None) -> Tensor:
    r"""Set each element to zero with probability `p`, and scale up those that are kept.

    .. math::

        y_i = \frac{m_i}{1 - p} x_i, \qquad m_i \sim \operatorname{Bernoulli}(1 - p).

    The scale makes the mean of :math:`y` that of :math:`x`, so that nothing is left to do when the network is used.

    Parameters
    ----------
    x
        A floating tensor of any shape.
    p
        The probability that an element is dropped, from 0 to 1.
    training
        Drop; otherwise `x` is returned as it is.
    generator
        Draws the mask, on the device of `x`; PyTorch's own random state if left out.
        Nothing is drawn where `p` is 0 or 1.

    Returns
    -------
    Tensor
        The shape of `x`.

    Raises
    ------
    ValueError
        If `p` is out of range.

    Examples
    --------
    >>> dropped = dropout(torch.ones(1000), 0.5, generator=torch.Generator().manual_seed(0))
    >>> dropped.unique(), bool((dropped.mean() - 1).abs() < 0.1)
    (tensor([0., 2.]), True)

    References
    ----------
    Equal to :func:`torch.nn.functional.dropout`, on the CPU mask for mask.
    Srivastava et al. (2014), "Dropout: a simple way to prevent neural networks from overfitting".
    Chapter: Regularisation.
    """
    _check_share("p", p)
    if not training or p == 0:
        return x
    if p == 1:  # the scale would be infinite
        return x * torch.zeros_like(x)
    kept = torch.empty_like(x).bernoulli_(1 - p, generator=generator)
    return x * (kept / (1 - p))


class Dropout(nn.Module):
    """:func:`dropout` as a layer: drops in train mode, and passes its input on in eval mode.

    Parameters
    ----------
    p
        The probability that an element is dropped, from 0 to 1.

    Raises
    ------
    ValueError
        If `p` is out of range.

    Examples
    --------
    >>> layer = Dropout(0.5)
    >>> layer.eval()(torch.ones(2))
    tensor([1., 1.])

    References
    ----------
    Equal to :class:`torch.nn.Dropout`.
    Chapter: Regularisation.
    """

    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        _check_share("p", p)
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        """Drop elements of a tensor of any shape."""
        return dropout(x, self.p, training=self.training)

    def extra_repr(self) -> str:
        """Return what stands between the brackets when the layer is printed."""
        return f"p={self.p}"


def smoothed(target: Tensor, classes: int, eps: float, *, dtype: torch.dtype | None = None) -> Tensor:
    r"""Spread a share of the belief in the right class evenly over all classes.

    .. math::

        q_c = (1 - \varepsilon) [c = y] + \frac{\varepsilon}{C}.

    Parameters
    ----------
    target
        Class indices from 0 to ``classes - 1``, shape ``(batch,)``; or distributions, shape ``(batch, classes)``, which
        stand in the place of :math:`[c = y]`.
    classes
        How many there are, :math:`C`.
    eps
        The share :math:`\varepsilon`, from 0 to 1.
    dtype
        Of the result, where `target` holds indices; PyTorch's default if left out.

    Returns
    -------
    Tensor
        Probabilities, shape ``(batch, classes)``.

    Raises
    ------
    ValueError
        If `eps` is out of range, or the shape of `target` is none of these.

    Examples
    --------
    >>> smoothed(torch.tensor([1]), classes=4, eps=0.2)
    tensor([[0.0500, 0.8500, 0.0500, 0.0500]])

    References
    ----------
    ``cross_entropy(logits, smoothed(y, classes, eps))`` is ``cross_entropy(logits, y, label_smoothing=eps)``.
    Szegedy et al. (2016), "Rethinking the Inception architecture for computer vision".
    Chapter: Regularisation.
    """
    _check_share("eps", eps)
    return (1 - eps) * _distribution(target, classes, dtype) + eps / classes


def mixup(
    x: Tensor, y: Tensor, *, alpha: float, classes: int, generator: torch.Generator | None = None
) -> tuple[Tensor, Tensor]:
    r"""Blend each sample, and its target, with another one of the batch.

    .. math::

        \tilde x_i = \lambda x_i + (1 - \lambda) x_{\pi(i)}, \qquad
        \tilde q_i = \lambda q_i + (1 - \lambda) q_{\pi(i)}, \qquad
        \lambda \sim \operatorname{Beta}(\alpha, \alpha),

    with one :math:`\lambda` and one permutation :math:`\pi` a batch, drawn in this order.

    Parameters
    ----------
    x
        Inputs, a floating tensor of shape ``(batch, ...)``.
    y
        Class indices from 0 to ``classes - 1``, shape ``(batch,)``; or distributions, shape ``(batch, classes)``.
    alpha
        :math:`\alpha > 0`: small, and one of the two samples nearly always prevails; 1, and every blend is as likely.
    classes
        How many there are.
    generator
        A generator on the CPU, where the draws are made on every device, so that the same seed gives the same blends;
        PyTorch's own random state if left out.

    Returns
    -------
    tuple
        The blended inputs, of the shape of `x`, and the probabilities, shape ``(batch, classes)``.

    Raises
    ------
    ValueError
        If `alpha` is not positive, or the shape of `y` is none of these.

    Examples
    --------
    >>> x, y = torch.tensor([[1.0], [5.0]]), torch.tensor([0, 1])
    >>> blended, q = mixup(x, y, alpha=0.2, classes=2, generator=torch.Generator().manual_seed(0))
    >>> bool(((1.0 <= blended) & (blended <= 5.0)).all()), q.sum(dim=1)
    (True, tensor([1., 1.]))

    References
    ----------
    Zhang et al. (2018), "mixup: beyond empirical risk minimization".
    Chapter: Regularisation.
    """
    if not 0 < alpha < float("inf"):
        raise ValueError(f"alpha must be positive, got {alpha}")
    # What torch.distributions.Beta(alpha, alpha) draws, which takes no generator; in float64, as small alphas need it.
    share = torch._sample_dirichlet(torch.full((2,), alpha, dtype=torch.float64), generator)[0].to(x.dtype)
    other = torch.randperm(len(x), generator=generator).to(x.device)
    q = _distribution(y, classes, x.dtype)
    return share * x + (1 - share) * x[other], share * q + (1 - share) * q[other]


def _charged(parameters: Iterable[Tensor], biases: bool) -> list[Tensor]:
    charged = [parameter for parameter in parameters if biases or parameter.ndim >= 2]
    if not charged:
        raise ValueError("there is no parameter to charge: none of two or more axes, or an iterator that was used up")
    return charged


def _total(sums: list[Tensor]) -> Tensor:
    return torch.stack(sums).sum()


def _check_strength(name: str, value: float | Tensor) -> None:
    if not isinstance(value, Tensor) and not value >= 0:  # a tensor's value would make the program wait for the device
        raise ValueError(f"{name} must be at least 0, got {value}")


def _check_share(name: str, value: float) -> None:
    if not 0 <= value <= 1:
        raise ValueError(f"{name} must lie between 0 and 1, got {value}")


def _distribution(target: Tensor, classes: int, dtype: torch.dtype | None) -> Tensor:
    """Return class indices as certainties, and distributions as they are; shape ``(batch, classes)``."""
    if target.is_floating_point() and target.ndim == 2 and target.shape[1] == classes:
        return target
    if target.is_floating_point() or target.ndim != 1:
        raise ValueError(
            f"a target of {classes} classes must hold indices, shape (batch,), or probabilities, shape "
            f"(batch, {classes}); got {target.dtype} and {tuple(target.shape)}"
        )
    nothing = torch.zeros(len(target), classes, dtype=dtype or torch.get_default_dtype(), device=target.device)
    return nothing.scatter(1, target.long().unsqueeze(1), 1.0)
