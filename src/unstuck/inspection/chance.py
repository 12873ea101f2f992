"""How many rows of a table coincide by chance, because its values are few."""

from __future__ import annotations

import hashlib
import math

import numpy as np
import pandas as pd
import torch

from unstuck.inspection.reading import Array

__all__ = ["by_chance", "digests", "surprising"]

_SURPRISE = 1e-3  # the chance, at most, of as many coinciding rows
_LATTICE = 32  # features, at most, for which coincidences are counted one step aside


def digests(x: Array) -> Array:
    """Return 64 bits for each sample, shape ``(samples,)``: the same for the same bytes, zeros at the end aside."""
    rows = np.ascontiguousarray(x).reshape(len(x), math.prod(x.shape[1:]))
    parts = (hashlib.blake2b(row.tobytes().rstrip(b"\0"), digest_size=8).digest() for row in rows)
    return np.frombuffer(b"".join(parts), dtype=np.uint64)


def by_chance(count: int, a: Array, b: Array, groups_a: Array, groups_b: Array, *, within: bool) -> bool:
    """Tell whether chance makes so many rows of a table coincide, as few distinct values do.

    Two estimates are made, and the larger counts.
    The first takes both halves of the features as independent within a class, and multiplies the shares of pairs that
    agree in them.
    The second counts the pairs that differ by one step in one feature alone: where the values are a coarse grid over a
    smooth density, about as many fall on the same point.

    Parameters
    ----------
    count
        How many rows coincide with another.
    a, b
        Two tables, ``(samples, *in_shape)``: the rows of which pairs are made.
    groups_a, groups_b
        The class of each row, or zeros.
    within
        Whether `b` is `a`, so that every pair is met twice.
    """
    a, b = a.reshape(len(a), -1), b.reshape(len(b), -1)
    features = a.shape[1]
    expected = 0.0
    if features >= 2:
        halves = slice(None, features // 2), slice(features // 2, None)
        for group in np.unique(groups_a):
            ours, theirs = a[groups_a == group], b[groups_b == group]
            agreeing = [_agreeing_pairs(ours[:, half], theirs[:, half], within=within) for half in halves]
            expected += agreeing[0] * agreeing[1] / max(len(ours) * len(theirs), 1)
    if features <= _LATTICE:
        expected = max(expected, _one_step_aside(a, b))
    return not surprising(count, expected / 2 if within else expected)


def surprising(count: int, expected: float) -> bool:
    """Tell whether a Poisson number with this expectation is hardly ever as large as `count`, at least 1."""
    tail = torch.special.gammainc(*torch.tensor([[count], [expected]], dtype=torch.float64))
    return float(tail) < _SURPRISE


def _agreeing_pairs(a: Array, b: Array, *, within: bool) -> int:
    """Return how many pairs of a row of `a` and a row of `b` are the same, a row and itself left out."""
    counts = pd.Series(digests(a)).value_counts()
    pairs = int(counts.reindex(digests(b)).fillna(0).sum())
    return pairs - len(a) if within else pairs


def _one_step_aside(a: Array, b: Array) -> float:
    """Return the mean over the features of the pairs in which `b` is one distinct value above `a`, all else equal."""
    known = pd.Series(digests(b)).value_counts()
    total = 0
    for feature in range(a.shape[1]):
        values = np.unique(np.concatenate([a[:, feature], b[:, feature]]))
        places = np.searchsorted(values, a[:, feature])
        inside = places < len(values) - 1
        moved = a[inside].copy()
        moved[:, feature] = values[places[inside] + 1]
        total += int(known.reindex(digests(moved)).fillna(0).sum())
    return float(total / a.shape[1])
