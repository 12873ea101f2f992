"""One update of a model, and what must be true before the first one."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, get_args

import torch
from torch import Tensor, nn
from torch.amp.grad_scaler import GradScaler
from torch.nn.parallel import DistributedDataParallel
from torch.optim import LBFGS, Optimizer
from torch.optim.swa_utils import AveragedModel

__all__ = [
    "Loss",
    "Penalty",
    "Precision",
    "Step",
    "check_batch",
    "classifies",
    "eval_mode",
    "in_float32",
    "make_step",
    "move_average",
]

Loss = Callable[[Tensor, Tensor], Tensor]
Penalty = Callable[[Iterable[Tensor]], Tensor]
Precision = Literal["float32", "tf32", "bfloat16", "float16"]

_NOTHING = contextlib.nullcontext()


@dataclass(frozen=True)
class Step:
    """One update of a model: ``step(x, y) -> loss``; made by :func:`make_step`, where the settings are explained."""

    model: nn.Module
    optimizer: Optimizer
    objective: Callable[[Tensor, Tensor], Tensor]
    device: torch.device
    clip: float | None = None
    accumulate: int = 1
    half: torch.dtype | None = None
    tf32: bool = False
    scaler: GradScaler | None = None
    average: AveragedModel | None = None

    def __call__(self, x: Tensor, y: Tensor, weight: float = 1.0) -> Tensor:
        """Take one optimiser step.

        Parameters
        ----------
        x, y
            A batch, on the model's device.
        weight
            Multiplies what is minimised, as :meth:`Processes.share <unstuck.distributed.Processes.share>` asks for.

        Returns
        -------
        Tensor
            What was minimised, before the step: a scalar without a graph, which nobody has waited for.
        """

        def closure() -> Tensor:
            for group in self.optimizer.param_groups:  # as zero_grad() does, whose bookkeeping takes 10 microseconds
                for param in group["params"]:
                    param.grad = None
            value = self._backward(x, y, weight)
            if self.clip is not None:
                if self.scaler:
                    self.scaler.unscale_(self.optimizer)
                nn.utils.clip_grad_norm_(self.model.parameters(), self.clip)
            return value

        with _tf32() if self.tf32 else _NOTHING:
            if self.scaler:
                value = closure()
                self.scaler.step(self.optimizer)
                self.scaler.update()
            elif self.takes_closure:
                value = self.optimizer.step(closure)  # type: ignore[arg-type,assignment]  # typed as a float's
            else:
                value = closure()
                self.optimizer.step()
        if self.average is not None:
            move_average(self.average, self.model)
        return value

    @cached_property
    def takes_closure(self) -> bool:
        """Whether the optimiser may want the loss more than once: LBFGS does, and a stranger may."""
        return isinstance(self.optimizer, LBFGS) or not type(self.optimizer).__module__.startswith("torch.optim.")

    @contextmanager
    def at_precision(self) -> Iterator[None]:
        """Compute forward passes at this step's precision inside the block."""
        with contextlib.ExitStack() as stack:
            if self.half:
                stack.enter_context(torch.autocast(self.device.type, self.half))
            if self.tf32:
                stack.enter_context(_tf32())
            yield

    def _backward(self, x: Tensor, y: Tensor, weight: float) -> Tensor:
        """Leave the gradients of a batch, a part of it at a time, and return its loss."""
        if self.accumulate == 1:
            return self._backward_part(x, y, weight)
        parts = list(zip(x.chunk(self.accumulate), y.chunk(self.accumulate), strict=True))
        with self._unsynchronised():
            losses = [self._backward_part(*part, weight * len(part[1]) / len(y)) for part in parts[:-1]]
        losses.append(self._backward_part(*parts[-1], weight * len(parts[-1][1]) / len(y)))
        return torch.stack(losses).sum()

    def _backward_part(self, x: Tensor, y: Tensor, weight: float) -> Tensor:
        value = self.objective(x, y)
        if weight != 1:
            value = value * weight
        (self.scaler.scale(value) if self.scaler else value).backward()  # type: ignore[no-untyped-call]
        return value.detach()

    def _unsynchronised(self) -> contextlib.AbstractContextManager[None]:
        shared = isinstance(self.model, DistributedDataParallel)
        return self.model.no_sync() if shared else _NOTHING  # type: ignore[operator]


def make_step(
    model: nn.Module,
    loss: Loss,
    optimizer: Optimizer,
    *,
    penalty: Penalty | None = None,
    precision: Precision = "float32",
    channels_last: bool = False,
    clip: float | None = None,
    accumulate: int = 1,
    average: AveragedModel | None = None,
) -> Step:
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
    precision
        What the model computes in; the loss, the weights and their updates stay in float32.
        ``"tf32"`` (matrix products of float32 numbers cut to 10 bits of mantissa) needs a CUDA device; ``"float16"``
        scales the loss, so that small gradients do not vanish, and leaves a step out whose gradients overflow (which
        only a fused optimiser decides without waiting for a GPU).
    channels_last
        Lay images out with the channels innermost, as fast convolutions in half precision want them; the model should
        be laid out alike: ``model.to(memory_format=torch.channels_last)``.
    clip
        Scale gradients down whose norm, over all parameters, is larger than this, above 0.
    accumulate
        Into how many parts to cut a batch, at least 1: the gradients of the parts are summed, so that the update is
        that of the whole batch, and only a part of it must fit into memory.
        (Batch normalisation sees the parts.)
    average
        A moving average of the weights, to be moved on after every step.

    Returns
    -------
    Step
        ``step(x, y) -> loss``: takes one optimiser step, and returns what it minimised, the loss and its penalty before
        the step, without a graph and without waiting for the device.

    Raises
    ------
    ValueError
        If a setting is out of range, or cannot be had with the others.

    Examples
    --------
    >>> model = nn.Linear(1, 1)
    >>> step = make_step(model, nn.functional.mse_loss, torch.optim.SGD(model.parameters(), lr=0.1))
    >>> x = torch.tensor([[1.0], [2.0]])
    >>> first, second = step(x, 3 * x), step(x, 3 * x)
    >>> bool(second < first)
    True

    References
    ----------
    Micikevicius et al. (2018), "Mixed precision training".
    Chapter: Training on a GPU.
    """
    if precision not in get_args(Precision):
        raise ValueError(f"precision must be one of {', '.join(get_args(Precision))}, got {precision!r}")
    if clip is not None and not clip > 0:
        raise ValueError(f"clip must be above 0, got {clip}")
    if accumulate < 1:
        raise ValueError(f"accumulate must be at least 1, got {accumulate}")
    device = next((parameter.device for parameter in model.parameters()), torch.device("cpu"))
    if precision == "tf32" and device.type != "cuda":
        raise ValueError(f'precision="tf32" needs a CUDA device, and the model lies on {device}')
    if precision == "float16" and isinstance(optimizer, LBFGS):
        raise ValueError("LBFGS evaluates the loss several times a step, which a scaled loss (float16) does not allow")
    half = {"bfloat16": torch.bfloat16, "float16": torch.float16}.get(precision)

    def objective(x: Tensor, y: Tensor) -> Tensor:
        if channels_last and x.ndim == 4:
            x = x.contiguous(memory_format=torch.channels_last)
        with torch.autocast(device.type, half) if half else _NOTHING:
            output = model(x)
        value = loss(in_float32(output) if half else output, y)
        return value + penalty(model.parameters()) if penalty else value

    scaler = GradScaler(device.type) if precision == "float16" else None
    if average is not None:
        average.n_averaged = average.n_averaged.cpu()  # the device would be waited for at every look at it
    return Step(model, optimizer, objective, device, clip, accumulate, half, precision == "tf32", scaler, average)


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


def in_float32(output: Any) -> Any:
    """Return what a model computed in half precision in the precision that losses need; anything else as it is."""
    halves = (torch.bfloat16, torch.float16)
    return output.float() if isinstance(output, Tensor) and output.dtype in halves else output


def move_average(average: AveragedModel, model: nn.Module) -> None:
    """Move a moving average on, as its own method does, which would make the program wait for a GPU."""
    source = model.module if isinstance(model, DistributedDataParallel) else model
    averaged = [param.detach() for param in average.module.parameters()]
    current = [param.detach() for param in source.parameters()]
    with torch.no_grad():
        if average.n_averaged:
            assert average.multi_avg_fn is not None
            average.multi_avg_fn(averaged, current, average.n_averaged)
        else:
            torch._foreach_copy_(averaged, current)
        for kept, buffer in zip(average.module.buffers(), source.buffers(), strict=True):
            kept.copy_(buffer)
        average.n_averaged += 1


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


@contextmanager
def _tf32() -> Iterator[None]:
    """Let matrix products and convolutions on a GPU cut float32 numbers to TF32 inside the block."""
    cudnn: Any = torch.backends.cudnn
    switches: list[Any] = [torch.backends.cuda.matmul, cudnn.conv]
    before = [switch.fp32_precision for switch in switches]
    for switch in switches:
        switch.fp32_precision = "tf32"
    try:
        yield
    finally:
        for switch, precision in zip(switches, before, strict=True):
            switch.fp32_precision = precision
