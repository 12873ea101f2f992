"""The list of what can be taken along, on the page that is about it: what was not made is not linked."""

from __future__ import annotations

from pathlib import Path

from bs4 import BeautifulSoup

PAGE = "book/take_along.html"
DOWNLOADS = "downloads"
PLACE = "unstuck-offers"
FORMS = {
    "unstuck.pdf": (
        "PDF",
        "the chapters, the case files, the claims and the glossary, to print or to read on a tablet",
    ),
    "unstuck.epub": ("ePub", "the same for an e-reader, with mathematics as MathML and figures that scale"),
    "unstuck-notebooks.zip": ("Notebooks", "every chapter as a notebook, with the package and the pinned versions"),
}


def refresh(site: Path) -> list[str]:
    """Write the list into the built page; return the names of the files that it links."""
    page = site / PAGE
    made = [name for name in FORMS if (site / DOWNLOADS / name).exists()]
    if not page.exists():
        return made
    soup = BeautifulSoup(page.read_text(encoding="utf8"), "html.parser")
    place = soup.find(id=PLACE)
    if place is None:
        raise ValueError(f"{page} has no place for the list")
    place.clear()
    listing = soup.new_tag("ul")
    for name in made:
        title, what = FORMS[name]
        size = (site / DOWNLOADS / name).stat().st_size / 1e6
        item, link = soup.new_tag("li"), soup.new_tag("a", href=f"../{DOWNLOADS}/{name}", download="")
        link.string = title
        item.append(link)
        item.append(f" ({size:.1f} MB): {what}.")
        listing.append(item)
    place.append(listing)
    page.write_text(str(soup), encoding="utf8")
    return made
