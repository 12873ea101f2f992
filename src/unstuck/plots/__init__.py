"""Figures in one style: for light and dark pages, for colour-blind eyes, for a phone's width."""

from unstuck.plots import marks
from unstuck.plots.chart import Interactive, interactive, panel
from unstuck.plots.controls import choice, slider
from unstuck.plots.figures import band, contours, curves, images, label_lines, path, sweep_curves, sweep_final
from unstuck.plots.run import run_curves
from unstuck.plots.style import COLOURS, GREY, STYLE, draw, style

__all__ = [
    "COLOURS",
    "GREY",
    "STYLE",
    "Interactive",
    "band",
    "choice",
    "contours",
    "curves",
    "draw",
    "images",
    "interactive",
    "label_lines",
    "marks",
    "panel",
    "path",
    "run_curves",
    "slider",
    "style",
    "sweep_curves",
    "sweep_final",
]
