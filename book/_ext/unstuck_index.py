"""The causes that the doctor names: the directive ``causes`` lists them, and the index leads to each.

An entry leads to the case file where the book has one, and to the list.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from docutils import nodes
from sphinx.addnodes import index, pending_xref
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform
from sphinx.util.docutils import SphinxDirective

CASES = "book/cases/"


def capital(text: str) -> str:
    """Return a text with a capital first letter."""
    return text[:1].upper() + text[1:]


def entry(slug: str, title: str, target: str) -> index:
    """Return what the index says of a cause: under *causes*, and under its own name."""
    entries = [("single", f"causes; {title}", target, "", None), ("single", f"{slug} (cause)", target, "", None)]
    return index(entries=entries)


class Causes(SphinxDirective):
    """List all causes by what they are about, each with its case file."""

    def run(self) -> list[nodes.Node]:
        """Return the list."""
        from unstuck.doctor.names import GROUPS

        blocks: list[nodes.Node] = []
        for group, causes in GROUPS.items():
            rows = [self.row(slug, title) for slug, title in causes.items()]
            blocks += [nodes.rubric("", capital(group)), nodes.definition_list("", *rows)]
        return blocks

    def row(self, slug: str, title: str) -> nodes.definition_list_item:
        """Return a cause: its name, what it is, and where the book tells its story."""
        from unstuck.doctor.names import case_file

        target = f"cause-{slug.replace('_', '-')}"
        told = nodes.paragraph("", f"{capital(title)}.")
        page = case_file(slug)
        if page:
            link = pending_xref(
                "", nodes.inline("", ""), refdomain="std", reftype="doc", reftarget=f"/book/{page}", refexplicit=False
            )
            link["refdoc"] = self.env.docname
            told += [nodes.Text(" Case file: "), link, nodes.Text(".")]
        name = nodes.term("", "", entry(slug, title, target), nodes.literal("", slug), ids=[target])
        return nodes.definition_list_item("", name, nodes.definition("", told))


class IndexCase(SphinxTransform):
    """Put the cause of the case file being read into the index."""

    default_priority = 800  # before Sphinx gathers the entries, at 850

    def apply(self, **_: Any) -> None:
        """Add the entries to the first section."""
        for slug in causes_of(self.env.docname):
            from unstuck.doctor.names import CAUSES

            section = next(iter(self.document.findall(nodes.section)))
            section.insert(1, entry(slug, CAUSES[slug], section["ids"][0]))


def causes_of(page: str) -> Iterator[str]:
    """Yield the cause that a page is the case file of, if it is one."""
    if page.startswith(CASES):
        from unstuck.doctor import names

        yield from (slug for slug in names.CASES if f"book/{names.case_file(slug)}" == page)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.add_directive("causes", Causes)
    app.add_transform(IndexCase)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
