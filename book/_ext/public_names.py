"""The package's public names: which name each is documented under, and which of them a program uses."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import jupytext

PACKAGE = "unstuck"


class PublicNames:
    """The names that the given modules declare in ``__all__``.

    Parameters
    ----------
    modules
        The modules that have a place in the reference.
    """

    def __init__(self, modules: Iterable[str]) -> None:
        self.objects: dict[str, Any] = {
            f"{name}.{member}": getattr(module, member)
            for name, module in ((name, import_module(name)) for name in modules)
            for member in module.__all__
        }
        self.aliases = self._written_elsewhere() | self._short_names()

    def _written_elsewhere(self) -> dict[str, str]:
        """Return the functions and classes by the module that they are written in, where that is not the public one."""
        found = {}
        for name, value in self.objects.items():
            written = f"{getattr(value, '__module__', '')}.{getattr(value, '__qualname__', '')}"
            if written.startswith(f"{PACKAGE}.") and written.split(".")[-1] == name.split(".")[-1] and written != name:
                found[written] = name
        return found

    def _short_names(self) -> dict[str, str]:
        """Return the names that the package itself offers."""
        package = import_module(PACKAGE)
        offered = {member: getattr(package, member) for member in getattr(package, "__all__", ())}
        return {
            f"{PACKAGE}.{member}": name
            for member, value in offered.items()
            for name, one in self.objects.items()
            if one is value
        }

    def canonical(self, name: str) -> str | None:
        """Return the name that a dotted name, or what it begins with, is documented under."""
        while name.startswith(f"{PACKAGE}."):
            if name in self.objects or name in self.aliases:
                return self.aliases.get(name, name)
            name = name.rpartition(".")[0]
        return None

    def used_in(self, source: str) -> set[str]:
        """Return the names that a program imports, or reaches through a module that it imports."""
        tree = ast.parse(source)
        bound = dict(imports(tree))
        reached = set(bound.values())
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute):
                first, *rest = dotted(node)
                if first in bound:
                    reached.add(".".join([bound[first], *rest]))
        return {name for name in map(self.canonical, reached) if name}


def imports(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield each name that a program binds to something of the package, with what it is bound to."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == PACKAGE:
                    yield (alias.asname, alias.name) if alias.asname else (PACKAGE, PACKAGE)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == PACKAGE:
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def dotted(node: ast.expr) -> list[str]:
    """Return the parts of ``a.b.c``; of what begins with anything but a name, parts that no import binds."""
    if isinstance(node, ast.Name):
        return [node.id]
    if isinstance(node, ast.Attribute):
        return [*dotted(node.value), node.attr]
    return [""]


def code_of(chapter: Path) -> str:
    """Return a chapter's code without the lines that are for IPython."""
    cells = (cell.source for cell in jupytext.read(chapter).cells if cell.cell_type == "code")
    lines = (line for cell in cells for line in cell.splitlines())
    return "\n".join("pass" if line.startswith(("%", "!")) else line for line in lines)
