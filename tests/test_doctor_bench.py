"""The bed is parted into seen and unseen scripts, and the benchmark of the doctor counts what it says it counts."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

import doctor
import doctor_runs
from bed import HALVES, UNSEEN, Case, Script, halves, read_cases, scripts, surroundings
from doctor_cost import Cost, cost, mlps_on_digits
from doctor_runs import Contestant, Runner, Seen, problem
from doctor_scores import Row, Share, missed_goals, scores
from doctor_tables import against_goals, by_cause, compared, lines
from peer_words import WORDS, translated

CASES = read_cases()
HALF = halves(CASES)


def faulty(name: str = "script", *causes: str, line: str = "b = 2") -> Case:
    return Case(name, "made", causes or ("lr_too_high",), line, (("2", "3"),), "", "", (), ())


def test_every_case_is_in_one_half_and_every_cause_is_in_both() -> None:
    assert HALF.keys() == {case.key for case in CASES}
    causes = {half: {case.cause for case in CASES if HALF[case.key] == half} for half in HALVES}
    assert causes["held"] == causes["set"] == {case.cause for case in CASES}
    assert len({case.name for case in CASES}) == len(CASES)  # what --only takes


def test_the_half_that_is_reported_on_is_that_of_the_unseen_scripts() -> None:
    assert {case.group for case in CASES if HALF[case.key] == "held"} == {"unseen"}


def test_a_line_is_found_where_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Case, "text", "a = 1\n    b = 2\n")
    assert faulty().line_number == 2
    assert faulty(line="").line_number is None
    twin = scripts([faulty()])[1]
    assert (twin.kind, twin.text, twin.healthy) == ("twin", "a = 1\n    b = 3\n", True)


def finding(cause: str, line: int | None = None, **more: Any) -> dict[str, Any]:
    where = None if line is None else {"file": "script.py", "line": line}
    return {"cause": cause, "confidence": 0.5, "confirmed": None, "where": where, **more}


def row(kind: Any, *findings: dict[str, Any], half: str = "held", **seen: Any) -> Row:
    case = faulty("script", "lr_too_high", "momentum_too_high") if kind != "control" else replace(faulty(), causes=())
    values: dict[str, Any] = {"status": 1, "seconds": 1.0, "same_output": True, "problem": ""} | seen
    return Row(Script(case, kind), half, Seen({"findings": list(findings)}, **values))


@pytest.fixture
def rows(monkeypatch: pytest.MonkeyPatch) -> list[Row]:
    monkeypatch.setattr(Case, "text", "a = 1\nb = 2\n")
    other = finding("lr_too_low")
    return [
        row("faulty", finding("lr_too_high", 2, confirmed=True), other),
        row("faulty", finding("momentum_too_high", 1)),
        row("faulty", other, other, finding("lr_too_high", 2, confirmed=True)),
        row("faulty", other, other, other, finding("lr_too_high", 2)),
        row("faulty", problem="no report", same_output=False),
        row("twin"),
        row("twin", other),
        row("control"),
        row("control"),
        row("control", finding("overfitting")),
    ]


def test_scores_of_made_up_findings(rows: list[Row]) -> None:
    assert [one.rank for one in rows[:5]] == [1, 1, 3, 4, None]
    assert scores(rows) == {
        "top1": Share(2, 5),
        "top3": Share(3, 5),
        "line": Share(2, 5),
        "confirmed": Share(1, 5),
        "twins": Share(1, 2),
        "controls": Share(1, 3),
        "alarms": Share(2, 5),
        "changed": Share(1, 10),
        "problems": Share(1, 10),
    }


def test_a_line_of_another_file_is_not_the_line(rows: list[Row]) -> None:
    found = finding("lr_too_high", 2)
    found["where"]["file"] = "elsewhere.py"
    assert not row("faulty", found).at_line


def test_what_a_tool_names_in_one_message_counts_as_named(rows: list[Row]) -> None:
    assert row("faulty", finding("dying_relu", also=["lr_too_high"])).top1


def shown(*parts: Any) -> str:
    console = Console(width=200, markup=False)
    with console.capture() as captured:
        console.print(*parts, sep="\n")
    return captured.get()


def test_the_tables_show_the_scores_and_a_line_for_each_miss_and_alarm(rows: list[Row]) -> None:
    table = shown(by_cause(rows)).split("\n")
    assert table[1].split() == ["lr_too_high", "1", "2/5", "3/5", "2/5", "1/5", "1/2"]
    assert table[2].split() == ["(healthy", "controls)", "1", "-", "-", "-", "-", "1/3"]
    assert "40.0% (2/5)" in shown(compared({"unstuck doctor": rows}))
    said = lines(rows)
    assert said[0] == (
        "miss: made/script: lr_too_high | momentum_too_high -> lr_too_low 0.50, lr_too_low 0.50, lr_too_high 0.50"
    )
    assert [line.split(":")[0] for line in said] == [
        *["miss"] * 3,
        *["false alarm"] * 2,
        "prints something else under the doctor",
        "failure",
    ]
    goals = shown(against_goals(rows, 1.234))
    assert "at least 85%" in goals
    assert "1.23" in goals


def test_goals_are_met_at_their_bounds_and_missed_beyond_them() -> None:
    measured = {"top1": Share(85, 100), "top3": Share(95, 100), "alarms": Share(3, 100)}
    measured |= {"changed": Share(0, 100), "problems": Share(0, 100)}
    assert missed_goals(measured, 1.3) == []
    beyond = {"top1": Share(84, 100), "top3": Share(94, 100), "alarms": Share(4, 100)}
    beyond |= {"changed": Share(1, 100), "problems": Share(1, 100)}
    for name, share in beyond.items():
        missed = missed_goals(measured | {name: share}, None)
        assert len(missed) == 1
        assert str(share) in missed[0]
    assert len(missed_goals(measured, 1.31)) == 1


def test_the_interval_of_a_share_is_wilsons() -> None:
    low, high = Share(42, 49).interval()  # (p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n), z = 1.96
    assert (low, high) == (pytest.approx(0.7333, abs=1e-3), pytest.approx(0.9290, abs=1e-3))
    assert Share(0, 0).interval() == (0.0, 1.0)


@pytest.mark.parametrize(
    ("report", "status", "said"),
    [
        ({"verdict": "healthy", "findings": []}, 0, ""),
        ({"verdict": "fault", "findings": [{}]}, 1, ""),
        ({"verdict": "uncertain", "findings": [{}, {}]}, 1, ""),
        ({"verdict": "healthy", "findings": []}, 3, "exit status 3 with 0 findings: ValueError: no"),
        ({"verdict": "fault", "findings": []}, 0, "the verdict is fault, with 0 findings"),
        ({"findings": []}, 0, "no verdict in its report: None"),
        ({}, 2, "no report, exit status 2: ValueError: no"),
    ],
)
def test_an_answer_that_breaks_the_contract_is_a_failure(report: dict[str, Any], status: int, said: str) -> None:
    assert problem(report, status, "Traceback\nValueError: no\n") == said


STAND_IN = """
import json, runpy, sys
_, option, answer, script = sys.argv
assert option == "--json"
open("{log}", "a").write(script + " ")
runpy.run_path(script, run_name="__main__")
{extra}
found = dict(cause="lr_too_high", confidence=1.0, confirmed=None, where=None)
findings = [found] if "flagged" in open(script).read() else []
json.dump(dict(version=1, verdict="fault" if findings else "healthy", findings=findings), open(answer, "w"))
sys.exit(bool(findings))
"""


@pytest.fixture
def stand_in(tmp_path: Path) -> Callable[..., Contestant]:
    def make(extra: str = "") -> Contestant:
        path = tmp_path / "stand_in.py"
        path.write_text(STAND_IN.format(log=tmp_path / "log", extra=extra))
        return Contestant("stand-in", (sys.executable, str(path)))

    return make


def runs(tmp_path: Path) -> int:
    return len((tmp_path / "log").read_text().split())


def test_a_run_is_kept_until_the_script_or_the_doctor_changes(
    tmp_path: Path, stand_in: Callable[..., Contestant], monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = tmp_path / "src" / "unstuck" / "doctor"
    sources.mkdir(parents=True)
    monkeypatch.setattr(doctor_runs, "ROOT", tmp_path)
    runner, held = Runner(tmp_path / "cache"), stand_in()
    monkeypatch.setattr(Case, "text", "print('flagged')")
    script = scripts([faulty()])[0]
    first = runner.diagnose(script, held)
    assert (first.findings[0]["cause"], first.status, first.same_output, first.problem) == ("lr_too_high", 1, True, "")
    assert runner.diagnose(script, held) == first
    assert runs(tmp_path) == 1
    monkeypatch.setattr(Case, "text", "print('well')")
    assert runner.diagnose(script, held).findings == []
    assert runs(tmp_path) == 2
    (sources / "new.py").write_text("")
    runner.diagnose(script, held)
    assert runs(tmp_path) == 3
    runner.diagnose(script, replace(held, command=(*held.command[:1], "-B", *held.command[1:])))
    assert runs(tmp_path) == 4


def test_a_doctor_that_changes_what_a_script_prints_or_breaks_down_is_told_of(
    tmp_path: Path, stand_in: Callable[..., Contestant], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Case, "text", "print('well')")
    script = scripts([faulty()])[0]
    assert not Runner(tmp_path / "1").diagnose(script, stand_in("print('more')")).same_output
    broken = Runner(tmp_path / "2").diagnose(script, stand_in("raise ValueError('no')"))
    assert broken.problem == "no report, exit status 1: ValueError: no"
    slow = Runner(tmp_path / "3", patience=0.5).diagnose(script, stand_in("import time; time.sleep(60)"))
    assert slow.problem == "no answer within 0 s"
    assert not list((tmp_path / "3").glob("*")), "a run that was given up may go through another time"


def test_the_benchmark_runs_writes_its_record_and_refuses_unknown_names(
    tmp_path: Path, stand_in: Callable[..., Contestant], monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    made = [faulty("one"), faulty("two"), faulty("three", "overfitting"), replace(faulty("four"), causes=())]
    made = [made[0], *(replace(case, group=UNSEEN) for case in made[1:])]
    monkeypatch.setattr(doctor, "read_cases", lambda: made)
    monkeypatch.setattr(Case, "text", "a = 'flagged'\nb = 2\n")
    command = " ".join(stand_in().command)
    options = ["--command", command, "--cache", str(tmp_path / "cache"), "--out", str(tmp_path)]

    def status(*more: str) -> int:
        monkeypatch.setattr(sys, "argv", ["doctor.py", *options, *more])
        return doctor.main()

    assert status() == 1  # "flagged" is in the twins too
    said = capsys.readouterr().out
    assert "miss: unseen/three: overfitting -> lr_too_high 1.00" in said
    assert "false alarms 3/3 = 100.0%, goal at most 3%" in said
    record = json.loads((tmp_path / "doctor-cpu.json").read_text())
    assert record["tools"][0]["scores"]["held"]["top1"] == [1, 2]
    assert {tuple(hits) for hits in record["tools"][0]["scores"]["set"].values()} == {(0, 0)}
    assert {"date", "processor", "torch", "goals", "missed"} <= set(record)
    assert status("--half", "set") == status("--only", "three", "--no-twins") == 0  # goals are for all of "held"
    with pytest.raises(SystemExit, match="2"):
        status("--only", "five")
    assert "no such script: five" in capsys.readouterr().err


def test_the_cases_of_a_half_are_listed(root: Path) -> None:
    command = [sys.executable, "benchmarks/doctor.py", "--list", "set"]
    listed = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout.splitlines()
    assert {tuple(line.split()[:2]) for line in listed} == {
        ("set", str(case.script.relative_to(root))) for case in CASES if HALF[case.key] == "set"
    }


def test_messages_of_other_tools_are_translated_into_causes_of_the_bed() -> None:
    known = {case.cause for case in CASES}
    for table in WORDS.values():
        assert {cause for causes in table.values() for cause in causes} <= known
    found = translated("torchmortem", ["Dead units in 1", "Dead units in 3", "Loss plateau detected", "Something else"])
    assert [(one["cause"], one["message"]) for one in found] == [
        ("dying_relu", "Dead units in 1"),
        ("lr_too_low", "Loss plateau detected"),
        ("other", "Something else"),
    ]
    assert "lr_too_high" in found[0]["also"]


TRAINS = """
import torch
from torch import nn
from torch.nn import functional as F

torch.manual_seed(0)
x, y = torch.randn(8, 3), torch.arange(8) % 2
encoder, head = nn.Sequential(nn.Linear(3, 4), nn.ReLU()), nn.Linear(4, 2)
optimizer = torch.optim.SGD([*encoder.parameters(), *head.parameters()], lr=0.1)
other = torch.optim.SGD(nn.Linear(1, 1).parameters(), lr=0.1)
for step in range(3):
    optimizer.zero_grad()
    loss = nn.CrossEntropyLoss()(head(encoder(x)), y)
    loss.backward()
    {step}
    print(f"{{loss.item():.6f}}")
    with torch.no_grad():
        test = F.cross_entropy(head(encoder(x)), y)
"""

WATCHES = """
import json, runpy, sys
from attach import Attachment, Tool

class Notes(Tool):
    said = []
    def start(self, model, optimizer, batch):
        assert all(parameter.grad is None for parameter in model.parameters())
        held = {id(p) for group in optimizer.param_groups for p in group["params"]}
        self.said.append(["start", type(model).__name__, held == {id(p) for p in model.parameters()}])
    def before_step(self, loss, evaluated):
        self.said.append(["before", round(loss, 6), evaluated])
    def after_step(self, loss):
        self.said.append(["after", round(loss, 6)])

class Fails(Tool):
    def before_step(self, loss, evaluated):
        raise ValueError("no")

notes = Attachment({"notes": Notes(), "fails": Fails()})
with notes.watching():
    runpy.run_path(sys.argv[1], run_name="__main__")
json.dump([Notes.said, notes.failures], open(sys.argv[2], "w"))
"""


@pytest.mark.parametrize("step", ["optimizer.step()", "pass"])
def test_tools_are_told_what_the_author_of_a_script_would_tell_them(root: Path, tmp_path: Path, step: str) -> None:
    script, watcher, answer = tmp_path / "script.py", tmp_path / "watch.py", tmp_path / "answer.json"
    steps = 3 if step != "pass" else 7
    script.write_text(TRAINS.format(step=step).replace("range(3)", f"range({steps})"))
    watcher.write_text(WATCHES)
    plain = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True).stdout
    seen = subprocess.run(
        [sys.executable, str(watcher), str(script), str(answer)],
        env=surroundings(root / "benchmarks"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert seen.returncode == 0, seen.stderr
    assert seen.stdout == plain
    said, failures = json.loads(answer.read_text())
    losses = [float(line) for line in plain.splitlines()]
    assert said[0] == ["start", "ModuleList", True]
    told = losses if step != "pass" else losses[4:]  # four may be accumulated before one would know
    assert [one[1] for one in said if one[0] == "before"] == pytest.approx(told, abs=2e-6)
    assert [one[0] for one in said[1:]] == ["before", "after"] * len(told)
    evaluated = [one[2] for one in said if one[0] == "before"]
    if step != "pass":  # the loss after a step, taken without gradients, is that of the next one before it
        assert evaluated == [None, *(pytest.approx(loss, abs=2e-6) for loss in losses[1:])]
    assert failures == {"notes": "", "fails": "before_step: ValueError: no"}


def test_where_no_other_tool_is_installed_a_script_runs_and_the_answer_is_empty(root: Path, tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text("import sys\nprint(sys.argv)\n")
    command = [sys.executable, "-c", NOTHING_INSTALLED, "--json", "answer.json", "script.py"]
    env = surroundings(root / "benchmarks")
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "['script.py']\n"
    assert json.loads((tmp_path / "answer.json").read_text())["tools"] == {}


NOTHING_INSTALLED = """
import sys
import doctor_peers
for module, _ in doctor_peers.TOOLS.values():
    sys.modules[module] = None
sys.path.insert(0, doctor_peers.__file__.rpartition("/")[0])
sys.exit(doctor_peers.main())
"""


def test_the_cost_is_taken_of_healthy_mlps_on_digits_spread_over_the_bed() -> None:
    taken = mlps_on_digits(scripts(CASES))
    assert 4 <= len(taken) <= 8
    assert all(script.healthy and {"digits", "MLP"} <= set(script.case.styles) for script in taken)
    assert len({script.case.group for script in taken}) >= 4
    assert mlps_on_digits([]) == []
    assert Cost("a", whole=[1.0, 1.2, 9.0], training=[1.1, 1.0, 1.3]).ratio() == 1.2


def test_the_cost_is_that_of_the_watched_run_over_the_plain_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = tmp_path / "slow.py"  # says that the script took ten seconds
    slow.write_text(
        "import json, sys\n_, no_probes, _, answer, script = sys.argv\nassert no_probes == '--no-probes'\n"
        "json.dump({'observed': {'seconds': 10.0}}, open(answer, 'w'))\n"
    )
    monkeypatch.setattr(Case, "text", "import time\ntime.sleep(0.5)\n")
    measured = cost(scripts([faulty()])[0], Contestant("slow", (sys.executable, str(slow))), rounds=1)
    assert measured.training == [pytest.approx(20.0, rel=0.2)]
    assert measured.whole[0] < 1  # it runs nothing
    with pytest.raises(RuntimeError, match="wrote no answer"):
        cost(scripts([faulty()])[0], Contestant("none", (sys.executable, "-c", "pass")), rounds=1)
