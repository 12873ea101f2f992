"""What a piece of code asks of the machine: kernels to launch, arithmetic, bytes to move; counted, not timed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import flop_registry

__all__ = ["Operations", "count_operations"]

_ALLOCATES = {"empty", "empty_like", "empty_strided", "new_empty", "new_empty_strided"}
_RENAMES = {"detach", "lift_fresh", "_unsafe_view", "alias"}  # a tensor by another name: nothing is computed


@dataclass
class Operations:
    """What was called inside a block of :func:`count_operations`, one entry a call.

    Attributes
    ----------
    names
        PyTorch's names of the operations that compute something, in their order: each is at least one kernel that a
        GPU is sent.
    flop
        Of each, the additions and multiplications of matrix products and convolutions, as PyTorch's own counter has
        them; 0 for anything else.
    bytes
        Of each, the sizes of the tensors that it reads and writes, in bytes: what must at least be moved.
    """

    names: list[str] = field(default_factory=list)
    flop: list[int] = field(default_factory=list)
    bytes: list[int] = field(default_factory=list)

    @property
    def launches(self) -> int:
        """How many there were."""
        return len(self.names)

    def to_frame(self) -> pd.DataFrame:
        """Return a row an operation, with ``calls``, ``flop`` and ``bytes`` added up; the first called first."""
        calls = pd.DataFrame({"name": self.names, "calls": 1, "flop": self.flop, "bytes": self.bytes})
        return calls.groupby("name", sort=False).sum()


@contextmanager
def count_operations() -> Iterator[Operations]:
    """Count what is computed inside the block, forward and backward.

    Views, which compute nothing, and allocations are left out.
    Counting slows the block down many times: count and time separately.

    Yields
    ------
    Operations
        Filled when the block ends.

    Examples
    --------
    >>> import torch
    >>> x, w = torch.ones(8, 4), torch.ones(4, 2)
    >>> with count_operations() as counted:
    ...     y = (x @ w).relu()
    >>> counted.launches, sum(counted.flop), sum(counted.bytes)  # 2 · 8 · 4 · 2; 4 · (32 + 8 + 16) + 4 · (16 + 16)
    (2, 128, 352)

    References
    ----------
    Chapter: Training on a GPU.
    """
    counted = Operations()
    with _Counter(counted):
        yield counted


class _Counter(TorchDispatchMode):
    """Sees every operation on its way to the device."""

    def __init__(self, counted: Operations) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.counted = counted

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        result = func(*args, **kwargs)
        name = func.overloadpacket.__name__
        if func.is_view or func.namespace == "profiler" or name in _ALLOCATES | _RENAMES:
            return result
        flop = flop_registry.get(func.overloadpacket)
        written = result if func._schema.returns else _changed_in_place(func, args)
        tensors = [leaf for leaf in tree_leaves((args, kwargs, written)) if isinstance(leaf, Tensor)]
        self.counted.names.append(name)
        self.counted.flop.append(flop(*args, **kwargs, out_val=result) if flop else 0)
        self.counted.bytes.append(sum(tensor.nbytes for tensor in tensors))
        return result


def _changed_in_place(func: Any, args: tuple[Any, ...]) -> list[Any]:
    """Return what an operation on lists of tensors writes to, as it returns nothing."""
    declared = zip(func._schema.arguments, args, strict=False)
    return [value for argument, value in declared if argument.alias_info and argument.alias_info.is_write]
