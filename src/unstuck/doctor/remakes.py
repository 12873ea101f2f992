"""Copies of models made over for a probe: with other first weights, more units, or a layer for each place."""

from __future__ import annotations

import copy
import inspect
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn, optim
from torch.overrides import TorchFunctionMode

from unstuck.doctor.rerun import Change, Rerun
from unstuck.doctor.signals import RECURRENT
from unstuck.doctor.watch.tape import tensors_in

__all__ = ["Sum", "levelled", "redrawn", "separated", "sums", "untied"]

Models = dict[int, nn.Module]

_FEW, _TIMES = 8, 4  # units of a recurrent layer, and how many times as many are tried


def redrawn(models: Models) -> None:
    """Draw all weights anew as PyTorch's layers do by default; what no layer draws, from a normal distribution."""
    for model in models.values():
        for module in model.modules():
            if callable(getattr(module, "reset_parameters", None)):
                module.reset_parameters()  # type: ignore[operator]
                continue
            for parameter in module.parameters(recurse=False):
                if parameter.ndim > 1:
                    with torch.no_grad():  # which axis is the input's is not known: half the sum, as Glorot has it
                        parameter.normal_(0.0, math.sqrt(2 / sum(parameter.shape[:2])))


def levelled(rerun: Rerun, models: Models, size: float = 1.0) -> None:
    """Centre and scale every layer's output on the first batch, so that the signal neither fades nor grows.

    Where outputs are added to what came before, as in residual networks, the ``size`` is to be less than one.

    The weights of recurrent layers from step to step become orthogonal instead.
    The last layer is only ever scaled down.

    References
    ----------
    D. Mishkin and J. Matas, "All you need is a good init", ICLR 2016.
    """
    for model in models.values():
        model.train()
    parameters = rerun.parameters_for(models)
    counting = _Levelling(parameters, None, size)
    with torch.no_grad(), counting:
        rerun.program.run(models, rerun.batches[0], parameters)
    with torch.no_grad(), _Levelling(parameters, len(counting.met), size):
        rerun.program.run(models, rerun.batches[0], parameters)


class _Levelling(TorchFunctionMode):
    """Rescales weights as layers are first called, the last of ``layers`` only down; with None it only counts them."""

    _LINEAR = frozenset({"linear", "addmm", "matmul", "__matmul__", "mm", "conv1d", "conv2d", "conv3d"})

    def __init__(self, parameters: Mapping[int, Tensor], layers: int | None, size: float) -> None:
        super().__init__()
        self.known = {id(p) for p in parameters.values() if p.is_floating_point()}
        self.layers, self.size = layers, size
        self.met: set[int] = set()

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        out = func(*args, **kwargs)
        name = getattr(func, "__name__", "")
        mine = [t for t in tensors_in((args, kwargs)) if id(t) in self.known]
        weights = [t for t in mine if t.ndim > 1 and id(t) not in self.met]
        if not weights:
            return out
        if name in RECURRENT:
            self.met.update(id(t) for t in weights)
            if self.layers is not None:
                for weight in weights:
                    if weight.shape[0] % weight.shape[1] == 0:
                        for gate in torch.split(weight, weight.shape[1]):
                            nn.init.orthogonal_(gate)
                out = func(*args, **kwargs)
        elif name in self._LINEAR and isinstance(out, Tensor) and out.ndim > 1 and len(out) > 1:
            self.met.add(id(weights[0]))
            if self.layers is not None:
                spread = float(out.flatten(1).std(0).square().mean().sqrt())
                last = len(self.met) >= self.layers
                if math.isfinite(spread) and spread > 0 and not (last and spread <= self.size):
                    weights[0].mul_(self.size / spread)
                bias = next((t for t in mine if t.ndim == 1 and not last), None)
                if bias is not None:
                    again = func(*args, **kwargs)
                    axis = 1 if name.startswith("conv") else again.ndim - 1
                    if again.shape[axis] == len(bias):
                        bias.sub_(again.transpose(0, axis).flatten(1).mean(1) if axis else again.mean(0))
                out = func(*args, **kwargs)
        return out


class Sum(nn.Module):
    """Several copies of a model whose outputs are added: one that is so many times as wide.

    The sum of independent outputs is as large as one of them.
    """

    def __init__(self, model: nn.Module, copies: int) -> None:
        super().__init__()
        self.parts = nn.ModuleList([model, *(copy.deepcopy(model) for _ in range(copies - 1))])
        for part in list(self.parts)[1:]:
            redrawn({0: part})

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Return the sum of the copies' outputs, each divided by the root of their number."""
        outputs = [part(*args, **kwargs) for part in self.parts]
        scale = len(outputs) ** -0.5
        if isinstance(outputs[0], Tensor):
            return torch.stack(outputs).sum(0) * scale
        return type(outputs[0])(  # a tuple: what is no floating tensor is the first model's
            torch.stack(parts).sum(0) * scale
            if isinstance(parts[0], Tensor) and parts[0].is_floating_point()
            else parts[0]
            for parts in zip(*outputs, strict=True)
        )


class _Roomier(nn.Module):
    """Stands for a recurrent layer of few units: one of more, whose state is handed on as that many numbers."""

    def __init__(self, layer: nn.RNNBase, times: int) -> None:
        super().__init__()
        few, many, ways = layer.hidden_size, times * layer.hidden_size, 1 + layer.bidirectional
        settings = {name: getattr(layer, name) for name in ("num_layers", "bias", "batch_first", "bidirectional")}
        if isinstance(layer, nn.RNN):
            settings["nonlinearity"] = layer.nonlinearity
        self.inner = type(layer)(layer.input_size, many, dropout=layer.dropout, **settings)  # type: ignore[arg-type]
        self.read, self.state = nn.Linear(ways * many, ways * few), nn.Linear(many, few)

    def forward(self, given: Any) -> Any:
        """Return outputs and the last state, of as many units as the layer has that it stands for."""
        out, last = self.inner(given)
        if isinstance(out, nn.utils.rnn.PackedSequence):
            read = nn.utils.rnn.PackedSequence(self.read(out.data), *out[1:])
        else:
            read = self.read(out)
        return read, tuple(map(self.state, last)) if isinstance(last, tuple) else self.state(last)


def _with_room(model: nn.Module) -> None:
    """Give recurrent layers of few units many: copies of a model each remember as little as it does."""
    for layer in [m for m in model.modules() if isinstance(m, nn.RNNBase) and not m.proj_size]:
        if layer.hidden_size <= _FEW:
            for owner, key in list(_owners(model, layer)):
                owner._modules[key] = _Roomier(layer, _TIMES)


def _optimizer_of(
    rerun: Rerun, made: list[nn.Module], slower: float = 1.0
) -> Callable[[list[Tensor]], optim.Optimizer]:
    """Return what makes an optimiser of the script's kind and settings, for all parameters of new models."""

    def make(parameters: list[Tensor]) -> optim.Optimizer:
        number = rerun.stream.optimizer_numbers[0]
        original = rerun.stream.seen.optimizers[number]
        kind = next(k for k in type(original).__mro__ if k.__module__.startswith("torch.optim"))
        taken = inspect.signature(kind).parameters
        settings = {k: v for k, v in original.param_groups[0].items() if k in taken and k != "params"}
        settings["lr"] = rerun.stream.seen.lrs[number][0][1] * slower
        known = {id(p): p for p in parameters}
        known |= {id(p): p for model in made for p in model.parameters() if p.requires_grad}
        fresh: optim.Optimizer = kind(list(known.values()), **settings)
        return fresh

    return make


def sums(rerun: Rerun, copies: int) -> Change:
    """Return the change that makes the models so many times as wide: each the sum of copies."""
    made: list[nn.Module] = []

    def widen(models: Models) -> Models:
        for model in models.values():
            _with_room(model)
        made[:] = [Sum(model, copies) for model in models.values()]
        return dict(zip(models, made, strict=True))

    original = rerun.stream.optimizer
    # The sum moves by the copies' number where the length of a step does not depend on the gradient's, and by
    # one copy's share where it does: the root in the sum's scale makes up for it.
    slower = 1.0 if isinstance(original, optim.SGD) else copies**-0.5
    return Change(model=widen, optimizer=_optimizer_of(rerun, made, slower))


class _Places(nn.Module):
    """Stands for a module that is called several times in a pass: each call has a copy of its own."""

    def __init__(self, module: nn.Module, places: int) -> None:
        super().__init__()
        self.copies = nn.ModuleList([module, *(copy.deepcopy(module) for _ in range(places - 1))])
        for part in list(self.copies)[1:]:
            redrawn({0: part})
        self.count = 0

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        self.count += 1
        return self.copies[(self.count - 1) % len(self.copies)](*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        try:
            return super().__getattr__(name)
        except AttributeError:
            return getattr(self._modules["copies"].get_submodule("0"), name)  # type: ignore[union-attr]


def untied(rerun: Rerun, names: Mapping[str, int]) -> Change:
    """Return the change that gives a module a copy for each place at which a pass calls it.

    Parameters
    ----------
    rerun
        Of the stream.
    names
        The name of a module within the first model that has it -> how often a pass calls it.
    """
    made: list[nn.Module] = []

    def split(models: Models) -> Models:
        made[:] = []
        for model in models.values():
            for name, places in names.items():
                module = dict(model.named_modules()).get(name)
                if module is None or not name:
                    continue
                stand_in = _Places(module, places)
                for owner, key in list(_owners(model, module)):
                    owner._modules[key] = stand_in
            made.append(model)
        return models

    return Change(model=split, optimizer=_optimizer_of(rerun, made))


def _owners(model: nn.Module, module: nn.Module) -> Iterator[tuple[nn.Module, str]]:
    for owner in model.modules():
        if isinstance(owner, _Places):
            continue
        for key, child in owner._modules.items():
            if child is module:
                yield owner, key


def separated(rerun: Rerun, tied: Mapping[int, tuple[list[str], nn.Parameter]]) -> Change:
    """Return the change that gives each layer of the first model weights of its own, where they share them.

    Parameters
    ----------
    rerun
        Of the stream.
    tied
        The names under which a parameter stands, and the parameter, by any key.
    """
    made: list[nn.Module] = []

    def split(models: Models) -> Models:
        made[:] = list(models.values())
        for names, _ in tied.values():
            for name in names[1:]:
                path, _, key = name.rpartition(".")
                owner = made[0].get_submodule(path)
                owner._parameters[key] = nn.Parameter(owner._parameters[key].detach().clone())  # type: ignore[union-attr]
                redrawn({0: owner})
        return models

    return Change(model=split, optimizer=_optimizer_of(rerun, made))
