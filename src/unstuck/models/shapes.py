"""What every model asks of the shapes it is given, and how many numbers it learns."""

from __future__ import annotations

from torch import nn

__all__ = ["Shape", "checked", "checked_image", "count_parameters"]

Shape = tuple[int, ...]


def count_parameters(model: nn.Module) -> int:
    """Return the number of trainable numbers in a model."""
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)


def checked(classes: int, in_shape: Shape) -> Shape:
    """Return the shape of an input; raise ValueError if it, or the number of classes, makes no model."""
    if classes < 1:
        raise ValueError(f"classes must be at least 1, got {classes}")
    if not in_shape or min(in_shape) < 1:
        raise ValueError(f"in_shape must hold the sides of one input, each at least 1, got {in_shape}")
    return in_shape


def checked_image(classes: int, in_shape: Shape, smallest: int) -> Shape:
    """Return the shape of an image; raise ValueError if it is none, or a side is shorter than `smallest`."""
    if len(checked(classes, in_shape)) != 3 or min(in_shape[1:]) < smallest:
        raise ValueError(
            f"in_shape must be (channels, height, width) with both sides at least {smallest}, got {in_shape}"
        )
    return in_shape
