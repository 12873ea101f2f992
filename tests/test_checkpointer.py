"""The checkpointer: when it saves, what it keeps and deletes, and whose folder it leaves alone."""

import os
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.optim import SGD

from unstuck.checkpoint import CheckpointError, best, latest, restore
from unstuck.history import DivergedError, History
from unstuck.loop import fit
from unstuck.observers.checkpointer import Checkpointer
from unstuck.observers.stopping import EarlyStopping
from unstuck.run import Observer, Run

BATCHES = 4


def make_run(*observers: Observer, seed: int = 0, epochs: int = 99) -> Run:
    model = nn.Linear(1, 1)
    optimizer = SGD(model.parameters(), lr=0.1)
    return Run(model, optimizer, History(), torch.device("cpu"), seed, epochs, observers=observers)


def go_on(run: Run, steps: int, losses: dict[int, float] | None = None, begin: bool = True) -> None:
    """Play some steps, and tell the observers of them; `losses` gives the validation loss of an epoch."""
    for observer in run.observers if begin else ():
        observer.on_start(run)
    for _ in range(steps):
        run.history.record(torch.tensor(1.0 + run.seed), samples=1, lr=0.1)
        run.batch += 1
        for observer in run.observers:
            observer.on_step(run)
        if run.batch == BATCHES:
            epoch = len(run.history) + 1
            run.history.close_epoch({"validation_loss": (losses or {}).get(epoch, 5.0)})
            run.batch = 0
            for observer in run.observers:
                observer.on_epoch(run)


def resumed(path: Path, *observers: Observer) -> Run:
    run = make_run(*observers)
    restore(run, path)
    return run


def steps(folder: Path) -> list[int]:
    """Return the steps of the checkpoints in a folder, and make sure that there is nothing else but the note."""
    names = sorted(set(os.listdir(folder)) - {"best"})
    assert all(name.startswith("step-") for name in names)
    return [int(name.removeprefix("step-")) for name in names]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, [4, 8, 12, 14]),
        ({"every_epochs": 2}, [8, 14]),
        ({"every_epochs": None, "every_steps": 5}, [5, 10, 14]),
        ({"every_epochs": 2, "every_steps": 6}, [6, 8, 12, 14]),
        ({"every_epochs": None}, [14]),
    ],
)
def test_it_saves_when_it_is_told_to_and_at_an_interrupt(
    settings: dict[str, Any], expected: list[int], tmp_path: Path
) -> None:
    run = make_run(Checkpointer(tmp_path, keep_last=None, **settings))
    go_on(run, 13)
    run.interrupted = True
    go_on(run, 1, begin=False)
    assert steps(tmp_path) == expected


def test_it_saves_the_last_epoch_however_it_comes(tmp_path: Path) -> None:
    class Stopper(Observer):
        def on_epoch(self, run: Run) -> None:
            if len(run.history) == 2:
                run.stop()

    go_on(make_run(Checkpointer(tmp_path / "all", every_epochs=5), epochs=3), 12)
    go_on(make_run(Stopper(), Checkpointer(tmp_path / "stopped", every_epochs=5)), 8)
    assert steps(tmp_path / "all") == [12]
    assert steps(tmp_path / "stopped") == [8]
    assert resumed(tmp_path / "stopped").stopped


def test_an_epochs_end_takes_the_place_of_its_last_steps_checkpoint(tmp_path: Path) -> None:
    go_on(make_run(Checkpointer(tmp_path, every_steps=2)), 4)
    run = resumed(tmp_path)
    assert steps(tmp_path) == [2, 4]
    assert (run.step, run.batch, len(run.history)) == (4, 0, 1)


@pytest.mark.parametrize(
    ("keep_last", "expected"),
    [(1, [20]), (2, [16, 20]), (3, [12, 16, 20]), (9, [4, 8, 12, 16, 20]), (None, [4, 8, 12, 16, 20])],
)
def test_it_keeps_the_last_ones(keep_last: int | None, expected: list[int], tmp_path: Path) -> None:
    go_on(make_run(Checkpointer(tmp_path, keep_last=keep_last)), 20)
    assert steps(tmp_path) == expected
    assert best(tmp_path) is None


def test_it_keeps_the_best_as_well_however_old_it_is(tmp_path: Path) -> None:
    losses = {1: 3.0, 2: 1.0, 3: float("nan"), 4: 2.0, 5: 1.0, 6: 0.5}
    checkpointer = Checkpointer(tmp_path, keep_last=1, keep_best="validation_loss")
    run = make_run(checkpointer)
    kept = []
    for epoch in range(1, 7):
        go_on(run, BATCHES, losses, begin=epoch == 1)
        kept.append((steps(tmp_path), best(tmp_path)))
    at = [tmp_path / f"step-{step:08d}" for step in range(0, 28, 4)]
    assert kept == [
        ([4], at[1]),
        ([8], at[2]),
        ([8, 12], at[2]),
        ([8, 16], at[2]),
        ([8, 20], at[2]),  # as good is not better
        ([24], at[6]),
    ]
    assert checkpointer.best_value == 0.5


def test_a_new_best_is_saved_also_where_no_checkpoint_is_due(tmp_path: Path) -> None:
    losses = {1: 3.0, 2: 1.0, 3: 2.0, 4: 4.0}
    go_on(make_run(Checkpointer(tmp_path, every_epochs=4, keep_best="validation_loss")), 16, losses)
    assert steps(tmp_path) == [4, 8, 16]


def test_the_highest_accuracy_is_best_and_mode_turns_that_round(tmp_path: Path) -> None:
    for name, mode, expected in (("a", None, 4), ("b", "max", 4), ("c", "min", 8)):
        run = make_run(Checkpointer(tmp_path / name, keep_best="accuracy", mode=mode))
        for observer in run.observers:
            observer.on_start(run)
        for value in (0.9, 0.2):
            for _ in range(BATCHES):
                run.history.record(torch.tensor(1.0), samples=1, lr=0.1)
            run.history.close_epoch({"accuracy": value})
            run.observers[0].on_epoch(run)
        assert best(tmp_path / name) == tmp_path / name / f"step-{expected:08d}"


def test_what_was_best_is_remembered_by_a_resumed_run(tmp_path: Path) -> None:
    losses = {1: 3.0, 2: 1.0, 3: 2.0, 4: 1.5, 5: 0.5}
    go_on(make_run(Checkpointer(tmp_path, keep_last=1, keep_best="validation_loss")), 12, losses)
    assert steps(tmp_path) == [8, 12]
    (tmp_path / "best").unlink()  # as if it had been killed before it came to that
    run = resumed(tmp_path, Checkpointer(tmp_path, keep_last=1, keep_best="validation_loss"))
    go_on(run, 4, losses)
    assert (steps(tmp_path), best(tmp_path)) == ([8, 16], tmp_path / "step-00000008")
    go_on(run, 4, losses, begin=False)
    assert (steps(tmp_path), best(tmp_path)) == ([20], tmp_path / "step-00000020")


def test_another_measure_of_the_best_begins_anew(tmp_path: Path) -> None:
    losses = {1: 1.0, 2: 2.0}
    go_on(make_run(Checkpointer(tmp_path, keep_best="validation_loss")), 4, losses)
    checkpointer = Checkpointer(tmp_path, keep_best="validation_loss", mode="max")
    go_on(resumed(tmp_path, checkpointer), 4, losses)
    assert checkpointer.best_value == 2.0


def test_the_future_that_a_resumed_run_has_left_is_deleted_with_its_first_checkpoint_and_not_before(
    tmp_path: Path,
) -> None:
    losses = {1: 3.0, 2: 2.0, 3: 1.0, 4: 9.0, 5: 9.0}
    go_on(make_run(Checkpointer(tmp_path, keep_last=None, keep_best="validation_loss")), 20, losses)
    assert best(tmp_path) == tmp_path / "step-00000012"
    checkpointer = Checkpointer(tmp_path, keep_last=2, keep_best="validation_loss")
    run = resumed(tmp_path / "step-00000008", checkpointer)
    go_on(run, 3)
    assert steps(tmp_path) == [4, 8, 12, 16, 20]
    go_on(run, 1, {3: 2.5}, begin=False)
    assert steps(tmp_path) == [8, 12]  # that of step 12 is the new one
    assert best(tmp_path) == tmp_path / "step-00000008"
    assert latest(tmp_path) == tmp_path / "step-00000012"
    assert resumed(tmp_path).history["validation_loss"] == [3.0, 2.0, 2.5]


def test_a_best_that_is_gone_is_no_longer_the_one_to_beat(tmp_path: Path) -> None:
    losses = {1: 1.0, 2: 9.0, 3: 8.0}
    go_on(make_run(Checkpointer(tmp_path / "a", keep_best="validation_loss")), 8, losses)
    moved = Checkpointer(tmp_path / "b", keep_best="validation_loss")
    go_on(resumed(tmp_path / "a", moved), 4, losses)  # goes on in a folder of its own, which the best one is not in
    assert best(tmp_path / "b") == tmp_path / "b" / "step-00000012"
    assert moved.best_value == 8.0


def test_a_folder_of_another_run_is_refused_before_anything_is_touched(tmp_path: Path) -> None:
    go_on(make_run(Checkpointer(tmp_path / "a")), 8)
    go_on(make_run(Checkpointer(tmp_path / "b"), seed=1), 12)
    with pytest.raises(CheckpointError, match=r"a holds checkpoints of another run: choose .* or .* resume='.*a'"):
        go_on(make_run(Checkpointer(tmp_path / "a")), 1)
    strayed = resumed(tmp_path / "a" / "step-00000004", Checkpointer(tmp_path / "b"))
    with pytest.raises(CheckpointError, match="b holds checkpoints of another run than this one was resumed from"):
        go_on(strayed, 1)
    assert (steps(tmp_path / "a"), steps(tmp_path / "b")) == ([4, 8], [4, 8, 12])
    for path in (tmp_path / "b").glob("step-*/state.pt"):
        path.write_bytes(b"")
    with pytest.raises(CheckpointError, match="is damaged"):
        go_on(strayed, 1)


def test_it_comes_after_those_whose_state_it_saves(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="Checkpointer must come after EarlyStopping in observers"):
        go_on(make_run(Checkpointer(tmp_path), Observer(), EarlyStopping()), 1)
    go_on(make_run(EarlyStopping(), Checkpointer(tmp_path), Observer()), 4)
    assert steps(tmp_path) == [4]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"every_steps": 0}, "every_steps must be at least 1, or None, got 0"),
        ({"every_epochs": -1}, "every_epochs must be at least 1, or None, got -1"),
        ({"keep_last": 0}, "keep_last must be at least 1, or None, got 0"),
        ({"keep_best": "loss", "mode": "lowest"}, "mode must be 'min' or 'max', got 'lowest'"),
        ({"mode": "min"}, "mode='min' says which way keep_best is better, but keep_best is not given"),
    ],
)
def test_settings_are_checked(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Checkpointer("here", **settings)


def test_a_column_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        ValueError, match="no column 'val_loss' to judge by; the history has step, loss, validation_loss"
    ):
        go_on(make_run(Checkpointer(tmp_path, keep_best="val_loss")), 4)


# In the loop

X, Y = torch.randn(40, 2, generator=torch.Generator().manual_seed(0)), torch.arange(40) % 3
FEED = [(X[:20], Y[:20]), (X[20:], Y[20:])]


def train(**settings: Any) -> Run:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Dropout(0.2), nn.Linear(2, 3))
    return fit(model, FEED, **{"optimizer": partial(SGD, lr=0.1), "epochs": 3, "device": "cpu", **settings})


def same_weights(first: Run, second: Run) -> bool:
    pairs = zip(first.model.state_dict().values(), second.model.state_dict().values(), strict=True)
    return all(torch.equal(one, other) for one, other in pairs)


def test_a_run_that_was_to_be_short_can_be_trained_on(tmp_path: Path) -> None:
    train(observers=[Checkpointer(tmp_path)])
    longer = train(observers=[Checkpointer(tmp_path)], resume=tmp_path, epochs=5)
    whole = train(epochs=5)
    assert longer.history.to_dict() == whole.history.to_dict()
    assert same_weights(longer, whole)
    assert train(resume=tmp_path, epochs=5).step == 10  # nothing is left to do


@pytest.mark.parametrize("epoch_schedule", [True, False])
@pytest.mark.parametrize("step", range(1, 6))
def test_a_run_goes_on_from_every_step_of_the_loop(step: int, epoch_schedule: bool, tmp_path: Path) -> None:
    class Interrupter(Observer):
        def on_step(self, run: Run) -> None:
            if run.step == step:
                run.interrupted = True

    schedule = partial(torch.optim.lr_scheduler.StepLR, step_size=1, gamma=0.5)
    settings = {"schedule": schedule, "schedule_every": "epoch" if epoch_schedule else "step"}
    broken = train(observers=[Interrupter(), Checkpointer(tmp_path, every_epochs=None)], **settings)
    assert broken.step == step
    assert steps(tmp_path) == [step]
    resumed, whole = train(resume=tmp_path, **settings), train(**settings)
    assert resumed.history.to_dict() == whole.history.to_dict()
    assert same_weights(resumed, whole)


def test_a_run_that_has_diverged_leaves_no_checkpoint_of_that(tmp_path: Path) -> None:
    def grow(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        return x * (torch.inf if len(seen) == 3 else 1), seen.append(1) or y

    seen: list[int] = []
    with pytest.raises(DivergedError):
        train(transform=grow, observers=[Checkpointer(tmp_path, every_steps=1, keep_last=None)])
    assert steps(tmp_path) == [1, 2, 3]
