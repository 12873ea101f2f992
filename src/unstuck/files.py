"""Files that are there whole, or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["replacing"]


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a name to write to, beside a file that takes the written one's place only when the block ends well.

    Who reads the file at any moment, also after a crash, finds the old content or the new, and never a part of it.

    Parameters
    ----------
    path
        The file to replace; its folder exists.

    Yields
    ------
    Path
        Where to write; removed if the block raises.
    """
    beside = path.with_name(f".{path.name}.tmp")
    try:
        yield beside
        with beside.open("rb+") as written:
            os.fsync(written.fileno())
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)
