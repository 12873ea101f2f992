"""The parts that a loss is the sum of: whether they agree on where the outputs should go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from unstuck.doctor.case import Case
from unstuck.doctor.causes.terms import MINUS, OVER, PLUS, TIMES, number_in
from unstuck.doctor.program import Program
from unstuck.doctor.watch.sites import Site
from unstuck.doctor.watch.tape import producers_of

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
    parts = [part for part in _addends(program) if _of_targets(part.value, program)]
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
            return said, part.site
    return None


def _of_targets(value: Tensor, program: Program) -> bool:
    """Whether a value comes from targets, by way of functions."""
    producers, waiting, seen = producers_of(program.ops), [value], set()
    while waiting:
        tensor = waiting.pop()
        if id(tensor) in program.targets:
            return True
        made = producers.get(id(tensor))
        if made is not None and id(made) not in seen:
            seen.add(id(made))
            waiting += made.inputs
    return False


@dataclass(frozen=True)
class _Addend:
    """A part of the loss, what it is multiplied by before parts are added up, and the line that does either."""

    value: Tensor
    factor: float
    site: Site | None


def _addends(program: Program) -> list[_Addend]:
    """Return the parts that a program's loss is the sum of; the loss itself where it is none."""
    producers = producers_of(program.ops)
    found: list[_Addend] = []

    def walk(value: Any, factor: float, site: Site | None) -> None:
        op = producers.get(id(value)) if isinstance(value, Tensor) else None
        args = list(op.args) if op is not None else []
        if op is not None and op.name in PLUS | MINUS and len(args) >= 2:
            signs = (1, 1) if op.name in PLUS else (-1, 1) if "r" in op.name else (1, -1)
            for part, sign in zip(args[:2], signs, strict=True):
                walk(part, sign * factor, op.site)
        elif op is not None and op.name in TIMES | OVER and len(args) >= 2 and (number := number_in(args[1])):
            walk(args[0], factor / number if op.name in OVER else factor * number, op.site)
        elif op is not None and op.name in ("neg", "__neg__"):
            walk(args[0], -factor, op.site)
        elif isinstance(value, Tensor) and value.requires_grad and value.numel() == 1:
            found.append(_Addend(value, factor, site))

    walk(next(out for out in program.ops[-1].outputs if id(out) == program.result), 1.0, None)
    return found
