"""From a model's inputs to the loss: what the script does in a pass, taken from the tape, to be done again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn
from torch.utils._pytree import tree_map

from unstuck.doctor.recording import Look, Pass
from unstuck.doctor.streams import Stream
from unstuck.doctor.watch.losses import LOSSES, NEAR
from unstuck.doctor.watch.tape import Op, producers_of, tensors_in

__all__ = ["Outcome", "Program", "program_of"]

_PLUS = frozenset({"add", "__add__", "__radd__", "__iadd__", "add_"})

_FILLED = frozenset(
    {"zeros", "ones", "full", "zeros_like", "ones_like", "full_like", "new_zeros", "new_ones", "new_full"}
)

_OF_CLASSES = frozenset({"cross_entropy", "kl_div", "log_softmax", "softmax", "logsumexp"})

Key = tuple[str, int, int] | tuple[str, int]


@dataclass(frozen=True)
class Outcome:
    """What a pass gave: the loss, with its graph; what the last model returned; what a loss function made of what.

    Of several loss functions ``given`` is what the one received that has the first target.
    """

    loss: Tensor
    output: Any
    given: Tensor | None
    of_data: Tensor | None  # the loss without what the script adds to it: the value of its last loss function, say


@dataclass(frozen=True)
class Program:
    """The calls from the models' inputs to the loss, in order.

    Attributes
    ----------
    ops
        Functions and models, outside of all models.
    outside
        What they are given that no op before them made, by the id of the tensor in the look's tape: which argument of
        which model call (``("call", call, place)``), the target of which loss call (``("target", call)``), a constant
        of the script's (``("constant", place)``), or a number as often as the batch has rows (``("filled", place)``).
    values
        The tensors of the look itself, by the same ids.
    result, data
        The id of the loss, and of the loss without terms that depend on weights alone; the same where it has none.
    """

    stream: Stream
    ops: list[Op]
    outside: dict[int, Key]
    values: dict[int, Tensor]
    result: int
    data: int
    targets: dict[int, int]  # id of what a model's output is held against -> number of the loss call, -1 for none

    def batch_of(self, done: Pass) -> dict[int, Tensor] | None:
        """Return the tensors that a pass was given, by id; None where they were not kept."""
        found: dict[int, Tensor] = {}
        for key, what in self.outside.items():
            if what[0] == "call":
                if what[1] >= len(done.calls):
                    return None
                call = done.calls[what[1]]
                given = call.given
                if what[2] >= len(given):  # type: ignore[misc]
                    return None
                value = given[what[2]]  # type: ignore[misc]
            elif what[0] == "target":
                if what[1] >= len(done.loss_calls):
                    return None
                value = done.loss_calls[what[1]].target
            elif what[0] == "filled" and done.calls and (first := done.calls[0].first) is not None and first.ndim:
                value = self.values[key][:1].expand(len(first), *self.values[key].shape[1:])
            else:
                continue
            if not value.numel() and self.values[key].numel():
                return None
            found[key] = value
        return found

    @property
    def first_input(self) -> int | None:
        """The id of the first tensor that a model is given of a batch."""
        return next((key for key, what in self.outside.items() if what[0] == "call"), None)

    @property
    def first_target(self) -> int | None:
        """The id of the first tensor of a batch that an output is held against."""
        return next(iter(self.targets), None)

    @property
    def by_distance(self) -> bool:
        """Whether the loss asks for outputs close to their targets, rather than for an order, a direction or a rate."""
        if any(op.name == "lgamma" for op in self.ops):
            return False  # a likelihood of counts
        return any(
            op.name in NEAR
            or (("sub" in op.name or "dist" in op.name) and any(id(t) in self.targets for t in op.inputs))
            for op in self.ops
        )

    @property
    def by_direction(self) -> bool:
        """Whether the loss asks for the direction of outputs alone."""
        return any(op.name in ("cosine_similarity", "cosine_embedding_loss") for op in self.ops)

    @property
    def of_classes(self) -> bool:
        """Whether the loss compares distributions over classes."""
        return any(op.name in _OF_CLASSES for op in self.ops)

    @property
    def fixed_targets(self) -> bool:
        """Whether something of the batch, other than models' inputs and losses' targets, is known of the look alone."""
        inputs = [self.values[key] for key, what in self.outside.items() if what[0] == "call"]
        constants = [self.values[key] for key, what in self.outside.items() if what[0] == "constant"]
        sizes = {value.shape[0] for value in inputs if value.ndim}
        return any(value.ndim and value.shape[0] in sizes and not value.requires_grad for value in constants)

    def run(
        self,
        models: Mapping[int, nn.Module],
        batch: Mapping[int, Tensor],
        parameters: Mapping[int, Tensor],
        around: Callable[[nn.Module], Callable[..., Any]] | None = None,
    ) -> Outcome:
        """Do it again.

        Parameters
        ----------
        models
            The id of a model of the script's -> what to call in its place.
        batch
            As :meth:`batch_of` returns it.
        parameters
            The id of a parameter that an op uses by itself -> what to use in its place.
        """
        known: dict[int, Any] = {**{key: self.values[key] for key in self.outside}, **batch}
        output, given, of_data = None, None, None
        scored, number = next(iter(self.targets.values()), -1), -1
        by_hand = self.first_target if scored < 0 else None  # what a difference is taken from, in place of a loss call

        def place(leaf: Any) -> Any:
            if not isinstance(leaf, Tensor):
                return leaf
            if id(leaf) in known:
                return known[id(leaf)]
            return parameters.get(id(leaf), leaf)

        for op in self.ops:
            args, kwargs = tree_map(place, op.args), tree_map(place, op.kwargs)
            if isinstance(op.func, nn.Module):
                out = output = models[id(op.func)](*args, **kwargs)
            else:
                if op.name in LOSSES:
                    number += 1
                    if number <= scored or scored < 0:
                        given = args[0] if args else kwargs.get("input")
                places = [id(tensor) for tensor in op.inputs]
                if given is None and by_hand in places and "sub" in op.name and len(places) == 2:
                    given = known.get(places[1 - places.index(by_hand)])
                out = op.func(*args, **kwargs)
                if op.name in LOSSES:
                    of_data = out
            for old, new in zip(op.outputs, tensors_in(out), strict=False):
                known[id(old)] = new
        if of_data is None and self.data != self.result:
            of_data = known[self.data]
        return Outcome(known[self.result], output, given, of_data)


def program_of(stream: Stream, look: Look) -> Program | None:
    """Take the program of a pass from its tape; None where the tape does not lead from a model to the loss."""
    ops = [op for op in look.ops if not op.modules and op.name != "__set__"]
    done = next(done for done in stream.passes if done.number == look.number)
    calls = [op for op in ops if isinstance(op.func, nn.Module)][-max(len(done.calls), 1) :]
    if not calls:
        return None
    ours = {id(op) for op in calls}
    first = next(i for i, op in enumerate(ops) if op is calls[0])
    ops = [op for op in ops[first:] if not isinstance(op.func, nn.Module) or id(op) in ours]

    needed, chosen = {id(look.loss)}, []
    for op in reversed(ops):
        outs = {id(out) for out in op.outputs}
        if outs & needed:
            chosen.append(op)
            needed |= {id(given) for given in op.inputs}
    chosen.reverse()
    if not any(isinstance(op.func, nn.Module) for op in chosen):
        return None

    depends: set[int] = set()  # what a model or a parameter had a part in
    kept: list[Op] = []
    for op in chosen:
        if isinstance(op.func, nn.Module) or any(id(t) in depends or t.requires_grad for t in op.inputs):
            kept.append(op)
            depends |= {id(out) for out in op.outputs}
    outside: dict[int, Key] = {}
    values: dict[int, Tensor] = {}
    targets: dict[int, int] = {}
    made: set[int] = set()
    filled = {id(out) for op in look.ops if op.name in _FILLED for out in op.outputs}
    sizes = {t.shape[0] for op in kept if isinstance(op.func, nn.Module) for t in op.inputs if t.ndim}
    call_number = loss_number = -1
    for op in kept:
        if isinstance(op.func, nn.Module):
            call_number += 1
        elif op.name in LOSSES:
            loss_number += 1
        for place, given in enumerate(op.inputs):
            if id(given) in outside and op.name in LOSSES and _is_target(op, given):  # the input is its own target
                targets.setdefault(id(given), loss_number)
            if id(given) in made or id(given) in outside or (given.requires_grad and given.is_leaf):
                continue
            values[id(given)] = given.detach()
            if isinstance(op.func, nn.Module):
                outside[id(given)] = ("call", call_number, place)
            elif op.name in LOSSES and _is_target(op, given):
                outside[id(given)] = ("target", loss_number)
                targets[id(given)] = loss_number
            elif id(given) in filled and given.ndim and given.shape[0] in sizes:
                outside[id(given)] = ("filled", place)
            else:
                outside[id(given)] = ("constant", place)
                if given.ndim and given.shape[0] in sizes:
                    targets.setdefault(id(given), -1)
        made |= {id(out) for out in op.outputs}
    targets = dict(sorted(targets.items(), key=lambda item: item[1] < 0))  # what a loss call holds against comes first
    return Program(stream, kept, outside, values, id(look.loss), _without_penalties(kept, outside, look.loss), targets)


def _without_penalties(ops: list[Op], outside: Mapping[int, Key], loss: Tensor) -> int:
    """Return the id of what is left of a loss once terms are taken away that depend on weights alone."""
    of_data = set(outside)
    for op in ops:
        if isinstance(op.func, nn.Module) or any(id(t) in of_data for t in op.inputs):
            of_data |= {id(out) for out in op.outputs}
    producers = producers_of(ops)
    found = id(loss)
    while (plus := producers.get(found)) is not None and plus.name in _PLUS:
        parts = [t for t in plus.inputs if id(t) in of_data]
        if len(plus.inputs) != 2 or len(parts) != 1:
            break
        found = id(parts[0])
    return found


def _is_target(op: Op, given: Tensor) -> bool:
    target = op.args[1] if len(op.args) > 1 else op.kwargs.get("target")
    return target is given
