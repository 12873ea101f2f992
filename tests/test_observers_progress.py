"""Progress: bars on a terminal, silence elsewhere, and next to nothing in the inner loop."""

import os
import re
import struct
from functools import partial
from types import SimpleNamespace

import pytest
import torch

from unstuck.data import load
from unstuck.distributed import Processes
from unstuck.history import History
from unstuck.loop import fit
from unstuck.models import Linear
from unstuck.observers import Progress
from unstuck.optim import SGD
from unstuck.run import Run


def train(progress: Progress) -> None:
    fit(Linear(), load("digits"), optimizer=partial(SGD, lr=0.1), epochs=3, device="cpu", observers=[progress])


def hand_made(epochs: int = 3, **settings: object) -> Run:
    model = Linear()
    optimizer = SGD(model.parameters(), lr=0.1)
    run = Run(model, optimizer, History(), torch.device("cpu"), 0, epochs, **settings)
    run.batches = 4
    return run


def take_steps(progress: Progress, run: Run, count: int) -> None:
    for _ in range(count):
        run.history.record(torch.tensor(1.0), samples=8, lr=0.1)
        run.batch += 1
        progress.on_step(run)


def close_epoch(progress: Progress, run: Run) -> None:
    run.history.close_epoch({"test_accuracy": 0.987654})
    run.batch = 0
    progress.on_epoch(run)


def test_a_run_shows_its_epochs_its_steps_and_the_last_row(capsys: pytest.CaptureFixture[str]) -> None:
    train(Progress(disable=False))
    shown = capsys.readouterr().err
    assert "3/3" in shown
    assert "test_accuracy=0.9" in shown
    assert "0/19" in shown  # 1,197 samples in batches of 64
    assert re.search(r"epoch/s|s/epoch", shown)


def test_it_is_quiet_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    train(Progress())
    assert capsys.readouterr() == ("", "")


@pytest.mark.skipif(os.name == "nt", reason="a pseudo-terminal is needed")
def test_it_shows_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    import fcntl
    import termios

    controller, terminal = os.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))  # rows, columns
    with os.fdopen(controller, "rb") as shown, os.fdopen(terminal, "w") as stderr:
        monkeypatch.setattr("sys.stderr", stderr)
        progress, run = Progress(), hand_made()
        progress.on_start(run)
        progress.on_end(run)
        assert b"/3" in shown.read1()


def test_only_the_main_process_shows_anything(capsys: pytest.CaptureFixture[str]) -> None:
    for rank, expected in ((0, True), (1, False)):
        progress, run = Progress(disable=False), hand_made(processes=Processes(rank=rank, count=2))
        progress.on_start(run)
        take_steps(progress, run, 4)
        close_epoch(progress, run)
        progress.on_end(run)
        assert bool(capsys.readouterr().err) == expected


def test_the_steps_begin_anew_with_every_epoch(capsys: pytest.CaptureFixture[str]) -> None:
    progress, run = Progress(disable=False), hand_made()
    progress.on_start(run)
    assert progress.steps is not None
    assert progress.epochs is not None
    progress.steps.mininterval = progress.epochs.mininterval = 0  # show every change
    for epoch in range(2):
        take_steps(progress, run, 4)
        assert (progress.steps.n, progress.epochs.n) == (4, epoch)
        close_epoch(progress, run)
        assert (progress.steps.n, progress.epochs.n) == (0, epoch + 1)
    progress.on_end(run)
    shown = capsys.readouterr().err
    assert [f"{step}/4" in shown for step in range(6)] == [True] * 5 + [False]
    assert "loss=1, test_accuracy=0.9877" in shown


def test_rates_are_those_of_the_epoch(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    for clock in ("time.time", "tqdm.std.time"):  # tqdm has its own name for it
        monkeypatch.setattr(clock, lambda: now)
    progress, run = Progress(disable=False), hand_made()
    run.history.record(torch.tensor(1.0), samples=1000, lr=0.1)  # before the run was resumed
    progress.on_start(run)
    take_steps(progress, run, 3)
    now += 2
    take_steps(progress, run, 1)  # the clock has moved on: this one is shown
    assert "2.00step/s]" in capsys.readouterr().err
    now += 2  # the evaluation
    close_epoch(progress, run)
    assert "4/4 [00:04<00:00,  1.00step/s, 8 samples/s]" in capsys.readouterr().err
    now += 0.05
    take_steps(progress, run, 3)  # too soon after the last time
    assert capsys.readouterr().err == ""
    now += 0.45
    take_steps(progress, run, 1)
    assert "8.00step/s, 8 samples/s]" in capsys.readouterr().err
    now += 0.01
    close_epoch(progress, run)
    assert "4/4" not in capsys.readouterr().err
    take_steps(progress, run, 3)
    now += 2
    take_steps(progress, run, 1)
    assert "2.00step/s, 63 samples/s]" in capsys.readouterr().err  # 4 steps of 8 samples in 0.51 seconds
    progress.on_end(run)


def test_a_resumed_run_starts_its_bars_where_it_stands(capsys: pytest.CaptureFixture[str]) -> None:
    progress, run = Progress(disable=False), hand_made()
    take_steps(Progress(), run, 4)
    close_epoch(Progress(), run)
    take_steps(Progress(), run, 2)
    progress.on_start(run)
    shown = capsys.readouterr().err
    assert "1/3" in shown
    assert "2/4" in shown
    take_steps(progress, run, 2)
    close_epoch(progress, run)
    assert (progress.steps.n, progress.steps.initial) == (0, 0)
    assert (progress.epochs.n, progress.epochs.initial) == (2, 1)
    progress.on_end(run)


def test_a_run_whose_length_nobody_knows_counts_its_steps(capsys: pytest.CaptureFixture[str]) -> None:
    batches = ((x, y) for x, y in [tuple(load("digits").test)])
    fit(Linear(), batches, optimizer=partial(SGD, lr=0.1), device="cpu", observers=[Progress(disable=False)])
    assert "0step" in capsys.readouterr().err


@pytest.mark.parametrize("end", ["soon", "by an error"])
def test_the_bars_are_closed_however_the_run_ends(end: str, capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress(disable=False)
    epochs, steps = [], []

    class Ender(Progress):
        def on_step(self, run: Run) -> None:
            epochs.append(progress.epochs)
            steps.append(progress.steps)
            if end == "by an error":
                raise RuntimeError("the data ran out")
            run.stop()

    settings = {"optimizer": partial(SGD, lr=0.1), "epochs": 5, "device": "cpu"}
    try:
        fit(Linear(), load("digits"), observers=[progress, Ender(disable=True)], **settings)
    except RuntimeError:
        assert end == "by an error"
    assert epochs[0].disable  # tqdm's word for a bar that is closed
    assert steps[0].disable
    assert progress.epochs is progress.steps is None


def test_it_can_be_used_again() -> None:
    progress = Progress(disable=True)
    train(progress)
    train(progress)
    assert progress.epochs is progress.steps is None


def test_a_step_reads_nothing_of_the_run() -> None:
    progress = Progress(disable=False)
    progress.on_start(hand_made())
    progress.on_step(SimpleNamespace())  # whatever it looked up would be missing
    progress.on_end(hand_made())
