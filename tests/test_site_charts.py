"""The interactive figures of the built site: they follow their controls, from a disk, without a network or a kernel."""

from __future__ import annotations

import functools
import gzip
import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from playwright.sync_api import Browser, Locator, Page

from pages import Reader

ROOT = Path(__file__).resolve().parent.parent
HTML = ROOT / "_build" / "html"
NARROW, WIDE = 360, 1280
LARGEST = 60_000  # bytes of a figure's numbers, as a host sends them
LIBRARY = 220_000  # of what draws them


@functools.cache
def soup(page: str) -> BeautifulSoup:
    """Return a page, parsed."""
    return BeautifulSoup((HTML / page).read_text(encoding="utf8"), "html.parser")


def charts() -> dict[str, str]:
    """Return the interactive figures, each with its page."""
    pages = sorted(path.relative_to(HTML).as_posix() for path in (HTML / "book").rglob("*.html"))
    return {str(chart["data-chart"]): page for page in pages for chart in soup(page).select(".chart")}


CHARTS = charts()
each_chart = pytest.mark.parametrize("name", CHARTS)


# What stands in the files


def test_the_book_has_the_interactive_figures_that_it_is_to_have() -> None:
    assert len(CHARTS) >= 8
    chapters = {Path(page).stem for page in CHARTS.values()}
    assert {"losses", "gradient_descent", "adam", "learning_rate_decay", "regularisation", "stuck_model"} <= chapters


@each_chart
def test_a_figure_is_a_picture_with_a_caption_where_no_script_runs(name: str) -> None:
    figure = soup(CHARTS[name]).find(id=name)
    image, source = figure.select_one(".chart picture img"), figure.select_one(".chart picture source")
    assert len(str(image["alt"]).split()) >= 5
    assert re.fullmatch(r"Figure \d+\.\d+", figure.select_one(".caption-number").text.strip())
    for element, address in ((image, image["src"]), (source, source["srcset"])):
        assert (HTML / CHARTS[name]).parent.joinpath(address).read_text(encoding="utf8").startswith("<svg")
        assert int(element["width"]) > 280
        assert int(element["height"]) > 150


@each_chart
def test_every_control_has_a_label_and_a_first_value(name: str) -> None:
    chart = soup(CHARTS[name]).find(attrs={"data-chart": name})
    inputs = chart.select("input, select")
    assert inputs
    for element in inputs:
        (label,) = chart.select(f'label[for="{element["id"]}"]')
        assert label.text.strip()
    for element in chart.select("input"):
        assert element["aria-valuetext"] == chart.select_one(f'output[for="{element["id"]}"]').text


@each_chart
def test_the_numbers_of_a_figure_are_light(name: str) -> None:
    record = (HTML / "_static" / "charts" / f"{name}.js").read_bytes()
    assert len(gzip.compress(record)) <= LARGEST


def test_the_library_is_light_and_asked_for_only_by_pages_with_charts() -> None:
    assert len(gzip.compress((HTML / "_static" / "vega.js").read_bytes())) <= LIBRARY
    for path in (HTML / "book").rglob("*.html"):
        page = path.relative_to(HTML).as_posix()
        assert bool(soup(page).select('script[src*="chart.js"]')) == (page in CHARTS.values()), page
        assert not soup(page).select('script[src*="vega.js"]'), page  # the other one loads it, when it is time


# What a reader sees


class Visit:
    """A chart on its page, opened from the disk without a network."""

    def __init__(
        self,
        browser: Browser,
        name: str,
        *,
        mode: str = "light",
        width: int = WIDE,
        scripts: bool = True,
        first: str = "",
    ):
        self.context = browser.new_context(
            color_scheme=mode, viewport={"width": width, "height": 800}, offline=True, java_script_enabled=scripts
        )
        self.reader = Reader(self.context)
        self.page: Page = self.reader.page
        self.page.add_init_script(first)
        self.page.goto((HTML / CHARTS[name]).as_uri())
        self.chart: Locator = self.page.locator(f'[data-chart="{name}"]')

    @property
    def asked(self) -> list[str]:
        """The addresses that the page asked for."""
        return [request.url for request in self.reader.requests]

    def live(self, end: str = "chart-live") -> Visit:
        """Go to the chart, and wait until it has taken the picture's place, or come to another end."""
        for _ in range(100):  # what lies above is laid out on the way, and moves it
            self.chart.evaluate("figure => figure.scrollIntoView({block: 'center', behavior: 'instant'})")
            if end in str(self.chart.get_attribute("class")):
                return self
            self.page.wait_for_timeout(200)
        raise TimeoutError("the chart never took the picture's place")

    def shown(self) -> str:
        """Return what is drawn, without the names of what is cut off, which count on."""
        return re.sub(r"clip\d+", "clip", self.chart.locator(".chart-drawing").inner_html())

    def settled(self, before: str) -> str:
        """Return what is drawn once it differs from before, or a second is over."""
        for _ in range(20):
            if self.shown() != before:
                break
            self.page.wait_for_timeout(50)
        return self.shown()

    def __enter__(self) -> Visit:
        return self

    def __exit__(self, *_: object) -> None:
        self.context.close()


@each_chart
def test_every_control_changes_its_figure_by_the_keyboard_alone(browser: Browser, name: str) -> None:
    with Visit(browser, name) as visit:
        visit.live()
        reading = visit.chart.locator(".chart-reading")
        for control in visit.chart.locator("input, select").all():
            before, said = visit.shown(), reading.inner_text()
            control.focus()
            outline = "element => getComputedStyle(element).outlineStyle"
            visit.page.keyboard.press("ArrowUp")
            visit.page.keyboard.press("ArrowUp")
            assert control.evaluate(outline) != "none"
            moved = visit.settled(before)
            if visit.shown() == before:  # at the end of its range already
                visit.page.keyboard.press("ArrowDown")
                visit.page.keyboard.press("ArrowDown")
                moved = visit.settled(before)
            assert moved != before or reading.inner_text() != said, control.get_attribute("name")
        assert visit.reader.complaints == []
        assert visit.reader.foreign("file://") == []


@each_chart
def test_a_slider_tells_its_value_in_words(browser: Browser, name: str) -> None:
    with Visit(browser, name) as visit:
        visit.live()
        for slider in visit.chart.locator("input[type=range]").all():
            first = slider.get_attribute("aria-valuetext")
            slider.press("Home")
            lowest = slider.get_attribute("aria-valuetext")
            slider.press("End")
            highest = slider.get_attribute("aria-valuetext")
            assert lowest != highest
            assert first
            told = visit.chart.locator(f'output[for="{slider.get_attribute("id")}"]').inner_text()
            assert told == highest


@each_chart
@pytest.mark.parametrize(("mode", "width"), [("light", WIDE), ("dark", NARROW)])
def test_the_chart_takes_the_picture_s_place_and_size(browser: Browser, name: str, mode: str, width: int) -> None:
    with Visit(browser, name, mode=mode, width=width, scripts=False) as visit:
        picture = visit.chart.locator("picture img").bounding_box()
        assert not visit.chart.locator("input, select").first.is_visible()  # nothing that does not work
    with Visit(browser, name, mode=mode, width=width) as visit:
        svg = visit.live().chart.locator(".chart-drawing svg")
        box = svg.bounding_box()
        assert not visit.chart.locator("picture img").is_visible()
        assert abs(box["height"] - picture["height"]) <= 0.06 * picture["height"]
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= width
        assert box["x"] + box["width"] <= width
        assert svg.get_attribute("role") == "img"
        assert len(svg.get_attribute("aria-label").split()) >= 5
        filtered = svg.evaluate("element => getComputedStyle(element).filter")
        assert ("invert" in filtered) == (mode == "dark")
        for control in visit.chart.locator("input, select").all():
            assert control.bounding_box()["height"] >= 44


def test_the_chart_follows_the_switch_of_themes(browser: Browser) -> None:
    with Visit(browser, next(iter(CHARTS))) as visit:
        svg = visit.live().chart.locator(".chart-drawing svg")
        seen = {}
        for mode in ("light", "dark"):
            visit.page.evaluate("mode => { document.documentElement.dataset.theme = mode }", mode)
            seen[mode] = svg.evaluate("element => getComputedStyle(element).filter")
        assert seen["light"] == "none"
        assert "invert" in seen["dark"]


def test_nothing_is_loaded_for_a_figure_far_below(browser: Browser) -> None:
    name = "fig-stuck-dashboard"
    with Visit(browser, name) as visit:
        visit.page.wait_for_timeout(300)
        assert not [url for url in visit.asked if re.search(r"vega\.js|/charts/.*\.js", url)]
        visit.live()
        assert [url for url in visit.asked if url.endswith("vega.js")]


def test_the_picture_stays_where_the_library_is_missing(browser: Browser) -> None:
    name = "fig-stuck-dashboard"
    lost = "Object.defineProperty(window, 'vega', { get: () => undefined, set: () => {} })"
    with Visit(browser, name, first=lost) as visit:
        visit.live("chart-failed")
        assert visit.chart.locator("picture img").is_visible()
        assert not visit.chart.locator("select").first.is_visible()


def test_a_reader_who_names_the_fault_is_told_so(browser: Browser) -> None:
    with Visit(browser, "fig-stuck-dashboard") as visit:
        visit.live()
        run, guess = (visit.chart.locator(f"select[name={name}]") for name in ("run", "guess"))
        told = {}
        for index in range(run.locator("option").count()):
            run.select_option(str(index))
            answers = []
            for number in range(1, guess.locator("option").count()):
                guess.select_option(str(number))
                answers.append(visit.chart.locator(".chart-reading").inner_text())
            assert sum(answer.startswith("Yes") for answer in answers) == 1
            assert all(re.search(r"\d", answer) for answer in answers)
            told[index] = next(number for number, answer in enumerate(answers) if answer.startswith("Yes"))
        assert sorted(told.values()) == list(range(len(told)))  # each fault once
