"""A page asks for one stylesheet and one script, and they hold what the pages use.

The theme and the extensions bring some ten of each, with all of Bootstrap and of Font Awesome among them. They
are put together once all pages are written; a page that needs a script of its own keeps it. Only the page that
searches loads the index.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.builders.html._assets import _CascadingStyleSheet, _JavaScript

import unstuck_access
import unstuck_styles

STYLE, SCRIPT = "_static/unstuck.css", "_static/unstuck.js"
THEME_STYLES = ("_static/styles/theme.css", "_static/styles/pydata-sphinx-theme.css")
THEME_SCRIPTS = ("_static/scripts/bootstrap.js", "_static/scripts/pydata-sphinx-theme.js")
OF_EVERY_PAGE = re.compile(
    r"_static/(documentation_options|doctools|sphinx_highlight|clipboard\.min|copybutton|togglebutton"
    r"|scripts/sphinx-book-theme)\.js$"
)
OF_NO_PAGE = re.compile(
    r"DOCUMENTATION_OPTIONS\.(pagename|search_as_you_type)|togglebuttonSelector|toggleHint|toggleOpen"
)
LEFT_OVER = ("vendor", "scripts", "styles", "locales", "basic.css", "webpack-macros.html", "sbt-webpack-macros.html")


def is_site(app: Sphinx) -> bool:
    """Tell whether pages for a browser are being written."""
    return app.builder.name in ("html", "dirhtml")


def thin(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Name the two bundles in a page instead of what they are made of, and remember what that is."""
    if not is_site(app):
        return
    sheets = sorted(context["css_files"], key=lambda sheet: sheet.priority)
    app.unstuck_sheets = [str(sheet.filename) for sheet in sheets]
    context["css_files"] = [_CascadingStyleSheet(STYLE)]
    scripts = sorted(context["script_files"], key=lambda script: script.priority)
    common = [script for script in scripts if OF_EVERY_PAGE.search(str(script.filename))]
    app.unstuck_scripts = [str(script.filename) for script in common]
    own = [script for script in scripts if script not in common and needed(script, context.get("body") or "")]
    # The page that searches has scripts in its text, which need the common ones at once.
    loading = {} if page == "search" else {"defer": "defer"}
    context["script_files"] = [_JavaScript(SCRIPT, **loading), *own]


def needed(script: Any, body: str) -> bool:
    """Tell whether a page needs a script that is not for all of them."""
    if str(script.filename).endswith("design-tabs.js"):
        return "sd-tab-set" in body
    return not OF_NO_PAGE.search(script.attributes.get("body") or "")


def inline(app: Sphinx) -> str:
    """Return the settings that extensions would put into every page."""
    config = app.config
    return (
        f"let toggleHintShow = {config.togglebutton_hint!r}, toggleHintHide = {config.togglebutton_hint_hide!r}, "
        f"toggleOpenOnPrint = '{str(config.togglebutton_open_on_print).lower()}';\n"
        f"var togglebuttonSelector = {config.togglebutton_selector!r};\n"
        # An excerpt of a page is fetched from it, which a browser does not allow of pages on a disk.
        "document.addEventListener('DOMContentLoaded', () => {\n"
        "  if (location.protocol === 'file:') DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;\n"
        "});\n"
        f"{unstuck_access.FOCUS_ON_WHAT_SCROLLS}"
    )


def bundle(app: Sphinx, exception: Exception | None) -> None:
    """Write the two bundles, name them by their content in every page, and drop what they were made of."""
    if exception is not None or not is_site(app):
        return
    out = Path(app.outdir)
    static = out / "_static"
    pages = {path: path.read_text(encoding="utf8") for path in out.rglob("*.html") if static not in path.parents}
    parts = [*app.unstuck_scripts, *THEME_SCRIPTS]
    script = ";\n".join([inline(app), *((out / part).read_text(encoding="utf8") for part in parts)])
    script = re.sub(r"^//# sourceMappingURL=.*$", "", script, flags=re.M)
    others = [path.read_text(encoding="utf8") for path in static.glob("*.js")]
    sheets = [out / sheet for sheet in dict.fromkeys([*THEME_STYLES, *app.unstuck_sheets])]
    style = unstuck_styles.bundled(
        sheets,
        static,
        in_pages=unstuck_styles.words_of_pages(pages.values()),
        in_scripts=unstuck_styles.words_of_scripts([script, *others]),
    )
    for name, text in ((SCRIPT, script), (STYLE, style)):
        (out / name).write_text(text, encoding="utf8")
        digest = hashlib.sha256(text.encode()).hexdigest()[:8]
        for path in pages:
            pages[path] = pages[path].replace(f'{name}"', f'{name}?v={digest}"')
    for path, page in pages.items():
        path.write_text(page, encoding="utf8")
    for part in {*sheets, *(out / part for part in parts)}:
        part.unlink(missing_ok=True)
    for name in LEFT_OVER:
        left = static / name
        shutil.rmtree(left) if left.is_dir() else left.unlink(missing_ok=True)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("html-page-context", thin, priority=900)  # when all others have added theirs
    app.connect("build-finished", bundle, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": False}
