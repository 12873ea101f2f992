"""From Vega-Lite to the Vega that the site draws: panels beside each other where there is room, else in one column."""

from __future__ import annotations

import json
import re
from typing import Any

from unstuck.plots.needs import vl_convert

__all__ = ["BREAK", "MOST", "NARROW", "WIDE", "picture", "responsive"]

WIDE, NARROW = 640, 300  # pixels, of pictures: they fit the column of text, and that of a phone
MOST = 680  # of a chart
BREAK = 540  # from here on two panels fit beside each other
_GAP, _MARGIN = 22, 72  # between panels; of each, its axis and what its labels need on the right

Spec = dict[str, Any]


def responsive(chart: Spec, room: int = WIDE) -> Spec:
    """Compile a chart of :func:`~unstuck.plots.interactive`, whose panels then follow the signal ``room``.

    Parameters
    ----------
    chart
        Vega-Lite, its panels named ``wide_...`` and ``half_...``.
    room
        The width at first, in pixels.

    Returns
    -------
    dict
        Vega: without the bindings to inputs, which the site makes itself.
    """
    vega: Spec = json.loads(json.dumps(vl_convert().vegalite_to_vega(chart)))
    one, two = f"room - {_MARGIN}", f"(room - {_GAP}) / 2 - {_MARGIN}"
    if vega.pop("width", None):  # of the only panel
        vega["signals"].append({"name": "width", "update": one})
    for signal in vega["signals"]:
        signal.pop("bind", None)
        if signal["name"].endswith(("_width", "_childWidth")):
            beside = signal["name"].startswith("half_")
            signal["update"] = f"columns == 2 ? {two} : {one}" if beside else one
            del signal["value"]
    columns = {"name": "columns", "update": f"room < {BREAK} ? 1 : 2"}
    vega["signals"] = [{"name": "room", "value": room}, columns, *vega["signals"]]
    _let_columns_follow(vega)
    return vega


def _let_columns_follow(node: Spec) -> None:
    """Have every layout of two columns ask the signal how many there are."""
    layout = node.get("layout", {})
    if layout.get("columns") == 2:
        layout["columns"] = {"signal": "columns"}
    for child in node.get("marks", []):
        _let_columns_follow(child)


def picture(vega: Spec, room: int = WIDE) -> str:
    """Draw a chart as it stands at first.

    Parameters
    ----------
    vega
        What :func:`responsive` returns.
    room
        The width, in pixels.

    Returns
    -------
    str
        SVG.
    """
    signals = [{**signal, "value": room} if signal["name"] == "room" else signal for signal in vega["signals"]]
    drawn = str(vl_convert().vega_to_svg({**vega, "signals": signals}))
    # the names of what is cut off count on from picture to picture: begin anew
    names = dict.fromkeys(re.findall(r'id="(clip\d+)"', drawn))
    numbers = {name: f"clip{number}" for number, name in enumerate(names)}
    return re.sub(r"\bclip\d+\b", lambda name: numbers[name[0]], drawn)
