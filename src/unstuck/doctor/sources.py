"""Where in the user's source something stands that leaves no trace when it runs: a setting, a call without brackets."""

from __future__ import annotations

import ast
import linecache
import re
from collections.abc import Callable, Iterator
from functools import lru_cache

from unstuck.doctor.watch.sites import Site

__all__ = [
    "line_at", "line_beside", "line_of_choice", "line_of_condition", "line_of_length", "line_of_name",
    "line_of_setting", "line_with", "parsed",
]  # fmt: skip

_Function = ast.FunctionDef | ast.AsyncFunctionDef


@lru_cache(maxsize=64)
def parsed(file: str) -> tuple[str, ast.Module | None]:
    """Return the text of a file, or of a notebook's cell, and what Python makes of it; None for what it cannot read."""
    text = "".join(linecache.getlines(file))  # which knows the cells of a notebook, too
    try:
        return text, ast.parse(text)
    except (SyntaxError, ValueError):
        return text, None


def line_at(site: Site | None) -> str:
    """Return the text of a line, without its comment; empty for none."""
    return linecache.getline(site.file, site.line).split("#")[0].strip() if site is not None else ""


def line_of_setting(made: Site | None, names: tuple[str, ...], value: float) -> Site | None:
    """Return the line that gives a setting its value: that of the constructor, or the one that a name in it leads to.

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
    _, tree = parsed(made.file)
    if tree is None:
        return made
    held = [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Constant) and _is(node, value)]
    if not held:
        return made
    span = next(iter(_calls_at(tree, made.line)), None)
    if span is not None and any(span.lineno <= line <= (span.end_lineno or span.lineno) for line in held):
        return Site(made.file, next(line for line in held if span.lineno <= line <= (span.end_lineno or span.lineno)))
    followed = _followed(tree, _names(span), lambda node: _is(node, value))
    if followed is not None:
        return Site(made.file, followed)
    named = [line for line in held if _names_it(made.file, line, names)]
    chosen = named if named else held
    return Site(made.file, chosen[0]) if len(set(chosen)) == 1 else made


def line_of_choice(made: Site | None, name: str) -> Site | None:
    """Return the line that says which function or class is called at a line: another one where a name stands for it.

    Parameters
    ----------
    made
        The line of the call, such as ``act()``.
    name
        What is called, such as ``Sigmoid``; a text that is like it but for its case will do.
    """
    if made is None:
        return None
    _, tree = parsed(made.file)
    called = {_name(call.func) for call in _calls_at(tree, made.line)} if tree is not None else set()
    if tree is None or name in called:
        return made
    followed = _followed(tree, called, lambda node: _text_of(node).lower() == name.lower())
    return Site(made.file, followed) if followed is not None else made


def line_of_condition(made: Site | None) -> Site | None:
    """Return the line of the first condition by which the lists were filled that a call is given.

    That of ``[p for p in parameters if p.ndim > 1]``, or of the ``if`` around ``decay.append(p)``; None for none.
    """
    _, tree = parsed(made.file) if made is not None else ("", None)
    if made is None or tree is None:
        return None
    waiting, known, found = [node for call in _calls_at(tree, made.line)[:1] for node in _names(call)], set(), []
    while waiting:
        name = waiting.pop()
        if name in known:
            continue
        known.add(name)
        for line, value, _ in _givers(tree, name):
            if any(isinstance(node, ast.comprehension) and node.ifs for node in ast.walk(value)):
                found.append(line)
            elif isinstance(value, (ast.List, ast.Tuple, ast.Dict)):
                waiting += _names(value)
        found += [
            test.lineno
            for test in ast.walk(tree)
            if isinstance(test, ast.If)
            and any(isinstance(node, ast.Call) and _filled(node) == name for node in ast.walk(test))
        ]
    return Site(made.file, min(found)) if found else None


def _filled(call: ast.Call) -> str:
    """Return the name of the list that a call puts something into; empty for any other call."""
    if isinstance(call.func, ast.Attribute) and call.func.attr in ("append", "extend"):
        return _name(call.func.value)
    return ""


def line_of_length(inside: Site | None) -> Site | None:
    """Return the line that sets how often the outermost loop around a line runs.

    For ``for epoch in range(num_epochs)`` that is the one line that gives ``num_epochs`` its number, as an assignment,
    a default, an option of a parser or an argument of a call; the loop itself where there is no such line, or several.
    None where no loop with a number is found.
    """
    if inside is None:
        return None
    _, tree = parsed(inside.file)
    if tree is None:
        return None
    loops = [node for node in _around(tree, inside.line) if not isinstance(node, _Function)]
    # Where there is none, the loop stands around the call of a function: that which calls it.
    around = min(loops, key=lambda node: node.lineno, default=None) or _calling(tree, inside)
    if around is None:
        return None
    head = around.iter if isinstance(around, ast.For) else around.test
    followed = _followed(tree, _names(head) - {"range", "tqdm", "trange"}, _number)
    return Site(inside.file, followed or around.lineno)


def line_of_name(inside: Site | None, name: str) -> Site | None:
    """Return the one line of a file that gives a name its value; None where there is none, or several."""
    _, tree = parsed(inside.file) if inside is not None else ("", None)
    followed = _followed(tree, {name}, lambda _: True) if tree is not None else None
    return Site(inside.file, followed) if inside is not None and followed is not None else None


def line_beside(inside: Site | None, pattern: str) -> Site | None:
    """Return the only line of the loop around a line, or else of its function, in which a regular expression is found.

    None where there is none, or several, or the line stands in no loop or function.
    """
    if inside is None:
        return None
    text, tree = parsed(inside.file)
    around = sorted(_around(tree, inside.line), key=lambda node: node.lineno) if tree is not None else []
    function = max((place for place, node in enumerate(around) if isinstance(node, _Function)), default=-1)
    scope = next(iter(around[function + 1 :] or around[-1:]), None)  # the outermost loop in the innermost function
    if scope is None:
        return None
    lines = enumerate(text.splitlines()[scope.lineno - 1 : scope.end_lineno], scope.lineno)
    found = [number for number, line in lines if re.search(pattern, line.split("#")[0])]
    return Site(inside.file, found[0]) if len(found) == 1 else None


def line_with(file: str, pattern: str) -> Site | None:
    """Return the only line of a file in which a regular expression is found; None for none or several."""
    text, _ = parsed(file)
    found = [number for number, line in enumerate(text.splitlines(), 1) if re.search(pattern, line.split("#")[0])]
    return Site(file, found[0]) if len(found) == 1 else None


def _around(tree: ast.Module, line: int) -> list[_Function | ast.For | ast.While]:
    """Return the functions and the loops that a line stands in."""
    return [
        node for node in ast.walk(tree)
        if isinstance(node, (_Function, ast.For, ast.While)) and node.lineno <= line <= (node.end_lineno or node.lineno)
    ]  # fmt: skip


def _calls_at(tree: ast.Module, line: int) -> list[ast.Call]:
    """Return the calls that begin in a line, the outermost first."""
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.lineno == line]


def _calling(tree: ast.Module, inside: Site) -> ast.For | ast.While | None:
    """Return the loop that calls a function around a line."""
    names = {node.name for node in _around(tree, inside.line) if isinstance(node, _Function)}
    for node in ast.walk(tree):
        if isinstance(node, (ast.For, ast.While)):
            for call in ast.walk(node):
                if isinstance(call, ast.Call) and _name(call.func) in names:
                    return node
    return None


def _followed(tree: ast.Module, names: set[str], fits: Callable[[ast.expr], bool]) -> int | None:
    """Return the one line that gives one of the names a value that fits; what a call gives comes before a default."""
    found = {(line, given) for name in names for line, value, given in _givers(tree, name) if fits(value)}
    lines = {line for line, given in found if given} or {line for line, _ in found}
    return next(iter(lines)) if len(lines) == 1 else None


def _givers(tree: ast.Module, name: str) -> Iterator[tuple[int, ast.expr, bool]]:
    """Yield the lines that give a name a value, the value, and whether that is more than a default."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                for one, value in _pairs(target, node.value):
                    if _name(one) == name:
                        yield value.lineno, value, True
        elif isinstance(node, ast.AnnAssign) and node.value is not None and _name(node.target) == name:
            yield node.value.lineno, node.value, False
        elif isinstance(node, ast.Call):
            yield from _given_in(tree, node, name)
        elif isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and key.value == name:
                    yield value.lineno, value, True
        elif isinstance(node, _Function):
            places = [*node.args.posonlyargs, *node.args.args]
            places = [*places[len(places) - len(node.args.defaults) :], *node.args.kwonlyargs]
            for arg, default in zip(places, [*node.args.defaults, *node.args.kw_defaults], strict=True):
                if arg.arg == name and default is not None:
                    yield default.lineno, default, False


def _pairs(target: ast.expr, value: ast.expr) -> list[tuple[ast.expr, ast.expr]]:
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        return list(zip(target.elts, value.elts, strict=False))
    return [(target, value)]


def _given_in(tree: ast.Module, call: ast.Call, name: str) -> Iterator[tuple[int, ast.expr, bool]]:
    """Yield what a call gives a parameter of that name: by its name, by its place, or as the default of an option."""
    yield from ((key.value.lineno, key.value, True) for key in call.keywords if key.arg == name)
    options = [arg.value for arg in call.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
    if any(option.lstrip("-").replace("-", "_") == name for option in options):
        yield from ((key.value.lineno, key.value, True) for key in call.keywords if key.arg == "default")
    taken = _signatures(tree).get(_name(call.func), [])
    if name in taken and taken.index(name) < len(call.args):
        value = call.args[taken.index(name)]
        yield value.lineno, value, True


@lru_cache(maxsize=64)
def _signatures(tree: ast.Module) -> dict[str, list[str]]:
    """Return the names of what each function of the script's, or class, takes by place."""
    found: dict[str, list[str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            made = next((one for one in node.body if isinstance(one, _Function) and one.name == "__init__"), None)
            if made is not None:
                found[node.name] = [arg.arg for arg in (*made.args.posonlyargs, *made.args.args)][1:]
        elif isinstance(node, _Function):
            taken = [arg.arg for arg in (*node.args.posonlyargs, *node.args.args)]
            found[node.name] = taken[1:] if taken[:1] == ["self"] else taken
    return found


def _name(node: ast.AST) -> str:
    """Return the name that an expression ends in: that of ``config["epochs"]`` is ``epochs``."""
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
        return node.slice.value
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _names(node: ast.AST | None) -> set[str]:
    return {_name(part) for part in ast.walk(node)} - {""} if node is not None else set()


def _text_of(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else _name(node)


def _number(node: ast.AST | None) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, (int, float)) and not isinstance(node.value, bool)


def _is(held: ast.AST, value: float) -> bool:
    return isinstance(held, ast.Constant) and _number(held) and abs(held.value - value) <= 1e-9 * abs(value)  # type: ignore[operator]


def _names_it(file: str, line: int, names: tuple[str, ...]) -> bool:
    text = parsed(file)[0].splitlines()[line - 1].lower().replace("-", "_")
    return any(name in text for name in names)
