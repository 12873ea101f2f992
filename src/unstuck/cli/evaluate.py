"""``unstuck evaluate``: what a run has left, measured again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import torch
import typer
from torch.optim import SGD

from unstuck.checkpoint import best, latest, load_weights
from unstuck.checkpoint.folders import WEIGHTS as CHECKPOINT_WEIGHTS
from unstuck.cli.carrying import metric_rows
from unstuck.cli.folder import EMA_WEIGHTS, WEIGHTS, RunFolder, read_record
from unstuck.cli.names import DataName, make_loss, make_model, usable_device
from unstuck.cli.options import COMPUTING, WHAT, JsonOption, at_least
from unstuck.cli.output import check_choices, say, say_json, show_table
from unstuck.cli.settings import Settings
from unstuck.data import Data, load
from unstuck.feed import EVALUATION_BATCH
from unstuck.loop import evaluate as measure
from unstuck.step import make_step

__all__ = ["evaluate"]

_SPLITS = ("train", "validation", "test")
_Which = Literal["final", "best", "last", "ema"]


def evaluate(
    run: Annotated[Path, typer.Argument(help="The folder that unstuck train has left.", show_default=False)],
    split: Annotated[
        list[str] | None,
        typer.Option(
            help="train, validation or test; once for each.",
            show_default="all",
            autocompletion=lambda: list(_SPLITS),
            rich_help_panel=WHAT,
        ),
    ] = None,
    weights: Annotated[
        _Which,
        typer.Option(
            help="final: the model as the run ended, with --patience the best; best: those with the lowest validation "
            "loss; last: those of the last checkpoint; ema: the moving average.",
            rich_help_panel=WHAT,
        ),
    ] = "final",
    data: Annotated[
        DataName | None,
        typer.Option(help="Another data set, of the same shape.", show_default="the run's", rich_help_panel=WHAT),
    ] = None,
    batch_size: Annotated[
        int, typer.Option(callback=at_least(1), help="Samples at a time.", rich_help_panel=COMPUTING)
    ] = EVALUATION_BATCH,
    device: Annotated[
        str | None,
        typer.Option(help="As for unstuck train.", show_default="the run's", rich_help_panel=COMPUTING),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Measure the loss and the accuracy of a model that was trained.

    On the device of the run, the numbers are those of its history.
    """
    check_choices("--split", split, _SPLITS)
    settings = Settings.read(read_record(run), str(run / "run.json"))
    path = _find(run, weights)
    where = usable_device(device or settings.device)
    used = _of_same_kind(load(data or settings.data), settings)
    model = make_model(settings.model, settings.hidden or (), used)().to(where)
    load_weights(model, path)
    if settings.channels_last:
        model.to(memory_format=torch.channels_last)
    loss = make_loss(used, settings.label_smoothing)
    precision = "float32" if settings.precision == "tf32" and where.type != "cuda" else settings.precision
    step = make_step(model, loss, SGD(model.parameters(), lr=0.0), precision=precision)  # for its precision alone
    metrics = {}
    with step.at_precision():
        for name in dict.fromkeys(split or used.splits):
            part = used.to(where).splits[name]
            batches = part.batches(min(len(part), batch_size))
            metrics[name] = measure(model, batches, loss)
    if json:
        say_json({"run": run, "weights": path, "data": used.name, "device": str(where), "metrics": metrics})
        return
    say(f"{path}: {settings.model} on {used.name}, on {where}")
    row = {f"{name}_{key}": value for name, own in metrics.items() for key, value in own.items()}
    show_table(["split", "loss", "accuracy"], metric_rows(row))


def _find(run: Path, weights: _Which) -> Path:
    """Return the file of the weights that were asked for."""
    if weights in ("final", "ema"):
        path = run / (WEIGHTS if weights == "final" else EMA_WEIGHTS)
        if not path.is_file():
            why = "the run did not end" if weights == "final" else "the run had no --ema, or did not end"
            raise ValueError(f"--weights {weights}: there is no {path}: {why}")
        return path
    folder = RunFolder(run).checkpoints
    checkpoint = best(folder) if weights == "best" else latest(folder)
    if checkpoint is None:
        raise ValueError(f"--weights {weights}: there is no such checkpoint in {folder}")
    return checkpoint / CHECKPOINT_WEIGHTS


def _of_same_kind(used: Data, settings: Settings) -> Data:
    """Refuse a data set that the run's model cannot take."""
    own = used if used.name == settings.data else load(settings.data)
    kinds = [(part.in_shape, len(part.classes), part.train.y.shape[1:]) for part in (used, own)]
    if kinds[0] != kinds[1]:
        raise ValueError(
            f"--data {used.name} has inputs of shape {used.in_shape} and {len(used.classes)} classes, and the run's "
            f"{own.name} {own.in_shape} and {len(own.classes)}"
        )
    return used
