"""Time the training loop on a GPU: its engines and precisions, the way to 99 % on MNIST, other libraries, the floor.

``--device cpu`` runs the same program without a GPU, as a smoke test: what needs one is left out with its reason.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, get_args

import torch
from torch import nn
from torch.nn import functional as F

from common import about, interleaved, table, timed, wait, write
from floor import Peak, floor, peak, work
from loop import by_hand
from peers import PEERS, Task
from reach import reach, whole
from unstuck import MLP, ConvNet, Data, fit, load
from unstuck.data import Split
from unstuck.engines import Engine
from unstuck.run import Observer, Run
from unstuck.step import Precision

T = TypeVar("T")

REFERENCE = "eager, float32"
BY_HAND = "by hand"
BATCH, RATE, MOMENTUM = 64, 0.01, 0.9
# A loss that is off by more was not reached by the same training. (Dropout draws other numbers in another engine, and
# half precision rounds otherwise.)
TOLERANCE = 0.3


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    steps: int  # an epoch
    epochs: int  # that are timed, after one that is not
    rounds: int
    seeds: int
    ladder: tuple[int, ...]  # epochs to try on the way to 99 %
    rows: int | None  # of each split of MNIST; all of them if none
    matrix: int  # the side of the matrices that the peak is measured with


FULL = Size(steps=100, epochs=3, rounds=5, seeds=5, ladder=(1, 2, 3, 4, 6, 8), rows=None, matrix=8192)
QUICK = Size(steps=2, epochs=1, rounds=1, seeds=1, ladder=(6,), rows=500, matrix=256)


class Network(NamedTuple):
    """A model, and the data it is timed on."""

    name: str
    model: nn.Module
    data: Data


class Epochs(Observer):
    """Notes when each epoch ended, with the device idle.

    Attributes
    ----------
    ends
        In seconds, the first of them that of the epoch in which an engine compiles and records.
    """

    def on_start(self, run: Run) -> None:
        """Forget the run before."""
        self.ends: list[float] = []

    def on_epoch(self, run: Run) -> None:
        """Take the time."""
        wait(run.device)
        self.ends.append(time.perf_counter())


def networks(device: torch.device, size: Size) -> list[Network]:
    """Return what the engines are timed on, the data on the device and in full batches only."""
    torch.manual_seed(0)
    digits, mnist = (of_steps(load(name), size.steps).to(device) for name in ("digits", "mnist"))
    return [
        Network("MLP 64-128-10 on digits", MLP(128), digits),
        Network("ConvNet on MNIST", ConvNet(in_shape=mnist.in_shape), mnist),
    ]


def of_steps(data: Data, steps: int) -> Data:
    """Return a data set whose training split makes that many batches, its rows taken over and over."""
    rows = torch.arange(steps * BATCH) % len(data.train)
    return replace(data, train=Split(data.train.x[rows], data.train.y[rows]))


def task_of(network: Network, epochs: int) -> Task:
    """Return the network's training as other libraries are given it."""
    train, device = network.data.train, network.data.train.x.device
    return Task(network.model, train.x, train.y, BATCH, epochs, RATE, MOMENTUM, device)


def ours(task: Task, data: Data, engine: Engine, precision: Precision, observers: Sequence[Observer] = ()) -> Run:
    """Train with ``unstuck.fit``."""
    model = task.fresh()
    return fit(
        model,
        data,
        F.cross_entropy,
        task.optimizer(model, fused=True),
        epochs=task.epochs,
        batch_size=task.batch,
        evaluate_on=(),
        device=task.device,
        observers=observers,
        engine=engine,
        precision=precision,
    )


def a_step(network: Network, size: Size, engine: Engine, precision: Precision) -> tuple[float, float]:
    """Return the seconds a step takes once the engine is warm, and the loss of the last epoch."""
    clock = Epochs()
    run = ours(task_of(network, 1 + size.epochs), network.data, engine, precision, [clock])
    return (clock.ends[-1] - clock.ends[0]) / (size.epochs * size.steps), run.final("loss")


def a_step_by_hand(network: Network, size: Size) -> tuple[float, float]:
    """Return the seconds that a step of the hand-written loop takes, and the loss it ends at."""
    task = task_of(network, 1)
    train = by_hand(replace(task, epochs=size.epochs), fused=True)
    seconds, model = timed(train, task.device)
    with torch.no_grad():
        loss = F.cross_entropy(model(task.x[:BATCH]), task.y[:BATCH]).item()
    return seconds / (size.epochs * size.steps), loss


def engines(network: Network, size: Size, only: Sequence[Engine] = get_args(Engine)) -> list[dict[str, Any]]:
    """Return a record of each engine at each precision: microseconds a step, or why there are none."""
    measure: dict[str, Callable[[], tuple[float, float]]] = {}
    for engine in only:
        for precision in get_args(Precision):
            if engine == "eager" or precision != "float16":
                measure[f"{engine}, {precision}"] = partial(a_step, network, size, engine, precision)
    measure[BY_HAND] = partial(a_step_by_hand, network, size)
    results, refused = tried(measure)
    if REFERENCE in refused:
        raise RuntimeError(f"the reference itself fails: {refused[REFERENCE]}")
    losses = {name: loss for name, (_, loss) in results.items()}
    expected = losses[REFERENCE]
    for name, loss in losses.items():
        if name != BY_HAND and abs(loss - expected) > TOLERANCE * expected:
            refused[name] = f"trained something else: its loss is {loss:.4f}, and {expected:.4f} with {REFERENCE}"
    # The reference first, as `interleaved` has it.
    names = [REFERENCE, *(name for name in measure if name not in refused and name != REFERENCE)]
    times = interleaved({name: first(measure[name]) for name in names}, size.rounds)
    rows: list[dict[str, Any]] = []
    for name in measure:
        if name in times:
            row = times[name].summary(is_reference=name == REFERENCE)
            rows.append({"name": name, "us": 1e6 * row["seconds"], **row, "loss": losses[name]})
        else:
            rows.append({"name": name, "missing": refused[name]})
    return rows


def tried(runs: Mapping[str, Callable[[], T]]) -> tuple[dict[str, T], dict[str, str]]:
    """Call each once, to warm up; return what those that can be called gave, and the reasons of those that cannot."""
    results, refused = {}, {}
    for name, run in runs.items():
        try:
            results[name] = run()
        except Exception as error:  # of a library or a card; the others are still to be measured
            refused[name] = f"{type(error).__name__}: {error}".splitlines()[0]
    return results, refused


def first(measure: Callable[[], tuple[float, float]]) -> Callable[[], float]:
    """Return a function that leaves the loss away."""
    return lambda: measure()[0]


def others(data: Data, device: torch.device, rounds: int) -> list[dict[str, Any]]:
    """Return a record of an epoch of the ConvNet at batch 64, with ours and with other libraries' loops.

    Theirs read the rows from memory through a DataLoader, as their documentation has it; ours keeps them on the device.
    Ours includes what it takes to start: check, copy to the device, compile, record.
    """
    torch.manual_seed(0)
    task = Task(ConvNet(in_shape=data.in_shape), data.train.x, data.train.y, BATCH, 1, RATE, MOMENTUM, device)
    reference, peer = "DataLoader loop", "Lightning Trainer"
    runs: dict[str, Callable[[], object]] = {name: partial(trained_by, name, task) for name in (reference, peer)}
    for engine in ("eager", "graphed"):
        runs[f"unstuck.fit, {engine}"] = partial(ours, task, data, engine, "float32")
    _, refused = tried(runs)
    accepted = {name: partial(an_epoch, run, device) for name, run in runs.items() if name not in refused}
    times = interleaved(accepted, rounds)
    rows: list[dict[str, Any]] = []
    for name in runs:
        if name in times:
            rows.append({"name": name, **times[name].summary(is_reference=name == reference)})
        else:
            rows.append({"name": name, "missing": refused[name]})
    return rows


def trained_by(name: str, task: Task) -> nn.Module:
    """Train with another library."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return PEERS[name][1](task)()


def an_epoch(run: Callable[[], object], device: torch.device) -> float:
    """Return the seconds of a call."""
    return timed(run, device)[0]


def floors(network: Network, peaks: Mapping[str, Peak]) -> dict[str, Any]:
    """Return the floor of the network's step, by precision."""
    task = task_of(network, 1)
    x, y = task.x[:BATCH].clone(), task.y[:BATCH].clone()
    halves = {"float16": torch.float16, "bfloat16": torch.bfloat16}
    under = {}
    for precision, reached in peaks.items():
        model = task.fresh()
        done = work(model, x, y, task.optimizer(model, fused=True), halves.get(precision))
        under[precision] = floor(done, reached)
    return under


def measured_peaks(device: torch.device, size: Size) -> dict[str, Peak]:
    """Return the device's peaks by precision."""
    peaks = {"float32": peak(device, torch.float32, size=size.matrix)}
    if device.type == "cuda":
        peaks["tf32"] = peak(device, torch.float32, tf32=True, size=size.matrix)
        peaks["float16"] = peak(device, torch.float16, size=size.matrix)
    peaks["bfloat16"] = peak(device, torch.bfloat16, size=size.matrix)
    return peaks


def measured(device: torch.device, size: Size, only: Sequence[Engine] = get_args(Engine)) -> dict[str, Any]:
    """Run all of it, and return the record."""
    mnist = whole(load("mnist"))
    if size.rows:
        mnist = mnist.map_splits(lambda split: Split(split.x[: size.rows], split.y[: size.rows]))
    peaks = measured_peaks(device, size)
    record: dict[str, Any] = {
        "what": f"batch {BATCH}, SGD(lr={RATE}, momentum={MOMENTUM}, fused=True)",
        "reference": REFERENCE,
        "rounds": size.rounds,
        **about(device),
        "peaks": {precision: reached._asdict() for precision, reached in peaks.items()},
        "networks": [],
    }
    for network in networks(device, size):
        rows, under = engines(network, size, only), floors(network, peaks)
        for row in rows:
            precision = row["name"].split(", ")[-1]
            if "us" in row:
                row["times_floor"] = row["us"] / under.get(precision, under["float32"])["floor_us"]
        record["networks"].append({"name": network.name, "floor": under, "rows": rows})
    best: tuple[Engine, Precision] = ("graphed", "bfloat16") if device.type == "cuda" else ("eager", "float32")
    record["reach"] = reach(mnist.to(device), range(size.seeds), size.ladder, *best)
    record["epoch"] = others(mnist, device, size.rounds)
    return record


def shown(record: Mapping[str, Any]) -> str:
    """Return a record as text."""
    lines = [f"{record['device']}, torch {record['torch']}; {record['what']}"]
    for network in record["networks"]:
        under = network["floor"]["float32"]
        kernels = "not counted" if under["kernels"] is None else under["kernels"]
        lines.append(
            f"\n{network['name']}: {under['flops'] / 1e6:.1f} MFLOP, {under['bytes'] / 1e6:.2f} MB and kernels "
            f"({kernels}) a step; floor in float32 {under['floor_us']:.1f} us"
        )
        rows = [
            [row["name"], f"{row['us']:.1f} us", f"{row['ratio']:.3f}", f"{row['times_floor']:.1f}"]
            for row in network["rows"]
            if "us" in row
        ]
        lines.append(table(["engine", "a step", "ratio", "times the floor"], rows))
        lines += [f"{row['name']}: {row['missing']}" for row in network["rows"] if "missing" in row]
    reached = record["reach"]
    lines.append(f"\nMNIST to {reached['goal']:.0%} of the test digits: {reached['what']}")
    rows = [
        [
            str(rung["epochs"]),
            f"{rung['seconds']:.3f} s",
            f"{rung['mean_accuracy']:.4f}",
            f"{rung['reached']} of {reached['seeds']}",
        ]
        for rung in reached["rungs"]
    ]
    lines.append(table(["epochs", "training", "mean accuracy", "seeds there"], rows))
    lines.append(f"The mark: {reached['mark']['seconds']} s on a {reached['mark']['card']}.")
    lines.append("\nAn epoch of the ConvNet on MNIST")
    rows = [
        [row["name"], f"{row['seconds']:.3f} s", f"{row['ratio']:.3f}"] for row in record["epoch"] if "ratio" in row
    ]
    lines.append(table(["loop", "epoch", "ratio"], rows))
    lines += [f"{row['name']}: {row['missing']}" for row in record["epoch"] if "missing" in row]
    return "\n".join(lines)


def main() -> int:
    """Print the tables, and write the record where it is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--quick", action="store_true", help="few rows, one round, one seed: does the program run?")
    parser.add_argument("--engines", nargs="+", choices=get_args(Engine), default=get_args(Engine))
    parser.add_argument("--out", type=Path, help="a folder for the record, gpu-<card>.json")
    given = parser.parse_args()
    if given.device.startswith("cuda") and not torch.cuda.is_available():
        print("No CUDA device: nothing was measured.", file=sys.stderr)
        return 1
    if "eager" not in given.engines:
        parser.error("--engines must name eager, as all are set against it")
    record = measured(torch.device(given.device), QUICK if given.quick else FULL, given.engines)
    print(shown(record))
    if given.out:
        write(record, given.out / f"gpu-{slug(record['device'])}.json")
    return 0


def slug(name: str) -> str:
    """Return a card's name as it stands in the name of a file: ``nvidia-h100-80gb-hbm3``."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


if __name__ == "__main__":
    sys.exit(main())
