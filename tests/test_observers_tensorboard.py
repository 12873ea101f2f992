"""Event files: TensorBoard's own reader finds in them what the history holds, also after a run was resumed."""

import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from unstuck.data import load
from unstuck.distributed import Processes
from unstuck.history import History
from unstuck.loop import fit
from unstuck.models import Linear
from unstuck.observers import TensorBoard
from unstuck.observers.checkpointer import Checkpointer
from unstuck.optim import SGD
from unstuck.run import Observer, Run

Scalars = dict[str, list[tuple[int, float]]]


class StopsAt(Observer):
    """Breaks a run off after a step, as Ctrl-C or an error would."""

    def __init__(self, step: int, error: Exception | None = None) -> None:
        self.step, self.error = step, error

    def on_step(self, run: Run) -> None:
        if run.step == self.step:
            if self.error:
                raise self.error
            run.interrupted = True


def train(*observers: Observer, epochs: int = 3, **settings: Any) -> Run:
    torch.manual_seed(0)
    optimizer = partial(SGD, lr=0.1)
    return fit(
        Linear(), load("digits"), optimizer=optimizer, epochs=epochs, device="cpu", observers=observers, **settings
    )


def read(folder: Path) -> Scalars:
    """Return all that TensorBoard would show: steps and values, by tag."""
    events = EventAccumulator(str(folder), size_guidance={"scalars": 0}).Reload()  # 0: every one
    return {tag: [(event.step, event.value) for event in events.Scalars(tag)] for tag in events.Tags()["scalars"]}


def expected(history: History) -> Scalars:
    """Return what they should be, in the precision of the format, written from the history by hand."""
    ends = history["step"]
    scalars = {f"step/{name}": list(enumerate(history.steps[name], start=1)) for name in ("loss", "lr")}
    scalars["epoch/loss"] = list(zip(ends, history["loss"], strict=True))
    for split in ("train", "validation", "test"):
        for metric in ("loss", "accuracy"):
            scalars[f"{split}/{metric}"] = list(zip(ends, history[f"{split}_{metric}"], strict=True))
    return {
        tag: [(step, float(np.float32(value))) for step, value in values] for tag, values in scalars.items() if values
    }


def next_second() -> None:
    """Wait, as TensorBoard reads files in the order of the second in their names."""
    time.sleep(1.01 - time.time() % 1)


def test_the_files_hold_the_history_at_its_true_steps(tmp_path: Path) -> None:
    run = train(TensorBoard(tmp_path))
    assert read(tmp_path) == expected(run.history)


def test_a_column_without_a_split_is_an_epochs(tmp_path: Path) -> None:
    observer, run = TensorBoard(tmp_path), hand_made()
    observer.on_start(run)
    run.history.record(torch.tensor(1.0), samples=1, lr=0.1)
    run.history.close_epoch({"gradient_norm": 2.0, "ema_test_loss": 3.0})
    observer.on_epoch(run)
    observer.on_end(run)
    columns = {"epoch/loss": [(1, 1.0)], "epoch/gradient_norm": [(1, 2.0)], "ema_test/loss": [(1, 3.0)]}
    assert {tag: values for tag, values in read(tmp_path).items() if not tag.startswith("step/")} == columns


def hand_made(processes: Processes = Processes()) -> Run:  # noqa: B008
    model = Linear()
    optimizer = SGD(model.parameters(), lr=0.1)
    return Run(model, optimizer, History(), torch.device("cpu"), 0, 9, processes=processes)


def test_an_epoch_can_be_read_while_the_run_goes_on(tmp_path: Path) -> None:
    seen = []

    class Reader(Observer):
        def on_epoch(self, run: Run) -> None:
            seen.append(read(tmp_path) == expected(run.history))

    train(TensorBoard(tmp_path), Reader(), epochs=2)
    assert seen == [True, True]


@pytest.mark.parametrize("error", [None, OSError("disk")])
def test_a_run_that_is_broken_off_leaves_its_steps(error: Exception | None, tmp_path: Path) -> None:
    try:
        train(TensorBoard(tmp_path), StopsAt(21, error))  # 19 an epoch
    except OSError:
        assert error
    found = read(tmp_path)
    assert [step for step, _ in found["step/loss"]] == list(range(1, 22))
    assert [step for step, _ in found["test/loss"]] == [19]


def lost_epoch(folder: Path) -> None:
    """Break a run off in its third epoch, when its last checkpoint is of the first."""
    with pytest.raises(OSError, match="disk"):
        train(
            TensorBoard(folder / "events"),
            Checkpointer(folder / "checkpoints", every_epochs=None, every_steps=25, keep_last=1),
            StopsAt(45, OSError("disk")),
        )


@pytest.mark.parametrize("elsewhere", [False, True])
def test_a_resumed_run_goes_on_without_a_gap_or_a_step_twice(elsewhere: bool, tmp_path: Path) -> None:
    lost_epoch(tmp_path)
    before = read(tmp_path / "events")
    assert before["step/loss"][-1][0] == 45  # the checkpoint is of step 25, in the middle of the second epoch
    next_second()
    events = tmp_path / ("other" if elsewhere else "events")
    run = train(TensorBoard(events), resume=tmp_path / "checkpoints")
    assert run.step == 57
    assert read(events) == expected(run.history)


def test_a_resumed_run_writes_only_what_is_new(tmp_path: Path) -> None:
    lost_epoch(tmp_path)
    (old,) = (tmp_path / "events").iterdir()
    size = old.stat().st_size
    next_second()
    train(TensorBoard(tmp_path / "events"), resume=tmp_path / "checkpoints")
    (new,) = set((tmp_path / "events").iterdir()) - {old}
    assert old.stat().st_size == size
    (tmp_path / "alone").mkdir()
    new.rename(tmp_path / "alone" / new.name)
    assert [step for step, _ in read(tmp_path / "alone")["step/loss"]] == list(range(20, 58))


def test_a_new_run_in_an_old_folder_is_shown_alone(tmp_path: Path) -> None:
    observer = TensorBoard(tmp_path)
    train(observer, epochs=3)
    next_second()
    run = train(observer, epochs=2)
    assert read(tmp_path) == expected(run.history)


def test_only_the_main_process_writes(tmp_path: Path) -> None:
    for rank, files in ((1, 0), (0, 1)):
        observer, run = TensorBoard(tmp_path / "events"), hand_made(Processes(rank=rank, count=2))
        observer.on_start(run)
        run.history.record(torch.tensor(1.0), samples=1, lr=0.1)
        run.history.close_epoch()
        observer.on_epoch(run)
        observer.on_end(run)
        assert observer.state_dict() == {"written": 1}  # the same on all
        assert len(list((tmp_path / "events").glob("*"))) == files


def test_a_missing_tensorboard_is_known_at_once_with_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("tensorboard", "torch.utils.tensorboard"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError, match=r"pip install 'unstuck\[tensorboard\]'"):
        TensorBoard(tmp_path)


def test_nothing_is_done_in_the_inner_loop() -> None:
    untouched: Callable[..., None] = Observer.on_step
    assert TensorBoard.on_step is untouched
