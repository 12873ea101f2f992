"""The run is too short or too long for the data, or what is printed is not what happened."""

from __future__ import annotations

from collections.abc import Callable

from unstuck.doctor.case import Case, Suspicion

__all__ = ["JUDGES"]

JUDGES: dict[str, Callable[[Case], Suspicion | None]] = {}
