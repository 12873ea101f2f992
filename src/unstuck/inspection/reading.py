"""Reads whatever a training loop is fed with: pairs, splits, data sets, loaders; whole, once, on the CPU."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sized
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset, IterableDataset

from unstuck.data import Batches, Data, DataError, Split

__all__ = ["Array", "Samples", "read"]

Array = NDArray[Any]

_AS_TENSORS = "v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True)])"
_PLURAL = {"sample": "samples", "batch": "batches"}
_ALLOWED = (
    "a Data, a Split, a pair (inputs, targets) of tensors or arrays, a Dataset, a DataLoader, "
    "or a mapping of names to these"
)


@dataclass(frozen=True)
class Samples:
    """The samples of one split that can be looked into.

    Parameters
    ----------
    x
        Inputs, floating, shape ``(samples, *in_shape)``.
    y
        Targets as they were given, shape ``(samples,)`` or ``(samples, outputs)``.
    rows
        The number that each sample has in the split as it was given, shape ``(samples,)``.
    dtype
        What the inputs were given in.
    """

    x: Array
    y: Array
    rows: Array
    dtype: str = ""

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self.x)

    def take(self, which: Array) -> Samples:
        """Return some of the samples, by a mask or by places."""
        return replace(self, x=self.x[which], y=self.y[which], rows=self.rows[which])


def read(data: object, seed: int) -> dict[str, Samples]:
    """Read every split of a data set, whole.

    What is drawn at random meanwhile, such as a loader's order, is seeded; the program's random state stays as it is.

    Parameters
    ----------
    data
        As for :func:`unstuck.inspect_data`.
    seed
        Seeds what is drawn.

    Returns
    -------
    dict
        The splits by name, in the order given.

    Raises
    ------
    DataError
        If something cannot be read as inputs and targets.
    """
    parts: Mapping[Any, object]
    if isinstance(data, Data):
        parts = data.splits
    elif isinstance(data, Mapping):
        parts = data
    else:
        parts = {"train": data}
    if not parts:
        raise DataError("there is no split: the mapping is empty")
    with _random_state_kept(seed):
        read_parts = {str(name): _arrays(str(name), part) for name, part in parts.items()}
    # one precision for all, so that the same sample is the same in every split
    fine = all(x.dtype in (np.float64, np.int64, np.int32, np.uint32, np.uint64) for x, _ in read_parts.values())
    kind = np.float64 if fine else np.float32
    splits = {}
    for name, (x, y) in read_parts.items():
        inputs: Array = np.array(x, dtype=kind, order="C")
        inputs += 0.0  # so that -0.0 and 0.0 are the same bytes
        splits[name] = Samples(inputs, y, np.arange(len(inputs)), str(x.dtype))
    return splits


def _arrays(name: str, part: object) -> tuple[Array, Array]:
    """Return inputs and targets of a split."""
    if isinstance(part, Split):
        pair: tuple[Any, Any] = (part.x, part.y)
    elif isinstance(part, (tuple, list)) and len(part) == 2 and all(map(_is_array, part)):
        pair = (part[0], part[1])
    elif isinstance(part, Dataset):
        pair = _stacked(name, "sample", part if isinstance(part, IterableDataset) else _walk(part), join=torch.stack)
    elif isinstance(part, Batches):
        pair = _stacked(name, "batch", part.epoch_batches(part.epoch), join=torch.cat)  # leaves its epoch as it is
    elif isinstance(part, Iterable) and not isinstance(part, (str, bytes)) and not _is_array(part):
        with _generators_kept(part):
            pair = _stacked(name, "batch", part, join=torch.cat)
    else:
        raise DataError(f"the {name} split must be {_ALLOWED}; got {type(part).__name__}")
    x, y = _numbers(name, "inputs", pair[0]), _numbers(name, "targets", pair[1])
    if x.ndim == 0 or y.ndim == 0 or len(x) != len(y) or not len(x):
        counts = " and ".join(str(len(values)) if values.ndim else "no" for values in (x, y))
        raise DataError(
            f"the {name} split must hold inputs and targets, equally many and some: got {counts} (inputs and targets)"
        )
    return x, y


def _walk(dataset: Dataset[Any]) -> Iterator[Any]:
    """Yield the samples of a data set by their numbers."""
    if not isinstance(dataset, Sized):
        raise DataError(
            f"{type(dataset).__name__} has no length: it must be a Dataset with __len__, or an IterableDataset"
        )
    for row in range(len(dataset)):
        yield dataset[row]


def _stacked(name: str, unit: str, pairs: Iterable[Any], join: Any) -> tuple[Tensor, Tensor]:
    """Put the samples, or batches, of a split together."""
    inputs: list[Tensor] = []
    targets: list[Tensor] = []
    try:
        for index, pair in enumerate(pairs):
            if not isinstance(pair, (tuple, list)) or len(pair) != 2:
                got = f"{len(pair)} parts" if isinstance(pair, (tuple, list)) else type(pair).__name__
                raise DataError(f"{unit} {index} of the {name} split must be a pair (inputs, targets), got {got}")
            inputs.append(_tensor(name, f"the inputs of {unit} {index}", pair[0]))
            targets.append(_tensor(name, f"the targets of {unit} {index}", pair[1]))
    except (TypeError, RuntimeError) as error:  # what a loader's collation raises
        raise DataError(
            f"the {name} split cannot be read, after {len(inputs)} {_PLURAL[unit]} ({error}). "
            f"Samples must be tensors of one shape; images become so by a transform, {_AS_TENSORS}"
        ) from error
    if not inputs:
        raise DataError(f"the {name} split is empty: it yielded no {unit}")
    if odd := {tuple(part.shape[unit == "batch" :]) for part in inputs} - {tuple(inputs[0].shape[unit == "batch" :])}:
        raise DataError(
            f"the inputs of the {name} split must have one shape: some are "
            f"{tuple(inputs[0].shape[unit == 'batch' :])}, others {min(odd)}"
        )
    return join(inputs), join(targets)


def _tensor(name: str, what: str, value: Any) -> Tensor:
    if type(value).__module__.startswith("PIL."):
        raise DataError(
            f"{what} in the {name} split are a PIL image: give the data set a transform that makes tensors, "
            f"{_AS_TENSORS}"
        )
    if isinstance(value, Tensor):
        return value.detach().cpu()
    if isinstance(value, (int, float, np.ndarray, np.generic, list, tuple)):
        return torch.as_tensor(np.asarray(value))
    raise DataError(f"{what} in the {name} split must be a tensor, an array or a number, got {type(value).__name__}")


def _is_array(value: object) -> bool:
    return isinstance(value, (Tensor, np.ndarray)) or hasattr(value, "__array__")


def _numbers(name: str, what: str, value: Any) -> Array:
    """Return a tensor or an array as an array of real numbers."""
    if isinstance(value, Tensor):
        value = value.detach().cpu()
        value = value.float() if value.dtype == torch.bfloat16 else value  # which NumPy does not know
    array: Array = np.asarray(value)
    if array.dtype.kind not in "biuf":
        raise DataError(f"the {what} of the {name} split must be real numbers, got dtype {array.dtype}")
    return array


@contextmanager
def _random_state_kept(seed: int) -> Iterator[None]:
    """Seed what a data set or loader may draw from, and set it back."""
    python, arrays, tensors = random.getstate(), np.random.get_state(), torch.get_rng_state()  # noqa: NPY002
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002
    torch.default_generator.manual_seed(seed)  # torch.manual_seed would touch the GPU's as well
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(arrays)  # noqa: NPY002
        torch.set_rng_state(tensors)


@contextmanager
def _generators_kept(loader: object) -> Iterator[None]:
    """Set a loader's own generators back to where they were."""
    holders = (loader, getattr(loader, "sampler", None))
    found = [getattr(holder, "generator", None) for holder in holders]
    kept = [generator for generator in found if isinstance(generator, torch.Generator)]
    states = [generator.get_state() for generator in kept]
    try:
        yield
    finally:
        for generator, state in zip(kept, states, strict=True):
            generator.set_state(state)
