"""The doctor: watches a training loop that knows nothing of it, and names why it does not learn."""

from unstuck.doctor.watch.watcher import EnoughError

__all__ = ["EnoughError"]
