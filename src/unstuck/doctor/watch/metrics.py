"""Metrics of scikit-learn: what a script measured, of what it predicted, against which targets."""

from __future__ import annotations

import builtins
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from unstuck.doctor.recording import MetricCall, ModelCall
from unstuck.doctor.watch.copies import units_of
from unstuck.doctor.watch.patches import Patches

__all__ = ["METRICS", "assign_target", "listen_to_metrics", "metric_call", "prediction_in"]

METRICS = (
    "accuracy_score", "balanced_accuracy_score", "recall_score", "precision_score", "f1_score", "fbeta_score",
    "r2_score", "mean_squared_error", "root_mean_squared_error", "mean_absolute_error", "median_absolute_error",
    "mean_absolute_percentage_error", "explained_variance_score", "roc_auc_score", "average_precision_score",
    "log_loss", "confusion_matrix", "classification_report", "matthews_corrcoef", "cohen_kappa_score",
)  # fmt: skip

_MODULE = "sklearn.metrics"
_MOST = 1_000_000  # numbers of an argument that are kept

Array = NDArray[Any]


def listen_to_metrics(patches: Patches, tell: Callable[..., None]) -> None:
    """Tell of every call of a metric; where scikit-learn is not imported yet, from when the script does so."""
    waiting = [True]

    def around(original: Callable[..., Any]) -> Callable[..., Any]:
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            out = original(*args, **kwargs)
            tell(original.__name__, args, kwargs, out)
            return out

        return wrapper

    def listen() -> None:
        module = sys.modules.get(_MODULE)
        if module is None or getattr(module.__spec__, "_initializing", False):
            return
        waiting[0] = False
        for name in METRICS:
            if hasattr(module, name):
                patches.wrap(module, name, around)

    listen()
    if not waiting[0]:
        return

    def importing(original: Callable[..., Any]) -> Callable[..., Any]:
        def imported(*args: Any, **kwargs: Any) -> Any:
            module = original(*args, **kwargs)
            if waiting[0] and _MODULE in sys.modules:
                listen()
            return module

        return imported

    patches.wrap(builtins, "__import__", importing)


def metric_call(name: str, args: Sequence[Any], kwargs: dict[str, Any], out: Any) -> MetricCall | None:
    """Return a metric's call as a fact; None where its arguments are no arrays of numbers."""
    given = [*args]
    true = given[0] if given else kwargs.get("y_true")
    guess = (
        given[1] if len(given) > 1 else next((kwargs[k] for k in ("y_pred", "y_score", "y_proba") if k in kwargs), None)
    )
    first, second = _array(true), _array(guess)
    if first is None or second is None or len(first) != len(second):
        return None
    value = float(out) if isinstance(out, (int, float, np.floating)) else float("nan")
    return MetricCall(name, first, second, value, None, 0)


def _array(value: Any) -> Array | None:
    if isinstance(value, Tensor):
        value = value.detach().cpu().numpy()
    try:
        array = np.array(value)
    except Exception:
        return None
    return array if array.ndim and array.dtype.kind in "biuf" and 0 < array.size <= _MOST else None


def prediction_in(output: Tensor, array: Array, *, constant: bool = False) -> tuple[float, float] | None:
    """Tell whether an array is what a model returned, or was made from it: its classes, its numbers in another unit.

    Parameters
    ----------
    output, array
        What the model returned, and the array.
    constant
        Whether classes that are all the same count as well, though much else is so.

    Returns
    -------
    tuple or None
        The scale and the offset that take what the model returned to the array; ``(1, 0)`` for classes.
    """
    made = torch.as_tensor(array).double().flatten()
    out = output.detach().double().cpu()
    if out.ndim == 2 and out.shape[1] > 1 and len(made) == len(out):
        classes = out.argmax(1).double()
        if torch.equal(classes, made) or (out.shape[1] == 2 and _same(out.softmax(1)[:, 1], made)):
            return 1.0, 0.0
        return None
    if out.numel() != made.numel():
        return None
    out = out.flatten()
    for guess in ((out > 0).double(), (out > 0.5).double(), out.sign(), out.round(), out.sigmoid()):
        if _same(guess, made) and (constant or guess.std() > 0):
            return 1.0, 0.0
    if torch.equal(out, made):
        return 1.0, 0.0
    return units_of(out, made)


def _same(a: Tensor, b: Tensor, within: float = 1e-5) -> bool:
    return a.shape == b.shape and bool((a - b).abs().max() <= within)


def assign_target(call: MetricCall, pending: Sequence[ModelCall]) -> None:
    """Find the model calls that a metric was made of, and tell them what their outputs were held against."""
    chosen: list[ModelCall] = []
    rows = 0
    for one in reversed(pending):
        if not isinstance(one.output, Tensor) or not one.output.ndim or not one.output.numel():
            break
        chosen.insert(0, one)
        rows += len(one.output)
        if rows >= len(call.first):
            break
    if rows != len(call.first) or len({one.output.shape[1:] for one in chosen}) != 1:
        return
    output = torch.cat([one.output for one in chosen])
    units = prediction_in(output, call.second, constant=True)
    call.swapped = units is None
    if units is None:
        units = prediction_in(output, call.first)
    if units is None:
        call.swapped = False
        return
    call.of_model = True
    scale, offset = units
    other = torch.as_tensor(call.first if call.swapped is False else call.second)
    if other.dtype == torch.bool:
        other = other.long()
    elif (scale, offset) != (1.0, 0.0):
        other = ((other - offset) / scale).to(output.dtype)
    call.scale = scale
    for one, part in zip(chosen, torch.split(other, [len(one.output) for one in chosen]), strict=True):
        if one.target is None:
            one.target = part.clone()
