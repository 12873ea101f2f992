"""Figures of several runs, of sweeps, of the plane and of images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike
from torch import Tensor

from unstuck.plots.style import GREY
from unstuck.run import Run
from unstuck.sweeps import Sweep

__all__ = ["band", "contours", "curves", "images", "label_lines", "path", "sweep_curves", "sweep_final"]


def band(axis: Axes, x: ArrayLike, values: ArrayLike, label: str | None = None, **line: Any) -> None:
    """Draw the median of several runs as a line, and the span from their 10th to their 90th percentile as a band.

    Parameters
    ----------
    axis
        Where to draw.
    x
        Shape ``(points,)``.
    values
        Shape ``(runs, points)``; NaN where a run has no value.
    label
        For the legend.
    **line
        Passed on to :meth:`matplotlib.axes.Axes.plot`.
    """
    low, median, high = np.nanpercentile(np.asarray(values, dtype=float), [10, 50, 90], axis=0)
    (drawn,) = axis.plot(x, median, label=label, **line)
    axis.fill_between(x, low, high, color=drawn.get_color(), alpha=0.2, linewidth=0)


def curves(runs: Sequence[Run], names: Sequence[str] = ("train_loss", "test_loss")) -> Figure:
    """Draw columns of the histories over the epochs, as bands over the runs.

    Parameters
    ----------
    runs
        Runs of the same length, that differ in their seeds.
    names
        Columns of :class:`~unstuck.history.History`, in one panel each.

    Returns
    -------
    Figure
        One row of panels.
    """
    figure, axes = plt.subplots(1, len(names), squeeze=False, figsize=(3.6 * len(names), 3.0))
    epochs = range(1, len(runs[0].history) + 1)
    for axis, name in zip(axes[0], names, strict=True):
        band(axis, epochs, [run.history[name] for run in runs])
        axis.set(xlabel="epoch", ylabel=name.replace("_", " "))
    return figure


def sweep_curves(result: Sweep, name: str = "test_loss", by: str | None = None) -> Figure:
    """Draw a column of a sweep over the epochs, a band over the seeds for every value of an axis.

    Parameters
    ----------
    result
        A sweep with no axes but `by` and the seed: choose values for others with :meth:`Sweep.sel`.
    name
        A column of its history.
    by
        The axis that gives the bands; by default the one there is.

    Returns
    -------
    Figure
        One panel, its lines labelled.

    Raises
    ------
    ValueError
        If other axes are left.
    """
    figure, axis = plt.subplots()
    for label, part in _parts(result, by):
        values = part.band(name)
        band(axis, range(1, values.shape[1] + 1), values, label=label)
    axis.set(xlabel="epoch", ylabel=name.replace("_", " "))
    label_lines(axis)
    return figure


def sweep_final(result: Sweep, name: str = "test_accuracy", over: str = "lr", by: str | None = None) -> Figure:
    """Draw a column of a sweep after the last epoch over a numeric axis, a band for every value of another.

    Parameters
    ----------
    result
        A sweep with no axes but `over`, `by` and the seed.
    name
        A column of its history.
    over
        The axis to draw along, of numbers; logarithmic where all are positive and span a factor of 20.
    by
        The axis that gives the bands; by default the one there is, if any.

    Returns
    -------
    Figure
        One panel, its lines labelled.

    Raises
    ------
    ValueError
        If other axes are left.
    """
    figure, axis = plt.subplots()
    along = [float(value) for value in result.axes[over]]
    for label, part in _parts(result, by, besides=over):
        finals = np.stack([part.sel(**{over: value}).band(name)[:, -1] for value in part.axes[over]], axis=1)
        band(axis, along, finals, label=label, marker="o", markersize=4)
    if min(along) > 0 and max(along) / min(along) >= 20:
        axis.set_xscale("log")
    axis.set(xlabel={"lr": "learning rate"}.get(over, over.replace("_", " ")), ylabel="final " + name.replace("_", " "))
    label_lines(axis)
    return figure


def _parts(result: Sweep, by: str | None, besides: str = "seed") -> list[tuple[str | None, Sweep]]:
    """Return the sweep's part for each value of an axis, with its label."""
    others = [axis for axis in result.axes if axis not in ("seed", besides)]
    if by is None and len(others) > 1:
        raise ValueError(f"name the axis that gives the bands, by=..., or choose values: there are {', '.join(others)}")
    if by is None and not others:
        return [(None, result)]
    name = by or others[0]
    said = [value if isinstance(value, str) else f"{name.replace('_', ' ')} {value}" for value in result.axes[name]]
    return [(text, result.sel(**{name: value})) for text, value in zip(said, result.axes[name], strict=True)]


def contours(
    axis: Axes,
    function: Callable[[Tensor], Tensor],
    xlim: tuple[float, float],
    ylim: tuple[float, float],
    levels: int | Sequence[float] = 12,
) -> None:
    """Draw the level lines of a function of the plane.

    Parameters
    ----------
    axis
        Where to draw.
    function
        Maps points of shape ``(..., 2)`` to values of shape ``(...)``.
    xlim, ylim
        The window.
    levels
        How many lines, or at which values.
    """
    x, y = torch.linspace(*xlim, 121), torch.linspace(*ylim, 121)
    grid = torch.stack(torch.meshgrid(x, y, indexing="xy"), dim=-1)
    values = function(grid).detach()
    axis.contour(x.numpy(), y.numpy(), values.numpy(), levels=levels, colors=GREY, linewidths=0.7, alpha=0.6)
    axis.set(xlim=xlim, ylim=ylim)
    axis.grid(visible=False)


def path(axis: Axes, points: Tensor, label: str | None = None, **line: Any) -> None:
    """Draw a trajectory in the plane: a line with a dot at every step, and a ring at its start.

    Parameters
    ----------
    axis
        Where to draw.
    points
        Shape ``(steps + 1, 2)``, as :func:`~unstuck.optim.trajectory` returns it.
    label
        For the legend.
    **line
        Passed on to :meth:`matplotlib.axes.Axes.plot`.
    """
    x, y = points.detach().cpu().numpy().T
    settings = {"marker": "o", "markersize": 3.0, "linewidth": 1.3, **line}
    (drawn,) = axis.plot(x, y, label=label, **settings)
    axis.plot(x[0], y[0], marker="o", markersize=8, markerfacecolor="none", color=drawn.get_color())


def label_lines(axis: Axes) -> None:
    """Write each line's label at its right end, in its colour, instead of a legend far away from it."""
    for line in axis.get_lines():
        text = str(line.get_label())
        x, y = np.asarray(line.get_xdata(), dtype=float), np.asarray(line.get_ydata(), dtype=float)
        if text.startswith("_") or not np.isfinite(y).any():
            continue
        last = np.flatnonzero(np.isfinite(y))[-1]
        axis.annotate(
            text,
            (x[last], y[last]),
            xytext=(5, 0),
            textcoords="offset points",
            color=line.get_color(),
            va="center",
            fontsize=10,
        )


def images(pixels: Tensor, titles: Sequence[str] = (), columns: int = 10) -> Figure:
    """Show grey or coloured images in a grid.

    Parameters
    ----------
    pixels
        Shape ``(count, channels, height, width)``, from 0 to 1; one channel or three.
    titles
        One text an image.
    columns
        Images a row.

    Returns
    -------
    Figure
        Dark ink on light paper for one channel.
    """
    rows = -(-len(pixels) // columns)
    figure, axes = plt.subplots(rows, columns, squeeze=False, figsize=(0.78 * columns, 0.95 * rows))
    for axis in axes.flat:
        axis.axis("off")
    for index, (axis, image) in enumerate(zip(axes.flat, pixels.cpu(), strict=False)):
        axis.imshow(image.permute(1, 2, 0).squeeze(-1).numpy(), cmap="gray_r", vmin=0, vmax=1, interpolation="nearest")
        if titles:
            axis.set_title(titles[index], fontsize=9, loc="center")
    return figure
