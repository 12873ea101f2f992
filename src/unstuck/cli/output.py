"""What the commands print, and where: results on standard output, all else on standard error."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import torch.distributed as dist
import typer
from rich import box
from rich.console import Console
from rich.table import Table

from unstuck.distributed import Processes
from unstuck.files import replacing

__all__ = [
    "PICTURES",
    "as_json",
    "check_choices",
    "check_files",
    "is_main",
    "of_main",
    "say",
    "say_json",
    "show_table",
    "warn",
    "write_text",
]

PICTURES = (".svg", ".png", ".pdf")  # what a figure can be written as

T = TypeVar("T")


def is_main() -> bool:
    """Tell whether this process is the one that prints, of those that torchrun started."""
    return not dist.is_torchelastic_launched() or os.environ.get("RANK", "0") == "0"


def say(text: str) -> None:
    """Print a line of results."""
    if is_main():
        typer.echo(text)


def warn(text: str) -> None:
    """Print a line about the work, which is no result."""
    if is_main():
        typer.echo(text, err=True)


def say_json(value: Any) -> None:
    """Print one JSON object."""
    say(as_json(value))


def as_json(value: Any) -> str:
    """Return a value as JSON: what is no finite number as null, and paths as texts."""
    return json.dumps(_plain(value), indent=2, allow_nan=False)


def show_table(headings: Sequence[str], rows: Sequence[Sequence[str]], *, texts: int = 1) -> None:
    """Print a table.

    Parameters
    ----------
    headings
        Of the columns.
    rows
        What the cells hold.
    texts
        How many columns, from the left, are texts and not numbers.
    """
    if not is_main():
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_header=any(headings))
    for index, heading in enumerate(headings):
        table.add_column(heading, justify="left" if index < texts else "right", overflow="fold")
    for row in rows:
        table.add_row(*row)
    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console = Console(highlight=False, markup=False, width=160)  # a file has no width to keep to
    console.print(table)


def of_main(processes: Processes, ask: Callable[[], T]) -> T:
    """Return what the main process finds, on every process; or raise there what it raised."""
    found: tuple[T | None, ValueError | OSError | None] = (None, None)
    if processes.is_main:
        try:
            found = ask(), None
        except (ValueError, OSError) as error:
            found = None, error
    answer, problem = processes.gather(found)[0]
    if problem:
        raise problem
    result: T = answer
    return result


def check_choices(option: str, values: Iterable[str] | None, allowed: Iterable[str]) -> None:
    """Refuse values of an option that may be given several times, of which Typer checks no choices itself.

    Raises
    ------
    ValueError
        If one is not allowed.
    """
    for value in values or ():
        if value not in allowed:
            raise ValueError(f"{option} must be one of {', '.join(allowed)}, got {value}")


def check_files(files: Mapping[str, Path | None], allowed: Mapping[str, Sequence[str]], *, force: bool) -> None:
    """Refuse files that could not be written at the end, before there is anything to write.

    Parameters
    ----------
    files
        By option; None: not asked for.
    allowed
        The suffixes that each may have.
    force
        Whether they may be there already.

    Raises
    ------
    ValueError
        If one has another suffix, has no folder, or is there already.
    """
    for option, path in files.items():
        if path is None:
            continue
        if path.suffix not in allowed[option]:
            raise ValueError(f"{option} must end in {' or '.join(allowed[option])}, got {path}")
        if not path.parent.is_dir():
            raise ValueError(f"{option} {path}: there is no folder {path.parent}")
        if path.is_dir() or (path.exists() and not force):
            raise ValueError(f"{option} {path} is there already: --force replaces it")


def write_text(text: str, path: Path) -> None:
    """Write a text file, whole or not at all."""
    with replacing(path) as unfinished:
        unfinished.write_text(text, encoding="utf8")


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    return value
