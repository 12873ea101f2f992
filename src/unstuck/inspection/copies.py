"""Samples that occur twice: within a split, and in a split that is to measure what training has not seen."""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd
import torch

from unstuck.inspection.findings import Finding
from unstuck.inspection.reading import Array, Samples
from unstuck.inspection.scales import by_channel

__all__ = ["contradictions", "copies_within", "digests", "duplicate_finding", "leak_finding", "shared_rows"]

_SURPRISE = 1e-3  # the chance, at most, of as many coinciding rows, for a table of few distinct values
_LATTICE = 32  # features, at most, for which coincidences are counted one step aside
_TWIN = 1e-3  # by which two samples may differ after each was standardised, in standard deviations
_NEAR = 3e-5  # by which their projections may: far above the rounding of float32, far below their spread
_NEVER = -60.0  # the logarithm of a chance that no number of pairs makes up for
_SMALLEST = 16  # numbers a channel: a scale and an offset leave nothing to tell points of the plane apart by
_CANDIDATES = 2_000_000


def digests(x: Array) -> Array:
    """Return 64 bits for each sample, the same for the same bytes; shape ``(samples,)``."""
    rows = np.ascontiguousarray(x).reshape(len(x), -1)
    parts = (hashlib.blake2b(row.tobytes(), digest_size=8).digest() for row in rows)
    return np.frombuffer(b"".join(parts), dtype=np.uint64)


def copies_within(keys: Array, blank: Array) -> Array:
    """Return the places of samples that occurred before in the same split, blank ones left out."""
    later = pd.Series(keys).duplicated().to_numpy() & ~blank
    return np.flatnonzero(later)


def contradictions(keys: Array, y: Array) -> Array:
    """Return a mask of the samples that occur again with another target."""
    labels = digests(np.ascontiguousarray(y))
    kinds = pd.Series(labels).groupby(keys).transform("nunique")
    return kinds.to_numpy() > 1


def duplicate_finding(samples: Samples, split: str, keys: Array, blank: Array, groups: Array) -> Finding | None:
    """Find samples that occur several times in a split, more often than chance makes rows of a coarse table coincide.

    Parameters
    ----------
    samples, split
        The samples, and the name of their split.
    keys
        Their :func:`digests`.
    blank
        A mask of those that are one constant.
    groups
        The class of each, or zeros: rows of the same class coincide more easily.
    """
    later = copies_within(keys, blank)
    if not len(later) or _by_chance(len(later), samples.x, samples.x, groups, groups, within=True):
        return None
    against = int((contradictions(keys, samples.y) & ~blank).sum())
    share = len(later) / len(samples)
    said = f", and {against} of those alike have targets that contradict each other" if against else ""
    return Finding(
        "duplicates",
        split,
        f"{len(later)} of the {len(samples)} samples of the {split} split ({share:.1%}) are copies of "
        f"earlier ones{said}.",
        {"copies": len(later), "contradicting": against, "samples": len(samples), "share": share},
        tuple(samples.rows[later].tolist()),
        "Keep one of each before splitting"
        + ("; look at those whose targets differ." if against else ", so that no sample counts twice."),
    )


def shared_rows(
    train: Array, other: Array, keys: tuple[Array, Array], blanks: tuple[Array, Array]
) -> tuple[Array, Array]:
    """Return which samples of a split occur in training: as they are, and after a change of scale and offset.

    Parameters
    ----------
    train, other
        Inputs of the two splits.
    keys, blanks
        Their :func:`digests`, and masks of the samples that are one constant, for which nothing is told.

    Returns
    -------
    exact, rescaled
        Masks, shape ``(samples of the split,)``.
    """
    exact = np.isin(keys[1], keys[0][~blanks[0]]) & ~blanks[1]
    rescaled = np.zeros_like(exact)
    if train.shape[1:] == other.shape[1:]:
        ours, theirs = np.flatnonzero(~blanks[0]), np.flatnonzero(~blanks[1] & ~exact)
        pairs = _twins(train[ours], other[theirs])
        rescaled[theirs[pairs[:, 1]]] = True
    return exact, rescaled


def leak_finding(
    train: Samples, other: Samples, split: str, shared: tuple[Array, Array], groups: tuple[Array, Array]
) -> Finding | None:
    """Find samples of a split that training has seen.

    Parameters
    ----------
    train, other, split
        The two splits, and the name of the other.
    shared
        What :func:`shared_rows` returned.
    groups
        The classes of both, or zeros.
    """
    exact, rescaled = shared
    if exact.any() and _by_chance(int(exact.sum()), train.x, other.x, *groups, within=False):
        exact = np.zeros_like(exact)
    if rescaled.any() and not _more_than_within(int(rescaled.sum()), len(other), train.x):
        rescaled = np.zeros_like(rescaled)
    found = exact | rescaled
    count = int(found.sum())
    if not count:
        return None
    share = count / len(other)
    said = f", {int(rescaled.sum())} of them in another scale" if rescaled.any() else ""
    return Finding(
        "train_test_leak",
        split,
        f"{count} of the {len(other)} samples of the {split} split ({share:.1%}) are in the training split{said}: "
        "what is measured on them is memory.",
        {"shared": count, "rescaled": int(rescaled.sum()), "samples": len(other), "share": share},
        tuple(other.rows[found].tolist()),
        "Drop copies first and split afterwards; split by person, recording or source where several samples share one.",
    )


def _twins(a: Array, b: Array) -> Array:
    """Return the pairs of samples that are the same up to one scale and one offset a channel, shape ``(pairs, 2)``.

    Every sample is standardised by itself, which undoes the scale and the offset.
    A random projection then finds the candidates among all pairs, as those of nearly the same value, and they are
    compared number by number; the sign is left open, for inverted images.
    """
    none = np.zeros((0, 2), dtype=np.int64)
    if not len(a) or not len(b) or by_channel(a[:1]).shape[2] < _SMALLEST:
        return none
    direction = np.random.default_rng(0).standard_normal(a[0].size) / np.sqrt(a[0].size)
    u, v = (np.abs(np.concatenate([_standardised(part) @ direction for part in _parts(x)])) for x in (a, b))
    order = np.argsort(u)
    begin, end = (np.searchsorted(u[order], v + side) for side in (-_NEAR, _NEAR))
    counts = end - begin
    if counts.sum() > _CANDIDATES:  # nothing tells these samples apart
        return none
    right = np.repeat(np.arange(len(v)), counts)
    left = order[np.repeat(begin - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())]
    same = np.zeros(len(right), dtype=bool)
    for some in np.array_split(np.arange(len(right)), max(1, len(right) * a[0].size // 2**24)):
        ours, theirs = _standardised(a[left[some]]), _standardised(b[right[some]])
        apart = np.minimum(np.abs(ours - theirs).max(axis=1), np.abs(ours + theirs).max(axis=1))
        same[some] = apart < _TWIN
    pairs: Array = np.stack([left[same], right[same]], axis=1)
    return pairs


def _parts(x: Array) -> list[Array]:
    return np.array_split(x, max(1, x.size // 2**24))


def _standardised(x: Array) -> Array:
    """Return samples with mean 0 and deviation 1 in every channel of each; zeros where a channel is constant."""
    channels = by_channel(x).astype(np.float64)
    channels -= channels.mean(axis=2, keepdims=True)
    spread = channels.std(axis=2, keepdims=True)
    channels /= np.where(spread > 0, spread, 1)
    return channels.reshape(len(x), -1)


def _more_than_within(count: int, samples: int, train: Array) -> bool:
    """Tell whether more samples of a split have a rescaled twin in training than training's own samples have there."""
    some = train[:: max(1, len(train) // 10_000)]
    pairs = _twins(some, some)
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    keys = digests(some)
    twins = np.unique(pairs[keys[pairs[:, 0]] != keys[pairs[:, 1]], 1])
    return _surprising(count, samples * len(twins) / len(some) * len(train) / len(some))


def _by_chance(count: int, a: Array, b: Array, groups_a: Array, groups_b: Array, *, within: bool) -> bool:
    """Tell whether chance makes so many rows of a table coincide, as few distinct values do.

    Two estimates are made, and the larger counts.
    The first takes the features as independent within a class, and multiplies the chances that they agree.
    The second counts the pairs that differ by one step in one feature alone: where the values are a coarse grid over a
    smooth density, about as many fall on the same point.
    """
    a, b = a.reshape(len(a), -1), b.reshape(len(b), -1)
    expected = 0.0
    for group in np.unique(groups_a):
        ours, theirs = a[groups_a == group], b[groups_b == group]
        expected += len(ours) * len(theirs) * _chance_to_agree(ours, theirs) if len(theirs) else 0.0
    if a.shape[1] <= _LATTICE:
        expected = max(expected, _one_step_aside(a, b))
    return not _surprising(count, expected / 2 if within else expected)


def _surprising(count: int, expected: float) -> bool:
    """Tell whether a Poisson number with this expectation is hardly ever as large as `count`, at least 1."""
    tail = torch.special.gammainc(*torch.tensor([[count], [expected]], dtype=torch.float64))
    return float(tail) < _SURPRISE


def _chance_to_agree(a: Array, b: Array) -> float:
    logarithm = 0.0
    for ours, theirs in zip(a.T, b.T, strict=True):
        values, counts = np.unique(ours, return_counts=True)
        places = np.searchsorted(values, theirs).clip(max=len(values) - 1)
        agree = counts[places][values[places] == theirs].sum() / (len(ours) * len(theirs))
        if agree == 0:
            return 0.0
        logarithm += np.log(agree)
        if logarithm < _NEVER:
            return 0.0
    return float(np.exp(logarithm))


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
