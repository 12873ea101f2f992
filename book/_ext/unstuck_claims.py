"""The directive ``claims``: a list of every claim that the chapters made, with its measurement and a link.

``unstuck.claims.claim`` emits, beside what readers see, a record of the claim under a media type of its own.
The records are read from the executed notebooks, so that the list says what was measured, never what was typed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
from docutils import nodes
from jupyter_cache import get_cache
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

MEDIA_TYPE = "application/vnd.unstuck.claim+json"


class ClaimList(nodes.General, nodes.Element):
    """Stands where the list comes, until every chapter has been read."""


class Claims(SphinxDirective):
    """Put the list here."""

    def run(self) -> list[nodes.Node]:
        """Return the place of the list."""
        return [ClaimList()]


def collect(app: Sphinx, doctree: nodes.document) -> None:
    """Keep the claims of the chapter just read, each with the section that makes it."""
    page = app.env.docname
    records: list[dict[str, Any]] = []
    cells = [cell for cell in doctree.findall(nodes.container) if cell.get("nb_element") == "cell_code"]
    executed = executed_cells(app, page) if cells else []
    for cell in cells if executed else []:
        section = enclosing_section(cell)
        outputs = executed[cell["cell_index"]].get("outputs", [])
        made = [output["data"] for output in outputs if MEDIA_TYPE in output.get("data", {})]
        records += [{**data[MEDIA_TYPE], "evidence": evidence(data), "section": section} for data in made]
    all_claims(app)[page] = records


def executed_cells(app: Sphinx, page: str) -> list[Any]:
    """Return a chapter's cells with all their outputs; none if it raised, for which the build fails anyway.

    They are in the cache of executed chapters, always. The notebook that MyST-NB leaves behind has them only in the
    build that executed it.
    """
    path = Path(app.env.mystnb_config.output_folder, f"{page}.ipynb")
    if not path.exists():
        return []
    try:
        _, notebook = get_cache(Path(app.outdir).parent / ".jupyter_cache").merge_match_into_notebook(
            nbformat.read(path, as_version=4)
        )
    except KeyError:
        return []
    return list(notebook.cells)


def all_claims(app: Sphinx) -> dict[str, list[dict[str, Any]]]:
    """Return the claims read so far, by page."""
    if not hasattr(app.env, "unstuck_claims"):
        app.env.unstuck_claims = {}  # type: ignore[attr-defined]
    claims: dict[str, list[dict[str, Any]]] = app.env.unstuck_claims
    return claims


def enclosing_section(node: nodes.Node) -> str:
    """Return the anchor of the section around a node."""
    while node.parent is not None:
        node = node.parent
        if isinstance(node, nodes.section):
            return str(node["ids"][0])
    return ""


def list_claims(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Replace the place of the list by the list, chapters in the order of the book."""
    for place in list(doctree.findall(ClaimList)):
        chapters = [name for name in reading_order(app) if all_claims(app).get(name)]
        blocks: list[nodes.Node] = [summary([all_claims(app)[chapter] for chapter in chapters])] if chapters else []
        for chapter in chapters:
            address = app.builder.get_relative_uri(page, chapter)
            title = nodes.reference("", app.env.titles[chapter].astext(), refuri=address, internal=True)
            blocks.append(nodes.rubric("", "", title))
            blocks += [block(app, page, chapter, claim) for claim in all_claims(app)[chapter]]
        place.replace_self(blocks or [nodes.paragraph("", "No chapter makes a claim yet.")])


def summary(chapters: list[list[dict[str, Any]]]) -> nodes.paragraph:
    """Return how many claims there are, and on how many runs they rest."""
    claims = [claim for chapter in chapters for claim in chapter]
    seeded = [claim for claim in claims if claim["seeds"]]
    text = (
        f"There are {len(claims)} claims on {len(chapters)} pages. "
        f"{len(seeded)} of them depend on chance: they were checked on {sum(claim['seeds'] for claim in seeded)} runs "
        f"in all, and held on {sum(claim['held'] for claim in seeded)}."
    )
    return nodes.paragraph("", text)


def block(app: Sphinx, page: str, chapter: str, claim: dict[str, Any]) -> nodes.container:
    """Return one claim: its sentence, which links to where it is made, and its measurement."""
    address = app.builder.get_relative_uri(page, chapter) + f"#{claim['section']}"
    sentence = nodes.paragraph("", "", nodes.reference("", f"{claim['statement']}.", refuri=address, internal=True))
    measured = nodes.paragraph("", claim["evidence"], classes=["claim-measured"])
    return nodes.container("", sentence, measured, classes=["claim"])


def evidence(data: dict[str, Any]) -> str:
    """Return what was measured, and on what it rests, in the words of the claim itself."""
    return "".join(data["text/plain"]).removeprefix(f"{data[MEDIA_TYPE]['statement']}. ")


def reading_order(app: Sphinx) -> list[str]:
    """Return the pages as the table of contents lists them."""
    order = [app.config.root_doc]
    for page in order:
        order += [child for child in app.env.toctree_includes.get(page, []) if child not in order]
    return order


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.add_directive("claims", Claims)
    app.add_node(ClaimList)
    app.connect("doctree-read", collect)
    app.connect("doctree-resolved", list_claims)
    return {"parallel_read_safe": False, "parallel_write_safe": True}
