"""What a pass makes of what it was given: the calls on a tape that lead from the models' inputs to the loss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from unstuck.doctor.watch.losses import LOSSES
from unstuck.doctor.watch.tape import Op

__all__ = ["Key", "Slice", "slice_of"]

_FILLED = frozenset(
    {"zeros", "ones", "full", "zeros_like", "ones_like", "full_like", "new_zeros", "new_ones", "new_full"}
)
_COUNTED = frozenset({"arange", "range"})

Key = tuple[str, int, int] | tuple[str, int]


@dataclass(frozen=True)
class Slice:
    """The functions and models, outside of all models, that a loss was made by, in order.

    Attributes
    ----------
    outside
        What they are given that none of them made, by the id of the tensor: which argument of which model call
        (``("call", call, place)``), the target of which loss call (``("target", call)``), a number as often as the
        batch has rows (``("filled", place)``), or whatever else (``("constant", place)``).
    values
        Those tensors, by the same ids.
    targets
        The id of what a model's output is held against -> the number of the loss call; -1 for none.
    loose
        The ids of constants with as many rows as the batch, such as the targets of a loss by hand, in order.
    """

    ops: list[Op]
    outside: dict[int, Key]
    values: dict[int, Tensor]
    targets: dict[int, int]
    loose: list[int]


def slice_of(tape: Sequence[Op], loss: Tensor, calls: int) -> Slice | None:
    """Take a slice from a tape that ends with a loss; None where it does not lead from a model to the loss.

    Parameters
    ----------
    calls
        How many of the last calls of models belong to the pass.
    """
    left = max(calls, 1)
    needed, chosen = {id(loss)}, []
    for op in reversed(tape):
        if op.modules or not left:
            continue
        of_model = isinstance(op.func, nn.Module)
        left -= of_model
        if any(id(out) in needed for out in op.outputs) and (of_model or op.name != "__set__"):
            inputs = op.inputs
            chosen.append((op, inputs, of_model))
            needed |= {id(given) for given in inputs}
    chosen.reverse()
    if not any(of_model for _, _, of_model in chosen):
        return None

    depends: set[int] = set()  # what a model or a parameter had a part in
    kept: list[tuple[Op, list[Tensor], bool]] = []
    for op, inputs, of_model in chosen:
        if of_model or any(id(t) in depends or t.requires_grad for t in inputs):
            kept.append((op, inputs, of_model))
            depends |= {id(out) for out in op.outputs}
    outside: dict[int, Key] = {}
    values: dict[int, Tensor] = {}
    targets: dict[int, int] = {}
    made: set[int] = set()
    counted, filled = (
        {id(op.out) for op in tape if getattr(op.func, "__name__", "") in names} for names in (_COUNTED, _FILLED)
    )
    sizes = {t.shape[0] for _, inputs, of_model in kept if of_model for t in inputs if t.ndim}
    call_number = loss_number = -1
    for op, inputs, of_model in kept:
        of_loss = not of_model and op.name in LOSSES
        call_number += of_model
        loss_number += of_loss
        for place, given in enumerate(inputs):
            if id(given) in outside and of_loss and _is_target(op, given):  # the input is its own target
                targets.setdefault(id(given), loss_number)
            if id(given) in made or id(given) in outside or (given.requires_grad and given.is_leaf):
                continue
            values[id(given)] = given.detach()
            if of_model:
                outside[id(given)] = ("call", call_number, place)
            elif of_loss and _is_target(op, given):
                outside[id(given)] = ("target", loss_number)
                targets[id(given)] = loss_number
            elif id(given) in filled and given.ndim and given.shape[0] in sizes:
                outside[id(given)] = ("filled", place)
            else:
                outside[id(given)] = ("constant", place)
                chosen_by = given.dtype == torch.bool and op.name == "__getitem__"  # which rows count
                if given.ndim and given.shape[0] in sizes and id(given) not in counted and not chosen_by:
                    targets.setdefault(id(given), -1)
        made |= {id(out) for out in op.outputs}
    # What a loss call holds against comes first, and next what a difference is taken from: an index beside it says
    # which output is meant, as that of an action whose reward is known.
    compared = {id(t) for op, inputs, _ in kept if "sub" in op.name and len(inputs) == 2 for t in inputs}
    targets = dict(sorted(targets.items(), key=lambda item: (item[1] < 0, item[0] not in compared)))
    loose = [
        key
        for key, what in outside.items()
        if what[0] == "constant" and (t := values[key]).ndim and t.shape[0] in sizes and not t.requires_grad
    ]
    return Slice([op for op, _, _ in kept], outside, values, targets, loose)


def _is_target(op: Op, given: Tensor) -> bool:
    target = op.args[1] if len(op.args) > 1 else op.kwargs.get("target")
    return target is given
