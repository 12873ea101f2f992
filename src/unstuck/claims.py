"""Claims: sentences of the book that code bears out, or the chapter fails."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from html import escape
from typing import Any

__all__ = ["MIME", "Claim", "ClaimError", "claim"]

MIME = "application/vnd.unstuck.claim+json"


class ClaimError(AssertionError):
    """A sentence of the book that its own measurement contradicts."""


@dataclass(frozen=True)
class Claim:
    """A sentence that held, with the measurement that bears it out.

    Parameters
    ----------
    statement
        What is claimed.
    measured
        The figures, as a reader should see them.
    seeds
        How many independent runs it was checked on; 0 for what does not depend on chance.
    held
        On how many of them it held.
    """

    statement: str
    measured: str
    seeds: int
    held: int

    @property
    def support(self) -> str:
        """Say what the claim rests on, in words."""
        if not self.seeds:
            return "no chance in it"
        return f"held for {self.held} of {self.seeds} seeds"

    def __str__(self) -> str:
        """Return the claim in one line."""
        return f"{self.statement}. Measured: {self.measured}; {self.support}."

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        """Let a notebook show the claim, and the book find it."""
        html = (
            f'<div class="claim"><p class="claim-statement">{escape(self.statement)}.</p>'
            f'<p class="claim-measured">Measured: {escape(self.measured)}; {escape(self.support)}.</p></div>'
        )
        return {"text/plain": str(self), "text/html": html, MIME: asdict(self)}


def claim(statement: str, *, holds: bool | Iterable[bool], measured: str, at_least: float = 1.0) -> Claim:
    """State a sentence together with what was measured, and fail if the measurement contradicts it.

    Parameters
    ----------
    statement
        The sentence, without its full stop.
    holds
        Whether it is so; or, for what depends on chance, whether it is so for each seed.
    measured
        The figures behind it, for the reader.
    at_least
        The share of seeds for which it must hold, above 0 and up to 1.

    Returns
    -------
    Claim
        Shows itself in a notebook.

    Raises
    ------
    ClaimError
        If it does not hold.
    ValueError
        If `holds` is empty, `statement` ends in a full stop, or `at_least` is out of range.

    Examples
    --------
    >>> print(claim("Twice two is four", holds=2 * 2 == 4, measured="4"))
    Twice two is four. Measured: 4; no chance in it.
    >>> print(claim("A die shows less than seven", holds=[True] * 3, measured="at most 6"))
    A die shows less than seven. Measured: at most 6; held for 3 of 3 seeds.
    """
    if statement.endswith("."):
        raise ValueError(f"a statement goes without its full stop: {statement!r}")
    if not 0 < at_least <= 1:
        raise ValueError(f"at_least must lie above 0 and up to 1, got {at_least}")
    if isinstance(holds, Iterable):
        each = [bool(one) for one in holds]
        if not each:
            raise ValueError("holds is empty: a claim needs at least one measurement")
        result, true = (
            Claim(statement, measured, seeds=len(each), held=sum(each)),
            sum(each) >= at_least * len(each),
        )
    else:
        result, true = Claim(statement, measured, seeds=0, held=0), bool(holds)
    if not true:
        raise ClaimError(f"does not hold: {result}")
    return result
