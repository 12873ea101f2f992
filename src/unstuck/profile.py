"""The two profiles of the book: ``quick`` on any laptop, ``full`` on larger data."""

from __future__ import annotations

import os
from typing import Literal, TypeVar, cast

__all__ = ["choose", "profile"]

T = TypeVar("T")


def profile() -> Literal["quick", "full"]:
    """Return the profile that ``UNSTUCK_PROFILE`` asks for, ``"quick"`` by default.

    Raises
    ------
    ValueError
        If it asks for another one.
    """
    name = os.environ.get("UNSTUCK_PROFILE") or "quick"
    if name not in ("quick", "full"):
        raise ValueError(f"UNSTUCK_PROFILE must be 'quick' or 'full', got {name!r}")
    return cast(Literal["quick", "full"], name)


def choose(*, quick: T, full: T) -> T:
    """Return the setting of the profile that is in force.

    Examples
    --------
    >>> choose(quick="digits", full="mnist")
    'digits'
    """
    return quick if profile() == "quick" else full
