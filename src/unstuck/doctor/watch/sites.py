"""Whose line a call comes from: the innermost frame that is the user's own."""

from __future__ import annotations

import sys
import sysconfig
from functools import cache
from pathlib import Path
from types import FrameType
from typing import NamedTuple

import torch

__all__ = ["Place", "Site", "site_here", "stack_here"]

_FOREIGN = tuple(
    str(Path(folder).resolve())
    for folder in (
        sysconfig.get_paths()["stdlib"],
        sysconfig.get_paths()["purelib"],
        sysconfig.get_paths()["platlib"],
        Path(torch.__file__).parent,
        Path(__file__).parents[2],  # this package
    )
)
_DEEP = 60  # frames looked through: what is further out is not the caller


class Site(NamedTuple):
    """A line of the user's."""

    file: str
    line: int


class Place(NamedTuple):
    """A place within a line of the user's: two calls on one line are made at two of them."""

    file: str
    line: int
    instruction: int  # its offset in the code of the function


@cache
def _is_users(name: str) -> bool:
    """Whether a file is the user's; asked by name, as a code object's hash takes as long as all the rest."""
    return not name.startswith(("<frozen", "<string", "<attrs")) and not str(Path(name).resolve()).startswith(_FOREIGN)


def site_here(leave_out: object = None) -> Site | None:
    """Return the line of the user's that is running.

    Parameters
    ----------
    leave_out
        An object that is being made: the lines of its own ``__init__`` are not where it is made.

    Returns
    -------
    Site or None
        None where no frame on the stack is the user's.
    """
    frame: FrameType | None = sys._getframe(1)
    for _ in range(_DEEP):
        if frame is None:
            return None
        if _is_users(frame.f_code.co_filename) and not (
            leave_out is not None
            and frame.f_code.co_name == "__init__"
            and frame.f_locals.get(frame.f_code.co_varnames[0]) is leave_out
        ):
            return Site(frame.f_code.co_filename, frame.f_lineno)
        frame = frame.f_back
    return None


def stack_here(most: int = 4) -> tuple[Place, ...]:
    """Return the innermost places of the user's that are running, at most so many, the innermost first."""
    frame: FrameType | None = sys._getframe(1)
    found: list[Place] = []
    for _ in range(_DEEP):
        if frame is None or len(found) == most:
            break
        if _is_users(frame.f_code.co_filename):
            found.append(Place(frame.f_code.co_filename, frame.f_lineno, frame.f_lasti))
        frame = frame.f_back
    return tuple(found)
