"""Time a sweep against the same runs one after another, side by side.

64 runs (8 rates x 8 seeds) of an MLP 64-128-10 on the small digits, batch 64: once as ``unstuck.sweep``, once as a
plain hand-written PyTorch loop over tensors in memory, a run at a time.
Each pair is timed back to back; what counts is the median of the pairs' ratios.
The loop runs on one thread, on which it is fastest, and the sweep on one and on all.
The same program, with more runs, is what a GPU is for: ``--device cuda``.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from common import about, table, timed, write
from unstuck import MLP, load, sweep

RATES = [float(rate) for rate in np.logspace(-4, -1, 8)]
SEEDS = 8
BATCH = 64
OPTIMIZERS: dict[str, Callable[..., torch.optim.Optimizer]] = {"adam": torch.optim.Adam, "sgd": torch.optim.SGD}


def one_after_another(optimizer: str, epochs: int, device: torch.device) -> list[float]:
    """Train every run alone, as a careful reader would write it, and return the last losses."""
    split = load("digits").to(device).train
    x, y = split.x, split.y
    last = []
    for rate in RATES:
        for seed in range(SEEDS):
            torch.manual_seed(seed)
            model = MLP(128).to(device)
            stepper = OPTIMIZERS[optimizer](model.parameters(), lr=rate)
            batches = split.batches(BATCH, shuffle=True, seed=seed)
            for epoch in range(epochs):
                order = batches.order(epoch)
                for start in range(0, len(x), BATCH):
                    rows = order[start : start + BATCH]
                    stepper.zero_grad()
                    loss = F.cross_entropy(model(x.index_select(0, rows)), y.index_select(0, rows))
                    loss.backward()  # type: ignore[no-untyped-call]
                    stepper.step()
            last.append(loss.item())
    return last


def all_at_once(optimizer: str, epochs: int, device: torch.device) -> list[float]:
    """Train the same runs as one program, and return the last losses."""
    data = load("digits")
    result = sweep(
        partial(MLP, 128),
        data,
        optimizer=optimizer,
        lr=RATES,
        seeds=SEEDS,
        batch_size=BATCH,
        epochs=epochs,
        evaluate_on=[],
        device=device,
    )
    losses: list[float] = result.steps["loss"][..., -1].ravel().tolist()
    return losses


def compare(optimizer: str, epochs: int, pairs: int, threads: int, device: torch.device) -> dict[str, object]:
    """Time both, pair by pair, and check that they trained the same networks."""
    alone, together = (partial(function, optimizer, device=device) for function in (one_after_another, all_at_once))
    torch.set_num_threads(1)
    alone(epochs=1), together(epochs=1)  # warm up
    seconds = []
    for _ in range(pairs):
        torch.set_num_threads(1)  # a network this small is trained fastest, alone, on one thread
        first, losses_alone = timed(partial(alone, epochs=epochs), device)
        torch.set_num_threads(threads)
        second, losses_together = timed(partial(together, epochs=epochs), device)
        _check_alike(losses_together, losses_alone)
        seconds.append((first, second))
    ratios = [first / second for first, second in seconds]
    return {
        "optimizer": optimizer,
        "threads": threads,
        "one_after_another_s": statistics.median(first for first, _ in seconds),
        "sweep_s": statistics.median(second for _, second in seconds),
        "ratio": statistics.median(ratios),
        "ratios": ratios,
    }


def _check_alike(together: list[float], alone: list[float]) -> None:
    """Refuse a comparison of runs that differ; at the highest rate, rounding alone can part one or two of them."""
    alike = np.isclose(together, alone, rtol=0.05, atol=0.02)
    if alike.mean() < 0.9:
        raise ValueError(f"the two sides train other networks: {(~alike).sum()} of {len(alike)} last losses differ")


def main() -> None:
    """Print the table, and write it where it is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--out", type=Path, help="a folder for the record, sweep-<device>.json")
    given = parser.parse_args()
    device = torch.device(given.device)
    threads = sorted({1, torch.get_num_threads()})
    rows = [compare(name, given.epochs, given.pairs, count, device) for name in OPTIMIZERS for count in threads]
    record = {
        "what": f"{len(RATES) * SEEDS} runs of an MLP 64-128-10 on digits, batch {BATCH}, {given.epochs} epochs",
        "pairs": given.pairs,
        **about(device),
        "rows": rows,
    }
    print(record["what"], "on", record["device"], "with torch", record["torch"])
    lines = [
        [
            str(row["optimizer"]),
            str(row["threads"]),
            *(f"{row[name]:.2f} s" for name in ("one_after_another_s", "sweep_s")),
            f"{row['ratio']:.2f}",
        ]
        for row in rows
    ]
    print(table(["optimizer", "threads", "one after another", "sweep", "ratio"], lines))
    if given.out:
        write(record, given.out / f"sweep-{device.type}.json")


if __name__ == "__main__":
    main()
