"""Figures in one style: for light and dark pages, for colour-blind eyes, for a phone's width."""

from unstuck.plots.figures import band, contours, curves, images, label_lines, path, sweep_curves, sweep_final
from unstuck.plots.run import run_curves
from unstuck.plots.style import COLOURS, GREY, STYLE, draw, style

__all__ = [
    "COLOURS",
    "GREY",
    "STYLE",
    "band",
    "contours",
    "curves",
    "draw",
    "images",
    "label_lines",
    "path",
    "run_curves",
    "style",
    "sweep_curves",
    "sweep_final",
]
