"""A batch as images: whether it holds some, and how they look."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from torch import Tensor

from unstuck.doctor.pictures import WIDTH
from unstuck.doctor.svg import svg
from unstuck.inspection.moments import images

__all__ = ["IMAGES", "batch_images", "extremes", "sample_images"]

IMAGES = 16  # of a batch

_COLUMNS = 8
_SIDES = (8, 16, 28, 32, 64)  # of images that are fed as vectors

Numbers = NDArray[np.float64]


def sample_images(x: Tensor) -> Numbers | None:
    """Return a batch as images ``(samples, channels, height, width)``; None if it holds none.

    Vectors of as many numbers as a usual square image has pixels are taken for one.
    """
    side = round(x.shape[1] ** 0.5) if x.ndim == 2 and x.is_floating_point() else 0
    if side in _SIDES and side**2 == x.shape[1]:
        x = x.reshape(len(x), 1, side, side)
    found = images(x.double().numpy())
    return found if found is not None and found.size and found.shape[1] in (1, 3) else None


def extremes(values: Numbers) -> tuple[float, float]:
    """Return the lowest and the highest of the finite values; 0 and 1 where there is none."""
    known = values[np.isfinite(values)]
    return (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)


def batch_images(pixels: Numbers, titles: Sequence[str]) -> str:
    """Draw the first images of a batch, from its own darkest value to its brightest.

    Parameters
    ----------
    pixels
        Shape ``(samples, channels, height, width)``.
    titles
        One text an image, or none at all.

    Returns
    -------
    str
        An ``<svg>`` element.
    """
    return svg(lambda: _batch(pixels[:IMAGES], titles))


def _batch(pixels: Numbers, titles: Sequence[str]) -> Figure:
    columns = min(_COLUMNS, len(pixels))
    rows = -(-len(pixels) // columns)
    figure = Figure(figsize=(WIDTH * columns / _COLUMNS, WIDTH / _COLUMNS * (1.3 if titles else 1.03) * rows))
    low, high = extremes(pixels)
    shown = np.clip((np.nan_to_num(pixels) - low) / max(high - low, 1e-12), 0, 1)
    axes = figure.subplots(rows, columns, squeeze=False).flat
    for place, axis in enumerate(axes):
        axis.axis("off")
        if place < len(shown):
            image = np.moveaxis(shown[place], 0, 2)
            axis.imshow(image[..., 0] if image.shape[2] == 1 else image, cmap="gray", vmin=0, vmax=1)
            if titles:
                axis.set_title(titles[place], fontsize=9, loc="center", pad=2)
    return figure
