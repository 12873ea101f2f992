"""The files a run leaves: whole, up to date, and what was measured to the last digit."""

import csv
import json
import math
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from torch import Tensor

from unstuck.data import load
from unstuck.distributed import Processes
from unstuck.history import DivergedError, History
from unstuck.loop import fit
from unstuck.models import Linear
from unstuck.observers import Curves, HistoryFile
from unstuck.optim import SGD
from unstuck.run import Observer, Run

SETTINGS: dict[str, Any] = {"optimizer": partial(SGD, lr=0.1), "device": "cpu"}
PICTURES = {".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF"}


def train(*observers: Observer, epochs: int = 2) -> Run:
    torch.manual_seed(0)
    return fit(Linear(), load("digits"), epochs=epochs, observers=observers, **SETTINGS)


def hand_made(processes: Processes = Processes()) -> Run:  # noqa: B008
    model = Linear()
    optimizer = SGD(model.parameters(), lr=0.1)
    return Run(model, optimizer, History(), torch.device("cpu"), 0, 9, processes=processes)


def add_epoch(run: Run, loss: float = 1.0) -> None:
    run.history.record(torch.tensor(loss), samples=4, lr=0.1)
    run.history.close_epoch({"test_loss": loss})


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def columns(path: Path) -> dict[str, list[float]]:
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    return {name: [float(row[name]) for row in rows] for name in rows[0]}


def test_a_csv_file_holds_the_epochs_to_the_last_digit(tmp_path: Path) -> None:
    run = train(HistoryFile(tmp_path / "history.csv"))
    assert columns(tmp_path / "history.csv") == {"epoch": [1, 2], **run.history.epochs}


def test_a_json_file_holds_epochs_and_steps_to_the_last_digit(tmp_path: Path) -> None:
    run = train(HistoryFile(tmp_path / "history.json"))
    assert json.loads((tmp_path / "history.json").read_text()) == run.history.to_dict()


def test_what_is_no_number_is_null_in_json_as_the_format_has_no_other_word(tmp_path: Path) -> None:
    observer, run = HistoryFile(tmp_path / "history.json"), hand_made()
    for loss in (math.nan, math.inf, 0.5):
        add_epoch(run, loss)
    observer.on_epoch(run)
    read = json.loads((tmp_path / "history.json").read_text(), parse_constant=pytest.fail)
    assert read["epochs"] == {"step": [1, 2, 3], "loss": [None, None, 0.5], "test_loss": [None, None, 0.5]}


def test_the_file_is_up_to_date_after_every_epoch(tmp_path: Path) -> None:
    path, seen = tmp_path / "new" / "folder" / "history.csv", []

    class Reader(Observer):
        def on_epoch(self, run: Run) -> None:
            seen.append(columns(path)["loss"] == run.history["loss"])

    train(HistoryFile(path), Reader(), epochs=3)
    assert seen == [True] * 3
    assert names(path.parent) == ["history.csv"]


class BreaksOff:
    """Two batches an epoch; in the second one, something happens between them."""

    def __init__(self, error: Exception | None = None) -> None:
        self.batch, self.error, self.epochs = tuple(load("digits").test), error, 0

    def __iter__(self) -> Iterator[tuple[Tensor, ...]]:
        self.epochs += 1
        yield self.batch
        if self.epochs == 2:
            x, y = self.batch
            if self.error:
                raise self.error
            yield x * math.inf, y
        yield self.batch


@pytest.mark.parametrize(("data", "error"), [(BreaksOff(OSError("disk")), OSError), (BreaksOff(), DivergedError)])
def test_after_an_error_the_files_hold_every_step_until_then(
    data: BreaksOff, error: type[Exception], tmp_path: Path
) -> None:
    observers = [HistoryFile(tmp_path / "history.json"), HistoryFile(tmp_path / "history.csv")]
    observers += [Curves(tmp_path / "curves.svg")]
    with pytest.raises(error):
        fit(Linear(), data, epochs=3, observers=observers, **SETTINGS)
    read = json.loads((tmp_path / "history.json").read_text())
    assert len(read["epochs"]["loss"]) == 1
    assert len(read["steps"]["loss"]) == (3 if error is OSError else 5)
    assert None not in read["steps"]["loss"][:3]
    assert names(tmp_path) == ["curves.svg", "history.csv", "history.json"]


def test_what_broke_a_run_is_not_hidden_by_a_loss_that_is_read_after_it(tmp_path: Path) -> None:
    run = hand_made()
    run.history.refuse_nonfinite = True
    run.history.record(torch.tensor(math.nan), samples=1, lr=0.1)
    HistoryFile(tmp_path / "history.json").on_end(run)
    assert json.loads((tmp_path / "history.json").read_text())["steps"]["loss"] == [None]


def test_an_interrupted_run_leaves_the_steps_of_its_open_epoch(tmp_path: Path) -> None:
    class Interrupt(Observer):
        def on_step(self, run: Run) -> None:
            run.interrupted = run.interrupted or run.step == 21  # 19 an epoch

    run = train(HistoryFile(tmp_path / "history.json"), Curves(tmp_path / "curves.png"), Interrupt(), epochs=5)
    read = json.loads((tmp_path / "history.json").read_text())
    assert read == run.history.to_dict()
    assert (len(read["epochs"]["loss"]), len(read["steps"]["loss"])) == (1, 21)
    assert (tmp_path / "curves.png").exists()


def test_a_write_that_fails_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "history.json"
    observer, run = HistoryFile(path), hand_made()
    add_epoch(run)
    observer.on_epoch(run)
    before = path.read_text()
    add_epoch(run)
    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", partial(full, path))
        with pytest.raises(OSError, match="no space left"):
            observer.on_epoch(run)
    assert path.read_text() == before
    assert names(tmp_path) == ["history.json"]


def full(path: Path, _descriptor: int) -> None:
    raise OSError("no space left on device")


def test_only_the_main_process_writes(tmp_path: Path) -> None:
    for rank, expected in ((1, []), (0, ["curves.png", "history.csv"])):
        run = hand_made(Processes(rank=rank, count=2))
        add_epoch(run)
        for observer in (HistoryFile(tmp_path / "new/history.csv"), Curves(tmp_path / "new/curves.png")):
            observer.on_start(run)
            observer.on_epoch(run)
            observer.on_end(run)
        assert names(tmp_path / "new") == expected if expected else not (tmp_path / "new").exists()


def test_losses_stay_unread_where_other_processes_would_be_waited_for(tmp_path: Path) -> None:
    run = hand_made(Processes(rank=0, count=2))
    run.history.reduce = pytest.fail
    run.history.record(torch.tensor(1.0), samples=1, lr=0.1)
    HistoryFile(tmp_path / "history.json").on_end(run)
    assert json.loads((tmp_path / "history.json").read_text())["steps"]["loss"] == []


@pytest.mark.parametrize("suffix", PICTURES)
def test_a_picture_of_the_suffix_is_drawn_at_the_end_alike_every_time(suffix: str, tmp_path: Path) -> None:
    paths = [tmp_path / f"{name}{suffix}" for name in ("one", "other")]
    for path in paths:
        train(Curves(path))
    first, second = (path.read_bytes() for path in paths)
    assert first.startswith(PICTURES[suffix])
    assert first == second
    assert len(names(tmp_path)) == 2


def test_the_picture_stands_on_white_for_any_viewer(tmp_path: Path) -> None:
    train(Curves(tmp_path / "curves.png"))
    with Image.open(tmp_path / "curves.png") as picture:
        assert picture.convert("RGBA").getpixel((0, 0)) == (255, 255, 255, 255)
        assert picture.width >= 1000


def test_drawing_leaves_the_programs_figures_and_style_alone(tmp_path: Path) -> None:
    import matplotlib.pyplot as plt

    plt.close("all")
    mine, style = plt.figure(), dict(plt.rcParams)
    train(Curves(tmp_path / "curves.png"))
    assert plt.get_fignums() == [mine.number]
    assert dict(plt.rcParams) == style
    plt.close(mine)


@pytest.mark.parametrize(("every", "drawn"), [(None, [False] * 4), (1, [True] * 4), (2, [False, True, False, True])])
def test_it_is_drawn_on_the_way_as_often_as_was_asked(every: int | None, drawn: list[bool], tmp_path: Path) -> None:
    observer, run = Curves(tmp_path / "curves.svg", every_epochs=every), hand_made()
    seen = []
    for _ in range(4):
        add_epoch(run)
        observer.on_epoch(run)
        seen.append(observer.path.exists())
        observer.path.unlink(missing_ok=True)
    assert seen == drawn


def test_there_is_no_picture_of_nothing(tmp_path: Path) -> None:
    Curves(tmp_path / "curves.png").on_end(hand_made())
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (partial(HistoryFile, "a/history.txt"), r"must end in .csv or .json, got 'a/history.txt'"),
        (partial(HistoryFile, "history"), r"must end in .csv or .json, got 'history'"),
        (partial(Curves, "curves.jpg"), r"must end in .png or .svg or .pdf, got 'curves.jpg'"),
        (partial(Curves, "curves.png", every_epochs=0), "every_epochs must be at least 1, got 0"),
    ],
)
def test_settings_out_of_range_are_refused(make: partial[Observer], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_a_place_that_cannot_be_written_to_is_known_before_any_training(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for observer in (HistoryFile(tmp_path / "file" / "history.csv"), Curves(tmp_path / "file" / "curves.png")):
        model = Linear()
        before = next(model.parameters()).clone()
        with pytest.raises((FileExistsError, NotADirectoryError)):
            fit(model, load("digits"), observers=[observer], **SETTINGS)
        assert torch.equal(next(model.parameters()), before)
