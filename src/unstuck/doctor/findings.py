"""What the doctor has found: findings, what was observed, and the report that holds both."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from torch import Tensor

from unstuck.doctor.names import CAUSES

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console, ConsoleOptions, RenderableType

__all__ = ["VERDICTS", "Finding", "Number", "Observed", "Report", "Where"]

Number = float | int

VERDICTS = ("fault", "healthy", "uncertain")


@dataclass(frozen=True)
class Where:
    """A line of the user's program.

    Parameters
    ----------
    file
        As the user would write it: relative to the current folder where it lies below it.
    line
        From 1.
    source
        The line's text without the space around it; empty where it is not known.
    """

    file: str
    line: int
    source: str = ""

    def __str__(self) -> str:
        """Return the place as editors and terminals read it."""
        return f"{self.file}:{self.line}"


@dataclass(frozen=True)
class Finding:
    """One cause, with what was measured and what to do about it.

    Parameters
    ----------
    cause
        One of :data:`~unstuck.doctor.names.CAUSES`.
    confidence
        From 0 to 1.
    summary
        A sentence with the numbers.
    evidence
        What was measured, by name.
    where
        The line to change; None where it is not known.
    fix
        What to do, a sentence or two.
    confirmed
        What a short re-run said of it; None: none was tried.
    symptoms
        Consequences that this cause explains.
    tried
        What the re-run did and measured; empty where there was none.
    suggestion
        The line as it should read; empty where that cannot be said.

    Raises
    ------
    ValueError
        If the cause is none of those there are, or the confidence lies outside its range.
    """

    cause: str
    confidence: float
    summary: str
    evidence: dict[str, Number]
    where: Where | None
    fix: str
    confirmed: bool | None
    symptoms: tuple[str, ...] = ()
    tried: str = ""
    suggestion: str = ""

    def __post_init__(self) -> None:
        """Refuse what a reader of the report could not place."""
        if self.cause not in CAUSES:
            raise ValueError(f"cause must be one of {', '.join(CAUSES)}, got {self.cause!r}")
        if not 0 <= self.confidence <= 1:
            raise ValueError(f"the confidence in {self.cause} must lie between 0 and 1, got {self.confidence}")

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON holds of it."""
        return {
            "cause": self.cause,
            "confidence": self.confidence,
            "summary": self.summary,
            "evidence": self.evidence,
            "where": self.where and {"file": self.where.file, "line": self.where.line},
            "fix": self.fix,
            "confirmed": self.confirmed,
            "symptoms": self.symptoms,
        }


@dataclass(frozen=True)
class Observed:
    """What was watched, in numbers; None for a loss or a rate that was never seen."""

    steps: int
    seconds: float
    loss_first: float | None
    loss_last: float | None
    lr_first: float | None
    lr_last: float | None
    parameters: int
    trainable_parameters: int
    torch: str
    device: str


@dataclass(frozen=True, eq=False, repr=False)
class Report:
    """What watching a run has come to; shows itself in a terminal and in a notebook.

    Parameters
    ----------
    verdict
        ``"fault"``, ``"healthy"`` or ``"uncertain"``: several causes fit, or too little was seen.
    findings
        The most likely root cause first; empty when healthy.
    observed
        What was watched.
    losses
        A row a step: ``step``, ``loss``, ``lr``, and the name of its ``stream``, as a program may train several models.
    evaluations
        ``step``, ``loss``, ``accuracy`` (NaN where not known) and ``name``.
    layers
        As :func:`unstuck.layers.layer_profile` returns it; empty where it could not be made.
    batch
        Inputs and targets as the model got them, on the CPU; None where none was kept.
    script
        The program that was watched, for the title; empty in a notebook.
    ended
        How the run ended, where that was not by itself: a sentence.

    Raises
    ------
    ValueError
        If the verdict is none of those there are, or the findings contradict it.
    """

    verdict: str
    findings: tuple[Finding, ...]
    observed: Observed
    losses: pd.DataFrame
    evaluations: pd.DataFrame
    layers: pd.DataFrame
    batch: tuple[Tensor, Tensor | None] | None
    script: str = ""
    ended: str = ""

    def __post_init__(self) -> None:
        """Refuse a verdict that its own findings contradict."""
        if self.verdict not in VERDICTS:
            raise ValueError(f"verdict must be one of {', '.join(VERDICTS)}, got {self.verdict!r}")
        if self.verdict == "healthy" and self.findings:
            raise ValueError(f"a healthy run has no findings, got {self.findings[0].cause}")
        if self.verdict == "fault" and not self.findings:
            raise ValueError("a fault needs a finding that names it, got none")

    def to_dict(self) -> dict[str, Any]:
        """Return verdict, findings and what was observed, as values that JSON knows; None for NaN and infinity."""
        report: dict[str, Any] = {
            "version": 1,
            "verdict": self.verdict,
            "findings": [finding.to_dict() for finding in self.findings],
            "observed": asdict(self.observed),
        }
        plain: dict[str, Any] = _plain(report)
        return plain

    def html(self) -> str:
        """Return the report as one page that needs no other file: its text, its curves and a sample batch."""
        from unstuck.doctor.page import whole_page  # here, as most reports are read in a terminal

        return whole_page(self)

    def __str__(self) -> str:
        """Return the report as text."""
        from unstuck.doctor.terminal import as_text

        return as_text(self)

    def __repr__(self) -> str:
        """Return the same: who types the name of a report wants to read it."""
        return str(self)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        """Let a terminal show the report in its own width and colours."""
        from unstuck.doctor.terminal import parts

        yield from parts(self)

    def _repr_html_(self) -> str:
        """Return the report for a notebook, in the colours of its page."""
        from unstuck.doctor.page import fragment

        return fragment(self)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    if hasattr(value, "item"):  # of NumPy or of PyTorch
        value = value.item()
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    return None if isinstance(value, float) and not math.isfinite(value) else value
