"""Which line of the user's says how long a loop runs: the loop's own, or where the name in it got its number."""

from __future__ import annotations

import ast
from pathlib import Path

from unstuck.doctor.watch.sites import Site

__all__ = ["line_of_length"]


def line_of_length(inside: Site | None) -> Site | None:
    """Return the line that sets how often the outermost loop around a line runs.

    For ``for epoch in range(num_epochs)`` that is the one line that gives ``num_epochs`` its number, as an assignment,
    a default, an option of a parser or an argument of a call; the loop itself where there is no such line, or several.
    None where no loop with a number is found.
    """
    if inside is None:
        return None
    try:
        tree = ast.parse(Path(inside.file).read_text(encoding="utf8"))
    except (OSError, SyntaxError, ValueError):
        return None
    loops = [
        node for node in ast.walk(tree)
        if isinstance(node, (ast.For, ast.While)) and node.lineno <= inside.line <= (node.end_lineno or node.lineno)
    ]  # fmt: skip
    around = min(loops, key=lambda node: node.lineno, default=None)
    if around is None:  # the loop stands around the call of a function: that which calls it
        around = _calling(tree, inside)
        if around is None:
            return None
    head = around.iter if isinstance(around, ast.For) else around.test
    names = {
        node.id if isinstance(node, ast.Name) else node.attr
        for node in ast.walk(head)
        if isinstance(node, (ast.Name, ast.Attribute))
    } - {"range", "tqdm", "trange"}
    lines = {line for name in names for line in _numbers(tree, name)}
    return Site(inside.file, next(iter(lines)) if len(lines) == 1 else around.lineno)


def _calling(tree: ast.Module, inside: Site) -> ast.For | ast.While | None:
    functions = [
        node for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and node.lineno <= inside.line <= (node.end_lineno or node.lineno)
    ]  # fmt: skip
    names = {function.name for function in functions}
    for node in ast.walk(tree):
        if isinstance(node, (ast.For, ast.While)):
            for call in ast.walk(node):
                if isinstance(call, ast.Call) and _name(call.func) in names:
                    return node
    return None


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _number(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, (int, float)) and not isinstance(node.value, bool)


def _numbers(tree: ast.Module, name: str) -> list[int]:
    """Return the lines that give a name a number."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and _number(node.value):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found += [node.lineno for target in targets if _name(target) == name]
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Tuple):
            for target in node.targets:
                if isinstance(target, ast.Tuple):
                    pairs = zip(target.elts, node.value.elts, strict=False)
                    found += [value.lineno for one, value in pairs if _name(one) == name and _number(value)]
        elif isinstance(node, ast.Call):
            found += [key.value.lineno for key in node.keywords if key.arg == name and _number(key.value)]
            options = [arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
            if any(option.lstrip("-").replace("-", "_") == name for option in options):
                found += [key.value.lineno for key in node.keywords if key.arg == "default" and _number(key.value)]
        elif isinstance(node, ast.Dict):
            found += [
                value.lineno for key, value in zip(node.keys, node.values, strict=True)
                if isinstance(key, ast.Constant) and key.value == name and _number(value)
            ]  # fmt: skip
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            places = [*node.args.posonlyargs, *node.args.args]
            given = list(zip(places[len(places) - len(node.args.defaults) :], node.args.defaults, strict=True))
            given += [(a, d) for a, d in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True) if d is not None]
            found += [default.lineno for arg, default in given if arg.arg == name and _number(default)]
    return found
