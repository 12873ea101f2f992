"""The sentences and numbers of a report, the same in a terminal and on a page."""

from __future__ import annotations

import math
from html import escape

from unstuck.doctor.findings import Finding, Number, Observed, Report
from unstuck.doctor.names import CAUSES

__all__ = ["change", "confidence_said", "escaped", "number", "printable", "rerun_said", "verdict_said", "watched_said"]


def verdict_said(report: Report) -> str:
    """Return the verdict as a sentence or two."""
    count = len(report.findings)
    if report.verdict == "healthy":
        return "Healthy: no fault was found."
    if not count:
        return "Uncertain: what was seen shows no fault, but it may be too little."
    first = report.findings[0]
    if report.verdict == "fault":
        more = f" {_counted(count - 1, 'more finding')} below." if count > 1 else ""
        return f"Fault: {CAUSES[first.cause]}{_at(first)}.{more}"
    if count == 1:
        return f"Uncertain: perhaps {CAUSES[first.cause]}{_at(first)}."
    return f"Uncertain: {count} causes fit, and nothing tried tells them apart."


def watched_said(observed: Observed) -> str:
    """Return what was watched, in a sentence or two."""
    steps = _counted(observed.steps, "step") if observed.steps else "no step of an optimiser"
    seen = [
        f"{what} {_from_to(first, last)}"
        for what, first, last in (
            ("loss", observed.loss_first, observed.loss_last),
            ("learning rate", observed.lr_first, observed.lr_last),
        )
        if first is not None and last is not None
    ]
    numbers = f": {', '.join(seen)}" if seen else ""
    trained = ""
    if observed.parameters:
        some = observed.trainable_parameters < observed.parameters
        which = f", {number(observed.trainable_parameters)} of them trainable" if some else ""
        trained = f" {_counted(observed.parameters, 'parameter')}{which}."
    return (
        f"Watched {steps} in {observed.seconds:.3g} s{numbers}.{trained} PyTorch {observed.torch} on {observed.device}."
    )


def confidence_said(finding: Finding) -> str:
    """Return how sure a finding is, where only what is certain has 100 %."""
    percent = 100 if finding.confidence == 1 else min(round(100 * finding.confidence), 99)
    return f"confidence {percent} %"


def rerun_said(finding: Finding) -> str:
    """Return what a short re-run said of a finding, and what it measured."""
    said = {True: "Confirmed.", False: "Not confirmed.", None: "Not tried."}[finding.confirmed]
    measured = finding.tried.rstrip(".")
    return f"{said} {measured[0].upper()}{measured[1:]}." if measured else said


def change(finding: Finding) -> list[tuple[str, str]]:
    """Return the line concerned, or the line to take away and the one to put there, each behind its sign."""
    source = finding.where.source if finding.where else ""
    if not finding.suggestion:
        return [(" ", source)] if source else []
    return [("-", source)] * bool(source) + [("+", line) for line in finding.suggestion.splitlines()]


def number(value: Number | None) -> str:
    """Return a number in few digits.

    Examples
    --------
    >>> [number(value) for value in (26122, 0.30000001, 1234567.8, 2e-7, float("nan"), None)]
    ['26,122', '0.3', '1.235e+06', '2e-07', 'NaN', 'unknown']
    """
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    value = float(value)
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else f"{'-' * (value < 0)}infinity"
    return f"{value:.4g}"


def printable(text: str) -> str:
    """Return a text of the watched program without what would steer a terminal."""
    return "".join(
        letter if letter.isprintable() or letter == "\n" else " " if letter == "\t" else "\N{REPLACEMENT CHARACTER}"
        for letter in text
    )


def escaped(text: str) -> str:
    """Return a text of the watched program as text of a page."""
    return escape(printable(text))


def _at(finding: Finding) -> str:
    return f" ({finding.where})" if finding.where else ""


def _counted(count: int, what: str) -> str:
    return f"{number(count)} {what}{'s' * (count != 1)}"


def _from_to(first: Number, last: Number) -> str:
    begin, end = number(first), number(last)
    return begin if begin == end else f"{begin} to {end}"
