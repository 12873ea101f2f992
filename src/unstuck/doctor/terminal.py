"""A report in a terminal: the verdict, a card for each finding, and what was watched."""

from __future__ import annotations

import io
from collections.abc import Iterator

from rich import box
from rich.console import Console, Group, RenderableType
from rich.constrain import Constrain
from rich.panel import Panel
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from unstuck.doctor.findings import Finding, Report
from unstuck.doctor.names import case_file
from unstuck.doctor.wording import change, confidence_said, number, printable, rerun_said, verdict_said, watched_said

__all__ = ["as_text", "parts"]

_WIDTH = 88  # of a text that no terminal bounds
_WIDEST = 100  # of a card: longer lines are hard to read
_COLOURS = {"fault": "red", "healthy": "green", "uncertain": "yellow"}
_SIGNS = {"-": "red", "+": "green"}


def parts(report: Report) -> Iterator[RenderableType]:
    """Return what a console prints one under the other.

    Parameters
    ----------
    report
        What to show.

    Yields
    ------
    RenderableType
        For :meth:`rich.console.Console.print`, in any width and with or without colours.
    """
    yield _text(verdict_said(report), f"bold {_COLOURS[report.verdict]}")
    if report.ended:
        yield _text(report.ended)
    for place, finding in enumerate(report.findings, 1):
        yield Constrain(_card(place, finding), _WIDEST)
    yield _text(watched_said(report.observed), "dim" if report.findings else "")


def as_text(report: Report) -> str:
    """Return the report as plain text."""
    console = Console(file=io.StringIO(), width=_WIDTH, color_system=None, force_jupyter=False, legacy_windows=False)
    with console.capture() as printed:
        console.print(*parts(report), sep="\n")
    return "\n".join(line.rstrip() for line in printed.get().splitlines())


def _card(place: int, finding: Finding) -> Panel:
    rows = Table.grid(padding=(0, 2))
    rows.add_column(style="dim", no_wrap=True)
    rows.add_column(overflow="fold", ratio=1)
    if finding.evidence:
        rows.add_row("Measured", _evidence(finding))
    if finding.where:
        rows.add_row("Where", _text(str(finding.where)))
    for line in _lines(finding):
        rows.add_row("", line)
    rows.add_row("Fix", _text(finding.fix))
    rows.add_row("Re-run", _text(rerun_said(finding), "bold" if finding.confirmed else ""))
    if finding.symptoms:
        rows.add_row("Explains", _text(", ".join(finding.symptoms)))
    page = case_file(finding.cause)
    if page:
        rows.add_row("Case file", page)
    return Panel(
        Group(_text(finding.summary), "", rows),
        title=f"{place}. {finding.cause}",
        subtitle=confidence_said(finding),
        title_align="left",
        subtitle_align="right",
        box=box.ROUNDED,
        expand=True,
    )


def _evidence(finding: Finding) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(overflow="fold")
    table.add_column(justify="right", no_wrap=True)
    for name, value in finding.evidence.items():
        table.add_row(_text(name), number(value))
    return table


def _lines(finding: Finding) -> Iterator[RenderableType]:
    """Return the line of the program, or what would stand there instead, each behind its sign."""
    for sign, line in change(finding):
        if sign in _SIGNS:
            yield _text(f"{sign} {line}", _SIGNS[sign])
        else:
            yield Syntax(printable(line), "python", theme="ansi_dark", background_color="default", word_wrap=True)


def _text(words: str, style: str = "") -> Text:
    return Text(printable(words), style=style, overflow="fold")
