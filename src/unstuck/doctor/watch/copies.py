"""Copies of what the script may change later: batches, weights, models; within a budget of memory."""

from __future__ import annotations

import copy
import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_map

from unstuck.doctor.recording import ModelCall, Pass
from unstuck.doctor.watch.tape import Op, tensors_in

__all__ = ["Keeper", "copy_model", "leaves_of", "state_of", "units_of"]

_MEGABYTE = 2**20
_COMPARING = frozenset({"eq", "__eq__", "ne", "__ne__", "sub", "__sub__", "rsub", "__rsub__", "subtract", "isclose"})


_RECODING = frozenset({
    "div", "__div__", "floor_divide", "__floordiv__", "remainder", "fmod", "__mod__", "true_divide", "divide",
})  # fmt: skip


def _of_integers(tensors: list[Tensor]) -> bool:
    """Whether some tensors hold whole numbers alone."""
    return bool(tensors) and not any(tensor.is_floating_point() or tensor.dtype == torch.bool for tensor in tensors)


class Keeper:
    """Keeps batches for as long as its budget lasts; what no longer fits is replaced by an empty tensor.

    Each kind has a budget of its own, so that a long training run leaves room for the last evaluation.
    """

    def __init__(self, megabytes: float = 64.0) -> None:
        kinds = ("inputs", "evaluation", "outputs", "evaluated", "targets")
        self.left = dict.fromkeys(kinds, megabytes * _MEGABYTE)

    def inputs(self, value: Any) -> Any:
        """Copy what a model is given in training."""
        return self._kept(value, "inputs", clone=True)

    def evaluation(self, value: Any) -> Any:
        """Copy what a model is given in an evaluation."""
        return self._kept(value, "evaluation", clone=True)

    def output(self, value: Any, training: bool) -> Any:
        """Keep what a model returned, without its graph."""
        return self._kept(value, "outputs" if training else "evaluated", clone=False)

    def target(self, value: Tensor) -> Tensor:
        """Copy a target, which may be a part of a tensor that the script changes."""
        kept: Tensor = self._kept(value, "targets", clone=True)
        return kept

    def slim(self, done: Pass) -> None:
        """Let go of what a pass that was not looked at need not keep: the losses' inputs beyond the budget."""
        for call in done.loss_calls:
            call.input = self._kept(call.input, "outputs", clone=False)

    def _kept(self, value: Any, kind: str, *, clone: bool) -> Any:
        def keep(leaf: Any) -> Any:
            if not isinstance(leaf, Tensor):
                return leaf
            size = _numbers(leaf) * leaf.element_size()
            if size > self.left[kind]:
                return leaf.detach().new_empty((0, *leaf.shape[1:]))
            self.left[kind] -= size
            return leaf.detach().clone() if clone else leaf.detach()

        if isinstance(value, Tensor):
            return keep(value)
        if type(value) is tuple and len(value) == 1 and isinstance(value[0], Tensor):
            return (keep(value[0]),)  # nearly every call: walking a tree takes longer than the copy
        return tree_map(keep, value)

    def compare(self, calls: list[ModelCall], ops: list[Op]) -> None:
        """Find with what each output was compared: in a loss, by ``==`` or by a difference."""
        owners: dict[int, list[int]] = {}  # id of a tensor -> the calls that it comes from
        pointers = {
            out.data_ptr(): number for number, call in enumerate(calls) for out in tensors_in(call.output) if len_(out)
        }
        for call in calls:
            if call.loss is not None and call.target is None and len_(call.loss.target):
                call.target = call.loss.target
        for op in ops:
            if op.modules:
                continue
            inputs = op.inputs
            derived = [
                owners.get(id(tensor)) or ([pointers[tensor.data_ptr()]] if _points(tensor, pointers) else [])
                for tensor in inputs
            ]
            if op.name in _RECODING and _of_integers(inputs):
                continue  # a part of what a class stands for, such as its row, is no class
            if op.name in _COMPARING and len(inputs) == 2 and bool(derived[0]) != bool(derived[1]):
                mine = 0 if derived[0] else 1
                _assign(calls, derived[mine], inputs[mine].detach(), inputs[1 - mine].detach())
                if _spreads(inputs[mine], inputs[1 - mine]):
                    for number in derived[mine]:
                        calls[number].spread = op.site
            of_inputs = sorted({number for numbers in derived for number in numbers})
            if of_inputs and not isinstance(op.func, nn.Module):  # what a model returns is its own
                for out in op.outputs:
                    owners[id(out)] = of_inputs


def _numbers(tensor: Tensor) -> int:
    """Return how many numbers a tensor holds: of a sparse one, where they lie counts, too."""
    if tensor.layout == torch.sparse_coo:
        return tensor._nnz() * (2 * tensor.sparse_dim() + 1)
    return tensor.numel()


def len_(tensor: Tensor) -> int:
    """Return the number of rows, 0 for what was not kept."""
    return tensor.shape[0] if tensor.ndim and tensor.numel() else int(tensor.numel())


def _spreads(a: Tensor, b: Tensor) -> bool:
    """Whether two tensors of as many numbers each broadcast to one with more, as ``(N, 1)`` and ``(N,)`` do."""
    if a.shape == b.shape or not a.numel() == b.numel() > 1:
        return False
    together = torch.broadcast_shapes(a.shape, b.shape)  # type: ignore[no-untyped-call]
    return bool(math.prod(together) > a.numel())


def _points(tensor: Tensor, pointers: dict[int, int]) -> bool:
    try:
        return tensor.data_ptr() in pointers
    except RuntimeError:  # no storage, as of a tensor of another backend
        return False


def _assign(calls: list[ModelCall], numbers: list[int], predicted: Tensor, target: Tensor) -> None:
    """Give each call its part of a comparison, which may have been made once for all of them."""
    sizes = [len_(next(iter(tensors_in(calls[number].output)), torch.empty(0))) for number in numbers]
    if not predicted.ndim or not target.ndim or predicted.shape[0] != sum(sizes) or target.shape[0] != sum(sizes):
        return
    for number, mine, wanted in zip(numbers, torch.split(predicted, sizes), torch.split(target, sizes), strict=True):
        call = calls[number]
        if call.predicted is None and not _contradicts(wanted, call.target):
            call.predicted, call.target = mine.clone(), wanted.clone()
            units = units_of(call.output, mine) if isinstance(call.output, Tensor) else None
            if units is not None and wanted.is_floating_point():
                call.predicted, call.target = ((part - units[1]) / units[0] for part in (mine, wanted))


def units_of(output: Tensor, made: Tensor) -> tuple[float, float] | None:
    """Return the scale and the offset that take outputs to numbers made of them; None for none, or the same numbers."""
    if output.numel() != made.numel() or output.numel() < 3 or not made.is_floating_point():
        return None
    out, numbers = output.detach().cpu().double().flatten(), made.detach().cpu().double().flatten()
    if not float(out.std()) > 0 or not float(numbers.std()) > 0 or torch.equal(out, numbers):
        return None
    scale = float(((out - out.mean()) * (numbers - numbers.mean())).mean() / out.var(correction=0))
    offset = float(numbers.mean() - scale * out.mean())
    off = float((out * scale + offset - numbers).abs().max())
    return (scale, offset) if scale and off <= 1e-4 * float(numbers.std()) else None


def _contradicts(wanted: Tensor, known: Tensor | None) -> bool:
    """Whether classes are others than those that the loss was given: a part of them, say, such as a cell's row."""
    if known is None or known.shape != wanted.shape or known.is_floating_point() or wanted.is_floating_point():
        return False
    return not torch.equal(known.to(wanted.dtype), wanted)


def leaves_of(loss: Tensor) -> list[Tensor]:
    """Return the leaves that a loss's graph leads to: the tensors that its backward pass gives a gradient."""
    leaves: list[Tensor] = []
    waiting, seen = [loss.grad_fn], {loss.grad_fn}
    while waiting:
        node = waiting.pop()
        if node is None:
            continue
        if (leaf := getattr(node, "variable", None)) is not None:
            leaves.append(leaf)
        for before, _ in node.next_functions:
            if before is not None and before not in seen:
                seen.add(before)
                waiting.append(before)
    return leaves


def copy_model(model: nn.Module) -> nn.Module | None:
    """Return a copy of a model as it is; None for one that cannot be copied."""
    try:
        return copy.deepcopy(model)
    except Exception:
        return None


def state_of(model: nn.Module, most: int = 4_000_000) -> dict[str, Tensor] | None:
    """Return copies of a model's parameters and buffers; None for a model of more than ``most`` numbers."""
    state = {**dict(model.named_parameters()), **dict(model.named_buffers())}
    if sum(tensor.numel() for tensor in state.values()) > most:
        return None
    return {name: tensor.detach().clone() for name, tensor in state.items()}
