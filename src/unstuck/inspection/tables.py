"""The tables of a report."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from unstuck.inspection.look import Look
from unstuck.inspection.probes import Probed
from unstuck.inspection.reading import Samples
from unstuck.inspection.targets import Targets, class_counts

__all__ = ["classes_frame", "floors_of", "splits_frame"]


def splits_frame(given: Mapping[str, Samples], looks: Mapping[str, Look], shared: Mapping[str, int]) -> pd.DataFrame:
    """Return a row a split: what it was given as, the statistics of its inputs, and how many samples are odd.

    Parameters
    ----------
    given
        The splits as they were read.
    looks
        The samples that are finite.
    shared
        How many samples of a split occur in training; zero for one that is not named.
    """
    rows = {}
    for split, look in looks.items():
        rows[split] = {
            "samples": len(given[split]),
            "shape": look.x.shape[1:],
            "dtype": look.samples.dtype,
            "min": float(look.x.min()),
            "max": float(look.x.max()),
            "mean": float(look.moments.mean.mean()),
            "std": look.moments.overall_std,
            "nonfinite": len(given[split]) - len(look),
            "blank": int(look.blank.sum()),
            "duplicates": len(look.copies),
            "shared": shared.get(split, 0),
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def classes_frame(splits: Mapping[str, Samples], targets: Targets) -> pd.DataFrame:
    """Return the samples of each class, a row a class and a column a split; empty where targets are numbers."""
    if targets.names is None:
        return pd.DataFrame(columns=list(splits))
    counts = {split: class_counts(samples, len(targets.names)) for split, samples in splits.items()}
    width = max(map(len, counts.values()))
    index = [*targets.names, *map(str, range(len(targets.names), width))]
    return pd.DataFrame({split: np.pad(row, (0, width - len(row))) for split, row in counts.items()}, index=index)


def floors_of(train: Samples, targets: Targets, probed: Probed | None) -> dict[str, float]:
    """Return what a model has to beat, by name; see :class:`~unstuck.inspection.DataReport`."""
    if targets.are_classes:
        shares = np.unique(train.y, return_counts=True)[1] / len(train)
        floors = {"majority": float(shares.max()), "entropy": float(-(shares * np.log(shares)).sum())}
    else:
        floors = {"variance": float(train.y.var(axis=0).mean())}
    return floors | (probed.floors if probed else dict.fromkeys(("linear", "neighbours", "shuffled"), float("nan")))
