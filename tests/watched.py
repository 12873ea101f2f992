"""What the watch keeps of a function that is run under it, and what the doctor says of it."""

from __future__ import annotations

from collections.abc import Callable

from unstuck.doctor import Doctor
from unstuck.doctor.recording import Recording
from unstuck.doctor.watch.install import watching
from unstuck.doctor.watch.watcher import Watcher


def watched(what: Callable[[], object]) -> Recording:
    """Run a function, and return what was seen of it."""
    watcher = Watcher()
    with watching(watcher):
        what()
    return watcher.seen


def named_first(run: Callable[..., None], *, faulty: bool) -> list[str]:
    """Run a program's faulty or sound version, and return the cause that is named first; none for a sound one."""
    with Doctor() as doctor:
        run(faulty=faulty)
    return [finding.cause for finding in doctor.report().findings][:1]
