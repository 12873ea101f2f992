"""What passes through a network's layers, forward and back: the profile in which a signal is seen to vanish."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pandas as pd
import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.utils._pytree import tree_leaves

from unstuck.losses import cross_entropy

__all__ = ["layer_profile"]

_BOUNDS: dict[type[nn.Module], tuple[float, float]] = {
    nn.Tanh: (-1.0, 1.0),
    nn.Sigmoid: (0.0, 1.0),
    nn.Hardtanh: (-1.0, 1.0),
    nn.Hardsigmoid: (0.0, 1.0),
    nn.Softsign: (-1.0, 1.0),
}


@dataclass(frozen=True)
class _Call:
    """One call of a layer, and what came out of it."""

    name: str
    layer: nn.Module
    output: Tensor


def layer_profile(
    model: nn.Module, x: Tensor, y: Tensor | None = None, loss: Callable[[Any, Tensor], Tensor] = cross_entropy
) -> pd.DataFrame:
    """Measure the output of every layer on one batch, and the gradient that comes back to it.

    A layer is a module without children; what a model computes between its modules, as by ``F.relu``, is not seen.
    The model is left as it was: its parameters, their gradients, its buffers, its mode and the random state.

    Parameters
    ----------
    model
        In the mode to be measured: dropout and batch normalisation behave as they do in it.
    x
        Inputs, shape ``(batch, *in_shape)``.
    y
        Targets; without them nothing is sent back, and the gradients' columns are NaN.
    loss
        Maps ``(model(x), y)`` to the mean over the batch.

    Returns
    -------
    DataFrame
        A row for every call of a layer in the order of the forward pass, by the layer's name (``name#2`` for its
        second call), with the columns

        ``kind``
            The class of the layer.
        ``shape``
            Of its output, without the batch.
        ``mean``, ``std``
            Of the output, over the batch and all units.
        ``zero``
            The share of the output that is exactly zero.
        ``dead``
            The share of units, along axis 1, that are zero for every sample and everywhere.
        ``saturated``
            For an activation with two bounds, such as tanh, the share of the output that is within 1 % of the way
            between them of either; else NaN.
        ``grad_std``
            The standard deviation of the gradient of a sample's own loss with respect to the output: that of the mean
            loss times the size of the batch.
            NaN for what nothing flows back to.
        ``weight_norm``, ``weight_grad_norm``
            The norms of the layer's ``weight`` and of the mean loss's gradient with respect to it; NaN where there is
            none.

    Raises
    ------
    ValueError
        If no layer is called, or the loss is no single number.

    Examples
    --------
    >>> model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))
    >>> profile = layer_profile(model, torch.ones(4, 8), torch.tensor([0, 1, 2, 0]))
    >>> profile[["kind", "shape"]].to_dict("list")
    {'kind': ['Linear', 'ReLU', 'Linear'], 'shape': [(16,), (16,), (3,)]}

    References
    ----------
    X. Glorot and Y. Bengio, "Understanding the difficulty of training deep feedforward neural networks", AISTATS 2010,
    which profiles networks like this. Chapter: Models and capacity.
    """
    weights: list[Tensor] = list(model.parameters())
    buffers = {name: buffer.clone() for name, buffer in model.named_buffers()}
    devices = [x.device] if x.device.type == "cuda" else []
    with torch.random.fork_rng(devices), torch.enable_grad(), _listening(model) as calls:
        if x.is_floating_point():  # so that something flows back to layers that nothing before them learns
            x = x.detach().requires_grad_().clone()
        output = functional_call(model, buffers, (x,))
        if not calls:
            raise ValueError(f"{type(model).__name__} calls no layer: it has none, or they return no floating tensors")
        wanted = [call.output for call in calls] + weights
        grads = [None] * len(wanted) if y is None else _gradients(loss(output, y), wanted)
    of_outputs, of_weights = grads[: len(calls)], dict(zip(weights, grads[len(calls) :], strict=True))
    rows = [
        {
            "layer": call.name,
            "kind": type(call.layer).__name__,
            "shape": tuple(call.output.shape[1:]),
            **_of_output(call.output.detach(), call.layer),
            "grad_std": _nan if grad is None else len(x) * grad.std(correction=0).item(),
            **_of_weight(call, of_weights),
        }
        for call, grad in zip(calls, of_outputs, strict=True)
    ]
    return pd.DataFrame(rows).set_index("layer")


_nan = float("nan")


@contextmanager
def _listening(model: nn.Module) -> Iterator[list[_Call]]:
    """Write down every call of a layer inside the block."""
    calls: list[_Call] = []
    seen: dict[str, int] = {}

    def listen(name: str, layer: nn.Module) -> Any:
        def note(_layer: nn.Module, _inputs: Any, output: Any) -> Any:
            tensors = [leaf for leaf in tree_leaves(output) if isinstance(leaf, Tensor) and leaf.is_floating_point()]
            if not tensors:
                return None
            seen[name] = seen.get(name, 0) + 1
            calls.append(_Call(name if seen[name] == 1 else f"{name}#{seen[name]}", layer, tensors[0]))
            # What comes after gets a copy, as it may write into it: an in-place ReLU would change what is kept here.
            return output.clone() if isinstance(output, Tensor) else None

        return layer.register_forward_hook(note)

    layers = [(name, layer) for name, layer in model.named_modules() if not list(layer.children())]
    handles = [listen(name or type(layer).__name__, layer) for name, layer in layers]
    try:
        yield calls
    finally:
        for handle in handles:
            handle.remove()


def _gradients(value: Tensor, wanted: list[Tensor]) -> list[Tensor | None]:
    """Return the gradient of a loss with respect to each tensor; None for one that it does not depend on."""
    if value.numel() != 1:
        raise ValueError(f"the loss must be a single number, got a tensor of shape {tuple(value.shape)}")
    if not value.requires_grad:
        return [None] * len(wanted)
    learnt = [tensor for tensor in wanted if tensor.requires_grad]
    found = iter(torch.autograd.grad(value.sum(), learnt, allow_unused=True))
    return [next(found) if tensor.requires_grad else None for tensor in wanted]


def _of_output(output: Tensor, layer: nn.Module) -> dict[str, float]:
    zero = output == 0
    of_units = zero.transpose(0, 1).flatten(1) if output.ndim > 1 else zero.unsqueeze(0)
    bounds = _BOUNDS.get(type(layer))
    saturated = _nan
    if bounds:
        low, high = bounds
        margin = 0.01 * (high - low)
        saturated = ((output <= low + margin) | (output >= high - margin)).float().mean().item()
    return {
        "mean": output.mean().item(),
        "std": output.std(correction=0).item(),
        "zero": zero.float().mean().item(),
        "dead": of_units.all(dim=1).float().mean().item(),
        "saturated": saturated,
    }


def _of_weight(call: _Call, grads: dict[Tensor, Tensor | None]) -> dict[str, float]:
    weight = getattr(call.layer, "weight", None)
    if not isinstance(weight, Tensor):
        return {"weight_norm": _nan, "weight_grad_norm": _nan}
    grad = grads.get(weight)
    return {
        "weight_norm": weight.detach().norm().item(),
        "weight_grad_norm": _nan if grad is None else grad.norm().item(),
    }
