"""The built site in a browser that reaches nothing else: what readers see, and what they can do."""

from __future__ import annotations

import re
from pathlib import Path

import nbclient
import nbformat
import pytest
from playwright.sync_api import Page, expect
from reading import HTML, NARROW, SCREENSHOTS, WIDE, Open, pages, soup

LAID_OUT = "*, ::before, ::after { content-visibility: visible !important; transition: none !important; }"


def keep(page: Page, name: str) -> None:
    """Keep a picture of the screen for those who look at what a change did."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png")


@pytest.mark.parametrize("page", pages())
def test_page_opens_from_disk_without_a_network_and_follows_the_reader(reader: Open, page: str) -> None:
    view = reader(page)
    view.page.add_style_tag(content=LAID_OUT)
    for mode, width in (("light", WIDE), ("dark", NARROW)):
        view.page.emulate_media(color_scheme=mode)
        view.page.set_viewport_size({"width": width, "height": 800})
        expect(view.page.locator(f"html[data-theme={mode}]")).to_be_attached()
        keep(view.page, f"{page.removesuffix('.html').replace('/', '-')}-{mode}-{width}")
        assert view.page.evaluate("document.documentElement.scrollWidth") <= width
    assert view.foreign("file://") == []
    assert view.complaints == []


def test_mathematics_is_set_in_the_font_of_the_site(reader: Open, chapter: str) -> None:
    view = reader(f"{chapter}.html")
    view.page.locator("math").first.scroll_into_view_if_needed()
    view.page.evaluate("document.fonts.ready.then(() => true)")
    loaded = "[...document.fonts].filter(f => f.status === 'loaded' && f.family.includes('Unstuck Math')).length"
    assert view.page.evaluate(loaded) == 1


def test_figures_are_turned_light_on_a_dark_page(reader: Open, chapter: str) -> None:
    style = "images => images.map(image => getComputedStyle(image).filter)"
    seen = {
        mode: set(reader(f"{chapter}.html", mode=mode).page.eval_on_selector_all(".cell_output figure img", style))
        for mode in ("light", "dark")
    }
    assert seen["light"] == {"none"}
    assert all("invert" in style for style in seen["dark"])


@pytest.mark.parametrize("where", ["disk", "host"])
def test_search_finds_a_term(reader: Open, served: str, where: str) -> None:
    site = served if where == "host" else HTML.as_uri()
    view = reader(f"{site}/book/index.html", offline=where == "disk")
    view.page.keyboard.press("Control+k")
    view.page.locator("#pst-search-dialog input").fill("softmax")
    view.page.keyboard.press("Enter")
    expect(view.page.locator("#search-results a[href*='glossary']").first).to_be_visible()
    view.page.wait_for_load_state("networkidle")  # the results' excerpts are fetched page by page
    keep(view.page, f"search-{where}")
    view.page.locator("#search-results a[href*='losses']").first.click()
    expect(view.page.locator("span.highlighted").first).to_be_attached()
    assert view.foreign(site) == []
    assert view.complaints == []


def test_theme_switch_changes_the_page_and_is_remembered(reader: Open, served: str) -> None:
    view = reader(f"{served}/book/losses.html", offline=False)
    ground = "getComputedStyle(document.body).backgroundColor"
    before = view.page.evaluate(ground)
    switch = view.page.get_by_role("button", name="Color mode")
    while view.page.evaluate("document.documentElement.dataset.mode") != "dark":
        switch.click()
    assert view.page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert view.page.evaluate(ground) != before
    view.page.goto(f"{served}/book/adam.html")
    assert view.page.evaluate("document.documentElement.dataset.mode") == "dark"
    assert view.page.evaluate(ground) != before
    assert view.complaints == []


def test_page_is_dark_before_any_script_of_the_theme_has_run(reader: Open, served: str) -> None:
    view = reader("book/index.html", mode="dark")
    view.page.route("**/*.js*", lambda route: route.abort())
    view.page.reload()
    assert view.page.evaluate("document.documentElement.dataset.theme") == "dark"


@pytest.mark.parametrize("by", ["mouse", "keyboard"])
def test_folded_solution_opens(reader: Open, chapter: str, by: str) -> None:
    view = reader(f"{chapter}.html")
    solution = view.page.locator("div.dropdown.admonition").first
    solution.scroll_into_view_if_needed()
    folded = solution.locator("> *:not(.admonition-title):not(button)").first
    expect(folded).to_be_hidden()
    button = solution.locator("button.toggle-button")
    if by == "mouse":
        button.click()
    else:
        button.focus()
        view.page.keyboard.press("Enter")
    expect(folded).to_be_visible()


def test_copy_button_copies_the_code(reader: Open, served: str) -> None:
    view = reader(f"{served}/book/losses.html", offline=False, permissions=["clipboard-read", "clipboard-write"])
    block = view.page.locator("div.highlight:visible", has=view.page.locator("pre")).first
    block.hover()
    block.locator("button.copybtn").click()
    copied = view.page.evaluate("navigator.clipboard.readText()")
    shown = block.locator("pre").inner_text()
    assert copied.strip() == shown.strip()


def test_wide_page_shows_its_contents_and_a_narrow_one_keeps_them_behind_buttons(reader: Open) -> None:
    wide, narrow = (reader("book/gradient_descent.html", width=width).page for width in (WIDE, NARROW))
    for page, visible in ((wide, True), (narrow, False)):
        for sidebar in ("#pst-primary-sidebar", "#pst-secondary-sidebar"):
            expect(page.locator(sidebar)).to_be_visible(visible=visible)
    narrow.locator("button.primary-toggle").click()
    expect(narrow.get_by_role("link", name="3. Adam").first).to_be_visible()
    keep(narrow, "contents-narrow")


def test_printed_page_is_the_text_alone_and_all_of_it(reader: Open) -> None:
    view = reader("book/gradient_descent.html", mode="dark")
    view.page.emulate_media(media="print")
    for part in ("#pst-primary-sidebar", "#pst-secondary-sidebar", ".bd-header-article", ".prev-next-footer"):
        expect(view.page.locator(part).first).to_be_hidden()
    ground = view.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert re.fullmatch(r"rgba?\(0, 0, 0, 0\)|rgb\(255, 255, 255\)", ground)
    expect(view.page.locator("article h1")).to_have_css("color", re.compile(r"rgb\((\d|[1-5]\d), "))
    assert view.page.evaluate(
        "getComputedStyle(document.querySelector('article section section')).contentVisibility"
    ) == ("visible")
    keep(view.page, "print")


def test_downloaded_notebook_executes(reader: Open, served: str, tmp_path: Path) -> None:
    page = "book/cases/softmax-before-cross-entropy"
    view = reader(f"{served}/{page}.html", offline=False, accept_downloads=True)
    view.page.get_by_role("button", name="Download this page").click()
    link = view.page.locator("a[href$='.ipynb']").first
    expect(link).to_be_visible()
    answer = view.page.request.get(link.evaluate("link => link.href"))
    (tmp_path / "case.ipynb").write_bytes(answer.body())
    notebook = nbformat.read(tmp_path / "case.ipynb", as_version=4)
    nbformat.validate(notebook)
    nbclient.NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    assert any(cell.get("outputs") for cell in notebook.cells)


def test_every_formula_has_an_element_of_its_own_to_scroll_in(reader: Open) -> None:
    view = reader("book/adam.html", width=NARROW)
    boxes = view.page.eval_on_selector_all(
        "div.math", "found => found.map(box => [box.scrollWidth > box.clientWidth, getComputedStyle(box).overflowX])"
    )
    assert all(overflow in ("auto", "scroll") for too_wide, overflow in boxes if too_wide)
    assert len(boxes) == len(soup("book/adam.html").select("div.math"))
