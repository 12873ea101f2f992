"""The command line, as a user meets it: what is printed, what is left on disk, and how it ends."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pandas as pd
import pytest
import torch
from filelock import FileLock
from safetensors.torch import load_file
from torch.nn import functional as F
from torch.optim import SGD, Adam
from torch.optim.lr_scheduler import CosineAnnealingLR, ExponentialLR, LambdaLR, LinearLR, OneCycleLR, StepLR
from typer.testing import CliRunner, Result

from unstuck import MLP, DataError, fit, load, lr_range_test
from unstuck.cli.app import app
from unstuck.cli.folder import RunFolder
from unstuck.cli.names import DataName, make_model, make_optimizer, make_schedule
from unstuck.schedules import cosine

QUICK = ["--hidden", "16", "--lr", "0.01", "--epochs", "2"]
LEFT = {"checkpoints", "curves.svg", "history.csv", "history.json", "run.json", "weights.safetensors"}


def unstuck(*arguments: object, ends: int = 0) -> Result:
    """Run a command in this process, and hold its exit code and that nobody sees a traceback."""
    result = CliRunner(env={"COLUMNS": "200"}).invoke(app, list(map(str, arguments)))
    assert result.exit_code == ends, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


def train(out: Path, *arguments: object, ends: int = 0) -> Result:
    return unstuck("train", *QUICK, "--out", out, *arguments, ends=ends)


def record(out: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((out / "run.json").read_text())
    return read


def history(out: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((out / "history.json").read_text())
    return read


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.name != ".lock"}


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def assert_same_weights(left: Path, right: Path) -> None:
    ours, theirs = load_file(left), load_file(right)
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def metrics_of(row: dict[str, float], prefix: str = "") -> dict[str, dict[str, float]]:
    """Return an epoch's row as evaluate's JSON has it."""
    return {
        split: {key: row[f"{prefix}{split}_{key}"] for key in ("loss", "accuracy")}
        for split in ("train", "validation", "test")
    }


def evaluated(out: Path, *arguments: object) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(unstuck("evaluate", out, "--json", *arguments).stdout)["metrics"]
    return read


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a run that is only to be read."""
    out = tmp_path_factory.mktemp("runs") / "trained"
    train(out, "--schedule", "cosine", "--ema", "0.9")
    return out


def test_train_gives_the_run_that_fit_gives_with_these_settings(trained: Path) -> None:
    data = load("digits")
    torch.manual_seed(0)
    run = fit(
        MLP(16),
        data,
        F.cross_entropy,
        partial(Adam, lr=0.01, fused=True),
        lambda optimizer: LambdaLR(optimizer, cosine(2 * 19)),
        2,
        schedule_every="step",
        device="cpu",
        ema=0.9,
    )
    assert history(trained) == run.history.to_dict()
    left = load_file(trained / "weights.safetensors")
    assert all(torch.equal(left[name], value) for name, value in run.model.state_dict().items())
    averaged = load_file(trained / "weights-ema.safetensors")
    assert run.average is not None
    assert all(torch.equal(averaged[name], value) for name, value in run.average.module.state_dict().items())


def test_train_leaves_what_it_promises_and_says_what_the_run_was(trained: Path) -> None:
    assert names(trained) == LEFT | {"weights-ema.safetensors"}
    assert names(trained / "checkpoints") == {"step-00000019", "step-00000038", "best"}
    rows = list(csv.DictReader((trained / "history.csv").read_text().splitlines()))
    assert [row["epoch"] for row in rows] == ["1", "2"]
    assert (trained / "curves.svg").read_text().startswith("<?xml")
    told = record(trained)
    given = {"data": "digits", "hidden": [16], "lr": 0.01, "schedule": "cosine", "ema": 0.9, "epochs": 2}
    assert given.items() <= told["settings"].items()
    assert told["settings"]["weight_decay"] == 0  # Adam's own default, written out
    assert told["versions"]["torch"] == torch.__version__
    assert told["weights"] == "last"
    assert (told["outcome"], told["epochs"], told["steps"], told["processes"]) == ("finished", 2, 38, 1)
    assert told["parameters"] == 64 * 16 + 16 + 16 * 10 + 10
    assert told["last"]["test_accuracy"] == float(rows[-1]["test_accuracy"])


def test_json_is_one_object_on_standard_output_and_nothing_else(tmp_path: Path) -> None:
    out = tmp_path / "a"
    result = train(out, "--json")
    assert json.loads(result.stdout) == {"out": str(out), **record(out)}
    assert result.stderr == ""


def test_quiet_prints_nothing(tmp_path: Path) -> None:
    assert train(tmp_path / "a", "--quiet").output == ""


def test_without_a_terminal_every_epoch_is_a_line(tmp_path: Path) -> None:
    printed = train(tmp_path / "a").stdout
    assert re.findall(r"^epoch (\d)/2", printed, flags=re.MULTILINE) == ["1", "2"]
    assert re.search(r"^ *test +0\.\d{4} +\d\d\.\d\d %", printed, flags=re.MULTILINE)


def test_evaluate_gives_the_numbers_of_the_history_exactly(trained: Path) -> None:
    told = record(trained)
    assert evaluated(trained) == metrics_of(told["last"])
    assert evaluated(trained, "--weights", "last") == metrics_of(told["last"])
    assert evaluated(trained, "--weights", "best") == metrics_of(told["best"])
    assert evaluated(trained, "--weights", "ema") == metrics_of(told["last"], "ema_")
    assert evaluated(trained, "--split", "test") == {"test": metrics_of(told["last"])["test"]}


def test_evaluate_computes_as_the_run_did(tmp_path: Path) -> None:
    out = tmp_path / "a"
    train(out, "--precision", "bfloat16", "--label-smoothing", "0.1")
    assert evaluated(out) == metrics_of(record(out)["last"])


def test_evaluate_prints_a_table_of_the_splits(trained: Path) -> None:
    printed = unstuck("evaluate", trained).stdout
    last = record(trained)["last"]
    for split in ("train", "validation", "test"):
        assert re.search(rf"{split} +{last[f'{split}_loss']:.4f} +{100 * last[f'{split}_accuracy']:.2f} %", printed)


def test_evaluate_takes_another_data_set_of_the_same_shape_alone(trained: Path) -> None:
    assert evaluated(trained, "--data", "digits") == metrics_of(record(trained)["last"])
    error = unstuck("evaluate", trained, "--data", "blobs", ends=2).stderr
    assert "--data blobs" in error
    assert "(1, 8, 8)" in error


def test_evaluate_refuses_what_is_no_run(tmp_path: Path, trained: Path) -> None:
    assert "there is no run.json" in unstuck("evaluate", tmp_path, ends=2).stderr
    (tmp_path / "run.json").write_text("{")
    assert "damaged" in unstuck("evaluate", tmp_path, ends=2).stderr
    (tmp_path / "run.json").write_text("{}")
    assert "not written by unstuck" in unstuck("evaluate", tmp_path, ends=2).stderr
    (tmp_path / "run.json").write_text(json.dumps({**record(trained), "version": 99}))
    assert "newer version" in unstuck("evaluate", tmp_path, ends=2).stderr
    (tmp_path / "run.json").write_text(json.dumps(record(trained)))
    assert "--weights final" in unstuck("evaluate", tmp_path, ends=2).stderr
    assert "--split" in unstuck("evaluate", trained, "--split", "exam", ends=2).stderr


def test_a_folder_that_is_not_empty_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    for more in ([], ["--force"], ["--resume"]):
        error = train(tmp_path, *more, ends=2).stderr
        assert str(tmp_path) in error
        assert contents(tmp_path) == {str(tmp_path / "notes.txt"): b"mine"}
    assert "is a file" in train(tmp_path / "notes.txt", ends=2).stderr


def test_a_run_is_not_overwritten_unasked(trained: Path) -> None:
    before = contents(trained)
    error = train(trained, ends=2).stderr
    assert "--resume" in error
    assert "--force" in error
    assert contents(trained) == before


def test_force_removes_what_a_run_left_and_begins_anew(tmp_path: Path) -> None:
    out, fresh = tmp_path / "a", tmp_path / "b"
    train(out, "--epochs", 4, "--ema", 0.9, "--tensorboard", "--seed", 1)
    assert names(out) == LEFT | {"weights-ema.safetensors", "tensorboard"}
    train(out, "--force")
    train(fresh)
    assert names(out) == LEFT
    assert names(out / "checkpoints") == names(fresh / "checkpoints")
    assert_same_weights(out / "weights.safetensors", fresh / "weights.safetensors")


def test_force_removes_the_record_last_so_that_it_can_be_repeated(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = Path(shutil.copytree(trained, tmp_path / "a"))
    removed: list[str] = []
    monkeypatch.setattr(Path, "unlink", lambda path: (removed.append(path.name), os.remove(path)))
    RunFolder(out).clear()
    assert removed[-1] == "run.json"
    assert set(removed) == {path.name for path in trained.rglob("*") if path.is_file()} - {".lock"}
    assert names(out) == set()


@pytest.mark.parametrize("foreign", ["notes.txt", "checkpoints/notes.txt", "run.json.bak", "other/", "link"])
def test_force_removes_nothing_from_a_folder_that_holds_more_than_a_run(tmp_path: Path, foreign: str) -> None:
    out = tmp_path / "a"
    train(out)
    path = out / foreign
    if foreign == "link":
        path.symlink_to(tmp_path)
    elif foreign.endswith("/"):
        path.mkdir()
    else:
        path.write_text("mine")
    before = contents(out)
    assert path.name in train(out, "--force", ends=2).stderr
    assert contents(out) == before


def test_a_wrong_setting_removes_nothing_even_with_force(tmp_path: Path) -> None:
    out = tmp_path / "a"
    train(out)
    before = contents(out)
    train(out, "--force", "--engine", "graphed", "--device", "cpu", ends=2)
    assert contents(out) == before


def test_a_resumed_run_ends_as_an_unbroken_one_with_the_settings_of_its_record(tmp_path: Path) -> None:
    broken, whole = tmp_path / "broken", tmp_path / "whole"
    train(broken, "--momentum", "0.9", "--optimizer", "sgd", "--tensorboard")
    unstuck("train", "--out", broken, "--resume", "--epochs", 4)
    train(whole, "--momentum", "0.9", "--optimizer", "sgd", "--epochs", 4)
    assert history(broken) == history(whole)
    assert_same_weights(broken / "weights.safetensors", whole / "weights.safetensors")
    assert record(broken)["settings"] == {**record(whole)["settings"], "tensorboard": True}


def test_a_schedule_that_a_resumed_run_stretches_is_told_of(tmp_path: Path) -> None:
    out = tmp_path / "a"
    train(out, "--schedule", "cosine")
    assert "spans 4 epochs" in unstuck("train", "--out", out, "--resume", "--epochs", 4).stderr
    assert history(out)["steps"]["lr"][-1] == pytest.approx(0.01 * cosine(4 * 19)(4 * 19 - 1))


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--lr", "0.1"], ["--lr", "0.01", "0.1"]),
        (["--hidden", "32"], ["--hidden", "[16]", "[32]"]),
        (["--optimizer", "sgd"], ["--optimizer", "adam", "sgd"]),
        (["--epochs", "1"], ["--epochs", "not shrink", "2", "1"]),
        (["--force"], ["--resume", "--force"]),
    ],
)
def test_a_resumed_run_refuses_other_settings(trained: Path, arguments: list[str], told: list[str]) -> None:
    before = contents(trained)
    error = unstuck("train", "--out", trained, "--resume", *arguments, ends=2).stderr
    assert all(part in error for part in told), error
    assert contents(trained) == before


def test_a_resumed_run_takes_the_same_settings_once_more(tmp_path: Path) -> None:
    out = tmp_path / "a"
    train(out, "--weight-decay", "0")
    before = history(out)
    train(out, "--resume", "--weight-decay", "0")
    assert history(out) == before


def test_resume_begins_a_run_that_is_not_there_yet(tmp_path: Path) -> None:
    never, early, whole = (tmp_path / name for name in ("never", "early", "whole"))
    train(whole)
    train(never, "--resume")
    train(early)
    for path in [*early.glob("checkpoints/*/*"), early / "checkpoints" / "best", early / "weights.safetensors"]:
        path.unlink()
    for path in early.glob("checkpoints/*"):
        path.rmdir()
    unstuck("train", "--out", early, "--resume")
    for out in (never, early):
        assert history(out) == history(whole)
        assert_same_weights(out / "weights.safetensors", whole / "weights.safetensors")


def test_a_damaged_checkpoint_is_refused_with_a_sentence(tmp_path: Path) -> None:
    out = tmp_path / "a"
    train(out)
    (out / "checkpoints" / "step-00000038" / "state.pt").write_bytes(b"")
    assert "damaged" in unstuck("train", "--out", out, "--resume", "--epochs", 3, ends=2).stderr


def test_no_two_runs_write_to_one_folder(tmp_path: Path) -> None:
    out = tmp_path / "a"
    train(out)
    before = contents(out)
    with FileLock(out / ".lock"):
        for how in ("--resume", "--force"):
            assert "another run is writing" in train(out, how, ends=2).stderr
    assert contents(out) == before
    train(out, "--force")  # the lock is free again


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--model", "transformer"], ["--model", "transformer", "convnet"]),
        (["--data", "imagenet"], ["--data", "imagenet", "digits"]),
        (["--optimizer", "lion"], ["--optimizer", "lion", "adamw"]),
        (["--schedule", "zigzag"], ["--schedule", "zigzag", "cosine"]),
        (["--epochs", "0"], ["--epochs", "at least 1", "got 0"]),
        (["--hidden", "0"], ["--hidden", "at least 1", "got 0"]),
        (["--seed", "-1"], ["--seed", "at least 0", "got -1"]),
        (["--patience", "0"], ["--patience", "at least 1", "got 0"]),
        (["--model", "linear"], ["--hidden 16", "--model linear"]),
        (["--optimizer", "adam", "--momentum", "0.9"], ["--momentum", "adam", "sgd, rmsprop"]),
        (["--lr", "-1"], ["--lr", "-1"]),
        (["--lr", "nan"], ["--lr", "nan"]),
        (["--weight-decay", "-1"], ["--weight-decay", "-1"]),
        (["--warmup", "1.5"], ["--warmup", "1.5"]),
        (["--warmup", "38"], ["--warmup", "38 steps", "got 38"]),
        (["--clip", "0"], ["--clip", "0"]),
        (["--ema", "1"], ["--ema", "1"]),
        (["--label-smoothing", "1"], ["--label-smoothing", "1"]),
        (["--label-smoothing", "0.1", "--data", "line"], ["--label-smoothing", "line"]),
        (["--device", "abacus"], ["--device abacus"]),
        (["--device", "cpu", "--engine", "graphed"], ["graphed", "CUDA"]),
        (["--device", "cpu", "--precision", "tf32"], ["tf32", "CUDA"]),
    ],
)
def test_wrong_settings_are_named_and_leave_nothing_behind(
    tmp_path: Path, arguments: list[str], told: list[str]
) -> None:
    result = train(tmp_path / "a", *arguments, ends=2)
    assert all(part in result.stderr for part in told), result.stderr
    assert result.stdout == ""
    assert not any(tmp_path.iterdir())


def test_a_model_that_cannot_take_the_data_is_refused(tmp_path: Path) -> None:
    arguments = ["train", "--model", "convnet", "--data", "spirals", "--out", tmp_path / "a"]
    error = unstuck(*arguments, ends=2).stderr
    assert "--model convnet" in error
    assert "--data spirals" in error
    assert not any(tmp_path.iterdir())


def test_numbers_are_predicted_with_the_mean_squared_error(tmp_path: Path) -> None:
    out = tmp_path / "a"
    train(out, "--data", "line")
    data, model = load("line"), make_model("mlp", [16], load("line"))()
    model.load_state_dict(load_file(out / "weights.safetensors"))
    error = (model(data.test.x) - data.test.y).square().mean().item()
    assert record(out)["last"]["test_loss"] == pytest.approx(error)
    assert "accuracy" not in json.dumps(record(out))


def test_a_run_that_diverges_fails_and_says_where(tmp_path: Path) -> None:
    out = tmp_path / "a"
    result = train(out, "--optimizer", "sgd", "--lr", "1e12", ends=1)
    told = record(out)
    assert told["outcome"] == "diverged"
    losses = history(out)["steps"]["loss"]
    first = losses.index(None) + 1  # JSON has no NaN
    assert told["diverged_at"] == first
    assert f"at step {first}, at a learning rate of 1e+12" in result.stderr
    assert not (out / "weights.safetensors").exists()
    train(out, "--force", "--optimizer", "sgd", "--lr", "1e12", "--nonfinite", "ignore")
    assert record(out)["outcome"] == "finished"


def test_patience_stops_a_run_and_leaves_its_best_weights(tmp_path: Path) -> None:
    out = tmp_path / "a"
    printed = train(out, "--optimizer", "sgd", "--lr", "1", "--epochs", "40", "--patience", "1").stdout
    told = record(out)
    losses = history(out)["epochs"]["validation_loss"]
    assert told["outcome"] == "stopped early"
    assert len(losses) == told["epochs"] < 40
    assert told["weights"] == "best"
    assert f"those of epoch {told['best']['epoch']} of {told['epochs']}" in printed
    assert told["best"]["epoch"] == 1 + int(np.argmin(losses)) == told["epochs"] - 1
    assert evaluated(out) == evaluated(out, "--weights", "best") == metrics_of(told["best"])
    assert evaluated(out, "--weights", "last") == metrics_of(told["last"]) != metrics_of(told["best"])


def test_checkpoints_are_kept_as_asked(tmp_path: Path) -> None:
    out = tmp_path / "a"
    train(out, "--checkpoint-every", "2", "--checkpoint-every-steps", "10", "--keep-last", "2")
    steps = sorted(path.name for path in (out / "checkpoints").glob("step-*"))
    assert steps == ["step-00000030", "step-00000038"]


def test_ctrl_c_saves_the_run_and_it_goes_on_as_if_unbroken(tmp_path: Path) -> None:
    broken, whole = tmp_path / "broken", tmp_path / "whole"
    command = [sys.executable, "-m", "unstuck", "train", *QUICK, "--epochs", "100000", "--checkpoint-every", "100000"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(
        [*command, "--out", str(broken)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        for line in process.stdout:
            if line.startswith("epoch 2/"):
                break
        process.send_signal(signal.SIGINT)
        error = process.stderr.read()
    assert process.returncode == 130
    assert "--resume" in error
    assert "Traceback" not in error
    told = record(broken)
    assert told["outcome"] == "interrupted"
    assert len(history(broken)["steps"]["loss"]) == told["steps"]
    # Nobody waits for a hundred thousand epochs: from here on, the run was asked for one more than it has.
    epochs = told["epochs"] + 1
    told["settings"]["epochs"] = epochs
    (broken / "run.json").write_text(json.dumps(told))
    unstuck("train", "--out", broken, "--resume", "--quiet")
    train(whole, "--epochs", epochs, "--quiet")
    assert history(broken) == history(whole)
    assert_same_weights(broken / "weights.safetensors", whole / "weights.safetensors")


def test_two_processes_train_as_one_does_and_one_of_them_speaks(tmp_path: Path) -> None:
    shared, alone = tmp_path / "shared", tmp_path / "alone"
    settings = [*QUICK, "--batch-size", "50", "--device", "cpu"]  # 1197 is no multiple of 50, nor 47 of 2
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    done = subprocess.run(
        [*torchrun, "-m", "unstuck", "train", *settings, "--out", str(shared)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    assert re.findall(r"^epoch (\d)/2", done.stdout, flags=re.MULTILINE) == ["1", "2"]
    unstuck("train", *settings, "--out", alone)
    assert names(shared) == LEFT
    assert record(shared)["processes"] == 2
    np.testing.assert_allclose(history(shared)["steps"]["loss"], history(alone)["steps"]["loss"], rtol=0, atol=1e-6)


def test_only_the_main_process_prints(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "a")
    monkeypatch.setenv("WORLD_SIZE", "1")
    monkeypatch.setenv("RANK", "1")
    assert unstuck("info", "--json").output == ""
    monkeypatch.setenv("RANK", "0")
    assert json.loads(unstuck("info", "--json").output)


def test_sweep_prints_medians_and_spans_of_what_it_measured(tmp_path: Path) -> None:
    out, plot = tmp_path / "sweep.csv", tmp_path / "sweep.svg"
    arguments = ["sweep", *QUICK, "--lr", "0.0001", "--seeds", "3", "--out", out, "--plot", plot]
    printed = unstuck(*arguments).stdout
    last = pd.read_csv(out).query("epoch == 2").groupby("lr")
    assert sorted(last.groups) == [0.0001, 0.01]
    for lr, rows in last:
        loss, accuracy = rows["validation_loss"], 100 * rows["test_accuracy"]
        cells = [
            rf"{lr:g}",
            rf"{loss.median():.4g} \({loss.min():.4g} to {loss.max():.4g}\)",
            rf"{accuracy.median():.2f} % \({accuracy.min():.2f} to {accuracy.max():.2f}\)",
        ]
        assert re.search(" +".join(cells), printed), (cells, printed)
    best = last["validation_loss"].median().idxmin()
    assert f"Best by the validation loss: lr {best}" in printed
    assert plot.read_text().startswith("<?xml")
    for again in ([], ["--plot", tmp_path / "other.svg"]):
        assert "--force" in unstuck(*arguments, *again, ends=2).stderr
    assert not (tmp_path / "other.svg").exists()


def test_a_sweep_trains_what_train_does(tmp_path: Path) -> None:
    out = tmp_path / "sweep.json"
    settings = ["--hidden", "16", "--epochs", "2", "--schedule", "one-cycle", "--warmup", "0.2", "--lr", "0.01"]
    unstuck("sweep", *settings, "--seeds", "2", "--out", out, "--quiet")
    unstuck("train", *settings, "--seed", "1", "--out", tmp_path / "a", "--quiet")
    swept = json.loads(out.read_text())["history"]
    assert (swept["seed"][3], swept["epoch"][3]) == (1, 2)
    assert swept["validation_loss"][3] == pytest.approx(record(tmp_path / "a")["last"]["validation_loss"], rel=1e-4)


def test_a_sweep_over_several_kinds_of_settings_names_the_best(tmp_path: Path) -> None:
    several = ["--optimizer", "sgd", "--optimizer", "adam", "--schedule", "cosine", "--schedule", "constant"]
    arguments = ["sweep", *QUICK, *several, "--weight-decay", "0.001", "--seeds", "1"]
    told = json.loads(unstuck(*arguments, "--json").stdout)
    assert [(row["optimizer"], row["schedule"]) for row in told["settings"]] == [
        ("sgd", "cosine"),
        ("sgd", "constant"),
        ("adam", "cosine"),
        ("adam", "constant"),
    ]
    best = min(told["settings"], key=lambda row: row["validation_loss"]["median"])
    assert told["best"] == {name: best[name] for name in ("optimizer", "schedule", "lr")}
    assert "--plot" in unstuck(*arguments, "--plot", tmp_path / "a.svg", ends=2).stderr


def test_a_sweep_whose_runs_all_diverge_says_so() -> None:
    printed = unstuck(
        "sweep", "--epochs", "2", "--optimizer", "sgd", "--lr", "1e30", "--lr", "1e20", "--seeds", "2"
    ).stdout
    assert re.search(r"1e\+20 +diverged \(diverged to diverged\)", printed)
    assert "No setting is best" in printed


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--optimizer", "lion"], ["--optimizer", "lion", "adagrad"]),
        (["--schedule", "zigzag"], ["--schedule", "zigzag", "cosine"]),
        (["--optimizer", "sgd", "--optimizer", "adam", "--momentum", "0.9"], ["--momentum", "adam"]),
        (["--lr", "-1"], ["--lr", "-1"]),
        (["--out", "sweep.txt"], ["--out", ".csv", "sweep.txt"]),
        (["--out", "nowhere/sweep.csv"], ["--out", "nowhere"]),
        (["--plot", "sweep.gif"], ["--plot", ".svg", "sweep.gif"]),
    ],
)
def test_a_sweep_refuses_wrong_settings_before_it_trains(arguments: list[str], told: list[str]) -> None:
    error = unstuck("sweep", "--epochs", "100000", *arguments, ends=2).stderr
    assert all(part in error for part in told), error


def test_lr_find_suggests_what_the_range_test_does(tmp_path: Path) -> None:
    torch.manual_seed(3)
    expected = lr_range_test(
        MLP(16), load("digits"), F.cross_entropy, partial(SGD, lr=1e-3, momentum=0.9, fused=True), seed=3, device="cpu"
    )
    settings = ["--hidden", "16", "--optimizer", "sgd", "--momentum", "0.9", "--seed", "3", "--device", "cpu"]
    plot = tmp_path / "lr.svg"
    told = json.loads(unstuck("lr-find", *settings, "--json", "--plot", plot).stdout)
    assert told["suggestion"] == expected.suggestion
    assert told["losses"] == list(expected.losses)
    assert plot.read_text().startswith("<?xml")
    assert f"--lr {expected.suggestion:.2g}" in unstuck("lr-find", *settings).stdout


def test_lr_find_fails_where_no_rate_is_worth_a_suggestion() -> None:
    result = unstuck("lr-find", "--hidden", "16", "--highest", "1e-5", "--json", ends=1)
    assert "never fell" in result.stderr
    assert json.loads(result.stdout)["suggestion"] is None
    assert "lowest" in unstuck("lr-find", "--lowest", "1", "--highest", "0.1", ends=2).stderr


def test_bench_times_what_works_here_and_says_why_the_rest_does_not() -> None:
    engines = ["--engines", "eager", "--engines", "graphed", "--precisions", "float32", "--device", "cpu"]
    arguments = ["bench", "--hidden", "16", "--steps", "19", "--rounds", "1", *engines]
    told = json.loads(unstuck(*arguments, "--json").stdout)
    assert list(told["rows"]) == ["by hand", "DataLoader", "fit, eager, float32"]
    for row in told["rows"].values():
        assert row["samples_per_second"] * row["seconds"] == pytest.approx(1197 / 19)
        assert 0 < row["ratio"] < 100
    assert told["rows"]["by hand"]["ratio"] == 1
    assert "CUDA" in told["not_here"]["fit, graphed, float32"]
    printed = unstuck(*arguments).stdout
    assert re.search(r"fit, eager, float32 +\d+ µs", printed)
    assert "--engines must be one of" in unstuck("bench", "--engines", "steam", ends=2).stderr


def test_info_looks_and_downloads_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNSTUCK_DATA", str(tmp_path))
    told = json.loads(unstuck("info", "--json").stdout)
    assert not any(tmp_path.iterdir())
    assert told["data_folder"] == str(tmp_path)
    assert told["data"]["digits"]
    assert not told["data"]["mnist"]
    assert told["versions"]["torch"] == torch.__version__
    assert told["engines"]["eager"]
    assert told["precisions"]["tf32"] == torch.cuda.is_available()
    (tmp_path / "MNIST" / "raw").mkdir(parents=True)
    (tmp_path / "MNIST" / "raw" / "train-images-idx3-ubyte").touch()
    assert json.loads(unstuck("info", "--json").stdout)["data"]["mnist"]
    assert re.search(r"data mnist +here", unstuck("info").stdout)


@pytest.mark.parametrize("command", ["train", "evaluate", "sweep", "lr-find", "bench", "info"])
def test_every_command_explains_itself(command: str) -> None:
    printed = unstuck(command, "--help").stdout
    assert f"unstuck {command}" in printed
    if command not in ("info", "evaluate"):
        assert "[default: digits]" in printed
    assert command in unstuck("--help").stdout


def test_the_version_is_the_packages() -> None:
    import unstuck as package

    assert unstuck("--version").stdout == f"unstuck {package.__version__}\n"


def test_the_data_sets_that_can_be_named_are_those_there_are() -> None:
    with pytest.raises(DataError) as error:
        load("no such set")
    assert re.findall(r"'(\w+)'", str(error.value)) == list(get_args(DataName))


def rates(schedule: Callable[[int], float], steps: int) -> list[float]:
    return [schedule(step) for step in range(steps)]


def pytorch_rates(scheduler: Callable[[SGD], Any], steps: int) -> list[float]:
    optimizer = SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    made, seen = scheduler(optimizer), []
    for _ in range(steps):
        seen.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        made.step()
    return seen


@pytest.mark.parametrize(
    ("name", "twin"),
    [
        ("constant", partial(LinearLR, start_factor=1.0)),
        ("linear", partial(LinearLR, start_factor=1.0, end_factor=0.0, total_iters=30)),
        ("cosine", partial(CosineAnnealingLR, T_max=30)),
        ("one-cycle", partial(OneCycleLR, max_lr=1.0, total_steps=31, cycle_momentum=False)),
        ("step", partial(StepLR, step_size=10)),
        ("exponential", partial(ExponentialLR, gamma=0.01 ** (1 / 30))),
    ],
)
def test_schedules_span_the_run_as_pytorchs_do(name: Any, twin: Callable[[SGD], Any]) -> None:
    steps = 31 if name == "one-cycle" else 30
    np.testing.assert_allclose(rates(make_schedule(name, steps, 0), 30), pytorch_rates(twin, 30), atol=1e-12)


@pytest.mark.parametrize("name", ["constant", "linear", "cosine", "step", "exponential"])
def test_a_warm_up_climbs_in_equal_steps_and_the_schedule_follows(name: Any) -> None:
    warmed = rates(make_schedule(name, 25, 5), 25)
    np.testing.assert_allclose(warmed[:5], np.arange(1, 6) / 6)
    np.testing.assert_allclose(warmed[5:], rates(make_schedule(name, 20, 0), 20))
    assert rates(make_schedule(name, 25, 0.2), 25) == warmed


def test_schedules_with_a_climb_of_their_own_make_it_as_long_as_the_warm_up() -> None:
    assert int(np.argmax(rates(make_schedule("inverse-sqrt", 100, 20), 100))) == 19
    assert int(np.argmax(rates(make_schedule("inverse-sqrt", 100, 0), 100))) == 9
    assert int(np.argmax(rates(make_schedule("one-cycle", 100, 20), 100))) == 19
    assert int(np.argmax(rates(make_schedule("one-cycle", 100, 0), 100))) == 29


@pytest.mark.parametrize(
    ("name", "fused"), [("sgd", True), ("adam", True), ("adamw", True), ("adagrad", True), ("rmsprop", None)]
)
def test_optimizers_are_pytorchs_fused_where_they_can_be(name: Any, fused: bool | None) -> None:
    momentum = 0.5 if name in ("sgd", "rmsprop") else None
    make = make_optimizer(name, {"lr": 0.3, "momentum": momentum, "weight_decay": 0.2}, torch.device("cpu"))
    optimizer = make([torch.nn.Parameter(torch.zeros(1))])
    group = optimizer.param_groups[0]
    assert type(optimizer).__module__.startswith("torch.optim")
    assert type(optimizer).__name__.lower() == name
    assert (group["lr"], group["weight_decay"], group.get("fused")) == (0.3, 0.2, fused)
    assert group.get("momentum") == momentum
