"""A split and what several checks need to know of it, each worked out once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from unstuck.inspection.chance import digests
from unstuck.inspection.moments import Moments
from unstuck.inspection.reading import Array, Samples
from unstuck.inspection.targets import Targets

__all__ = ["Look"]

_BLANK = 16  # numbers a sample, from which on it is no coincidence that all are the same


@dataclass(frozen=True)
class Look:
    """The samples of a split, without those that hold NaN or infinity.

    Parameters
    ----------
    samples
        With targets as :func:`~unstuck.inspection.targets.understand` returns them.
    groups
        The class of each sample, or zeros: rows of the same class coincide more easily.
    """

    samples: Samples
    groups: Array

    @classmethod
    def at(cls, samples: Samples, targets: Targets) -> Look:
        """Look at the samples of a split."""
        return cls(samples, samples.y if targets.are_classes else np.zeros(len(samples)))

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self.samples)

    @property
    def x(self) -> Array:
        """The inputs."""
        return self.samples.x

    @cached_property
    def moments(self) -> Moments:
        """Their statistics."""
        return Moments(self.x)

    @cached_property
    def keys(self) -> Array:
        """Their :func:`~unstuck.inspection.chance.digests`."""
        return digests(self.x)

    @cached_property
    def blank(self) -> Array:
        """A mask of the samples that are one constant; none where samples are small, or all are so."""
        flat = self.x.reshape(len(self.x), -1)
        constant: Array = flat.min(axis=1) == flat.max(axis=1)
        return constant & (flat.shape[1] >= _BLANK) & (not constant.all())

    @cached_property
    def again(self) -> Array:
        """A mask of the samples that occurred before."""
        return pd.Series(self.keys).duplicated().to_numpy()

    @cached_property
    def copies(self) -> Array:
        """The places of samples that occurred before, blank ones left out."""
        return np.flatnonzero(self.again & ~self.blank)

    @cached_property
    def distinct(self) -> Array:
        """The places of the first of all samples alike, blank ones left out."""
        return np.flatnonzero(~self.again & ~self.blank)
