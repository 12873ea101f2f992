"""What a page offers beside itself: the book to take along, a place to run it, and a way to say what is wrong with it.

The last two need the repository's address (see ``unstuck_site``).
"""

from __future__ import annotations

from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import quote

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from along.archive import write_archive
from along.offers import DOWNLOADS, PLACE, refresh
from unstuck_site import branch, is_chapter, repository

TEMPLATE = """**Where**: {title} ({address})
**Version**: {version}

**What I read, did or ran**:


**What I expected, and what I found**:

"""


class Offers(SphinxDirective):
    """Stands where the list of files comes, which is written once they are made."""

    def run(self) -> list[nodes.Node]:
        """Return the place of the list."""
        return [nodes.container("", ids=[PLACE])]


def offer(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Complete the buttons at the top of a page."""
    buttons: list[dict[str, Any]] = context.get("header_buttons", [])
    for group in buttons:
        if group.get("label") == "download-buttons" and "book/take_along" in app.env.found_docs:
            group["buttons"].append(whole_book(app, page))
        if group.get("label") == "source-buttons":
            for button in group["buttons"]:
                if button["label"] == "source-issues-button":
                    button["url"] = feedback(context.get("title", page), page, app.config.html_baseurl)
                    button["text"] = button["tooltip"] = "Say what is wrong"


def whole_book(app: Sphinx, page: str) -> dict[str, Any]:
    """Return the entry of the download menu that leads to the page of the whole book."""
    return {
        "type": "link",
        "url": app.builder.get_relative_uri(page, "book/take_along"),
        "text": "whole book",
        "tooltip": "PDF, ePub and notebooks",
        "icon": "fas fa-download",
        "label": "download-book-button",
    }


def feedback(title: str, page: str, base: str) -> str:
    """Return the address of a new issue on a page, filled in as far as is known."""
    plain = nodes.unescape(title)
    address = f"{base.rstrip('/')}/{page}.html" if base else f"{page}.html"
    body = TEMPLATE.format(title=plain, address=address, version=metadata.version("unstuck"))
    return f"{repository()}/issues/new?title={quote(f'{plain}: ')}&body={quote(body)}"


def write_environment(app: Sphinx) -> None:
    """Leave beside the published notebooks what Binder makes their environment from."""
    text = Path(app.srcdir, "environment.yml").read_text(encoding="utf8")
    install = f'"unstuck @ git+{repository()}@{branch()}"'
    target = Path(app.outdir, "binder", "environment.yml")
    target.parent.mkdir(exist_ok=True)
    target.write_text(text.replace("      - -e .\n", f"      - {install}\n"), encoding="utf8")


def finish(app: Sphinx, exception: Exception | None) -> None:
    """Write the files, and link those that there are."""
    if exception is not None or app.builder.format != "html":
        return
    root, site = Path(app.srcdir), Path(app.outdir)
    notebooks = [site / "_sources" / f"{page}.ipynb" for page in app.env.found_docs if is_chapter(app, page)]
    write_archive(root, notebooks, site / "_sources", site / DOWNLOADS / "unstuck-notebooks.zip")
    if repository() and (root / "environment.yml").exists():
        write_environment(app)
    refresh(site)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.add_directive("offers", Offers)
    app.connect("html-page-context", offer, priority=650)  # after the theme's buttons
    app.connect("build-finished", finish, priority=900)  # after the notebooks are written
    return {"parallel_read_safe": True, "parallel_write_safe": True}
