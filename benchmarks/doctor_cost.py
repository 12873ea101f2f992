"""What watching costs: a script under the doctor, without probes, beside the plain script, in turn."""

from __future__ import annotations

import json
import math
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bed import Script, surroundings
from doctor_runs import Contestant

# Runs a script as ``python SCRIPT`` would, and says how long it took beside the import of PyTorch: what the doctor's
# own report says of a watched run.
PLAIN = """
import runpy, sys, time
import torch
answer, sys.argv = sys.argv[1], sys.argv[2:]
start = time.perf_counter()
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
finally:
    open(answer, "w").write('{"observed": {"seconds": %r}}' % (time.perf_counter() - start))
"""


@dataclass(frozen=True)
class Cost:
    """How many times as long a script takes when it is watched, a ratio a round.

    Attributes
    ----------
    whole
        Of the whole process, the imports of PyTorch and of the doctor in it.
    training
        Of the script alone, PyTorch being imported before it begins.
    """

    key: str
    whole: list[float]
    training: list[float]

    def record(self) -> dict[str, Any]:
        """Return the medians, and every ratio."""
        medians = {name: statistics.median(getattr(self, name)) for name in ("whole", "training")}
        return {"script": self.key, **medians, "wholes": self.whole, "trainings": self.training}

    def ratio(self) -> float:
        """Return the larger of the two medians: neither is to be dear."""
        return max(statistics.median(self.whole), statistics.median(self.training))


def mlps_on_digits(scripts: Iterable[Script], at_most: int = 8) -> list[Script]:
    """Return some of the scripts that the goal is about, spread over the bed, without the faulty ones."""
    found = [script for script in scripts if script.healthy and {"digits", "MLP"} <= set(script.case.styles)]
    return found[:: math.ceil(len(found) / at_most) or 1]


def cost(script: Script, doctor: Contestant, rounds: int) -> Cost:
    """Time a script plainly and watched, in turn."""
    whole, training = [], []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"{script.case.name}.py")
        path.write_text(script.text, encoding="utf8")
        answer = Path(folder, "answer.json")
        commands = (
            [sys.executable, "-c", PLAIN, str(answer), path.name],
            [*doctor.command, "--no-probes", "--json", str(answer), path.name],
        )
        for _ in range(rounds):
            (plain, alone), (watched, seen) = (_timed(command, Path(folder), answer) for command in commands)
            whole.append(watched / plain)
            training.append(seen / alone)
    return Cost(script.key, whole, training)


def _timed(command: list[str], folder: Path, answer: Path) -> tuple[float, float]:
    """Return the seconds of a whole process, and those that the script in it took."""
    answer.unlink(missing_ok=True)
    start = time.perf_counter()
    done = subprocess.run(
        command,
        cwd=folder,
        env=surroundings(folder),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.perf_counter() - start
    if not answer.exists():
        raise RuntimeError(f"{' '.join(command[-2:])} wrote no answer:\n{done.stderr}")
    return seconds, float(json.loads(answer.read_text(encoding="utf8"))["observed"]["seconds"])
