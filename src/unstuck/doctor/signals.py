"""What runs through a model in one pass, forwards and back: a row for every call of a layer or an activation.

Unlike hooks on modules this sees what a script computes by hand too: ``x @ self.W1``, ``F.relu``, ``F.dropout``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from unstuck.doctor.rerun import Rerun
from unstuck.doctor.watch.sites import Site, site_here
from unstuck.doctor.watch.tape import tensors_in

__all__ = ["ACTIVATIONS", "BOUNDED", "DROPOUTS", "RECURRENT", "Call", "Signals", "listen", "saturation"]

RECURRENT = frozenset(
    {"lstm", "gru", "rnn_tanh", "rnn_relu", "lstm_cell", "gru_cell", "rnn_tanh_cell", "rnn_relu_cell"}
)
DROPOUTS = frozenset({
    "dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "feature_alpha_dropout",
    "dropout_", "native_dropout",
})  # fmt: skip
_LAYERS = RECURRENT | frozenset({
    "linear", "addmm", "matmul", "__matmul__", "mm", "bmm", "baddbmm", "einsum", "bilinear", "embedding",
    "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d",
})  # fmt: skip
_RECTIFIERS = frozenset(
    {"relu", "relu_", "relu6", "threshold", "threshold_", "clamp", "clamp_", "clamp_min", "hardtanh"}
)
_SEQUENCES = frozenset({"lstm", "gru", "rnn_tanh", "rnn_relu"})
BOUNDED = {"tanh": (-1.0, 1.0), "sigmoid": (0.0, 1.0), "tanh_": (-1.0, 1.0), "sigmoid_": (0.0, 1.0)}
ACTIVATIONS = _RECTIFIERS | frozenset(BOUNDED)
_NORMS = frozenset({"batch_norm", "instance_norm"})


@dataclass(eq=False)
class Call:
    """One call of a function in a pass.

    Attributes
    ----------
    name
        Of the function.
    kind
        ``layer``, ``activation``, ``dropout``, ``norm`` or ``other``.
    parameter, weight
        The name of the first matrix among its arguments that is learnt, and itself; empty and None without one.
    modules
        The modules inside which it was called, the outermost first, by their names in the first model that has them.
    spread
        How far the samples' outputs lie from one another: the root mean square over the units of the standard
        deviation over the batch.
    size, fed
        The root mean squares of the output and of what the function was given.
    silent
        Of a rectifier, which units are zero for every sample and everywhere.
    saturated
        Of tanh and the sigmoid, the share of outputs within a hundredth of the way from a bound.
    delta
        The root mean square of the gradient of a sample's own loss with respect to the output; NaN where none came.
    through_time
        Of a recurrent layer, the root mean squares of the gradient with respect to what it was given at the first and
        at the last steps of the sequence; empty where none came.
    settings
        Of dropout its rate (``p``) and whether it was on (``training``); of batch normalisation the values for each
        channel (``values``) and the samples (``samples``).
    """

    name: str
    kind: str
    parameter: str
    weight: Tensor | None
    modules: tuple[str, ...]
    site: Site | None
    spread: float
    size: float
    fed: float = float("nan")
    silent: Tensor | None = None
    saturated: float = float("nan")
    delta: float = float("nan")
    through_time: tuple[float, ...] = ()
    settings: dict[str, float] = field(default_factory=dict)


@dataclass(eq=False)
class Signals:
    """The calls of one pass in order, the loss, and what it was given."""

    calls: list[Call]
    loss: float
    given: Tensor | None

    def of(self, kind: str) -> list[Call]:
        """Return the calls of one kind."""
        return [call for call in self.calls if call.kind == kind]

    @property
    def layers(self) -> list[Call]:
        """The calls that use a learnt matrix."""
        return [call for call in self.calls if call.kind == "layer" and call.parameter]


class _Listener(TorchFunctionMode):
    def __init__(self, names: dict[int, str], stack: list[str]) -> None:
        super().__init__()
        self.names, self.stack = names, stack
        self.views: dict[int, tuple[Tensor, Tensor]] = {}  # of parameters, such as a transposed one, by their ids
        self.calls: list[Call] = []
        self.noted: list[tuple[Call, list[float]]] = []
        self.sequences: list[Tensor] = []
        self.convolved = False  # the last layer was a convolution: the units lie along axis 1

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        name = getattr(func, "__name__", "")
        if name not in _LAYERS and name not in ACTIVATIONS and name not in DROPOUTS and name not in _NORMS:
            return self._viewed(func(*args, **kwargs))
        noted: list[float] = []
        if name in _SEQUENCES:
            args = self._timed(args, noted)
        out = func(*args, **kwargs)
        first = next((t for t in tensors_in(out) if t.is_floating_point() and t.ndim), None)
        if first is not None and first.numel():
            self._note(name, args, kwargs, first)
            self.noted.append((self.calls[-1], noted))
        return out

    def _viewed(self, out: Any) -> Any:
        """Take note of a learnt matrix that is turned round before it is multiplied."""
        base = out._base if isinstance(out, Tensor) else None
        if base is not None and id(base) in self.names and base.shape == out.shape[::-1]:
            self.views[id(out)] = out, base
        return out

    def _note(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], out: Tensor) -> None:
        given = [self.views.get(id(t), (t, t))[1] for t in tensors_in((args, kwargs))]
        known = [t for t in given if id(t) in self.names and t.ndim > 1]
        value = out.detach().float()
        flat = value.flatten(1) if value.ndim > 1 else value[:, None]
        call = Call(
            name,
            _kind(name),
            self.names[id(known[0])] if known else "",
            known[0] if known else None,
            tuple(self.stack),
            site_here(),
            float(flat.std(0, correction=0).square().mean().sqrt()),
            float(flat.square().mean().sqrt()),
            next((_size(t) for t in given if id(t) not in self.names and t.is_floating_point()), float("nan")),
        )
        if call.kind == "layer":
            self.convolved = name.startswith("conv")
        if name in _RECTIFIERS and value.ndim > 1:
            axis = 1 if value.ndim > 3 or self.convolved else -1
            call.silent = (value == 0).movedim(axis, 0).flatten(1).all(1)
        if name in BOUNDED:
            call.saturated = saturation(name, value)
        if call.kind == "dropout":
            p = kwargs.get("p", args[1] if len(args) > 1 else 0.5)
            on = kwargs.get("training", args[2] if len(args) > 2 else name not in ("dropout_", "native_dropout"))
            call.settings = {"p": float(p), "training": float(bool(on))}
        if call.kind == "norm" and value.ndim > 1:
            on = kwargs.get("training", args[5] if len(args) > 5 else False)
            call.settings = {
                "values": value.numel() / value.shape[1],
                "samples": len(value),
                "training": float(bool(on)),
            }
        if out.requires_grad:
            rows = len(value)

            def note(gradient: Tensor) -> None:
                largest = float(gradient.abs().max()) or 1.0  # by which the squares of large ones stay finite
                call.delta = rows * largest * float((gradient.float() / largest).square().mean().sqrt())

            out.register_hook(note)  # type: ignore[no-untyped-call]
        self.calls.append(call)

    def _timed(self, args: tuple[Any, ...], noted: list[float]) -> tuple[Any, ...]:
        """Have the gradient of a recurrent layer's sequence noted, at its first and its last steps."""
        x = args[0]
        if not isinstance(x, Tensor) or x.ndim != 3 or not x.is_floating_point() or not torch.is_grad_enabled():
            return args
        if not x.requires_grad:
            x = x.detach().clone().requires_grad_()
            self.sequences.append(x)
        axis = 1 if args[-1] is True else 0  # batch_first; that of packed sequences is no flag

        def note(gradient: Tensor) -> None:
            by_step = gradient.float().square().transpose(0, axis).flatten(1).mean(1).sqrt()
            part = max(len(by_step) // 8, 1)
            noted[:] = [float(by_step[:part].mean()), float(by_step[-part:].mean())]

        x.register_hook(note)  # type: ignore[no-untyped-call]
        return (x, *args[1:])


def saturation(name: str, value: Tensor) -> float:
    """Return the share of outputs of one of :data:`BOUNDED` within a hundredth of the way from a bound."""
    low, high = BOUNDED[name]
    near = 0.01 * (high - low)
    return float(((value < low + near) | (value > high - near)).float().mean())


def _kind(name: str) -> str:
    kinds = (("layer", _LAYERS), ("dropout", DROPOUTS), ("norm", _NORMS))
    return next((kind for kind, names in kinds if name in names), "activation")


def _size(value: Tensor) -> float:
    return float(value.detach().float().square().mean().sqrt())


def _drop(stack: list[str]) -> None:
    stack.pop()  # its value must not be returned, as a hook's value takes the place of the module's


@contextmanager
def _stacked(models: Mapping[int, nn.Module]) -> Iterator[list[str]]:
    """Keep the names of the modules that are being called."""
    stack: list[str] = []
    handles = []
    for model in models.values():
        for name, module in model.named_modules():
            handles.append(module.register_forward_pre_hook(lambda *_, name=name: stack.append(name)))
            handles.append(module.register_forward_hook(lambda *_: _drop(stack), always_call=True))
    try:
        yield stack
    finally:
        for handle in handles:
            handle.remove()


def listen(
    rerun: Rerun,
    models: Mapping[int, nn.Module],
    batch: Mapping[int, Tensor],
    *,
    training: bool | None = None,
    backward: bool = True,
) -> Signals:
    """Do a pass with copies of the models, and return what ran through them.

    Parameters
    ----------
    rerun
        Of the stream.
    models
        Copies, as :meth:`~unstuck.doctor.rerun.Rerun.fresh` and ``final`` return them; their buffers may change.
    batch
        One of the rerun's.
    training
        The mode of the models; None leaves it.
    backward
        Whether to send gradients back; they do not stay.
    """
    parameters = rerun.parameters_for(dict(models))
    names = {
        id(p): name if not number else f"{number + 1}:{name}"
        for number, model in enumerate(models.values())
        for name, p in model.named_parameters()
    }
    names |= {id(p): names.get(id(p), "") or f"parameter {number + 1}" for number, p in enumerate(parameters.values())}
    if training is not None:
        for model in models.values():
            model.train(training)
    devices = list({p.device for p in parameters.values() if p.device.type == "cuda"})
    with torch.random.fork_rng(devices), torch.set_grad_enabled(backward), _stacked(models) as stack:
        torch.manual_seed(0)
        listener = _Listener(names, stack)
        with listener:
            outcome = rerun.program.run(models, batch, parameters)
        loss = outcome.loss.mean()
        for call in listener.calls:  # what the pass asked gradients of by itself, such as a sample's, is not the loss's
            call.delta = math.nan
        if backward and loss.requires_grad:
            wanted = [p for p in parameters.values() if p.requires_grad and p.is_floating_point()]
            torch.autograd.grad(loss, wanted + listener.sequences, allow_unused=True)
    for call, noted in listener.noted:
        call.through_time = tuple(noted)
    given = outcome.given if outcome.given is not None else outcome.output
    return Signals(listener.calls, float(loss.detach()), given.detach() if isinstance(given, Tensor) else None)
