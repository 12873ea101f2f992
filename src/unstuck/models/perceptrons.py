"""Linear maps with non-linearities between them: any shape of input is flattened."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

from torch import Tensor, nn

from unstuck.models.shapes import Shape, checked

__all__ = ["MLP", "Linear", "ResidualMLP"]


class Linear(nn.Module):
    """Multinomial logistic regression: one linear map from pixels to logits.

    Parameters
    ----------
    classes
        How many logits.
    in_shape
        The shape of one input, of any number of axes; they are flattened.

    Examples
    --------
    >>> from unstuck.models import count_parameters
    >>> count_parameters(Linear(classes=10, in_shape=(1, 8, 8)))
    650
    """

    def __init__(self, *, classes: int = 10, in_shape: Shape = (1, 8, 8)) -> None:
        super().__init__()
        self.output = nn.Linear(math.prod(checked(classes, in_shape)), classes)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(batch, *in_shape)`` to logits ``(batch, classes)``."""
        logits: Tensor = self.output(x.flatten(1))
        return logits


class MLP(nn.Module):
    """Multilayer perceptron: linear maps with a non-linearity between them.

    Parameters
    ----------
    *hidden
        The widths of the hidden layers, from the input on; none makes it logistic regression.
    classes
        How many logits.
    in_shape
        The shape of one input, of any number of axes; they are flattened.
    activation
        Makes the module between two linear maps.
    norm
        Makes a module from a width, to stand before every activation: ``nn.BatchNorm1d``, ``nn.LayerNorm``,
        ``partial(nn.GroupNorm, 4)``; none by default.

    Raises
    ------
    ValueError
        If a width is not positive.

    Examples
    --------
    >>> from unstuck.models import count_parameters
    >>> count_parameters(MLP(128, 64, classes=10, in_shape=(1, 28, 28)))  # 784-128-64-10
    109386
    """

    def __init__(
        self,
        *hidden: int,
        classes: int = 10,
        in_shape: Shape = (1, 8, 8),
        activation: Callable[[], nn.Module] = nn.ReLU,
        norm: Callable[[int], nn.Module] | None = None,
    ) -> None:
        super().__init__()
        widths = [math.prod(checked(classes, in_shape)), *hidden]
        if min(widths) < 1:
            raise ValueError(f"every hidden width must be at least 1, got {hidden}")
        self.body = nn.Sequential()
        for inputs, outputs in pairwise(widths):
            self.body.extend([nn.Linear(inputs, outputs), *_normed(norm, outputs), activation()])
        self.output = nn.Linear(widths[-1], classes)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(batch, *in_shape)`` to logits ``(batch, classes)``."""
        logits: Tensor = self.output(self.body(x.flatten(1)))
        return logits


class ResidualMLP(nn.Module):
    r"""Multilayer perceptron whose layers add to what came before, instead of replacing it.

    A linear map to `width` units, then `depth` blocks of

    .. math:: h_{l+1} = h_l + W_l \, \phi(\mathrm{norm}(h_l)) + b_l ,

    then a last normalisation and a linear map to the logits.
    The gradient reaches every block along the sum, whatever the blocks do to it on their way.

    Parameters
    ----------
    width
        Units of every block.
    depth
        How many blocks; none makes it two linear maps with a normalisation between them.
    classes
        How many logits.
    in_shape
        The shape of one input, of any number of axes; they are flattened.
    activation
        Makes the module :math:`\phi`.
    norm
        Makes a module from a width, such as ``nn.LayerNorm`` or ``nn.BatchNorm1d``; none leaves it out.

    Raises
    ------
    ValueError
        If the width is not positive, or the depth is negative.

    Examples
    --------
    >>> from unstuck.models import count_parameters
    >>> count_parameters(ResidualMLP(32, 8, norm=None)) == (64 + 1) * 32 + 8 * (32 + 1) * 32 + (32 + 1) * 10
    True

    References
    ----------
    K. He et al., "Identity mappings in deep residual networks", ECCV 2016. Chapter: Models and capacity.
    """

    def __init__(
        self,
        width: int,
        depth: int,
        *,
        classes: int = 10,
        in_shape: Shape = (1, 8, 8),
        activation: Callable[[], nn.Module] = nn.ReLU,
        norm: Callable[[int], nn.Module] | None = nn.LayerNorm,
    ) -> None:
        super().__init__()
        inputs = math.prod(checked(classes, in_shape))
        if width < 1 or depth < 0:
            raise ValueError(f"width must be at least 1 and depth at least 0, got {width} and {depth}")
        self.input = nn.Linear(inputs, width)
        self.blocks = nn.ModuleList(
            nn.Sequential(*_normed(norm, width), activation(), nn.Linear(width, width)) for _ in range(depth)
        )
        self.norm = nn.Sequential(*_normed(norm, width))
        self.output = nn.Linear(width, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(batch, *in_shape)`` to logits ``(batch, classes)``."""
        h = self.input(x.flatten(1))  # (batch, width)
        for block in self.blocks:
            h = h + block(h)
        logits: Tensor = self.output(self.norm(h))
        return logits


def _normed(norm: Callable[[int], nn.Module] | None, width: int) -> list[nn.Module]:
    return [] if norm is None else [norm(width)]
