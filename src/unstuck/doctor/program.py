"""From a model's inputs to the loss: what the script does in a pass, taken from the tape, to be done again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn
from torch.utils._pytree import tree_map

from unstuck.doctor.recording import Look, Pass
from unstuck.doctor.streams import Stream
from unstuck.doctor.watch.losses import LOSSES, NEAR
from unstuck.doctor.watch.slices import Slice, slice_of
from unstuck.doctor.watch.tape import producers_of, tensors_in

__all__ = ["Outcome", "Program", "program_of"]

_PLUS = frozenset({"add", "__add__", "__radd__", "__iadd__", "add_"})

_OF_CLASSES = frozenset({"cross_entropy", "kl_div", "log_softmax", "softmax", "logsumexp"})


@dataclass(frozen=True)
class Outcome:
    """What a pass gave: the loss, with its graph; what the last model returned; what a loss function made of what.

    Of several loss functions ``given`` is what the one received that has the first target.
    ``known`` is what the calls on the way returned, by the ids of the script's tensors.
    """

    loss: Tensor
    output: Any
    given: Tensor | None
    of_data: Tensor | None  # the loss without what the script adds to it: the value of its last loss function, say
    known: Mapping[int, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Program(Slice):
    """The calls from the models' inputs to the loss, in order, to be made again.

    Attributes
    ----------
    result, data
        The id of the loss, and of the loss without terms that depend on weights alone; the same where it has none.
    """

    stream: Stream
    result: int
    data: int

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
        if self.loose:
            if len(done.loose) != len(self.loose):
                return None
            loose = dict(zip(self.loose, done.loose, strict=True))
            if any(not v.numel() or v.shape[1:] != self.values[key].shape[1:] for key, v in loose.items()):
                return None
            found |= loose
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
    def scoring(self) -> list[str]:
        """The names of the calls that an output may go through before it is held against the first target."""
        losses = [op.name for op in self.ops if op.name in LOSSES]
        place = next(iter(self.targets.values()), -1)
        return [losses[place]] if 0 <= place < len(losses) else [op.name for op in self.ops]

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
    def rewarded(self) -> bool:
        """Whether what is learnt is weighed by numbers of both signs, as actions are by what they brought."""
        weights = {key for key in self.loose if (value := self.values[key]).is_floating_point() and value.numel()}
        weights = {key for key in weights if float(self.values[key].min()) < 0 < float(self.values[key].max())}
        return any("mul" in op.name and any(id(t) in weights for t in op.inputs) for op in self.ops)

    @property
    def by_direction(self) -> bool:
        """Whether the loss asks for the direction of outputs alone."""
        return any(op.name in ("cosine_similarity", "cosine_embedding_loss") for op in self.ops)

    @property
    def of_classes(self) -> bool:
        """Whether the loss compares distributions over classes."""
        return any(op.name in _OF_CLASSES for op in self.ops)

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
        return Outcome(known[self.result], output, given, of_data, known)


def program_of(stream: Stream, look: Look) -> Program | None:
    """Take the program of a pass from its tape; None where the tape does not lead from a model to the loss."""
    done = next(done for done in stream.passes if done.number == look.number)
    found = slice_of(look.ops, look.loss, len(done.calls))
    if found is None:
        return None
    data = _without_penalties(found, look.loss)
    return Program(**vars(found), stream=stream, result=id(look.loss), data=data)


def _without_penalties(made_by: Slice, loss: Tensor) -> int:
    """Return the id of what is left of a loss once terms are taken away that depend on weights alone."""
    of_data = set(made_by.outside)
    for op in made_by.ops:
        if isinstance(op.func, nn.Module) or any(id(t) in of_data for t in op.inputs):
            of_data |= {id(out) for out in op.outputs}
    producers = producers_of(made_by.ops)
    found = id(loss)
    while (plus := producers.get(found)) is not None and plus.name in _PLUS:
        parts = [t for t in plus.inputs if id(t) in of_data]
        if len(plus.inputs) != 2 or len(parts) != 1:
            break
        found = id(parts[0])
    return found
