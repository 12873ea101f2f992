"""The history: weighted by samples, read once an epoch, of any length."""

import pytest
import torch

from unstuck.history import History


def test_an_uneven_last_batch_weighs_by_its_samples() -> None:
    history = History()
    for loss, samples in ((1.0, 64), (3.0, 2)):
        history.record(torch.tensor(loss), samples=samples, lr=0.1)
    history.close_epoch()
    assert history["loss"] == [pytest.approx((64 * 1 + 2 * 3) / 66)]


def test_any_number_of_steps_is_kept_to_the_last_bit() -> None:
    history = History()
    values = [1 / (step + 3) for step in range(2500)]
    for value in values:
        history.record(torch.tensor(value, dtype=torch.float64), samples=1, lr=0.5)
    history.close_epoch()
    assert history.steps["loss"] == values
    assert history.steps["lr"] == [0.5] * 2500


def test_epochs_follow_each_other() -> None:
    history = History()
    for epoch in range(3):
        for _ in range(2):
            history.record(torch.tensor(float(epoch)), samples=5, lr=0.1 / (epoch + 1))
        history.close_epoch({"test_loss": 10.0 - epoch})
    assert history.to_dict()["epochs"] == {
        "step": [2, 4, 6],
        "loss": [0.0, 1.0, 2.0],
        "test_loss": [10.0, 9.0, 8.0],
    }
    assert history.steps["samples"] == [5] * 6
    frame = history.to_frame()
    assert frame.index.tolist() == [1, 2, 3]
    assert frame["test_loss"].tolist() == [10.0, 9.0, 8.0]
    assert len(history) == 3


def test_nothing_is_read_before_the_epoch_is_closed() -> None:
    class Unreadable(torch.Tensor):
        """A loss that fails when somebody looks at its value, as a GPU's would make them wait."""

        @classmethod
        def __torch_function__(cls, function, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
            assert function not in (torch.Tensor.item, torch.Tensor.tolist, torch.Tensor.__float__)
            return super().__torch_function__(function, types, args, kwargs or {})

    history = History()
    for _ in range(3):
        history.record(torch.tensor(1.0).as_subclass(Unreadable), samples=1, lr=torch.tensor(0.1))
    assert history.steps["loss"] == []


def test_a_rate_that_is_changed_in_place_is_remembered_as_it_was() -> None:
    history, lr = History(), torch.tensor(0.5)
    history.record(torch.tensor(1.0), samples=1, lr=lr)
    lr.mul_(0.5)
    history.record(torch.tensor(1.0), samples=1, lr=lr)
    history.close_epoch()
    assert history.steps["lr"] == [0.5, 0.25]


def test_the_dictionary_is_a_copy() -> None:
    history = History()
    history.record(torch.tensor(1.0), samples=1, lr=0.1)
    history.close_epoch()
    history.to_dict()["epochs"]["loss"].clear()
    assert history["loss"] == [1.0]


def test_misuse_is_explained() -> None:
    history = History()
    with pytest.raises(ValueError, match="no steps: the training data yielded no batch"):
        history.close_epoch()
    history.record(torch.tensor(1.0), samples=1, lr=0.1)
    history.close_epoch({"test_loss": 1.0})
    with pytest.raises(KeyError, match="no column 'accuracy' in this history; it has step, loss, test_loss"):
        history["accuracy"]
    history.record(torch.tensor(1.0), samples=1, lr=0.1)
    with pytest.raises(ValueError, match="must be those of the epochs before"):
        history.close_epoch({"other": 1.0})
