"""Interactive figures: panels of marks that follow sliders and lists, with no kernel, and a picture where none can run.

All of a figure's numbers are computed beforehand, by the package, for every position of its controls.
What is left for the reader's browser is to choose among them.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unstuck.plots.controls import Control, typeset
from unstuck.plots.marks import Mark
from unstuck.plots.needs import altair
from unstuck.plots.responsive import WIDE, picture, responsive
from unstuck.plots.style import GREY

__all__ = ["Interactive", "Panel", "interactive", "panel"]

_FONT = "system-ui, -apple-system, 'Segoe UI', 'Noto Sans', 'DejaVu Sans', sans-serif"
_INK, _TICK = "#222222", "#444444"
_CONFIG = {
    "aria": False,  # the figure as a whole is described, its hundreds of points are not
    "background": "transparent",
    "font": _FONT,
    "view": {"stroke": None},
    "axis": {
        "domainColor": GREY,
        "gridColor": GREY,
        "gridOpacity": 0.22,
        "labelColor": _TICK,
        "labelFontSize": 12,
        "tickColor": GREY,
        "titleColor": _INK,
        "titleFontSize": 12.5,
        "titleFontWeight": "normal",
    },
    "text": {"fontSize": 12.5},
    "title": {"anchor": "start", "color": _INK, "fontSize": 12.5, "fontWeight": "normal"},
}


@dataclass(frozen=True)
class Panel:
    """Marks on one pair of axes; see :func:`panel`."""

    marks: tuple[Mark, ...]
    x: str
    y: str
    xlim: tuple[float, float]
    ylim: tuple[float, float]
    xlog: bool
    ylog: bool
    height: int
    wide: bool
    title: str
    digits: int


def panel(
    *marks: Mark,
    x: str,
    y: str,
    xlim: tuple[float, float] | None = None,
    ylim: tuple[float, float] | None = None,
    xlog: bool = False,
    ylog: bool = False,
    height: int = 190,
    wide: bool = False,
    title: str = "",
    digits: int = 4,
) -> Panel:
    """Put marks on one pair of axes, which stay as they are whatever the controls do.

    Parameters
    ----------
    *marks
        From the lowest to the topmost.
    x, y
        What the axes show, with units.
    xlim, ylim
        Their ends; by default the smallest and the largest number of all states. What lies beyond is cut off.
    xlog, ylog
        Whether they are logarithmic.
    height
        In pixels.
    wide
        Whether the panel takes the whole width, also where there is room for two.
    title
        A line above the panel.
    digits
        Significant digits of the numbers that are kept.

    Returns
    -------
    Panel
        For :func:`interactive`.
    """
    xlim = xlim or _limits(marks, ("x",), xlog)
    ylim = ylim or _limits(marks, ("y", "y2"), ylog)
    return Panel(marks, x, y, xlim, ylim, xlog, ylog, height, wide, title, digits)


@dataclass(frozen=True)
class Interactive:
    """A figure that a notebook shows: as a chart with sliders, or where no script runs as a picture.

    Attributes
    ----------
    spec
        Vega-Lite, with what the site needs besides under ``usermeta``: the controls, and the reading of every state.
    """

    spec: dict[str, Any]

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        """Return the chart and its picture, for whoever shows the figure to choose from."""
        return {
            "application/vnd.vegalite.v6+json": self.spec,
            "image/svg+xml": picture(responsive(self.spec), WIDE),
            "text/plain": repr(self),
        }

    def __repr__(self) -> str:
        labels = [control["label"] for control in self.spec["usermeta"]["controls"]]
        return f"Interactive figure; controls: {', '.join(labels)}"


def interactive(
    panels: Sequence[Panel],
    controls: Sequence[Control],
    *readings: tuple[Callable[..., str], Sequence[Control]],
) -> Interactive:
    """Make a figure of panels and the controls that move them.

    Parameters
    ----------
    panels
        In the order of reading. Neighbours that are not wide stand side by side where there is room.
    controls
        All that the marks depend on.
    *readings
        Sentences that say what is seen: functions of the indices of some controls' values, with these controls.

    Returns
    -------
    Interactive
        The last line of a notebook's cell.

    Raises
    ------
    ValueError
        If a mark or a reading depends on a control that is not among them, or two controls have one name.
    ModuleNotFoundError
        If Altair or vl-convert is not installed: ``pip install 'unstuck[charts]'``.

    Examples
    --------
    >>> from unstuck.plots import marks, slider
    >>> power = slider("power", "power p", [1, 2, 3])
    >>> x = np.linspace(0, 1, 5)
    >>> curve = marks.line(x, [x, x**2, x**3], by=[power])
    >>> interactive([panel(curve, x="x", y="xᵖ")], [power], (lambda p: f"At 0.5: {0.5 ** (p + 1):g}", [power]))
    Interactive figure; controls: power p
    """
    names = [control.name for control in controls]
    if len(set(names)) < len(names):
        raise ValueError(f"controls need names of their own, got {', '.join(names)}")
    used = {control.name for each in panels for mark in each.marks for control in mark.controls}
    used |= {control.name for _, reads in readings for control in reads}
    if not used <= set(names):
        raise ValueError(f"marks or readings depend on {', '.join(sorted(used - set(names)))}, which controls lacks")
    alt = altair()
    rows: list[Any] = []
    drawn = [_draw(each, index) for index, each in enumerate(panels)]
    for wide, group in itertools.groupby(zip(panels, drawn, strict=True), key=lambda pair: pair[0].wide):
        charts = [chart for _, chart in group]
        rows += charts if wide else [alt.concat(*charts, columns=2, spacing=18)]
    chart = alt.vconcat(*rows, spacing=18).add_params(*map(_parameter, controls)).configure(**_CONFIG)
    spec = chart.to_dict()
    spec["usermeta"] = {
        "controls": [
            {"name": c.name, "label": c.label, "texts": list(c.texts), "start": c.start, "kind": c.kind}
            for c in controls
        ],
        "readings": [
            {
                "by": [control.name for control in reads],
                "texts": [typeset(said(*state)) for state in itertools.product(*(range(len(c)) for c in reads))],
            }
            for said, reads in readings
        ],
    }
    return Interactive(spec)


def _parameter(control: Control) -> Any:
    """Return a control as what a notebook's own renderer binds to an input."""
    alt = altair()
    indices = list(range(len(control)))
    if control.kind == "slider":
        bound = alt.binding_range(min=0, max=indices[-1], step=1, name=f"{control.label} ")
    else:
        bound = alt.binding_select(options=indices, labels=list(control.texts), name=f"{control.label} ")
    return alt.param(name=control.name, value=control.start, bind=bound)


def _draw(each: Panel, index: int) -> Any:
    """Return a panel as a chart whose name says which share of the width it takes."""
    alt = altair()
    axes = {"x": (each.x, each.xlim, each.xlog), "y": (each.y, each.ylim, each.ylog)}
    encoded = {}
    for channel, (title, limits, log) in axes.items():
        axis: dict[str, Any] = {"title": title, "tickCount": 5, "labelOverlap": True}
        axis |= {"values": _decades(*limits), "labelExpr": _LOG_LABEL} if log else {}
        axis |= {"minExtent": 42, "maxExtent": 42, "titlePadding": 4} if channel == "y" else {}
        scale = alt.Scale(type="log" if log else "linear", domain=list(limits), nice=False, zero=False)
        encoded[channel] = {"scale": scale, "axis": alt.Axis(**axis), "type": "quantitative"}
    reach = {
        channel: _reach(*axes[channel[0]][1:]) for channel in ("x", "y", "y2")
    }  # of a number, or a run that diverges would be drawn as far as to the next room
    layers = [_layer(mark.within(reach), encoded, each.digits) for mark in each.marks]
    name = f"{'wide' if each.wide else 'half'}_{index}"
    # widths of their own, or the compiler would join them
    return alt.layer(*layers, title=each.title or alt.Undefined).properties(
        name=name, width=300 + index, height=each.height
    )


_LOG_LABEL = "datum.value >= 0.001 && datum.value < 100000 ? format(datum.value, '~r') : format(datum.value, '~e')"


def _layer(mark: Mark, axes: dict[str, dict[str, Any]], digits: int) -> Any:
    """Return a mark as a chart: the row of its state, unrolled."""
    alt = altair()
    fields = list(mark.columns)
    chart = alt.Chart(alt.Data(values=mark.rows(digits)))
    if mark.by:
        chart = chart.transform_filter(f"datum.k == {mark.state}")
    chart = chart.transform_flatten(fields)
    channels: dict[str, Any] = {}
    if mark.kind == "line" or mark.until or mark.at:
        chart = chart.transform_window(i="row_number()")
    if mark.kind == "line":  # from point to point, and not from left to right
        channels["order"] = alt.Order("i", type="quantitative")
    if mark.until:
        chart = chart.transform_filter(f"datum.i <= {mark.until.name} + 1")
    if mark.at:
        chart = chart.transform_filter(f"datum.i == {mark.at.name} + 1")
    for channel in set(fields) & {"x", "y"}:
        channels[channel] = (alt.X if channel == "x" else alt.Y)(channel, **axes[channel])
    channels |= {"y2": alt.Y2("y2")} if "y2" in fields else {}
    channels |= {"text": alt.Text("text", type="nominal")} if "text" in fields else {}
    return getattr(chart, f"mark_{mark.kind}")(clip=mark.kind != "text", **mark.style).encode(**channels)


def _limits(marks: Sequence[Mark], channels: Sequence[str], log: bool) -> tuple[float, float]:
    """Return the smallest and the largest number that any state shows."""
    numbers: NDArray[np.float64] = np.concatenate(
        [mark.columns[name].astype(float).ravel() for mark in marks for name in channels if name in mark.columns]
    )
    numbers = numbers[np.isfinite(numbers) & (numbers > 0 if log else True)]
    if not len(numbers) or numbers.min() == numbers.max():
        raise ValueError(f"no limits can be found for {channels[0]}: give {channels[0]}lim")
    return float(numbers.min()), float(numbers.max())


def _reach(limits: tuple[float, float], log: bool) -> tuple[float, float]:
    """Return how far outside the axis a number may lie."""
    low, high = limits
    return (low**2 / high, high**2 / low) if log else (low - 4 * (high - low), high + 4 * (high - low))


def _decades(low: float, high: float) -> list[float]:
    """Return the powers of ten between two numbers, at most seven of them; 1, 2 and 5 of each where there are few."""
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    powers = list(range(first, last + 1))
    if len(powers) >= 3:
        return [10.0**power for power in powers[:: -(-len(powers) // 7)]]
    steps = [factor * 10.0**power for power in range(first - 1, last + 1) for factor in (1, 2, 5)]
    return [float(f"{step:.1g}") for step in steps if low * (1 - 1e-9) <= step <= high * (1 + 1e-9)]
