"""Checks for the exercises of the chapter ``book/losses.md``."""

from __future__ import annotations

from unstuck.exercises.answers import Checker

CHECKS: dict[str, Checker] = {}
