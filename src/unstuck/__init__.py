"""Unstuck: why neural networks train, and why they get stuck.

The package behind the book.
The names below are what most programs need; the modules hold the rest.
"""

from unstuck.checkpoint import CheckpointError, load_weights, save_weights
from unstuck.claims import ClaimError, claim
from unstuck.data import Batches, Data, DataError, load
from unstuck.engines import compiled, graphed
from unstuck.exercises import check
from unstuck.history import DivergedError, History
from unstuck.inspection import inspect_data
from unstuck.loop import evaluate, fit
from unstuck.lr_range import RangeTest, lr_range_test
from unstuck.models import MLP, CIFARNet, ConvNet, Linear, ResidualMLP, ResNet, initialise
from unstuck.observers import Checkpointer, Curves, EarlyStopping, HistoryFile, Progress, TensorBoard
from unstuck.run import Observer, Run
from unstuck.step import make_step
from unstuck.sweeps import Sweep, sweep

__all__ = [
    "MLP",
    "Batches",
    "CIFARNet",
    "CheckpointError",
    "Checkpointer",
    "ClaimError",
    "ConvNet",
    "Curves",
    "Data",
    "DataError",
    "DivergedError",
    "EarlyStopping",
    "History",
    "HistoryFile",
    "Linear",
    "Observer",
    "Progress",
    "RangeTest",
    "ResNet",
    "ResidualMLP",
    "Run",
    "Sweep",
    "TensorBoard",
    "check",
    "claim",
    "compiled",
    "evaluate",
    "fit",
    "graphed",
    "initialise",
    "inspect_data",
    "load",
    "load_weights",
    "lr_range_test",
    "make_step",
    "save_weights",
    "sweep",
]

__version__ = "0.1.0"
