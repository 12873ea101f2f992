"""The folder of a run: what lies there, who may write to it, and what may be taken away."""

from __future__ import annotations

import json
import platform
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock, Timeout

from unstuck.checkpoint import CheckpointError, latest
from unstuck.checkpoint.state import raise_together
from unstuck.cli.output import as_json, write_text
from unstuck.models import count_parameters
from unstuck.run import Observer, Run

__all__ = ["EMA_WEIGHTS", "RECORD", "WEIGHTS", "Record", "RunFolder", "read_record"]

RECORD, WEIGHTS, EMA_WEIGHTS = "run.json", "weights.safetensors", "weights-ema.safetensors"
_LOCK = ".lock"
_FORMAT, _VERSION = "unstuck run", 1

# All that a run leaves, by what it is called, file by file; anything else in its folder is somebody else's.
_OURS = re.compile(
    r"""\.lock
    | (\.)? (run\.json | history\.json | history\.csv | curves\.svg | weights(-ema)?\.safetensors) (?(1)\.tmp)
    | tensorboard/events\.out\.tfevents\.[^/]+
    | checkpoints/(best | \.best\.tmp)
    | checkpoints/(\.replaced-)?(\.)?step-\d{8,}(\.tmp)?/\.?(weights\.safetensors | state\.pt)(\.tmp)?
    """,
    re.VERBOSE,
)


class RunFolder:
    """The folder that ``--out`` names.

    Parameters
    ----------
    path
        Of the folder; it need not be there yet.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = FileLock(path / _LOCK, timeout=0)

    @property
    def checkpoints(self) -> Path:
        """Where its checkpoints lie."""
        return self.path / "checkpoints"

    def claim(self, *, resume: bool, force: bool) -> dict[str, Any] | None:
        """Return the record of the run that is to be taken up again; None if a new one may begin here.

        Nothing is changed yet.

        Raises
        ------
        ValueError
            If the folder is not to be used in this way.
        """
        if resume and force:
            raise ValueError("--resume goes on with a run and --force begins anew: give one of them")
        if self.path.exists() and not self.path.is_dir():
            raise ValueError(f"--out {self.path} is a file, and must be a folder")
        if not self.path.is_dir() or not any(self.path.iterdir()):
            return None
        if not (resume or force):
            raise ValueError(
                f"--out {self.path} is not empty: --resume goes on with the run there, --force removes what that run "
                "left and begins anew"
            )
        if resume:
            return read_record(self.path)
        if not (self.path / RECORD).is_file():
            raise ValueError(
                f"--force removes what a run has left, but {self.path} is no run's folder: no {RECORD} in it"
            )
        if foreign := next((path for path in self._files() if not self._is_ours(path)), None):
            raise ValueError(f"--force removes what a run has left and nothing else, but {foreign} is not of a run")
        return None

    def last_checkpoint(self) -> Path | None:
        """Return the latest checkpoint; None if there is none."""
        return latest(self.checkpoints)

    def lock(self) -> None:
        """Make the folder, and keep other runs out of it until :meth:`unlock`, or until this process ends.

        Raises
        ------
        CheckpointError
            If another run is at work there.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        try:
            self._lock.acquire()
        except Timeout as error:
            raise CheckpointError(f"another run is writing to --out {self.path} at this moment") from error

    def unlock(self) -> None:
        """Let others in again."""
        self._lock.release()

    def clear(self) -> None:
        """Remove what a run has left, and nothing else; its record last, so that a crash leaves a run's folder."""
        ours = [path for path in self._files() if path.is_file() and self._is_ours(path) and path.name != _LOCK]
        for path in sorted(ours, key=lambda path: path == self.path / RECORD):
            path.unlink()
        for name in ("checkpoints", "tensorboard"):
            for folder in sorted((self.path / name).glob("**/"), reverse=True):
                if not any(folder.iterdir()):
                    folder.rmdir()

    def _files(self) -> Iterator[Path]:
        """Yield all files, and folders that hold none."""
        for path in self.path.rglob("*"):
            if path.is_symlink() or not path.is_dir() or not any(path.iterdir()):
                yield path

    def _is_ours(self, path: Path) -> bool:
        name = path.relative_to(self.path).as_posix()
        if path.is_dir() and not path.is_symlink():
            return name.split("/")[0] in ("checkpoints", "tensorboard")
        return path.is_file() and not path.is_symlink() and bool(_OURS.fullmatch(name))


class Record(Observer):
    """Opens a run's folder at its first step, when all is known to be well, and writes down what the run is.

    Parameters
    ----------
    folder
        Of the run.
    settings
        What to write down of them.
    fresh
        Whether to remove what an earlier run has left there.

    Attributes
    ----------
    content : dict
        What the file holds.
    """

    def __init__(self, folder: RunFolder, settings: dict[str, Any], *, fresh: bool) -> None:
        self.folder, self.fresh = folder, fresh
        self.content: dict[str, Any] = {"format": _FORMAT, "version": _VERSION, "settings": settings}

    def on_start(self, run: Run) -> None:
        """Lock the folder, clear it where that was asked for, and write the file."""
        from unstuck import __version__  # here, as the package need not know its commands

        self.content |= {
            "versions": {
                "unstuck": __version__,
                "torch": str(torch.__version__),
                "python": platform.python_version(),
            },
            "device": str(run.device),
            "gpu": torch.cuda.get_device_name(run.device) if run.device.type == "cuda" else None,
            "processes": run.processes.count,
            "parameters": count_parameters(run.model),
        }
        problem: OSError | CheckpointError | None = None
        if run.processes.is_main:
            try:
                self.folder.lock()
                if self.fresh:
                    self.folder.clear()
                self.write(outcome="unfinished")
            except (OSError, CheckpointError) as error:
                problem = error
        raise_together(run.processes, problem)

    def write(self, **more: Any) -> None:
        """Write the file, with more in it."""
        self.content |= more
        write_text(as_json(self.content) + "\n", self.folder.path / RECORD)


def read_record(folder: Path) -> dict[str, Any]:
    """Return what a run's folder says of the run.

    Raises
    ------
    ValueError
        If it is no run's folder, or the file is damaged or of a newer version.
    """
    path = folder / RECORD
    if not path.is_file():
        raise ValueError(f"{folder} is no run's folder: there is no {RECORD} in it")
    try:
        record = json.loads(path.read_text(encoding="utf8"))
    except ValueError as error:
        raise ValueError(f"{path} is damaged: {error}") from error
    if not isinstance(record, dict) or record.get("format") != _FORMAT:
        raise ValueError(f"{path} was not written by unstuck train")
    if record.get("version", 0) > _VERSION:
        raise ValueError(f"{path} was written by a newer version of unstuck: this one reads version {_VERSION}")
    return record
