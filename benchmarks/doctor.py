"""Measure the doctor on the scripts with planted faults, their repaired twins and the healthy controls.

Each script runs in a process of its own under ``unstuck doctor``, which knows neither the script nor what was planted.
Thresholds are set on the half "set"; the goals are for the half "held".
"""

from __future__ import annotations

import argparse
import os
import shlex
import statistics
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.progress import track

from bed import HALVES, Case, Script, halves, read_cases, scripts
from common import about, write
from doctor_cost import Cost, cost, mlps_on_digits
from doctor_peers import CONTESTANT, NOT_RUN, TOOLS
from doctor_runs import DOCTOR, ROOT, Contestant, Runner, Seen, version
from doctor_scores import GOALS, Row, missed_goals, scores
from doctor_tables import against_goals, by_cause, compared, lines, of_cost
from peer_words import translated


def arguments(cases: Sequence[Case]) -> argparse.Namespace:
    """Read the command line, and refuse names that are not in the bed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--half", choices=[*HALVES, "all"], default="held")
    parser.add_argument("--cause", choices=sorted({case.cause for case in cases if case.cause}), metavar="SLUG")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="names of scripts")
    parser.add_argument("--group", choices=sorted({case.group for case in cases}), help="a folder of tests/faults")
    parser.add_argument("--no-twins", action="store_true", help="leave the repaired twins out")
    parser.add_argument("--jobs", type=int, default=2, help="scripts at a time")
    parser.add_argument("--peers", action="store_true", help="run the other tools on the same scripts")
    parser.add_argument("--cost", action="store_true", help="time MLPs on digits of the whole bed, watched and plain")
    parser.add_argument("--rounds", type=int, default=3, help="ratios of the cost to take of each script")
    parser.add_argument("--command", type=shlex.split, default=list(DOCTOR), help="what to run in the doctor's place")
    parser.add_argument("--cache", type=Path, default=ROOT / "_build" / "doctor-bench", help="where runs are kept")
    parser.add_argument("--out", type=Path, help="a folder for the record, doctor-cpu.json")
    parser.add_argument("--list", choices=[*HALVES, "all"], help="print the cases of a half, and stop")
    given = parser.parse_args()
    if unknown := set(given.only or ()) - {case.name for case in cases}:
        parser.error(f"no such script: {', '.join(sorted(unknown))}; --list all says which there are")
    given.half = given.list or given.half
    return given


def chosen(cases: Sequence[Case], half: dict[str, str], given: argparse.Namespace) -> list[Case]:
    """Return the cases that the command line asks for."""
    return [
        case
        for case in cases
        if given.half in (half[case.key], "all")
        and given.cause in (None, case.cause)
        and given.group in (None, case.group)
        and (given.only is None or case.name in given.only)
    ]


def examine(wanted: Sequence[Script], half: dict[str, str], doctor: Contestant, run: Runner, jobs: int) -> list[Row]:
    """Run a doctor on scripts, several at a time."""
    with ThreadPoolExecutor(jobs) as pool:
        seen = pool.map(partial(run.diagnose, doctor=doctor), wanted)
        waiting = track(seen, doctor.name, total=len(wanted), console=Console(stderr=True))
        return [Row(script, half[script.case.key], answer) for script, answer in zip(wanted, waiting, strict=True)]


def of_peers(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """Return the rows of each tool that is installed, of the runs that all of them watched."""
    found: dict[str, list[Row]] = {name: [] for name in TOOLS if version(name)}
    for row in rows:
        for name in found:
            said = row.seen.report.get("tools", {}).get(name, {"messages": [], "problem": row.seen.problem})
            report = {"findings": translated(name, said["messages"])}
            seen = Seen(report, 0, row.seen.seconds, row.seen.same_output, said["problem"])
            found[name].append(Row(row.script, row.half, seen))
    return found


def main() -> int:
    """Print the tables, write the record where it is asked for, and say whether the goals are met."""
    cases = read_cases()
    half = halves(cases)
    given = arguments(cases)
    wanted = chosen(cases, half, given)
    if given.list:
        for case in wanted:
            print(f"{half[case.key]:4}  {os.path.relpath(case.script)}  {' '.join(case.causes) or '-'}")
        return 0
    to_run = scripts(wanted, twins=not given.no_twins)
    runner, console = (
        Runner(given.cache),
        Console(width=None if sys.stdout.isatty() else 160, highlight=False, markup=False),
    )
    doctor = Contestant("unstuck doctor", tuple(given.command))
    own = examine(to_run, half, doctor, runner, given.jobs)
    rows = {doctor.name: own}
    if given.peers:
        rows |= of_peers(examine(to_run, half, CONTESTANT, runner, given.jobs))
    costs = [cost(script, doctor, given.rounds) for script in mlps_on_digits(scripts(cases))] if given.cost else []

    ratio = statistics.median(one.ratio() for one in costs) if costs else None
    console.print(by_cause(own), "", *lines(own), "", compared(rows), "", against_goals(own, ratio), sep="\n")
    for name, why in (dict.fromkeys(set(TOOLS) - set(rows), "not installed") | NOT_RUN).items() if given.peers else ():
        console.print(f"{name}: {why}")
    if costs:
        console.print("", of_cost(costs), sep="\n")
    held = [row for row in own if row.half == "held"]
    whole = len({row.script.key for row in held}) == sum(half[s.case.key] == "held" for s in scripts(cases))
    missed = missed_goals(scores(held), ratio) if whole else []
    if whole:
        console.print("", *(missed or ["every goal is met on the half that set no threshold"]), sep="\n")
    if given.out:
        record = {"goals": GOALS, **about(torch.device("cpu")), **recorded(rows, costs), "missed": missed}
        write(record, given.out / "doctor-cpu.json")
    return int(bool(missed))


def recorded(rows: dict[str, list[Row]], costs: Sequence[Cost]) -> dict[str, Any]:
    """Return the scores and every row, tool by tool."""
    return {
        "tools": [
            {
                "name": name,
                "version": version(name if name in TOOLS else "unstuck"),
                "scores": {
                    half: {
                        score: [value.hits, value.of]
                        for score, value in scores([row for row in of_tool if row.half == half]).items()
                    }
                    for half in HALVES
                },
                "rows": [row.record() for row in of_tool],
            }
            for name, of_tool in rows.items()
        ],
        "not_run": NOT_RUN,
        "cost": [one.record() for one in costs],
    }


if __name__ == "__main__":
    sys.exit(main())
