"""Places in a program where it names something of the package, and links put there into its highlighted form."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from html import unescape
from typing import NamedTuple

from public_names import dotted, imports

PIECES = re.compile(r"<[^>]+>|&[#\w]+;|[^<&]+")


class Place(NamedTuple):
    """A dotted name at a place in a program: line and columns, and what it stands for."""

    line: int
    start: int
    end: int
    name: str


class Finder(ast.NodeVisitor):
    """Finds the places where names bound by imports are used, in one cell after another.

    Parameters
    ----------
    bound
        What is bound to what so far; imports of the cell are added, names that it assigns anew are taken out.
    """

    def __init__(self, bound: dict[str, str]) -> None:
        self.bound = bound
        self.hidden: set[str] = set()
        self.places: list[Place] = []

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        """Find the imported names."""
        self.bound |= dict(imports(node))
        for alias in node.names:
            target = self.bound.get(alias.asname or alias.name, "")
            if target == f"{node.module}.{alias.name}":
                self.places.append(Place(alias.lineno, alias.col_offset, alias.col_offset + len(alias.name), target))

    def visit_Import(self, node: ast.Import) -> None:
        """Note what is bound: modules themselves are not linked."""
        self.bound |= dict(imports(node))

    def visit_Attribute(self, node: ast.Attribute) -> None:
        """Find ``module.name``; look inside anything else."""
        if not self.note(node):
            self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> None:
        """Find a name alone; forget one that is assigned anew."""
        if isinstance(node.ctx, ast.Load):
            self.note(node)
        elif not self.hidden:
            self.bound.pop(node.id, None)

    def note(self, node: ast.Name | ast.Attribute) -> bool:
        """Keep a place if the name there begins with one that is bound, and is written on one line."""
        first, *rest = dotted(node)
        if first in self.hidden or first not in self.bound or node.end_lineno != node.lineno:
            return False
        target = ".".join([self.bound[first], *rest])
        self.places.append(Place(node.lineno, node.col_offset, node.end_col_offset or 0, target))
        return True

    def visit_scope(self, node: ast.FunctionDef | ast.Lambda) -> None:
        """Look inside a function with its own names hidden."""
        own = {argument.arg for argument in ast.walk(node.args) if isinstance(argument, ast.arg)}
        own |= {name.id for name in ast.walk(node) if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)}
        outside, self.hidden = self.hidden, self.hidden | own | {""}
        self.generic_visit(node)
        self.hidden = outside

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        """Look inside a function."""
        self.visit_scope(node)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        """Look inside a function without a name."""
        self.visit_scope(node)


def find(source: str, bound: dict[str, str]) -> list[Place]:
    """Return the places of a cell in order, columns in characters; none if it is not Python."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return []
    finder = Finder(bound)
    finder.visit(tree)
    lines = source.splitlines()

    def characters(line: int, column: int) -> int:
        return len(lines[line - 1].encode()[:column].decode())  # ast counts bytes

    return sorted(
        Place(line, characters(line, start), characters(line, end), name) for line, start, end, name in finder.places
    )


def link(highlighted: str, bound: dict[str, str], address: Callable[[str], str | None]) -> str:
    """Return a highlighted cell with its names linked.

    Parameters
    ----------
    highlighted
        What Pygments made of the cell, inside ``<pre>``: text, entities, and spans that are not nested.
    bound
        As in :class:`Finder`.
    address
        Gives the address of a dotted name, or None.
    """
    source = unescape(re.sub(r"<[^>]+>", "", highlighted))
    openings, closings = {}, set()
    for place in find(source, bound):
        target = address(place.name)
        if target:
            openings[place.line, place.start] = f'<a class="api" href="{target}">'
            closings.add((place.line, place.end))
    return "".join(woven(highlighted, openings, closings)) if openings else highlighted


def woven(highlighted: str, openings: dict[tuple[int, int], str], closings: set[tuple[int, int]]) -> Iterator[str]:
    """Yield the pieces of a highlighted cell, with links opened before a span and closed after one."""
    place = (1, 0)
    for piece in PIECES.findall(highlighted):
        if piece.startswith("<span") and place in openings:
            yield openings.pop(place)
        yield piece
        if piece == "</span>" and place in closings:
            closings.discard(place)
            yield "</a>"
        elif not piece.startswith("<"):
            text = unescape(piece)
            newlines = text.count("\n")
            place = (place[0] + newlines, len(text) - text.rfind("\n") - 1 if newlines else place[1] + len(text))
