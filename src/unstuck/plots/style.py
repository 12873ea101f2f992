"""One style for every figure: for light and dark pages, for colour-blind eyes, for a phone's width."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import matplotlib.pyplot as plt
from cycler import cycler
from matplotlib import RcParams
from matplotlib.figure import Figure

from unstuck.files import replacing

__all__ = ["COLOURS", "GREY", "STYLE", "draw", "style"]

# Told apart by colour-blind eyes, and at least 3:1 in contrast on white; the site inverts lightness on dark pages.
COLOURS = ("#0067b8", "#c44e00", "#00805c", "#9b3aa5", "#8a6a00", "#5a6270")
GREY = "#5a6270"

STYLE = RcParams(
    {
        "axes.edgecolor": GREY,
        "axes.grid": True,
        "axes.labelcolor": "#222222",
        "axes.labelsize": 11,
        "axes.linewidth": 0.8,
        "axes.prop_cycle": cycler(color=COLOURS),
        "axes.spines.right": False,
        "axes.spines.top": False,
        "axes.titlesize": 11.5,
        "axes.titlelocation": "left",
        "figure.constrained_layout.use": True,
        "figure.dpi": 100,
        "figure.facecolor": "none",
        "figure.figsize": (6.0, 3.2),
        "axes.facecolor": "none",
        "savefig.facecolor": "none",
        "font.family": "DejaVu Sans",
        "font.size": 10.5,
        "grid.alpha": 0.25,
        "grid.color": GREY,
        "grid.linewidth": 0.6,
        "legend.frameon": False,
        "lines.linewidth": 2.0,
        "svg.fonttype": "path",
        "svg.hashsalt": "unstuck",
        "xtick.color": "#444444",
        "ytick.color": "#444444",
    }
)


def style() -> None:
    """Set the book's style for every figure that follows, and show figures as SVG in a notebook.

    The same figure gives the same file, byte for byte, so that a chapter's second run can be compared with its first.
    """
    plt.rcParams.update(STYLE)
    try:
        from IPython import get_ipython
        from matplotlib_inline.backend_inline import set_matplotlib_formats
    except ImportError:  # a plain program
        return
    if get_ipython() is not None:
        set_matplotlib_formats("svg", metadata={"Date": None}, bbox_inches="tight")  # type: ignore[no-untyped-call]


def draw(figure: Callable[[], Figure], path: Path) -> None:
    """Draw a figure in the book's style into a file, on white; the same figure gives the same file, byte for byte.

    Parameters
    ----------
    figure
        Makes it.
    path
        Ending in ``.png``, ``.svg`` or ``.pdf``; written whole or not at all.
    """
    kind = path.suffix[1:]
    undated = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(kind)
    with plt.ioff(), plt.rc_context(STYLE), replacing(path) as unfinished:
        drawn = figure()
        try:
            drawn.savefig(unfinished, format=kind, dpi=200, facecolor="white", metadata=undated)
        finally:
            plt.close(drawn)
