"""MathML as TeX means it: what MathJax says in classes of its own, said in MathML that every browser reads.

Browsers set neither a thin space beside a function's name nor letters of another alphabet by attribute.
"""

from __future__ import annotations

import unicodedata
from xml.etree import ElementTree as ET

THIN = "0.167em"
APPLIED = "\N{FUNCTION APPLICATION}"
ACCENTS = ("^", "~", "\N{MACRON}", "\u2192", "\N{DOT ABOVE}")
STYLES = {
    "double-struck": ("DOUBLE-STRUCK",),
    "script": ("SCRIPT",),
    "-tex-calligraphic": ("SCRIPT",),
    "fraktur": ("FRAKTUR", "BLACK-LETTER"),
    "bold": ("BOLD",),
    "bold-italic": ("BOLD ITALIC",),
    "sans-serif": ("SANS-SERIF",),
    "monospace": ("MONOSPACE",),
}


def tidy(mathml: str) -> str:
    """Return a formula of MathJax's with TeX's spaces and letters."""
    ET.register_namespace("", "http://www.w3.org/1998/Math/MathML")
    root = ET.fromstring(mathml)
    for parent in list(root.iter()):
        style = parent.attrib.pop("mathvariant", "") or parent.attrib.pop("data-mjx-variant", "")
        if style == "normal":
            parent.set("mathvariant", style)
        elif style:
            parent.text = "".join(letter(character, style) for character in parent.text or "")
        if parent.attrib.get("data-mjx-texclass") == "ORD":
            keep_together(parent)
        if parent.tag.endswith("}mover") and len(parent) == 2 and parent[1].text in ACCENTS:
            parent.set("accent", "true")
        for name in [name for name in parent.attrib if name.startswith("data-")]:
            del parent.attrib[name]
        space_functions(parent)
        parent.text = (parent.text or "").strip() if len(parent) else parent.text
        for child in parent:
            child.tail = None
    return ET.tostring(root, encoding="unicode")


def letter(character: str, style: str) -> str:
    """Return a letter or digit in one of Unicode's mathematical alphabets, or as it is where it is in none."""
    name = unicodedata.name(character, "").replace("LATIN ", "").replace("LETTER ", "")
    for word in STYLES.get(style, ()):
        for candidate in (f"{word} {name}", f"MATHEMATICAL {word} {name}"):
            try:
                return unicodedata.lookup(candidate)
            except KeyError:
                continue
    return character


def space_functions(parent: ET.Element) -> None:
    """Put a thin space on either side of a function's name, unless an operator or a bracket stands there."""
    for applied in [child for child in parent if child.tag.endswith("}mo") and child.text == APPLIED]:
        children = list(parent)
        at = children.index(applied)
        if at + 1 < len(children) and not is_operator(children[at + 1]):
            parent.insert(at + 1, thin_space(parent))
        if at > 1 and not is_operator(children[at - 2]):
            parent.insert(at - 1, thin_space(parent))


def keep_together(ordinary: ET.Element) -> None:
    """Set an operator that TeX takes for an ordinary sign, a slash or the bars of |x|, without space."""
    for operator in [ordinary, *ordinary]:
        if operator.tag.endswith("}mo"):
            operator.attrib |= {"lspace": "0", "rspace": "0"}


def is_operator(element: ET.Element) -> bool:
    """Tell whether an element is an operator or a bracket, which brings its own space, or is a space."""
    inner = element
    while inner.tag.endswith("}mrow") and len(inner):
        inner = inner[0]
    return inner.tag.rpartition("}")[2] in ("mo", "mspace")


def thin_space(parent: ET.Element) -> ET.Element:
    """Return a thin space."""
    return ET.Element(parent.tag.rpartition("}")[0] + "}mspace", {"width": THIN})
