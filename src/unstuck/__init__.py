"""Unstuck: why neural networks train, and why they get stuck.

The package behind the book.
The names below are what most programs need; the modules hold the rest.
"""

from unstuck.claims import ClaimError, claim
from unstuck.data import Batches, Data, DataError, load
from unstuck.exercises import check
from unstuck.history import History
from unstuck.loop import evaluate, fit
from unstuck.lr_range import RangeTest, lr_range_test
from unstuck.models import MLP, CIFARNet, ConvNet, Linear
from unstuck.observers import EarlyStopping, Progress
from unstuck.run import Observer, Run
from unstuck.step import make_step
from unstuck.sweeps import Sweep, sweep

__all__ = [
    "MLP",
    "Batches",
    "CIFARNet",
    "ClaimError",
    "ConvNet",
    "Data",
    "DataError",
    "EarlyStopping",
    "History",
    "Linear",
    "Observer",
    "Progress",
    "RangeTest",
    "Run",
    "Sweep",
    "check",
    "claim",
    "evaluate",
    "fit",
    "load",
    "lr_range_test",
    "make_step",
    "sweep",
]

__version__ = "0.1.0"
