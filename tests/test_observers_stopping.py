"""Early stopping: the best epoch, an end in time, and both also in a run that was resumed."""

import io
import math
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel

from unstuck.data import load
from unstuck.history import History
from unstuck.loop import evaluate, fit
from unstuck.models import MLP, Linear
from unstuck.observers import EarlyStopping
from unstuck.observers.checkpointer import Checkpointer
from unstuck.optim import SGD
from unstuck.run import Observer, Run


def replay(stopping: EarlyStopping, values: Sequence[float], skip: int = 0, then: Observer | None = None) -> Run:
    """Play a run whose validation loss is given, and whose model counts the epochs; resumed, if some are skipped."""
    model = nn.BatchNorm1d(1)
    run = Run(model, SGD(model.parameters(), lr=0.1), History(), torch.device("cpu"), 0, len(values))
    for epoch, value in enumerate(values, start=1):
        if epoch == skip + 1:
            stopping.on_start(run)
        with torch.no_grad():
            model.weight.fill_(epoch)
            model.num_batches_tracked.fill_(epoch)
        run.history.record(torch.tensor(1.0), samples=1, lr=0.1)
        run.history.close_epoch({"validation_loss": value, "validation_accuracy": value})
        if epoch <= skip:
            continue
        stopping.on_epoch(run)
        if then:
            then.on_epoch(run)
        if run.stopped:
            break
    stopping.on_end(run)
    return run


@pytest.mark.parametrize(
    ("settings", "values", "best", "stopped"),
    [
        ({"patience": 2}, [3, 2, 1, 1, 1, 0], 3, 5),  # a tie is no better
        ({"patience": 1}, [3, 2, 2.5, 0], 2, 3),
        ({"patience": 2}, [3, 4, 2, 4, 1, 4], 5, None),  # patience begins anew with every best
        ({"patience": 2, "min_delta": 0.5}, [3, 2.6, 2.5, 0], 1, 3),  # 2.5 is exactly min_delta better: not enough
        ({"patience": 2, "min_delta": 0.5}, [3, 2.6, 2.4, 2], 3, None),  # creeping gains add up
        ({"patience": 2}, [math.nan, 2, math.nan, -math.inf, 1], 2, 4),
        ({"patience": 3}, [math.nan] * 5, None, 3),
        ({"patience": 2, "mode": "max"}, [1, 3, 2, 2, 9], 2, 4),
        ({"patience": 2, "monitor": "validation_accuracy"}, [1, 3, 2, 2, 9], 2, 4),
        ({"patience": 2, "monitor": "validation_accuracy", "mode": "min"}, [3, 1, 2, 2, 0], 2, 4),
    ],
)
def test_the_best_epoch_is_kept_and_the_end_comes_in_time(
    settings: dict[str, object], values: list[float], best: int | None, stopped: int | None
) -> None:
    stopping = EarlyStopping(**settings)
    run = replay(stopping, values)
    assert (stopping.best_epoch, stopping.stopped_epoch) == (best, stopped)
    assert stopping.best_value == (None if best is None else values[best - 1])
    assert len(run.history) == (stopped or len(values))
    assert run.stopped == (stopped is not None)
    expected = best or stopped  # nothing finite was seen: nothing is put back
    assert (run.model.weight.item(), run.model.num_batches_tracked.item()) == (expected, expected)


def test_the_last_state_stays_where_nothing_is_to_be_restored() -> None:
    assert replay(EarlyStopping(patience=2, restore=False), [3, 1, 2, 2]).model.weight.item() == 4


def test_it_can_watch_a_second_run() -> None:
    stopping = EarlyStopping(patience=2)
    replay(stopping, [3, 1, 2, 2])
    run = replay(stopping, [9, 8, 7])
    assert (stopping.best_epoch, stopping.best_value, stopping.stopped_epoch) == (3, 7, None)
    assert run.model.weight.item() == 3


def test_early_stopping_ends_a_run_of_fit_with_its_best_weights() -> None:
    torch.manual_seed(0)
    stopping = EarlyStopping("validation_accuracy", patience=3)
    data = load("digits")
    run = fit(MLP(), data, optimizer=partial(SGD, lr=0.5), epochs=60, device="cpu", observers=[stopping])
    accuracy = run.history["validation_accuracy"]
    assert len(run.history) == stopping.best_epoch + 3 < 60
    assert stopping.best_value == max(accuracy) == accuracy[stopping.best_epoch - 1]
    assert evaluate(run.model, data.validation.batches())["accuracy"] == stopping.best_value
    assert stopping.best_value > accuracy[-1]


def test_the_best_weights_come_back_after_an_interrupt_too() -> None:
    class Interrupt(Observer):
        def on_epoch(self, run: Run) -> None:
            if len(run.history) == 3:
                raise KeyboardInterrupt

    model, stopping = Linear(), EarlyStopping("validation_loss", mode="max")  # the first epoch has the largest loss
    data = load("digits")
    with pytest.raises(KeyboardInterrupt):
        fit(
            model,
            data,
            optimizer=partial(SGD, lr=0.1),
            epochs=9,
            device="cpu",
            observers=[stopping, Interrupt()],
        )
    assert stopping.best_epoch == 1
    assert evaluate(model, data.validation.batches())["loss"] == pytest.approx(stopping.best_value)


def test_a_column_that_is_not_there_is_named_at_the_first_epoch() -> None:
    with pytest.raises(ValueError, match=r"no column 'val_loss'.*step, loss, train_loss.*validation_loss"):
        fit(
            Linear(),
            load("digits"),
            optimizer=partial(SGD, lr=0.1),
            device="cpu",
            observers=[EarlyStopping("val_loss")],
        )


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"mode": "lower"}, "mode must be 'min' or 'max', got 'lower'"),
        ({"patience": 0}, "patience must be at least 1, got 0"),
        ({"min_delta": -1}, "min_delta must be at least 0, got -1"),
        ({"min_delta": math.nan}, "min_delta must be at least 0, got nan"),
    ],
)
def test_settings_out_of_range_are_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        EarlyStopping(**settings)


@pytest.mark.parametrize("cut", [1, 2, 3, 4])
def test_a_resumed_run_stops_where_the_unbroken_one_does_with_the_same_weights(cut: int) -> None:
    values = [3.0, 1.0, 2.0, 1.5, 2.0, 0.0]
    whole = EarlyStopping(patience=3)
    expected = replay(whole, values)
    first, second = EarlyStopping(patience=3), EarlyStopping(patience=3)
    states: list[bytes] = []

    class Saver(Observer):
        def on_epoch(self, run: Run) -> None:
            if len(run.history) == cut:
                file = io.BytesIO()
                torch.save(first.state_dict(), file)
                states.append(file.getvalue())

    replay(first, values, then=Saver())
    second.load_state_dict(torch.load(io.BytesIO(states[0]), weights_only=True))
    resumed = replay(second, values, skip=cut)
    assert (whole.best_epoch, whole.stopped_epoch) == (2, 5)
    assert (second.best_epoch, second.best_value, second.stopped_epoch) == (2, 1.0, 5)
    assert len(resumed.history) == 5
    assert resumed.model.state_dict() == expected.model.state_dict()


def test_a_resumed_run_of_fit_ends_with_the_best_weights_of_the_unbroken_one(tmp_path: Path) -> None:
    class Broken(Observer):
        def on_epoch(self, run: Run) -> None:
            if len(run.history) == 7:
                raise OSError("disk")

    def train(*others: Observer, **settings: object) -> tuple[Run, EarlyStopping]:
        torch.manual_seed(0)
        stopping = EarlyStopping("validation_accuracy", patience=3)
        observers = [stopping, *others]
        settings = {"optimizer": partial(SGD, lr=0.5), "epochs": 60, "device": "cpu", **settings}
        return fit(MLP(), load("digits"), observers=observers, **settings), stopping

    whole, expected = train()
    assert whole.history["step"][-1] > 7 * 19
    with pytest.raises(OSError, match="disk"):
        train(Checkpointer(tmp_path), Broken())
    resumed, stopping = train(resume=tmp_path)
    assert (stopping.best_epoch, stopping.best_value, stopping.stopped_epoch) == (
        expected.best_epoch,
        expected.best_value,
        expected.stopped_epoch,
    )
    for one, other in zip(whole.model.parameters(), resumed.model.parameters(), strict=True):
        assert torch.equal(one, other)


def test_a_run_that_watches_another_column_begins_anew() -> None:
    before, after = EarlyStopping(patience=2), EarlyStopping("validation_accuracy", patience=2)
    replay(before, [9, 5, 6, 6])
    after.load_state_dict(before.state_dict())
    replay(after, [1, 3, 2, 2], skip=1)
    assert (after.best_epoch, after.best_value) == (2, 3)
    assert EarlyStopping(mode="min").state_dict()["watched"] != EarlyStopping(mode="max").state_dict()["watched"]


def test_a_run_that_is_not_resumed_begins_anew_also_after_one_that_was() -> None:
    stopping = EarlyStopping(patience=2)
    replay(EarlyStopping(patience=2), [0.5])
    stopping.load_state_dict({**EarlyStopping().state_dict(), "best_epoch": 1, "best_value": 0.5})
    replay(stopping, [0.5, 1, 1], skip=1)
    assert stopping.stopped_epoch == 3
    replay(stopping, [2, 3, 3])
    assert (stopping.best_epoch, stopping.best_value, stopping.stopped_epoch) == (1, 2, 3)


def test_the_average_of_the_weights_is_put_back_with_them() -> None:
    stopping = EarlyStopping(patience=9)
    model = nn.Linear(1, 1)
    average = AveragedModel(model)
    run = Run(model, SGD(model.parameters(), lr=0.1), History(), torch.device("cpu"), 0, 3, average=average)
    stopping.on_start(run)
    for epoch, value in enumerate([3.0, 1.0, 2.0], start=1):
        with torch.no_grad():
            model.weight.fill_(epoch)
            average.module.weight.fill_(10 * epoch)
        run.history.record(torch.tensor(1.0), samples=1, lr=0.1)
        run.history.close_epoch({"validation_loss": value})
        stopping.on_epoch(run)
    stopping.on_end(run)
    assert (model.weight.item(), average.module.weight.item()) == (2, 20)
