"""Attributes of PyTorch that are replaced while a script is watched, and put back after it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any

__all__ = ["Patches"]


class Patches(AbstractContextManager["Patches"]):
    """A set of replaced attributes; leaving the block puts the originals back, the last first."""

    def __init__(self) -> None:
        self._undone: list[tuple[Any, str, Any, bool]] = []

    def wrap(self, owner: Any, name: str, around: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
        """Replace ``owner.name`` by ``around(original)``, under the original's name and signature."""
        original = getattr(owner, name)
        own = name in vars(owner)
        wrapper = around(original)
        functools.update_wrapper(wrapper, original)
        self._undone.append((owner, name, vars(owner)[name] if own else None, own))
        setattr(owner, name, wrapper)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Put everything back."""
        while self._undone:
            owner, name, original, own = self._undone.pop()
            if own:
                setattr(owner, name, original)
            else:
                delattr(owner, name)
