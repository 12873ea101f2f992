"""What the benchmarks share: how they take times side by side, and how they record them."""

from __future__ import annotations

import datetime
import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import torch

T = TypeVar("T")


class Times(NamedTuple):
    """What was measured of one contestant: seconds, and how many times as long as the reference it took, by round."""

    seconds: list[float]
    ratios: list[float]

    def summary(self, *, is_reference: bool = False) -> dict[str, Any]:
        """Return the medians, and every ratio, as a record holds them; the reference's is 1, and its ratios noise."""
        return {
            "seconds": statistics.median(self.seconds),
            "ratio": 1.0 if is_reference else statistics.median(self.ratios),
            "ratios": self.ratios,
        }


def timed(run: Callable[[], T], device: torch.device) -> tuple[float, T]:
    """Return how long a call took, in seconds, until the device was done with it, and what it returned."""
    wait(device)
    start = time.perf_counter()
    result = run()
    wait(device)
    return time.perf_counter() - start, result


def wait(device: torch.device) -> None:
    """Wait until a device has done all that it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def interleaved(measure: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, Times]:
    """Measure contestants in turn, the first of them, the reference, before and after each of the others.

    A machine that others use too is slower at one time than at another.
    The ratio to the mean of the two neighbours cancels what changes slowly, and the median over the rounds what comes
    and goes.

    Parameters
    ----------
    measure
        By name, a function that runs the contestant once and returns its seconds; the reference first.
    rounds
        How many ratios to take of each.

    Returns
    -------
    dict
        The times of each, in the same order; the reference's own ratios are those of its later to its earlier run.
    """
    reference, *others = measure
    times = {name: Times([], []) for name in measure}
    for _ in range(rounds):
        before = measure[reference]()
        for name in others or [reference]:
            seconds = measure[name]()
            after = measure[reference]()
            times[name].seconds.append(seconds)
            times[name].ratios.append(seconds / ((before + after) / 2))
            if name != reference:
                times[reference].seconds.append(after)
                times[reference].ratios.append(after / before)
            before = after
    return times


def about(device: torch.device) -> dict[str, Any]:
    """Return what a record says of the machine, the versions and the day."""
    record: dict[str, Any] = {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "processor": processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "torch": torch.__version__,
    }
    if device.type == "cuda":
        record["device"] = torch.cuda.get_device_name(device)
        record["cuda"] = torch.version.cuda
        record["driver"] = driver()
    else:
        record["device"] = "CPU"
    return record


def processor(listing: Path = Path("/proc/cpuinfo")) -> str:
    """Return the processor's model, as Linux lists it, or whatever the platform calls it."""
    if listing.exists():
        for line in listing.read_text(encoding="utf8").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name" and value.strip():
                return value.strip()
    return platform.processor() or platform.machine()


def driver(version: Path = Path("/proc/driver/nvidia/version")) -> str:
    """Return the line that NVIDIA's kernel module says of itself, on Linux."""
    return version.read_text(encoding="utf8").splitlines()[0] if version.exists() else "unknown"


def write(record: Mapping[str, Any], path: Path) -> None:
    """Write a record as JSON, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".part")
    beside.write_text(json.dumps(record, indent=2) + "\n", encoding="utf8")
    os.replace(beside, path)


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return rows as lines of text: the first column to the left, all others to the right."""
    widths = [max(len(row[column]) for row in [headings, *rows]) for column in range(len(headings))]
    return "\n".join(
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip() for row in [headings, *rows]
    )
