"""Data sets by name: embedded, made on the spot, or downloaded once."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor

from unstuck.data import made
from unstuck.data.cut import Raw, stratified
from unstuck.data.tensors import Data, DataError, Split

if TYPE_CHECKING:
    from torchvision.datasets import VisionDataset

__all__ = ["data_folder", "load"]

# scikit-learn and torchvision are imported where they are needed: together they take as long as PyTorch.


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
    return data.map_splits(lambda split: Split(data.normalise(split.x), split.y))


def data_folder() -> Path:
    """Return the folder of downloaded data sets: ``UNSTUCK_DATA``, or ``~/.cache/unstuck``."""
    return Path(os.environ.get("UNSTUCK_DATA") or Path.home() / ".cache" / "unstuck").expanduser()


def _digits(_root: Path, _download: bool) -> Raw:
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    x = torch.tensor(images / 16, dtype=torch.float32).reshape(-1, 1, 8, 8)
    return stratified(x, torch.tensor(labels), validation=240, test=360), tuple("0123456789")


def _from_torchvision(kind: Literal["MNIST", "FashionMNIST", "CIFAR10"]) -> Callable[[Path, bool], Raw]:
    def read(root: Path, download: bool) -> Raw:
        development, test = (_torchvision_set(kind, root, download, train) for train in (True, False))
        classes = tuple(label.split(" - ")[0] for label in development.classes)
        parts = stratified(*_tensors(development), validation=10_000, test=0)
        return {**parts, "test": Split(*_tensors(test))}, classes

    return read


def _torchvision_set(kind: str, root: Path, download: bool, train: bool) -> VisionDataset:
    from torchvision import datasets

    make = getattr(datasets, kind)
    try:
        return make(root, train=train, download=False)
    except RuntimeError:
        pass  # not in `root`
    try:
        if not download:
            raise OSError("download=False")
        return make(root, train=train, download=True)
    except (OSError, RuntimeError) as error:
        raise DataError(
            f"{kind} is neither in {root} nor to be downloaded ({error}). "
            "Put its files there, or set UNSTUCK_DATA to the folder that holds them; "
            'load("digits") needs no download.'
        ) from error


def _tensors(dataset: VisionDataset) -> tuple[Tensor, Tensor]:
    pixels = torch.as_tensor(dataset.data)
    x = pixels.unsqueeze(1) if pixels.ndim == 3 else pixels.permute(0, 3, 1, 2)
    return x.float() / 255, torch.as_tensor(dataset.targets)


_LOADERS: dict[str, Callable[[Path, bool], Raw]] = {
    "digits": _digits,
    "mnist": _from_torchvision("MNIST"),
    "fashion_mnist": _from_torchvision("FashionMNIST"),
    "cifar10": _from_torchvision("CIFAR10"),
    "spirals": lambda _root, _download: made.spirals(),
    "blobs": lambda _root, _download: made.blobs(),
    "line": lambda _root, _download: made.line(),
}
