"""How many seconds of training it takes to recognise 99 % of MNIST's test digits."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim.lr_scheduler import LambdaLR

from common import wait
from unstuck import Data, evaluate, fit
from unstuck.data import Split
from unstuck.engines import Engine
from unstuck.run import Observer, Run
from unstuck.schedules import one_cycle
from unstuck.step import Precision

GOAL = 0.99
MARK = {"seconds": 0.76, "card": "GTX 1660 Ti", "by": "https://github.com/tuomaso/train_mnist_fast"}

BATCH = 500  # divides the training set, so that every step can be replayed
RATE = 0.01
BETAS = (0.7, 0.9)


class Small(nn.Module):
    """Two convolutions, each pooled before its ReLU, which is the same as after it and less to compute.

    24 x 5 x 5 on 28 x 28, pooled to 12 x 12; 32 x 3 x 3 on that, pooled to 5 x 5; 800-256-10.
    """

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 24, kernel_size=5)
        self.conv2 = nn.Conv2d(24, 32, kernel_size=3)
        self.hidden = nn.Linear(32 * 5 * 5, 256)
        self.output = nn.Linear(256, 10)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(batch, 1, 28, 28)`` to logits ``(batch, 10)``."""
        x = F.relu(F.max_pool2d(self.conv1(x), 2))
        x = F.relu(F.max_pool2d(self.conv2(x), 2))
        logits: Tensor = self.output(F.relu(self.hidden(x.flatten(1))))
        return logits


class Stopwatch(Observer):
    """Times a run from the step on by which the engine has recorded or compiled what it will replay.

    Attributes
    ----------
    seconds
        What all steps of the run would take at the pace of those that were timed.

    Raises
    ------
    ValueError
        If the run ends before that.
    """

    seconds: float

    SETTLED = 5  # steps

    def on_start(self, run: Run) -> None:
        """Refuse a run that is too short to be timed."""
        if run.epochs * (run.batches or 0) <= self.SETTLED:
            raise ValueError(f"a run must have more than {self.SETTLED} steps to be timed")

    def on_step(self, run: Run) -> None:
        """Start, once."""
        if run.step == self.SETTLED:
            wait(run.device)
            self.start = time.perf_counter()

    def on_epoch(self, run: Run) -> None:
        """Take the time so far."""
        if run.step <= self.SETTLED:
            return
        wait(run.device)
        self.seconds = (time.perf_counter() - self.start) * run.step / (run.step - self.SETTLED)


def whole(data: Data) -> Data:
    """Return a data set with the validation split back in the training set, as the mark was set with all 60,000."""
    pairs = zip(data.train, data.validation, strict=True)
    return replace(data, train=Split(*(torch.cat(pair) for pair in pairs)))


def attempt(data: Data, epochs: int, seed: int, engine: Engine, precision: Precision) -> tuple[float, float]:
    """Train once; return the seconds, without start-up and evaluation, and the accuracy on the test split."""
    torch.manual_seed(seed)
    device = data.train.x.device
    model = Small().to(device)
    steps = epochs * -(-len(data.train) // BATCH)
    fused = device.type == "cuda"
    watch = Stopwatch()
    fit(
        model,
        data,
        F.cross_entropy,
        partial(torch.optim.Adam, lr=RATE, betas=BETAS, fused=fused),
        lambda optimizer: LambdaLR(optimizer, one_cycle(steps)),
        epochs,
        batch_size=BATCH,
        schedule_every="step",
        evaluate_on=(),
        device=device,
        seed=seed,
        observers=[watch],
        engine=engine,
        precision=precision,
        channels_last=True,
    )
    return watch.seconds, evaluate(model, data.test.batches(1000), F.cross_entropy)["accuracy"]


def reach(
    data: Data, seeds: Sequence[int], ladder: Sequence[int], engine: Engine, precision: Precision
) -> dict[str, Any]:
    """Train for more and more epochs, until every seed reaches the goal, and return a record of all rungs.

    Parameters
    ----------
    data
        On the device.
    seeds
        Of the weights and of the order of the batches.
    ladder
        The numbers of epochs to try, the fewest first; the schedule is as long as the run.
    """
    return climb(partial(attempt, data, engine=engine, precision=precision), seeds, ladder) | {
        "what": f"conv 24-32-256, batch {BATCH}, Adam(lr={RATE}, betas={BETAS}), one cycle, {engine}, {precision}",
        "samples": len(data.train),
        "mark": MARK,
    }


def climb(
    attempt: Callable[[int, int], tuple[float, float]], seeds: Sequence[int], ladder: Sequence[int]
) -> dict[str, Any]:
    """Return a record of every rung of a ladder, up to the first on which every seed reaches the goal."""
    attempt(ladder[0], seeds[0])  # the first run loads the kernels
    rungs = []
    for epochs in ladder:
        seconds, accuracies = zip(*(attempt(epochs, seed) for seed in seeds), strict=True)
        rungs.append(
            {
                "epochs": epochs,
                "seconds": statistics.median(seconds),
                "mean_accuracy": statistics.mean(accuracies),
                "accuracies": list(accuracies),
                "reached": sum(accuracy >= GOAL for accuracy in accuracies),
            }
        )
        if rungs[-1]["reached"] == len(seeds):
            break
    done = rungs[-1]["reached"] == len(seeds)
    return {
        "goal": GOAL,
        "seeds": len(seeds),
        "rungs": rungs,
        "epochs": rungs[-1]["epochs"] if done else None,
        "seconds": rungs[-1]["seconds"] if done else None,
    }
