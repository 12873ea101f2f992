"""The scale of inputs and targets, and splits that were prepared unlike the training split."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from unstuck.inspection.findings import Finding, Number
from unstuck.inspection.reading import Array, Samples

__all__ = ["Moments", "by_channel", "images", "input_finding", "mismatch_finding", "moments", "target_finding"]

_FAR = 5.0  # units: [0, 1] pixels and standardised features stay below it, 0..16 and 0..255 pixels do not
_FAR_TARGETS = 10.0
_TINY = 0.05  # a spread below it, of numbers that are all small, is as good as no signal at unit weights
_SHIFT = 0.25  # training standard deviations between two means: what another mean or scale makes, and no fair split
_RATIO = 1.25  # of two standard deviations
_SIGNIFICANT = 5.0  # standard errors, for the largest of many features
_OPPOSITE = -0.5  # the correlation of two mean images, one of them inverted
_PATTERN = 10.0  # times its standard error: a mean image that shows something


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


def by_channel(x: Array) -> Array:
    """Return inputs as ``(samples, channels, numbers)``: the features of a table are channels of one number each.

    A table of many features counts as one channel where it has no such axis but its samples are compared as a whole.
    """
    pictures = images(x)
    if pictures is not None:
        x = pictures
    return x.reshape(len(x), 1, -1) if x.ndim <= 2 else x.reshape(len(x), x.shape[1], -1)


def _features(x: Array) -> Array:
    """Return inputs as ``(samples, channels, numbers)``, where every feature of a table is a channel."""
    return x.reshape(len(x), -1, 1) if x.ndim <= 2 else by_channel(x)


@dataclass(frozen=True)
class Moments:
    """Mean and standard deviation of every channel, shape ``(channels,)`` each."""

    mean: Array
    std: Array

    def standardise(self, x: Array) -> Array:
        """Return inputs with mean 0 and deviation 1 by channel, flat: ``(samples, numbers)``; constant ones 0."""
        spread = np.where(self.std > 0, self.std, 1)
        flat: Array = ((_features(x) - self.mean[:, None]) / spread[:, None]).reshape(len(x), -1)
        return flat


def moments(x: Array) -> Moments:
    """Return the moments of inputs, by channel."""
    features = _features(x)
    mean = features.mean(axis=(0, 2), dtype=np.float64)
    square = (
        (features.astype(np.float64) - mean[:, None])
        if features.size < 2**22
        else (features - mean[:, None].astype(x.dtype))
    )
    return Moments(mean, np.sqrt((square**2).mean(axis=(0, 2), dtype=np.float64)))


def input_finding(samples: Samples, split: str) -> Finding | None:
    """Find inputs that are far from unit scale: large, tiny, or far from zero for their spread."""
    found = moments(samples.x)
    low, high = float(samples.x.min()), float(samples.x.max())
    said = _far_from_unit(found.mean, found.std, max(abs(low), abs(high)), _FAR)
    if not said:
        return None
    what = "inputs" if len(found.mean) == 1 else "channels or features"
    return Finding(
        "inputs_not_normalised",
        split,
        f"The {what} of the {split} split are far from unit scale: {said}; all lie between {low:.4g} and {high:.4g}.",
        {"min": low, "max": high, "mean": float(found.mean.mean()), "std": float(found.std.mean()), "off": said},
        (),
        "Subtract the training split's mean and divide by its standard deviation, channel by channel, in every split.",
    )


def target_finding(samples: Samples, split: str) -> Finding | None:
    """Find numbers to predict that are far from unit scale."""
    mean, std = samples.y.mean(axis=0), samples.y.std(axis=0)
    said = _far_from_unit(mean, std, float(np.abs(samples.y).max()), _FAR_TARGETS)
    if not said:
        return None
    return Finding(
        "targets_not_scaled",
        split,
        f"The targets of the {split} split are far from unit scale: {said}.",
        {"mean": float(mean.mean()), "std": float(std.mean()), "off": said},
        (),
        "Train on (target - mean) / std of the training split, and undo that for what the model predicts.",
    )


def _far_from_unit(mean: Array, std: Array, largest: float, far: float) -> str:
    """Say what is far from unit scale, about the worst channel; nothing if all are near."""
    size = np.hypot(mean, std)
    varied = std > 0
    if not varied.any():
        return ""
    if size.max() > far:
        worst = int(size.argmax())
        return (
            f"one has mean {mean[worst]:.4g} and standard deviation {std[worst]:.4g}"
            if len(mean) > 1
            else (f"mean {mean[0]:.4g}, standard deviation {std[0]:.4g}")
        )
    if std.max() < _TINY and largest < 4 * _TINY:
        return f"no standard deviation is above {std.max():.2g}"
    offset = np.where(varied, np.abs(mean) / np.where(varied, std, 1), 0)
    # of near-constant features only those count that spread at all
    offset[std < 0.01 * std.max()] = 0
    if offset.max() > far:
        return f"a mean is {offset.max():.0f} times its standard deviation"
    return ""


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


def compare(train: Array, other: Array) -> Difference:
    """Compare the channels of a split with those of training, by effect and by significance."""
    base = moments(train)
    floor = 1e-6 * max(float(base.std.max()), 1e-30)
    spread = np.maximum(base.std, floor)
    (mean, mean_error, square, square_error), (mean2, mean_error2, square2, square_error2) = (
        _with_errors(x, base.mean) for x in (train, other)
    )
    shift = (mean2 - mean) / spread
    std2 = np.sqrt(np.maximum(square2 - (mean2 - base.mean) ** 2, 0))
    ratio = np.where(base.std > floor, std2 / spread, np.where(std2 > floor, np.inf, 1.0))
    shifted = (np.abs(shift) > _SHIFT) & (np.abs(mean2 - mean) > _SIGNIFICANT * np.hypot(mean_error, mean_error2))
    apart = np.abs(square2 - square) > _SIGNIFICANT * np.hypot(square_error, square_error2)
    scaled = ((ratio > _RATIO) | (ratio < 1 / _RATIO)) & apart
    off = shifted | scaled
    worst = int(np.argmax(np.abs(shift) + np.abs(np.log(np.clip(ratio, 1e-9, 1e9))) + 1e3 * off))
    inverted = _inverted(train, other)
    order = None if off.any() or inverted else _channel_order(train, other)
    if order is None and not inverted and off.any():
        order = _channel_order(train, other)
    return Difference(float(shift[worst]), float(ratio[worst]), int(off.sum()), len(off), inverted, order)


def _with_errors(x: Array, centre: Array) -> tuple[Array, Array, Array, Array]:
    """Return mean and mean square around a centre, by channel, each with its standard error over the samples."""
    features = _features(x)
    means = features.mean(axis=2, dtype=np.float64)
    squares = np.empty_like(means)
    for some in np.array_split(np.arange(len(x)), max(1, x.size // 2**24)):
        squares[some] = ((features[some] - centre[:, None].astype(x.dtype)) ** 2).mean(axis=2, dtype=np.float64)
    root = np.sqrt(len(x))
    return means.mean(0), means.std(0) / root, squares.mean(0), squares.std(0) / root


def _mean_images(x: Array) -> tuple[Array, Array] | None:
    """Return the mean image and its squared standard error, ``(channels, numbers)`` each; None for tables."""
    pictures = images(x)
    if pictures is None or np.prod(pictures.shape[2:]) < 16 or len(x) < 10:
        return None
    flat = pictures.reshape(len(x), pictures.shape[1], -1)
    return flat.mean(axis=0, dtype=np.float64), flat.var(axis=0, dtype=np.float64) / len(x)


def _inverted(train: Array, other: Array) -> bool:
    """Tell whether the mean image of a split is the negative of training's."""
    first, second = _mean_images(train), _mean_images(other)
    if first is None or second is None:
        return False
    patterns = [mean - mean.mean(axis=1, keepdims=True) for mean, _ in (first, second)]
    strengths = [float((pattern**2).mean()) for pattern in patterns]
    if any(strength < _PATTERN * error.mean() for strength, (_, error) in zip(strengths, (first, second), strict=True)):
        return False
    correlation = (patterns[0] * patterns[1]).mean() / np.sqrt(strengths[0] * strengths[1])
    return bool(correlation < _OPPOSITE)


def _channel_order(train: Array, other: Array) -> tuple[int, ...] | None:
    """Return the order of channels that a split seems to have; None where it is that of training, or cannot be told."""
    first, second = _mean_images(train), _mean_images(other)
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


def mismatch_finding(train: Samples, other: Samples, split: str) -> Finding | None:
    """Find a split that was scaled, inverted or ordered unlike training."""
    fix = "Prepare every split by the same code, with the statistics of the training split."
    if train.x.shape[1:] != other.x.shape[1:]:
        shapes = f"{other.x.shape[1:]}, and those of training {train.x.shape[1:]}"
        return Finding(
            "train_test_preprocessing_mismatch",
            split,
            f"The inputs of the {split} split have the shape {shapes}.",
            {"shape": str(other.x.shape[1:]), "train_shape": str(train.x.shape[1:])},
            (),
            fix,
        )
    found = compare(train.x, other.x)
    if not found.found:
        return None
    evidence: dict[str, Number] = {
        "shift": found.shift,
        "ratio": found.ratio,
        "channels_off": found.off,
        "channels": found.channels,
        "inverted": int(found.inverted),
    }
    if found.order is not None:
        evidence["order"] = str(found.order)
        said = f"has its channels in the order {found.order} of training's"
    elif found.inverted:
        said = "is inverted: its mean image is the negative of training's"
    else:
        where = f"in {found.off} of {found.channels} channels or features, " if found.channels > 1 else ""
        said = (
            f"has another scale than training: {where}its mean is off by {found.shift:.2f} training standard "
            f"deviations, and its standard deviation is {found.ratio:.3g} times that of training"
            + _guess(train.x, other.x, found)
        )
    return Finding("train_test_preprocessing_mismatch", split, f"The {split} split {said}.", evidence, (), fix)


def _guess(train: Array, other: Array, found: Difference) -> str:
    """Say what may have gone wrong, where the numbers tell."""
    if 0.8 < found.ratio * 255 < 1.25:
        return ", as of pixels divided by 255 once more"
    if 0.8 < found.ratio / 255 < 1.25:
        return ", as of pixels that were not divided by 255"
    base = moments(train)
    standard = np.abs(base.mean).max() < 0.1 and np.abs(base.std - 1).max() < 0.2
    if standard and other.min() >= 0 and other.max() <= 1:
        return ": it lies in [0, 1], and training is standardised"
    return ""
