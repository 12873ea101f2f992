"""The sweep: every run is the run that `fit` gives alone, and the result is read by the names of its axes."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from matplotlib import pyplot as plt
from torch import Tensor, nn
from torch.optim.lr_scheduler import LambdaLR, ReduceLROnPlateau

from unstuck import optim, plots, regularise, schedules, sweeps
from unstuck.data import Data, Split, load
from unstuck.loop import fit
from unstuck.losses import cross_entropy, mse
from unstuck.models import MLP, ConvNet, Linear
from unstuck.run import Run
from unstuck.sweeps import Sweep, sweep

EPOCHS, BATCH, SAMPLES = 10, 32, 310  # 100 steps, and the last batch of an epoch is short


@pytest.fixture(scope="module")
def digits() -> Data:
    return load("digits").map_splits(lambda split: Split(split.x[:SAMPLES].double(), split.y[:SAMPLES]))


def small(*hidden: int, dtype: torch.dtype = torch.float64) -> nn.Module:
    return MLP(*(hidden or (16,))).to(dtype)


class Normalised(nn.Module):
    def __init__(self, p: float = 0.3, dropout: type[nn.Module] = nn.Dropout) -> None:
        super().__init__()
        layers = [nn.Flatten(), nn.Linear(64, 16), nn.BatchNorm1d(16), nn.ReLU(), dropout(p), nn.Linear(16, 10)]
        self.layers = nn.Sequential(*layers).double()

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


def alone(make: Callable[[], nn.Module], data: Data, seed: int, **arguments: Any) -> Run:
    """Train the run of a seed as a reader would."""
    torch.manual_seed(seed)
    model = make()
    return fit(model, data, seed=seed, epochs=EPOCHS, batch_size=BATCH, device="cpu", **arguments)


def assert_same(result: Sweep, run: Run, tolerance: float, **labels: Any) -> None:
    part = result.sel(**labels)
    steps = np.asarray(run.history.steps["loss"])
    assert len(steps) == 100
    np.testing.assert_allclose(part.steps["loss"], steps, rtol=tolerance)
    np.testing.assert_allclose(part.steps["lr"], run.history.steps["lr"], rtol=1e-7)
    for name, values in run.history.epochs.items():
        if name != "step":
            np.testing.assert_allclose(part.history[name], values, rtol=tolerance, atol=tolerance)
    state = part.model().state_dict()
    assert state.keys() == run.model.state_dict().keys()
    for name, value in run.model.state_dict().items():
        if value.is_floating_point():
            assert float((state[name] - value).norm()) <= tolerance * float(value.norm()), name
        else:
            assert torch.equal(state[name], value), name


def assert_runs_equal_fit(
    make: Callable[[], nn.Module],
    data: Data,
    optimizer: Callable[..., Any],
    result: Sweep,
    tolerance: float = 1e-10,
    **arguments: Any,
) -> None:
    for lr in result.axes["lr"]:
        for seed in result.axes["seed"]:
            run = alone(make, data, seed, optimizer=partial(optimizer, lr=lr), **arguments)
            assert_same(result, run, tolerance, lr=lr, seed=seed)


GRID: dict[str, Any] = {"seeds": [0, 3], "epochs": EPOCHS, "batch_size": BATCH, "device": "cpu"}

OPTIMIZERS = [
    ("sgd", {}, [0.01, 0.1]),
    ("sgd", {"momentum": 0.9, "weight_decay": 0.01}, [0.01, 0.05]),
    ("sgd", {"momentum": 0.9, "dampening": 0.3}, [0.01, 0.1]),
    ("sgd", {"momentum": 0.9, "nesterov": True}, [0.01, 0.05]),
    ("adagrad", {"lr_decay": 0.01, "initial_accumulator_value": 0.1}, [0.01, 0.1]),
    ("rmsprop", {"alpha": 0.9, "momentum": 0.5, "centered": True}, [1e-3, 3e-3]),
    ("adam", {}, [1e-3, 0.01]),
    ("adam", {"betas": (0.8, 0.99), "amsgrad": True, "weight_decay": 0.01}, [1e-3, 0.01]),
    ("adamw", {"weight_decay": 0.1}, [1e-3, 0.01]),
]


@pytest.mark.parametrize(("name", "settings", "rates"), OPTIMIZERS, ids=str)
def test_a_run_of_a_sweep_is_the_run_alone(
    digits: Data, name: str, settings: dict[str, Any], rates: list[float]
) -> None:
    make = partial(sweeps.OPTIMIZERS[name], **settings)
    result = sweep(small, digits, optimizer=name, lr=rates, **settings, **GRID)
    assert_runs_equal_fit(small, digits, make, result)
    single = digits.map_splits(lambda split: Split(split.x.float(), split.y))
    model = partial(small, dtype=torch.float32)
    result = sweep(model, single, optimizer=name, lr=rates, **settings, **GRID)
    assert_runs_equal_fit(model, single, make, result, tolerance=1e-4)


SCHEDULES = {
    "step": schedules.step_decay(30, 0.5),
    "multi": schedules.multi_step([20, 70], 0.3),
    "exponential": schedules.exponential(0.98),
    "polynomial": schedules.polynomial(100, 2.0),
    "cosine": schedules.cosine(100, 0.01),
    "restarts": schedules.cosine_restarts(20, 2),
    "warmup": schedules.warmup(20, schedules.cosine(80)),
    "one cycle": schedules.one_cycle(100),
    "inverse root": schedules.inverse_sqrt(10),
}


def test_every_schedule_is_followed_run_by_run_in_one_program(digits: Data) -> None:
    result = sweep(small, digits, optimizer="adam", lr=[0.003, 0.01], schedule=SCHEDULES, **GRID)
    for label, schedule in SCHEDULES.items():
        following = {"schedule": partial(LambdaLR, lr_lambda=schedule), "schedule_every": "step"}
        assert_runs_equal_fit(small, digits, optim.Adam, result.sel(schedule=label), **following)


def test_schedules_by_epoch_and_on_a_plateau(digits: Data) -> None:
    options = {"factor": 0.5, "patience": 0, "threshold": 0.05}
    chosen = {"plateau": schedules.reduce_on_plateau(**options), "by epoch": schedules.exponential(0.7)}
    result = sweep(small, digits, optimizer="sgd", lr=[0.1, 1.0], schedule=chosen, schedule_every="epoch", **GRID)
    assert (result.sel(schedule="plateau").steps["lr"].min(axis=-1) < 0.6 * np.array([[0.1], [1.0]])).any()
    torchs = partial(ReduceLROnPlateau, **options)
    assert_runs_equal_fit(small, digits, optim.SGD, result.sel(schedule="plateau"), schedule=torchs)
    torchs = partial(LambdaLR, lr_lambda=chosen["by epoch"])
    assert_runs_equal_fit(small, digits, optim.SGD, result.sel(schedule="by epoch"), schedule=torchs)


@pytest.mark.parametrize("dropout", [nn.Dropout, regularise.Dropout])
def test_dropout_and_batch_normalisation_are_each_runs_own(digits: Data, dropout: type[nn.Module]) -> None:
    make = partial(Normalised, dropout=dropout)
    result = sweep(make, digits, optimizer="sgd", lr=[0.02, 0.1], **GRID)
    assert_runs_equal_fit(make, digits, optim.SGD, result)


def test_a_network_of_convolutions_with_dropout_equals_its_run_alone(digits: Data) -> None:
    def make() -> nn.Module:
        return ConvNet(in_shape=(1, 8, 8)).double()

    few = digits.map_splits(lambda split: Split(split.x[:40], split.y[:40]))
    result = sweep(make, few, optimizer="sgd", lr=[0.05], seeds=[1, 2], epochs=2, batch_size=16, device="cpu")
    torch.manual_seed(2)
    run = fit(make(), few, optimizer=partial(optim.SGD, lr=0.05), epochs=2, batch_size=16, seed=2, device="cpu")
    np.testing.assert_allclose(result.sel(lr=0.05, seed=2).steps["loss"], run.history.steps["loss"], rtol=1e-10)


@pytest.mark.parametrize("name", ["l1", "l2"])
def test_penalties_with_strengths_of_their_own(digits: Data, name: str) -> None:
    result = sweep(small, digits, optimizer="sgd", lr=[0.05], **{name: [0.0, 1e-3, 1e-2]}, **GRID)
    for strength in (0.0, 1e-3, 1e-2):
        penalty = partial(getattr(regularise, name), strength=strength)
        assert_runs_equal_fit(small, digits, optim.SGD, result.sel(**{name: strength}), penalty=penalty)


def test_a_penalty_and_a_transform_of_ones_own(digits: Data) -> None:
    penalty = partial(regularise.elastic, l1=1e-3, l2=1e-2)
    mixing = partial(regularise.mixup, alpha=0.4, classes=10)
    result = sweep(Normalised, digits, optimizer="sgd", lr=[0.05], penalty=penalty, transform=mixing, **GRID)
    assert_runs_equal_fit(Normalised, digits, optim.SGD, result, penalty=penalty, transform=mixing)


def test_smoothed_labels_and_frozen_layers(digits: Data) -> None:
    def make() -> nn.Module:
        model = small(12)
        model.body[0].requires_grad_(False)
        return model

    smooth = partial(cross_entropy, label_smoothing=0.1)
    result = sweep(make, digits, smooth, optimizer="adam", lr=[0.01], **GRID)
    assert_runs_equal_fit(make, digits, optim.Adam, result, loss=smooth)


def test_an_optimiser_of_ones_own_is_swept_by_the_rule_it_has(digits: Data) -> None:
    class Rolling(optim.SGD):
        @staticmethod
        def rule(settings: Any) -> Any:
            return optim.momentum, {"lr": settings["lr"], "momentum": 0.5}

    result = sweep(small, digits, optimizer={"own": Rolling, "sgd": optim.SGD}, lr=[0.02], **GRID)
    assert_runs_equal_fit(small, digits, Rolling, result.sel(optimizer="own"))
    assert_runs_equal_fit(small, digits, optim.SGD, result.sel(optimizer="sgd"))


def test_regression_has_no_accuracy(digits: Data) -> None:
    pixels = digits.map_splits(lambda split: Split(split.x, split.x.flatten(1)[:, :3].contiguous()))
    pixels = Data(pixels.name, pixels.train, pixels.validation, pixels.test, (), pixels.mean, pixels.std)
    make = lambda: Linear(classes=3).double()  # noqa: E731
    result = sweep(make, pixels, mse, optimizer="sgd", lr=[0.01], **GRID)
    assert set(result.history) == {"loss", "train_loss", "validation_loss", "test_loss"}
    assert_runs_equal_fit(make, pixels, optim.SGD, result, loss=mse)


def test_a_run_that_diverges_is_reported_and_leaves_its_neighbours_as_they_were(digits: Data) -> None:
    result = sweep(small, digits, mse_of_classes, optimizer="sgd", lr=[0.01, 1e9], **GRID)
    assert result.diverged["lr"].tolist() == [1e9, 1e9]
    assert (result.diverged["step"] > 0).all()
    assert "2 diverged" in repr(result)
    assert result.best("validation_loss") == {"lr": 0.01}
    alone_of_it = sweep(small, digits, mse_of_classes, optimizer="sgd", lr=[0.01], **GRID)
    np.testing.assert_array_equal(result.sel(lr=0.01).steps["loss"], alone_of_it.sel(lr=0.01).steps["loss"])
    with pytest.raises(ValueError, match="there is no best validation_loss"):
        result.sel(lr=[1e9]).best()


def mse_of_classes(logits: Tensor, y: Tensor) -> Tensor:
    return (logits - torch.eye(10, dtype=logits.dtype)[y]).square().mean()


def test_chunks_give_the_same_numbers_and_random_state_is_left_alone(digits: Data) -> None:
    grid = {**GRID, "epochs": 2}
    torch.manual_seed(5)
    before = torch.get_rng_state()
    whole = sweep(Normalised, digits, optimizer="adam", lr=[0.001, 0.003, 0.01], **grid)
    assert torch.equal(torch.get_rng_state(), before)
    parts = sweep(Normalised, digits, optimizer="adam", lr=[0.001, 0.003, 0.01], chunk=4, **grid)
    for name, values in whole.history.items():
        np.testing.assert_allclose(parts.history[name], values, rtol=1e-10)


def test_memory_bounds_the_chunk(digits: Data, monkeypatch: pytest.MonkeyPatch) -> None:
    class Little:
        available = 20_000_000

    monkeypatch.setattr(sweeps.psutil, "virtual_memory", Little)
    wide = sweeps.grid.expand(*arguments(small, digits), 1)[1][0]
    size = sweeps.largest_chunk(wide, torch.device("cpu"))
    wider = sweeps.grid.expand(*arguments(partial(small, 512), digits), 1)[1][0]
    assert 1 <= sweeps.largest_chunk(wider, torch.device("cpu")) < size < 100


def arguments(model: Callable[[], nn.Module], data: Data, **settings: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    return {"model": model, "data": data, "optimizer": "adam", "batch_size": 32}, settings


def test_anything_can_be_an_axis_and_the_seed_is_the_last(digits: Data) -> None:
    result = sweep(
        {"narrow": partial(small, 4), "wide": partial(small, 8)},
        digits,
        optimizer=["adam", "adamw"],
        batch_size=[50, 100],
        betas=[(0.9, 0.99), (0.5, 0.9)],
        amsgrad=[False, True],
        seeds=2,
        epochs=1,
        device="cpu",
    )
    assert list(result.axes) == ["model", "optimizer", "batch_size", "betas", "amsgrad", "seed"]
    assert result.shape == (2, 2, 2, 2, 2, 2)
    assert result.history["test_accuracy"].shape == (2, 2, 2, 2, 2, 2, 1)
    assert np.isfinite(result.history["test_loss"]).all()
    assert result.steps["loss"].shape[-1] == 7
    assert np.isnan(result.sel(batch_size=100).steps["loss"][..., 4:]).all()
    assert not len(result.diverged)
    chosen = {"model": "wide", "optimizer": "adamw", "batch_size": 50, "betas": (0.5, 0.9), "amsgrad": True, "seed": 1}
    torch.manual_seed(1)
    make = partial(optim.AdamW, betas=(0.5, 0.9), amsgrad=True)
    run = fit(small(8), digits, optimizer=make, batch_size=50, seed=1, device="cpu")
    np.testing.assert_allclose(result.sel(**chosen).steps["loss"], run.history.steps["loss"], rtol=1e-10)
    assert result.sel(batch_size=[50]).axes["batch_size"] == (50,)


def test_a_result_is_read_by_names(digits: Data) -> None:
    result = sweep(
        small, digits, optimizer="sgd", lr=np.logspace(-2, 0, 3), momentum=[0.0, 0.9], seeds=3, epochs=2, device="cpu"
    )
    final = result.final("validation_loss")
    assert list(final.index.names) == ["lr", "momentum", "seed"]
    medians = final.groupby(["lr", "momentum"]).median()
    assert result.best() == dict(zip(["lr", "momentum"], medians.idxmin(), strict=True))
    worst = result.best("validation_accuracy", mode="min")
    assert worst["lr"] == 0.01
    assert worst["momentum"] == 0.0
    frame = result.to_frame()
    assert len(frame) == 18 * 2
    row = frame.query("lr == 1.0 and momentum == 0.9 and seed == 2 and epoch == 2").iloc[0]
    assert row["test_accuracy"] == result.sel(lr=1, momentum=0.9, seed=2).history["test_accuracy"][1]
    assert result.band("test_loss", lr=0.1, momentum=0.9).shape == (3, 2)
    assert result.sel(lr=0.1, momentum=0.0, seed=1).final("loss").shape == (1,)
    with pytest.raises(ValueError, match="choose a value for momentum"):
        result.band("test_loss", lr=0.1)
    with pytest.raises(ValueError, match="6 runs have a model each: choose a value for momentum, seed"):
        result.model(lr=0.1)
    with pytest.raises(KeyError, match="no axis 'rate' in this sweep; it has lr, momentum, seed"):
        result.sel(rate=0.1)
    with pytest.raises(KeyError, match=r"no lr 0.2 in this sweep; it has 0.01, 0.1, 1.0"):
        result.sel(lr=0.2)
    with pytest.raises(KeyError, match="no column 'accuracy' in this sweep; it has loss, train_loss"):
        result.final("accuracy")


def test_a_result_draws_itself(digits: Data) -> None:
    result = sweep(small, digits, optimizer=["sgd", "adam"], lr=[0.001, 0.03], seeds=2, epochs=2, device="cpu")
    axis = result.plot_final("test_accuracy", over="lr").axes[0]
    assert axis.get_xscale() == "log"
    assert [text.get_text() for text in axis.texts] == ["sgd", "adam"]
    curves = result.sel(optimizer="adam").plot("train_loss").axes[0]
    assert [text.get_text() for text in curves.texts] == ["lr 0.001", "lr 0.03"]
    expected = np.median(result.sel(optimizer="adam", lr=0.03).history["train_loss"], axis=0)
    np.testing.assert_allclose(curves.get_lines()[1].get_ydata(), expected)
    with pytest.raises(ValueError, match="name the axis that gives the bands"):
        plots.sweep_curves(result)
    plt.close("all")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"optimizer": "adamax"}, "optimizer must be one of sgd, adagrad"),
        ({"rate": 0.1}, "unknown setting .*'rate'.* for adam; it takes amsgrad, betas"),
        ({"momentum": 0.9}, "unknown setting .*'momentum'.* for adam"),
        ({"lr": [0.1, -0.1]}, "lr must be at least 0, got -0.1"),
        ({"l1": [-1.0]}, "l1 must be at least 0, got -1.0"),
        ({"lr": []}, "lr has no value to try"),
        ({"lr": [0.1, 0.1]}, "lr names a value twice"),
        ({"seeds": 0}, "seeds must be a number of runs"),
        ({"seeds": [-1]}, "seeds must be a number of runs"),
        ({"epochs": 0}, "epochs must be at least 1, got 0"),
        ({"chunk": 0}, "chunk must be at least 1, got 0"),
        ({"schedule_every": "day"}, "schedule_every must be 'step' or 'epoch'"),
        ({"evaluate_on": ["exam"]}, r"evaluate_on names \['exam'\]"),
        ({"batch_size": 0}, "batch_size must be at least 1"),
        ({"data": [1, 2]}, "data must be a Data"),
        ({"model": lambda: MLP(4).double().requires_grad_(False)}, "no parameter to train"),
    ],
)
def test_what_cannot_be_trained_is_refused_with_its_name(digits: Data, given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        sweep(**{"model": small, "data": digits, "device": "cpu", **given})


def test_a_model_that_draws_in_secret_is_refused(digits: Data) -> None:
    class Secret(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = small()

        def forward(self, x: Tensor) -> Tensor:
            return self.inner(nn.functional.dropout(x, 0.5, self.training))

    with pytest.raises(RuntimeError, match="randomness"):
        sweep(Secret, digits, device="cpu", seeds=2)


def test_a_bar_counts_the_steps_of_all_runs(digits: Data, capsys: pytest.CaptureFixture[str]) -> None:
    sweep(small, digits, seeds=2, epochs=1, batch_size=100, progress=True, device="cpu")
    assert "8.00/8.00" in capsys.readouterr().err
    sweep(small, digits, seeds=2, epochs=1, batch_size=100, device="cpu")
    assert not capsys.readouterr().err


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_run_on_a_gpu_is_the_run_alone_there(digits: Data) -> None:
    result = sweep(Normalised, digits, optimizer="adam", lr=[0.01], **{**GRID, "device": "cuda"})
    torch.manual_seed(3)
    make = partial(optim.Adam, lr=0.01)
    run = fit(Normalised(), digits, optimizer=make, epochs=EPOCHS, batch_size=BATCH, seed=3, device="cuda")
    np.testing.assert_allclose(result.sel(lr=0.01, seed=3).steps["loss"], run.history.steps["loss"], rtol=1e-6)
