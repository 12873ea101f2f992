"""Scripts of the bed, run plainly and by a doctor, each in a process of its own; what was seen is kept by content."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import Any

from bed import Script, surroundings
from common import write

ROOT = Path(__file__).resolve().parent.parent
DOCTOR = (sys.executable, "-m", "unstuck", "doctor")
SOURCES = ("doctor/**/*.py", "inspection/*.py", "cli/doctor.py", "layers.py")  # what a diagnosis rests on
PEERS = tuple(Path(__file__).with_name(name) for name in ("attach.py", "doctor_peers.py"))
PATIENCE = 300.0  # seconds; probes may take 30 and more, on a machine that others use too


@dataclass(frozen=True)
class Contestant:
    """A command that takes ``--json FILE SCRIPT``, and writes the doctor's JSON.

    Attributes
    ----------
    name
        What tables call it.
    command
        The command, split into words.
    packages
        Other packages whose versions its findings depend on; none for our own doctor, whose sources are looked at.
    """

    name: str
    command: tuple[str, ...]
    packages: tuple[str, ...] = ()

    def fingerprint(self) -> str:
        """Return a digest of all that the findings depend on beside the script."""
        files = sorted(
            [path for path in PEERS if self.packages and path.exists()]
            or [path for pattern in SOURCES for path in (ROOT / "src" / "unstuck").glob(pattern)]
        )
        words = [word for word in self.command if word != sys.executable]
        parts = [*words, *(str(version(name)) for name in self.packages), *_versions()]
        return digest(*parts, *(path.read_text(encoding="utf8") for path in files))


@dataclass(frozen=True)
class Plain:
    """A run of a script without any doctor."""

    stdout: str
    status: int


@dataclass(frozen=True)
class Seen:
    """What a doctor said of a script.

    Attributes
    ----------
    report
        The doctor's JSON; empty where it wrote none.
    status, seconds
        The exit status of its process, and how long that took.
    same_output
        Whether the script printed what it prints in a plain run.
    problem
        What went wrong with the doctor itself; empty where nothing did.
    """

    report: dict[str, Any]
    status: int | None
    seconds: float
    same_output: bool
    problem: str

    @cached_property
    def findings(self) -> list[dict[str, Any]]:
        """The findings, most likely cause first."""
        return list(self.report.get("findings", []))


class Runner:
    """Runs scripts, or remembers what came of it.

    Parameters
    ----------
    cache
        A folder for what was seen, by a digest of the script and of all that was at work.
    patience
        Seconds after which a run is given up; nothing is remembered of it.
    """

    def __init__(self, cache: Path, patience: float = PATIENCE) -> None:
        self.cache, self.patience = cache, patience

    def plain(self, script: Script) -> Plain:
        """Return what a script prints by itself."""
        path = self._path("plain", script.case.name, script.text, *_versions())
        if not (kept := _read(path)):
            with tempfile.TemporaryDirectory() as folder:
                done = self._run([sys.executable], script, Path(folder))
            kept = {"stdout": done.stdout, "status": done.returncode}
            write(kept, path)
        return Plain(**kept)

    def diagnose(self, script: Script, doctor: Contestant) -> Seen:
        """Return what a doctor says of a script."""
        fingerprint = doctor.fingerprint()
        path = self._path("seen", script.case.name, script.text, fingerprint)
        if kept := _read(path):
            return Seen(**kept)
        start = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as beside:
            answer = Path(beside) / "report.json"
            try:
                done = self._run([*doctor.command, "--json", str(answer)], script, Path(folder))
            except subprocess.TimeoutExpired:
                return Seen({}, None, self.patience, False, f"no answer within {self.patience:.0f} s")
            seconds = time.perf_counter() - start
            report = _read(answer) or {}
        seen: dict[str, Any] = {
            "report": report,
            "status": done.returncode,
            "seconds": seconds,
            "same_output": done.stdout == self.plain(script).stdout,
            "problem": problem(report, done.returncode, done.stderr),
        }
        if doctor.fingerprint() == fingerprint:  # else it was changed meanwhile, and nobody knows which was run
            write(seen, path)
        return Seen(**seen)

    def _run(self, command: Sequence[str], script: Script, folder: Path) -> subprocess.CompletedProcess[str]:
        name = f"{script.case.name}.py"
        (folder / name).write_text(script.text, encoding="utf8")
        return subprocess.run(
            [*command, name],
            cwd=folder,
            env=surroundings(folder),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=self.patience,
        )

    def _path(self, *parts: str) -> Path:
        return self.cache / f"{digest(*parts)}.json"


def problem(report: dict[str, Any], status: int, stderr: str) -> str:
    """Say how an answer breaks the contract between command, exit status and JSON; empty where it does not."""
    last = (stderr.strip().splitlines() or ["nothing on standard error"])[-1]
    if not report:
        return f"no report, exit status {status}: {last}"
    found = bool(report.get("findings"))
    if report.get("verdict") not in ("fault", "healthy", "uncertain"):
        return f"no verdict in its report: {report.get('verdict')!r}"
    if report["verdict"] != "uncertain" and found == (report["verdict"] == "healthy"):  # too little may be known
        return f"the verdict is {report['verdict']}, with {len(report.get('findings', []))} findings"
    if status != int(found):
        return f"exit status {status} with {len(report.get('findings', []))} findings: {last}"
    return ""


def version(package: str) -> str | None:
    """Return the installed version of a package, None where it is not installed."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def digest(*parts: str) -> str:
    """Return a digest of some texts, in which the ends of each are told apart."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _versions() -> list[str]:
    return [sys.version, *(metadata.version(name) for name in ("torch", "numpy", "scikit-learn"))]


def _read(path: Path) -> dict[str, Any] | None:
    return dict(json.loads(path.read_text(encoding="utf8"))) if path.exists() else None
