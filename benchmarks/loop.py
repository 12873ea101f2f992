"""Time the training loop against a hand-written one and against other libraries', side by side.

An MLP 64-128-10 on the small digits, batch 64, SGD with momentum, 20 epochs, from the same weights, on one thread, on
which a network this small is trained fastest.
What counts is the ratio to the hand-written loop over tensors in memory, which is timed right before and right after
each of the others: the median of the rounds'.
A row counts only if its model ends at the training loss that the hand-written loop reaches with the same batches.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import math
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import DataLoader

from common import about, interleaved, table, timed, write
from peers import PEERS, Task, Train
from unstuck import MLP, Data, Progress, fit, load
from unstuck.schedules import cosine

SEED = 0
REFERENCE = "by hand"
TOLERANCE = 1e-3  # relative, on the final training loss: what rounding in another order of the sums leaves over

Orders = Callable[[int], Sequence[Tensor]]  # from an epoch to the rows of its batches


class Contestant(NamedTuple):
    """One row: what it does, how it is prepared, and what the hand-written loop would do in its place."""

    what: str
    package: str
    prepare: Callable[[], Train]
    twin: Callable[[], Train]


def by_hand(task: Task, *, fused: bool = False, schedule: bool = False, orders: Orders | None = None) -> Train:
    """Prepare the loop that a careful reader would write: tensors in memory, a gather a batch.

    Parameters
    ----------
    fused
        Update all parameters in one call.
    schedule
        Let the rate fall along half a cosine.
    orders
        Maps an epoch to the rows of its batches, in place of a shuffle.
    """
    model = task.fresh()
    optimizer = task.optimizer(model, fused=True) if fused else task.optimizer(model)
    scheduler = falling(task)(optimizer) if schedule else None
    x, y = task.x.to(task.device), task.y.to(task.device)
    generator = torch.Generator(task.device).manual_seed(SEED)

    def shuffled(epoch: int) -> Sequence[Tensor]:
        return torch.split(torch.randperm(len(x), generator=generator, device=task.device), task.batch)

    def train() -> nn.Module:
        model.train()
        for epoch in range(task.epochs):
            for rows in (orders or shuffled)(epoch):
                optimizer.zero_grad()
                loss = F.cross_entropy(model(x.index_select(0, rows)), y.index_select(0, rows))
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
                if scheduler:
                    scheduler.step()
        return model

    return train


def ours(
    task: Task, data: Data, *, fused: bool = False, engine: Literal["eager", "compiled", "graphed"] = "eager"
) -> Train:
    """Prepare ``unstuck.fit`` with a bar that is drawn, the history of every step, and a schedule."""
    model = task.fresh()
    optimizer = task.optimizer(model, fused=True) if fused else task.optimizer(model)

    def train() -> nn.Module:
        with terminal() as shown:
            run = fit(
                model,
                data,
                F.cross_entropy,
                optimizer,
                falling(task),
                task.epochs,
                batch_size=task.batch,
                schedule_every="step",
                evaluate_on=(),
                device=task.device,
                seed=SEED,
                observers=[Progress()],
                engine=engine,
            )
        if not shown.getvalue():
            raise RuntimeError("the bar was not drawn")
        if len(run.history.steps["loss"]) != task.epochs * batches(task):
            raise RuntimeError(f"the history holds {len(run.history.steps['loss'])} steps")
        return run.model

    return train


class Terminal(io.StringIO):
    """Text in memory that a bar takes for a terminal."""

    def isatty(self) -> bool:
        """Say that it is one."""
        return True


@contextlib.contextmanager
def terminal() -> Iterator[Terminal]:
    """Let what goes to standard error go to memory, as if that were a terminal."""
    with contextlib.redirect_stderr(Terminal()) as stream:
        yield stream


def falling(task: Task) -> Callable[[torch.optim.Optimizer], LambdaLR]:
    """Return what makes the schedule of an optimiser: half a cosine over the whole run."""
    return partial(LambdaLR, lr_lambda=cosine(task.epochs * batches(task)))


def batches(task: Task) -> int:
    """Return how many batches there are in an epoch."""
    return math.ceil(len(task.x) / task.batch)


def contestants(task: Task, data: Data) -> dict[str, Contestant]:
    """Return every row of the table; the reference first."""

    def of_batches(epoch: int) -> Sequence[Tensor]:
        return torch.split(data.train.batches(task.batch, shuffle=True, seed=SEED).order(epoch), task.batch)

    def of_loader() -> Orders:
        torch.manual_seed(SEED)
        rows = DataLoader(torch.arange(len(task.x)), task.batch, shuffle=True)  # type: ignore[arg-type,var-annotated]
        epochs = [list(rows) for _ in range(task.epochs)]
        return lambda epoch: epochs[epoch]

    def like_loader() -> Train:
        return by_hand(task, orders=of_loader())

    plain, scheduled = partial(by_hand, task), partial(by_hand, task, schedule=True, orders=of_batches)
    own = partial(ours, task, data)
    rows = {
        REFERENCE: Contestant("tensors in memory, index_select, SGD as it is", "torch", plain, plain),
        "by hand, fused": Contestant("the same, SGD(fused=True)", "torch", partial(plain, fused=True), plain),
        "unstuck.fit": Contestant("bar, history, schedule; SGD as it is", "unstuck", own, scheduled),
        "unstuck.fit, fused": Contestant("the same, SGD(fused=True)", "unstuck", partial(own, fused=True), scheduled),
        "unstuck.fit, compiled": Contestant(
            "the same, compiled; compiled before the clock starts",
            "unstuck",
            partial(own, fused=True, engine="compiled"),
            scheduled,
        ),
    }
    for name, (package, prepare) in PEERS.items():
        rows[name] = Contestant("as its documentation has it", package, partial(prepare, task), like_loader)
    return rows


def training_loss(model: nn.Module, task: Task) -> float:
    """Return the mean loss over the training set."""
    model.eval()
    with torch.no_grad():
        return F.cross_entropy(model(task.x.to(task.device)), task.y.to(task.device)).item()


def seconds(contestant: Contestant, task: Task) -> tuple[float, float]:
    """Prepare and train once; return the seconds that the training took, and the training loss it ended at."""
    torch.manual_seed(SEED)  # of the loaders' shuffles
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the peers' own: of workers that rows in memory need not, of old names
        took, model = timed(contestant.prepare(), task.device)
    return took, training_loss(model, task)


def refusal(contestant: Contestant, task: Task) -> str | None:
    """Train once, as a warm-up and a check; return why there is no comparing, if there is none."""
    try:
        _, loss = seconds(contestant, task)
    except ImportError as error:
        return f"not installed: {error}"
    except Exception as error:  # whatever a library raises, the others are still to be timed
        return f"broken: {type(error).__name__}: {error}"
    expected = training_loss(contestant.twin()(), task)
    if not math.isclose(loss, expected, rel_tol=TOLERANCE):
        return f"trained something else: its training loss is {loss:.6f}, and {expected:.6f} by hand"
    return None


def compare(rows: dict[str, Contestant], task: Task, rounds: int, threads: int) -> list[dict[str, Any]]:
    """Return a record a row: its times, or why it has none."""
    torch.set_num_threads(threads)
    refused = {name: refusal(contestant, task) for name, contestant in rows.items()}
    if refused[REFERENCE]:
        raise RuntimeError(f"the reference itself is {refused[REFERENCE]}")
    accepted = {name: contestant for name, contestant in rows.items() if not refused[name]}
    times = interleaved({name: partial(clock, row, task) for name, row in accepted.items()}, rounds)
    return [
        {
            "name": name,
            "what": row.what,
            "threads": threads,
            "package": row.package,
            "version": version(row.package),
            **(times[name].summary(is_reference=name == REFERENCE) if name in times else {"missing": refused[name]}),
        }
        for name, row in rows.items()
    ]


def clock(contestant: Contestant, task: Task) -> float:
    """Return the seconds of one training."""
    return seconds(contestant, task)[0]


def version(package: str) -> str | None:
    """Return the installed version of a package."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def digits(epochs: int) -> tuple[Task, Data]:
    """Return what is trained, and on what."""
    data = load("digits")
    torch.manual_seed(SEED)
    return Task(MLP(128), data.train.x, data.train.y, 64, epochs, 0.05, 0.9, torch.device("cpu")), data


def main() -> int:
    """Print the table, and write it where it is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--threads", type=int, nargs="+", default=[1])
    parser.add_argument("--only", nargs="+", help="names of rows, beside the reference")
    parser.add_argument("--out", type=Path, help="a folder for the record, loop-cpu.json")
    given = parser.parse_args()
    task, data = digits(given.epochs)
    rows = contestants(task, data)
    if unknown := set(given.only or ()) - set(rows):
        parser.error(f"no such row: {', '.join(sorted(unknown))}; there are {', '.join(rows)}")
    rows = {name: row for name, row in rows.items() if not given.only or name in (REFERENCE, *given.only)}
    results = [row for threads in given.threads for row in compare(rows, task, given.rounds, threads)]
    record = {
        "what": f"MLP 64-128-10 on digits, {len(task.x)} rows, batch {task.batch}, SGD(lr={task.lr}, "
        f"momentum={task.momentum}), {task.epochs} epochs",
        "reference": REFERENCE,
        "rounds": given.rounds,
        **about(task.device),
        "rows": results,
    }
    print(f"{record['what']}\n{record['processor']}, torch {record['torch']}, median of {given.rounds} rounds\n")
    print(table(["loop", "version", "threads", "time", "ratio", "from", "to"], [shown(row) for row in results]))
    for row in results:
        if "missing" in row:
            print(f"{row['name']} on {row['threads']} threads: {row['missing']}")
    if given.out:
        write(record, given.out / "loop-cpu.json")
    # A peer may be missing; one's own rows may not.
    return int(any("missing" in row and row["package"] in ("torch", "unstuck") for row in results))


def shown(row: dict[str, Any]) -> list[str]:
    """Return a row as the table shows it."""
    head = [row["name"], row["version"] or "", str(row["threads"])]
    if "missing" in row:
        return [*head, "-", "-", "-", "-"]
    ratios = [row["ratio"], min(row["ratios"]), max(row["ratios"])]
    return [*head, f"{1e3 * row['seconds']:.1f} ms", *(f"{ratio:.2f}" for ratio in ratios)]


if __name__ == "__main__":
    sys.exit(main())
