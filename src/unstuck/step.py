"""One update of a model, and what must be true before the first one."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

__all__ = ["Loss", "Penalty", "Step", "check_batch", "classifies", "eval_mode", "make_step"]

Loss = Callable[[Tensor, Tensor], Tensor]
Penalty = Callable[[Iterable[Tensor]], Tensor]
Step = Callable[[Tensor, Tensor], Tensor]


def make_step(model: nn.Module, loss: Loss, optimizer: Optimizer, *, penalty: Penalty | None = None) -> Step:
    """Tie a model, a loss and an optimiser together to one function of a batch.

    Parameters
    ----------
    model
        Maps ``x`` to what `loss` takes.
    loss
        Maps ``(model(x), y)`` to a scalar, the mean over the batch.
    optimizer
        Holds the model's parameters.
    penalty
        Maps the model's parameters to a scalar that is added to the loss: ``partial(l2, strength=1e-3)``.

    Returns
    -------
    Step
        ``step(x, y) -> loss``: takes one optimiser step, and returns what it minimised, the loss and its penalty before
        the step, without a graph and without waiting for the device.

    Examples
    --------
    >>> model = nn.Linear(1, 1)
    >>> step = make_step(model, nn.functional.mse_loss, torch.optim.SGD(model.parameters(), lr=0.1))
    >>> x = torch.tensor([[1.0], [2.0]])
    >>> first, second = step(x, 3 * x), step(x, 3 * x)
    >>> bool(second < first)
    True
    """

    def step(x: Tensor, y: Tensor) -> Tensor:
        def closure() -> Tensor:
            optimizer.zero_grad()
            value = loss(model(x), y)
            if penalty:
                value = value + penalty(model.parameters())
            value.backward()  # type: ignore[no-untyped-call]
            return value

        # LBFGS calls the closure several times, all others once. (PyTorch's types have it return a float.)
        value: Tensor = optimizer.step(closure)  # type: ignore[arg-type,assignment]
        return value.detach()

    return step


def check_batch(model: nn.Module, loss: Loss, x: Tensor, y: Tensor) -> None:
    """Refuse a batch that would train nothing, or something else than was meant.

    Runs the model once in eval mode, without a graph, and leaves it, its buffers and the random state as they were.

    Parameters
    ----------
    model, loss
        As for :func:`make_step`.
    x, y
        A batch, on the model's device.

    Raises
    ------
    ValueError
        If lengths differ; if a number is NaN or infinite; if a class index has no logit; if prediction and target
        have shapes that would broadcast; if the loss is not a single number.
    """
    if len(x) != len(y):
        raise ValueError(f"the batch has {len(x)} inputs and {len(y)} targets")
    for name, values in (("inputs", x), ("targets", y)):
        if values.is_floating_point() and not torch.isfinite(values).all():
            raise ValueError(f"the {name} of the first batch hold NaN or infinity: clean or drop such rows first")
    devices = [x.device] if x.device.type == "cuda" else []
    with torch.random.fork_rng(devices), torch.no_grad(), eval_mode(model):
        output = model(x)
        _check_output(output, y)
        value = _without_broadcast(loss, output, y)
    if value.numel() != 1:
        raise ValueError(f"the loss must be a single number, the mean over the batch; got shape {tuple(value.shape)}")


def classifies(output: Tensor, y: Tensor) -> bool:
    """Tell whether the targets are class indices and the output has a logit for each class."""
    return not y.is_floating_point() and y.ndim == 1 and output.ndim == 2


@contextmanager
def eval_mode(model: nn.Module) -> Iterator[None]:
    """Put a model in eval mode inside the block, and every part of it back in its own mode after it."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training


def _check_output(output: object, y: Tensor) -> None:
    if not isinstance(output, Tensor):
        return  # a model of several outputs has a loss of its own
    if classifies(output, y):
        classes = output.shape[1]
        ignored = y == -100  # cross_entropy's default for "not to be counted"
        if ((y < 0) & ~ignored).any() or (y >= classes).any():
            raise ValueError(
                f"labels must lie between 0 and {classes - 1}, as the model has {classes} outputs; "
                f"the first batch holds {int(y.min())} to {int(y.max())}"
            )
    longer, shorter = sorted((output.shape, y.shape), key=len, reverse=True)
    if y.is_floating_point() and longer == (*shorter, 1):
        raise _broadcast_error(output, y)


def _without_broadcast(loss: Loss, output: Tensor, y: Tensor) -> Tensor:
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message="Using a target size")  # what PyTorch's own losses say of it
        try:
            return loss(output, y)
        except UserWarning as warning:
            raise _broadcast_error(output, y) from warning


def _broadcast_error(output: Tensor, y: Tensor) -> ValueError:
    return ValueError(
        f"the model's output has shape {tuple(output.shape)} and the target {tuple(y.shape)}: subtracting them would "
        "broadcast, and compare every prediction with every target. Give both the same shape, by y.unsqueeze(1) "
        "or output.squeeze(1)"
    )
