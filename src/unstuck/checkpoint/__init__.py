"""What a run leaves on disk: weights that anything can read, and checkpoints from which it goes on exactly.

A checkpoint is a folder, ``step-00000123``, of two files: ``weights.safetensors``, and ``state.pt`` with all the rest,
readable with ``torch.load(..., weights_only=True)``.
Whatever is written here is written whole or not at all.
"""

from unstuck.checkpoint.folders import CheckpointError, best, latest
from unstuck.checkpoint.state import restore, save
from unstuck.checkpoint.weights import load_weights, save_weights

__all__ = ["CheckpointError", "best", "latest", "load_weights", "restore", "save", "save_weights"]
