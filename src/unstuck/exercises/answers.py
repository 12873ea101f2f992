"""What the checkers of all chapters share: an exception, and comparisons with a hint."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

__all__ = ["AnswerError", "Checker", "call", "expect_close"]

Checker = Callable[[Any], None]


class AnswerError(Exception):
    """An answer that is not right yet; the message is written for who gave it."""

    def _render_traceback_(self) -> list[str]:
        """Show the hint in a notebook, without the traceback around it."""
        return [f"Not yet: {self}"]


def call(answer: Any, *arguments: Any) -> Any:
    """Call an answer that must be a function, and turn what it raises into a hint."""
    if not callable(answer):
        raise AnswerError(f"hand over the function itself, not {answer!r}")
    try:
        return answer(*arguments)
    except Exception as error:
        shown = ", ".join(str(tuple(a.shape)) if isinstance(a, Tensor) else repr(a) for a in arguments)
        raise AnswerError(f"your function raised {type(error).__name__} on ({shown}): {error}") from error


def expect_close(
    got: Any, wanted: Any, hint: str, *, mistakes: dict[str, Any] | None = None, rtol: float = 1e-3
) -> None:
    """Compare a number or a tensor with the right one.

    Parameters
    ----------
    got, wanted
        What the answer gave, and what is right.
    hint
        Said where they differ and no known mistake fits.
    mistakes
        What well-known mistakes would give, by the hint that helps against each.
    rtol
        The relative error that passes.

    Raises
    ------
    AnswerError
        If they differ.
    """
    wanted = torch.as_tensor(wanted, dtype=torch.float64)
    try:
        value = torch.as_tensor(got, dtype=torch.float64)
    except (TypeError, ValueError, RuntimeError):
        raise AnswerError(f"a number or a tensor is asked for, not {got!r}") from None
    if value.shape != wanted.shape:
        raise AnswerError(f"shape {tuple(wanted.shape)} is asked for, got {tuple(value.shape)}")

    def close(other: Any) -> bool:
        other = torch.as_tensor(other, dtype=torch.float64)
        return other.shape == value.shape and torch.allclose(value, other, rtol=rtol, atol=1e-9)

    if close(wanted):
        return
    for explanation, mistaken in (mistakes or {}).items():
        if close(mistaken):
            raise AnswerError(explanation)
    raise AnswerError(hint)
