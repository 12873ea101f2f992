"""The book as a PDF: printed by a browser, with bookmarks, page numbers, and a table of contents in front."""

from __future__ import annotations

import html
import io
import time
from pathlib import Path
from typing import Any

from bs4 import Tag
from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject, NameObject, NullObject, NumberObject

from along.assemble import assemble
from along.whole import body, document, opened

PLACE = "https://page.invalid/"  # stands in the contents for a page of the book, until both are one file
FOOTER = (
    '<div style="font: 8px sans-serif; width: 100%; text-align: center; color: #555">'
    '<span class="pageNumber"></span></div>'
)
MARGINS = {"top": "20mm", "bottom": "20mm", "left": "22mm", "right": "22mm"}


def print_book(site: Path, toc: Path, folder: Path, target: Path) -> int:
    """Write the PDF and return its number of pages."""
    parts = assemble(site, toc)
    settings: dict[str, Any] = {"format": "A4", "margin": MARGINS, "print_background": True, "tagged": True}
    with opened(document(body(parts), site), folder) as page:
        book = page.pdf(
            **settings, outline=True, display_header_footer=True, header_template="<i></i>", footer_template=FOOTER
        )
        chapters = first_pages(PdfReader(io.BytesIO(book)))
        page.set_content(document(front(parts, chapters), site), wait_until="load")
        page.evaluate("() => document.fonts.ready.then(() => null)")
        contents = page.pdf(**settings)
    return join(contents, book, target)


def first_pages(reader: PdfReader) -> list[int]:
    """Return the page, from 0, that each chapter begins on: the bookmarks of the highest level."""
    return [reader.get_destination_page_number(mark) or 0 for mark in reader.outline if not isinstance(mark, list)]


def front(parts: list[tuple[str, list[Tag]]], first: list[int]) -> str:
    """Return the title page and the contents, with the numbers of pages."""
    numbers = iter(first)
    lines = []
    for caption, chapters in parts:
        lines.append(f"<h2>{html.escape(caption)}</h2>")
        for chapter in chapters:
            heading = chapter.h1
            title = " ".join(heading.text.split()) if heading else ""
            number = next(numbers)
            lines.append(
                f'<p class="entry"><a href="{PLACE}{number}"><span>{html.escape(title)}</span>'
                f"<span>{number + 1}</span></a></p>"
            )
    made = time.strftime("%d %B %Y").lstrip("0")
    return (
        '<div class="title-page"><h1>Unstuck</h1><p>Why neural networks train, and why they get stuck</p>'
        f"<p class='made'>Printed on {made}; the chapter on run times says when each chapter was executed. "
        "The code that draws the figures, the reference of the package and all that moves are on the site; "
        "the notebooks have the code as well.</p></div>"
        f'<div class="contents"><h1>Contents</h1>{"".join(lines)}</div>'
    )


def join(contents: bytes, book: bytes, target: Path) -> int:
    """Write the contents and the book as one file, its links and its page numbers right."""
    writer = PdfWriter()
    writer.append(io.BytesIO(contents), import_outline=False)
    before = len(writer.pages)
    writer.append(io.BytesIO(book), import_outline=True)
    for page in writer.pages[:before]:
        for reference in page.get("/Annots", ArrayObject()):
            lead_inside(writer, reference.get_object(), before)
    writer.set_page_label(0, before - 1, style="/r")
    writer.set_page_label(before, len(writer.pages) - 1, style="/D", start=1)
    writer.add_metadata({"/Title": "Unstuck", "/Subject": "Why neural networks train, and why they get stuck"})
    writer.page_mode = "/UseOutlines"
    writer.compress_identical_objects()
    with target.open("wb") as file:
        writer.write(file)
    return len(writer.pages)


def lead_inside(writer: PdfWriter, annotation: DictionaryObject, before: int) -> None:
    """Make of a link to a stand-in a link to the page of the book that it stands for."""
    action = annotation.get("/A", {})
    address = str(action.get("/URI", ""))
    if address.startswith(PLACE):
        page = writer.pages[before + int(address.removeprefix(PLACE))]
        del annotation["/A"]
        place = [page.indirect_reference, NameObject("/XYZ"), NullObject(), NullObject(), NumberObject(0)]
        annotation[NameObject("/Dest")] = ArrayObject(place)
