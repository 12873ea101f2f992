"""The built site: complete, whole, and readable in a browser that reaches nothing else."""

from __future__ import annotations

import functools
import http.server
import os
import re
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import jupytext
import nbformat
import pytest
from bs4 import BeautifulSoup
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
HTML = ROOT / "_build" / "html"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
MAC_CHROME = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
NARROW, WIDE = 360, 1280


def pages() -> list[str]:
    """Return the site's pages that hold text of the book."""
    return sorted(path.relative_to(HTML).as_posix() for path in (HTML / "book").rglob("*.html"))


@functools.cache
def soup(page: str) -> BeautifulSoup:
    """Return a page, parsed."""
    return BeautifulSoup((HTML / page).read_text(encoding="utf8"), "html.parser")


def test_site_is_built() -> None:
    assert (HTML / "index.html").exists(), "run `make book` first"
    assert {"book/index.html", "book/claims.html", "book/glossary.html", "book/references.html"} <= set(pages())


# What stands in the files


@pytest.mark.parametrize("page", pages())
def test_links_within_the_site_lead_somewhere(page: str) -> None:
    broken = []
    for tag, attribute in (("a", "href"), ("link", "href"), ("img", "src"), ("script", "src")):
        for address in (element.get(attribute) for element in soup(page).find_all(tag)):
            url = urlsplit(str(address or ""))
            if url.scheme or url.netloc or not (url.path or url.fragment):
                continue
            target = (HTML / page).parent / unquote(url.path) if url.path else HTML / page
            if not target.exists():
                broken.append(address)
            elif url.fragment and target.suffix == ".html":
                inside = soup(target.resolve().relative_to(HTML.resolve()).as_posix())
                if not inside.find(id=unquote(url.fragment)):
                    broken.append(address)
    assert broken == []


@pytest.mark.parametrize("page", pages())
def test_nothing_is_loaded_from_another_host(page: str) -> None:
    loaded = [element.get("src") for element in soup(page).find_all(["script", "img", "iframe", "source"])]
    styles = soup(page).find_all("link", rel=re.compile("stylesheet|preload|icon"))
    loaded += [element.get("href") for element in styles]
    assert [address for address in loaded if address and urlsplit(address).netloc] == []


@pytest.mark.skipif("UNSTUCK_REPOSITORY" in os.environ, reason="this build was told the repository's address")
@pytest.mark.parametrize("page", pages())
def test_no_button_leads_to_a_repository_that_nobody_named(page: str) -> None:
    buttons = soup(page).select(".article-header-buttons a, .header-article a")
    assert [link["href"] for link in buttons if urlsplit(str(link.get("href", ""))).netloc] == []
    assert "executablebooks/jupyter-book" not in str(soup(page))


def test_every_figure_has_a_number_a_caption_and_an_alt_text(chapter: str) -> None:
    images = soup(f"{chapter}.html").select(".cell_output img")
    assert images
    for image in images:
        alt = str(image.get("alt", ""))
        assert len(alt.split()) >= 5
        assert not re.search(r"\.(svg|png)$|[{}]", alt)
        figure = image.find_parent("figure")
        assert figure is not None, alt
        assert re.fullmatch(r"Figure \d+\.\d+", figure.select_one(".caption-number").text.strip())
        assert len(figure.select_one(".caption-text").text.split()) >= 5


def test_chapter_is_offered_as_text_and_as_a_notebook_without_outputs(chapter: str) -> None:
    links = [link["href"] for link in soup(f"{chapter}.html").select(".dropdown-download-buttons a[href]")]
    files = {Path(link).suffix: (HTML / f"{chapter}.html").parent / link for link in links}
    original = ROOT / f"{chapter}.md"
    assert files[".md"].read_text(encoding="utf8") == original.read_text(encoding="utf8")
    notebook = nbformat.read(files[".ipynb"], as_version=4)
    nbformat.validate(notebook)
    assert all(not cell.get("outputs") for cell in notebook.cells)
    offered = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    written = [cell.source for cell in jupytext.read(original).cells if cell.cell_type == "code"]
    assert offered[-len(written) :] == written


def test_page_of_claims_lists_every_claim_of_every_chapter(chapter: str) -> None:
    made = [claim.p.text for claim in soup(f"{chapter}.html").select(".cell_output .claim")]
    listed = [claim.p.text for claim in soup("book/claims.html").select(".claim")]
    assert made
    assert set(made) <= set(listed)


# What a reader sees


def browser_path(playwright: Any) -> str | None:
    """Return a Chromium: the one named, one on the path, or playwright's own."""
    found = [os.environ.get("UNSTUCK_CHROMIUM"), *map(shutil.which, BROWSERS)]
    found += [str(path) for path in (MAC_CHROME, Path(playwright.chromium.executable_path)) if path.exists()]
    return next((path for path in found if path), None)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Return a browser; where there is none, fail on CI and skip elsewhere."""
    with sync_playwright() as playwright:
        path = browser_path(playwright)
        if path is None:
            message = "no Chromium found: install one, or name it in UNSTUCK_CHROMIUM"
            if os.environ.get("CI"):
                pytest.fail(message)
            pytest.skip(message)
        launched = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield launched
        launched.close()


class Reader:
    """A page of the browser that keeps what it asked for and what it complained of."""

    def __init__(self, context: BrowserContext) -> None:
        self.page: Page = context.new_page()
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("requestfailed", lambda request: self.complaints.append(f"failed: {request.url}"))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self.hear)

    def hear(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def foreign(self, own: str) -> list[str]:
        return [url for url in self.requests if not url.startswith((own, "data:", "blob:"))]

    def typeset(self) -> None:
        """Wait until MathJax, where the page has any, is done."""
        self.page.evaluate("() => window.MathJax?.startup?.promise")


def reader(browser: Browser, mode: str, width: int) -> Reader:
    """Open a fresh profile without a network."""
    context = browser.new_context(color_scheme=mode, viewport={"width": width, "height": 800}, offline=True)
    return Reader(context)


@pytest.mark.parametrize("page", pages())
@pytest.mark.parametrize(("mode", "width"), [("light", WIDE), ("dark", NARROW)])
def test_page_opens_from_disk_without_a_network(browser: Browser, page: str, mode: str, width: int) -> None:
    view = reader(browser, mode, width)
    view.page.goto((HTML / page).as_uri())
    view.typeset()
    assert view.foreign("file://") == []
    assert view.complaints == []
    assert view.page.evaluate("document.documentElement.dataset.theme") == mode
    assert view.page.evaluate("document.documentElement.scrollWidth") <= width
    formulas = len(soup(page).select("span.math, div.math"))
    assert view.page.locator("mjx-container mjx-assistive-mml").count() == formulas
    assert view.page.locator("mjx-merror, mjx-container [data-mjx-error]").count() == 0
    view.page.context.close()


def test_mathematics_is_set_in_fonts_of_the_site(browser: Browser, chapter: str) -> None:
    view = reader(browser, "light", WIDE)
    view.page.goto((HTML / f"{chapter}.html").as_uri())
    view.typeset()
    view.page.evaluate("document.fonts.ready")
    loaded = "[...document.fonts].filter(f => f.status == 'loaded' && f.family.startsWith('MJX')).length"
    assert view.page.evaluate(loaded) > 0
    view.page.context.close()


def test_figures_are_turned_light_on_a_dark_page(browser: Browser, chapter: str) -> None:
    seen = {}
    for mode in ("light", "dark"):
        view = reader(browser, mode, WIDE)
        view.page.goto((HTML / f"{chapter}.html").as_uri())
        style = "images => images.map(image => getComputedStyle(image).filter)"
        seen[mode] = set(view.page.eval_on_selector_all(".cell_output figure img", style))
        view.page.context.close()
    assert seen["light"] == {"none"}
    assert all("invert" in style for style in seen["dark"])


@pytest.fixture(scope="module")
def served() -> Iterator[str]:
    """Serve the site on this machine, as a web host would."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Say nothing."""

    handler = functools.partial(Quiet, directory=str(HTML))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_search_finds_a_term_and_asks_no_other_host(browser: Browser, served: str) -> None:
    view = Reader(browser.new_context())
    view.page.goto(f"{served}/search.html?q=softmax")
    view.page.wait_for_selector("#search-results .search-summary, #search-results ul.search li")
    view.page.wait_for_selector("#search-results a[href*='glossary']")
    assert view.foreign(served) == []
    assert view.complaints == []
    view.page.context.close()
