"""One HTML document of the assembled chapters, opened in a browser that sets its mathematics."""

from __future__ import annotations

import html
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import matplotlib
from bs4 import Tag
from playwright.sync_api import Page, sync_playwright

HERE = Path(__file__).parent
FONTS = Path(matplotlib.get_data_path(), "fonts", "ttf")  # the same on every machine
FACES = [
    ("Book", "STIXGeneral.ttf", "normal", "normal"),
    ("Book", "STIXGeneralItalic.ttf", "normal", "italic"),
    ("Book", "STIXGeneralBol.ttf", "bold", "normal"),
    ("Book", "STIXGeneralBolIta.ttf", "bold", "italic"),
    ("Code", "DejaVuSansMono.ttf", "normal", "normal"),
    ("Code", "DejaVuSansMono-Bold.ttf", "bold", "normal"),
    ("Heading", "DejaVuSans.ttf", "normal", "normal"),
    ("Heading", "DejaVuSans-Bold.ttf", "bold", "normal"),
]
MATHJAX = """{
  options: {enableMenu: false, enableAssistiveMml: true, processHtmlClass: "math", ignoreHtmlClass: "tex2jax_ignore"},
  chtml: {matchFontHeight: false}
}"""
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
MAC = (Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"),)


def math_rules(font: str | None) -> str:
    """Return the site's own style of mathematics, with the address of its font."""
    style = (HERE.parent.parent / "_static" / "custom.css").read_text(encoding="utf8")
    rules = re.findall(r"^math[^{}]*\{[^{}]*\}", style, flags=re.MULTILINE)
    face = f'@font-face {{font-family: "Unstuck Math"; src: url("{font}") format("woff2");}}' if font else ""
    return "\n".join([face, *rules])


def document(body: str, site: Path) -> str:
    """Return a document for print with the given body."""
    faces = "".join(
        f'@font-face {{font-family: "{family}"; src: url("{(FONTS / file).as_uri()}"); '
        f"font-weight: {weight}; font-style: {style};}}\n"
        for family, file, weight, style in FACES
    )
    font, mathjax = site / "_static" / "math.woff2", site / "_static" / "mathjax" / "tex-chtml.js"
    mathematics = math_rules(font.as_uri() if font.exists() else None)
    scripts = f'<script>window.MathJax = {MATHJAX};</script><script defer src="{mathjax.as_uri()}"></script>'
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Unstuck</title>'
        f"<style>{faces}{(HERE / 'print.css').read_text(encoding='utf8')}{mathematics}</style>"
        f"{scripts if mathjax.exists() else ''}</head><body>{body}</body></html>"
    )


def body(parts: list[tuple[str, list[Tag]]]) -> str:
    """Return the chapters, each part under its caption."""
    pieces = []
    for caption, chapters in parts:
        pieces.append(f'<p class="part">{html.escape(caption)}</p>')
        pieces += [str(chapter) for chapter in chapters]
    return "".join(pieces)


def chromium() -> str | None:
    """Return the browser that is named, that is on the path or that macOS has; None leaves it to playwright."""
    found = [os.environ.get("UNSTUCK_CHROMIUM"), *map(shutil.which, BROWSERS), *map(str, filter(Path.exists, MAC))]
    return next(filter(None, found), None)


def has_browser() -> bool:
    """Tell whether there is a browser to print with."""
    if chromium():
        return True
    with sync_playwright() as playwright:
        return Path(playwright.chromium.executable_path).exists()


@contextmanager
def opened(text: str, folder: Path) -> Iterator[Page]:
    """Open a document in a browser without a network, its mathematics set and its pictures loaded."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "whole.html"
    path.write_text(text, encoding="utf8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_context(offline=True, color_scheme="light").new_page()
        page.set_default_timeout(300_000)
        page.goto(path.as_uri())
        page.evaluate("() => window.MathJax?.startup?.promise")
        page.evaluate("() => document.fonts.ready.then(() => null)")
        yield page
        browser.close()
