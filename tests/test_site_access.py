"""The site is open to all: axe-core finds nothing on any page, light or dark, wide or narrow."""

from __future__ import annotations

import contextlib
import functools

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import TimeoutError as PlaywrightTimeout
from playwright.sync_api import expect
from reading import NARROW, WIDE, Open, every_page

STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"]
# The rules whose outcome may change with the colours and the width.
OF_LOOKS = ["color-contrast", "link-in-text-block", "scrollable-region-focusable", "target-size"]
# Axe sees what is laid out: fold everything open, and skip nothing that is below the screen.
SHOW_ALL = """
*, ::before, ::after {
  animation: none !important;
  content-visibility: visible !important;
  transition: none !important;
}
"""
# The page takes a moment after its width has changed.
ALL_REACHED = """
() => [...document.querySelectorAll("pre, div.math, .text_html")].every(
  element => element.scrollWidth <= element.clientWidth || element.tabIndex === 0)
"""
UNFOLD = "document.querySelectorAll('details').forEach(folded => { folded.open = true; })"


@functools.cache
def axe() -> Axe:
    return Axe()


def violations(page: object, rules: list[str] = STANDARDS) -> list[str]:
    results = axe().run(page, options={"resultTypes": ["violations"], "runOnly": rules}).response
    return [
        f"{violation['id']}: {node['html'][:120]}: {node['failureSummary']}"
        for violation in results["violations"]
        for node in violation["nodes"]
    ]


@pytest.mark.parametrize("page", every_page())
def test_axe_finds_no_violation(reader: Open, served: str, page: str) -> None:
    view = reader(f"{served}/{page}", mode="light", width=WIDE, offline=False)
    view.page.add_style_tag(content=SHOW_ALL)
    view.page.evaluate(UNFOLD)
    assert violations(view.page) == []
    view.page.emulate_media(color_scheme="dark")
    view.page.set_viewport_size({"width": NARROW, "height": 800})
    expect(view.page.locator("html[data-theme=dark]")).to_be_attached()
    with contextlib.suppress(PlaywrightTimeout):  # axe says which, and better
        view.page.wait_for_function(ALL_REACHED, timeout=5000)
    assert violations(view.page, OF_LOOKS) == []


def test_axe_is_at_work(reader: Open) -> None:
    view = reader("book/index.html")
    view.page.evaluate(
        "document.querySelector('article').innerHTML += '<img src=\"x.png\"><p style=\"color: #ddd\">pale</p>'"
    )
    found = " ".join(violations(view.page))
    assert "image-alt" in found
    assert "color-contrast" in found
