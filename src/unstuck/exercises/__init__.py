"""Answers to the book's exercises, checked: :func:`check` says what is wrong, not only that it is.

Every chapter has a module here, with a table ``CHECKS`` of checkers by name.
A checker takes an answer, returns nothing if it is right, and raises :class:`AnswerError` with a hint if it is not.
"""

from __future__ import annotations

from typing import Any

from unstuck.exercises import (
    adam,
    data,
    gpu,
    gradient_descent,
    learning_rate_decay,
    losses,
    models,
    regularisation,
    stuck_model,
)
from unstuck.exercises.answers import AnswerError, Checker

__all__ = ["AnswerError", "Verdict", "check"]

_CHECKS: dict[str, Checker] = {
    f"{module.__name__.rpartition('.')[2]}.{name}": checker
    for module in (losses, gradient_descent, adam, learning_rate_decay, regularisation, data, models, gpu, stuck_model)
    for name, checker in module.CHECKS.items()
}


class Verdict(str):
    """What :func:`check` returns for a right answer: a line that a notebook shows as it is."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Return the line without quotes."""
        return str(self)


def check(name: str, answer: Any) -> Verdict:
    """Check an answer to an exercise.

    Parameters
    ----------
    name
        The chapter and the exercise, as ``"losses.floor"``; each exercise names its own.
    answer
        What the exercise asks for: a function or a number.

    Returns
    -------
    Verdict
        A line that says the answer is right.

    Raises
    ------
    AnswerError
        If it is not; the message says where it goes wrong.
    KeyError
        If there is no exercise of that name; the message lists those there are.
    """
    if name not in _CHECKS:
        raise KeyError(f"there is no exercise {name!r}; there are {', '.join(_CHECKS)}")
    _CHECKS[name](answer)
    return Verdict(f"{name}: right.")
