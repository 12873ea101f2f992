"""Unstuck: why neural networks train, and why they get stuck.

The package behind the book.
The names below are what most programs need; the modules hold the rest.
"""

from unstuck.claims import ClaimError, claim
from unstuck.data import Batches, Data, DataError, load
from unstuck.exercises import check
from unstuck.history import History
from unstuck.loop import evaluate, fit
from unstuck.models import MLP, CIFARNet, ConvNet, Linear
from unstuck.observers import Progress
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
    "History",
    "Linear",
    "Observer",
    "Progress",
    "Run",
    "Sweep",
    "check",
    "claim",
    "evaluate",
    "fit",
    "load",
    "make_step",
    "sweep",
]

__version__ = "0.1.0"
