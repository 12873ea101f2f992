"""Where in the user's source something stands that leaves no trace when it runs: a setting, a call without brackets."""

from __future__ import annotations

import ast
import linecache
import re
from functools import lru_cache

from unstuck.doctor.watch.sites import Site

__all__ = ["line_at", "line_of_setting", "line_with"]


@lru_cache(maxsize=64)
def _read(file: str) -> tuple[str, ast.Module | None]:
    text = "".join(linecache.getlines(file))  # which knows the cells of a notebook, too
    try:
        return text, ast.parse(text)
    except (SyntaxError, ValueError):
        return text, None


def line_at(site: Site | None) -> str:
    """Return the text of a line, without its comment; empty for none."""
    return linecache.getline(site.file, site.line).split("#")[0].strip() if site is not None else ""


def line_of_setting(made: Site | None, names: tuple[str, ...], value: float) -> Site | None:
    """Return the line that gives a setting its value: that of the constructor, or the default that it is read from.

    Parameters
    ----------
    made
        The line of the constructor that took the setting.
    names
        What the setting may be called: ``("lr", "learning_rate")``.
    value
        Its value, which is looked for as a number in the source.
    """
    if made is None:
        return None
    _, tree = _read(made.file)
    if tree is None:
        return made
    held = [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Constant) and _is(node.value, value)]
    if not held:
        return made
    span = next((node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.lineno == made.line), None)
    if span is not None and any(span.lineno <= line <= (span.end_lineno or span.lineno) for line in held):
        return Site(made.file, next(line for line in held if span.lineno <= line <= (span.end_lineno or span.lineno)))
    named = [line for line in held if _names_it(made.file, line, names)]
    chosen = named if named else held
    return Site(made.file, chosen[0]) if len(set(chosen)) == 1 else made


def line_with(file: str, pattern: str) -> Site | None:
    """Return the only line of a file in which a regular expression is found; None for none or several."""
    text, _ = _read(file)
    found = [number for number, line in enumerate(text.splitlines(), 1) if re.search(pattern, line.split("#")[0])]
    return Site(file, found[0]) if len(found) == 1 else None


def _is(held: object, value: float) -> bool:
    return isinstance(held, (int, float)) and not isinstance(held, bool) and abs(held - value) <= 1e-9 * abs(value)


def _names_it(file: str, line: int, names: tuple[str, ...]) -> bool:
    text = _read(file)[0].splitlines()[line - 1].lower().replace("-", "_")
    return any(name in text for name in names)
