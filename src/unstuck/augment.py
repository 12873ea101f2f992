"""Changes of images that leave their labels alone: batched, on the device, with a draw of its own for every sample.

Each is a function ``(x, y) -> (x, y)`` once its settings are given, so that :func:`~unstuck.loop.fit` and
:func:`~unstuck.sweeps.sweep` take it as it is: ``transform=partial(affine, rotate=10, shift=0.1, fill=-0.4)``.
The draws are made on the device of `x` from PyTorch's random state, which a run seeds: the same seed gives the same
images, and no draw waits for the device.

On normalised images an empty pixel is not 0: what a change moves into the picture is `fill`, a number or one for each
channel, as ``data.normalise(torch.zeros(1, *data.in_shape)).amin((0, 2, 3))`` gives them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

__all__ = ["affine", "compose", "crop", "flip", "noise", "only", "warp"]

Batch = tuple[Tensor, Tensor]
Transform = Callable[[Tensor, Tensor], Batch]
Fill = float | Sequence[float] | Tensor


def affine(
    x: Tensor,
    y: Tensor,
    *,
    rotate: float = 0.0,
    shift: float = 0.0,
    scale: tuple[float, float] = (1.0, 1.0),
    fill: Fill = 0.0,
) -> Batch:
    """Turn, enlarge and shift every image by amounts of its own, all drawn evenly and at once applied.

    Parameters
    ----------
    x
        Images, a floating tensor of shape ``(batch, channels, height, width)``.
    y
        Targets, returned as they are.
    rotate
        The largest angle in either direction, in degrees, from 0 to 180.
    shift
        The largest shift in either direction and along either axis, as a share of the side, from 0 to 1.
    scale
        The smallest and the largest factor of enlargement, both positive.
    fill
        What enters the picture: a number, or one for each channel.

    Returns
    -------
    tuple
        Images of the same shape, by bilinear interpolation, and `y`.

    Raises
    ------
    ValueError
        If `x` is no batch of images, or a setting is out of range.

    Examples
    --------
    >>> x = torch.rand(64, 1, 8, 8)
    >>> moved, _ = affine(x, torch.zeros(64), rotate=15, shift=0.1, scale=(0.9, 1.1))
    >>> moved.shape
    torch.Size([64, 1, 8, 8])
    """
    _check_images(x)
    _check("rotate", rotate, 0, 180)
    _check("shift", shift, 0, 1)
    low, high = scale
    if not 0 < low <= high < float("inf"):
        raise ValueError(f"scale must be a smaller and a larger factor, both positive, got {scale}")
    height, width = x.shape[-2:]
    draws = torch.rand(4, len(x), dtype=x.dtype, device=x.device)
    angle, down, right = 2 * draws[:3] - 1
    moved = warp(
        x,
        angle=rotate * angle,
        down=shift * height * down,
        right=shift * width * right,
        scale=low + (high - low) * draws[3],
        fill=fill,
    )
    return moved, y


def warp(x: Tensor, *, angle: Tensor, down: Tensor, right: Tensor, scale: Tensor, fill: Fill = 0.0) -> Tensor:
    r"""Turn each image about its centre, enlarge it, then shift it.

    A pixel at :math:`q` of the result, counted from the centre, is what the image holds at

    .. math::

        p = \tfrac1s R(-\varphi) (q - t),

    blended from the four pixels around that point.

    Parameters
    ----------
    x
        Images, shape ``(batch, channels, height, width)``.
    angle
        :math:`\varphi` of each image, in degrees, clockwise; shape ``(batch,)``, as for all that follow.
    down, right
        :math:`t` in pixels.
    scale
        The factor of enlargement, :math:`s`.
    fill
        What lies outside the image: a number, or one for each channel.

    Returns
    -------
    Tensor
        Images of the same shape.

    Examples
    --------
    >>> x, zero = torch.arange(4.0).reshape(1, 1, 2, 2), torch.zeros(1)
    >>> warp(x, angle=zero, down=zero, right=zero + 1, scale=zero + 1, fill=9.0)
    tensor([[[[9., 0.],
              [9., 2.]]]])

    References
    ----------
    ``torchvision.transforms.v2.functional.affine`` does the same to all images of a batch alike.
    Chapter: Data and preprocessing.
    """
    _check_images(x)
    height, width = x.shape[-2:]
    turn = torch.deg2rad(angle)
    cos, sin = turn.cos() / scale, turn.sin() / scale
    # affine_grid counts from the centre in half sides, so that an axis is stretched by its side over the other's.
    tall = height / width
    u, v = 2 * right / width, 2 * down / height
    rows = (
        torch.stack([cos, tall * sin, -cos * u - tall * sin * v], dim=1),
        torch.stack([-sin / tall, cos, sin / tall * u - cos * v], dim=1),
    )
    grid = F.affine_grid(torch.stack(rows, dim=1), list(x.shape), align_corners=False)
    empty = _as_fill(fill, x)
    # What lies outside is 0 to grid_sample: let 0 stand for `fill` while it works.
    return F.grid_sample(x - empty, grid, mode="bilinear", padding_mode="zeros", align_corners=False) + empty


def crop(x: Tensor, y: Tensor, *, padding: int, fill: Fill = 0.0) -> Batch:
    """Put a frame around every image, and cut a window of the old size out of it, anywhere: a shift by whole pixels.

    Parameters
    ----------
    x
        Images, shape ``(batch, channels, height, width)``.
    y
        Targets, returned as they are.
    padding
        The width of the frame in pixels, at least 1.
    fill
        The frame: a number, or one for each channel.

    Returns
    -------
    tuple
        Images of the same shape, and `y`.

    Raises
    ------
    ValueError
        If `x` is no batch of images, or `padding` is no positive whole number.

    Examples
    --------
    >>> x = torch.ones(1, 1, 2, 2)
    >>> sorted({float(crop(x, torch.zeros(1), padding=1)[0].sum()) for _ in range(200)})  # a corner, a side, all
    [1.0, 2.0, 4.0]
    """
    _check_images(x)
    if not isinstance(padding, int) or padding < 1:
        raise ValueError(f"padding must be a whole number of pixels, at least 1, got {padding!r}")
    batch, channels, height, width = x.shape
    framed = _as_fill(fill, x).expand(batch, channels, height + 2 * padding, width + 2 * padding).clone()
    framed[..., padding : padding + height, padding : padding + width] = x
    top, left = torch.randint(2 * padding + 1, (2, batch, 1), device=x.device)
    rows = (top + torch.arange(height, device=x.device)).reshape(batch, 1, height, 1)
    columns = (left + torch.arange(width, device=x.device)).reshape(batch, 1, 1, width)
    of_sample = torch.arange(batch, device=x.device).reshape(batch, 1, 1, 1)
    of_channel = torch.arange(channels, device=x.device).reshape(1, channels, 1, 1)
    return framed[of_sample, of_channel, rows, columns], y


def flip(x: Tensor, y: Tensor, *, p: float = 0.5, vertical: bool = False) -> Batch:
    """Mirror a share of the images, left to right.

    Parameters
    ----------
    x
        Images, shape ``(batch, channels, height, width)``.
    y
        Targets, returned as they are.
    p
        The probability of each image to be mirrored, from 0 to 1.
    vertical
        Mirror top to bottom instead.

    Returns
    -------
    tuple
        Images of the same shape, and `y`.

    Raises
    ------
    ValueError
        If `x` is no batch of images, or `p` is out of range.

    Examples
    --------
    >>> flip(torch.tensor([[[[1.0, 2.0]]]]), torch.zeros(1), p=1.0)[0]
    tensor([[[[2., 1.]]]])
    """
    _check_images(x)
    _check("p", p, 0, 1)
    chosen = torch.rand(len(x), 1, 1, 1, device=x.device) < p
    return torch.where(chosen, x.flip(-2 if vertical else -1), x), y


def noise(x: Tensor, y: Tensor, *, std: float) -> Batch:
    """Add a normal random number to every number of every input.

    Parameters
    ----------
    x
        Inputs, a floating tensor of shape ``(batch, ...)``.
    y
        Targets, returned as they are.
    std
        Its standard deviation, at least 0, in the units of `x`.

    Returns
    -------
    tuple
        Inputs of the same shape, and `y`.

    Raises
    ------
    ValueError
        If `std` is negative.

    Examples
    --------
    >>> x = torch.zeros(2000, 3)
    >>> round(float(noise(x, torch.zeros(2000), std=0.5)[0].std()), 1)
    0.5
    """
    _check("std", std, 0, float("inf"))
    return x + std * torch.randn_like(x), y


def only(transform: Transform, classes: Sequence[int]) -> Transform:
    """Restrict a change to the classes whose labels it leaves true: a mirrored 8 is an 8, a mirrored 2 is none.

    Parameters
    ----------
    transform
        Maps ``(x, y)`` to inputs of the same shape and the same `y`.
    classes
        The indices of the classes that it may change.

    Returns
    -------
    callable
        Maps ``(x, y)``, with class indices `y` of shape ``(batch,)``, to the same shape and `y`.

    Raises
    ------
    ValueError
        If no class is given; and when called, if `transform` changes the shape or the targets.

    Examples
    --------
    >>> from functools import partial
    >>> change = only(partial(flip, p=1.0), classes=[8])
    >>> change(torch.tensor([[[[1.0, 2.0]]], [[[1.0, 2.0]]]]), torch.tensor([8, 2]))[0].flatten(1)
    tensor([[2., 1.],
            [1., 2.]])
    """
    if not len(classes):
        raise ValueError("classes must name at least one class")

    def restricted(x: Tensor, y: Tensor) -> Batch:
        changed, targets = transform(x, y)
        if changed.shape != x.shape or targets is not y:
            raise ValueError("only() takes changes of the inputs alone, which leave their shape and the targets as is")
        allowed = sum((y == label for label in classes), torch.zeros_like(y, dtype=torch.bool))
        return torch.where(allowed.reshape(-1, *[1] * (x.ndim - 1)), changed, x), y

    return restricted


def compose(*transforms: Transform) -> Transform:
    """Apply one change after the other.

    Parameters
    ----------
    *transforms
        Each maps ``(x, y)`` to ``(x, y)``; the first is applied first.

    Returns
    -------
    callable
        Maps ``(x, y)`` to ``(x, y)``.

    Examples
    --------
    >>> from functools import partial
    >>> change = compose(partial(crop, padding=1), partial(noise, std=0.1))
    >>> change(torch.zeros(5, 1, 8, 8), torch.zeros(5))[0].shape
    torch.Size([5, 1, 8, 8])
    """

    def all_of_them(x: Tensor, y: Tensor) -> Batch:
        for transform in transforms:
            x, y = transform(x, y)
        return x, y

    return all_of_them


def _check_images(x: Tensor) -> None:
    if x.ndim != 4 or not x.is_floating_point():
        raise ValueError(
            f"a floating tensor of shape (batch, channels, height, width) is needed, got {x.dtype}, {tuple(x.shape)}"
        )


def _check(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise ValueError(f"{name} must lie between {low} and {high}, got {value}")


def _as_fill(fill: Fill, x: Tensor) -> Tensor:
    """Return what is empty, in a shape that broadcasts against images."""
    empty = torch.as_tensor(fill, dtype=x.dtype).to(x.device, non_blocking=True).reshape(1, -1, 1, 1)
    if empty.shape[1] not in (1, x.shape[1]):
        raise ValueError(f"fill must be a number, or one for each of the {x.shape[1]} channels, got {fill}")
    return empty
