"""What the watch keeps of a function that is run under it."""

from __future__ import annotations

from collections.abc import Callable

from unstuck.doctor.recording import Recording
from unstuck.doctor.watch.install import watching
from unstuck.doctor.watch.watcher import Watcher


def watched(what: Callable[[], object]) -> Recording:
    """Run a function, and return what was seen of it."""
    watcher = Watcher()
    with watching(watcher):
        what()
    return watcher.seen
