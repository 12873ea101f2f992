"""Cuts samples into splits: the classes in equal shares, and the same cut every time."""

from __future__ import annotations

import torch
from torch import Tensor

from unstuck.data.tensors import Split

__all__ = ["Raw", "stratified"]

Raw = tuple[dict[str, Split], tuple[str, ...]]  # splits by name, not yet normalised, and the names of the classes


def stratified(x: Tensor, y: Tensor, *, validation: int, test: int) -> dict[str, Split]:
    """Cut off a validation and a test split with the classes in equal shares, the same ones every time."""
    from sklearn.model_selection import train_test_split  # here, as the import takes a while

    stratify = y if not y.is_floating_point() else torch.zeros(len(y))
    parts = {"train": torch.arange(len(y))}
    for name, size in (("test", test), ("validation", validation)):
        if size:
            rest = parts["train"]
            kept, cut = train_test_split(rest.numpy(), test_size=size, random_state=0, stratify=stratify[rest])
            parts["train"], parts[name] = torch.as_tensor(kept), torch.as_tensor(cut)
    return {name: Split(x[rows], y[rows]) for name, rows in parts.items()}
