"""The rules as PyTorch optimisers, which drop into anybody's training loop.

Each is equal to the :mod:`torch.optim` class of the same name, whose ``state_dict`` it reads and writes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer
from torch.optim.optimizer import ParamsT

from unstuck.optim.rules import Hyper, Rule, adagrad, adam, adamw, gd, is_set, momentum, nesterov, rmsprop

Closure = Callable[[], float]
Settings = Mapping[str, Any]

__all__ = ["SGD", "Adagrad", "Adam", "AdamW", "RMSprop"]


class SGD(Optimizer):
    r"""Gradient descent with optional momentum, as a PyTorch optimiser.

    Each parameter is updated by :func:`~unstuck.optim.gd`, :func:`~unstuck.optim.momentum` or
    :func:`~unstuck.optim.nesterov`.

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
    Equal to :class:`torch.optim.SGD`.
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
        settings = {"lr": lr, "momentum": momentum, "dampening": dampening, "weight_decay": weight_decay}
        _check_positive(settings)
        if nesterov and (momentum == 0 or dampening != 0):
            raise ValueError(
                f"nesterov=True needs momentum above 0 and dampening 0, got momentum={momentum}, dampening={dampening}"
            )
        super().__init__(params, {**settings, "nesterov": nesterov, "maximize": maximize})

    @torch.no_grad()
    def step(self, closure: Closure | None = None) -> float | None:  # type: ignore[override]
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
        return _update(self, self.rule, closure)

    @staticmethod
    def rule(settings: Settings) -> tuple[Rule, dict[str, Hyper]]:
        """Return the rule that a parameter group's settings ask for, and the hyper-parameters that it takes."""
        hyper = {"lr": settings["lr"], "weight_decay": settings["weight_decay"]}
        if not is_set(settings["momentum"]):
            return gd, hyper
        if settings["nesterov"]:
            return nesterov, {**hyper, "momentum": settings["momentum"]}
        return momentum, {**hyper, "momentum": settings["momentum"], "dampening": settings["dampening"]}


class Adagrad(Optimizer):
    """AdaGrad, as a PyTorch optimiser: each parameter is updated by :func:`~unstuck.optim.adagrad`.

    Parameters
    ----------
    params
        Parameters or parameter groups, as every PyTorch optimiser takes them.
    lr
        The learning rate, a number or a tensor of one element, at least 0.
    lr_decay, weight_decay, initial_accumulator_value, eps
        As in :func:`~unstuck.optim.adagrad`; numbers, at least 0.
    maximize
        Climb instead of descending.

    Raises
    ------
    ValueError
        If a setting is out of its range; the message gives the name, the value and what is allowed.
    RuntimeError
        At the step, if a gradient is sparse.

    References
    ----------
    Equal to :class:`torch.optim.Adagrad`.
    Chapter: Adam.
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-2,
        lr_decay: float = 0.0,
        weight_decay: float = 0.0,
        initial_accumulator_value: float = 0.0,
        eps: float = 1e-10,
        *,
        maximize: bool = False,
    ) -> None:
        settings = {
            "lr": lr,
            "lr_decay": lr_decay,
            "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value,
            "eps": eps,
        }
        _check_positive(settings)
        super().__init__(params, {**settings, "maximize": maximize})

    @torch.no_grad()
    def step(self, closure: Closure | None = None) -> float | None:  # type: ignore[override]
        """Update every parameter that has a gradient; the same as :meth:`SGD.step`."""
        return _update(self, self.rule, closure)

    @staticmethod
    def rule(settings: Settings) -> tuple[Rule, dict[str, Hyper]]:
        """Return the rule, and the hyper-parameters that it takes of a parameter group's settings."""
        names = ("lr", "lr_decay", "weight_decay", "initial_accumulator_value", "eps")
        return adagrad, {name: settings[name] for name in names}


class RMSprop(Optimizer):
    """RMSprop, as a PyTorch optimiser: each parameter is updated by :func:`~unstuck.optim.rmsprop`.

    Parameters
    ----------
    params
        Parameters or parameter groups, as every PyTorch optimiser takes them.
    lr
        The learning rate, a number or a tensor of one element, at least 0.
    alpha, eps, weight_decay, momentum
        As in :func:`~unstuck.optim.rmsprop`; numbers, at least 0.
    centered
        Divide by the gradient's standard deviation, and not by its root mean square.
    maximize
        Climb instead of descending.

    Raises
    ------
    ValueError
        If a setting is out of its range; the message gives the name, the value and what is allowed.
    RuntimeError
        At the step, if a gradient is sparse.

    References
    ----------
    Equal to :class:`torch.optim.RMSprop`.
    Chapter: Adam.
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        settings = {"lr": lr, "alpha": alpha, "eps": eps, "weight_decay": weight_decay, "momentum": momentum}
        _check_positive(settings)
        super().__init__(params, {**settings, "centered": centered, "maximize": maximize})

    @torch.no_grad()
    def step(self, closure: Closure | None = None) -> float | None:  # type: ignore[override]
        """Update every parameter that has a gradient; the same as :meth:`SGD.step`."""
        return _update(self, self.rule, closure)

    @staticmethod
    def rule(settings: Settings) -> tuple[Rule, dict[str, Hyper]]:
        """Return the rule, and the hyper-parameters that it takes of a parameter group's settings."""
        names = ("lr", "alpha", "eps", "weight_decay", "momentum", "centered")
        return rmsprop, {name: settings[name] for name in names}


class Adam(Optimizer):
    """Adam, as a PyTorch optimiser: each parameter is updated by :func:`~unstuck.optim.adam`.

    Parameters
    ----------
    params
        Parameters or parameter groups, as every PyTorch optimiser takes them.
    lr
        The learning rate, a number or a tensor of one element, at least 0.
    betas
        ``(beta1, beta2)``, from 0 to below 1: numbers, or tensors of one element.
    eps, weight_decay
        As in :func:`~unstuck.optim.adam`; numbers, at least 0.
    amsgrad
        Never let the scale shrink.
    maximize
        Climb instead of descending.
    decoupled_weight_decay
        Decay the weights as :class:`AdamW` does.

    Raises
    ------
    ValueError
        If a setting is out of its range; the message gives the name, the value and what is allowed.
    RuntimeError
        At the step, if a gradient is sparse.

    References
    ----------
    Equal to :class:`torch.optim.Adam`.
    Chapter: Adam.
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-3,
        betas: tuple[float | Tensor, float | Tensor] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        decoupled_weight_decay: bool = False,
    ) -> None:
        settings = {"lr": lr, "eps": eps, "weight_decay": weight_decay}
        _check_positive(settings)
        for index, beta in enumerate(betas):
            if isinstance(beta, Tensor) and beta.numel() != 1:
                raise ValueError(f"betas[{index}] must have one element, got shape {tuple(beta.shape)}")
            if not 0 <= beta < 1:
                raise ValueError(f"betas[{index}] must be at least 0 and below 1, got {beta}")
        switches = {"amsgrad": amsgrad, "maximize": maximize, "decoupled_weight_decay": decoupled_weight_decay}
        super().__init__(params, {**settings, "betas": betas, **switches})

    @torch.no_grad()
    def step(self, closure: Closure | None = None) -> float | None:  # type: ignore[override]
        """Update every parameter that has a gradient; the same as :meth:`SGD.step`."""
        return _update(self, self.rule, closure)

    @staticmethod
    def rule(settings: Settings) -> tuple[Rule, dict[str, Hyper]]:
        """Return the rule that a parameter group's settings ask for, and the hyper-parameters that it takes."""
        beta1, beta2 = settings["betas"]
        hyper = {name: settings[name] for name in ("lr", "eps", "weight_decay", "amsgrad")}
        chosen = adamw if settings["decoupled_weight_decay"] else adam
        return chosen, {**hyper, "beta1": beta1, "beta2": beta2}


class AdamW(Adam):
    """AdamW, as a PyTorch optimiser: each parameter is updated by :func:`~unstuck.optim.adamw`.

    Parameters
    ----------
    params, lr, betas, eps, amsgrad, maximize
        As for :class:`Adam`.
    weight_decay
        The share ``lr * weight_decay`` of every weight goes at a step; a number, at least 0.

    Raises
    ------
    ValueError, RuntimeError
        As :class:`Adam` does.

    References
    ----------
    Equal to :class:`torch.optim.AdamW`.
    Chapter: Adam.
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-3,
        betas: tuple[float | Tensor, float | Tensor] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, maximize=maximize, decoupled_weight_decay=True)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Read a checkpoint; one of an AdamW older than the switch, or of an Adam, is decoupled from here on."""
        super().load_state_dict(state_dict)
        for group in self.param_groups:
            group["decoupled_weight_decay"] = True


def _update(
    optimizer: Optimizer, rule_of: Callable[[Settings], tuple[Rule, dict[str, Hyper]]], closure: Closure | None
) -> float | None:
    """Take one step of an optimiser's rule on every parameter that has a gradient."""
    loss = None
    if closure is not None:
        with torch.enable_grad():
            loss = closure()
    for group in optimizer.param_groups:
        settings = {**optimizer.defaults, **group}  # an older checkpoint's group may lack a setting
        rule, hyper = rule_of(settings)
        # A rate or beta of one element counts as a number, whatever its shape.
        hyper = {name: value.reshape(()) if isinstance(value, Tensor) else value for name, value in hyper.items()}
        for param in group["params"]:
            if param.grad is None:
                continue
            if param.grad.is_sparse:
                name = type(optimizer).__name__
                raise RuntimeError(
                    f"{name} does not take sparse gradients; use torch.optim.SparseAdam for an embedding's"
                )
            grad = -param.grad if settings["maximize"] else param.grad
            # The two parts of a complex number are updated as two numbers.
            state = {name: _as_real(value) for name, value in optimizer.state[param].items()}
            updated, kept = rule(_as_real(param), _as_real(grad), state, **hyper)
            _as_real(param).copy_(updated)
            for name, value in kept.items():
                whole = param.is_complex() and value.ndim > param.ndim
                optimizer.state[param][name] = torch.view_as_complex(value) if whole else value
    return loss


def _as_real(value: Any) -> Any:
    """View a complex tensor as pairs of real numbers; leave anything else as it is."""
    return torch.view_as_real(value) if isinstance(value, Tensor) and value.is_complex() else value


def _check_positive(settings: Mapping[str, float | Tensor]) -> None:
    for name, value in settings.items():
        if isinstance(value, Tensor) and value.numel() != 1:
            raise ValueError(f"{name} must be a number or a tensor of one element, got shape {tuple(value.shape)}")
        if not value >= 0:  # not `value < 0`, which NaN would pass
            raise ValueError(f"{name} must be at least 0, got {value}")
