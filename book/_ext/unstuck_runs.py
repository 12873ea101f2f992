"""The directive ``runs``: what was executed, when, how long it took, and with which versions on what machine."""

from __future__ import annotations

import json
import os
import platform
import re
import time
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import Any

from docutils import nodes
from myst_nb.sphinx_ import NbMetadataCollector
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from unstuck_claims import reading_order
from unstuck_runtime import duration


class RunTables(nodes.General, nodes.Element):
    """Stands where the tables come, until every chapter has been read."""


class Runs(SphinxDirective):
    """Put the tables here."""

    def run(self) -> list[nodes.Node]:
        """Return the place of the tables."""
        return [RunTables()]


def fill(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Replace the place of the tables by the tables."""
    for place in list(doctree.findall(RunTables)):
        place.replace_self([*chapters(app, page), *machines(app), *versions()])


def recorded(app: Sphinx) -> dict[str, dict[str, Any]]:
    """Return what was recorded of earlier runs, by profile."""
    path = Path(app.srcdir, "book", "runtimes.json")
    known: dict[str, dict[str, Any]] = json.loads(path.read_text()) if path.exists() else {}
    return known


def chapters(app: Sphinx, page: str) -> list[nodes.Node]:
    """Return the table of what each chapter took: in this build, and as recorded for the other profile."""
    present = os.environ.get("UNSTUCK_PROFILE") or "quick"
    other = "full" if present == "quick" else "quick"
    known = recorded(app).get(other, {"seconds": {}})["seconds"]
    rows: list[list[nodes.Node | str]] = []
    total = 0.0
    for chapter in reading_order(app):
        run = NbMetadataCollector.get_exec_data(app.env, chapter)
        if run:
            title = app.env.titles[chapter].astext()
            link = nodes.reference("", title, refuri=app.builder.get_relative_uri(page, chapter), internal=True)
            when = time.strftime("%Y-%m-%d\N{NO-BREAK SPACE}%H:%M", time.gmtime(run["mtime"]))
            total += run["runtime"] or 0
            rows.append(
                [
                    link,
                    when,
                    duration(run["runtime"] or 0),
                    duration(known[chapter]) if chapter in known else "not recorded",
                ]
            )
    all_known = duration(sum(known.values())) if known else "not recorded"
    rows.append([nodes.strong("", "Together"), "", duration(total), f"{all_known} for {len(known)} of {len(rows)}"])
    heads = ["Chapter", "Executed (UTC)", f"{present}, this build", f"{other}, recorded"]
    return [nodes.rubric("", "Chapters"), table(heads, rows)]


def machines(app: Sphinx) -> list[nodes.Node]:
    """Return the table of the machines that the times were measured on."""
    rows: list[list[nodes.Node | str]] = [
        [
            "this build",
            processor(),
            f"{platform.system()}, Python {platform.python_version()}, PyTorch {metadata.version('torch')}",
        ]
    ]
    for profile, record in sorted(recorded(app).items()):
        rows.append(
            [f"{profile}, recorded", record["machine"], f"Python {record['python']}, PyTorch {record['torch']}"]
        )
    return [nodes.rubric("", "Machines"), table(["Times", "Machine", "Software"], rows)]


def processor() -> str:
    """Return what the chapters of this build ran on."""
    listing = Path("/proc/cpuinfo")
    names = re.findall(r"model name\s*: (.+)", listing.read_text()) if listing.exists() else []
    name = names[0] if names else platform.processor() or platform.machine()
    return f"{os.cpu_count()} CPU cores ({name})"


def versions() -> list[nodes.Node]:
    """Return the table of the packages that the book needs, as installed."""
    wanted = [requirement for requirement in metadata.requires("unstuck") or () if used(requirement)]
    names = sorted({re.split(r"[^\w.-]", requirement)[0] for requirement in wanted}, key=str.lower)
    rows: list[list[nodes.Node | str]] = [["unstuck", metadata.version("unstuck")]]
    rows += [[name, metadata.version(name)] for name in names]
    return [nodes.rubric("", "Packages"), table(["Package", "Version"], rows)]


def used(requirement: str) -> bool:
    """Tell whether a requirement is the package's own or the book's."""
    return "extra ==" not in requirement or re.search(r"extra == ['\"]book['\"]", requirement) is not None


def table(heads: Iterable[str], rows: Iterable[Iterable[nodes.Node | str]]) -> nodes.container:
    """Return a table, in a frame that scrolls where it is wider than the page."""
    heads = list(heads)
    group = nodes.tgroup("", *(nodes.colspec(colwidth=1) for _ in heads), cols=len(heads))
    group += nodes.thead("", line(heads))
    group += nodes.tbody("", *(line(row) for row in rows))
    return nodes.container("", nodes.table("", group), classes=["pst-scrollable-table-container"])


def line(cells: Iterable[nodes.Node | str]) -> nodes.row:
    """Return a line of a table."""
    texts = (nodes.Text(cell) if isinstance(cell, str) else cell for cell in cells)
    return nodes.row("", *(nodes.entry("", nodes.paragraph("", "", text)) for text in texts))


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.add_directive("runs", Runs)
    app.add_node(RunTables)
    app.connect("doctree-resolved", fill)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
