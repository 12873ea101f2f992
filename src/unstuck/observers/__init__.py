"""What a run tells while it goes on, and whom."""

from unstuck.observers.progress import Progress
from unstuck.observers.records import Curves, HistoryFile
from unstuck.observers.stopping import EarlyStopping
from unstuck.observers.tensorboard import TensorBoard

__all__ = ["Curves", "EarlyStopping", "HistoryFile", "Progress", "TensorBoard"]
