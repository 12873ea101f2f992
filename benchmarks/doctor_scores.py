"""What a doctor's findings are worth, against what was planted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from scipy.stats import binomtest

from bed import Script
from doctor_runs import Seen

GOALS = {"top1": 0.85, "top3": 0.95, "alarms": 0.03, "cost": 1.3}  # at least, at least, at most, at most


@dataclass(frozen=True)
class Row:
    """One script, and what a doctor said of it."""

    script: Script
    half: str
    seen: Seen

    @property
    def rank(self) -> int | None:
        """The place, from 1, of the first finding that names an acceptable cause; None where none does."""
        named = [{finding["cause"], *finding.get("also", ())} for finding in self.seen.findings]
        places = [place for place, causes in enumerate(named, 1) if causes & set(self.script.case.causes)]
        return min(places, default=None)

    @property
    def top1(self) -> bool:
        """Whether an acceptable cause comes first."""
        return self.rank == 1

    @property
    def top3(self) -> bool:
        """Whether an acceptable cause is among the first three."""
        return self.rank is not None and self.rank <= 3

    @property
    def confirmed(self) -> bool:
        """Whether an acceptable cause comes first, and a probe confirmed it."""
        return self.top1 and self.seen.findings[0]["confirmed"] is True

    @property
    def at_line(self) -> bool:
        """Whether an acceptable cause is among the first three and points to the faulty line."""
        if not self.top3 or self.rank is None:
            return False
        where = self.seen.findings[self.rank - 1]["where"]
        case = self.script.case
        return bool(where) and where["line"] == case.line_number and where["file"].endswith(f"{case.name}.py")

    @property
    def alarm(self) -> bool:
        """Whether something was found where nothing is wrong."""
        return self.script.healthy and bool(self.seen.findings)

    def got(self) -> str:
        """Return the findings in a line."""
        found = [f"{finding['cause']} {finding['confidence']:.2f}" for finding in self.seen.findings]
        return ", ".join(found) or self.seen.problem or "nothing"

    def record(self) -> dict[str, Any]:
        """Return the row as the record holds it."""
        return {
            "script": self.script.key,
            "half": self.half,
            "kind": self.script.kind,
            "causes": list(self.script.case.causes) if self.script.kind == "faulty" else [],
            "line": self.script.case.line_number if self.script.kind == "faulty" else None,
            "found": [
                {
                    "cause": finding["cause"],
                    "confidence": finding["confidence"],
                    "confirmed": finding["confirmed"],
                    "line": (finding["where"] or {}).get("line"),
                }
                for finding in self.seen.findings
            ],
            "rank": self.rank,
            "seconds": round(self.seen.seconds, 2),
            "same_output": self.seen.same_output,
            "problem": self.seen.problem,
        }


@dataclass(frozen=True)
class Share:
    """How many of how many."""

    hits: int
    of: int

    @property
    def share(self) -> float:
        """The share; 0 of none."""
        return self.hits / self.of if self.of else 0.0

    def interval(self) -> tuple[float, float]:
        """Return the 95 % interval of the share that so many tries leave open (Wilson)."""
        if not self.of:
            return 0.0, 1.0
        low, high = binomtest(self.hits, self.of).proportion_ci(method="wilson")
        return float(low), float(high)

    def __str__(self) -> str:
        return f"{self.hits}/{self.of}" if self.of else "-"


def share(values: Iterable[bool]) -> Share:
    """Count what is true."""
    values = list(values)
    return Share(sum(values), len(values))


def scores(rows: Sequence[Row]) -> dict[str, Share]:
    """Return every score of some rows.

    Returns
    -------
    dict
        ``top1``, ``top3``, ``line`` (of those with one faulty line) and ``confirmed``, of the faulty scripts; ``twins``
        and ``controls``, those flagged; ``alarms``, both together; ``changed``, scripts that print something else under
        the doctor; ``problems``, runs in which the doctor itself failed.
    """
    faulty = [row for row in rows if row.script.kind == "faulty"]
    return {
        "top1": share(row.top1 for row in faulty),
        "top3": share(row.top3 for row in faulty),
        "line": share(row.at_line for row in faulty if row.script.case.line),
        "confirmed": share(row.confirmed for row in faulty),
        "twins": share(row.alarm for row in rows if row.script.kind == "twin"),
        "controls": share(row.alarm for row in rows if row.script.kind == "control"),
        "alarms": share(row.alarm for row in rows if row.script.healthy),
        "changed": share(not row.seen.same_output for row in rows),
        "problems": share(bool(row.seen.problem) for row in rows),
    }


def missed_goals(measured: dict[str, Share], cost: float | None) -> list[str]:
    """Say which goals are missed; a doctor that fails, or changes what a script prints, misses one too."""
    missed = [
        f"{name} {measured[name]} = {measured[name].share:.1%}, goal at least {GOALS[name]:.0%}"
        for name in ("top1", "top3")
        if measured[name].of and measured[name].share < GOALS[name]
    ]
    if measured["alarms"].share > GOALS["alarms"]:
        alarms = measured["alarms"]
        missed.append(f"false alarms {alarms} = {alarms.share:.1%}, goal at most {GOALS['alarms']:.0%}")
    if cost is not None and cost > GOALS["cost"]:
        missed.append(f"cost {cost:.2f}, goal at most {GOALS['cost']}")
    missed += [f"{name} {measured[name]}, goal none" for name in ("changed", "problems") if measured[name].hits]
    return missed
