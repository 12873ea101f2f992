"""Several processes: the single process's run, files by one of them, and an end when one is lost."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
import torch

from unstuck.distributed import Agreement, Processes, join

START = """
from functools import partial
import json, os, sys, time
import torch
from torch import nn
from unstuck import MLP, load
from unstuck.data import Split
from unstuck.distributed import join
from unstuck.loop import evaluate, fit
from unstuck.run import Observer
torch.set_num_threads(1)
DATA = load("digits")
SGD = partial(torch.optim.SGD, lr=0.1, momentum=0.9)
def fresh(make=partial(MLP, 32)):
    torch.manual_seed(0)
    return make()
def report(**values):
    if join().is_main:
        print("REPORT " + json.dumps(values))
"""


def launch(script: str, processes: int, folder: Path) -> subprocess.Popen[str]:
    """Start a script under torchrun, or without it where there is one process."""
    path = folder / "script.py"
    path.write_text(START + textwrap.dedent(script), encoding="utf8")
    torchrun = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
    command = [sys.executable, *(torchrun if processes > 1 else []), str(path)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    return subprocess.Popen(
        command, cwd=folder, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def run(script: str, processes: int, folder: Path) -> dict[str, Any]:
    """Run a script to its end, and return what it reports."""
    started = launch(script, processes, folder)
    out, errors = started.communicate(timeout=180)
    assert started.returncode == 0, errors
    reports = [line for line in out.splitlines() if line.startswith("REPORT ")]
    assert len(reports) == 1
    return dict(json.loads(reports[0].removeprefix("REPORT ")))


def wait_until_alive(started: subprocess.Popen[str], folder: Path) -> None:
    """Wait for the second process's first step."""
    deadline = time.monotonic() + 120
    while not (folder / "alive-1").exists():
        assert time.monotonic() < deadline
        assert started.poll() is None
        time.sleep(0.1)


def close(found: dict[str, Any], expected: dict[str, Any]) -> None:
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        if isinstance(value, dict):
            close(found[name], value)
        else:
            assert found[name] == pytest.approx(value, abs=1e-6, rel=1e-6), name


@pytest.mark.parametrize("processes", [2, 3])
def test_processes_give_the_single_ones_run_at_the_same_global_batch(processes: int, tmp_path: Path) -> None:
    # 1,197 samples in batches of 70 leave one of 7, and 3 processes get uneven shares of both; the parts of a batch
    # are summed before they are sent, the penalty is counted once, and a loader draws the same order everywhere
    script = """
    from torch.utils.data import DataLoader, TensorDataset
    def penalty(parameters):
        return 1e-3 * sum(parameter.square().sum() for parameter in parameters)
    common = dict(optimizer=SGD, epochs=2, batch_size=70, device="cpu")
    plain = fit(fresh(), DATA, **common)
    rich = fit(fresh(), DATA, penalty=penalty, clip=1.0, accumulate=3, ema=0.9, **common)
    torch.manual_seed(join().rank)  # whatever each process has drawn before
    loader = DataLoader(TensorDataset(*DATA.train), batch_size=70, shuffle=True)
    loaded = fit(fresh(), {"train": loader, "test": [tuple(DATA.test)]}, **common)
    tiny = fit(fresh(), [(DATA.test.x[:1], DATA.test.y[:1]), tuple(DATA.test)], **common)
    runs = dict(plain=plain, rich=rich, loaded=loaded, tiny=tiny)
    report(**{name: run.history.to_dict() for name, run in runs.items()})
    """
    expected = run(script, 1, tmp_path)
    assert expected["plain"]["steps"]["samples"][17] == 7
    close(run(script, processes, tmp_path), expected)


def test_every_process_draws_its_own_random_numbers_and_ends_with_the_same_weights(tmp_path: Path) -> None:
    script = """
    masks = []
    class Probe(nn.Module):
        def __init__(self):
            super().__init__()
            self.dropout, self.body = nn.Dropout(0.5), MLP(32)
        def forward(self, x):
            if self.training:
                masks.append((self.dropout(torch.ones(20)) > 0).tolist())
            return self.body(x)
    trained = fit(fresh(Probe), DATA, optimizer=SGD, device="cpu")
    everybody = join().gather((masks[0], [p.detach() for p in trained.model.parameters()]))
    same = all(torch.equal(a, b) for _, other in everybody for a, b in zip(everybody[0][1], other))
    report(masks=[mask for mask, _ in everybody], same=same)
    """
    found = run(script, 2, tmp_path)
    assert found["same"]
    assert found["masks"][0] != found["masks"][1]


def test_a_process_that_dies_ends_the_run_with_a_message(tmp_path: Path) -> None:
    started = launch(
        """
        class Slow(Observer):
            def on_step(self, run):
                open(f"alive-{run.processes.rank}", "w").close()
                time.sleep(0.05)
        fit(fresh(), DATA, optimizer=SGD, epochs=1000, device="cpu", observers=[Slow()])
        """,
        2,
        tmp_path,
    )
    wait_until_alive(started, tmp_path)
    workers = psutil.Process(started.pid).children()
    victim = next(worker for worker in workers if worker.environ().get("RANK") == "1")
    victim.kill()
    _, errors = started.communicate(timeout=120)
    assert started.returncode != 0
    assert "script.py FAILED" in errors
    assert "Signal 9 (SIGKILL)" in errors
    assert not any(worker.is_running() and worker.status() != psutil.STATUS_ZOMBIE for worker in workers)


def test_an_interrupt_ends_all_processes_at_the_same_step(tmp_path: Path) -> None:
    started = launch(
        """
        class Slow(Observer):
            def on_step(self, run):
                open(f"alive-{run.processes.rank}", "w").close()
                time.sleep(0.02)
        stopped = fit(fresh(), DATA, optimizer=SGD, epochs=1000, device="cpu", observers=[Slow()])
        steps = join().gather(stopped.step)
        report(steps=steps, read=len(stopped.history.steps["loss"]), interrupted=stopped.interrupted)
        """,
        2,
        tmp_path,
    )
    wait_until_alive(started, tmp_path)
    worker = next(w for w in psutil.Process(started.pid).children() if w.environ().get("RANK") == "1")
    worker.send_signal(signal.SIGINT)  # one of them only
    out, errors = started.communicate(timeout=120)
    assert started.returncode == 0, errors
    found = json.loads(out.split("REPORT ")[1])
    assert found["interrupted"]
    assert found["steps"][0] == found["steps"][1] == found["read"] < 1000 * 19


def test_a_sweep_is_shared_out_and_gathered_in_the_same_order(tmp_path: Path) -> None:
    script = """
    from unstuck import sweep
    optimizers = {"sgd": "sgd", "adam": "adam"}
    result = sweep(
        partial(MLP, 8), DATA, optimizer=optimizers, lr=[0.01, 0.1, 1e-3], seeds=3, epochs=2, device="cpu"
    )
    weights = result.model(optimizer="adam", lr=0.1, seed=2).output.weight
    report(
        final=result.final("test_loss").tolist(),
        steps=result.steps["loss"].ravel().tolist(),
        axes={name: list(map(str, values)) for name, values in result.axes.items()},
        weights=weights.flatten().tolist(),
    )
    """
    expected, found = run(script, 1, tmp_path), run(script, 2, tmp_path)
    assert found.pop("axes") == expected.pop("axes")
    close(found, expected)


def test_a_single_process_needs_nothing() -> None:
    alone = join()
    assert alone == Processes()
    assert alone.is_main
    x, y = torch.arange(6.0), torch.arange(6)
    assert alone.share(x, y) == (x, y, 1.0)
    assert alone.sum(x) is x
    assert alone.mean(x) is x
    assert alone.gather("it") == ["it"]
    assert Agreement(alone)(asked=True)
    assert not Agreement(alone)(asked=False)


@pytest.mark.parametrize(("rows", "count"), [(7, 2), (7, 3), (2, 3), (1, 4)])
def test_shares_weigh_to_the_mean_over_the_batch(rows: int, count: int) -> None:
    x = torch.randn(rows, dtype=torch.float64)
    shares = [Processes(rank, count).share(x, x) for rank in range(count)]
    mean = sum(weight * own.mean() for own, _, weight in shares) / count
    assert mean == pytest.approx(x.mean())
    assert sum(len(own) for own, _, weight in shares if weight) == rows
