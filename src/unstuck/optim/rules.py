"""Update rules, each written once.

A *rule* is a pure function ``(param, grad, state, **hyper) -> (param, state)``.
It works element by element and takes its hyper-parameters as numbers or as tensors that broadcast against the
parameter, so one call can update many runs at once, a leading axis of runs with a rate each.
The same rules serve

1. the optimisers of :mod:`unstuck.optim.optimizers`, which drop into anybody's training loop;
2. :func:`~unstuck.sweeps.sweep`, many runs as one program;
3. :func:`trajectory`, the paths on surfaces that the chapters draw.

A state holds what the :mod:`torch.optim` class of the same name keeps, by the same names; an empty one starts a run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

State = Mapping[str, Tensor]
Hyper = float | Tensor
Rule = Callable[..., tuple[Tensor, State]]

__all__ = ["Hyper", "Rule", "State", "adagrad", "adam", "adamw", "gd", "momentum", "nesterov", "rmsprop", "trajectory"]


def gd(param: Tensor, grad: Tensor, state: State, *, lr: Hyper, weight_decay: Hyper = 0.0) -> tuple[Tensor, State]:
    r"""Take one step of gradient descent, :math:`w \leftarrow w - \eta g`.

    Parameters
    ----------
    param, grad
        :math:`w` and :math:`g = \partial L / \partial w`, of one shape.
    state
        Not used; returned as it is.
    lr
        The learning rate :math:`\eta`, in units of `param` squared per unit of loss.
    weight_decay
        :math:`\lambda`: :math:`g + \lambda w` takes the place of :math:`g`.

    Returns
    -------
    tuple
        The new parameter, and `state`.

    Examples
    --------
    >>> gd(torch.tensor(1.0), torch.tensor(2.0), {}, lr=0.1)
    (tensor(0.8000), {})

    References
    ----------
    Chapter: Gradient descent.
    """
    return param - lr * _with_decay(grad, param, weight_decay), state


def momentum(
    param: Tensor,
    grad: Tensor,
    state: State,
    *,
    lr: Hyper,
    momentum: Hyper = 0.9,
    dampening: Hyper = 0.0,
    weight_decay: Hyper = 0.0,
) -> tuple[Tensor, State]:
    r"""Take one step of the heavy ball.

    .. math::

        v \leftarrow \mu v + (1 - \tau) g, \qquad w \leftarrow w - \eta v,

    with :math:`v = g` at the first step, dampened or not, as in :class:`torch.optim.SGD`.

    Parameters
    ----------
    param, grad
        :math:`w` and :math:`g`, of one shape.
    state
        Empty, or what the last step returned: ``{"momentum_buffer": v}``.
    lr
        The learning rate :math:`\eta`.
    momentum
        :math:`\mu`, from 0 to 1: the share of the last direction that is kept.
    dampening
        :math:`\tau`, 0 in nearly all uses.
    weight_decay
        :math:`\lambda`: :math:`g + \lambda w` takes the place of :math:`g`.

    Returns
    -------
    tuple
        The new parameter, and the new state.

    Examples
    --------
    >>> w, state = momentum(torch.tensor(1.0), torch.tensor(2.0), {}, lr=0.1)
    >>> momentum(w, torch.tensor(2.0), state, lr=0.1)
    (tensor(0.4200), {'momentum_buffer': tensor(3.8000)})

    References
    ----------
    Polyak (1964), "Some methods of speeding up the convergence of iteration methods".
    Chapter: Gradient descent.
    """
    velocity = _velocity(_with_decay(grad, param, weight_decay), state, momentum, dampening)
    return param - lr * velocity, {"momentum_buffer": velocity}


def nesterov(
    param: Tensor,
    grad: Tensor,
    state: State,
    *,
    lr: Hyper,
    momentum: Hyper = 0.9,
    weight_decay: Hyper = 0.0,
) -> tuple[Tensor, State]:
    r"""Take one step of Nesterov's momentum, in the form that needs the gradient at `param` only.

    .. math::

        v \leftarrow \mu v + g, \qquad w \leftarrow w - \eta (g + \mu v).

    Parameters
    ----------
    param, grad
        :math:`w` and :math:`g`, of one shape.
    state
        Empty, or what the last step returned: ``{"momentum_buffer": v}``.
    lr
        The learning rate :math:`\eta`.
    momentum
        :math:`\mu`, from 0 to 1.
    weight_decay
        :math:`\lambda`: :math:`g + \lambda w` takes the place of :math:`g`.

    Returns
    -------
    tuple
        The new parameter, and the new state.

    Examples
    --------
    >>> nesterov(torch.tensor(1.0), torch.tensor(2.0), {}, lr=0.1)
    (tensor(0.6200), {'momentum_buffer': tensor(2.)})

    References
    ----------
    Nesterov (1983); Sutskever et al. (2013), "On the importance of initialization and momentum in deep learning".
    Chapter: Gradient descent.
    """
    grad = _with_decay(grad, param, weight_decay)
    velocity = _velocity(grad, state, momentum, 0.0)
    return param - lr * (grad + momentum * velocity), {"momentum_buffer": velocity}


def adagrad(
    param: Tensor,
    grad: Tensor,
    state: State,
    *,
    lr: Hyper,
    lr_decay: Hyper = 0.0,
    initial_accumulator_value: Hyper = 0.0,
    eps: Hyper = 1e-10,
    weight_decay: Hyper = 0.0,
) -> tuple[Tensor, State]:
    r"""Take one step of AdaGrad: a rate for every coordinate, which shrinks with all that it has been through.

    .. math::

        s \leftarrow s + g^2, \qquad
        w \leftarrow w - \frac{\eta}{1 + (t - 1) \delta} \, \frac{g}{\sqrt{s} + \varepsilon}, \qquad t = 1, 2, \dots

    Parameters
    ----------
    param, grad
        :math:`w` and :math:`g`, of one shape.
    state
        Empty, or what the last step returned: ``{"step": t, "sum": s}``.
    lr
        The learning rate :math:`\eta`, in units of `param`.
    lr_decay
        :math:`\delta`, a decay of the rate on top of the sum's.
    initial_accumulator_value
        What :math:`s` starts from.
    eps
        :math:`\varepsilon`, outside the root, in units of the gradient.
    weight_decay
        :math:`\lambda`: :math:`g + \lambda w` takes the place of :math:`g`.

    Returns
    -------
    tuple
        The new parameter, and the new state.

    Examples
    --------
    >>> w, state = adagrad(torch.tensor(1.0), torch.tensor(100.0), {}, lr=0.1)
    >>> w  # the first step is lr, whatever the gradient
    tensor(0.9000)
    >>> adagrad(w, torch.tensor(100.0), state, lr=0.1)[0]  # the second lr / sqrt(2)
    tensor(0.8293)

    References
    ----------
    Duchi, Hazan and Singer (2011), "Adaptive subgradient methods for online learning and stochastic optimization".
    Chapter: Adam.
    """
    grad = _with_decay(grad, param, weight_decay)
    step = _next_step(state)
    total = state["sum"] if "sum" in state else torch.zeros_like(param) + initial_accumulator_value
    total = total + grad.square()
    rate = lr / (1 + (step - 1) * lr_decay)
    return param - rate * grad / (total.sqrt() + eps), {"step": torch.tensor(step), "sum": total}


def rmsprop(
    param: Tensor,
    grad: Tensor,
    state: State,
    *,
    lr: Hyper,
    alpha: Hyper = 0.99,
    eps: Hyper = 1e-8,
    momentum: Hyper = 0.0,
    centered: bool = False,
    weight_decay: Hyper = 0.0,
) -> tuple[Tensor, State]:
    r"""Take one step of RMSprop: AdaGrad with an average that forgets in the place of the sum.

    .. math::

        v \leftarrow \alpha v + (1 - \alpha) g^2, \qquad
        b \leftarrow \mu b + \frac{g}{\sqrt{v} + \varepsilon}, \qquad w \leftarrow w - \eta b,

    and, where it is centred, :math:`v - \bar g^2` under the root, with
    :math:`\bar g \leftarrow \alpha \bar g + (1 - \alpha) g`.

    Parameters
    ----------
    param, grad
        :math:`w` and :math:`g`, of one shape.
    state
        Empty, or what the last step returned: ``{"step": t, "square_avg": v}``, with ``"momentum_buffer"`` :math:`b`
        and ``"grad_avg"`` :math:`\bar g` where they are used.
    lr
        The learning rate :math:`\eta`, in units of `param`.
    alpha
        :math:`\alpha`, from 0 to 1: the share of the average that is kept; its memory is 1 / (1 - alpha) steps.
    eps
        :math:`\varepsilon`, outside the root, in units of the gradient.
    momentum
        :math:`\mu`, from 0 to 1.
    centered
        Divide by the gradient's standard deviation, and not by its root mean square.
    weight_decay
        :math:`\lambda`: :math:`g + \lambda w` takes the place of :math:`g`.

    Returns
    -------
    tuple
        The new parameter, and the new state.

    Examples
    --------
    >>> rmsprop(torch.tensor(1.0), torch.tensor(100.0), {}, lr=0.01)[0]  # nothing corrects the average's start: 10 lr
    tensor(0.9000)

    References
    ----------
    Tieleman and Hinton (2012), lecture 6.5 of "Neural networks for machine learning"; Graves (2013), centred.
    Chapter: Adam.
    """
    grad = _with_decay(grad, param, weight_decay)
    square = alpha * _average(state, "square_avg", param) + (1 - alpha) * grad.square()
    new = {"step": torch.tensor(_next_step(state)), "square_avg": square}
    variance = square
    if centered:
        new["grad_avg"] = alpha * _average(state, "grad_avg", param) + (1 - alpha) * grad
        variance = square - new["grad_avg"].square()
    direction = grad / (variance.sqrt() + eps)
    if is_set(momentum):
        direction = new["momentum_buffer"] = momentum * _average(state, "momentum_buffer", param) + direction
    return param - lr * direction, new


def adam(
    param: Tensor,
    grad: Tensor,
    state: State,
    *,
    lr: Hyper,
    beta1: Hyper = 0.9,
    beta2: Hyper = 0.999,
    eps: Hyper = 1e-8,
    amsgrad: bool = False,
    weight_decay: Hyper = 0.0,
) -> tuple[Tensor, State]:
    r"""Take one step of Adam: momentum over RMSprop's scale, both averages corrected for their start from zero.

    .. math::

        m &\leftarrow \beta_1 m + (1 - \beta_1) g, & \hat m &= \frac{m}{1 - \beta_1^t}, \\
        v &\leftarrow \beta_2 v + (1 - \beta_2) g^2, & \hat v &= \frac{v}{1 - \beta_2^t}, \qquad
        w \leftarrow w - \eta \frac{\hat m}{\sqrt{\hat v} + \varepsilon}, \qquad t = 1, 2, \dots

    AMSGrad takes the largest :math:`v` so far in the place of :math:`v` under the root.

    Parameters
    ----------
    param, grad
        :math:`w` and :math:`g`, of one shape.
    state
        Empty, or what the last step returned: ``{"step": t, "exp_avg": m, "exp_avg_sq": v}``, with ``"max_exp_avg_sq"``
        for AMSGrad.
    lr
        The learning rate :math:`\eta`, in units of `param`: about the size of a step.
    beta1, beta2
        :math:`\beta_1` and :math:`\beta_2`, from 0 to below 1.
    eps
        :math:`\varepsilon`, outside the root, in units of the gradient.
    amsgrad
        Never let the scale shrink.
    weight_decay
        :math:`\lambda`: :math:`g + \lambda w` takes the place of :math:`g`, and is scaled like it; see :func:`adamw`.

    Returns
    -------
    tuple
        The new parameter, and the new state.

    Examples
    --------
    >>> adam(torch.tensor(1.0), torch.tensor(100.0), {}, lr=0.1)[0]  # the first step is lr, whatever the gradient
    tensor(0.9000)

    References
    ----------
    Kingma and Ba (2015), "Adam: a method for stochastic optimization"; Reddi, Kale and Kumar (2018) for AMSGrad.
    Chapter: Adam.
    """
    grad = _with_decay(grad, param, weight_decay)
    step = _next_step(state)
    mean = beta1 * _average(state, "exp_avg", param) + (1 - beta1) * grad
    square = beta2 * _average(state, "exp_avg_sq", param) + (1 - beta2) * grad.square()
    new = {"step": torch.tensor(step), "exp_avg": mean, "exp_avg_sq": square}
    if amsgrad:
        square = new["max_exp_avg_sq"] = torch.maximum(_average(state, "max_exp_avg_sq", param), square)
    scale = square.sqrt() / (1 - beta2**step) ** 0.5 + eps
    return param - lr / (1 - beta1**step) * (mean / scale), new


def adamw(
    param: Tensor,
    grad: Tensor,
    state: State,
    *,
    lr: Hyper,
    beta1: Hyper = 0.9,
    beta2: Hyper = 0.999,
    eps: Hyper = 1e-8,
    amsgrad: bool = False,
    weight_decay: Hyper = 0.01,
) -> tuple[Tensor, State]:
    r"""Take one step of AdamW: Adam, with the weights shrunk beside the gradient's step and not through it.

    .. math::

        w \leftarrow (1 - \eta \lambda) w - \eta \frac{\hat m}{\sqrt{\hat v} + \varepsilon},

    with :math:`\hat m` and :math:`\hat v` as in :func:`adam`, from the gradient alone.

    Parameters
    ----------
    param, grad, state, lr, beta1, beta2, eps, amsgrad
        As for :func:`adam`.
    weight_decay
        :math:`\lambda`: every weight shrinks by the share :math:`\eta \lambda` a step, whatever its gradients.

    Returns
    -------
    tuple
        The new parameter, and the new state.

    Examples
    --------
    >>> adamw(torch.tensor(1.0), torch.tensor(0.0), {}, lr=0.1, weight_decay=0.5)[0]
    tensor(0.9500)

    References
    ----------
    Loshchilov and Hutter (2019), "Decoupled weight decay regularization".
    Chapter: Adam.
    """
    shrunk = param * (1 - lr * weight_decay)
    return adam(shrunk, grad, state, lr=lr, beta1=beta1, beta2=beta2, eps=eps, amsgrad=amsgrad)


def trajectory(rule: Rule, gradient: Callable[[Tensor], Tensor], start: Tensor, steps: int, **hyper: Hyper) -> Tensor:
    """Follow a rule from `start`, and return every point on the way.

    Parameters
    ----------
    rule
        One of this module's rules.
    gradient
        The gradient of the function that is minimised: takes and returns the shape of `start`.
    start
        The first point, shape ``(dim,)``, or ``(runs, dim)`` for many runs at once.
    steps
        How many updates to take, at least 0.
    **hyper
        The rule's hyper-parameters: numbers, or tensors that broadcast against `start`, as ``(runs, 1)``.

    Returns
    -------
    Tensor
        Shape ``(steps + 1, *start.shape)``.

    Raises
    ------
    ValueError
        If `steps` is negative.

    Examples
    --------
    >>> trajectory(gd, lambda w: 2 * w, torch.tensor([1.0]), steps=2, lr=0.25)
    tensor([[1.0000],
            [0.5000],
            [0.2500]])
    """
    if steps < 0:
        raise ValueError(f"steps must be at least 0, got {steps}")
    points: list[Tensor] = [start]
    state: State = {}
    for _ in range(steps):
        point, state = rule(points[-1], gradient(points[-1]), state, **hyper)
        points.append(point)
    return torch.stack(points)


def _with_decay(grad: Tensor, param: Tensor, weight_decay: Hyper) -> Tensor:
    r"""Add the gradient of an L2 penalty, :math:`\lambda w`."""
    return grad + weight_decay * param if is_set(weight_decay) else grad


def _velocity(grad: Tensor, state: State, momentum: Hyper, dampening: Hyper) -> Tensor:
    if state.get("momentum_buffer") is None:  # torch.optim.SGD saves None where no step was taken yet
        return grad.clone()
    return momentum * state["momentum_buffer"] + (1 - dampening) * grad


def _next_step(state: State) -> float:
    """Count a step; in Python's numbers, as a power of beta must not be rounded to the parameter's precision."""
    return float(state["step"]) + 1 if "step" in state else 1.0


def _average(state: State, name: str, param: Tensor) -> Tensor:
    return state[name] if name in state else torch.zeros_like(param)


def is_set(hyper: Hyper) -> bool:
    """Tell a setting that is left at zero; not that of a tensor, which holds one for every run."""
    return isinstance(hyper, Tensor) or hyper != 0
