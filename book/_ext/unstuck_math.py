"""Mathematics set at build: MathJax reads TeX here, in an embedded V8, and no page carries a script for it.

A page holds MathML, which every browser sets and every screen reader reads, and one font for it, cut to the
characters of this book. A formula that MathJax cannot read is a warning, and so fails the build.
"""

from __future__ import annotations

import functools
import importlib.util
import io
import logging
import re
from pathlib import Path

from docutils import nodes
from fontTools import subset
from fontTools.ttLib import TTFont
from py_mini_racer import MiniRacer
from sphinx.application import Sphinx
from sphinx.util import logging as sphinx_logging
from sphinx.util.math import get_node_equation_number
from sphinx.writers.html5 import HTML5Translator

import unstuck_mathml

LOGGER = sphinx_logging.getLogger(__name__)
logging.getLogger("fontTools").setLevel(logging.WARNING)
FONT = "_static/math.woff2"
COMPONENTS = ("startup.js", "core.js", "adaptors/liteDOM.js", "input/tex-full.js")
# The components are handed to MathJax one after the other: it has nothing to load, and nowhere to load it from.
CONFIGURE = """
var MathJax = {
  startup: {typeset: false},
  loader: {load: [], paths: {mathjax: "."}, require: () => ({})},
  tex: {packages: ["base", "ams", "newcommand", "boldsymbol", "mathtools"]},
};
"""
START = "MathJax.startup.getComponents(); MathJax.startup.makeMethods();"
CALL = "((tex, display) => MathJax.tex2mml(tex, {display}))"
# What pages do not name and browsers draw: the root's sign, and the italic alphabets for a letter by itself.
DRAWN = {0x221A, *range(0x1D434, 0x1D468), 0x210E, *range(0x1D6A4, 0x1D6A6), *range(0x1D6E2, 0x1D71C)}


def package_file(package: str, path: str) -> Path:
    """Return a file that an installed package brings."""
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        raise ModuleNotFoundError(f"{package} is not installed: mathematics would not be set")
    return Path(found.origin).parent / path


class Typesetter:
    """MathJax, started once a build, and the characters that its formulas hold."""

    def __init__(self) -> None:
        self.engine = MiniRacer()
        self.engine.eval(CONFIGURE)
        for component in COMPONENTS:
            file = package_file("sphinx-mathjax-offline", f"static/mathjax/{component}")
            self.engine.eval(file.read_text(encoding="utf8"))
        self.engine.eval(START)
        self.convert = self.engine.eval(CALL)
        self.characters = {*range(0x20, 0x7F), *DRAWN}

    def mathml(self, tex: str, *, display: bool) -> str:
        """Return a formula as MathML."""
        formula = unstuck_mathml.tidy(str(self.convert(tex, display)))
        self.characters |= {ord(character) for character in re.sub(r"<[^>]*>", "", formula)}
        return formula


@functools.cache
def typesetter() -> Typesetter:
    """Return the one typesetter of this build, which knows the characters of every page."""
    return Typesetter()


def markup(tex: str, node: nodes.Element, *, display: bool) -> str:
    """Return a formula as MathML; warn where MathJax cannot read it."""
    formula = typesetter().mathml(tex, display=display)
    if "<merror" in formula:
        LOGGER.warning("mathematics that cannot be read: %s", tex, location=node)
    return formula


def aligned(tex: str) -> str:
    """Return a displayed formula with the environment that its lines need, as Sphinx has it."""
    parts = [part for part in tex.split("\n\n") if part.strip()]
    lines = r" \\ ".join(rf"\begin{{split}}{part}\end{{split}}" if r"\\" in part else part for part in parts)
    return lines if len(parts) == 1 else rf"\begin{{aligned}}{lines}\end{{aligned}}"


def visit_math(writer: HTML5Translator, node: nodes.math) -> None:
    """Write a formula that stands in a line of text."""
    formula = markup(node.astext(), node, display=False)
    writer.body.append(writer.starttag(node, "span", "", CLASS="math notranslate nohighlight") + formula + "</span>")
    raise nodes.SkipNode


def visit_displaymath(writer: HTML5Translator, node: nodes.math_block) -> None:
    """Write a formula that stands by itself, with its number where it has one."""
    tex = node.astext() if node["nowrap"] else aligned(node.astext())
    writer.body.append(writer.starttag(node, "div", CLASS="math notranslate nohighlight"))
    if node["number"]:
        writer.body.append(f'<span class="eqno">({get_node_equation_number(writer, node)})')
        writer.add_permalink_ref(node, "Link to this equation")
        writer.body.append("</span>")
    writer.body.append(markup(tex, node, display=True) + "</div>\n")
    raise nodes.SkipNode


def write_font(app: Sphinx, exception: Exception | None) -> None:
    """Write the font for mathematics, cut to the characters of this book."""
    if exception is not None or app.builder.format != "html":
        return
    font = TTFont(package_file("ziamath", "fonts/STIXTwoMath-Regular.ttf"))
    cut = subset.Subsetter(subset.Options(layout_features=["ssty", "dtls"], glyph_names=False, hinting=False))
    cut.populate(unicodes=typesetter().characters)
    cut.subset(font)
    font.flavor = "woff2"
    written = io.BytesIO()
    font.save(written)
    Path(app.outdir, FONT).write_bytes(written.getvalue())


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.add_html_math_renderer("unstuck", (visit_math, None), (visit_displaymath, None))
    app.connect("build-finished", write_font)
    return {"parallel_read_safe": True, "parallel_write_safe": False}
