"""The parts that a loss is the sum of: whether they agree on where the outputs should go."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from unstuck.doctor.case import Case
from unstuck.doctor.causes.terms import addends
from unstuck.doctor.program import Program
from unstuck.doctor.watch.sites import Site
from unstuck.doctor.watch.tape import Op, producers_of

__all__ = ["opposed"]

_OPPOSED = 0.3  # a cosine of two gradients
_GROWN = 0.1  # of what a part of the loss was


def opposed(case: Case) -> tuple[str, Site | None] | None:
    """Find a part of the loss that pulls the outputs away from the targets that another pulls them to.

    Both are least at the same outputs where neither is turned round: their gradients agree.
    One that is turned round grows, against its own gradient, as the other teaches the model.

    Returns
    -------
    tuple or None
        What is said of it, and the line that adds it to the rest.
    """
    again = case.rerun
    if again is None:
        return None
    program = again.program
    producers = producers_of(program.ops)
    loss = next(out for out in program.ops[-1].outputs if id(out) == program.result)
    parts = [part for part in addends(loss, producers) if _of_targets(part.value, program, producers)]
    if len(parts) < 2:
        return None
    values, slopes = [], []
    for models in (again.fresh(), again.final()):
        outcome = program.run(models, again.batches[-1], again.parameters_for(models))
        known = [outcome.known[id(part.value)] * part.factor for part in parts]
        if not isinstance(outcome.output, Tensor) or not all(isinstance(one, Tensor) for one in known):
            return None
        values.append([float(one.detach()) for one in known])
        slopes.append([torch.autograd.grad(one, outcome.output, retain_graph=True)[0] for one in known])
    before, after = values
    leading = max(range(len(parts)), key=lambda i: before[i] - after[i])  # what falls most is what is learnt
    for place, part in enumerate(parts):
        grown = after[place] - before[place] > _GROWN * abs(before[place])
        against = all(float(torch.cosine_similarity(of[place].flatten(), of[leading].flatten(), dim=0)) < -_OPPOSED
                      for of in slopes)  # fmt: skip
        if place != leading and grown and against and after[leading] < before[leading]:
            said = (
                f"A part of the loss grows from {before[place]:.3g} to {after[place]:.3g} as the rest is learnt: its "
                "gradient pulls the outputs away from the targets that the rest pulls them to."
            )
            return said, part.line
    return None


def _of_targets(value: Tensor, program: Program, producers: Mapping[int, Op]) -> bool:
    """Whether a value comes from targets, by way of functions."""
    waiting, seen = [value], set()
    while waiting:
        tensor = waiting.pop()
        if id(tensor) in program.targets:
            return True
        made = producers.get(id(tensor))
        if made is not None and id(made) not in seen:
            seen.add(id(made))
            waiting += made.inputs
    return False
