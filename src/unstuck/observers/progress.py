"""Bars that show how far a run is."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from unstuck.run import Observer, Run

if TYPE_CHECKING:
    from tqdm import tqdm

__all__ = ["Progress"]


class Progress(Observer):
    """Two progress bars: one of the run's epochs, with the last row of its history, and one of the epoch's steps.

    The steps' bar gives the epoch's steps a second up to now, and the samples a second of the epoch before, its
    evaluation included.

    Parameters
    ----------
    disable
        Show nothing; by default wherever standard error is no terminal, as in a notebook or a log file.
        ``Progress(disable=False)`` shows the bars there too.

    Attributes
    ----------
    epochs, steps : tqdm.tqdm or None
        The bars, while a run goes on.
    """

    def __init__(self, *, disable: bool | None = None) -> None:
        self.disable = disable
        self.epochs: tqdm[None] | None = None
        self.steps: tqdm[None] | None = None
        self._seen = 0  # steps of the history whose samples were counted

    def on_start(self, run: Run) -> None:
        """Open the bars, where the run stands."""
        from tqdm.auto import tqdm  # here, as the import alone warns in a notebook that has no widgets

        disable = self.disable if run.processes.is_main else True
        done = len(run.history)
        self.epochs = tqdm(total=run.epochs, initial=done, unit="epoch", dynamic_ncols=True, disable=disable)
        self.steps = tqdm(
            total=run.batches,
            initial=run.batch,
            unit="step",
            smoothing=0,  # the epoch's mean rate: tqdm's moving one would reach back over the evaluation
            leave=False,
            dynamic_ncols=True,
            disable=disable,
        )
        self._seen = run.step

    def on_step(self, run: Run) -> None:
        """Move the steps' bar on; tqdm looks at the clock only once in a while."""
        if self.steps is not None:
            self.steps.update()

    def on_epoch(self, run: Run) -> None:
        """Move the epochs' bar on, and begin the steps' anew."""
        if self.epochs is None or self.steps is None or self.epochs.disable:
            return
        row = {name: values[-1] for name, values in run.history.epochs.items() if name != "step"}
        self.epochs.set_postfix_str(", ".join(f"{name}={value:.4g}" for name, value in row.items()), refresh=False)
        self.epochs.update()
        self._begin_epoch(self.steps, sum(run.history.steps["samples"][self._seen :]))
        self._seen = run.step

    @staticmethod
    def _begin_epoch(steps: tqdm[None], samples: float) -> None:
        """Show the steps' bar full, and set it back: unseen, as ``reset`` would write to the terminal every time."""
        now = time.time()  # tqdm's clock
        steps.set_postfix_str(f"{samples / max(now - steps.start_t, 1e-9):,.0f} samples/s", refresh=False)
        if now - steps.last_print_t >= steps.mininterval:
            steps.refresh()
            steps.last_print_t = now
        steps.n = steps.last_print_n = steps.initial = 0
        steps.start_t = now

    def on_end(self, run: Run) -> None:
        """Close them."""
        for bar in (self.steps, self.epochs):
            if bar is not None:
                bar.close()
        self.epochs = self.steps = None
