"""Progress: a bar on a terminal, silence elsewhere."""

from functools import partial

import pytest

from unstuck.data import load
from unstuck.loop import fit
from unstuck.models import Linear
from unstuck.observers import Progress
from unstuck.optim import SGD


def train(progress: Progress) -> None:
    fit(Linear(), load("digits"), optimizer=partial(SGD, lr=0.1), epochs=3, device="cpu", observers=[progress])


def test_it_shows_epochs_and_the_last_row(capsys: pytest.CaptureFixture[str]) -> None:
    train(Progress(disable=False))
    shown = capsys.readouterr().err
    assert "3/3" in shown
    assert "test_accuracy=0.9" in shown


def test_it_is_quiet_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    train(Progress())
    assert capsys.readouterr() == ("", "")


def test_it_can_be_used_again() -> None:
    progress = Progress(disable=True)
    train(progress)
    train(progress)
    assert progress.bar is None
