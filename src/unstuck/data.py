"""Data sets as tensors, and seeded batches of them.

:func:`load` returns a :class:`Data`: three fixed splits, checked and normalised.
:class:`Batches` walks over one split in a seeded order, on whatever device the tensors lie.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import Tensor
from torchvision import datasets

__all__ = ["Batches", "Data", "DataError", "Quadratic", "Split", "data_folder", "load"]


class DataError(ValueError):
    """Data that cannot be had, or that nothing can be trained on; the message says what to do."""


@dataclass(frozen=True)
class Split:
    """Inputs and targets that belong together, row by row.

    Parameters
    ----------
    x
        Inputs, a floating tensor of shape ``(samples, *in_shape)``.
    y
        Targets, shape ``(samples,)`` of class indices, or ``(samples, outputs)`` of numbers to predict.

    Raises
    ------
    DataError
        If the lengths differ, a split is empty, or a number is NaN or infinite.
    """

    x: Tensor
    y: Tensor

    def __post_init__(self) -> None:
        """Refuse what no loop should be given."""
        if len(self.x) != len(self.y) or not len(self.x):
            raise DataError(
                f"inputs and targets must be equally many, and some: got {len(self.x)} inputs and {len(self.y)} targets"
            )
        for name, values in (("inputs", self.x), ("targets", self.y)):
            if values.is_floating_point() and not (finite := torch.isfinite(values)).all():
                row = int((~finite).flatten(1).any(1).nonzero()[0]) if values.ndim > 1 else int((~finite).nonzero()[0])
                raise DataError(f"the {name} hold NaN or infinity, first in row {row}: clean or drop such rows first")

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self.x)

    def __iter__(self) -> Iterator[Tensor]:
        """Unpack as ``x, y = split``."""
        return iter((self.x, self.y))

    def batches(
        self, batch_size: int | None = None, *, shuffle: bool = False, seed: int = 0, drop_last: bool = False
    ) -> Batches:
        """Return :class:`Batches` over this split; all samples in one batch if no size is given."""
        size = len(self) if batch_size is None else batch_size
        return Batches(self.x, self.y, size, shuffle=shuffle, seed=seed, drop_last=drop_last)


@dataclass(frozen=True)
class Data:
    """A data set in three fixed splits, with the statistics that its inputs were normalised by.

    Parameters
    ----------
    name
        What it is called.
    train, validation, test
        The splits, already normalised.
    classes
        The names of the classes, in the order of their indices; empty where the targets are numbers to predict.
    mean, std
        One number a channel, measured on the training split before it was normalised; shape ``(channels,)``.

    Raises
    ------
    DataError
        If a class index is out of range.
    """

    name: str
    train: Split
    validation: Split
    test: Split
    classes: tuple[str, ...]
    mean: Tensor
    std: Tensor

    def __post_init__(self) -> None:
        """Check the labels, once, so that no loss has to."""
        if not self.classes:
            return
        for split_name, split in self.splits.items():
            low, high = int(split.y.min()), int(split.y.max())
            if low < 0 or high >= len(self.classes):
                raise DataError(
                    f"labels of {self.name!r} must lie between 0 and {len(self.classes) - 1}, as there are "
                    f"{len(self.classes)} classes; the {split_name} split holds {low} to {high}"
                )

    @cached_property
    def splits(self) -> dict[str, Split]:
        """The three splits by name."""
        return {"train": self.train, "validation": self.validation, "test": self.test}

    @property
    def in_shape(self) -> tuple[int, ...]:
        """The shape of one input, without the batch."""
        return tuple(self.train.x.shape[1:])

    def normalise(self, x: Tensor) -> Tensor:
        """Subtract the training mean and divide by the training standard deviation, channel by channel.

        Parameters
        ----------
        x
            Raw inputs, shape ``(batch, channels, ...)``.

        Returns
        -------
        Tensor
            The same shape.
        """
        shape = (-1, *[1] * (x.ndim - 2))
        return (x - self.mean.reshape(shape).to(x)) / self.std.reshape(shape).to(x)

    def denormalise(self, x: Tensor) -> Tensor:
        """Undo :meth:`normalise`, as for showing an image; shape ``(batch, channels, ...)``."""
        shape = (-1, *[1] * (x.ndim - 2))
        return x * self.std.reshape(shape).to(x) + self.mean.reshape(shape).to(x)

    def to(self, device: torch.device | str) -> Data:
        """Return the same data on `device`."""
        return self._mapped(lambda split: Split(split.x.to(device), split.y.to(device)))

    def _mapped(self, change: Callable[[Split], Split]) -> Data:
        return replace(self, train=change(self.train), validation=change(self.validation), test=change(self.test))


class Batches:
    """Walk over tensors in batches; every walk is one epoch, and every epoch has an order of its own.

    The order of epoch *e* depends on `seed` and *e* alone, so that a run can be repeated, or resumed in the middle.

    Parameters
    ----------
    x, y
        Tensors of the same length, on any device; batches are gathered there.
    batch_size
        Samples a batch, at least 1.
        The last batch is shorter where the length is no multiple of it.
    shuffle
        Draw a new order for every epoch.
    seed
        Seeds the orders.
    drop_last
        Leave out a last batch that is shorter than the others.

    Raises
    ------
    DataError
        If the lengths differ, `batch_size` is not positive, or `seed` is negative.

    Examples
    --------
    >>> [y.tolist() for x, y in Batches(torch.zeros(5, 2), torch.arange(5), batch_size=2)]
    [[0, 1], [2, 3], [4]]
    """

    def __init__(
        self,
        x: Tensor,
        y: Tensor,
        batch_size: int,
        *,
        shuffle: bool = False,
        seed: int = 0,
        drop_last: bool = False,
    ) -> None:
        if len(x) != len(y):
            raise DataError(f"inputs and targets must be equally many, got {len(x)} and {len(y)}")
        if batch_size < 1:
            raise DataError(f"batch_size must be at least 1, got {batch_size}")
        if seed < 0:
            raise DataError(f"seed must be at least 0, got {seed}")
        self.x, self.y = x, y
        self.batch_size, self.shuffle, self.seed, self.drop_last = batch_size, shuffle, seed, drop_last
        self.epoch = 0

    def __len__(self) -> int:
        """Return the number of batches in an epoch."""
        count = len(self.x) / self.batch_size
        return math.floor(count) if self.drop_last else math.ceil(count)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield the batches of the next epoch."""
        order = self.order(self.epoch) if self.shuffle else None
        self.epoch += 1
        for start in range(0, len(self) * self.batch_size, self.batch_size):
            rows = slice(start, start + self.batch_size)
            if order is None:
                yield self.x[rows], self.y[rows]
            else:
                yield self.x[order[rows]], self.y[order[rows]]

    def order(self, epoch: int) -> Tensor:
        """Return the order in which a shuffled epoch takes the samples, shape ``(samples,)``."""
        mixed = int(np.random.SeedSequence((self.seed, epoch)).generate_state(1)[0])
        generator = torch.Generator().manual_seed(mixed)
        return torch.randperm(len(self.x), generator=generator).to(self.x.device)


def load(name: str, *, root: str | Path | None = None, download: bool = True) -> Data:
    """Load a data set by name, in fixed splits, normalised by the statistics of its training split.

    Parameters
    ----------
    name
        ``"digits"``: scikit-learn's 1,797 handwritten digits, 1 x 8 x 8, embedded (1,197 / 240 / 360 samples).
        ``"mnist"``, ``"fashion_mnist"``: 1 x 28 x 28 (50,000 / 10,000 / 10,000).
        ``"cifar10"``: 3 x 32 x 32 (40,000 / 10,000 / 10,000).
        ``"spirals"``: three interleaved arms in the plane; ``"blobs"``: three overlapping Gaussians in the plane;
        ``"line"``: a noisy straight line to regress on (600 / 200 / 200 each, made on the spot).
    root
        The folder of downloaded sets; by default :func:`data_folder`.
    download
        Fetch a set that is not in `root`.

    Returns
    -------
    Data
        On the CPU, in float32; :meth:`Data.to` moves it.

    Raises
    ------
    DataError
        If there is no set of that name, or it is neither on disk nor to be downloaded.

    Examples
    --------
    >>> data = load("digits")
    >>> data.train.x.shape, data.in_shape, len(data.classes)
    (torch.Size([1197, 1, 8, 8]), (1, 8, 8), 10)
    """
    if name not in _LOADERS:
        raise DataError(f"there is no data set {name!r}; choose one of {', '.join(map(repr, _LOADERS))}")
    raw, classes = _LOADERS[name](Path(root) if root is not None else data_folder(), download)
    axes = (0, *range(2, raw["train"].x.ndim))  # all but the channels
    mean, std = raw["train"].x.mean(axes), raw["train"].x.std(axes)
    data = Data(name, **raw, classes=classes, mean=mean, std=std)
    return data._mapped(lambda split: Split(data.normalise(split.x), split.y))


def data_folder() -> Path:
    """Return the folder of downloaded data sets: ``UNSTUCK_DATA``, or ``~/.cache/unstuck``."""
    return Path(os.environ.get("UNSTUCK_DATA") or Path.home() / ".cache" / "unstuck").expanduser()


Raw = tuple[dict[str, Split], tuple[str, ...]]


def _digits(_root: Path, _download: bool) -> Raw:
    images, labels = load_digits(return_X_y=True)
    x = torch.tensor(images / 16, dtype=torch.float32).reshape(-1, 1, 8, 8)
    return _stratified(x, torch.tensor(labels), validation=240, test=360), tuple("0123456789")


def _from_torchvision(kind: Callable[..., datasets.VisionDataset]) -> Callable[[Path, bool], Raw]:
    def read(root: Path, download: bool) -> Raw:
        development, test = (_torchvision_set(kind, root, download, train) for train in (True, False))
        classes = tuple(label.split(" - ")[0] for label in development.classes)
        parts = _stratified(*_tensors(development), validation=10_000, test=0)
        return {**parts, "test": Split(*_tensors(test))}, classes

    return read


def _torchvision_set(
    kind: Callable[..., datasets.VisionDataset], root: Path, download: bool, train: bool
) -> datasets.VisionDataset:
    try:
        return kind(root, train=train, download=False)
    except RuntimeError:
        pass  # not in `root`
    try:
        if not download:
            raise OSError("download=False")
        return kind(root, train=train, download=True)
    except (OSError, RuntimeError) as error:
        raise DataError(
            f"{kind.__name__} is neither in {root} nor to be downloaded ({error}). "
            "Put its files there, or set UNSTUCK_DATA to the folder that holds them; "
            'load("digits") needs no download.'
        ) from error


def _tensors(dataset: datasets.VisionDataset) -> tuple[Tensor, Tensor]:
    pixels = torch.as_tensor(dataset.data)
    x = pixels.unsqueeze(1) if pixels.ndim == 3 else pixels.permute(0, 3, 1, 2)
    return x.float() / 255, torch.as_tensor(dataset.targets)


def _stratified(x: Tensor, y: Tensor, *, validation: int, test: int) -> dict[str, Split]:
    """Cut off a validation and a test split with the classes in equal shares, the same ones every time."""
    stratify = y if not y.is_floating_point() else torch.zeros(len(y))
    parts = {"train": torch.arange(len(y))}
    for name, size in (("test", test), ("validation", validation)):
        if size:
            rest = parts["train"]
            kept, cut = train_test_split(rest.numpy(), test_size=size, random_state=0, stratify=stratify[rest])
            parts["train"], parts[name] = torch.as_tensor(kept), torch.as_tensor(cut)
    return {name: Split(x[rows], y[rows]) for name, rows in parts.items()}


def _spirals(_root: Path, _download: bool) -> Raw:
    generator = torch.Generator().manual_seed(0)
    y = torch.arange(999) % 3
    radius = torch.linspace(0.1, 1, 999)
    angle = 4 * radius + y * 2 * math.pi / 3 + 0.2 * torch.randn(999, generator=generator)
    x = torch.stack([radius * angle.cos(), radius * angle.sin()], dim=1)
    return _stratified(x, y, validation=200, test=200), ("inner", "middle", "outer")


def _blobs(_root: Path, _download: bool) -> Raw:
    generator = torch.Generator().manual_seed(0)
    y = torch.arange(1000) % 3
    angle = y * 2 * math.pi / 3
    centre = 2 * torch.stack([angle.cos(), angle.sin()], dim=1)
    x = centre + torch.randn(1000, 2, generator=generator)
    return _stratified(x, y, validation=200, test=200), ("east", "north-west", "south-west")


def _line(_root: Path, _download: bool) -> Raw:
    generator = torch.Generator().manual_seed(0)
    x = torch.linspace(-2, 2, 1000).unsqueeze(1)
    y = 1.5 * x - 0.5 + 0.3 * torch.randn(x.shape, generator=generator)
    return _stratified(x, y, validation=200, test=200), ()


_LOADERS: dict[str, Callable[[Path, bool], Raw]] = {
    "digits": _digits,
    "mnist": _from_torchvision(datasets.MNIST),
    "fashion_mnist": _from_torchvision(datasets.FashionMNIST),
    "cifar10": _from_torchvision(datasets.CIFAR10),
    "spirals": _spirals,
    "blobs": _blobs,
    "line": _line,
}


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
