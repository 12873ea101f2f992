"""The files of the built site: complete, whole, and said in words where they show a picture."""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import jupytext
import nbformat
import pytest
from reading import HTML, ROOT, every_page, pages, soup


def test_site_is_built() -> None:
    assert (HTML / "index.html").exists(), "run `make book` first"
    assert {"book/index.html", "book/claims.html", "book/glossary.html", "book/references.html"} <= set(pages())


@pytest.mark.parametrize("page", [page for page in every_page() if page != "404.html"])
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


@pytest.mark.parametrize("page", every_page())
def test_every_image_is_said_in_words(page: str) -> None:
    for image in soup(page).find_all("img"):
        alt = str(image.get("alt", "")).strip()
        assert len(alt.split()) >= 3, image
        assert not re.search(r"\.(svg|png|webp|jpe?g)\b|^(image|figure|plot|chart)( of)?$", alt, re.I), alt


@pytest.mark.parametrize("page", pages())
def test_room_is_kept_for_every_image_and_those_further_down_wait(page: str) -> None:
    images = soup(page).select("article img")
    assert all(image.get("width", "").isdigit() and image.get("height", "").isdigit() for image in images)
    assert all(image.get("loading") == "lazy" for image in images[2:])


@pytest.mark.parametrize("page", pages())
def test_page_describes_itself_to_those_who_share_it(page: str) -> None:
    told = {str(meta.get("property") or meta.get("name")): str(meta.get("content")) for meta in soup(page)("meta")}
    assert told["twitter:card"] == "summary_large_image"
    assert len(told["og:description"].split()) >= 3
    assert told["og:title"]
    card = HTML / urlsplit(told["og:image"]).path.lstrip("/") if "UNSTUCK_SITE" not in os.environ else None
    assert card is None or card.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("page", pages())
def test_mathematics_is_markup_that_no_script_has_to_make(page: str) -> None:
    formulas = soup(page).select("span.math, div.math")
    assert all(formula.find("math") is not None for formula in formulas)
    assert soup(page).select("merror") == []
    assert not [script for script in soup(page)("script") if "mathjax" in str(script).lower()]


def test_address_that_leads_nowhere_leads_on() -> None:
    links = [str(link["href"]) for link in soup("404.html").select("article a, .bd-article a")]
    assert any(link.endswith("search.html") for link in links)
    assert all((HTML / unquote(urlsplit(link).path).lstrip("/")).exists() for link in links if link.startswith("/"))


def test_only_the_page_that_searches_loads_the_index() -> None:
    loading = {
        page for page in every_page() for script in soup(page)("script") if "searchindex" in script.get("src", "")
    }
    assert loading == {"search.html"}
