"""A browser, the built site, and a reader of it: what the tests of the site share."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from playwright.sync_api import Browser, sync_playwright

import pages as host

ROOT = Path(__file__).resolve().parent.parent
HTML = ROOT / "_build" / "html"
SCREENSHOTS = ROOT / "_build" / "screenshots"
NARROW, WIDE = 360, 1280
Open = Callable[..., host.Reader]


def pages() -> list[str]:
    """Return the site's pages that hold text of the book."""
    return sorted(path.relative_to(HTML).as_posix() for path in (HTML / "book").rglob("*.html"))


def every_page() -> list[str]:
    """Return all pages of the site, those that Sphinx makes among them, but not the one that only leads on."""
    made = [name for name in ("404.html", "genindex.html", "search.html") if (HTML / name).exists()]
    return [*pages(), *made]


@functools.cache
def soup(page: str) -> BeautifulSoup:
    """Return a page, parsed."""
    return BeautifulSoup((HTML / page).read_text(encoding="utf8"), "html.parser")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Return a browser; where there is none, fail on CI and skip elsewhere."""
    with sync_playwright() as playwright:
        launched = host.launch(playwright)
        if launched is None:
            message = "no Chromium found: install one, or name it in UNSTUCK_CHROMIUM"
            if os.environ.get("CI"):
                pytest.fail(message)
            pytest.skip(message)
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def served() -> Iterator[str]:
    """Serve the site on this machine, as a web host would, and return its address."""
    with host.served(HTML) as address:
        yield address


@pytest.fixture
def reader(browser: Browser) -> Iterator[Open]:
    """Return what opens a page from disk, in a fresh profile without a network."""
    opened = []

    def open_page(page: str, *, mode: str = "light", width: int = WIDE, **options: object) -> host.Reader:
        options = {"offline": True, **options}
        context = browser.new_context(color_scheme=mode, viewport={"width": width, "height": 800}, **options)
        opened.append(context)
        view = host.Reader(context)
        view.page.goto(page if "://" in page else (HTML / page).as_uri())
        return view

    yield open_page
    for context in opened:
        context.close()
