"""Networks for images: convolutions first, then linear maps."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from unstuck.models.shapes import Shape, checked_image

__all__ = ["CIFARNet", "ConvNet"]


class ConvNet(nn.Module):
    """The network of PyTorch's MNIST example: two convolutions, one pooling, two linear maps.

    =========================  ===============  ==============  ==========
    layer                      28 x 28 (MNIST)  8 x 8 (digits)  32 x 32
    =========================  ===============  ==============  ==========
    convolution 3 x 3, ReLU    32, 26, 26       32, 6, 6        32, 30, 30
    convolution 3 x 3, ReLU    64, 24, 24       64, 4, 4        64, 28, 28
    max-pool 2, dropout 0.25   64, 12, 12       64, 2, 2        64, 14, 14
    flatten                    9216             256             12544
    linear, ReLU, dropout 0.5  128              128             128
    linear                     classes          classes         classes
    =========================  ===============  ==============  ==========

    Parameters
    ----------
    classes
        How many logits.
    in_shape
        ``(channels, height, width)``, both sides at least 6.

    Raises
    ------
    ValueError
        If `in_shape` is no image, or too small a one.

    Examples
    --------
    >>> from unstuck.models import count_parameters
    >>> count_parameters(ConvNet(classes=10, in_shape=(1, 28, 28)))
    1199882

    References
    ----------
    The ``mnist`` example of https://github.com/pytorch/examples.
    """

    def __init__(self, *, classes: int = 10, in_shape: Shape = (1, 28, 28)) -> None:
        super().__init__()
        channels, height, width = checked_image(classes, in_shape, smallest=6)
        self.conv1 = nn.Conv2d(channels, 32, kernel_size=3)
        self.conv2 = nn.Conv2d(32, 64, kernel_size=3)
        self.dropout1 = nn.Dropout(0.25)
        self.hidden = nn.Linear(64 * ((height - 4) // 2) * ((width - 4) // 2), 128)
        self.dropout2 = nn.Dropout(0.5)
        self.output = nn.Linear(128, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(batch, channels, height, width)`` to logits ``(batch, classes)``."""
        x = F.relu(self.conv1(x))
        x = F.relu(self.conv2(x))
        x = self.dropout1(F.max_pool2d(x, 2))
        x = self.dropout2(F.relu(self.hidden(x.flatten(1))))
        logits: Tensor = self.output(x)
        return logits


class CIFARNet(nn.Module):
    """A small network for CIFAR-10: two rounds of convolution and pooling, two linear maps.

    =======================  ==================  ===============  ===================
    layer                    32 x 32 (CIFAR-10)  28 x 28 (MNIST)  8 x 8 (digits)
    =======================  ==================  ===============  ===================
    convolution 3 x 3, ReLU  16, 30, 30          16, 26, 26       16, 6, 6
    max-pool 2               16, 15, 15          16, 13, 13       16, 3, 3
    convolution 3 x 3, ReLU  32, 13, 13          32, 11, 11       32, 1, 1
    max-pool 2               32, 6, 6            32, 5, 5         32, 1, 1 (left out)
    flatten                  1152                800              32
    linear, ReLU             128                 128              128
    linear                   classes             classes          classes
    =======================  ==================  ===============  ===================

    Parameters
    ----------
    classes
        How many logits.
    in_shape
        ``(channels, height, width)``, both sides at least 8.

    Raises
    ------
    ValueError
        If `in_shape` is no image, or too small a one.

    Examples
    --------
    >>> CIFARNet(classes=10, in_shape=(3, 32, 32)).hidden.in_features == 32 * 6 * 6
    True
    """

    def __init__(self, *, classes: int = 10, in_shape: Shape = (3, 32, 32)) -> None:
        super().__init__()
        channels, height, width = checked_image(classes, in_shape, smallest=8)
        self.conv1 = nn.Conv2d(channels, 16, kernel_size=3)
        self.conv2 = nn.Conv2d(16, 32, kernel_size=3)
        self.hidden = nn.Linear(32 * _after_two_rounds(height) * _after_two_rounds(width), 128)
        self.output = nn.Linear(128, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(batch, channels, height, width)`` to logits ``(batch, classes)``."""
        x = _halve(F.relu(self.conv1(x)))
        x = _halve(F.relu(self.conv2(x)))
        logits: Tensor = self.output(F.relu(self.hidden(x.flatten(1))))
        return logits


def _halve(x: Tensor) -> Tensor:
    """Max-pool by 2 along every side that is longer than 1."""
    return F.max_pool2d(x, [min(2, side) for side in x.shape[-2:]])


def _after_two_rounds(side: int) -> int:
    for _ in range(2):
        side = max((side - 2) // 2, 1)
    return side
