"""Unstuck: why neural networks train, and why they get stuck.

The package behind the book.
The names below are what most programs need; the modules hold the rest.
A name's module is loaded when the name is first asked for: who wants the doctor, or the weights of a checkpoint, need
not wait for pandas.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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

_HOMES = {
    "CheckpointError": "unstuck.checkpoint",
    "load_weights": "unstuck.checkpoint",
    "save_weights": "unstuck.checkpoint",
    "ClaimError": "unstuck.claims",
    "claim": "unstuck.claims",
    "Batches": "unstuck.data",
    "Data": "unstuck.data",
    "DataError": "unstuck.data",
    "load": "unstuck.data",
    "compiled": "unstuck.engines",
    "graphed": "unstuck.engines",
    "check": "unstuck.exercises",
    "DivergedError": "unstuck.history",
    "History": "unstuck.history",
    "inspect_data": "unstuck.inspection",
    "evaluate": "unstuck.loop",
    "fit": "unstuck.loop",
    "RangeTest": "unstuck.lr_range",
    "lr_range_test": "unstuck.lr_range",
    "CIFARNet": "unstuck.models",
    "ConvNet": "unstuck.models",
    "Linear": "unstuck.models",
    "MLP": "unstuck.models",
    "ResNet": "unstuck.models",
    "ResidualMLP": "unstuck.models",
    "initialise": "unstuck.models",
    "Checkpointer": "unstuck.observers",
    "Curves": "unstuck.observers",
    "EarlyStopping": "unstuck.observers",
    "HistoryFile": "unstuck.observers",
    "Progress": "unstuck.observers",
    "TensorBoard": "unstuck.observers",
    "Observer": "unstuck.run",
    "Run": "unstuck.run",
    "make_step": "unstuck.step",
    "Sweep": "unstuck.sweeps",
    "sweep": "unstuck.sweeps",
}


def __getattr__(name: str) -> Any:
    """Load the module of a name that is asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Return the names, those that were not asked for yet among them."""
    return sorted({*globals(), *__all__})
