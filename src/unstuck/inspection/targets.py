"""What the targets are: classes, or numbers to predict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from unstuck.data import DataError
from unstuck.inspection.reading import Array, Samples

__all__ = ["Targets", "class_counts", "understand"]

_MOST = 1_000_000  # class indices, that are counted one by one


@dataclass(frozen=True)
class Targets:
    """The classes of a data set; or none, where its targets are numbers to predict.

    Parameters
    ----------
    names
        Of the classes that there are to be, or that the training split has; None where targets are numbers.
    declared
        Whether somebody said so, or it was inferred.
    """

    names: tuple[str, ...] | None
    declared: bool

    @property
    def are_classes(self) -> bool:
        """Whether the targets are class indices."""
        return self.names is not None


def understand(
    splits: Mapping[str, Samples], classes: int | Sequence[str] | None
) -> tuple[Targets, dict[str, Samples]]:
    """Tell class indices from numbers, and bring them into one form.

    Integers are class indices, and so are rows with a single one among zeros, floats that are all 0 or 1, and, where
    `classes` says so, other floats.
    Integers more than half of which are different are numbers, unless `classes` says otherwise.
    The training split decides for all.

    Returns
    -------
    Targets
        The classes, if any.
    dict
        The splits, with targets of shape ``(samples,)`` for classes, and ``(samples, outputs)`` for numbers.

    Raises
    ------
    DataError
        If targets have an unusable shape, or differ in it, or `classes` is negative or a single class.
    """
    declared = tuple(map(str, range(classes) if isinstance(classes, int) else classes)) if classes is not None else None
    if (isinstance(classes, int) and classes < 0) or (declared is not None and len(declared) == 1):
        raise DataError(f"classes must be at least 2, or 0 for numbers to predict, got {classes!r}")
    one_hot = declared != ()
    flat = {name: _flattened(name, samples.y, one_hot=one_hot) for name, samples in splits.items()}
    are_classes = _looks_like_classes(next(iter(flat.values()))) if declared is None else bool(declared)
    if not are_classes:
        numbers = {name: y.reshape(len(y), -1).astype(np.float64) for name, y in flat.items()}
        if len(widths := {y.shape[1] for y in numbers.values()}) > 1:
            raise DataError(f"the splits must have equally many numbers to predict, got {sorted(widths)}")
        return Targets(None, declared is not None), _with_targets(splits, numbers)
    if wrong := [name for name, y in flat.items() if y.ndim > 1]:
        raise DataError(
            f"class indices must have shape (samples,), or be one-hot rows; those of the {wrong[0]} split have "
            f"{splits[wrong[0]].y.shape}"
        )
    if wrong := [name for name, y in flat.items() if y.max() >= _MOST]:
        raise DataError(
            f"class indices must be below {_MOST:,}; those of the {wrong[0]} split reach {flat[wrong[0]].max():,}: "
            "number the classes from 0"
        )
    indices = {name: y.astype(np.int64) if y.dtype.kind in "biu" else y for name, y in flat.items()}
    highest = int(next(iter(indices.values())).max())
    names = tuple(map(str, range(highest + 1))) if declared is None else declared
    return Targets(names, declared is not None), _with_targets(splits, indices)


def _flattened(name: str, y: Array, *, one_hot: bool) -> Array:
    """Return targets without needless axes, and one-hot rows as class indices if they may be so."""
    if y.ndim > 2 and np.prod(y.shape[1:]) != 1:
        raise DataError(
            f"targets must have shape (samples,) or (samples, outputs); those of the {name} split: {y.shape}"
        )
    y = y.reshape(len(y), -1)
    if y.shape[1] == 1:
        return y[:, 0]
    if one_hot and np.isin(y, (0, 1)).all() and (y.sum(axis=1) == 1).all():
        y = y.argmax(axis=1)
    return y


def _looks_like_classes(y: Array) -> bool:
    distinct = np.unique(y)
    whole = y.dtype.kind in "biu" or np.isin(distinct, (0, 1)).all()
    return y.ndim == 1 and bool(whole) and len(distinct) <= max(2, len(y) / 2)


def _with_targets(splits: Mapping[str, Samples], targets: Mapping[str, Array]) -> dict[str, Samples]:
    return {name: replace(samples, y=targets[name]) for name, samples in splits.items()}


def class_counts(samples: Samples, classes: int) -> Array:
    """Return the samples a class; longer than `classes` where there are labels beyond, negative ones left out."""
    whole = samples.y[(samples.y >= 0) & (samples.y == np.floor(samples.y))].astype(np.int64)
    counts: Array = np.bincount(whole, minlength=classes)
    return counts
