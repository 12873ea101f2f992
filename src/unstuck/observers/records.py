"""Files of what a run has measured: a table, and a picture."""

from __future__ import annotations

import json
import math
from contextlib import suppress
from pathlib import Path

from unstuck.files import replacing
from unstuck.history import DivergedError
from unstuck.run import Observer, Run

__all__ = ["Curves", "HistoryFile", "read_rest"]


class HistoryFile(Observer):
    """Keeps the history in a file, written anew after every epoch and at the end, also an early one.

    Parameters
    ----------
    path
        Ending in ``.csv``, for the epochs: a row each, as :meth:`History.to_frame <unstuck.history.History.to_frame>`
        gives them; or in ``.json``, for the steps as well, as :meth:`~unstuck.history.History.to_dict` gives them, with
        ``null`` for what is no finite number.
        What was there is replaced.

    Raises
    ------
    ValueError
        If the path ends in anything else.

    Examples
    --------
    >>> from functools import partial
    >>> from tempfile import TemporaryDirectory
    >>> from unstuck import Linear, fit, load
    >>> from unstuck.optim import SGD
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "history.csv")
    ...     run = fit(Linear(), load("digits"), optimizer=partial(SGD, lr=0.1), epochs=3, observers=[HistoryFile(path)])
    ...     len(path.read_text().splitlines())  # the columns' names, and three epochs
    4
    """

    def __init__(self, path: str | Path) -> None:
        self.path = _with_suffix(path, (".csv", ".json"))

    def on_start(self, run: Run) -> None:
        """Make the folder, so that a place that cannot be written to is known now."""
        _make_folder(self.path, run)

    def on_epoch(self, run: Run) -> None:
        """Write the file."""
        self._write(run)

    def on_end(self, run: Run) -> None:
        """Write the file, with the steps of an epoch that was broken off."""
        read_rest(run)
        self._write(run)

    def _write(self, run: Run) -> None:
        if not run.processes.is_main:
            return
        if self.path.suffix == ".csv":
            text = run.history.to_frame().to_csv()
        else:
            records = {
                record: {
                    name: [value if math.isfinite(value) else None for value in values] for name, values in columns
                }
                for record, columns in ((record, columns.items()) for record, columns in run.history.to_dict().items())
            }
            text = json.dumps(records)
        with replacing(self.path) as unfinished:
            unfinished.write_text(text, encoding="utf8")


class Curves(Observer):
    """Draws what a run has measured into a file, at its end, also an early one.

    The picture is that of :func:`unstuck.plots.run_curves`, on white; there is none where no step was measured.

    Parameters
    ----------
    path
        Ending in ``.png``, ``.svg`` or ``.pdf``.
        What was there is replaced.
    every_epochs
        Draw it after so many epochs as well, at least 1; it takes some tenths of a second.

    Raises
    ------
    ValueError
        If the path ends in anything else, or `every_epochs` is out of range.
    """

    def __init__(self, path: str | Path, *, every_epochs: int | None = None) -> None:
        if every_epochs is not None and every_epochs < 1:
            raise ValueError(f"every_epochs must be at least 1, got {every_epochs}")
        self.path, self.every_epochs = _with_suffix(path, (".png", ".svg", ".pdf")), every_epochs

    def on_start(self, run: Run) -> None:
        """Make the folder, so that a place that cannot be written to is known now."""
        _make_folder(self.path, run)

    def on_epoch(self, run: Run) -> None:
        """Draw, where it is time to."""
        if self.every_epochs and len(run.history) % self.every_epochs == 0:
            self._draw(run)

    def on_end(self, run: Run) -> None:
        """Draw, with the steps of an epoch that was broken off."""
        read_rest(run)
        self._draw(run)

    def _draw(self, run: Run) -> None:
        if not run.processes.is_main or not run.history.steps["loss"]:
            return
        from unstuck.plots import draw, run_curves  # here, as most runs are not drawn

        draw(lambda: run_curves(run.history), self.path)


def read_rest(run: Run) -> None:
    """Read the losses that an error left on the device, if it still answers.

    Where processes share the run, they stay unread: the others may be gone, and would be waited for.
    """
    if run.processes.count == 1:
        with suppress(DivergedError, RuntimeError):  # on the way out with what broke the run, which is to be seen
            run.history.flush()


def _with_suffix(path: str | Path, allowed: tuple[str, ...]) -> Path:
    path = Path(path)
    if path.suffix not in allowed:
        raise ValueError(f"the path must end in {' or '.join(allowed)}, got {str(path)!r}")
    return path


def _make_folder(path: Path, run: Run) -> None:
    if run.processes.is_main:
        path.parent.mkdir(parents=True, exist_ok=True)
