"""What a page costs its reader: few requests, few bytes, nothing that moves, nobody else asked."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser
from reading import HTML, every_page

import pages as host

MOST_BYTES = 1_000_000
MOST_REQUESTS = 35
MOST_SHIFT = 0.05


@pytest.mark.parametrize("page", every_page())
def test_page_is_light_still_and_keeps_to_itself(browser: Browser, served: str, page: str) -> None:
    first, whole = host.visit(browser, served, page)
    assert first.bytes <= MOST_BYTES
    assert first.requests <= MOST_REQUESTS
    assert first.shift < MOST_SHIFT
    assert whole.text_shift < MOST_SHIFT
    assert whole.foreign == []
    assert whole.complaints == []


def test_the_tally_counts_what_a_page_asks_for_as_it_is_sent(browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "style.css").write_text("p { color: black; }" * 1000)
    (tmp_path / "page.html").write_text(
        '<!DOCTYPE html><link rel="icon" href="data:,"><link rel="stylesheet" href="style.css"><p>One line of text.'
        "<script>console.error('a complaint'); setTimeout(() => document.body.prepend(document.createElement('hr'), "
        "Object.assign(document.createElement('div'), {style: 'height: 300px'})), 200); fetch('gone')</script>"
    )
    with host.served(tmp_path) as site:
        first, whole = host.visit(browser, site, "page.html")
    sent = len(host.compressed(tmp_path / "style.css", 0)) + len(host.compressed(tmp_path / "page.html", 0))
    assert first.requests == 3
    assert sent <= first.bytes < sent + 1000  # and the host's word that there is no such file
    assert 0 < first.paint < 5000
    assert whole.text_shift > 0
    assert any("a complaint" in complaint for complaint in whole.complaints)
    assert any("404" in complaint for complaint in whole.complaints)


def test_styles_and_scripts_of_the_site_are_few() -> None:
    static = [path.relative_to(HTML).as_posix() for path in (HTML / "_static").rglob("*") if path.is_file()]
    assert not [name for name in static if "fontawesome" in name or "bootstrap" in name or "mathjax" in name]
