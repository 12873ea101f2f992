"""The pictures of a report as SVG, in the ink of the page that they stand on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator
from numpy.typing import NDArray

from unstuck.doctor.svg import INK, svg
from unstuck.doctor.wording import printable
from unstuck.plots import COLOURS, GREY

__all__ = ["FEW", "WIDTH", "curves", "layers"]

FEW = 60  # steps, which show their trend by themselves
WIDTH = 4.8  # inches: about as many pixels as a phone has, so that text keeps its size there
_POINTS = 400  # of a line
_LAYERS = 30  # rows of a profile
_LETTERS = 20  # of a name

Numbers = NDArray[np.float64]


def curves(losses: pd.DataFrame, evaluations: pd.DataFrame) -> str:
    """Draw the loss of every step and the rate it was taken at, with the evaluations between.

    Parameters
    ----------
    losses, evaluations
        As a :class:`~unstuck.doctor.findings.Report` holds them.

    Returns
    -------
    str
        An ``<svg>`` element; empty where there is no finite loss.
    """
    if losses.empty or not np.isfinite(losses["loss"].to_numpy(float)).any():
        return ""
    return svg(lambda: _curves(losses, evaluations))


def layers(profile: pd.DataFrame) -> str:
    """Draw how large the outputs and the gradients of the layers are, from the first layer down to the last.

    Parameters
    ----------
    profile
        As :func:`unstuck.layers.layer_profile` returns it.

    Returns
    -------
    str
        An ``<svg>`` element; empty where there is no layer.
    """
    return "" if profile.empty else svg(lambda: _layers(profile))


def _curves(losses: pd.DataFrame, evaluations: pd.DataFrame) -> Figure:
    scored = evaluations[np.isfinite(evaluations["accuracy"].to_numpy(float))] if len(evaluations) else evaluations
    rated = np.isfinite(losses["lr"].to_numpy(float)).any()
    heights = [2.1, *([1.4] if len(scored) else []), *([0.8] if rated else [])]
    figure = Figure(figsize=(WIDTH, sum(heights) + 0.5))
    panels: list[Axes] = list(
        figure.subplots(len(heights), sharex=True, squeeze=False, gridspec_kw={"height_ratios": heights})[:, 0]
    )
    streams = list(dict.fromkeys(losses["stream"]))
    colours = dict(zip(streams, COLOURS * len(streams), strict=False))
    for stream, of_stream in losses.groupby("stream", sort=False):
        label = _short(f"training, {stream}" if len(streams) > 1 else "training")
        _loss(panels[0], of_stream, label, colours[stream])
        if rated:
            _line(panels[-1], of_stream["step"], of_stream["lr"], color=colours[stream] if len(streams) > 1 else GREY)
    spare = COLOURS[len(streams) % len(COLOURS) :] + COLOURS
    for (name, of_name), colour in zip(evaluations.groupby("name", sort=False), spare, strict=False):
        dots = {"color": colour, "marker": "o" if len(of_name) <= 30 else "", "markersize": 3.5}
        dots["label"] = _short(f"evaluation, {name}" if name != "evaluation" else "evaluation")
        _line(panels[0], of_name["step"], of_name["loss"], **dots)
        if len(scored):
            _line(panels[1], of_name["step"], 100 * of_name["accuracy"], **dots)
    panels[0].set_ylabel("loss")
    _scale(panels[0], np.concatenate([losses["loss"].to_numpy(float), evaluations["loss"].to_numpy(float)]))
    if len(scored):
        panels[1].set(ylabel="accuracy (%)", ylim=(0, 104), yticks=(0, 50, 100))
    if rated:
        panels[-1].set_ylabel("rate")
        _scale(panels[-1], losses["lr"].to_numpy(float))
    panels[-1].set_xlabel("step")
    panels[-1].xaxis.set_major_locator(MaxNLocator(integer=True))
    figure.align_ylabels(panels)
    drawn = {str(line.get_label()): line for panel in panels[:2] for line in panel.get_lines()}
    named = {label: line for label, line in drawn.items() if not label.startswith("_")}
    figure.legend(list(named.values()), list(named), loc="outside upper left", ncols=2, columnspacing=1.4)
    return figure


def _loss(axis: Axes, of_stream: pd.DataFrame, label: str, colour: str) -> None:
    """Draw every step's loss, and over it the running median, in which a trend is seen."""
    steps, values = of_stream["step"], of_stream["loss"].replace([np.inf, -np.inf], np.nan)
    if len(values) < FEW:
        _line(axis, steps, values, color=colour, label=label)
    else:
        smooth = values.rolling(max(len(values) // 40, 3), center=True, min_periods=1).median().where(values.notna())
        _line(axis, steps, values, color=colour, alpha=0.45, linewidth=0.8)
        _line(axis, steps, smooth, color=colour, label=label)
    lost = steps[values.isna() & values.notna().cumsum().gt(0)]
    if len(lost):
        axis.axvline(float(lost.iloc[0]), color=INK, linestyle=":", linewidth=1.2, label="first not finite")


def _line(axis: Axes, steps: pd.Series[Any], values: pd.Series[Any], **line: Any) -> None:
    """Draw a line of few points: of every stretch the lowest and the highest, so that no peak is lost."""
    x, y = steps.to_numpy(float), values.to_numpy(float)
    if len(y) > _POINTS:
        stretches = np.array_split(np.arange(len(y)), _POINTS // 2)
        lowest = {int(part[np.argmin(np.where(np.isnan(y[part]), np.inf, y[part]))]) for part in stretches}
        highest = {int(part[np.argmax(np.where(np.isnan(y[part]), -np.inf, y[part]))]) for part in stretches}
        kept = sorted(lowest | highest | {0, len(y) - 1})
        x, y = x[kept], y[kept]
    known = np.isfinite(y)
    if line.get("marker"):  # an evaluation without a loss is no gap in the line
        x, y = x[known], y[known]
    if known.any():
        axis.plot(x, y, **{"linewidth": 1.6, **line})


def _scale(axis: Axes, values: Numbers) -> None:
    """Make the axis logarithmic where the numbers are positive and span a factor of 20."""
    known = values[np.isfinite(values)]
    if not len(known) or known.min() < 0:
        return
    if known.min() > 0 and known.max() / known.min() >= 20:
        axis.set_yscale("log")
        axis.yaxis.set_major_locator(LogLocator(numticks=6))
        axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axis.yaxis.set_minor_locator(NullLocator())
    else:
        axis.set_ylim(bottom=0, top=None if known.max() > 0 else 1)


def _layers(profile: pd.DataFrame) -> Figure:
    shown = profile.iloc[np.unique(np.linspace(0, len(profile) - 1, min(len(profile), _LAYERS)).astype(int))]
    places = np.arange(len(shown))
    columns = {"output's\nspread": "std", "gradient's\nspread": "grad_std"}
    if (shown["dead"] > 0).any():
        columns["units always\n0 (%)"] = "dead"
    figure = Figure(figsize=(WIDTH, 0.19 * len(shown) + 0.8))
    panels = figure.subplots(1, len(columns), sharey=True, squeeze=False)[0]
    for axis, (title, column), colour in zip(panels, columns.items(), COLOURS, strict=False):
        values = shown[column].to_numpy(float)
        values = 100 * values if column == "dead" else np.where((values > 0) & np.isfinite(values), values, np.nan)
        axis.grid(axis="y", visible=False)
        axis.set_xlabel(title, fontsize=9)
        if column == "dead":
            axis.barh(places, np.nan_to_num(values), height=0.6, color=colour)
            axis.set_xlim(0, 100)
        elif np.isfinite(values).any():
            axis.plot(values, places, color=colour, marker="o", markersize=4, linewidth=1.2)
            _decades(axis, values)
        else:
            axis.text(0.5, 0.5, "none", transform=axis.transAxes, ha="center", va="center", fontsize=9)
            axis.set_xticks([])
    names = [_short(f"{name} {kind}") for name, kind in zip(shown.index, shown["kind"], strict=True)]
    panels[0].set_yticks(places, names, fontsize=8.5)
    panels[0].set_ylim(len(shown) - 0.5, -0.5)
    return figure


def _decades(axis: Axes, values: Numbers) -> None:
    """Make the axis logarithmic over whole powers of ten, two at the least."""
    low, high = np.floor(np.log10(np.nanmin(values))), np.ceil(np.log10(np.nanmax(values)))
    high = max(high, low + 2)
    axis.set_xscale("log")
    axis.set_xlim(10.0**low * 0.8, 10.0**high * 1.25)
    axis.xaxis.set_major_locator(LogLocator(numticks=3))
    axis.xaxis.set_minor_locator(NullLocator())
    axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.tick_params(axis="x", labelsize=8.5)


def _short(name: str) -> str:
    """Return a name with its middle left out where it is too long for a figure; its ends tell it from others."""
    name = printable(name)
    return name if len(name) <= _LETTERS else f"{name[: _LETTERS // 3]}…{name[1 + _LETTERS // 3 - _LETTERS :]}"
