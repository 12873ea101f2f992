"""A figure as an element of a page, in the ink of that page."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from unstuck.plots import COLOURS, GREY, STYLE

__all__ = ["INK", "SHADES", "svg"]

INK = "#222222"  # becomes the colour of the text around the figure
SHADES = (*COLOURS[:4], GREY)  # that a page may redefine, as --doctor-0 and so on, where its ground is dark


def svg(draw: Callable[[], Figure]) -> str:
    """Return a figure as an ``<svg>`` element, whatever the watched program has set drawing to.

    Parameters
    ----------
    draw
        Makes the figure; apart from pyplot, which may be in use.

    Returns
    -------
    str
        As wide as there is room, with real text, and without identifiers or addresses.
    """
    ours: dict[Any, Any] = {**STYLE, "font.size": 9.5, "axes.labelsize": 10, "text.color": INK}
    ours |= {"svg.fonttype": "none", "text.parse_math": False}  # names are shown as they are, a dollar sign included
    unsigned = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    with mpl.rc_context(), warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        mpl.rcParams.update(mpl.rcParamsDefault)
        mpl.rcParams.update(ours)
        written = io.StringIO()
        draw().savefig(written, format="svg", bbox_inches="tight", pad_inches=0.03, metadata=unsigned)
    element = written.getvalue()
    element = element[element.index("<svg") :]
    element = re.sub(r' xmlns(:\w+)?="[^"]*"', "", element)  # a page needs none of them
    element = re.sub(r'<svg [^>]*viewBox="([^"]*)"[^>]*>', r'<svg viewBox="\1" width="100%">', element, count=1)
    element = re.sub(r'<g id="[^"]*">', "<g>", element)  # which would stand there once for each picture
    element = re.sub(r"(font: [^\";]*?px) [^\";]*", r"\1 sans-serif", element)
    element = re.sub(r"font-family: [^\";]*", "font-family: sans-serif", element)
    for dark in (INK, STYLE["xtick.color"]):
        element = element.replace(dark, "currentColor")
    for place, colour in enumerate(SHADES):
        element = element.replace(colour, f"var(--doctor-{place}, {colour})")
    return element
