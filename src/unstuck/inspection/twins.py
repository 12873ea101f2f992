"""The same sample in another scale: found by standardising each by itself."""

from __future__ import annotations

import numpy as np

from unstuck.inspection.moments import in_channels
from unstuck.inspection.reading import Array

__all__ = ["twins"]

_TWIN = 1e-3  # by which two samples may differ after each was standardised, in standard deviations
_NEAR = 3e-5  # by which their projections may: far above the rounding of float32, far below their spread
_SMALLEST = 16  # numbers a channel: a scale and an offset leave nothing to tell points of the plane apart by
_CANDIDATES = 2_000_000
_AT_ONCE = 2**22  # numbers that are standardised at a time


def twins(a: Array, b: Array) -> Array:
    """Return the pairs of samples that are the same up to one scale and one offset a channel, shape ``(pairs, 2)``.

    Every sample is standardised by itself, which undoes the scale and the offset.
    A random projection then finds the candidates among all pairs, as those of nearly the same value, and they are
    compared number by number; the sign is left open, for inverted images.
    Of a table all features are one channel: a change of scale that differs between them is not undone.
    """
    none = np.zeros((0, 2), dtype=np.int64)
    if not len(a) or not len(b) or in_channels(a[:1]).shape[2] < _SMALLEST:
        return none
    direction = np.random.default_rng(0).standard_normal(a[0].size) / np.sqrt(a[0].size)
    u, v = (np.abs(np.concatenate([_standardised(part) @ direction for part in _parts(x)])) for x in (a, b))
    order = np.argsort(u)
    begin, end = (np.searchsorted(u[order], v + side) for side in (-_NEAR, _NEAR))
    counts = end - begin
    if not 0 < counts.sum() <= _CANDIDATES:  # so many that nothing tells these samples apart
        return none
    right = np.repeat(np.arange(len(v)), counts)
    left = order[np.repeat(begin - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())]
    same = np.zeros(len(right), dtype=bool)
    for some in np.array_split(np.arange(len(right)), max(1, len(right) * a[0].size // _AT_ONCE)):
        ours, theirs = _standardised(a[left[some]]), _standardised(b[right[some]])
        apart = np.minimum(np.abs(ours - theirs).max(axis=1), np.abs(ours + theirs).max(axis=1))
        same[some] = apart < _TWIN
    pairs: Array = np.stack([left[same], right[same]], axis=1)
    return pairs


def _parts(x: Array) -> list[Array]:
    return np.array_split(x, max(1, x.size // _AT_ONCE))


def _standardised(x: Array) -> Array:
    """Return samples with mean 0 and deviation 1 in every channel of each; zeros where a channel is constant."""
    channels = in_channels(x).astype(np.float64)
    channels -= channels.mean(axis=2, keepdims=True)
    spread = channels.std(axis=2, keepdims=True)
    channels /= np.where(spread > 0, spread, 1)
    return channels.reshape(len(x), -1)
