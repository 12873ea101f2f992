"""Data made on the spot, seeded: small enough to see, and with a truth that is known."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from unstuck.data.cut import Raw, stratified

__all__ = ["Quadratic", "blobs", "line", "spirals"]


def spirals() -> Raw:
    """Wind three interleaved arms around the origin: what no linear classifier can tell apart."""
    generator = torch.Generator().manual_seed(0)
    y = torch.arange(999) % 3
    radius = torch.linspace(0.1, 1, 999)
    angle = 4 * radius + y * 2 * math.pi / 3 + 0.2 * torch.randn(999, generator=generator)
    x = torch.stack([radius * angle.cos(), radius * angle.sin()], dim=1)
    return stratified(x, y, validation=200, test=200), ("inner", "middle", "outer")


def blobs() -> Raw:
    """Scatter three overlapping Gaussians of unit variance around the corners of a triangle."""
    generator = torch.Generator().manual_seed(0)
    y = torch.arange(1000) % 3
    angle = y * 2 * math.pi / 3
    centre = 2 * torch.stack([angle.cos(), angle.sin()], dim=1)
    x = centre + torch.randn(1000, 2, generator=generator)
    return stratified(x, y, validation=200, test=200), ("east", "north-west", "south-west")


def line() -> Raw:
    r"""Scatter points around :math:`y = 1.5 x - 0.5`, with noise of standard deviation 0.3."""
    generator = torch.Generator().manual_seed(0)
    x = torch.linspace(-2, 2, 1000).unsqueeze(1)
    y = 1.5 * x - 0.5 + 0.3 * torch.randn(x.shape, generator=generator)
    return stratified(x, y, validation=200, test=200), ()


@dataclass(frozen=True)
class Quadratic:
    r"""The quadratic :math:`f(w) = \frac12 \sum_i \lambda_i w_i^2`, the valley in which everything can be worked out.

    Parameters
    ----------
    curvatures
        The eigenvalues :math:`\lambda_i` of its Hessian, shape ``(dim,)``.

    Examples
    --------
    >>> valley = Quadratic(torch.tensor([1.0, 10.0]))
    >>> valley(torch.tensor([2.0, 1.0])), valley.gradient(torch.tensor([2.0, 1.0]))
    (tensor(7.), tensor([ 2., 10.]))
    """

    curvatures: Tensor

    def __call__(self, w: Tensor) -> Tensor:
        """Return the value at `w`, shape ``(..., dim)`` to ``(...)``."""
        return 0.5 * (self.curvatures * w.square()).sum(dim=-1)

    def gradient(self, w: Tensor) -> Tensor:
        """Return the gradient at `w`, shape ``(..., dim)``."""
        return self.curvatures * w

    @property
    def condition_number(self) -> float:
        r"""The largest curvature over the smallest, :math:`\kappa`."""
        return float(self.curvatures.max() / self.curvatures.min())
