"""Early stopping: the best epoch, an end in time, and both also in a run that was resumed."""

import math
from collections.abc import Sequence
from functools import partial

import pytest
import torch
from torch import nn

from unstuck.data import load
from unstuck.history import History
from unstuck.loop import evaluate, fit
from unstuck.models import MLP, Linear
from unstuck.observers import EarlyStopping
from unstuck.optim import SGD
from unstuck.run import Observer, Run


def replay(stopping: EarlyStopping, values: Sequence[float], fail_after: int | None = None) -> Run:
    """Play a run whose validation loss is given, and whose model counts the epochs."""
    model = nn.BatchNorm1d(1)
    run = Run(model, SGD(model.parameters(), lr=0.1), History(), torch.device("cpu"), 0, len(values))
    stopping.on_start(run)
    for epoch, value in enumerate(values, start=1):
        with torch.no_grad():
            model.weight.fill_(epoch)
            model.num_batches_tracked.fill_(epoch)
        run.history.record(torch.tensor(1.0), samples=1, lr=0.1)
        run.history.close_epoch({"validation_loss": value, "validation_accuracy": value})
        stopping.on_epoch(run)
        if run.stopped or epoch == fail_after:
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
