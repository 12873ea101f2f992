"""The line of a script that makes a printed number what it is: the divisor that is wrong, the call that returned it."""

from __future__ import annotations

import ast
import re

from unstuck.doctor.printed import Series, label_of
from unstuck.doctor.sources import parsed
from unstuck.doctor.watch.sites import Site

__all__ = ["line_of_value"]

_DEEP = 6


def line_of_value(series: Series, word: str) -> Site | None:
    """Return the line that computes the numbers of a series, which a print shows after a word.

    Names are followed to where they get their value, calls of the script's own functions to what they return, and
    quotients to what the divisor is counted up by.

    Parameters
    ----------
    series
        With the line of the print, and the words before the number as they were printed.
    word
        A regular expression for them, should the print's text be put together otherwise.
    """
    site = series.site
    if site is None:
        return None
    _, tree = parsed(site.file)
    calls = [
        node
        for node in (ast.walk(tree) if tree is not None else ())
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "print"
        and node.lineno <= site.line <= (node.end_lineno or node.lineno)
    ]
    if tree is None or not calls:
        return site
    shown = _after_word(calls[0], series, word)
    line = _line_of(tree, shown, calls[0].lineno, _DEEP) if shown is not None else None
    return Site(site.file, line or calls[0].lineno)


def _after_word(call: ast.Call, series: Series, word: str) -> ast.expr | None:
    """Return the expression of a print that follows the words of a series, or else text with a word in it."""
    parts: list[ast.expr] = []
    for value in call.args:
        parts += _parts(value)
    text = ""
    same: list[ast.expr] = []
    fits: list[ast.expr] = []
    for part in parts:
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            text += " " + part.value
            continue
        shown = part.value if isinstance(part, ast.FormattedValue) else part
        if label_of(text) == series.label:
            same.append(shown)
        if re.search(word, text.lower()):
            fits.append(shown)
        text = ""
    found = same if len(same) > series.place else fits
    return found[min(series.place, len(found) - 1)] if found else None


def _parts(value: ast.expr) -> list[ast.expr]:
    """Return the texts and the values of a formatted string, in turn."""
    if isinstance(value, ast.JoinedStr):
        return list(value.values)
    given: list[ast.expr] = []
    form, pattern = None, ""
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Mod):
        given = list(value.right.elts) if isinstance(value.right, ast.Tuple) else [value.right]
        form, pattern = value.left, r"%[-+ #0-9.]*[a-zA-Z]"
    elif isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr == "format":
        given, form, pattern = list(value.args), value.func.value, r"\{[^}]*\}"
    if not isinstance(form, ast.Constant) or not isinstance(form.value, str):
        return [value]
    texts: list[ast.expr] = [ast.Constant(text) for text in re.split(pattern, form.value.replace("%%", ""))]
    return [part for pair in zip(texts, given, strict=False) for part in pair]


def _line_of(tree: ast.Module, value: ast.expr, before: int, deep: int, place: int | None = None) -> int | None:
    """Return the line that makes a value; of a call that returns several, that of the one at a place."""
    if isinstance(value, ast.Tuple) and place is not None and place < len(value.elts):
        value = value.elts[place]
    if not deep:
        return value.lineno
    if isinstance(value, ast.BinOp):
        if isinstance(value.op, ast.Div):
            return _line_of_quotient(tree, value.right, value.lineno)
        inner = next((side for side in (value.left, value.right) if not isinstance(side, ast.Constant)), value.left)
        return _line_of(tree, inner, before, deep - 1)
    if isinstance(value, ast.Name):
        assigned = _assigned(tree, value.id, before)
        since = assigned[0].lineno if assigned is not None else 0
        divided = [one for one in _changes(tree, value.id, before, ast.Div) if one.lineno > since]
        if divided:
            return _line_of_quotient(tree, divided[-1].value, divided[-1].lineno)
        return _line_of(tree, assigned[0], before, deep - 1, assigned[1]) if assigned is not None else None
    if isinstance(value, ast.Call):
        name = value.func.id if isinstance(value.func, ast.Name) else getattr(value.func, "attr", "")
        returned = _returned(tree, name)
        if returned is not None:
            return _line_of(tree, returned, returned.lineno, deep - 1, place)
        if name == "item" and isinstance(value.func, ast.Attribute):
            return _line_of(tree, value.func.value, before, deep - 1)
        if name in ("float", "round", "int") and value.args:
            return _line_of(tree, value.args[0], before, deep - 1)
    if isinstance(value, ast.Attribute) and isinstance(value.value, ast.Name):
        return _told(tree, value.value.id, value.lineno) or value.lineno
    return value.lineno


def _line_of_quotient(tree: ast.Module, divisor: ast.expr, line: int) -> int:
    """Return the line that makes a quotient what it is: that which counts its divisor up, else its own."""
    counted = _changes(tree, divisor.id, line) if isinstance(divisor, ast.Name) else []
    return counted[-1].lineno if counted else line


def _changes(tree: ast.Module, name: str, before: int, by: type[ast.operator] = ast.operator) -> list[ast.AugAssign]:
    """Return what changes a name in place, such as ``count += 1``, up to a line, in order."""
    found = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.AugAssign)
        and isinstance(node.target, ast.Name)
        and node.target.id == name
        and isinstance(node.op, by)
        and node.lineno <= before
    ]
    return sorted(found, key=lambda node: node.lineno)


def _told(tree: ast.Module, name: str, before: int) -> int | None:
    """Return the last line before one at which an object, such as a meter, is told of something."""
    found = [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == name
        and (node.args or node.keywords)
        and node.lineno < before
    ]
    return max(found, default=None)


def _assigned(tree: ast.Module, name: str, before: int) -> tuple[ast.expr, int | None] | None:
    """Return what a name was last given before a line, and its place where that gives several names at once."""
    best: tuple[int, ast.expr, int | None] | None = None
    for node in ast.walk(tree):
        if not isinstance(node, ast.Assign) or node.lineno > before or (best is not None and node.lineno <= best[0]):
            continue
        for target in node.targets:
            names = target.elts if isinstance(target, ast.Tuple) else [target]
            for place, one in enumerate(names):
                if isinstance(one, ast.Name) and one.id == name:
                    best = node.lineno, node.value, place if isinstance(target, ast.Tuple) else None
    return best[1:] if best else None


def _returned(tree: ast.Module, name: str) -> ast.expr | None:
    """Return what a function of the script's returns, where that is one thing."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == name:
            returned = [
                part.value for part in ast.walk(node) if isinstance(part, ast.Return) and part.value is not None
            ]
            return returned[-1] if len(returned) == 1 else None
    return None
