"""Bars that show how far a run is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from unstuck.run import Observer, Run

if TYPE_CHECKING:
    from tqdm import tqdm

__all__ = ["Progress"]


class Progress(Observer):
    """A progress bar of the run's epochs, with the last row of its history.

    Parameters
    ----------
    disable
        Show nothing; by default wherever standard error is no terminal.
    """

    def __init__(self, *, disable: bool | None = None) -> None:
        self.disable = disable
        self.bar: tqdm[None] | None = None

    def on_start(self, run: Run) -> None:
        """Open the bar."""
        from tqdm.auto import tqdm  # here, as the import alone warns in a notebook that has no widgets

        self.bar = tqdm(total=run.epochs, unit="epoch", disable=self.disable)

    def on_epoch(self, run: Run) -> None:
        """Move it on."""
        if self.bar is not None:
            row = {name: values[-1] for name, values in run.history.epochs.items() if name != "step"}
            self.bar.set_postfix({name: f"{value:.4g}" for name, value in row.items()}, refresh=False)
            self.bar.update()

    def on_end(self, run: Run) -> None:
        """Close it."""
        if self.bar is not None:
            self.bar.close()
            self.bar = None
