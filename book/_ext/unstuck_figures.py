"""Alt texts for the figures that chapters draw: measured numbers in them, and none without one.

In a cell's ``mystnb: {image: {alt: ...}}`` a name in braces, ``{first-median}``, stands for the value that the
chapter glued under that name. A name that was never glued, and a drawn image without alt text, are warnings, and so
fail the build.
"""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging

LOGGER = logging.getLogger(__name__)
PLACEHOLDER = re.compile(r"\{([\w.:-]+)\}")


def glued(app: Sphinx) -> dict[str, str]:
    """Return the values glued in the page just read, as plain text."""
    path = Path(app.env.mystnb_config.output_folder, f"{app.env.docname}.glue.json")
    if not path.exists():
        return {}
    outputs: dict[str, Any] = json.loads(path.read_text(encoding="utf8"))
    return {
        name: plain(output["data"]["text/plain"])
        for name, output in outputs.items()
        if "text/plain" in output["data"]
    }


def plain(representation: str) -> str:
    """Return a value's text: a string without its quotes, anything else as it is printed."""
    try:
        value = ast.literal_eval(representation)
    except (SyntaxError, ValueError):
        return representation
    return value if isinstance(value, str) else representation


def describe_images(app: Sphinx, doctree: nodes.document) -> None:
    """Fill the alt texts of the page's drawn images, and warn of those that have none."""
    values = glued(app)
    for output in doctree.findall(
        lambda node: (
            node.get("nb_element") == "cell_code_output" if isinstance(node, nodes.Element) else False
        )
    ):
        for image in output.findall(nodes.image):
            unknown = [name for name in PLACEHOLDER.findall(image.get("alt", "")) if name not in values]
            if unknown:
                LOGGER.warning("alt text names %s, which was never glued", ", ".join(unknown), location=image)
            elif not image.get("alt", "").strip():
                LOGGER.warning("a code cell draws an image without alt text", location=output)
            else:
                image["alt"] = PLACEHOLDER.sub(lambda match: values[match[1]], image["alt"])


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("doctree-read", describe_images)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
