"""Measured values where MyST-NB does not take them: in alt texts, and in prose without quotation marks.

In a cell's ``mystnb: {image: {alt: ...}}`` a name in braces, ``{first-median}`` or ``{first-median:.2f}``,
stands for the value that the chapter glued under that name. A name that was never glued, and a drawn image
without alt text, are warnings, and so fail the build.

In prose ``{glue}`` prints a string as Python would, in quotation marks: they are taken off.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from docutils import nodes
from myst_nb.core.variables import format_plain_text
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform
from sphinx.util import logging

LOGGER = logging.getLogger(__name__)
PLACEHOLDER = re.compile(r"\{([\w.-]+)(?::([^{}]*))?\}")


class UnquoteGlue(SphinxTransform):
    """Take the quotation marks off glued strings, before they are made typographic."""

    default_priority = 200

    def apply(self, **_: Any) -> None:
        """Change the values in the page."""
        for node in self.document.findall(nodes.inline):
            if {"output", "text_plain"} <= set(node["classes"]):
                node.children = []
                node += nodes.Text(format_plain_text(node.rawsource, ""))


def glued(app: Sphinx) -> dict[str, str]:
    """Return the values glued in the page just read, as Python prints them."""
    path = Path(app.env.mystnb_config.output_folder, f"{app.env.docname}.glue.json")
    if not path.exists():
        return {}
    bundles: dict[str, Any] = {
        name: output["data"] for name, output in json.loads(path.read_text(encoding="utf8")).items()
    }
    return {name: bundle["text/plain"] for name, bundle in bundles.items() if "text/plain" in bundle}


def is_output(node: nodes.Node) -> bool:
    """Tell whether a node holds what a code cell gave."""
    return isinstance(node, nodes.container) and node.get("nb_element") == "cell_code_output"


def describe_images(app: Sphinx, doctree: nodes.document) -> None:
    """Fill the alt texts of the page's drawn images, and warn of those that have none."""
    values = glued(app)
    for output in doctree.findall(is_output):
        for image in output.findall(nodes.image):
            alt = image.get("alt", "")
            unknown = [name for name, _ in PLACEHOLDER.findall(alt) if name not in values]
            if unknown:
                LOGGER.warning("alt text names %s, which was never glued", ", ".join(unknown), location=output)
            elif not alt.strip():
                LOGGER.warning("a code cell draws an image without alt text", location=output)
            else:
                image["alt"] = PLACEHOLDER.sub(lambda match: format_plain_text(values[match[1]], match[2] or ""), alt)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.add_transform(UnquoteGlue)
    app.connect("doctree-read", describe_images)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
