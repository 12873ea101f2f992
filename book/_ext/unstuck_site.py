"""What the site needs beyond Jupyter Book: downloads, links to the repository.

No address is known unless the build is told one: ``UNSTUCK_REPOSITORY`` (``https://github.com/owner/name``)
and ``UNSTUCK_BRANCH`` (default ``main``). Without it no page has a repository, edit, issue or Colab button.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jupytext
import nbformat
from myst_nb.sphinx_ import NbMetadataCollector
from sphinx.application import Sphinx
from sphinx.config import Config

PUBLISHED_BRANCH = "gh-pages"  # the branch that the pages workflow publishes, notebooks and all


def repository() -> str:
    """Return the repository's address, or an empty string where the build was told none."""
    return os.environ.get("UNSTUCK_REPOSITORY", "").rstrip("/")


def branch() -> str:
    """Return the branch that holds the book's sources."""
    return os.environ.get("UNSTUCK_BRANCH") or "main"


def link_repository(app: Sphinx, config: Config) -> None:
    """Switch the theme's repository buttons on where the address is known."""
    if repository():
        config.html_theme_options |= {
            "repository_url": repository(),
            "repository_branch": branch(),
        } | dict.fromkeys(("use_repository_button", "use_edit_page_button", "use_issues_button"), True)


def is_chapter(app: Sphinx, page: str) -> bool:
    """Tell whether a page is a notebook."""
    return "kernelspec" in app.env.metadata.get(page, {})


def offer_notebook(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Tell the theme, before it lays out its download menu, that the page has a notebook."""
    if is_chapter(app, page):
        context["ipynb_source"] = f"{page}.ipynb"


def offer_launches(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Add buttons that open the published notebook where it can be run."""
    if not repository().startswith("https://github.com/") or not is_chapter(app, page):
        return
    name, notebook = repository().removeprefix("https://github.com/"), f"_sources/{page}.ipynb"
    addresses = {
        "Colab": f"https://colab.research.google.com/github/{name}/blob/{PUBLISHED_BRANCH}/{notebook}",
        "Binder": f"https://mybinder.org/v2/gh/{name}/{PUBLISHED_BRANCH}?labpath={quote(notebook, safe='')}",
    }
    context["header_buttons"] += [
        {
            "type": "link",
            "url": address,
            "tooltip": f"Open in {place}",
            "icon": "fas fa-rocket",
            "label": f"{place.lower()}-button",
        }
        for place, address in addresses.items()
    ]


def write_notebooks(app: Sphinx) -> None:
    """Write each chapter as a notebook without outputs beside its source."""
    for page in filter(lambda name: is_chapter(app, name), app.env.found_docs):
        notebook = jupytext.read(app.env.doc2path(page))
        if repository():
            install = f'%pip install --quiet "unstuck @ git+{repository()}@{branch()}" myst-nb'  # chapters import both
            notebook.cells.insert(0, nbformat.v4.new_code_cell(install, id="install"))
        target = Path(app.outdir, "_sources", f"{page}.ipynb")
        target.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, target)


def write_times(app: Sphinx) -> None:
    """Record, for build.py, how long each chapter executed and what it raised."""
    runs = {}
    for page in sorted(app.env.found_docs):
        run = NbMetadataCollector.get_exec_data(app.env, page)
        if run:
            runs[page] = {
                "seconds": run["runtime"] or 0.0,
                "cached": run["succeeded"] and run["mtime"] < app.config.unstuck_started,
                "succeeded": run["succeeded"],
                "traceback": run["traceback"],
            }
    Path(app.outdir).with_name("execution_times.json").write_text(json.dumps(runs, indent=1))


def finish(app: Sphinx, exception: Exception | None) -> None:
    """Complete the site once its pages are written."""
    write_times(app)
    if exception is None and app.builder.format == "html":
        write_notebooks(app)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.add_config_value("comments_config", {}, "")  # Jupyter Book sets it, whether or not comments are loaded
    app.add_config_value("unstuck_started", time.time(), "")
    app.connect("config-inited", link_repository)
    app.connect("html-page-context", offer_notebook, priority=400)  # the theme's own come at 500 ...
    app.connect("html-page-context", offer_launches, priority=600)  # ... and make the list that this one adds to
    app.connect("build-finished", finish)
    return {"parallel_read_safe": False, "parallel_write_safe": True}
