"""What the benchmark of the doctor prints."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Sequence

from rich.table import Table

from bed import HALVES
from doctor_cost import Cost
from doctor_scores import GOALS, Row, Share, scores

COLUMNS = {"top1": "top-1", "top3": "top-3", "line": "line", "confirmed": "confirmed", "twins": "twins flagged"}


def by_cause(rows: Sequence[Row]) -> Table:
    """Return the table of the causes, and below them the controls."""
    table = Table(*["cause", "n", *COLUMNS.values()], box=None, header_style="bold")
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row.script.case.cause].append(row)
    for cause in sorted(groups, key=lambda cause: (not cause, cause)):
        measured = scores(groups[cause])
        cells = [str(measured[name]) for name in COLUMNS]
        if not cause:
            cells[-1] = str(measured["controls"])
        table.add_row(cause or "(healthy controls)", str(len({row.script.case for row in groups[cause]})), *cells)
    return table


def compared(rows: dict[str, list[Row]]) -> Table:
    """Return the table of the tools, a row for each and half."""
    table = Table(
        "tool", "half", "top-1", "top-3", "line", "false alarms: twins", "controls", "all", "failures", box=None
    )
    for name, of_tool in rows.items():
        for half in HALVES:
            part = [row for row in of_tool if row.half == half]
            if part:
                measured = scores(part)
                shown = (measured[key] for key in ("top1", "top3", "line", "twins", "controls", "alarms", "problems"))
                table.add_row(name, half, *map(percent, shown))
    return table


def percent(value: Share) -> str:
    """Return a share as a table shows it."""
    return f"{value.share:.1%} ({value})" if value.of else "-"


def lines(rows: Sequence[Row]) -> list[str]:
    """Return what went wrong, a line each: misses, lines not found, false alarms, changed output, failures."""
    said = [
        f"miss: {row.script.key}: {' | '.join(row.script.case.causes)} -> {row.got()}"
        for row in rows
        if row.script.kind == "faulty" and not row.top1
    ]
    said += [f"false alarm: {row.script.key} -> {row.got()}" for row in rows if row.alarm]
    said += [f"prints something else under the doctor: {row.script.key}" for row in rows if not row.seen.same_output]
    said += [f"failure: {row.script.key}: {row.seen.problem}" for row in rows if row.seen.problem]
    return said


def of_cost(costs: Sequence[Cost]) -> Table:
    """Return the table of what watching costs, script by script."""
    table = Table("watched over plain", "whole process", "training alone", box=None)
    for one in costs:
        table.add_row(one.key, *(f"{statistics.median(ratios):.2f}" for ratios in (one.whole, one.training)))
    return table


def against_goals(rows: Sequence[Row], ratio: float | None) -> Table:
    """Return the table of the goals, beside what each half reached; the interval is of the held half's few scripts."""
    table = Table("", *HALVES, "95 % interval", "goal", box=None)
    of_half = {half: scores([row for row in rows if row.half == half]) for half in HALVES}
    for name, shown, bound in (
        ("top1", "top-1", "at least"),
        ("top3", "top-3", "at least"),
        ("alarms", "false alarms", "at most"),
    ):
        low, high = of_half["held"][name].interval()
        cells = [percent(of_half[half][name]) for half in HALVES]
        table.add_row(shown, *cells, f"{low:.0%} to {high:.0%}", f"{bound} {GOALS[name]:.0%}")
    if ratio is not None:
        table.add_row("cost", f"{ratio:.2f}", "", "", f"at most {GOALS['cost']}")
    return table
