"""Terms of the glossary are links where a chapter first uses them, and the glossary says where each is defined.

A term that a chapter defines itself stands in bold there; from then on it is not linked, and neither is it before
its first use in running text: headings, captions, tables, code and what is folded away are left as they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.transforms.post_transforms import SphinxPostTransform

from glossary_terms import Terms
from unstuck_claims import enclosing_section, reading_order

NOT_IN = (
    nodes.title, nodes.rubric, nodes.caption, nodes.legend, nodes.table, nodes.literal, nodes.literal_block, nodes.raw,
    nodes.math, nodes.math_block, nodes.reference, nodes.emphasis, nodes.strong, nodes.footnote, nodes.citation,
    nodes.substitution_definition, pending_xref,
)  # fmt: skip


def terms_of(env: BuildEnvironment) -> Terms:
    """Return the terms of the glossary."""
    names = (name for kind, name in env.domaindata["std"]["objects"] if kind == "term")
    return Terms(names)


def is_chapter(env: BuildEnvironment, page: str) -> bool:
    """Tell whether a page is a chapter or a case file."""
    return "kernelspec" in env.metadata.get(page, {})


def in_prose(node: nodes.Node) -> bool:
    """Tell whether a node stands in running text that a reader sees at once."""
    inside_paragraph = False
    while node.parent is not None:
        node = node.parent
        inside_paragraph |= isinstance(node, nodes.paragraph)
        classes = node.get("classes", []) if isinstance(node, nodes.Element) else []
        if (
            isinstance(node, NOT_IN)
            or "dropdown" in classes
            or node.get("nb_element")
            or type(node).__name__.endswith("title")
        ):
            return False
    return inside_paragraph


def first_uses(doctree: nodes.document, terms: Terms) -> Iterator[tuple[nodes.Text, int, int, str]]:
    """Yield where each term is first used, unless it was defined or linked before."""
    seen: set[str] = set()
    for node in doctree.findall():
        if isinstance(node, nodes.strong):
            seen.add(terms.named(node.astext()) or "")
        elif isinstance(node, pending_xref) and node.get("reftype") == "term":
            seen.add(terms.named(node["reftarget"]) or "")
        elif isinstance(node, nodes.Text) and in_prose(node):
            for start, end, term in terms.uses(node.astext()):
                if term not in seen:
                    seen.add(term)
                    yield node, start, end, term


class LinkTerms(SphinxPostTransform):
    """Make links of the first uses."""

    default_priority = 5  # before references are resolved

    def run(self, **_: Any) -> None:
        """Change the chapter."""
        page = self.env.docname
        if not is_chapter(self.env, page):
            return
        found: dict[nodes.Text, list[tuple[int, int, str]]] = {}
        for node, start, end, term in first_uses(self.document, terms_of(self.env)):
            found.setdefault(node, []).append((start, end, term))
        for node, uses in found.items():
            node.parent.replace(node, list(self.linked(page, node.astext(), uses)))

    def linked(self, page: str, text: str, uses: list[tuple[int, int, str]]) -> Iterator[nodes.Node]:
        """Yield a text in pieces, the terms in it as links."""
        done = 0
        for start, end, term in uses:
            yield nodes.Text(text[done:start])
            shown = nodes.inline("", text[start:end], classes=["term"])
            reference = pending_xref("", shown, refdomain="std", reftype="term", reftarget=term, refexplicit=True)
            reference["refdoc"] = page
            yield reference
            done = end
        yield nodes.Text(text[done:])


def find_definitions(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Keep, for each term, the chapter that defines it, or else the one that first uses it."""
    terms = terms_of(env)
    defined: dict[str, tuple[str, str]] = {}
    used: dict[str, tuple[str, str]] = {}
    for page in filter(lambda name: is_chapter(env, name), reading_order(app)):
        doctree = env.get_doctree(page)
        for strong in doctree.findall(nodes.strong):
            defined.setdefault(terms.named(strong.astext()) or "", (page, enclosing_section(strong)))
        for node, _, _, term in first_uses(doctree, terms):
            used.setdefault(term, (page, enclosing_section(node)))
    app.unstuck_terms = {"Defined in": defined, "First used in": {**used, **dict.fromkeys(defined)}}  # type: ignore[attr-defined]
    return []


def say_where(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Add to each entry of the glossary where the book defines the term."""
    for item in doctree.findall(nodes.definition_list_item):
        if not isinstance(item.parent.parent, nodes.Element) or "glossary" not in item.parent["classes"]:
            continue
        name = item[0].astext()
        for said, places in app.unstuck_terms.items():  # type: ignore[attr-defined]
            if places.get(name):
                chapter, section = places[name]
                address = f"{app.builder.get_relative_uri(page, chapter)}#{section}"
                link = nodes.reference("", app.env.titles[chapter].astext(), refuri=address, internal=True)
                item[-1] += nodes.paragraph("", f"{said} ", link, nodes.Text("."), classes=["unstuck-defined-in"])


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.add_post_transform(LinkTerms)
    app.connect("env-updated", find_definitions)
    app.connect("doctree-resolved", say_where)
    return {"parallel_read_safe": True, "parallel_write_safe": False}
