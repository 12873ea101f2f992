"""The scripts with planted faults in ``tests/faults``, their repaired twins, the healthy controls, and the two halves.

A folder of ``tests/faults`` holds scripts as strangers write them, and ``cases.toml``, which says of each what is wrong
with it, and how it is repaired.
Thresholds of the doctor are set on the half called "set", and what it achieves is reported on the half called "held":
the scripts in the folder ``unseen``, which nobody may look at while a judge is changed.
Once they have been looked at they belong in the other folders, and new ones must be written.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

FAULTS = Path(__file__).resolve().parent.parent / "tests" / "faults"
HALVES = ("set", "held")
UNSEEN = "unseen"  # written by people who knew the table of causes and nothing of the judges


@dataclass(frozen=True)
class Case:
    """A script, what is wrong with it (nothing, for a healthy control), and how it is repaired.

    Attributes
    ----------
    causes
        What may be named first, the planted one in front.
    line
        The line that has the fault, stripped; empty where the fault is not in one line.
    repair
        Pairs of a text and what replaces it in the repaired twin.
    score, better, seen
        A pattern for the score that the script prints, whether "higher" or "lower" is better, and what was seen: of
        the script, and of its twin.
    styles
        Words on how the script is written, and on what it trains.
    """

    name: str
    group: str
    causes: tuple[str, ...]
    line: str
    repair: tuple[tuple[str, str], ...]
    score: str
    better: str
    seen: tuple[float, ...]
    styles: tuple[str, ...]

    @property
    def key(self) -> str:
        """The name within the bed."""
        return f"{self.group}/{self.name}"

    @property
    def cause(self) -> str:
        """The planted fault; empty for a healthy control."""
        return self.causes[0] if self.causes else ""

    @property
    def script(self) -> Path:
        """The script's path."""
        return FAULTS / self.group / f"{self.name}.py"

    @property
    def text(self) -> str:
        """The script's text."""
        return self.script.read_text(encoding="utf8")

    @property
    def line_number(self) -> int | None:
        """The number of the faulty line, from 1; None where the fault is not in one line."""
        stripped = [line.strip() for line in self.text.splitlines()]
        return stripped.index(self.line) + 1 if self.line else None

    def twin(self) -> str:
        """Return the text of the repaired script."""
        text = self.text
        for old, new in self.repair:
            text = text.replace(old, new)
        return text


@dataclass(frozen=True)
class Script:
    """What is run: a case's own script, "faulty" or a "control", or the repaired "twin" of a faulty one."""

    case: Case
    kind: Literal["faulty", "twin", "control"]

    @property
    def key(self) -> str:
        """The name within the bed, a twin's marked."""
        return self.case.key + (" (twin)" if self.kind == "twin" else "")

    @property
    def text(self) -> str:
        """What the interpreter is given."""
        return self.case.twin() if self.kind == "twin" else self.case.text

    @property
    def healthy(self) -> bool:
        """Whether nothing is to be found."""
        return self.kind != "faulty"


def scripts(cases: Iterable[Case], *, twins: bool = True) -> list[Script]:
    """Return what is to be run of some cases: every script, each faulty one with its twin behind it."""
    found = []
    for case in cases:
        found.append(Script(case, "faulty" if case.causes else "control"))
        if case.causes and twins:
            found.append(Script(case, "twin"))
    return found


def read_cases() -> list[Case]:
    """Return every case of the bed, folder by folder, in the order of the tables."""
    return [
        Case(
            name=name,
            group=table.parent.name,
            causes=tuple(values["causes"]),
            line=values.get("line", ""),
            repair=tuple((old, new) for old, new in values.get("repair", [])),
            score=values["score"],
            better=values.get("better", ""),
            seen=tuple(values["seen"]),
            styles=tuple(values["styles"]),
        )
        for table in sorted(FAULTS.glob("*/cases.toml"))
        for name, values in tomllib.loads(table.read_text(encoding="utf8")).items()
    ]


def halves(cases: Iterable[Case]) -> dict[str, str]:
    """Say of each case in which half it is: "held" for those in the folder of unseen scripts, "set" for the others.

    Returns
    -------
    dict
        By key, "set" or "held"; a twin is where its script is.
    """
    return {case.key: "held" if case.group == UNSEEN else "set" for case in cases}


def surroundings(folder: Path) -> dict[str, str]:
    """Return the environment in which a script of the bed runs: one thread, its own folder first, then this package."""
    path = os.pathsep.join((str(folder), str(FAULTS.parent.parent / "src")))  # whichever is installed
    return os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": path}
