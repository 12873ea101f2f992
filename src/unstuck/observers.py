"""What a run tells while it goes on, and whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tqdm import tqdm

    from unstuck.loop import Run

__all__ = ["Observer", "Progress"]


class Observer:
    """Watches a run; override what you need.

    Only :meth:`on_epoch` may read the history: while an epoch goes on, the losses lie on the device, and reading them
    would make the program wait for it.
    """

    def on_start(self, run: Run) -> None:
        """Before the first step."""

    def on_step(self, run: Run) -> None:
        """After every step."""

    def on_epoch(self, run: Run) -> None:
        """After every epoch, when its row of the history is written."""

    def on_end(self, run: Run) -> None:
        """After the last epoch, or when the run was broken off by an error."""


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
