"""The picture of one run: what it measured, and nothing else is needed to read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter
from numpy.typing import ArrayLike, NDArray

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
    steps = np.asarray(history.steps["loss"], dtype=float)
    if not len(steps):
        raise ValueError("there is nothing to draw: no step was measured")
    ends = history.epochs["step"]
    places = _epoch_of_steps(len(steps), ends)
    losses, accuracies = ({name: history[name] for name in _columns(history, end)} for end in ("loss", "accuracy"))
    heights = [2.5, *([2.0] if accuracies else []), 1.1]
    figure, axes = plt.subplots(
        len(heights), sharex=True, squeeze=False, figsize=(5.4, sum(heights) + 1.0), height_ratios=heights
    )
    panels: list[Axes] = list(axes[:, 0])

    panels[0].plot(*_thinned(places, steps), color=GREY, alpha=0.45, linewidth=0.8, label="each step")
    _draw_columns(panels[0], losses)
    _scale(panels[0], [steps, *losses.values()])
    panels[0].set_ylabel("loss")
    if accuracies:
        _draw_columns(panels[1], {name: 100 * np.asarray(values) for name, values in accuracies.items()})
        panels[1].set_ylabel("accuracy (%)")
    rates = np.asarray(history.steps["lr"], dtype=float)
    panels[-1].plot(*_thinned(places, rates), color=GREY, linewidth=1.6)
    _scale(panels[-1], [rates])
    panels[-1].set(xlabel="epoch" if ends else "step", ylabel="learning\nrate")
    panels[-1].xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    figure.align_ylabels(panels)
    drawn = {line.get_label(): line for panel in panels[:-1] for line in panel.get_lines()}
    figure.legend(drawn.values(), list(map(str, drawn)), loc="outside upper left", ncols=3)
    return figure


def _columns(history: History, end: str) -> list[str]:
    """Return the splits' columns of a metric; the mean of the steps' losses where the training split has no other."""
    names = [name for name in history.epochs if name.endswith(f"_{end}")]
    return names if end != "loss" or "train_loss" in names else [*names, "loss"]


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
        kept |= {stretch[np.argmin(y[stretch])], stretch[np.argmax(y[stretch])]}
    chosen = sorted(kept)
    return x[chosen], y[chosen]


def _draw_columns(axis: Axes, columns: Mapping[str, ArrayLike]) -> None:
    """Draw columns over the epochs: each split in its own colour whatever else there is, averaged weights dashed."""
    colours = {"train": COLOURS[0], "validation": COLOURS[1], "test": COLOURS[2]}
    spare = iter(COLOURS[3:] * len(columns))
    for name, values in columns.items():
        split = name.rpartition("_")[0]
        plain = split.removeprefix("ema_")
        averaged = plain != split
        if split and plain not in colours:
            colours[plain] = next(spare)
        y = np.asarray(values, dtype=float)
        axis.plot(
            np.arange(1, len(y) + 1),
            y,
            label=plain.replace("_", " ") + ", averaged weights" * averaged if split else "each step, mean",
            color=colours.get(plain, GREY),
            linestyle="--" if averaged else "-",
            marker="o" if len(y) <= 30 else "",
            markersize=3.5,
        )


def _scale(axis: Axes, values: Sequence[ArrayLike]) -> None:
    """Make the axis logarithmic where the numbers are positive and span a factor of 20; else let it begin at zero."""
    numbers = np.concatenate([np.ravel(np.asarray(part, dtype=float)) for part in values])
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
