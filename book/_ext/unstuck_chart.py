"""Interactive figures in the site: the picture of each, its controls, and a script that makes the one follow the other.

A chapter's cell shows an ``unstuck.plots.interactive`` figure as a picture and as Vega-Lite. MyST-NB puts the picture
into the page, as every picture; here the chart is compiled from the executed notebook and laid beside it. Other formats
than the site keep the picture alone.
"""

from __future__ import annotations

import json
import re
from html import escape
from pathlib import Path
from typing import Any

import vl_convert
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator

from unstuck_claims import executed_cells

MARGINS = 50  # pixels, of the text on a phone
MEDIA_TYPE = "application/vnd.vegalite.v6+json"
# vl-convert carries the library, each module under the address that it was taken from; none is asked.
LIBRARY = f"https://cdn.jsdelivr.net/npm/vega@{vl_convert.get_vega_version()}/+esm"


class Chart(nodes.General, nodes.Element):
    """Holds the picture of a figure; knows its name, its chart and what its controls are."""


def find_charts(app: Sphinx, doctree: nodes.document) -> None:
    """Wrap the picture of each interactive figure of the page just read."""
    cells = [cell for cell in doctree.findall(nodes.container) if cell.get("nb_element") == "cell_code"]
    executed = executed_cells(app, app.env.docname) if cells else []
    for cell in cells if executed else []:
        for output in executed[cell["cell_index"]].get("outputs", []):
            chart = output.get("data", {}).get(MEDIA_TYPE)
            for image in list(cell.findall(nodes.image)) if chart else []:
                figure = next((node for node in ancestors(image) if isinstance(node, nodes.figure)), None)
                name = (figure["ids"] or figure["names"])[0] if figure else f"{app.env.docname}-{cell['cell_index']}"
                from unstuck.plots.responsive import responsive  # here: a book without charts may have none

                wrapper = Chart("", name=name, spec=responsive(chart), meta=chart["usermeta"])
                wrapper["size"] = size("".join(output["data"]["image/svg+xml"]))
                image.replace_self(wrapper)
                wrapper += image


def ancestors(node: nodes.Node) -> list[nodes.Node]:
    """Return the nodes around a node, the nearest first."""
    return [node.parent, *ancestors(node.parent)] if node.parent is not None else []


def size(drawing: str) -> tuple[str, str]:
    """Return the width and height of a picture, in pixels."""
    root = drawing[: drawing.index(">")]
    width, height = (re.search(rf'\s{side}="([\d.]+)"', root) for side in ("width", "height"))
    if width is None or height is None:
        raise ValueError(f"no size in {root}")
    return width[1], height[1]


def visit_chart(self: HTML5Translator, node: Chart) -> None:
    """Write the files of a chart, and the page's part of it up to the picture."""
    if self.builder.name not in ("html", "dirhtml"):  # an e-book is made by the same translator, and runs no script
        return
    name, meta = node["name"], node["meta"]
    folder = Path(self.builder.outdir, "_static", "charts")
    folder.mkdir(parents=True, exist_ok=True)
    record = {"spec": node["spec"], **meta}
    packed = json.dumps(record, separators=(",", ":"), ensure_ascii=False)
    (folder / f"{name}.js").write_text(f"unstuckChart({json.dumps(name)},{packed});\n", encoding="utf8")
    from unstuck.plots.responsive import BREAK, MOST, NARROW, picture

    narrow = picture(node["spec"], NARROW)
    (folder / f"{name}.svg").write_text(narrow, encoding="utf8")
    width, height = size(narrow)
    source = f"{'../' * self.builder.current_docname.count('/')}_static/charts/{name}.svg"
    few = " chart-few" if len(meta["controls"]) <= 2 else ""
    self.body.append(
        f'<div class="chart{few}" data-chart="{escape(name)}" data-room="{MOST}">'
        f'<div class="chart-panel">{controls(name, meta)}{reading(meta)}</div>'
        f'<picture class="chart-picture"><source media="(max-width: {BREAK + MARGINS}px)" srcset="{source}" '
        f'width="{width}" height="{height}">'
    )


def depart_chart(self: HTML5Translator, node: Chart) -> None:
    """Close what was opened, with the place of the drawing."""
    if self.builder.name in ("html", "dirhtml"):
        width, height = node["size"]
        self.body[-1] = self.body[-1].replace("<img ", f'<img width="{width}" height="{height}" ')
        self.body.append('</picture><div class="chart-drawing" hidden></div></div>')


def controls(name: str, meta: dict[str, Any]) -> str:
    """Return the inputs of a figure, each with its label."""
    inputs = []
    for control in meta["controls"]:
        label, texts, start = escape(control["label"]), [escape(text) for text in control["texts"]], control["start"]
        this = f'id="{escape(name)}-{control["name"]}" name="{control["name"]}"'
        head = f'<label for="{escape(name)}-{control["name"]}">{label}</label>'
        if control["kind"] == "slider":
            inputs.append(
                f'{head}<output for="{escape(name)}-{control["name"]}" aria-hidden="true">{texts[start]}</output>'
                f'<input type="range" {this} min="0" max="{len(texts) - 1}" step="1" value="{start}" '
                f'aria-valuetext="{texts[start]}" autocomplete="off">'
            )
        else:
            options = "".join(
                f'<option value="{index}"{" selected" if index == start else ""}>{text}</option>'
                for index, text in enumerate(texts)
            )
            inputs.append(f'{head}<select {this} autocomplete="off">{options}</select>')
    divs = "".join(f'<div class="chart-control">{each}</div>' for each in inputs)
    return f'<div class="chart-controls" role="group" aria-label="Controls of this figure">{divs}</div>'


def reading(meta: dict[str, Any]) -> str:
    """Return the sentences that say what is seen at first, where they can change."""
    places = {control["name"]: (control["start"], len(control["texts"])) for control in meta["controls"]}
    said = []
    for each in meta["readings"]:
        index = 0
        for start, count in map(places.__getitem__, each["by"]):
            index = index * count + start
        said.append(escape(each["texts"][index]))
    return f'<p class="chart-reading" role="status">{" ".join(said)}</p>' if said else ""


def add_script(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    """Have the pages that hold charts, and only these, load the script."""
    if doctree is not None and next(doctree.findall(Chart), None) is not None:
        app.add_js_file("chart.js", loading_method="defer")


def write_library(app: Sphinx, exception: Exception | None) -> None:
    """Write the library that draws charts: the part of it that is used, as one script."""
    if exception is None and app.builder.name in ("html", "dirhtml"):
        taken = f'import {{ View, parse }} from "{LIBRARY}"; window.vega = {{ View, parse }};'
        module = vl_convert.javascript_bundle(taken)
        # a module is not loaded from a disk, and what a plain script declares outside a function is everybody's
        Path(app.outdir, "_static", "vega.js").write_text(f"(() => {{{module}\n}})();\n", encoding="utf8")


def passed(self: Any, node: Chart) -> None:
    """Leave the picture as it is."""


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    left = dict.fromkeys(("latex", "text", "man", "texinfo"), (passed, passed))
    app.add_node(Chart, html=(visit_chart, depart_chart), **left)
    app.connect("doctree-read", find_charts, priority=700)  # when the pictures have their texts
    app.connect("html-page-context", add_script)
    app.connect("build-finished", write_library)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
