"""One stylesheet out of many: the rules that some page of the site can match, and the icons that some page shows."""

from __future__ import annotations

import base64
import io
import logging
import posixpath
import re
from collections.abc import Iterable, Iterator, Set
from pathlib import Path

import tinycss2
from fontTools import subset
from fontTools.ttLib import TTFont

NESTED = {"media", "supports", "layer", "container"}
ICON_FONT = re.compile(r"fa-(solid|regular|brands)-\d+\.woff2")
ICON = re.compile("[\ue000-\uf8ff]")  # as the parser writes what a style calls "\\f002"
logging.getLogger("fontTools").setLevel(logging.WARNING)


def words_of_pages(pages: Iterable[str]) -> set[str]:
    """Return every class and every id in the text of pages."""
    return {word for page in pages for value in re.findall(r'\b(?:class|id)="([^"]*)"', page) for word in value.split()}


def words_of_scripts(scripts: Iterable[str]) -> set[str]:
    """Return every word of scripts that may be the name of a class: more than there are, rather than fewer."""
    return {word for script in scripts for word in re.findall(r"[A-Za-z_][\w-]*", script)}


def names(selector: str) -> set[str]:
    """Return the classes and ids that an element must have, or be within, for a selector to match it."""
    plain = re.sub(r"\[[^\]]*\]", "", selector)
    while re.search(r":[\w-]+\([^()]*\)", plain):  # what stands in :not(), :is(), :where(), :has() need not be there
        plain = re.sub(r":[\w-]+\([^()]*\)", "", plain)
    return set(re.findall(r"[.#]((?:[\w-]|[^\x00-\x7f])+)", plain)) if "\\" not in plain else set()


def selectors(prelude: str) -> list[str]:
    """Split a list of selectors at its outer commas."""
    parts, depth = [""], 0
    for character in prelude:
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(character, 0)
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts]


def rules(css: str, used: Set[str]) -> Iterator[str]:
    """Yield the rules of a stylesheet that can match an element with no names but the used ones."""
    for rule in tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True):
        if rule.type == "qualified-rule":
            kept = [part for part in selectors(tinycss2.serialize(rule.prelude)) if names(part) <= used]
            if kept:
                yield f"{','.join(kept)}{{{tinycss2.serialize(rule.content).strip()}}}"
        elif rule.type == "at-rule" and rule.lower_at_keyword in NESTED and rule.content is not None:
            inner = "".join(rules(tinycss2.serialize(rule.content), used))
            if inner:
                yield f"@{rule.at_keyword}{tinycss2.serialize(rule.prelude)}{{{inner}}}"
        elif rule.type == "at-rule" and rule.lower_at_keyword not in ("import", "charset"):
            yield rule.serialize()


def whole(path: Path, static: Path) -> str:
    """Return a stylesheet with those it imports in front, and addresses as seen from the folder of static files."""
    css = path.read_text(encoding="utf8")
    imported = "".join(whole(path.parent / name, static) for name in re.findall(r'@import\s+"([^":]+)"', css))
    folder = path.parent.relative_to(static).as_posix()

    def seen_from_static(match: re.Match[str]) -> str:
        quote, address = match[1], match[2]
        moved = address if re.match(r"data:|#|\w+:", address) else posixpath.normpath(posixpath.join(folder, address))
        return f"url({quote}{moved}{quote}"

    return imported + re.sub(r"url\(([\"']?)([^\"')]+)\1", seen_from_static, css)


def icons(css: str, static: Path, used: Set[str]) -> str:
    """Put the icons that the style names into it, and drop the fonts that hold none of them."""
    wanted = {ord(icon) for icon in ICON.findall(css)}
    classes = {"solid": {"fa-solid", "fas"}, "regular": {"fa-regular", "far"}, "brands": {"fa-brands", "fab"}}

    def embedded(match: re.Match[str]) -> str:
        font = ICON_FONT.search(match[0])
        if font is None:
            return match[0]
        if not classes[font[1]] & used:
            return ""
        encoded = base64.b64encode(reduced(next(static.rglob(font[0])), wanted)).decode()
        address = f'url("data:font/woff2;base64,{encoded}") format("woff2")'
        return re.sub(r"src:[^;}]*", lambda _: f"src:{address}", match[0])

    return re.sub(r"@font-face\s*\{[^}]*\}", embedded, css)


def reduced(path: Path, codepoints: Set[int]) -> bytes:
    """Return a font as WOFF2 with a few glyphs only."""
    font = TTFont(path)
    cut = subset.Subsetter(subset.Options(layout_features=[], notdef_outline=False, name_IDs=[]))
    cut.populate(unicodes=codepoints)
    cut.subset(font)
    font.flavor = "woff2"
    written = io.BytesIO()
    font.save(written)
    return written.getvalue()


def bundled(sheets: Iterable[Path], static: Path, *, in_pages: Set[str], in_scripts: Set[str]) -> str:
    """Return stylesheets as one, without what no page needs."""
    css = "\n".join(rule for sheet in sheets for rule in rules(whole(sheet, static), in_pages | in_scripts))
    return icons(css, static, in_pages)
