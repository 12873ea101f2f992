"""The reference of the package: links from names in docstrings and chapters to it, and from it to the chapters.

autodoc writes the pages from the docstrings. Added here: an object is found under its public name, wherever it is
written; it names the chapters whose code uses it; and a name in a chapter's code leads to the reference.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

from code_links import link
from public_names import PublicNames, code_of

LOGGER = logging.getLogger(__name__)
DOCUMENTED = re.compile(r"automodule:: (\S+)")
CHAPTER = re.compile(r"^(\s*)Chapter: (.+)\.$")
CELL = re.compile(
    r'(<div class="highlight-(?:ipython3|python) [^>]*><div class="highlight"><pre>)(.*?)(</pre>)', re.DOTALL
)
FEW = 3


@dataclass
class Reference:
    """What the reference is made of: its names, and the chapters that use them, in the order of the book."""

    names: PublicNames
    titles: dict[str, str] = field(default_factory=dict)
    users: dict[str, list[str]] = field(default_factory=dict)


def read(app: Sphinx) -> None:
    """Find out, before any page is read, what is public and which chapters use it."""
    pages = {page: Path(app.srcdir, f"{page}.md") for page in app.config.external_site_map}
    texts = {page: path.read_text(encoding="utf8") for page, path in pages.items() if path.exists()}
    reference = Reference(PublicNames(name for text in texts.values() for name in DOCUMENTED.findall(text)))
    for page, text in texts.items():
        if "\nkernelspec:" in text:
            title = re.search(r"^# (.+)$", text, flags=re.MULTILINE)
            reference.titles[title[1] if title else page] = page
            for name in reference.names.used_in(code_of(pages[page])):
                reference.users.setdefault(name, []).append(page)
    app.unstuck_reference = reference  # type: ignore[attr-defined]


def name_chapters(app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Link the chapter that a docstring names, and add those whose code uses the object."""
    reference: Reference = app.unstuck_reference  # type: ignore[attr-defined]
    for number, line in enumerate(lines):
        named = CHAPTER.match(line)
        if named and named[2] not in reference.titles:
            LOGGER.warning("the docstring of %s names a chapter that is not in the book: %s", name, named[2])
        elif named:
            lines[number] = f"{named[1]}Chapter: :doc:`/{reference.titles[named[2]]}`."
    if name in reference.users:
        lines += ["", ".. container:: unstuck-used-in", "", f"   Used in {listed(reference.users[name])}.", ""]


def readable(
    app: Sphinx, what: str, name: str, obj: Any, options: Any, signature: str | None, returned: str | None
) -> tuple[str, str | None] | None:
    """Write a default that is made anew each time as dots: no Python could read the signature otherwise."""
    return (signature.replace("<factory>", "..."), returned) if signature else None


def listed(pages: list[str]) -> str:
    """Return the pages as a list in words: chapters by name, case files by name where they are few."""
    cases = [page for page in pages if "/cases/" in page]
    many = len(cases) > FEW
    shown = [f":doc:`/{page}`" for page in pages if not (many and page in cases)]
    if many:
        shown.append(f"{len(cases)} :doc:`case files </book/symptoms>`")
    return " and ".join(filter(None, [", ".join(shown[:-1]), shown[-1]]))


def resolve(app: Sphinx, env: BuildEnvironment, node: pending_xref, content: nodes.Element) -> nodes.Element | None:
    """Resolve a reference to a public object by the place where it is written."""
    reference: Reference = app.unstuck_reference  # type: ignore[attr-defined]
    target = str(node.get("reftarget", ""))
    name = reference.names.canonical(target) if node.get("refdomain") == "py" else None
    if name is None or name == target:
        return None
    domain = env.get_domain("py")
    return domain.resolve_xref(env, node["refdoc"], app.builder, "obj", name, node, content)


def link_code(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Link the names in a page's code."""
    reference: Reference = app.unstuck_reference  # type: ignore[attr-defined]
    bound: dict[str, str] = {}

    def address(name: str) -> str | None:
        entry = app.env.domaindata["py"]["objects"].get(reference.names.canonical(name))
        return f"{app.builder.get_relative_uri(page, entry.docname)}#{entry.node_id}" if entry else None

    def linked(cell: re.Match[str]) -> str:
        return cell[1] + link(cell[2], bound, address) + cell[3]

    if "body" in context:
        context["body"] = CELL.sub(linked, context["body"])


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("builder-inited", read)
    app.connect("autodoc-process-docstring", name_chapters)
    app.connect("autodoc-process-signature", readable)
    app.connect("missing-reference", resolve)
    app.connect("html-page-context", link_code)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
