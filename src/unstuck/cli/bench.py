"""``unstuck bench``: what a step takes on this machine, by hand and by ``fit``."""

from __future__ import annotations

import copy
import math
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, cast, get_args

import torch
import typer
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from unstuck.cli.names import (
    OPTIMIZERS,
    OptimizerName,
    make_loss,
    make_model,
    make_optimizer,
    own_settings,
    usable_device,
)
from unstuck.cli.options import (
    COMPUTING,
    BatchSizeOption,
    DataOption,
    DeviceOption,
    HiddenOption,
    JsonOption,
    ModelOption,
    OptimizerOption,
    at_least,
)
from unstuck.cli.output import check_choices, say, say_json, show_table
from unstuck.data import Data, load
from unstuck.engines import Engine
from unstuck.loop import fit, seeded
from unstuck.run import Observer, Run
from unstuck.step import Loss, Precision

__all__ = ["bench"]

_LR = 1e-3


def bench(
    data: DataOption = "digits",
    model: ModelOption = "mlp",
    hidden: HiddenOption = None,
    optimizer: OptimizerOption = "adam",
    batch_size: BatchSizeOption = 64,
    engines: Annotated[
        list[str] | None,
        typer.Option(
            help="An engine of fit to time; several times for several.",
            show_default="all",
            autocompletion=lambda: list(get_args(Engine)),
            rich_help_panel=COMPUTING,
        ),
    ] = None,
    precisions: Annotated[
        list[str] | None,
        typer.Option(
            help="A precision of fit to time; several times for several.",
            show_default="all",
            autocompletion=lambda: list(get_args(Precision)),
            rich_help_panel=COMPUTING,
        ),
    ] = None,
    steps: Annotated[
        int, typer.Option(callback=at_least(1), help="Steps a round, at least.", rich_help_panel=COMPUTING)
    ] = 200,
    rounds: Annotated[
        int, typer.Option(callback=at_least(1), help="Rounds, of which medians are taken.", rich_help_panel=COMPUTING)
    ] = 5,
    device: DeviceOption = "auto",
    json: JsonOption = False,
) -> None:
    """Time a training step: by hand, with a DataLoader, and by fit with each engine and precision that works here.

    Contestants take turns, so that a machine that is busy at times is as unfair to one as to the others; a ratio is to
    the loop by hand before and after; in its own row, "from" and "to" say how steady the machine was.
    """
    check_choices("--engines", engines, get_args(Engine))
    check_choices("--precisions", precisions, get_args(Precision))
    where = usable_device(device)
    used = load(data)
    with seeded(0, where):
        made = make_model(model, hidden or (), used)().to(where)
    task = _Task(
        used.to(where),
        made,
        make_loss(used),
        optimizer,
        batch_size,
        where,
        math.ceil(steps * batch_size / len(used.train)),
    )
    contestants: dict[str, Callable[[], float]] = {
        "by hand": partial(_by_hand, task),
        "DataLoader": partial(_with_loader, task),
        **{
            f"fit, {engine}, {precision}": partial(_by_fit, task, engine, precision)
            for engine in cast(list[Engine], engines) or get_args(Engine)
            for precision in cast(list[Precision], precisions) or get_args(Precision)
        },
    }
    working, failing = _try(contestants)
    rows = _summaries(_take_turns(working, rounds), len(used.train) / task.steps)
    if json:
        say_json({"device": str(where), "threads": torch.get_num_threads(), "rows": rows, "not_here": failing})
        return
    place = f"on {where}, {torch.get_num_threads()} threads"
    say(f"{model} on {used.name}, batches of {batch_size}, {place}: medians of {rounds} rounds")
    show_table(
        ["loop", "a step", "samples a second", "ratio", "from", "to"],
        [
            [
                name,
                f"{1e6 * row['seconds']:.0f} µs",
                f"{row['samples_per_second']:,.0f}",
                *(f"{value:.2f}" for value in (row["ratio"], min(row["ratios"]), max(row["ratios"]))),
            ]
            for name, row in rows.items()
        ],
    )
    for name, why in failing.items():
        say(f"{name}: not here: {why}")


@dataclass(frozen=True)
class _Task:
    """What every contestant trains: from the same weights, so many epochs, after one that is not timed."""

    data: Data
    model: nn.Module
    loss: Loss
    optimizer: OptimizerName
    batch_size: int
    device: torch.device
    epochs: int

    def timed(self, epochs: Iterator[None]) -> float:
        """Return the seconds a step of epochs that are walked over, the first left out."""
        next(epochs)
        start = self.now()
        for _ in range(self.epochs):
            next(epochs)
        return (self.now() - start) / (self.epochs * self.steps)

    @property
    def steps(self) -> int:
        """How many steps an epoch has."""
        return math.ceil(len(self.data.train) / self.batch_size)

    def now(self) -> float:
        """Return the time at which the device is done with all that it was given."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        return time.perf_counter()


def _by_hand(task: _Task) -> float:
    """Time the loop that a careful reader would write: tensors on the device, a gather a batch."""
    x, y = task.data.train

    def batches() -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        for rows in torch.split(torch.randperm(len(x), device=task.device), task.batch_size):
            yield x.index_select(0, rows), y.index_select(0, rows)

    return task.timed(_epochs(task, batches))


def _with_loader(task: _Task) -> float:
    """Time the loop of most tutorials: samples are fetched one by one, and moved to the device batch by batch."""
    on_cpu = task.data.to("cpu").train
    dataset = TensorDataset(on_cpu.x, on_cpu.y)
    loader = DataLoader(dataset, task.batch_size, shuffle=True, pin_memory=task.device.type == "cuda")

    def batches() -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        for x, y in loader:
            yield x.to(task.device, non_blocking=True), y.to(task.device, non_blocking=True)

    return task.timed(_epochs(task, batches))


def _epochs(task: _Task, batches: Callable[[], Iterator[tuple[torch.Tensor, torch.Tensor]]]) -> Iterator[None]:
    model = copy.deepcopy(task.model).train()
    optimizer = OPTIMIZERS[task.optimizer](model.parameters(), **own_settings(task.optimizer, {"lr": _LR}))
    while True:
        for x, y in batches():
            optimizer.zero_grad()
            loss = task.loss(model(x), y)
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        yield


class _Clock(Observer):
    """Notes when each epoch ended."""

    def __init__(self, task: _Task) -> None:
        self.task = task
        self.times: list[float] = []

    def on_epoch(self, run: Run) -> None:
        """Note the time; the losses have just been read, and nothing waits any more."""
        self.times.append(self.task.now())


def _by_fit(task: _Task, engine: Engine, precision: Precision) -> float:
    """Time ``fit``, its history included; what is compiled and recorded is so in the epoch that is not timed."""
    clock = _Clock(task)
    run = fit(
        copy.deepcopy(task.model),
        task.data,
        task.loss,
        make_optimizer(task.optimizer, {"lr": _LR}, task.device),
        epochs=1 + task.epochs,
        batch_size=task.batch_size,
        evaluate_on=(),
        device=task.device,
        observers=[clock],
        engine=engine,
        precision=precision,
        nonfinite="ignore",
    )
    steps = run.history["step"]
    return (clock.times[-1] - clock.times[0]) / (steps[-1] - steps[0])


def _try(contestants: Mapping[str, Callable[[], float]]) -> tuple[dict[str, Callable[[], float]], dict[str, str]]:
    """Run each once, untimed, and return those that work, and why the others do not."""
    working, failing = {}, {}
    for name, contestant in contestants.items():
        try:
            contestant()
        except (ValueError, RuntimeError) as error:  # as a compiler that is missing raises
            failing[name] = str(error).strip().splitlines()[0]
        else:
            working[name] = contestant
    return working, failing


def _take_turns(contestants: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, list[tuple[float, float]]]:
    """Return the seconds of every round and their ratio to the first contestant's, timed before and after."""
    (reference, measure), *others = contestants.items()
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in contestants}
    for _ in range(rounds):
        before = measure()
        for name, contestant in others or [(reference, measure)]:
            seconds = contestant()
            after = measure()
            taken[name].append((seconds, 2 * seconds / (before + after)))
            if name != reference:
                taken[reference].append((after, after / before))
            before = after
    return taken


def _summaries(taken: Mapping[str, list[tuple[float, float]]], samples: float) -> dict[str, dict[str, Any]]:
    """Return medians by contestant, of steps of so many samples."""
    rows: dict[str, dict[str, Any]] = {}
    for name, pairs in taken.items():
        seconds, ratios = (list(part) for part in zip(*pairs, strict=True))
        median = statistics.median(seconds)
        rows[name] = {
            "seconds": median,
            "samples_per_second": samples / median,
            "ratio": statistics.median(ratios) if rows else 1.0,  # the first is what the others are compared with
            "ratios": ratios,
        }
    return rows
