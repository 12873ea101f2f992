"""The folders of checkpoints: each is there whole or not at all."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = [
    "BEST",
    "STATE",
    "WEIGHTS",
    "CheckpointError",
    "best",
    "checkpoint_name",
    "checkpoints",
    "delete",
    "find",
    "latest",
    "step_of",
    "written_folder",
]

WEIGHTS, STATE, BEST = "weights.safetensors", "state.pt", "best"

_NAME = re.compile(r"step-(\d{8,})")
_REPLACED = ".replaced-"  # before the name of what is being replaced: as good a checkpoint as any


class CheckpointError(ValueError):
    """A checkpoint that cannot be written, or is not one that this run can go on from; the message says why."""


def checkpoint_name(step: int) -> str:
    """Return the name of the checkpoint of a step: ``"step-00000123"``."""
    return f"step-{step:08d}"


def step_of(checkpoint: Path) -> int:
    """Return the step in a checkpoint's name; -1 if that is no checkpoint's name."""
    match = _NAME.fullmatch(checkpoint.name.removeprefix(_REPLACED))
    return int(match[1]) if match else -1


def checkpoints(folder: str | Path) -> list[Path]:
    """Return the checkpoints in a folder, by step.

    Parameters
    ----------
    folder
        Where they lie; if there is no such folder, there are none.
    """
    folder = Path(folder)
    found: dict[int, Path] = {}
    # Those that were set aside come first, and count only where their successor never came to take the name.
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        if step_of(path) >= 0 and path.is_dir():
            found[step_of(path)] = path
    return [path for _, path in sorted(found.items())]


def latest(folder: str | Path) -> Path | None:
    """Return the checkpoint of the highest step in a folder; None if there is none.

    Parameters
    ----------
    folder
        Where a run's checkpoints lie. What a crash left unfinished does not count.
    """
    return max(checkpoints(folder), key=step_of, default=None)


def best(folder: str | Path) -> Path | None:
    """Return the best checkpoint in a folder, as the observer that wrote it judged; None where none was judged.

    Parameters
    ----------
    folder
        Where a run's checkpoints lie.
    """
    note = Path(folder) / BEST
    name = note.read_text(encoding="utf8").strip() if note.is_file() else ""
    return next((path for path in checkpoints(folder) if step_of(path) == step_of(Path(name))), None)


def find(path: str | Path) -> Path:
    """Return the checkpoint that a path means: itself, or the latest one in a folder of them.

    Raises
    ------
    CheckpointError
        If there is none.
    """
    path = Path(path)
    if step_of(path) >= 0 or (path / STATE).exists():
        aside = path.with_name(_REPLACED + path.name)
        path = aside if aside.is_dir() and not path.exists() else path
        if path.is_dir():
            return path
    if not path.exists():
        raise CheckpointError(f"there is no checkpoint {path}: no such folder")
    if not path.is_dir():
        raise CheckpointError(f"{path} is no checkpoint: a checkpoint is a folder of {WEIGHTS} and {STATE}")
    found = latest(path)
    if found is None:
        raise CheckpointError(f"there is no checkpoint in {path}: it holds no folder named like {checkpoint_name(123)}")
    return found


@contextmanager
def written_folder(path: Path) -> Iterator[Path]:
    """Write a folder whole or not at all; one of that name stays, under another, until the new one is there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _tidy(path.parent)
    unfinished, replaced = _partial(path), path.with_name(_REPLACED + path.name)
    try:
        unfinished.mkdir()
        yield unfinished
        for part in [*unfinished.iterdir(), unfinished]:
            _to_disk(part)
        if path.exists():  # no system renames a folder onto one that is not empty
            os.replace(path, replaced)
        os.replace(unfinished, path)
        _to_disk(path.parent)
    finally:
        _tidy(path.parent)


def delete(checkpoint: Path) -> None:
    """Delete a checkpoint, so that a crash in the middle leaves no half of one."""
    os.replace(checkpoint, _partial(checkpoint))
    shutil.rmtree(_partial(checkpoint))


def _partial(path: Path) -> Path:
    """Return what a checkpoint is called while it is being written or deleted."""
    return path.with_name(f".{path.name}.tmp")


def _tidy(folder: Path) -> None:
    """Clear away what an interrupted writer left behind."""
    for path in folder.glob(f"{_REPLACED}*"):
        successor = path.with_name(path.name.removeprefix(_REPLACED))
        if successor.exists():
            shutil.rmtree(path)
        else:
            os.replace(path, successor)
    for path in folder.glob(".step-*.tmp"):
        shutil.rmtree(path)


def _to_disk(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    if path.is_dir() and os.name == "nt":
        return  # where folders cannot be opened
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
