"""The whole book as one page without a site around it, from which the PDF and the ePub are made."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import yaml
from bs4 import BeautifulSoup, Tag

LEFT_OUT = ("book/api", "book/take_along", "genindex")  # what is of use on the site only
USELESS = (
    ".headerlink, .prev-next-area, .copybtn, script, style, button, input, source, .toctree-wrapper, "
    ".tableofcontents-wrapper, .chart-panel, .chart-drawing"  # of an interactive figure its picture is left
)


@dataclass(frozen=True)
class Part:
    """Pages of the table of contents that stand under one heading."""

    caption: str
    pages: tuple[str, ...]


def parts(toc: Path) -> list[Part]:
    """Return the parts of the book, without the pages that are of use on the site only."""
    listed = yaml.safe_load(toc.read_text(encoding="utf8"))["parts"]
    found = [
        Part(part["caption"], tuple(one["file"] for one in part["chapters"] if one["file"] not in LEFT_OUT))
        for part in listed
    ]
    return [part for part in found if part.pages]


def key(page: str) -> str:
    """Return the name of a page in the whole: ``cases-lr-too-high`` for ``book/cases/lr-too-high``."""
    return page.removeprefix("book/").replace("/", "-")


class Assembler:
    """Takes the pages of a built site apart and puts their text into one document.

    Parameters
    ----------
    site
        The folder of the site.
    pages
        The pages that go into the document: links between them stay links.
    """

    def __init__(self, site: Path, pages: list[str]) -> None:
        self.site, self.pages = site, pages

    def chapter(self, page: str) -> Tag:
        """Return the text of a page as a ``section``, ready to stand beside the others."""
        soup = BeautifulSoup((self.site / f"{page}.html").read_text(encoding="utf8"), "html.parser")
        article = soup.select_one("article.bd-article")
        if article is None:
            raise ValueError(f"{page} has no text")
        for element in article.select(USELESS):
            element.decompose()
        for element in article.select("noscript, picture"):
            element.unwrap()
        self.unfold(article)
        seen: set[str] = set()
        for element in article.find_all(True):
            if element.get("id") in seen:  # sphinx-exercise gives every exercise's text the same
                del element["id"]
            seen.add(str(element.get("id", "")))
            self.place(page, element)
        article.name, article.attrs = "section", {"class": "chapter", "id": key(page)}
        return article

    def unfold(self, article: Tag) -> None:
        """Open what is folded away if it is a solution; leave out the code that draws figures and sets things up."""
        for details in article.select("details"):
            cell = details.find_parent(class_="cell")
            solution = details.find_parent(id=re.compile("^exercises")) and "tag_hide-input" not in cell.get(
                "class", []
            )
            if cell is not None and not solution:
                details.decompose()
            else:
                for summary in details.select("summary"):
                    summary.decompose()
                details.unwrap()

    def place(self, page: str, element: Tag) -> None:
        """Make the names in an element unique in the whole, and its addresses right from outside the site."""
        element.attrs.pop("loading", None)
        if element.find_parent("svg") or element.name == "svg":
            return
        if element.get("id"):
            element["id"] = f"{key(page)}--{element['id']}"
        if element.name == "img":
            element.attrs.pop("srcset", None)
            source = unquote(urlsplit(str(element["src"])).path)
            element["src"] = ((self.site / page).parent / source).resolve().as_uri()
        if element.name == "a" and element.get("href"):
            self.link(page, element)

    def link(self, page: str, link: Tag) -> None:
        """Lead a link to its place in the whole; one that leads out of it to the site becomes plain text."""
        url = urlsplit(str(link["href"]))
        if url.scheme or url.netloc:
            return
        target = page
        if url.path:
            path = ((self.site / page).parent / unquote(url.path)).resolve()
            target = path.relative_to(self.site.resolve()).with_suffix("").as_posix()
        if target in self.pages:
            link["href"] = f"#{key(target)}--{unquote(url.fragment)}" if url.fragment else f"#{key(target)}"
        else:
            link.unwrap()


def assemble(site: Path, toc: Path) -> list[tuple[str, list[Tag]]]:
    """Return the book's parts, each a caption with its chapters."""
    listed = parts(toc)
    assembler = Assembler(site, [page for part in listed for page in part.pages])
    return [(part.caption, [assembler.chapter(page) for page in part.pages]) for part in listed]
