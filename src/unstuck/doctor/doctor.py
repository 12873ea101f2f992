"""The doctor: watches what happens in a block, and reports on it."""

from __future__ import annotations

from contextlib import ExitStack
from types import TracebackType

from unstuck.doctor.findings import Report
from unstuck.doctor.watch.install import watching
from unstuck.doctor.watch.watcher import EnoughError, Watcher

__all__ = ["Doctor"]


class Doctor:
    """Watches the training loops in a block, and says why they do not learn.

    Parameters
    ----------
    probes
        Whether suspicions are tried out after the block, by short reruns on copies and simple fits to the samples.
    max_steps, seconds
        After how many optimiser steps, or seconds, to leave the block; None for never.

    Raises
    ------
    ValueError
        If ``max_steps`` or ``seconds`` is not positive.

    Examples
    --------
    >>> import torch
    >>> from torch import nn
    >>> model = nn.Sequential(nn.Linear(2, 3), nn.Softmax(dim=1))
    >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    >>> x, y = torch.randn(30, 2), torch.arange(30) % 3
    >>> with Doctor(probes=False) as doctor:
    ...     for _ in range(20):
    ...         optimizer.zero_grad()
    ...         nn.functional.cross_entropy(model(x), y).backward()
    ...         optimizer.step()
    >>> doctor.report().findings[0].cause
    'softmax_before_cross_entropy'

    References
    ----------
    Chapter: Debugging a stuck model.
    """

    def __init__(self, *, probes: bool = True, max_steps: int | None = None, seconds: float | None = None) -> None:
        for name, value in (("max_steps", max_steps), ("seconds", seconds)):
            if value is not None and not value > 0:
                raise ValueError(f"{name} must be positive, got {value}")
        self.probes = probes
        self._watcher = Watcher(max_steps, seconds)
        self._open: ExitStack | None = None
        self._report: Report | None = None

    def __enter__(self) -> Doctor:
        """Start to watch."""
        if self._open is not None:
            raise RuntimeError("a doctor watches one block: make another for the next")
        self._open = ExitStack()
        self._open.enter_context(watching(self._watcher))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        """Stop; leaving early because enough was seen is no error."""
        assert self._open is not None
        self._open.close()
        self._watcher.seen.error = None if isinstance(error, EnoughError) else error
        return isinstance(error, EnoughError)

    def report(self) -> Report:
        """Judge what was seen, trying suspicions out where probes are allowed; the same report each time.

        Raises
        ------
        RuntimeError
            If nothing was watched yet.
        """
        if self._open is None:
            raise RuntimeError("nothing was watched: put the training loop into a block, `with Doctor() as doctor:`")
        if self._report is None:
            from unstuck.doctor.diagnosis import diagnosed  # here, so that the watch need not wait for it

            self._report = diagnosed(self._watcher.seen, probes=self.probes)
        return self._report
