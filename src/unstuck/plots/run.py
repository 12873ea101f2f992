"""The picture of one run: what it measured, and nothing else is needed to read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter
from numpy.typing import NDArray

from unstuck.history import History
from unstuck.plots.style import COLOURS, GREY

__all__ = ["run_curves"]


def run_curves(history: History) -> Figure:
    """Draw what one run has measured: losses and accuracies after every epoch, the loss and the rate of every step.

    Parameters
    ----------
    history
        Of any length and with any columns: those named ``<split>_loss`` and ``<split>_accuracy`` are drawn, that of a
        moving average of the weights dashed.

    Returns
    -------
    Figure
        Panels one above the other, with one legend; a loss or a rate that spans a factor of 20 on a logarithmic axis.

    Raises
    ------
    ValueError
        If no step was measured.
    """
    steps = _finite(history.steps["loss"])
    if not len(steps):
        raise ValueError("there is nothing to draw: no step was measured")
    ends = history.epochs["step"]
    places = _epoch_of_steps(len(steps), ends)
    losses = {name: _finite(history[name]) for name in _columns(history, "loss")}
    accuracies = {name: 100 * _finite(history[name]) for name in _columns(history, "accuracy")}
    heights = [2.5, *([2.0] if accuracies else []), 1.1]
    figure, axes = plt.subplots(
        len(heights), sharex=True, squeeze=False, figsize=(5.4, sum(heights) + 1.0), height_ratios=heights
    )
    panels: list[Axes] = list(axes[:, 0])

    _draw_columns(panels[0], losses)
    panels[0].plot(*_thinned(places, steps), color=GREY, alpha=0.45, linewidth=0.8, zorder=1, label="each step")
    _scale(panels[0], [steps, *losses.values()])
    panels[0].set_ylabel("loss")
    if accuracies:
        _draw_columns(panels[1], accuracies)
        panels[1].set(ylabel="accuracy (%)", ylim=(None, min(panels[1].get_ylim()[1], 101)))
    rates = _finite(history.steps["lr"])
    panels[-1].plot(*_thinned(places, rates), color=GREY, linewidth=1.6)
    _scale(panels[-1], [rates])
    panels[-1].set(xlabel="epoch" if ends else "step", ylabel="learning\nrate", xlim=(-0.03 * places[-1], None))
    panels[-1].xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10], min_n_ticks=1))
    figure.align_ylabels(panels)
    drawn = {str(line.get_label()): line for panel in panels[:-1] for line in panel.get_lines()}
    columns = 4 if max(map(len, drawn)) < 14 else 2  # as fit in the width
    figure.legend(list(drawn.values()), list(drawn), loc="outside upper left", ncols=columns, columnspacing=1.4)
    return figure


def _finite(values: Sequence[float]) -> NDArray[np.float64]:
    """Return numbers with gaps where they are not finite, which an axis has no place for."""
    numbers = np.asarray(values, dtype=float)
    return np.where(np.isfinite(numbers), numbers, np.nan)


def _columns(history: History, end: str) -> list[str]:
    """Return the splits' columns of a metric; the mean of the steps' losses where the training split has no other."""
    names = [name for name in history.epochs if name.endswith(f"_{end}")]
    mean = end == "loss" and "train_loss" not in names and len(history) > 0
    return ["loss", *names] if mean else names


def _epoch_of_steps(count: int, ends: Sequence[float]) -> NDArray[np.float64]:
    """Return how many epochs were over after each step; steps themselves where no epoch was closed."""
    taken = np.arange(1, count + 1, dtype=float)
    if not len(ends):
        return taken
    closed: NDArray[np.float64] = np.interp(taken, [0, *ends], np.arange(len(ends) + 1))
    last = ends[-1] - (ends[-2] if len(ends) > 1 else 0)
    return closed + np.maximum(taken - ends[-1], 0) / last  # an open epoch is drawn as wide as the one before


def _thinned(
    x: NDArray[np.float64], y: NDArray[np.float64], points: int = 2000
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return at most so many points of a line, the lowest and the highest of every stretch, so that no peak is lost."""
    if len(y) <= points:
        return x, y
    kept = set()
    for stretch in np.array_split(np.arange(len(y)), points // 2):
        part = y[stretch]
        kept |= {
            stretch[np.argmin(np.nan_to_num(part, nan=np.inf))],
            stretch[np.argmax(np.nan_to_num(part, nan=-np.inf))],
        }
    chosen = sorted(kept)
    return x[chosen], y[chosen]


def _draw_columns(axis: Axes, columns: Mapping[str, NDArray[np.float64]]) -> None:
    """Draw columns over the epochs: each split in its own colour whatever else there is, averaged weights dashed."""
    colours = {"train": COLOURS[0], "validation": COLOURS[1], "test": COLOURS[2]}
    spare = iter(COLOURS[3:] * len(columns))
    for name, values in columns.items():
        split = name.rpartition("_")[0]
        plain = split.removeprefix("ema_")
        averaged = plain != split
        if split and plain not in colours:
            colours[plain] = next(spare)
        axis.plot(
            np.arange(1, len(values) + 1),
            values,
            label=plain.replace("_", " ") + ", averaged" * averaged if split else "mean of steps",
            color=colours.get(plain, GREY),
            linestyle="--" if averaged else "-",
            marker="o" if len(values) <= 30 else "",
            markersize=3.5,
        )


def _scale(axis: Axes, values: Sequence[NDArray[np.float64]]) -> None:
    """Make the axis logarithmic where the numbers are positive and span a factor of 20; else let it begin at zero."""
    numbers = np.concatenate(values)
    numbers = numbers[np.isfinite(numbers)]
    if not len(numbers) or numbers.min() < 0:
        return
    if numbers.min() > 0 and numbers.max() / numbers.min() >= 20:
        axis.set_yscale("log")
        wide = numbers.max() / numbers.min() >= 1000
        axis.yaxis.set_major_locator(LogLocator(subs=(1.0,) if wide else (1.0, 3.0)))
        axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axis.yaxis.set_minor_formatter(NullFormatter())
    else:
        axis.set_ylim(bottom=0)
