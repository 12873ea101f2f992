"""Runs a script as ``python SCRIPT ARG ...`` would, with the doctor watching."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from importlib.machinery import SourceFileLoader
from itertools import zip_longest
from pathlib import Path
from types import ModuleType, TracebackType

from torch.overrides import handle_torch_function

__all__ = ["Ending", "as_main", "read_script", "run_script"]

_OURS = str(Path(__file__).parent)
_SAID = 200  # letters of an error's message


@dataclass(frozen=True)
class Ending:
    """How a script ended.

    Parameters
    ----------
    failed
        Whether it raised, or said itself that it failed.
    said
        A sentence; empty where it ended by itself, and well.
    """

    failed: bool
    said: str


def read_script(path: str) -> bytes:
    """Return what a script holds.

    Parameters
    ----------
    path
        Of the script.

    Returns
    -------
    bytes
        For the compiler, which reads in them how they are encoded.

    Raises
    ------
    ValueError
        If there is no such file, or it cannot be read.
    """
    if os.path.isdir(path):
        raise ValueError(f"SCRIPT must be a file, and {path} is a folder")
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise ValueError(f"SCRIPT {path} cannot be read: {error.strerror}") from error


@contextmanager
def as_main(path: str, args: Sequence[str]) -> Iterator[ModuleType]:
    """Let a script stand as ``__main__`` until the block ends, and put back then what it may have moved.

    Parameters
    ----------
    path
        As the user gave it, to the letter.
    args
        What the script finds behind its own name in ``sys.argv``.

    Yields
    ------
    ModuleType
        ``__main__``, empty as yet; what is defined in it can be pickled and found as long as the block lasts.
    """
    module = ModuleType("__main__")
    file = os.path.join(os.getcwd(), path)  # as Python has it: absolute, and otherwise as it was given
    module.__dict__.update(
        __file__=file,
        __loader__=SourceFileLoader("__main__", file),
        __builtins__=sys.modules["builtins"],
        __annotations__={},
        __cached__=None,
    )
    folder, streams = os.getcwd(), (sys.stdout, sys.stderr)
    kept = sys.argv, sys.path, sys.modules["__main__"], sys.excepthook
    sys.argv, sys.excepthook = [path, *args], sys.__excepthook__
    # The first entry is that of the command that runs us, where Python has put one.
    sys.path = [os.path.dirname(os.path.realpath(file)), *kept[1][0 if sys.flags.safe_path else 1 :]]
    sys.modules["__main__"] = module
    try:
        yield module
    finally:
        sys.argv, sys.path, sys.modules["__main__"], sys.excepthook = kept
        sys.stdout, sys.stderr = streams
        os.chdir(folder)


def run_script(source: bytes, module: ModuleType, doctor: AbstractContextManager[object]) -> Ending:
    """Run a script to its end, or until the doctor has seen enough.

    What the script raises is printed as Python would print it, without the frames of the doctor.

    Parameters
    ----------
    source
        As :func:`read_script` returns it.
    module
        From :func:`as_main`.
    doctor
        Watches what runs in its block, and may end the block before its end.

    Returns
    -------
    Ending
        How it came out; nothing is raised that comes from the script.
    """
    finished = False
    try:
        with doctor:
            exec(compile(source, str(module.__file__), "exec", dont_inherit=True), module.__dict__)
            finished = True
    except SystemExit as stop:
        return _stopped(stop)
    except KeyboardInterrupt:
        return Ending(False, "Ended early, by an interrupt: this is what was seen until then.")
    except BaseException as error:
        _leave_out_doctor(error)
        place = _last_line(error.__traceback__, str(module.__file__))
        sys.excepthook(type(error), error, error.__traceback__)
        return Ending(True, f"The script raised {_named(error)}{place}.")
    finally:
        sys.stdout.flush()
    return Ending(False, "" if finished else "Ended early, as was asked: this is what was seen until then.")


def _stopped(stop: SystemExit) -> Ending:
    """Return what ``sys.exit`` says, and print it where it is a text, as Python does."""
    if stop.code is None or stop.code == 0:
        return Ending(False, "")
    if not isinstance(stop.code, int):
        print(stop.code, file=sys.stderr)
    return Ending(True, f"The script ended itself with status {stop.code if isinstance(stop.code, int) else 1}.")


def _named(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    message = lines[0] if lines else ""
    short = message if len(message) <= _SAID else f"{message[:_SAID]}…"
    return type(error).__name__ + (f": {short.rstrip('.')}" if short else "")


def _last_line(trace: TracebackType | None, file: str) -> str:
    """Return where in the script an error came up, in brackets."""
    line = None
    while trace:
        if trace.tb_frame.f_code.co_filename == file:
            line = trace.tb_lineno
        trace = trace.tb_next
    return f" ({os.path.basename(file)}:{line})" if line else ""


def _leave_out_doctor(error: BaseException) -> None:
    """Take the doctor's frames out of the traceback of an error, and of those that it is chained to."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        one.__traceback__ = _without_doctor(one.__traceback__)
        waiting += [one.__cause__, one.__context__]
        if isinstance(one, BaseExceptionGroup):
            waiting += one.exceptions


def _without_doctor(trace: TracebackType | None) -> TracebackType | None:
    kept: list[TracebackType] = []
    while trace:
        code = trace.tb_frame.f_code
        if not code.co_filename.startswith(_OURS):
            kept.append(trace)
        elif kept and kept[-1].tb_frame.f_code is handle_torch_function.__code__:
            del kept[-2:]  # PyTorch has come to us through it, and goes on from us with the function before it, again
        trace = trace.tb_next
    for one, following in zip_longest(kept, kept[1:]):
        one.tb_next = following
    return kept[0] if kept else None
