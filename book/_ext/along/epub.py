"""The book as an ePub 3: one XHTML file a chapter, mathematics as MathML, pictures as they are on the site."""

from __future__ import annotations

import html
import time
import uuid
import xml.etree.ElementTree as ET
import zipfile
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from urllib.parse import unquote, urlsplit

from along.assemble import assemble
from along.whole import HERE, body, document, math_rules, opened

XHTML = "{http://www.w3.org/1999/xhtml}"
MATHML = "{http://www.w3.org/1998/Math/MathML}"
SVG = "{http://www.w3.org/2000/svg}"
KEPT = {
    "id",
    "class",
    "href",
    "src",
    "alt",
    "colspan",
    "rowspan",
    "start",
    "lang",
    "dir",
    "title",
    "role",
    "aria-label",
}
TYPES = {".svg": "image/svg+xml", ".png": "image/png", ".jpg": "image/jpeg", ".webp": "image/webp"}
CONTAINER = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="book/package.opf" media-type="application/oebps-package+xml"/></rootfiles></container>'
)
PAGE = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE html>\n'
    '<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops" lang="en" xml:lang="en">'
    '<head><meta charset="utf-8"/><title>{title}</title><link rel="stylesheet" href="book.css"/></head>'
    "<body>{body}</body></html>\n"
)


@dataclass(frozen=True)
class Chapter:
    """A chapter as it stands in the ePub."""

    name: str
    title: str
    text: str
    properties: str


def write_epub(site: Path, toc: Path, folder: Path, target: Path) -> int:
    """Write the ePub and return its number of chapters."""
    parts = assemble(site, toc)
    with opened(document(body(parts), site), folder) as page:
        found: dict[str, str] = page.evaluate((HERE / "harvest.js").read_text(encoding="utf8"))
    images: dict[str, Path] = {}
    font = site / "_static" / "math.woff2"
    fonts = [font] if font.exists() else []
    captions = [
        (caption, [chapter(str(one["id"]), found[str(one["id"])], images) for one in sections])
        for caption, sections in parts
    ]
    chapters = [one for _, sections in captions for one in sections]
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/epub+zip", zipfile.ZIP_STORED)  # first, and not compressed
        archive.writestr("META-INF/container.xml", CONTAINER)
        archive.writestr("book/package.opf", package(chapters, images, fonts))
        archive.writestr("book/nav.xhtml", navigation(captions))
        archive.writestr("book/title.xhtml", title_page())
        archive.writestr(
            "book/book.css",
            (HERE / "epub.css").read_text(encoding="utf8") + math_rules("math.woff2" if fonts else None),
        )
        for one in fonts:
            archive.write(one, f"book/{one.name}")
        for one in chapters:
            archive.writestr(f"book/{one.name}.xhtml", one.text)
        for name, source in images.items():
            archive.write(source, f"book/images/{name}")
    return len(chapters)


def chapter(name: str, text: str, images: dict[str, Path]) -> Chapter:
    """Return a chapter whose links and pictures lead to files of the ePub; note the pictures."""
    root = ET.fromstring(text)
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag in (f"{XHTML}script", f"{XHTML}button"):
                parent.remove(child)
    for element in root.iter():
        if element.tag.startswith(XHTML):
            element.attrib = {key: value for key, value in element.attrib.items() if key in KEPT}
        if element.tag == f"{XHTML}img":
            source = Path(unquote(urlsplit(element.get("src", "")).path))
            images[source.name] = source
            element.set("src", f"images/{source.name}")
        if element.tag == f"{XHTML}a" and element.get("href", "").startswith("#"):
            place = element.get("href", "")[1:]
            target = place.split("--")[0]
            element.set("href", f"{target}.xhtml#{place}" if "--" in place else f"{target}.xhtml")
    tags = {element.tag for element in root.iter()}
    used = (("mathml", f"{MATHML}math"), ("svg", f"{SVG}svg"))
    properties = " ".join(said for said, tag in used if tag in tags)
    heading = root.find(f".//{XHTML}h1")
    title = " ".join("".join(heading.itertext()).split()) if heading is not None else name
    markup = ET.tostring(root, encoding="unicode")
    return Chapter(name, title, PAGE.format(title=html.escape(title), body=markup), properties)


def navigation(parts: list[tuple[str, list[Chapter]]]) -> str:
    """Return the table of contents, which reading systems show as they please."""
    items = []
    for caption, chapters in parts:
        entries = "".join(f'<li><a href="{one.name}.xhtml">{html.escape(one.title)}</a></li>' for one in chapters)
        items.append(f"<li><span>{html.escape(caption)}</span><ol>{entries}</ol></li>")
    nav = f'<nav epub:type="toc" id="toc"><h1>Contents</h1><ol>{"".join(items)}</ol></nav>'
    return PAGE.format(title="Contents", body=nav)


def title_page() -> str:
    """Return the page in front."""
    made = time.strftime("%d %B %Y").lstrip("0")
    text = (
        '<div class="title-page"><h1>Unstuck</h1><p>Why neural networks train, and why they get stuck</p>'
        f"<p>Made on {made}. The code that draws the figures, and the reference of the package, are on the site.</p>"
        "</div>"
    )
    return PAGE.format(title="Unstuck", body=text)


def package(chapters: list[Chapter], images: dict[str, Path], fonts: list[Path]) -> str:
    """Return the list of all that the ePub holds, and the order to read it in."""
    items = [
        '<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>',
        '<item id="title" href="title.xhtml" media-type="application/xhtml+xml"/>',
        '<item id="css" href="book.css" media-type="text/css"/>',
    ]
    for one in chapters:
        properties = f' properties="{one.properties}"' if one.properties else ""
        items.append(f'<item id="{one.name}" href="{one.name}.xhtml" media-type="application/xhtml+xml"{properties}/>')
    items += [f'<item id="{one.stem}-font" href="{one.name}" media-type="font/woff2"/>' for one in fonts]
    for number, name in enumerate(images):
        items.append(f'<item id="image-{number}" href="images/{name}" media-type="{TYPES[Path(name).suffix]}"/>')
    spine = "".join(f'<itemref idref="{name}"/>' for name in ["title", "nav", *(one.name for one in chapters)])
    version = metadata.version("unstuck")
    identifier = uuid.uuid5(uuid.NAMESPACE_URL, f"unstuck {version}")
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id" xml:lang="en">'
        '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f'<dc:identifier id="id">urn:uuid:{identifier}</dc:identifier><dc:title>Unstuck</dc:title>'
        "<dc:language>en-GB</dc:language><dc:creator>The authors of Unstuck</dc:creator>"
        "<dc:rights>Text and figures: CC BY 4.0. Code: MIT.</dc:rights>"
        f'<meta property="dcterms:modified">{now}</meta></metadata>'
        f"<manifest>{''.join(items)}</manifest><spine>{spine}</spine></package>"
    )
