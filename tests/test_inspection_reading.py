"""Whatever a loop is fed with is read: whole, once, as it delivers; and what cannot be read is refused in words."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, IterableDataset, TensorDataset

from unstuck import DataError, inspect_data, load
from unstuck.data import Batches, Split
from unstuck.inspection.reading import read


def digits(count: int = 300) -> tuple[Tensor, Tensor]:
    train = load("digits").train
    return train.x[:count], train.y[:count]


class Samples(Dataset[Any]):
    """Gives out whatever it was made of, one by one."""

    def __init__(self, samples: list[Any]) -> None:
        self.samples = samples

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, row: int) -> Any:
        return self.samples[row]


class Stream(IterableDataset[Any]):
    """The same, without numbers."""

    def __init__(self, samples: list[Any]) -> None:
        self.samples = samples

    def __iter__(self) -> Iterator[Any]:
        return iter(self.samples)


X, Y = digits()
SAME: dict[str, Callable[[], Any]] = {
    "a pair of tensors": lambda: (X, Y),
    "a list of two": lambda: [X, Y],
    "arrays": lambda: (X.numpy(), Y.numpy()),
    "a split": lambda: Split(X, Y),
    "a mapping": lambda: {"train": (X, Y)},
    "a data set": lambda: TensorDataset(X, Y),
    "samples with numbers as labels": lambda: Samples([(x, int(y)) for x, y in zip(X, Y, strict=True)]),
    "samples as arrays": lambda: Samples([(x.numpy(), y.numpy()) for x, y in zip(X, Y, strict=True)]),
    "a stream": lambda: Stream([(x, int(y)) for x, y in zip(X, Y, strict=True)]),
    "a loader": lambda: DataLoader(TensorDataset(X, Y), batch_size=64),
    "a loader of a stream": lambda: DataLoader(Stream([(x, int(y)) for x, y in zip(X, Y, strict=True)]), batch_size=7),
    "batches": lambda: Batches(X, Y, 64),
    "a list of batches": lambda: [(X[:100], Y[:100]), (X[100:], Y[100:])],
    "labels in a column": lambda: (X, Y[:, None]),
    "one-hot labels": lambda: (X, torch.eye(10)[Y]),
    "narrow integers": lambda: (X, Y.to(torch.uint8)),
    "gradients": lambda: (X.clone().requires_grad_(), Y),
}


@pytest.mark.parametrize("form", SAME)
def test_the_same_samples_give_the_same_report_in_every_form(form: str) -> None:
    assert inspect_data(SAME[form]()).to_dict() == inspect_data((X, Y)).to_dict()


@pytest.mark.parametrize("kind", [np.float64, np.float16, np.uint8, np.int64, np.bool_])
def test_inputs_of_any_number_are_read(kind: type) -> None:
    pixels = (X - X.min()) / (X.max() - X.min()) * 16
    report = inspect_data((pixels.round().numpy().astype(kind), Y))
    assert report.splits.loc["train", "max"] == (1 if kind is np.bool_ else 16)
    assert report.splits.loc["train", "dtype"] == np.dtype(kind).name
    assert not {"duplicates", "nonfinite_input"} & {finding.cause for finding in report.findings}


def test_brain_floats_are_read() -> None:
    assert inspect_data((X.bfloat16(), Y)).clean


def test_splits_of_different_precision_are_compared_alike() -> None:
    x = X.numpy().astype(np.float64)
    report = inspect_data({"train": (x[:200], Y[:200]), "test": (X.numpy()[150:], Y[150:])})
    assert report.splits.loc["test", "shared"] == 50
    wide = inspect_data((np.arange(100.0)[:, None] + 1e9, np.arange(100.0)), classes=0)
    assert wide.splits.loc["train", "duplicates"] == 0  # in single precision, neighbours would be the same


def test_plus_and_minus_zero_are_the_same() -> None:
    x = X.clone()
    x[:, 0, 0, 0] = 0
    other = x.clone()
    other[:, 0, 0, 0] = -0.0
    report = inspect_data({"train": (x, Y), "test": (other[:10], Y[:10])})
    assert report.splits.loc["test", "shared"] == 10


def test_a_loader_is_read_as_it_delivers() -> None:
    order = [2, 0, 1]
    loader = DataLoader(TensorDataset(X, Y), sampler=order, batch_size=2)
    split = read(loader, 0)["train"]
    np.testing.assert_array_equal(split.y, Y[order])
    np.testing.assert_array_equal(split.rows, [0, 1, 2])


def random_state() -> tuple[Any, ...]:
    return random.getstate(), str(np.random.get_state()), torch.get_rng_state().tolist()  # noqa: NPY002


def test_nothing_changes_and_a_second_look_sees_the_same() -> None:
    class Noisy(Samples):
        def __getitem__(self, row: int) -> Any:
            x, y = self.samples[row]
            return x + torch.rand(()) + random.random() + np.random.random(), y  # noqa: NPY002

    noisy = Noisy(list(zip(X, Y.tolist(), strict=True)))
    generator = torch.Generator().manual_seed(5)
    loader = DataLoader(noisy, batch_size=32, shuffle=True, generator=generator)
    before, drawn = random_state(), generator.get_state()
    kept = X.clone(), Y.clone()
    first = inspect_data(loader)
    assert random_state() == before
    assert torch.equal(generator.get_state(), drawn)
    assert torch.equal(X, kept[0])
    assert torch.equal(Y, kept[1])
    assert inspect_data(loader).to_dict() == first.to_dict()
    batches = Batches(X, Y, 32, shuffle=True)
    inspect_data(batches)
    assert batches.epoch == 0


def test_the_first_split_is_that_of_training_whatever_its_name() -> None:
    report = inspect_data({"fit": (X[:200], Y[:200]), "held out": (X[190:], Y[190:])})
    assert list(report.splits.index) == ["fit", "held out"]
    assert [(finding.cause, finding.split) for finding in report.findings] == [("train_test_leak", "held out")]


def test_names_of_classes_may_be_given() -> None:
    names = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    assert list(inspect_data((X, Y), classes=names).classes.index) == names
    assert list(inspect_data(load("blobs")).classes.index) == ["east", "north-west", "south-west"]


def test_integers_may_be_numbers_to_predict() -> None:
    g = np.random.default_rng(0)
    x = g.standard_normal((200, 3))
    prices = (1000 * x[:, 0] + 5000).astype(int)
    assert [f.cause for f in inspect_data((x, prices)).findings] == ["targets_not_scaled"]
    counts = g.integers(0, 5, 200)
    assert len(inspect_data((x, counts)).classes) == 5
    assert inspect_data((x, counts), classes=0).classes.empty
    yes_or_no = (x[:, :1] > 0).astype(np.float32)  # as for a binary cross-entropy
    assert list(inspect_data((x, yes_or_no)).classes["train"]) == [(yes_or_no == 0).sum(), yes_or_no.sum()]
    (finding,) = inspect_data({"train": (x[::2], yes_or_no[::2]), "test": (x[1::2], yes_or_no[1::2] / 2)}).findings
    assert (finding.cause, finding.split) == ("label_index_error", "test")
    halves = counts.astype(float)
    assert inspect_data((x, halves)).classes.empty
    assert len(inspect_data((x, halves), classes=5).classes) == 5


def picture() -> Image.Image:
    return Image.new("L", (8, 8))


REFUSED: list[tuple[Any, str]] = [
    (3, "the train split must be a Data, a Split, a pair"),
    ("digits", "got str"),
    (X, "got Tensor"),
    ({}, "there is no split"),
    ({"train": (X, Y), "test": None}, "the test split must be"),
    ((X, Y[:-1]), "got 300 and 299"),
    ((X[:0], Y[:0]), "got 0 and 0"),
    ((X, torch.tensor(3)), "got 300 and no"),
    ([], "is empty: it yielded no batch"),
    (DataLoader(X), "batch 0 of the train split must be a pair"),
    (Samples([(X[0], 1, 2)]), r"sample 0 of the train split must be a pair \(inputs, targets\), got 3 parts"),
    (Samples([(X[0], 1), (X[0, :, :7], 1)]), r"must have one shape: some are \(1, 8, 8\), others \(1, 7, 8\)"),
    (DataLoader(Samples([(X[0], 1), (X[0, :, :7], 1)]), batch_size=2), "cannot be read, after 0 batches"),
    (Samples([(picture(), 1)]), "are a PIL image: give the data set a transform that makes tensors"),
    (DataLoader(Samples([(picture(), 1)])), "images become so by a transform, v2.Compose"),
    (Samples([(X[0], "cat")]), "the targets of sample 0 in the train split must be a tensor, an array or a number"),
    ((np.array([["a"], ["b"]]), Y[:2]), "must be real numbers, got dtype"),
    ((X + 1j, Y), "must be real numbers, got dtype complex64"),
    ((X, torch.full((300,), 10**7)), "class indices must be below 1,000,000"),
    ((X, torch.zeros(300, 2, 2)), r"targets must have shape \(samples,\) or \(samples, outputs\)"),
    ({"train": (X, X[:, 0, 0, :2]), "test": (X, X[:, 0, 0, :3])}, r"equally many numbers to predict, got \[2, 3\]"),
    ((X * torch.nan, Y), "every sample of the train split holds NaN or infinity"),
]


@pytest.mark.parametrize(("data", "message"), REFUSED, ids=[message[:40] for _, message in REFUSED])
def test_what_cannot_be_read_is_refused_in_words(data: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        inspect_data(data)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"samples": 5}, "samples must be at least 20, got 5"),
        ({"classes": 1}, "classes must be at least 2, or 0 for numbers to predict, got 1"),
        ({"classes": -2}, "got -2"),
    ],
)
def test_settings_out_of_range_are_refused(settings: dict[str, int], message: str) -> None:
    with pytest.raises(DataError, match=message):
        inspect_data((X, Y), **settings)


def test_class_indices_of_several_columns_are_refused() -> None:
    with pytest.raises(DataError, match=r"class indices must have shape \(samples,\)"):
        inspect_data((X, torch.stack([Y, Y], dim=1)), classes=10)
