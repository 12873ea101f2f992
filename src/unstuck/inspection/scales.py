"""The scale of inputs and of numbers to predict."""

from __future__ import annotations

import numpy as np

from unstuck.inspection.findings import Finding
from unstuck.inspection.moments import Moments
from unstuck.inspection.reading import Array, Samples

__all__ = ["input_finding", "target_finding"]

_FAR = 5.0  # units: [0, 1] pixels and standardised features stay below it, 0..16 and 0..255 pixels do not
_FAR_TARGETS = 10.0
_TINY = 0.05  # a spread below it, of numbers that are all small, is as good as no signal at unit weights


def input_finding(found: Moments, split: str) -> Finding | None:
    """Find inputs that are far from unit scale: large, tiny, or far from zero for their spread."""
    low, high = float(found.x.min()), float(found.x.max())
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
    """Say what is far from unit scale, about the worst channel; nothing if all are near.

    Parameters
    ----------
    mean, std
        By channel.
    largest
        The largest number, by its size.
    far
        The root mean square from which on a channel is far off, and likewise the ratio of mean and deviation of all.
    """
    size, widest = np.hypot(mean, std), float(std.max())
    if widest == 0:
        return ""
    if size.max() > far:
        worst = int(size.argmax())
        which = f"number {worst} has " if len(mean) > 1 else ""
        return f"{which}mean {mean[worst]:.4g} and standard deviation {std[worst]:.4g}"
    # of all together: a pixel at the border hardly varies, and does no harm beside those that do
    offset = float(np.sqrt((mean**2).mean() / (std**2).mean()))
    if offset > far:
        return f"the mean is {offset:.1f} times the standard deviation"
    if widest < _TINY and largest < 4 * _TINY:
        return f"no standard deviation is above {widest:.2g}"
    return ""
