"""From the names that the commands take to models, losses, optimisers and schedules."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Literal

import torch
from torch import nn
from torch.nn import functional as F
from torch.optim import SGD, Adagrad, Adam, AdamW, Optimizer, RMSprop

from unstuck.data import Data
from unstuck.loop import MakeOptimizer, pick_device
from unstuck.models import MLP, CIFARNet, ConvNet, Linear, ResNet
from unstuck.schedules import (
    Schedule,
    constant,
    cosine,
    exponential,
    inverse_sqrt,
    one_cycle,
    polynomial,
    step_decay,
    warmup,
)
from unstuck.step import Loss

__all__ = [
    "DEFAULT_HIDDEN",
    "MODELS",
    "OPTIMIZERS",
    "SCHEDULES",
    "DataName",
    "ModelName",
    "OptimizerName",
    "ScheduleName",
    "make_loss",
    "make_model",
    "make_optimizer",
    "make_schedule",
    "own_settings",
    "steps_of",
    "usable_device",
]

DataName = Literal["digits", "mnist", "fashion_mnist", "cifar10", "spirals", "blobs", "line"]
ModelName = Literal["linear", "mlp", "convnet", "cifarnet", "resnet"]
OptimizerName = Literal["sgd", "adam", "adamw", "rmsprop", "adagrad"]
ScheduleName = Literal["constant", "linear", "cosine", "one-cycle", "step", "exponential", "inverse-sqrt"]

MODELS: dict[ModelName, Callable[..., nn.Module]] = {
    "linear": Linear,
    "mlp": MLP,
    "convnet": ConvNet,
    "cifarnet": CIFARNet,
    "resnet": ResNet,
}

# PyTorch's own: equal to the book's, and able to update all parameters in one call.
OPTIMIZERS: dict[OptimizerName, Callable[..., Optimizer]] = {
    "sgd": SGD,
    "adam": Adam,
    "adamw": AdamW,
    "rmsprop": RMSprop,
    "adagrad": Adagrad,
}

_FUSED: dict[OptimizerName, tuple[str, ...]] = {  # the devices for which they have one call for all parameters
    "sgd": ("cpu", "cuda", "mps"),
    "adam": ("cpu", "cuda", "mps"),
    "adamw": ("cpu", "cuda", "mps"),
    "rmsprop": (),
    "adagrad": ("cpu",),
}

# Each maps the length of the run and of its warm-up, in steps, to a factor on the rate.
SCHEDULES: dict[ScheduleName, Callable[[int, int], Schedule]] = {
    "constant": lambda steps, warm: _warmed(warm, constant()),
    "linear": lambda steps, warm: _warmed(warm, polynomial(steps - warm)),
    "cosine": lambda steps, warm: _warmed(warm, cosine(steps - warm)),
    "one-cycle": lambda steps, warm: one_cycle(steps, warm=warm / steps) if warm else one_cycle(steps),
    "step": lambda steps, warm: _warmed(warm, step_decay(math.ceil((steps - warm) / 3))),  # two cuts
    "exponential": lambda steps, warm: _warmed(warm, exponential(0.01 ** (1 / (steps - warm)))),
    "inverse-sqrt": lambda steps, warm: inverse_sqrt(warm or math.ceil(steps / 10)),
}

DEFAULT_HIDDEN = (128,)


def make_model(name: ModelName, hidden: Iterable[int], data: Data) -> Callable[[], nn.Module]:
    """Return what makes a model that fits a data set.

    Parameters
    ----------
    name
        One of :data:`MODELS`.
    hidden
        The widths of an MLP's hidden layers; none: one of 128.
    data
        Gives the shape of the inputs, and how many outputs there are to be.

    Raises
    ------
    ValueError
        If another model is given widths, or the model cannot take such inputs.
    """
    widths = tuple(hidden)
    if name == "mlp":
        widths = widths or DEFAULT_HIDDEN
    elif widths:
        raise ValueError(f"--hidden is for --model mlp alone, got --hidden {widths[0]} with --model {name}")
    outputs = len(data.classes) or data.train.y[0].numel()
    maker = partial(MODELS[name], *widths, classes=outputs, in_shape=data.in_shape)
    try:
        with torch.random.fork_rng([]):
            maker()
    except ValueError as error:
        raise ValueError(f"--model {name} cannot be had for --data {data.name}: {error}") from error
    return maker


def make_loss(data: Data, label_smoothing: float = 0.0) -> Loss:
    """Return the cross-entropy for classes, and the mean squared error for numbers; PyTorch's own, which are faster.

    Raises
    ------
    ValueError
        If the smoothing is out of range, or there are no labels to smooth.
    """
    if not 0 <= label_smoothing < 1:
        raise ValueError(f"--label-smoothing must be at least 0 and below 1, got {label_smoothing}")
    if data.classes:
        return partial(F.cross_entropy, label_smoothing=label_smoothing)
    if label_smoothing:
        raise ValueError(f"--label-smoothing is for classes, and --data {data.name} has numbers to predict")
    return F.mse_loss


def own_settings(name: OptimizerName, settings: Mapping[str, float | None]) -> dict[str, float]:
    """Return an optimiser's settings, with its own defaults for those that are not given.

    Parameters
    ----------
    name
        One of :data:`OPTIMIZERS`.
    settings
        ``lr``, ``momentum``, ``weight_decay``; None: not given.

    Raises
    ------
    ValueError
        If one is given that the optimiser does not have, or is out of range.
    """
    known = inspect.signature(OPTIMIZERS[name]).parameters
    if unknown := [setting for setting, value in settings.items() if value is not None and setting not in known]:
        takers = ", ".join(other for other in OPTIMIZERS if unknown[0] in _names(other))
        raise ValueError(f"{_option(unknown[0])} is not a setting of --optimizer {name}, but of {takers}")
    own = {
        setting: known[setting].default if value is None else value
        for setting, value in settings.items()
        if setting in known
    }
    for setting, value in own.items():
        if not 0 <= value < math.inf:
            raise ValueError(f"{_option(setting)} must be at least 0 and finite, got {value}")
    return own


def make_optimizer(name: OptimizerName, settings: Mapping[str, float | None], device: torch.device) -> MakeOptimizer:
    """Return what makes an optimiser of parameters, fused where it can be; the same as :func:`own_settings` else."""
    fused: dict[str, Any] = {"fused": True} if device.type in _FUSED[name] else {}
    return partial(OPTIMIZERS[name], **own_settings(name, settings), **fused)


def make_schedule(name: ScheduleName, steps: int, warm: float) -> Schedule:
    """Return a schedule over a run.

    Parameters
    ----------
    name
        One of :data:`SCHEDULES`.
    steps
        The length of the run.
    warm
        The length of the climb at its start: a share of the run below 1, or a whole number of steps from 1 on.

    Raises
    ------
    ValueError
        If the climb is no whole number of steps, or not shorter than the run.
    """
    if not (0 <= warm < 1 or warm == int(warm) >= 1):
        raise ValueError(f"--warmup must be a share of the run below 1 or a whole number of steps, got {warm}")
    length = round(warm * steps) if warm < 1 else int(warm)
    if length >= steps:
        raise ValueError(f"--warmup must be shorter than the run, which takes {steps} steps, got {warm:g}")
    return SCHEDULES[name](steps, length)


def steps_of(data: Data, batch_size: int, epochs: int) -> int:
    """Return how many steps a run takes.

    Raises
    ------
    ValueError
        If one of the numbers is not positive.
    """
    for name, value in (("--batch-size", batch_size), ("--epochs", epochs)):
        if value < 1:
            raise ValueError(f"{name} must be at least 1, got {value}")
    return epochs * math.ceil(len(data.train) / batch_size)


def usable_device(name: str) -> torch.device:
    """Return the device of that name, or the best one for ``"auto"``.

    Raises
    ------
    ValueError
        If there is no such device here.
    """
    try:
        device = pick_device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:  # depending on how PyTorch was built
        reason = str(error).splitlines()[0]
        raise ValueError(f"--device {name} cannot be used here; auto and cpu always can: {reason}") from error
    return device


def _warmed(warm: int, then: Schedule) -> Schedule:
    """Climb to the rate in so many steps, the first of them above 0 already."""
    return warmup(warm, then, start=1 / (warm + 1)) if warm else then


def _names(optimizer: OptimizerName) -> set[str]:
    return set(inspect.signature(OPTIMIZERS[optimizer]).parameters)


def _option(setting: str) -> str:
    return "--" + setting.replace("_", "-")
