"""Labels of a series that belong to other rows: cut from its other end, moved too far, or sliding away."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

__all__ = ["lag_of", "lasting", "sliding"]

_LEAST = 400  # rows
_WIDEST = 120  # features of a row
_FARTHEST = 128  # rows
_KNOWN = 0.3  # R squared at the best lag: below it the inputs say too little
_PARTS = 16  # of a series whose rows slide away
_DRIFT = 256  # rows, by the end
_ROWS = 12  # of a part, for each feature: fewer are fitted by anything
_MOST = 0.7  # of the parts
_CLEARLY = 0.2  # of what is left to explain at no lag, and of the variance itself at least half as much


def lag_of(x: Tensor, y: Tensor, task: str) -> tuple[int, float, float] | None:
    """Return how many rows earlier the inputs say more of a target, and R squared there and where they stand.

    A linear fit of the targets to the inputs some rows before is compared with the one to the inputs of the same row.
    Inputs of later rows are not asked: of what is to be foreseen they know more, by right.

    Parameters
    ----------
    x
        Inputs, or what a model makes of them, ``(rows, ...)``, in the order of the series.
    y
        The targets, in the same order; they are :func:`lasting`.
    task
        What the targets are: ``"classes"``, ``"binary"`` or ``"numbers"``.
    """
    x = x.flatten(1)
    if x.shape[1] > _WIDEST or not bool(torch.isfinite(x).all()):
        return None
    features, targets = x.double().cpu().numpy(), _columns(y, task)
    if targets is None:
        return None
    found = [_explained(features[: len(x) - lag], targets[lag:]) for lag in range(min(_FARTHEST, len(x) // 10))]
    best, here = int(np.argmax(found)), found[0]
    return (best, found[best], here) if _told(found[best], here) else None


def sliding(x: Tensor, y: Tensor, task: str) -> tuple[int, float, float] | None:
    """Return how many rows targets have slid away by in the end, and R squared at the lags of the parts and at none.

    Rows that are dropped from one of the two slide by one row more each time.

    Parameters
    ----------
    x, y, task
        As :func:`lag_of` takes them.
    """
    x = x.flatten(1)
    rows = len(x) // _PARTS
    if rows < max(_ROWS * (x.shape[1] + 1), _LEAST // 4) or not bool(torch.isfinite(x).all()):
        return None
    features, targets = x.double().cpu().numpy(), _columns(y, task)
    if targets is None:
        return None
    lags, there, here = [], [], []
    for begin in range(0, _PARTS * rows, rows):
        part = targets[begin : begin + rows]
        found = [_explained(features[begin - lag : begin - lag + rows], part) for lag in range(min(_DRIFT, begin + 1))]
        lags.append(int(np.argmax(found)))
        there.append(max(found))
        here.append(found[0])
    apart = np.mean([_told(one, other) for one, other in zip(there, here, strict=True)])
    if apart < _MOST or np.mean(np.diff(lags) >= 0) < _MOST + 0.1 or np.diff(lags).max() > _DRIFT / 4:
        return None
    return lags[-1], float(np.mean(there)), float(np.mean(here))


def _told(there: float, here: float) -> bool:
    """Whether inputs some rows before say far more than those of the same row."""
    return there >= _KNOWN and there - here >= max(_CLEARLY * (1 - here), _CLEARLY / 2)


def lasting(y: Tensor, task: str) -> bool:
    """Whether a target is much like the one before it, as in a series and not in a shuffled table."""
    targets = _columns(y, task) if len(y) >= _LEAST and y[0].numel() == 1 and task != "unknown" else None
    if targets is None:
        return False
    centred = targets - targets.mean(0)
    return float((centred[1:] * centred[:-1]).sum()) > 0.5 * float((centred**2).sum())


def _columns(y: Tensor, task: str) -> NDArray[np.float64] | None:
    """Return targets as numbers: a column for each class."""
    if task == "numbers":
        values: NDArray[np.float64] = y.double().cpu().numpy().reshape(len(y), 1)
    else:
        codes = np.unique(y.cpu().numpy().ravel(), return_inverse=True)[1]
        if codes.max() > 30:
            return None
        values = np.eye(int(codes.max()) + 1)[codes]
    return values if np.isfinite(values).all() and values.std() > 0 else None


def _explained(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """Return the share of the variance of the targets that a linear function of the inputs explains."""
    design = np.column_stack([x, np.ones(len(x))])
    left = y - design @ np.linalg.lstsq(design, y, rcond=None)[0]
    return float(1 - (left**2).sum() / max(float(((y - y.mean(0)) ** 2).sum()), 1e-12))
