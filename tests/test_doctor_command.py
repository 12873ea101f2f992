"""``unstuck doctor``: a script runs as ever, and the report and the exit status say what was found."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner, Result

import unstuck.doctor
from unstuck.cli.app import app
from unstuck.doctor import EnoughError
from unstuck.doctor.findings import Finding, Observed, Report, Where

FAULT = Finding("lr_too_low", 0.9, "It is low.", {"lr": 1e-9}, Where("train.py", 3, "lr = 1e-9"), "Raise it.", None)


def made(verdict: str = "healthy") -> Report:
    observed = Observed(3, 0.5, 2.0, 1.0, 0.1, 0.1, 10, 10, "2.14.1", "cpu")
    findings = (FAULT,) if verdict != "healthy" else ()
    return Report(verdict, findings, observed, pd.DataFrame(), pd.DataFrame(), pd.DataFrame(), None)


class Watching:
    """Stands in for the doctor where the test is about the script; ``judge`` makes its report."""

    judge: Callable[[], Report] = staticmethod(made)
    settings: dict[str, Any]
    impatient = False  # whether the user interrupts the re-runs

    def __init__(self, **settings: Any) -> None:
        Watching.settings = settings
        self.probes = settings["probes"]

    def __enter__(self) -> Watching:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: TracebackType | None) -> bool:
        return isinstance(error, EnoughError)

    def report(self) -> Report:
        if self.probes and Watching.impatient:
            raise KeyboardInterrupt
        return Watching.judge()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def watching(monkeypatch: pytest.MonkeyPatch) -> type[Watching]:
    monkeypatch.setattr(unstuck.doctor, "Doctor", Watching)
    monkeypatch.setattr(Watching, "judge", staticmethod(made))
    return Watching


def write(text: str, name: str = "train.py") -> str:
    path = Path(name)
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_text(textwrap.dedent(text), encoding="utf8")
    return name


def doctor(*arguments: object, ends: int = 0) -> Result:
    result = CliRunner(env={"COLUMNS": "200"}).invoke(app, ["doctor", *map(str, arguments)])
    assert result.exit_code == ends, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


def plain(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python itself."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": ""}
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False, env=environment)


# A script runs as Python runs it

SEES = """
    import os
    import sys

    print(__name__, __file__, __doc__, __spec__, __package__, __cached__, type(__loader__).__name__, __builtins__)
    print(sorted(name for name in globals()), sys.modules["__main__"].__dict__ is globals())
    print(sys.argv, sys.path[0], os.getcwd(), __annotations__, sys.excepthook is sys.__excepthook__)
"""


@pytest.mark.parametrize("path", ["train.py", "./sub/train.py", "sub/../sub/train.py"])
def test_a_script_sees_what_it_sees_when_python_runs_it(watching: type[Watching], folder: Path, path: str) -> None:
    write(SEES, path)
    arguments = [path, "--epochs", "3", "-h", "--json", "x.json", "--", "a b", "--help"]
    assert doctor(*arguments).stdout == plain(*arguments).stdout
    absolute = str(folder / "sub" / ".." / path)
    Path("sub").mkdir(exist_ok=True)
    assert doctor(absolute).stdout == plain(absolute).stdout


def test_a_script_behind_a_link_has_the_folder_that_it_lies_in(watching: type[Watching]) -> None:
    write(SEES, "real/train.py")
    Path("link.py").symlink_to("real/train.py")
    assert doctor("link.py").stdout == plain("link.py").stdout


def test_a_script_imports_its_neighbours_and_not_those_of_the_current_folder(watching: type[Watching]) -> None:
    write("NAME = 'beside'", "sub/neighbour_of_script.py")
    write("", "neighbour_of_folder.py")
    write(
        """
        import importlib.util
        import neighbour_of_script
        print(neighbour_of_script.NAME, importlib.util.find_spec("neighbour_of_folder"))
        """,
        "sub/train.py",
    )
    assert doctor("sub/train.py").stdout == plain("sub/train.py").stdout == "beside None\n"


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "utf-8-sig", "cp1252"])
def test_a_script_may_be_in_any_encoding_that_it_names(watching: type[Watching], encoding: str) -> None:
    Path("train.py").write_bytes(f"# -*- coding: {encoding} -*-\nprint(ascii('grün'))\n".encode(encoding))
    assert doctor("train.py").stdout == "'gr\\xfcn'\n"


def test_what_a_script_has_defined_is_there_until_the_report_is_made(watching: type[Watching]) -> None:
    write("class Net: ...\nnet = Net()")

    def judge() -> Report:
        main = sys.modules["__main__"]
        assert type(pickle.loads(pickle.dumps(main.net))) is main.Net
        return made()

    watching.judge = staticmethod(judge)
    doctor("train.py")


def test_what_a_script_has_moved_is_put_back(watching: type[Watching], folder: Path) -> None:
    write(
        """
        import io, os, sys
        os.chdir("/")
        sys.argv, sys.excepthook = ["changed"], print
        sys.path.append("nowhere")
        sys.stdout = sys.stderr = io.StringIO()
        """
    )
    before = sys.argv, sys.path, list(sys.path), sys.modules["__main__"], sys.excepthook, sys.stdout, sys.stderr
    result = doctor("--json", "out.json", "train.py")
    assert before == (
        sys.argv, sys.path, list(sys.path), sys.modules["__main__"], sys.excepthook, sys.stdout, sys.stderr
    )  # fmt: skip
    assert Path.cwd() == folder
    assert json.loads((folder / "out.json").read_text())["verdict"] == "healthy"
    assert "Healthy" in result.stderr


# What is printed, and where


def test_the_script_has_standard_output_and_the_report_standard_error(watching: type[Watching]) -> None:
    write("import sys; print('loss 1.0'); print('warning', file=sys.stderr)")
    watching.judge = staticmethod(lambda: made("fault"))
    result = doctor("train.py", ends=1)
    assert result.stdout == "loss 1.0\n"
    assert result.stderr.startswith("warning\nFault: the learning rate is too low (train.py:3).\n")


def test_what_the_script_prints_when_parts_of_it_run_again_is_not_shown(watching: type[Watching]) -> None:
    def judge() -> Report:
        print("again")
        print("again", file=sys.stderr)
        return made()

    write("print('once')")
    watching.judge = staticmethod(judge)
    result = doctor("train.py")
    assert result.stdout == "once\n"
    assert "again" not in result.stderr


BROKEN = {
    "raised": "def f():\n    raise ValueError('no')\nf()",
    "of_two_lines": "raise RuntimeError('first\\nsecond')",
    "chained": "try:\n    1 / 0\nexcept ZeroDivisionError as error:\n    raise KeyError('k') from error",
    "during": "try:\n    1 / 0\nexcept ZeroDivisionError:\n    [][1]",
    "group": "raise ExceptionGroup('two', [ValueError('a'), KeyError('b')])",
    "syntax": "print('never')\nif True print(1)\n",
    "indented": "def f():\nreturn 1\n",
    "own_hook": "import sys\nsys.excepthook = lambda *_: print('mine', file=sys.stderr)\nraise ValueError",
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_traceback_is_pythons_own_and_the_report_follows(watching: type[Watching], name: str) -> None:
    write(BROKEN[name])
    result, expected = doctor("train.py", ends=3), plain("train.py")
    assert result.stdout == expected.stdout
    assert result.stderr.startswith(expected.stderr)
    rest = result.stderr.removeprefix(expected.stderr)
    assert rest.startswith("Uncertain: what was seen shows no fault, but it may be too little.\nThe script raised ")


def test_how_the_script_failed_is_said(watching: type[Watching]) -> None:
    write("\n\nraise ValueError('shapes differ.')")
    assert "The script raised ValueError: shapes differ (train.py:3).\n" in doctor("train.py", ends=3).stderr
    write("raise ValueError")
    assert "The script raised ValueError (train.py:1).\n" in doctor("train.py", ends=3).stderr


def test_bytes_that_are_no_text_are_a_failure_of_the_script(watching: type[Watching]) -> None:
    Path("train.py").write_bytes(b"print('\xfc')\n")
    assert "The script raised SyntaxError" in doctor("train.py", ends=3).stderr


def test_the_command_explains_itself() -> None:
    told = doctor("--help").stdout
    for option in ("--json", "--html", "--max-steps", "--seconds", "--no-probes", "SCRIPT", "ARG"):
        assert option in told
    assert "doctor" in CliRunner().invoke(app, ["--help"]).stdout


# How it ends


@pytest.mark.parametrize(
    ("text", "verdict", "status"),
    [
        ("", "healthy", 0),
        ("", "fault", 1),
        ("", "uncertain", 1),
        ("import sys; sys.exit()", "healthy", 0),
        ("import sys; sys.exit(0)", "fault", 1),
        ("import sys; sys.exit(2)", "healthy", 3),
        ("import sys; sys.exit('no data')", "fault", 3),
        ("raise ValueError", "fault", 3),
        ("class Stop(BaseException): ...\nraise Stop", "healthy", 3),
        ("from unstuck.doctor import EnoughError\nraise EnoughError", "healthy", 0),
        ("from unstuck.doctor import EnoughError\nraise EnoughError", "fault", 1),
        ("raise KeyboardInterrupt", "healthy", 0),
        ("raise KeyboardInterrupt", "fault", 1),
    ],
)
def test_the_exit_status_says_what_was_found(watching: type[Watching], text: str, verdict: str, status: int) -> None:
    write(text)
    watching.judge = staticmethod(lambda: made(verdict))
    result = doctor("--json", "out.json", "train.py", ends=status)
    found = json.loads(Path("out.json").read_text())
    assert bool(found["findings"]) == (verdict != "healthy")
    assert found["verdict"] == ("uncertain" if status == 3 and verdict == "healthy" else verdict)
    assert ("Ended early" in result.stderr) == ("Enough" in text or "Keyboard" in text)
    assert ("no data\n" in result.stderr) == ("no data" in text)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["missing.py"], "SCRIPT missing.py cannot be read: No such file"),
        (["."], "SCRIPT must be a file, and . is a folder"),
        (["--json", "nowhere/out.json", "train.py"], "there is no folder"),
        (["--html", "nowhere/out.html", "train.py"], "there is no folder"),
        (["--json", ".", "train.py"], "--json must be a file"),
        (["--max-steps", "0", "train.py"], "must be at least 1, got 0"),
        (["--seconds", "0", "train.py"], "must be above 0, got 0"),
        (["--seconds", "nan", "train.py"], "must be above 0, got nan"),
        (["--jsn", "out.json", "train.py"], "No such option"),
        ([], "Missing argument"),
    ],
)
def test_unusable_arguments_are_refused_before_the_script_runs(
    watching: type[Watching], arguments: list[str], said: str
) -> None:
    write("print('ran')")
    result = doctor(*arguments, ends=2)
    assert result.stdout == ""
    assert said in " ".join(result.stderr.split())


def test_the_doctor_is_told_how_long_to_watch(watching: type[Watching]) -> None:
    write("")
    doctor("train.py")
    assert watching.settings == {"probes": True, "max_steps": None, "seconds": None}
    doctor("--max-steps", "7", "--seconds", "2.5", "--no-probes", "train.py", "--max-steps", "9")
    assert watching.settings == {"probes": False, "max_steps": 7, "seconds": 2.5}


def test_an_interrupt_while_parts_are_run_again_leaves_the_report_without_them(
    watching: type[Watching], monkeypatch: pytest.MonkeyPatch
) -> None:
    write("")
    monkeypatch.setattr(watching, "impatient", True)
    watching.judge = staticmethod(lambda: made("fault"))
    assert "Fault: the learning rate is too low" in doctor("train.py", ends=1).stderr


def test_files_are_written_whole_where_they_were_asked_for(watching: type[Watching]) -> None:
    write("import os; os.mkdir('x'); os.chdir('x')")
    Path("out.json").write_text("old")
    watching.judge = staticmethod(lambda: made("fault"))
    doctor("--json", "out.json", "--html", "out.html", "train.py", ends=1)
    assert sorted(path.name for path in Path.cwd().iterdir()) == ["out.html", "out.json", "train.py", "x"]
    assert json.loads(Path("out.json").read_text())["findings"][0]["where"] == {"file": "train.py", "line": 3}
    assert "<title>Diagnosis of train.py</title>" in Path("out.html").read_text()


def test_a_fault_of_the_doctor_is_not_taken_for_one_of_the_arguments(watching: type[Watching]) -> None:
    def judge() -> Report:
        raise ValueError("a mistake of ours")

    write("")
    watching.judge = staticmethod(judge)
    result = CliRunner().invoke(app, ["doctor", "train.py"])
    assert isinstance(result.exception, RuntimeError)
    assert isinstance(result.exception.__cause__, ValueError)


# With the doctor itself

TRAINS = """
    import sys
    import warnings

    import torch
    from sklearn.datasets import load_digits
    from torch import nn
    from torch.nn import functional as F

    torch.manual_seed(0)
    x, y = map(torch.tensor, load_digits(return_X_y=True))
    x = x.float() / 16


    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.last = nn.Linear(64, 64), nn.Linear(64, 10)
            self.drop = nn.Dropout(0.1)

        def forward(self, x):
            return OUTPUT


    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for epoch in range(int(sys.argv[1])):
        for rows in torch.randperm(len(x)).split(32):
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x[rows]), y[rows])
            loss.backward()
            optimizer.step()
        print(epoch, loss.item(), torch.rand(1).item())
    warnings.warn("the script's", DeprecationWarning)
    print(sum(p.double().sum().item() for p in model.parameters()))
"""
RIGHT = "self.last(self.drop(F.relu(self.first(x))))"
WRONG = f"torch.softmax({RIGHT}, dim=1)"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return plain("-m", "unstuck", "doctor", *arguments)


def test_a_fault_is_found_at_its_line_and_its_repair_is_healthy() -> None:
    write(TRAINS.replace("OUTPUT", WRONG), "train.py")
    write(TRAINS.replace("OUTPUT", RIGHT), "repaired.py")
    expected = plain("train.py", "15")
    watched = run("--json", "out.json", "--html", "out.html", "train.py", "15")
    assert watched.returncode == 1, watched.stderr
    assert watched.stdout == expected.stdout
    assert watched.stderr.startswith(expected.stderr)  # the warning
    first = json.loads(Path("out.json").read_text())["findings"][0]
    assert first["cause"] == "softmax_before_cross_entropy"
    line = 1 + Path("train.py").read_text().splitlines().index(f"        return {WRONG}")
    assert first["where"] == {"file": "train.py", "line": line}
    assert first["confirmed"] is True
    assert f"(train.py:{line})" in watched.stderr
    assert Path("out.html").read_text().count("<svg") == 3  # curves, layers, digits

    repaired = run("--json", "out.json", "repaired.py", "15")
    assert repaired.returncode == 0, repaired.stderr
    assert json.loads(Path("out.json").read_text())["findings"] == []


def test_watching_can_end_early() -> None:
    write(TRAINS.replace("OUTPUT", RIGHT))
    watched = run("--json", "out.json", "--max-steps", "60", "--no-probes", "train.py", "15")
    assert len(watched.stdout.splitlines()) == 1  # an epoch has 57 steps
    assert json.loads(Path("out.json").read_text())["observed"]["steps"] == 60
    assert "Ended early" in watched.stderr


def test_a_failure_inside_pytorch_has_the_traceback_that_it_has_unwatched() -> None:
    write(TRAINS.replace("OUTPUT", RIGHT).replace("y[rows])", "y[rows][:9])"))
    watched, expected = run("train.py", "15"), plain("train.py", "15")
    assert watched.returncode == 3
    assert watched.stderr.startswith(expected.stderr)
    assert "Traceback" in expected.stderr


def test_no_other_command_waits_for_the_doctor() -> None:
    code = "import sys, unstuck.cli.app; print([name for name in sys.modules if name.startswith('unstuck.doctor')])"
    assert plain("-c", code).stdout == "[]\n"
