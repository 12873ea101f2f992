"""Splits that were prepared unlike the training split: in another scale, inverted, with other channels."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from unstuck.inspection.findings import Finding, Number
from unstuck.inspection.moments import Moments, images
from unstuck.inspection.reading import Array

__all__ = ["Difference", "compare", "mismatch_finding"]

_SHIFT = 0.25  # training standard deviations between two means: what another mean or scale makes, and no fair split
_RATIO = 1.25  # of two standard deviations
_MANY = 0.1  # of the channels: other people's digits differ in a few pixels, and other code in most features
_ALONE = 1.0  # training standard deviations by which one of many features is off if its unit is another
_SIGNIFICANT = 5.0  # standard errors, for the largest of many features
_OPPOSITE = -0.5  # the correlation of two mean images, one of them inverted
_PATTERN = 10.0  # times its standard error: a mean image that shows something


@dataclass(frozen=True)
class Difference:
    """How a split differs from training: the shift and ratio of its scale, and whether its sign or channels do."""

    shift: float
    ratio: float
    off: int
    channels: int
    inverted: bool
    order: tuple[int, ...] | None

    @property
    def found(self) -> bool:
        """Whether there is any difference to report."""
        return self.off > 0 or self.inverted or self.order is not None

    def undone(self, x: Array) -> Array:
        """Return inputs of the split with the sign and the channels of training; their scale is left as it is."""
        pictures = images(x)
        if self.order is not None and pictures is not None:
            x = pictures[:, list(self.order)]
        return -x if self.inverted else x


def compare(train: Moments, other: Moments) -> Difference | None:
    """Compare the channels of a split with those of training; None where samples differ in shape.

    A channel is off if its mean or its spread around training's mean is both far away and further than chance takes
    samples drawn as those of training were.
    """
    if train.x.shape[1:] != other.x.shape[1:]:
        return None
    floor = max(1e-6 * float(train.std.max()), 1e-30)  # below it, a channel is as good as constant
    spread = np.maximum(train.std, floor)
    shift = (other.mean - train.mean) / spread
    ratio = np.where(np.maximum(train.std, other.std) > floor, np.maximum(other.std, floor) / spread, 1.0)
    (square, error), (square2, error2) = (part.spread_around(train.mean) for part in (train, other))
    more = np.sqrt(len(train.x) / len(other.x))  # the smaller split may have missed what is rare: training tells
    shifted = np.abs(other.mean - train.mean) > _SIGNIFICANT * np.hypot(
        train.mean_error, np.maximum(other.mean_error, more * train.mean_error)
    )
    scaled = np.abs(square2 - square) > _SIGNIFICANT * np.hypot(error, np.maximum(error2, more * error))
    off = (shifted & (np.abs(shift) > _SHIFT)) | (scaled & (np.abs(np.log(ratio)) > np.log(_RATIO)))
    if off.mean() < _MANY:
        off &= np.abs(shift) > _ALONE
    worst = int(np.argmax(np.where(off, np.abs(shift) + np.abs(np.log(ratio)), 0)))
    inverted = _inverted(train, other)
    order = None if inverted else _channel_order(train, other)
    return Difference(float(shift[worst]), float(ratio[worst]), int(off.sum()), len(off), inverted, order)


def _inverted(train: Moments, other: Moments) -> bool:
    """Tell whether the mean image of a split is the negative of training's."""
    first, second = train.picture, other.picture
    if first is None or second is None:
        return False
    patterns = [mean - mean.mean(axis=1, keepdims=True) for mean, _ in (first, second)]
    strengths = [float((pattern**2).mean()) for pattern in patterns]
    if any(strength < _PATTERN * error.mean() for strength, (_, error) in zip(strengths, (first, second), strict=True)):
        return False
    correlation = (patterns[0] * patterns[1]).mean() / np.sqrt(strengths[0] * strengths[1])
    return bool(correlation < _OPPOSITE)


def _channel_order(train: Moments, other: Moments) -> tuple[int, ...] | None:
    """Return the order of channels that a split seems to have; None where it is that of training, or cannot be told."""
    first, second = train.picture, other.picture
    if first is None or second is None or len(first[0]) not in (3, 4):
        return None
    (ours, error), (theirs, error2) = first, second
    distances = {
        order: float(((theirs[list(order)] - ours) ** 2 / (error + error2[list(order)] + 1e-12)).mean())
        for order in itertools.permutations(range(len(ours)))
    }
    kept = tuple(range(len(ours)))
    best = min(distances, key=distances.__getitem__)
    told = distances[kept] > _PATTERN and distances[best] < distances[kept] / 4
    return best if told and best != kept else None


def mismatch_finding(train: Moments, other: Moments, split: str, found: Difference | None) -> Finding | None:
    """Find a split that was scaled, inverted or ordered unlike training.

    Parameters
    ----------
    train, other, split
        The two splits, and the name of the other.
    found
        What :func:`compare` returned; None where their samples differ in shape.
    """
    fix = "Prepare every split by the same code, with the statistics of the training split."
    evidence: dict[str, Number]
    if found is None:
        ours, theirs = str(train.x.shape[1:]), str(other.x.shape[1:])
        evidence = {"shape": theirs, "train_shape": ours}
        said = f"holds inputs of shape {theirs}, and training of {ours}"
    elif not found.found:
        return None
    else:
        evidence = {
            "shift": found.shift,
            "ratio": found.ratio,
            "channels_off": found.off,
            "channels": found.channels,
            "inverted": int(found.inverted),
        }
        if found.order is not None:
            evidence["order"] = str(found.order)
        said = _describe(train, other, found)
    return Finding("train_test_preprocessing_mismatch", split, f"The {split} split {said}.", evidence, (), fix)


def _describe(train: Moments, other: Moments, found: Difference) -> str:
    if found.order is not None:
        return f"has its channels in another order: those of training are its {', '.join(map(str, found.order))}"
    if found.inverted:
        return "is inverted: its mean image is the negative of training's"
    where = f"in {found.off} of {found.channels} channels or features; in the worst " if found.channels > 1 else ""
    return (
        f"has another scale than training: {where}its mean is off by {found.shift:.2f} training standard deviations, "
        f"and its standard deviation is {found.ratio:.3g} times that of training{_guess(train, other, found)}"
    )


def _guess(train: Moments, other: Moments, found: Difference) -> str:
    """Say what may have gone wrong, where the numbers tell."""
    if 0.8 < found.ratio * 255 < 1.25:
        return ", as of pixels divided by 255 once more"
    if 0.8 < found.ratio / 255 < 1.25:
        return ", as of pixels that were not divided by 255"
    standard = np.abs(train.mean).max() < 0.1 and np.abs(train.std - 1).max() < 0.2
    if standard and other.x.min() >= 0 and other.x.max() <= 1:
        return "; it lies in [0, 1], and training is standardised"
    return ""
