"""Markup that screen readers and keyboards can follow, where the theme and Sphinx write some that they cannot."""

from __future__ import annotations

import re
from pathlib import Path

from sphinx.application import Sphinx

# What scrolls by itself must be reached by the keyboard, and only where it does scroll.
FOCUS_ON_WHAT_SCROLLS = """
document.addEventListener('DOMContentLoaded', () => {
  const watch = new ResizeObserver(entries => {
    for (const {target} of entries) {
      if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
      else target.removeAttribute('tabindex');
    }
  });
  const wide = 'div.math, .cell_output .text_html, .pst-scrollable-table-container';
  document.querySelectorAll(wide).forEach(element => watch.observe(element));
});
"""
SIGNATURE_LINES = re.compile(r'<dl>\s*((?:<dd>(?:(?!</?d[dl]>).)*</dd>\s*)+)</dl>(?=\s*<span class="sig-paren">)', re.S)
REPLACED = (
    (' role="doc-biblioentry"', ""),  # a role that is no more
    ('<div role="list" class="citation-list">', '<div class="citation-list">'),  # whose children are no items
    (
        '<summary><span class="toctree-toggle"',
        '<summary aria-label="Pages below this one"><span class="toctree-toggle"',
    ),
)


def mended(html: str) -> str:
    """Return a page with its markup mended."""
    for old, new in REPLACED:
        html = html.replace(old, new)
    # A long signature is no list of definitions, its lines are lines.
    return SIGNATURE_LINES.sub(
        lambda match: match[1].replace("<dd>", '<span class="sig-line">').replace("</dd>", "</span>"), html
    )


def finish(app: Sphinx, exception: Exception | None) -> None:
    """Mend every page, once all are written."""
    if exception is None and app.builder.name in ("html", "dirhtml"):
        for page in Path(app.outdir).rglob("*.html"):
            page.write_text(mended(page.read_text(encoding="utf8")), encoding="utf8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("build-finished", finish, priority=850)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
