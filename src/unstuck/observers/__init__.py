"""What a run tells while it goes on, and whom."""

from unstuck.observers.checkpointer import Checkpointer
from unstuck.observers.progress import Progress
from unstuck.observers.records import Curves, HistoryFile
from unstuck.observers.stopping import EarlyStopping
from unstuck.observers.tensorboard import TensorBoard

__all__ = ["Checkpointer", "Curves", "EarlyStopping", "HistoryFile", "Progress", "TensorBoard"]
