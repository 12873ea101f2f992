"""Samples that occur twice: within a split, and in a split that is to measure what training has not seen."""

from __future__ import annotations

import numpy as np
import pandas as pd

from unstuck.inspection.chance import by_chance, digests, surprising
from unstuck.inspection.findings import Finding
from unstuck.inspection.look import Look
from unstuck.inspection.reading import Array
from unstuck.inspection.twins import twins

__all__ = ["duplicate_finding", "leak_finding", "shared_rows"]

_JUDGED = 10_000  # training samples, at most, among which twins are counted that nobody planted


def duplicate_finding(look: Look, split: str) -> Finding | None:
    """Find samples that occur several times in a split, more often than chance makes rows of a table coincide."""
    later, samples = look.copies, look.samples
    if not len(later) or by_chance(len(later), look.x, look.x, look.groups, look.groups, within=True):
        return None
    kinds = pd.Series(digests(samples.y)).groupby(look.keys).transform("nunique").to_numpy()
    against = int(((kinds > 1) & ~look.blank).sum())
    share = len(later) / len(look)
    said = f", and {against} of those alike have targets that contradict each other" if against else ""
    return Finding(
        "duplicates",
        split,
        f"{len(later)} of the {len(look)} samples of the {split} split ({share:.1%}) are copies of earlier ones{said}.",
        {"copies": len(later), "contradicting": against, "samples": len(look), "share": share},
        tuple(samples.rows[later].tolist()),
        "Keep one of each before splitting"
        + ("; look at those whose targets differ." if against else ", so that no sample counts twice."),
    )


def shared_rows(train: Look, other: Look) -> tuple[Array, Array]:
    """Return which samples of a split occur in training: as they are, and after a change of scale and offset.

    Blank samples are left out.

    Returns
    -------
    exact, rescaled
        Masks, shape ``(samples of the split,)``.
    """
    exact: Array = np.isin(other.keys, train.keys[~train.blank])
    rescaled = np.zeros_like(exact)
    if train.x.shape[1:] == other.x.shape[1:]:
        ours, theirs = np.flatnonzero(~train.blank), np.flatnonzero(~other.blank & ~exact)
        pairs = twins(train.x[ours], other.x[theirs])
        rescaled[theirs[pairs[:, 1]]] = True
    return exact, rescaled


def leak_finding(train: Look, other: Look, split: str, shared: tuple[Array, Array]) -> Finding | None:
    """Find samples of a split that training has seen.

    Parameters
    ----------
    train, other, split
        The two splits, and the name of the other.
    shared
        What :func:`shared_rows` returned.
    """
    exact, rescaled = shared
    if exact.any() and by_chance(int(exact.sum()), train.x, other.x, train.groups, other.groups, within=False):
        exact = np.zeros_like(exact)
    if rescaled.any() and not _more_than_within(int(rescaled.sum()), len(other), train):
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
        tuple(other.samples.rows[found].tolist()),
        "Drop copies first and split afterwards; split by person, recording or source where several samples share one.",
    )


def _more_than_within(count: int, samples: int, train: Look) -> bool:
    """Tell whether more samples of a split have a rescaled twin in training than training's own samples have there."""
    some = slice(None, None, max(1, len(train) // _JUDGED))
    x, keys = train.x[some], train.keys[some]
    pairs = twins(x, x)
    alike = np.unique(pairs[keys[pairs[:, 0]] != keys[pairs[:, 1]], 1])
    return surprising(count, samples * len(alike) / len(x) * len(train) / len(x))
