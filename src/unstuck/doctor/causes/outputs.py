"""What goes into the loss, as several judges ask for it."""

from __future__ import annotations

import torch
from torch import Tensor

from unstuck.doctor.case import Case
from unstuck.doctor.watch.tape import Op

__all__ = ["SHAPES", "STUCK", "activation", "given_rows"]

SHAPES = frozenset({
    "view", "reshape", "squeeze", "unsqueeze", "flatten", "permute", "transpose", "contiguous", "float", "double", "to",
    "__getitem__", "movedim", "view_as", "reshape_as", "narrow", "select", "clone", "gather",
})  # fmt: skip
"""Functions that change a tensor's shape or type, or take a part of it, and change none of its values."""
STUCK = ("lr_too_low", "lr_too_high", "too_few_steps", "under_capacity", "vanishing_gradients", "overfitting")
"""What a run looks like whose loss was given the wrong thing."""


def given_rows(case: Case) -> Tensor | None:
    """Return what the loss was given as rows of shape ``(rows, classes)``; None for other shapes."""
    parts = [t for t in case.given if t.ndim >= 2]
    if not parts or len(parts) != len(case.given) or len({t.shape[1] for t in parts}) != 1:
        return None
    return torch.cat([t.movedim(1, -1).flatten(0, -2).float() for t in parts])


def activation(case: Case, name: str) -> Op | None:
    """Return the activation of that name, if it is the last but for changes of shape."""
    op = next((op for op in case.chain if op.name not in SHAPES), None)
    return op if op is not None and op.name == name else None
