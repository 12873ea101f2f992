"""What interactive figures are drawn of: lines, dots, bands, rules and words, still or moved by controls.

A mark that depends on controls takes its numbers for every combination of their values at once, with one leading axis a
control.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import contourpy
import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from unstuck.plots.controls import Control
from unstuck.plots.style import COLOURS, GREY

__all__ = ["Mark", "area", "contours", "dots", "line", "rule", "words"]

Kind = Literal["line", "point", "area", "rule", "text"]


@dataclass(frozen=True)
class Mark:
    """One thing that is drawn.

    Attributes
    ----------
    kind
        What it is in the grammar of graphics.
    columns
        Its numbers (``x``, ``y``, ``y2``) and words (``text``) by channel, each of shape ``(states, points)``.
    by
        The controls that it depends on; the states are their combinations, the last control running fastest.
    style
        Properties of the mark.
    until, at
        A control, up to whose index the points are drawn, or of whose index the only one that is.
    """

    kind: Kind
    columns: dict[str, NDArray[Any]]
    by: tuple[Control, ...] = ()
    style: dict[str, Any] = field(default_factory=dict)
    until: Control | None = None
    at: Control | None = None

    @property
    def controls(self) -> tuple[Control, ...]:
        """Return all controls that the mark depends on."""
        return (*self.by, *(control for control in (self.until, self.at) if control))

    def within(self, reach: dict[str, tuple[float, float]]) -> Mark:
        """Return the mark with its numbers moved to the ends of what each channel may reach, if they lie outside."""
        moved = {name: np.clip(values, *reach[name]) for name, values in self.columns.items() if name in reach}
        return replace(self, columns={**self.columns, **moved})

    def rows(self, digits: int = 4) -> list[dict[str, Any]]:
        """Return a row for each state, which holds all of its points, rounded; None where there is no number."""
        rounded = {name: [_plain(values, digits) for values in states] for name, states in self.columns.items()}
        count = len(next(iter(self.columns.values())))
        return [{"k": state, **{name: rounded[name][state] for name in rounded}} for state in range(count)]

    @property
    def state(self) -> str:
        """Return the expression for the index of the state that the controls are in."""
        index = "0"
        for control in self.by:
            index = control.name if index == "0" else f"({index}) * {len(control)} + {control.name}"
        return index


def line(
    x: ArrayLike,
    y: ArrayLike,
    by: Sequence[Control] = (),
    *,
    colour: str = COLOURS[0],
    width: float = 2.0,
    dash: bool = False,
    opacity: float = 1.0,
    dotted: bool = False,
    until: Control | None = None,
) -> Mark:
    """Draw a line from point to point, broken where a number is missing.

    Parameters
    ----------
    x, y
        Shape ``(..., points)`` with one leading axis for each control, or for those that do not matter none.
    by
        The controls that move it.
    colour, width, dash, opacity
        How it looks.
    dotted
        Whether each point has a dot.
    until
        A control whose index is that of the last point drawn.

    Returns
    -------
    Mark
        For a panel.
    """
    style: dict[str, Any] = {"color": colour, "strokeWidth": width, "opacity": opacity}
    style |= {"strokeDash": [6, 4]} if dash else {}
    style |= {"point": {"color": colour, "size": 22, "opacity": opacity}} if dotted else {}
    return Mark("line", _columns(by, x=x, y=y), tuple(by), style, until=until)


def dots(
    x: ArrayLike,
    y: ArrayLike,
    by: Sequence[Control] = (),
    *,
    colour: str = COLOURS[0],
    size: float = 45,
    opacity: float = 1.0,
    hollow: bool = False,
    until: Control | None = None,
    at: Control | None = None,
) -> Mark:
    """Draw points: all, those up to the index of the control `until`, or only that of the control `at`.

    The other parameters are those of :func:`line`; `size` is an area in square pixels.

    Returns
    -------
    Mark
        For a panel.
    """
    style: dict[str, Any] = {"color": colour, "size": size, "opacity": opacity, "filled": not hollow}
    style |= {"strokeWidth": 2} if hollow else {}
    return Mark("point", _columns(by, x=x, y=y), tuple(by), style, until=until, at=at)


def area(
    x: ArrayLike, low: ArrayLike, high: ArrayLike, by: Sequence[Control] = (), *, colour: str = COLOURS[0]
) -> Mark:
    """Fill the band between two curves; the parameters are those of :func:`line`.

    Returns
    -------
    Mark
        For a panel.
    """
    return Mark("area", _columns(by, x=x, y=low, y2=high), tuple(by), {"color": colour, "opacity": 0.18})


def rule(
    x: ArrayLike | None = None,
    y: ArrayLike | None = None,
    by: Sequence[Control] = (),
    *,
    colour: str = GREY,
    width: float = 1.3,
    dash: bool = True,
) -> Mark:
    """Draw a line across the panel, upright at `x` or level at `y`: a number, or one for each state of the controls.

    Returns
    -------
    Mark
        For a panel.

    Raises
    ------
    ValueError
        If neither or both of `x` and `y` are given.
    """
    if (x is None) == (y is None):
        raise ValueError("give either x or y")
    placed = {"x": np.asarray(x)[..., None]} if y is None else {"y": np.asarray(y)[..., None]}
    style = {"color": colour, "strokeWidth": width} | ({"strokeDash": [5, 4]} if dash else {})
    return Mark("rule", _columns(by, **placed), tuple(by), style)


def words(
    x: ArrayLike,
    y: ArrayLike,
    text: ArrayLike,
    by: Sequence[Control] = (),
    *,
    colour: str = GREY,
    align: Literal["left", "center", "right"] = "left",
) -> Mark:
    """Write a text at a point; place and text are single, or one for each state of the controls.

    Returns
    -------
    Mark
        For a panel.
    """
    placed = {name: np.asarray(value)[..., None] for name, value in (("x", x), ("y", y), ("text", text))}
    return Mark("text", _columns(by, **placed), tuple(by), {"color": colour, "align": align, "baseline": "middle"})


def contours(
    function: Callable[[Tensor], Tensor], xlim: tuple[float, float], ylim: tuple[float, float], levels: Sequence[float]
) -> Mark:
    """Draw the level lines of a function of the plane.

    Parameters
    ----------
    function
        Maps points of shape ``(..., 2)`` to values of shape ``(...)``.
    xlim, ylim
        The window.
    levels
        At which values.

    Returns
    -------
    Mark
        For a panel.
    """
    x, y = torch.linspace(*xlim, 81), torch.linspace(*ylim, 81)
    values = function(torch.stack(torch.meshgrid(x, y, indexing="xy"), dim=-1)).detach()
    drawn = contourpy.contour_generator(x.numpy(), y.numpy(), values.numpy())
    gap = np.full((1, 2), np.nan)
    pieces = [part for level in levels for curve in drawn.lines(level) for part in (np.asarray(curve), gap)]
    points = np.concatenate([gap, *pieces])
    style = {"color": GREY, "strokeWidth": 0.8, "opacity": 0.6}
    return Mark("line", _columns((), x=points[:, 0], y=points[:, 1]), (), style)


def _columns(by: Sequence[Control], **channels: ArrayLike) -> dict[str, NDArray[Any]]:
    """Return the channels in one shape, ``(states, points)``."""
    arrays = {name: np.asarray(values) for name, values in channels.items()}
    counts = tuple(len(control) for control in by)
    points = max(array.shape[-1] if array.ndim else 1 for array in arrays.values())
    for name, array in arrays.items():
        if array.ndim > 1 and array.shape[:-1] != counts:
            names = ", ".join(control.name for control in by) or "none"
            raise ValueError(f"{name} has the leading shape {array.shape[:-1]}; the controls ({names}) have {counts}")
    whole = {name: np.broadcast_to(array, (*counts, points)) for name, array in arrays.items()}
    return {name: array.reshape(-1, points) for name, array in whole.items()}


def _plain(values: NDArray[Any], digits: int) -> list[Any]:
    """Return values for JSON: whole numbers and words as they are, others rounded to so many significant digits."""
    if values.dtype.kind not in "fiu":
        return [str(value) for value in values]
    finite = [float(value) if np.isfinite(value) else None for value in values]
    rounded = [None if value is None else float(f"{value:.{digits}g}") for value in finite]
    return [int(value) if value is not None and value.is_integer() else value for value in rounded]
