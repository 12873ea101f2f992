"""Data sets: fixed splits, the training split's statistics, clear errors, seeded batches."""

import os
from itertools import chain
from pathlib import Path

import pytest
import torch
from torchvision import datasets

from unstuck.data import Batches, Data, DataError, Quadratic, Split, data_folder, load

EMBEDDED = ("digits", "spirals", "blobs", "line")


@pytest.mark.parametrize("name", EMBEDDED)
def test_embedded_sets_are_the_same_every_time_and_normalised_by_the_training_split(name: str) -> None:
    data, again = load(name), load(name)
    axes = (0, *range(2, data.train.x.ndim))
    torch.testing.assert_close(data.train.x.mean(axes), torch.zeros_like(data.mean), atol=1e-5, rtol=0)
    torch.testing.assert_close(data.train.x.std(axes), torch.ones_like(data.std))
    assert abs(float(data.test.x.mean())) > 1e-5  # not its own statistics
    for split in data.splits:
        assert torch.equal(data.splits[split].x, again.splits[split].x)
        assert torch.equal(data.splits[split].y, again.splits[split].y)


def test_digits_are_scikit_learns_in_three_disjoint_splits_with_equal_shares() -> None:
    data = load("digits")
    assert [len(split) for split in data.splits.values()] == [1197, 240, 360]
    images = torch.cat([data.denormalise(split.x) for split in data.splits.values()]).mul(16).round()
    from sklearn.datasets import load_digits

    original = load_digits().data
    assert sorted(map(tuple, images.flatten(1).tolist())) == sorted(map(tuple, original.tolist()))
    for split in data.splits.values():
        shares = torch.bincount(split.y, minlength=10) / len(split)
        assert (shares - 0.1).abs().max() < 0.01


def test_normalise_and_denormalise_are_inverse_by_channel() -> None:
    split = Split(torch.zeros(4, 2, 3, 3), torch.zeros(4, dtype=torch.int64))
    data = Data("made", split, split, split, ("a",), mean=torch.tensor([1.0, 2.0]), std=torch.tensor([0.5, 4.0]))
    x = torch.randn(4, 2, 3, 3)
    torch.testing.assert_close(data.normalise(x)[:, 1], (x[:, 1] - 2) / 4)
    torch.testing.assert_close(data.denormalise(data.normalise(x)), x)


def test_moving_to_where_it_lies_copies_and_checks_nothing() -> None:
    data = load("line")
    assert data.to("cpu") is data
    assert data.to(torch.device("cpu")) is data


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_moving_to_cuda_moves_every_split() -> None:
    moved = load("line").to("cuda")
    assert {tensor.device.type for split in moved.splits.values() for tensor in split} == {"cuda"}


def test_an_unknown_set_is_answered_with_those_there_are() -> None:
    with pytest.raises(DataError, match="there is no data set 'mnits'; choose one of 'digits', 'mnist'"):
        load("mnits")


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist", "cifar10"])
def test_a_missing_download_names_the_folder_the_variable_and_the_embedded_set(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNSTUCK_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(DataError) as error:
        load(name, download=False)
    for part in (str(tmp_path / "nowhere"), "UNSTUCK_DATA", 'load("digits")'):
        assert part in str(error.value)
    assert not (tmp_path / "nowhere").exists()


def test_a_failed_download_is_the_same_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: datasets.MNIST) -> None:
        raise OSError("no route to host")

    monkeypatch.setattr(datasets.MNIST, "download", refuse)
    with pytest.raises(DataError, match=r"nor to be downloaded \(no route to host"):
        load("mnist", root=tmp_path)


def test_unstuck_data_moves_the_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("UNSTUCK_DATA", str(tmp_path))
    assert data_folder() == tmp_path
    monkeypatch.delenv("UNSTUCK_DATA")
    assert data_folder() == Path.home() / ".cache" / "unstuck"


def real_mnist() -> bool:
    return (Path(os.environ.get("UNSTUCK_DATA", "")) / "MNIST" / "raw").is_dir() and "UNSTUCK_DATA" in os.environ


@pytest.mark.skipif(not real_mnist(), reason="UNSTUCK_DATA names no folder with MNIST's files")
def test_real_mnist() -> None:
    data = load("mnist", download=False)
    assert [len(split) for split in data.splits.values()] == [50_000, 10_000, 10_000]
    assert data.in_shape == (1, 28, 28)
    assert data.classes == tuple("0123456789")
    # of all 60,000 development images the mean and deviation are .1307 and .3081; of 50,000, nearly so
    assert float(data.mean) == pytest.approx(0.1307, abs=1e-3)
    assert float(data.std) == pytest.approx(0.3081, abs=1e-3)
    assert data.test.y[:5].tolist() == [7, 2, 1, 0, 4]


def test_cifar_arrays_become_channels_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class Made:
        classes = ("cat", "dog")

        def __init__(self, root: Path, *, train: bool, download: bool) -> None:
            count = 20_000 if train else 10
            self.targets = [index % 2 for index in range(count)]
            self.data = torch.zeros(count, 4, 5, 3, dtype=torch.uint8).numpy()
            self.data[:, 1, 2, 0] = 255
            self.data[:, 0, 0, 1:] = 51 * (torch.arange(count) % 5)[:, None].numpy()

    monkeypatch.setattr("torchvision.datasets.CIFAR10", Made)
    data = load("cifar10", root=tmp_path)
    assert data.in_shape == (3, 4, 5)
    assert [len(split) for split in data.splits.values()] == [10_000, 10_000, 10]
    raw = data.denormalise(data.test.x)
    torch.testing.assert_close(raw[:, 0].sum((1, 2)), torch.ones(10))
    torch.testing.assert_close(raw[0, 0, 1, 2], torch.tensor(1.0))


@pytest.mark.parametrize("label", [-1, 10])
def test_a_label_out_of_range_is_refused(label: int) -> None:
    good = Split(torch.zeros(3, 1), torch.tensor([0, 1, 9]))
    bad = Split(torch.zeros(3, 1), torch.tensor([0, label, 9]))
    with pytest.raises(DataError, match="labels of 'made' must lie between 0 and 9"):
        Data("made", good, bad, good, tuple("0123456789"), torch.zeros(1), torch.ones(1))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("shape", [(6,), (6, 1, 2, 2)])
def test_nan_in_the_data_is_refused_with_its_row(value: float, shape: tuple[int, ...]) -> None:
    x = torch.zeros(shape)
    x[4] = value
    with pytest.raises(DataError, match="inputs hold NaN or infinity, first in row 4"):
        Split(x, torch.zeros(6))
    with pytest.raises(DataError, match="targets hold NaN or infinity, first in row 4"):
        Split(torch.zeros(6), x)


def test_unequal_and_empty_splits_are_refused() -> None:
    with pytest.raises(DataError, match="3 inputs and 2 targets"):
        Split(torch.zeros(3), torch.zeros(2))
    with pytest.raises(DataError, match="0 inputs"):
        Split(torch.zeros(0), torch.zeros(0))


def test_batches_cover_every_sample_once_in_an_order_fixed_by_seed_and_epoch() -> None:
    x = torch.arange(10)

    def walk(batches: Batches) -> list[list[int]]:
        return [y.tolist() for _, y in batches]

    batches = Batches(x, x, 4, shuffle=True, seed=3)
    first, second = walk(batches), walk(batches)
    assert [len(batch) for batch in first] == [4, 4, 2]
    assert len(batches) == 3
    assert sorted(chain(*first)) == list(range(10))
    assert first != second
    again = Batches(x, x, 4, shuffle=True, seed=3)
    assert [walk(again), walk(again)] == [first, second]
    assert walk(Batches(x, x, 4, shuffle=True, seed=4)) != first
    resumed = Batches(x, x, 4, shuffle=True, seed=3)
    resumed.epoch = 1
    assert walk(resumed) == second


def test_seed_and_epoch_are_not_interchangeable() -> None:
    x = torch.arange(50)
    orders = [tuple(Batches(x, x, 50, seed=seed).order(epoch).tolist()) for seed in range(8) for epoch in range(8)]
    assert len(set(orders)) == 64


def test_inputs_and_targets_stay_together_and_drop_last_drops() -> None:
    x = torch.arange(10.0)
    batches = Batches(x, 2 * x, 4, shuffle=True, drop_last=True)
    assert len(batches) == len(list(batches)) == 2
    assert all(torch.equal(y, 2 * x) and len(x) == 4 for x, y in batches)


@pytest.mark.parametrize(
    ("settings", "message"),
    [({"batch_size": 0}, "batch_size must be at least 1, got 0"), ({"batch_size": 1, "seed": -1}, "seed must be")],
)
def test_batch_settings_out_of_range_are_refused(settings: dict[str, int], message: str) -> None:
    with pytest.raises(DataError, match=message):
        Batches(torch.zeros(3), torch.zeros(3), **settings)
    with pytest.raises(DataError, match="equally many, got 3 and 2"):
        Batches(torch.zeros(3), torch.zeros(2), 1)


def test_a_quadratics_gradient_is_the_derivative_of_its_value() -> None:
    valley = Quadratic(torch.tensor([0.5, 8.0], dtype=torch.float64))
    w = torch.randn(3, 2, dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(valley(w).sum(), w)
    torch.testing.assert_close(valley.gradient(w), gradient)
    assert valley.condition_number == 16
