"""The shape of inputs, and their statistics by channel, each worked out once for every split."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from unstuck.inspection.reading import Array

__all__ = ["Moments", "images", "in_channels"]

_AT_ONCE = 2**22  # numbers that are taken to float64 at a time
_PICTURE = 16  # pixels, at least, of a mean image


def images(x: Array) -> Array | None:
    """Return inputs as images ``(samples, channels, height, width)``; None if they are none.

    Channels may come last; images of one channel may lack that axis.
    """
    if x.ndim == 3 and min(x.shape[1:]) > 3:
        return x[:, None]
    if x.ndim != 4:
        return None
    if x.shape[1] in (1, 3, 4):
        return x
    return np.moveaxis(x, 3, 1) if x.shape[3] in (1, 3, 4) else None


def in_channels(x: Array, *, features: bool = False) -> Array:
    """Return inputs as ``(samples, channels, numbers)``.

    Parameters
    ----------
    x
        Shape ``(samples, *in_shape)``.
    features
        Whether each feature of a table is a channel of its own; or all of them together are one.
    """
    pictures = images(x)
    if pictures is not None:
        return pictures.reshape(*pictures.shape[:2], -1)
    if x.ndim > 2:
        return x.reshape(*x.shape[:2], -1)
    return x.reshape(len(x), -1, 1) if features else x.reshape(len(x), 1, -1)


@dataclass(frozen=True)
class Moments:
    """Statistics of inputs by channel; each feature of a table is one.

    Parameters
    ----------
    x
        Shape ``(samples, *in_shape)``.
    """

    x: Array

    @cached_property
    def _by_sample(self) -> tuple[Array, Array]:
        """Mean and variance within each sample, ``(samples, channels)``."""
        channels = in_channels(self.x, features=True)
        mean, variance = np.empty(channels.shape[:2]), np.empty(channels.shape[:2])
        for rows in self._parts():
            part = channels[rows].astype(np.float64)
            mean[rows] = part.mean(axis=2)
            variance[rows] = np.square(part).mean(axis=2) - mean[rows] ** 2
        return mean, np.maximum(variance, 0)

    @cached_property
    def mean(self) -> Array:
        """Shape ``(channels,)``."""
        mean: Array = self._by_sample[0].mean(axis=0)
        return mean

    @cached_property
    def std(self) -> Array:
        """Shape ``(channels,)``."""
        means, variances = self._by_sample
        std: Array = np.sqrt(variances.mean(axis=0) + means.var(axis=0))
        return std

    @property
    def overall_std(self) -> float:
        """The standard deviation of all numbers together."""
        return float(np.sqrt((self.std**2).mean() + self.mean.var()))

    @property
    def mean_error(self) -> Array:
        """The standard error of the mean over the samples, shape ``(channels,)``."""
        error: Array = self._by_sample[0].std(axis=0) / np.sqrt(len(self.x))
        return error

    def spread_around(self, centre: Array) -> tuple[Array, Array]:
        """Return the mean square around a centre and its standard error, shape ``(channels,)`` each."""
        means, variances = self._by_sample
        squares = variances + (means - centre) ** 2
        return squares.mean(axis=0), squares.std(axis=0) / np.sqrt(len(self.x))

    @cached_property
    def picture(self) -> tuple[Array, Array] | None:
        """The mean image and its squared standard error, ``(channels, pixels)`` each; None for what is no image."""
        pictures = images(self.x)
        if pictures is None or np.prod(pictures.shape[2:]) < _PICTURE or len(self.x) < 10:
            return None
        flat = in_channels(self.x)
        total, squares = np.zeros(flat.shape[1:]), np.zeros(flat.shape[1:])
        for rows in self._parts():
            part = flat[rows].astype(np.float64)
            total += part.sum(axis=0)
            squares += np.square(part).sum(axis=0)
        mean = total / len(flat)
        return mean, np.maximum(squares / len(flat) - mean**2, 0) / len(flat)

    def standardised(self) -> Array:
        """Return the inputs with mean 0 and deviation 1 by channel, flat: ``(samples, numbers)``; constant ones 0."""
        spread = np.where(self.std > 0, self.std, 1)
        flat: Array = (in_channels(self.x, features=True) - self.mean[:, None]) / spread[:, None]
        return flat.reshape(len(flat), -1)

    def _parts(self) -> Iterator[slice]:
        """Yield slices of the samples, few enough at a time for a copy in double precision."""
        step = max(1, _AT_ONCE // max(1, self.x[0].size))
        for begin in range(0, len(self.x), step):
            yield slice(begin, begin + step)
