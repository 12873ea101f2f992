"""What a site needs to be found and shared: cards, a map, a page for addresses that lead nowhere.

The site's own address is not known unless the build is told it: ``UNSTUCK_SITE`` (``https://owner.github.io/name``).
Without it there is no map, and the addresses in the cards are relative to the site.
"""

from __future__ import annotations

import os
from urllib.parse import urlsplit

from sphinx.application import Sphinx
from sphinx.config import Config

NOT_FOUND = """
<h1>Nothing here</h1>
<p>No page of the book has this address.
It may have moved: the <a href="{root}search.html">search</a> knows every page by its words,
the <a href="{root}index.html">first page</a> leads to all chapters,
and the <a href="{root}book/symptoms.html">index of symptoms</a> starts from what you see on your screen.</p>
"""


def site() -> str:
    """Return the site's address with a slash at its end, or an empty string where the build was told none."""
    address = os.environ.get("UNSTUCK_SITE", "").rstrip("/")
    return f"{address}/" if address else ""


def configure(app: Sphinx, config: Config) -> None:
    """Tell each extension where the site is."""
    root = urlsplit(site()).path or "/"
    config.html_baseurl = config.ogp_site_url = site()
    config.ogp_site_name = config.html_title
    config.ogp_social_cards = {
        "font": "DejaVu Sans",
        "line_color": "#0b5a83",
        "site_url": site().split("://")[-1] or config.html_title,
    }
    config.notfound_urls_prefix = root
    config.notfound_context = {"title": "Nothing here", "body": NOT_FOUND.format(root=root)}
    config.sitemap_url_scheme = "{link}"
    config.sitemap_excludes = ["search.html", "genindex.html", "404.html"]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.setup_extension("sphinxext.opengraph")
    app.setup_extension("notfound.extension")
    if site():
        app.setup_extension("sphinx_sitemap")
    app.connect("config-inited", configure, priority=100)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
