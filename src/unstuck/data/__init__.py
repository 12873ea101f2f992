"""Data sets as tensors, and seeded batches of them.

:func:`load` returns a :class:`Data`: three fixed splits, checked and normalised.
:class:`Batches` walks over one split in a seeded order, on whatever device the tensors lie.
"""

from unstuck.data.made import Quadratic
from unstuck.data.sources import data_folder, load
from unstuck.data.tensors import Batches, Data, DataError, Split, epoch_seed

__all__ = ["Batches", "Data", "DataError", "Quadratic", "Split", "data_folder", "epoch_seed", "load"]
