"""The passes of a script sorted into streams: a stream is one loss of one model, minimised by one optimiser or none."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from torch import Tensor, nn, optim

from unstuck.doctor.recording import Look, ModelCall, Pass, Recording, StepLook

__all__ = ["Stream", "streams_of"]


@dataclass(eq=False)
class Stream:
    """The passes made at one line of the script, of the same models, that lead to steps of the same optimisers."""

    seen: Recording
    passes: list[Pass]
    optimizer_numbers: tuple[int, ...]
    others: list[Stream] = field(default_factory=list, repr=False)

    @property
    def optimizer(self) -> optim.Optimizer | None:
        """The first optimiser that steps after a pass; None where none does."""
        return self.seen.optimizers[self.optimizer_numbers[0]] if self.optimizer_numbers else None

    @cached_property
    def looks(self) -> list[Look]:
        """The passes that were looked at closely."""
        numbers = {done.number for done in self.passes}
        return [look for look in self.seen.looks if look.number in numbers]

    @cached_property
    def step_looks(self) -> list[StepLook]:
        """The steps of its optimisers that were looked at closely."""
        return [look for look in self.seen.step_looks if look.optimizer in self.optimizer_numbers]

    @cached_property
    def models(self) -> list[nn.Module]:
        """The models that its passes call, each once, in the order of the calls."""
        found: dict[int, nn.Module] = {}
        for done in self.passes[-3:]:
            for call in done.calls:
                found.setdefault(id(call.module), call.module)
        return list(found.values())

    @cached_property
    def parameters(self) -> dict[str, nn.Parameter]:
        """The parameters of its models, by name; the second model's names begin with ``2:``."""
        return {
            name if not number else f"{number + 1}:{name}": parameter
            for number, model in enumerate(self.models)
            for name, parameter in model.named_parameters()
        }

    @cached_property
    def names(self) -> dict[int, str]:
        """The names of the parameters, by their ids."""
        return {id(parameter): name for name, parameter in self.parameters.items()}

    @cached_property
    def held(self) -> list[Tensor]:
        """The parameters that its optimisers hold."""
        return [
            parameter
            for number in self.optimizer_numbers
            for group in self.seen.optimizers[number].param_groups
            for parameter in group["params"]
        ]

    @cached_property
    def losses(self) -> np.ndarray:
        """The loss of each pass, with a scaler's factor taken out."""
        return np.array([float(done.loss.float().mean()) / done.scale for done in self.passes])

    @cached_property
    def rates(self) -> np.ndarray:
        """The learning rate of each step of its first optimiser."""
        if not self.optimizer_numbers:
            return np.array([])
        return np.array([rate for _, rate in self.seen.lrs[self.optimizer_numbers[0]]])

    @cached_property
    def steps(self) -> int:
        """How many steps its first optimiser took."""
        return len(self.rates)

    @property
    def passes_a_step(self) -> float:
        """Backward passes for each step; more than one where gradients are accumulated."""
        return len(self.passes) / max(self.steps, 1)

    @cached_property
    def evaluations(self) -> list[ModelCall]:
        """The calls of its models that no backward pass followed; not those before or after, of another's training."""
        mine = {id(model) for model in self.models}
        preceded = any(other.passes[0].number < self.passes[0].number for other in self._sharing)
        begin = self.passes[0].step + int(preceded)
        end = self.passes[-1].step + 1 if self.continued else math.inf
        return [call for call in self.seen.evaluations if id(call.module) in mine and begin <= call.step <= end]

    @property
    def _sharing(self) -> list[Stream]:
        """The other streams that train one of its models."""
        mine = {id(model) for model in self.models}
        return [other for other in self.others if mine & {id(model) for model in other.models}]

    @property
    def continued(self) -> bool:
        """Whether its models are trained by another stream after its last pass: their weights are no longer its own."""
        return any(other.passes[0].number > self.passes[-1].number for other in self._sharing)

    @property
    def beginning(self) -> bool:
        """Whether the same loss of its models is minimised for longer afterwards, as when a head is fitted first."""
        mine = [id(model) for model in self.models]
        return any(
            other.passes[0].site == self.passes[0].site
            and [id(model) for model in other.models] == mine
            and other.passes[0].number > self.passes[-1].number
            and len(other.passes) > len(self.passes)
            for other in self.others
        )

    @property
    def interleaved(self) -> bool:
        """Whether another optimiser's steps fall between its own, as in adversarial training."""
        return any(
            other.optimizer_numbers != self.optimizer_numbers
            and other.optimizer_numbers
            and other.passes[0].number < self.passes[-1].number
            and self.passes[0].number < other.passes[-1].number
            for other in self.others
        )


def streams_of(seen: Recording) -> list[Stream]:
    """Sort the passes of a recording into streams, the longest first."""
    groups: dict[tuple[object, tuple[int, ...], tuple[int, ...]], list[Pass]] = {}
    for done in seen.passes:
        models = tuple(dict.fromkeys(id(call.module) for call in done.calls))
        groups.setdefault((done.site, models, tuple(dict.fromkeys(done.steppers))), []).append(done)
    training = {key: passes for key, passes in groups.items() if not _for_inputs(seen, passes)}
    groups = training or groups
    stepped = {key[:2]: key for key in groups if key[2]}
    for key in [key for key in groups if not key[2] and key[:2] in stepped]:  # passes that the end cut off
        groups[stepped[key[:2]]] += groups.pop(key)
    streams = [
        Stream(seen, sorted(passes, key=lambda done: done.number), numbers)
        for (_, _, numbers), passes in groups.items()
    ]
    for stream in streams:
        stream.others = [other for other in streams if other is not stream]
    return sorted(streams, key=lambda stream: -len(stream.passes))


def _for_inputs(seen: Recording, passes: list[Pass]) -> bool:
    """Whether passes ask how a loss changes with a tensor made for it, as an attack on the inputs does, and train none.

    A weight that no optimiser holds is reached by every pass; such a tensor by those of one step alone.
    """
    held = {id(p) for optimizer in seen.optimizers for group in optimizer.param_groups for p in group["params"]}
    numbers = {done.number for done in passes}
    free = [
        {id(leaf) for leaf in look.reached if id(leaf) not in held and not isinstance(leaf, nn.Parameter)}
        for look in seen.looks
        if look.number in numbers
    ]
    return bool(held) and len(free) > 1 and all(free) and not set.intersection(*free)
