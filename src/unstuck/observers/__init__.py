"""What a run tells while it goes on, and whom."""

from unstuck.observers.progress import Progress
from unstuck.observers.stopping import EarlyStopping

__all__ = ["EarlyStopping", "Progress"]
