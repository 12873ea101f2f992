"""What training samples look like, class by class, and those whose label is in doubt."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from unstuck.inspection.moments import images
from unstuck.inspection.reading import Array, Samples
from unstuck.plots import COLOURS, GREY

__all__ = ["picture"]

_COLUMNS = 8  # ordinary samples a class
_DOUBTED = 3  # disputed ones
_CLASSES = 20  # rows of images, at most
_FEATURES = 12  # panels, at most
_POINTS = 2000


def picture(samples: Samples, names: tuple[str, ...] | None, suspects: pd.DataFrame) -> Figure:
    """Draw samples as what they are: images by class, points of the plane, or the distributions of their features."""
    pictures = images(samples.x)
    if pictures is not None and pictures.shape[1] in (1, 3) and names:
        return _grid(pictures, samples, names, suspects)
    flat = samples.x.reshape(len(samples), -1)
    if flat.shape[1] == 2 and names:
        return _scatter(flat, samples, names, suspects)
    if flat.shape[1] == 1 and not names:
        return _regression(flat, samples)
    return _distributions(flat, samples, names)


def _grid(pictures: Array, samples: Samples, names: tuple[str, ...], suspects: pd.DataFrame) -> Figure:
    """Show a row of images a class, and to the right of a gap those whose label is disputed."""
    present = np.unique(samples.y)[:_CLASSES]
    doubted = {label: suspects[suspects["label"] == label].head(_DOUBTED) for label in present}
    extra = max((len(part) for part in doubted.values()), default=0)
    widths = [1.0] * _COLUMNS + ([0.35] + [1.0] * extra if extra else [])
    figure, axes = plt.subplots(
        len(present),
        len(widths),
        squeeze=False,
        width_ratios=widths,
        figsize=(0.55 * sum(widths) + 0.9, 0.66 * len(present)),
    )
    low, high = (float(value) for value in np.quantile(pictures[:: max(1, len(pictures) // 500)], [0.001, 0.999]))
    place = {int(row): index for index, row in enumerate(samples.rows)}
    disputed = set(suspects["row"])
    for line, label in zip(axes, present, strict=True):
        for axis in line:
            axis.axis("off")
        of_class = [index for index in np.flatnonzero(samples.y == label) if int(samples.rows[index]) not in disputed]
        for axis, index in zip(line[:_COLUMNS], of_class, strict=False):
            _show(axis, pictures[index], low, high)
        line[0].text(-0.15, 0.5, _name(names, label), transform=line[0].transAxes, ha="right", va="center", fontsize=10)
        for axis, (row, named) in zip(
            line[_COLUMNS + 1 :], doubted[label][["row", "predicted"]].to_numpy(), strict=False
        ):
            _show(axis, pictures[place[int(row)]], low, high)
            axis.set_title(f"{_name(names, named)}?", fontsize=8, loc="center", pad=1, color=COLOURS[1])
    return figure


def _show(axis: Axes, image: Array, low: float, high: float) -> None:
    shown = np.clip((image - low) / max(high - low, 1e-12), 0, 1)
    axis.imshow(
        np.moveaxis(shown, 0, 2).squeeze(-1) if len(image) == 1 else np.moveaxis(shown, 0, 2),
        cmap="gray_r",
        vmin=0,
        vmax=1,
    )


def _scatter(flat: Array, samples: Samples, names: tuple[str, ...], suspects: pd.DataFrame) -> Figure:
    """Draw points of the plane in the colour of their class, with a ring around those whose label is disputed."""
    figure, axis = plt.subplots(figsize=(5.0, 4.2))
    some = np.arange(len(flat))[:: max(1, len(flat) // _POINTS)]
    for number, label in enumerate(np.unique(samples.y)):
        of_class = some[samples.y[some] == label]
        colour = COLOURS[number % len(COLOURS)]
        axis.scatter(flat[of_class, 0], flat[of_class, 1], s=8, color=colour, label=_name(names, label), linewidths=0)
    doubted = flat[np.isin(samples.rows, suspects["row"])]
    if len(doubted):
        axis.scatter(doubted[:, 0], doubted[:, 1], s=60, facecolors="none", edgecolors=GREY, label="disputed")
    axis.set(xlabel="feature 0", ylabel="feature 1")
    figure.legend(loc="outside upper left", ncols=4, columnspacing=1.2)
    return figure


def _regression(flat: Array, samples: Samples) -> Figure:
    """Draw the first number to predict over the one input."""
    figure, axis = plt.subplots()
    some = slice(None, None, max(1, len(flat) // _POINTS))
    axis.scatter(flat[some, 0], samples.y[some, 0], s=8, color=COLOURS[0], linewidths=0)
    axis.set(xlabel="input", ylabel="target")
    return figure


def _distributions(flat: Array, samples: Samples, names: tuple[str, ...] | None) -> Figure:
    """Draw how the values of the first features are spread, a line a class where there are few."""
    count = min(flat.shape[1], _FEATURES)
    columns = min(count, 4)
    rows = -(-count // columns)
    figure, axes = plt.subplots(rows, columns, squeeze=False, sharey=True, figsize=(1.8 * columns, 1.6 * rows + 0.6))
    labels = np.unique(samples.y) if names else np.zeros(0)
    for number, axis in enumerate(axes.flat):
        axis.set_yticks([])
        if number >= count:
            axis.axis("off")
            continue
        low, high = float(flat[:, number].min()), float(flat[:, number].max())
        room = 0.0 if high > low else max(abs(low), 1.0) / 2  # around a constant
        edges = np.linspace(low - room, high + room, 25)
        parts = [(_name(names or (), label), flat[samples.y == label, number]) for label in labels]
        for label, values in parts if 0 < len(parts) <= len(COLOURS) else [("all", flat[:, number])]:
            axis.stairs(np.histogram(values, edges)[0] / len(values), edges, label=label, linewidth=1.3)
        axis.set_xlabel(f"feature {number}", fontsize=9)
    if 0 < len(labels) <= len(COLOURS):
        handles, said = axes[0, 0].get_legend_handles_labels()
        figure.legend(handles, said, loc="outside upper left", ncols=min(len(said), 5))
    figure.supylabel("share of samples", fontsize=9)
    return figure


def _name(names: tuple[str, ...], label: float) -> str:
    index = int(label)
    return names[index] if 0 <= index < len(names) else f"{label:g}"
