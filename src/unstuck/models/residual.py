"""The residual network for small images."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn
from torch.nn import functional as F

from unstuck.models.shapes import Shape, checked_image

__all__ = ["ResNet"]

MakeNorm = Callable[[int], nn.Module]


class ResNet(nn.Module):
    """The residual network of He et al. for CIFAR-10: a convolution, three stages of blocks, a mean, a linear map.

    ======================================  ==================  ===============  ==============
    layer, at ``width=16``                  32 x 32 (CIFAR-10)  28 x 28 (MNIST)  8 x 8 (digits)
    ======================================  ==================  ===============  ==============
    convolution 3 x 3, norm, ReLU           16, 32, 32          16, 28, 28       16, 8, 8
    `blocks` blocks                         16, 32, 32          16, 28, 28       16, 8, 8
    `blocks` blocks, the first of stride 2  32, 16, 16          32, 14, 14       32, 4, 4
    `blocks` blocks, the first of stride 2  64, 8, 8            64, 7, 7         64, 2, 2
    mean over the image                     64                  64               64
    linear                                  classes             classes          classes
    ======================================  ==================  ===============  ==============

    It has ``6 blocks + 2`` layers with weights.

    Parameters
    ----------
    blocks
        Blocks a stage, at least 1; 3 makes ResNet-20.
    width
        Channels of the first stage, at least 1; each stage has twice those of the one before.
    classes
        How many logits.
    in_shape
        ``(channels, height, width)``, both sides at least 4.
    norm
        Makes a module from a number of channels: ``nn.BatchNorm2d``, or ``partial(nn.GroupNorm, 4)``.
        None leaves it out, and gives the convolutions biases.

    Raises
    ------
    ValueError
        If `blocks` or `width` is not positive, or `in_shape` is no image, or too small a one.

    Examples
    --------
    >>> from unstuck.models import count_parameters
    >>> count_parameters(ResNet(blocks=3, in_shape=(3, 32, 32)))  # ResNet-20: 0.27 million
    269722

    References
    ----------
    K. He et al., "Deep residual learning for image recognition", CVPR 2016, section 4.2. Chapter: Models and capacity.
    """

    def __init__(
        self,
        blocks: int = 1,
        width: int = 16,
        *,
        classes: int = 10,
        in_shape: Shape = (3, 32, 32),
        norm: MakeNorm | None = nn.BatchNorm2d,
    ) -> None:
        super().__init__()
        channels = checked_image(classes, in_shape, smallest=4)[0]
        if blocks < 1 or width < 1:
            raise ValueError(f"blocks and width must be at least 1, got {blocks} and {width}")
        self.input = _convolution(channels, width, 1, norm)
        self.stages = nn.Sequential()
        for stage in range(3):
            outputs = width * 2**stage
            first = _Block(outputs // 2, outputs, 2, norm) if stage else _Block(width, width, 1, norm)
            self.stages.append(nn.Sequential(first, *(_Block(outputs, outputs, 1, norm) for _ in range(blocks - 1))))
        self.output = nn.Linear(4 * width, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(batch, channels, height, width)`` to logits ``(batch, classes)``."""
        h = self.stages(F.relu(self.input(x)))  # (batch, 4 width, height / 4, width / 4)
        logits: Tensor = self.output(h.mean(dim=(2, 3)))
        return logits


class _Block(nn.Module):
    """Two convolutions, added to their input.

    Where the block halves the image and doubles the channels, so does the way past it, and without parameters: every
    second pixel, and zeros for the new channels.
    """

    def __init__(self, inputs: int, outputs: int, stride: int, norm: MakeNorm | None) -> None:
        super().__init__()
        self.conv1 = _convolution(inputs, outputs, stride, norm)
        self.conv2 = _convolution(outputs, outputs, 1, norm)
        self.stride, self.added = stride, outputs - inputs

    def forward(self, x: Tensor) -> Tensor:
        past = F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, 0, self.added))
        return F.relu(past + self.conv2(F.relu(self.conv1(x))))


def _convolution(inputs: int, outputs: int, stride: int, norm: MakeNorm | None) -> nn.Sequential:
    """Make a 3 x 3 convolution that keeps the size at stride 1, and its normalisation, which has the bias."""
    convolution = nn.Conv2d(inputs, outputs, kernel_size=3, stride=stride, padding=1, bias=norm is None)
    return nn.Sequential(convolution, *([] if norm is None else [norm(outputs)]))
