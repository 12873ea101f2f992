"""``{runtime}`` in a chapter's text: how long it executes, as measured.

The time under the profile of this build is this build's own. The time under the other profile, where it was
recorded, comes from ``book/runtimes.json``, which ``python book/build.py --record`` writes after a build.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from docutils import nodes
from myst_nb.sphinx_ import NbMetadataCollector
from sphinx.application import Sphinx

PLACEHOLDER = "{runtime}"


def duration(seconds: float) -> str:
    """Return a duration as a reader would say it."""
    return f"{max(seconds, 1):.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"


def runtimes(app: Sphinx, page: str) -> dict[str, str]:
    """Return how long a chapter takes, and on what, by profile."""
    recorded = Path(app.srcdir, "book", "runtimes.json")
    known = json.loads(recorded.read_text()) if recorded.exists() else {}
    told = {
        profile: f"{duration(record['seconds'][page])} under the {profile} profile ({record['machine']})"
        for profile, record in known.items()
        if page in record["seconds"]
    }
    run = NbMetadataCollector.get_exec_data(app.env, page)
    if run and run["runtime"]:
        profile = os.environ.get("UNSTUCK_PROFILE") or "quick"
        told[profile] = f"{duration(run['runtime'])} under the {profile} profile (this build)"
    return dict(sorted(told.items(), reverse=True))


def tell(app: Sphinx, doctree: nodes.document) -> None:
    """Put the times into the text of the page just read."""
    text = ", ".join(runtimes(app, app.env.docname).values())
    for node in list(doctree.findall(nodes.Text)):
        if PLACEHOLDER in node:
            node.parent.replace(node, nodes.Text(node.replace(PLACEHOLDER, text or "a time yet to be measured")))


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("doctree-read", tell)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
