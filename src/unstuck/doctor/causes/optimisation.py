"""The gradients do not become the steps that they should."""

from __future__ import annotations

from collections.abc import Callable

from unstuck.doctor.case import Case, Suspicion

__all__ = ["JUDGES"]

JUDGES: dict[str, Callable[[Case], Suspicion | None]] = {}
