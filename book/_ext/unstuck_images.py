"""Figures that cost little: small files, room kept for them, and nothing fetched before it comes near.

Drawn figures stay SVG: as a host sends them they are smaller than WebP at twice the page's pixels, by a factor
that ``make bench-site`` measures.
"""

from __future__ import annotations

import re
from pathlib import Path

from PIL import Image
from sphinx.application import Sphinx

FOLD = 1500  # characters: an image with more text before it is not on the first screen
POINT = 4 / 3  # pixels
COORDINATES = re.compile(r' (d|x|y|points)="([^"]+)"')
IMAGE = re.compile(r"<img\s[^>]*>")


def smaller(svg: str) -> str:
    """Return a drawing without what is not seen: the file's own description, empty lines, thousandths of a point."""
    svg = re.sub(r"<\?xml.*?\?>|<!DOCTYPE[^>]*>|<!--.*?-->|<metadata>.*?</metadata>", "", svg, flags=re.S)
    svg = re.sub(r">\s+<", "><", svg.strip())

    def rounded(match: re.Match[str]) -> str:
        short = re.sub(
            r"-?\d+\.\d+(?!\d*e)", lambda number: f"{float(number[0]):.2f}".rstrip("0").rstrip("."), match[2]
        )
        return f' {match[1]}="{" ".join(short.split())}"'

    return COORDINATES.sub(rounded, svg)


def size(path: Path) -> tuple[int, int] | None:
    """Return the width and height of an image on the page, in pixels, where the file tells them."""
    if path.suffix != ".svg":
        with Image.open(path) as image:
            return image.size
    root = re.search(r"<svg\b[^>]*>", path.read_text(encoding="utf8"))
    lengths = dict(re.findall(r'\s(width|height)="([\d.]+)pt"', root[0])) if root else {}
    if len(lengths) != 2:
        return None
    return round(float(lengths["width"]) * POINT), round(float(lengths["height"]) * POINT)


def placed(page: Path) -> str:
    """Return a page whose images have their size, and are fetched late where they are seen late."""
    html = page.read_text(encoding="utf8")
    article = html.find("<article")

    def written(match: re.Match[str]) -> str:
        tag = match[0]
        source = re.search(r'\ssrc="([^":?#]+)"', tag)
        file = page.parent / source[1] if source else None
        attributes = {}
        if file is not None and file.is_file() and not re.search(r"\s(width|height)=", tag) and (found := size(file)):
            attributes |= {"width": found[0], "height": found[1]}
        text = re.sub(r"<[^>]+>|\s+", "", html[article : match.start()])
        if len(text) < FOLD:
            attributes["fetchpriority"] = "high"
        else:
            attributes |= {"loading": "lazy", "decoding": "async"}
        added = "".join(f' {name}="{value}"' for name, value in attributes.items() if f" {name}=" not in tag)
        return f"<img{added}{tag[4:]}"

    return IMAGE.sub(written, html)


def finish(app: Sphinx, exception: Exception | None) -> None:
    """Lighten the drawings and place every image, once pages and images are written."""
    if exception is not None or app.builder.name not in ("html", "dirhtml"):
        return
    out = Path(app.outdir)
    for drawing in out.joinpath("_images").glob("*.svg"):
        drawing.write_text(smaller(drawing.read_text(encoding="utf8")), encoding="utf8")
    for page in out.rglob("*.html"):
        page.write_text(placed(page), encoding="utf8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("build-finished", finish, priority=800)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
