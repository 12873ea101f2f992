"""Where the script gave a parameter its first value, and where it made the module that has it."""

from __future__ import annotations

from torch import Tensor, nn

from unstuck.doctor.case import Case
from unstuck.doctor.watch.sites import Site

__all__ = ["owner_of", "written_at"]

_LOOKING = frozenset({"__get__", "data", "grad", "detach", "requires_grad_", "size", "view", "t", "T"})


def owner_of(case: Case, parameter: Tensor) -> nn.Module | None:
    """Return the module of the script's that a parameter belongs to directly."""
    for model in case.stream.models:
        for module in model.modules():
            if any(parameter is own for own in module.parameters(recurse=False)):
                return module
    return None


def written_at(case: Case, parameter: Tensor) -> Site | None:
    """Return the last line that wrote to a parameter before the first pass.

    That is an initialisation by hand, or the line that made its layer; None where it was not seen.
    """
    if case.seen.looks:
        try:
            place = parameter.data_ptr()
        except RuntimeError:
            place = 0
        for op in reversed(case.seen.looks[0].ops):
            if place and op.name not in _LOOKING and any(_at(out, place) for out in op.outputs[:1]):
                writes = op.name.endswith("_") and not op.name.endswith("__")
                made = not op.inputs or not any(_at(given, place) for given in op.inputs)
                if (writes or made) and op.site is not None:
                    return op.site
    owner = owner_of(case, parameter)
    return case.seen.made_at(owner) if owner is not None else None


def _at(tensor: Tensor, place: int) -> bool:
    try:
        return tensor.data_ptr() == place
    except RuntimeError:
        return False
