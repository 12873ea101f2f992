"""Networks from logistic regression to a small ResNet, that fit digits, MNIST and CIFAR-10 alike.

Every model is a plain :class:`torch.nn.Module`, takes ``classes`` and ``in_shape``, inputs of shape
``(batch, *in_shape)``, and returns logits of shape ``(batch, classes)``.
:func:`initialise` draws the weights of any model anew.
"""

from unstuck.models.convolutional import CIFARNet, ConvNet
from unstuck.models.initialisers import initialise
from unstuck.models.perceptrons import MLP, Linear, ResidualMLP
from unstuck.models.residual import ResNet
from unstuck.models.shapes import count_parameters

__all__ = ["MLP", "CIFARNet", "ConvNet", "Linear", "ResNet", "ResidualMLP", "count_parameters", "initialise"]
