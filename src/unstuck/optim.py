"""Update rules, each written once, and the optimisers on top of them.

A *rule* is a pure function ``(param, grad, state, **hyper) -> (param, state)``.
It works element by element and takes its hyper-parameters as numbers or as tensors that broadcast against the
parameter, so one call can update many runs at once, a leading axis of runs with a rate each.
The same three rules serve

1. :class:`SGD`, a :class:`torch.optim.Optimizer` that drops into anybody's training loop;
2. :func:`trajectory`, the paths on surfaces that the chapters draw.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, overload

import torch
from torch import Tensor
from torch.optim import Optimizer
from torch.optim.optimizer import ParamsT

State = Mapping[str, Tensor]
Hyper = float | Tensor
Rule = Callable[..., tuple[Tensor, State]]

__all__ = ["SGD", "gd", "momentum", "nesterov", "trajectory"]


def gd(param: Tensor, grad: Tensor, state: State, *, lr: Hyper) -> tuple[Tensor, State]:
    r"""Take one step of gradient descent, :math:`w \leftarrow w - \eta g`.

    Parameters
    ----------
    param, grad
        :math:`w` and :math:`g = \partial L / \partial w`, of one shape.
    state
        Not used; returned as it is.
    lr
        The learning rate :math:`\eta`, in units of `param` squared per unit of loss.

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
    return param - lr * grad, state


def momentum(
    param: Tensor, grad: Tensor, state: State, *, lr: Hyper, momentum: Hyper = 0.9, dampening: Hyper = 0.0
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
    velocity = _velocity(grad, state, momentum, dampening)
    return param - lr * velocity, {"momentum_buffer": velocity}


def nesterov(param: Tensor, grad: Tensor, state: State, *, lr: Hyper, momentum: Hyper = 0.9) -> tuple[Tensor, State]:
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
    velocity = _velocity(grad, state, momentum, 0.0)
    return param - lr * (grad + momentum * velocity), {"momentum_buffer": velocity}


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


class SGD(Optimizer):
    r"""Gradient descent with optional momentum, as a PyTorch optimiser.

    Each parameter is updated by :func:`gd`, :func:`momentum` or :func:`nesterov`, with :math:`g + \lambda w` in the
    place of :math:`g` where there is weight decay :math:`\lambda`.

    Parameters
    ----------
    params
        Parameters or parameter groups, as every PyTorch optimiser takes them.
    lr
        The learning rate, a number or a tensor of one element, at least 0.
    momentum, dampening, weight_decay
        Numbers, at least 0.
    nesterov
        Nesterov's form; needs momentum and no dampening.
    maximize
        Climb instead of descending.

    Raises
    ------
    ValueError
        If a setting is out of its range; the message gives the name, the value and what is allowed.
    RuntimeError
        At the step, if a gradient is sparse.

    Notes
    -----
    Equal to :class:`torch.optim.SGD`, whose ``state_dict`` it reads and writes.

    Examples
    --------
    >>> w = torch.nn.Parameter(torch.tensor([1.0]))
    >>> optimizer = SGD([w], lr=0.1)
    >>> (w ** 2).backward()
    >>> optimizer.step()
    >>> w.data
    tensor([0.8000])

    References
    ----------
    Chapter: Gradient descent.
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-3,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        if isinstance(lr, Tensor) and lr.numel() != 1:
            raise ValueError(f"lr must be a number or a tensor of one element, got shape {tuple(lr.shape)}")
        settings = {"lr": lr, "momentum": momentum, "dampening": dampening, "weight_decay": weight_decay}
        for name, value in settings.items():
            if not value >= 0:  # not `value < 0`, which NaN would pass
                raise ValueError(f"{name} must be at least 0, got {value}")
        if nesterov and (momentum == 0 or dampening != 0):
            raise ValueError(
                f"nesterov=True needs momentum above 0 and dampening 0, got momentum={momentum}, dampening={dampening}"
            )
        super().__init__(params, {**settings, "nesterov": nesterov, "maximize": maximize})

    @overload
    def step(self, closure: None = None) -> None: ...
    @overload
    def step(self, closure: Callable[[], float]) -> float: ...
    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:
        """Update every parameter that has a gradient.

        Parameters
        ----------
        closure
            Computes the loss and its gradients anew, and returns the loss.

        Returns
        -------
        float or None
            What `closure` returned.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            rule, hyper = _rule_of(group)
            for param in group["params"]:
                if param.grad is None:
                    continue
                if param.grad.is_sparse:
                    raise RuntimeError("SGD does not take sparse gradients; use torch.optim.SGD for an embedding's")
                grad = -param.grad if group["maximize"] else param.grad
                if group["weight_decay"] != 0:
                    grad = grad + group["weight_decay"] * param
                updated, state = rule(param, grad, self.state[param], **hyper)
                param.copy_(updated)
                self.state[param].update(state)
        return loss


def _rule_of(group: dict[str, Any]) -> tuple[Rule, dict[str, Hyper]]:
    """Choose the rule that a parameter group's settings ask for, and the hyper-parameters that it takes."""
    lr = group["lr"].reshape(()) if isinstance(group["lr"], Tensor) else group["lr"]
    if group["momentum"] == 0:
        return gd, {"lr": lr}
    if group["nesterov"]:
        return nesterov, {"lr": lr, "momentum": group["momentum"]}
    return momentum, {"lr": lr, "momentum": group["momentum"], "dampening": group["dampening"]}


def _velocity(grad: Tensor, state: State, momentum: Hyper, dampening: Hyper) -> Tensor:
    if state.get("momentum_buffer") is None:  # torch.optim.SGD saves None where no step was taken yet
        return grad.clone()
    return momentum * state["momentum_buffer"] + (1 - dampening) * grad
