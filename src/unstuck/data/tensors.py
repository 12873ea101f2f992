"""Data sets as checked tensors, and seeded batches of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

__all__ = ["Batches", "Data", "DataError", "Split", "epoch_seed"]

_GATHERED = 2**25  # bytes of inputs that are put in order at a time: a gather a step would cost more than the slices


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
        """Return the same data on `device`: itself, if it lies there already."""
        if self.train.x.to(device) is self.train.x:
            return self
        return self.map_splits(lambda split: Split(split.x.to(device), split.y.to(device)))

    def map_splits(self, change: Callable[[Split], Split]) -> Data:
        """Return the same data with every split changed by a function."""
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
        self.epoch += 1
        return self.epoch_batches(self.epoch - 1)

    def epoch_batches(self, epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield the batches of epoch number `epoch`, from 0.

        The samples are gathered many batches at a time; a batch is a view of them.
        """
        order = self.order(epoch) if self.shuffle else None
        used = min(len(self) * self.batch_size, len(self.x))
        bytes_of_batch = self.batch_size * self.x[:1].nbytes
        gathered = self.batch_size * max(1, _GATHERED // max(1, bytes_of_batch))
        for begin in range(0, used, gathered):
            end = min(begin + gathered, used)
            if order is None:
                x, y = self.x[begin:end], self.y[begin:end]
            else:
                rows = order[begin:end]
                x, y = self.x.index_select(0, rows), self.y.index_select(0, rows)
            yield from zip(torch.split(x, self.batch_size), torch.split(y, self.batch_size), strict=True)

    def order(self, epoch: int) -> Tensor:
        """Return the order in which a shuffled epoch takes the samples, shape ``(samples,)``."""
        generator = torch.Generator().manual_seed(epoch_seed(self.seed, epoch))
        return torch.randperm(len(self.x), generator=generator).to(self.x.device)


def epoch_seed(seed: int, epoch: int) -> int:
    """Return the seed of an epoch's order: one for each pair of a run's seed and an epoch."""
    return int(np.random.SeedSequence((seed, epoch)).generate_state(1)[0])
