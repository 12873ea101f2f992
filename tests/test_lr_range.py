"""The range test: its curve worked by hand, its suggestion tried, and a model that never notices."""

import copy
import math
from collections.abc import Callable, Iterable, Iterator
from functools import partial

import matplotlib.pyplot as plt
import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from unstuck.data import load
from unstuck.loop import fit
from unstuck.losses import cross_entropy, mse
from unstuck.lr_range import RangeTest, lr_range_test
from unstuck.models import MLP, ConvNet, Linear
from unstuck.optim import SGD
from unstuck.regularise import l2, mixup

DATA = load("digits")
LINE = load("line")
CPU = {"device": "cpu"}


@pytest.fixture(autouse=True)
def closed_figures() -> Iterator[None]:
    yield
    plt.close("all")


def fresh(make: Callable[[], nn.Module] = Linear, seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return make()


def test_it_is_the_loop_that_anybody_would_write_by_hand() -> None:
    test = lr_range_test(
        fresh(), DATA, lowest=1e-4, highest=1.0, steps=25, batch_size=100, smoothing=0.8, stop_at=1e9, seed=3, **CPU
    )
    model = fresh()
    batches = DATA.train.batches(100, shuffle=True, seed=3)
    losses, smoothed = [], []
    for index, (x, y) in enumerate([*batches, *batches, *batches][:25]):  # 12 batches an epoch
        loss = cross_entropy(model(x), y)
        gradients = torch.autograd.grad(loss, list(model.parameters()))
        with torch.no_grad():
            for parameter, gradient in zip(model.parameters(), gradients, strict=True):
                parameter -= 10 ** (-4 + 4 * index / 24) * gradient
        losses.append(loss.item())
        shares = [0.8 ** (index - past) for past in range(index + 1)]
        smoothed.append(sum(a * b for a, b in zip(shares, losses, strict=True)) / sum(shares))
    assert test.lrs == pytest.approx([10 ** (-4 + 4 * index / 24) for index in range(25)], rel=1e-12)
    assert test.losses == pytest.approx(losses, rel=1e-5)
    assert test.smoothed == pytest.approx(smoothed, rel=1e-5)


def test_its_first_step_is_that_of_fit_with_a_penalty_and_a_transform() -> None:
    settings = {"penalty": partial(l2, strength=0.1), "transform": partial(mixup, alpha=0.4, classes=10), "seed": 3}
    test = lr_range_test(fresh(), DATA, lowest=0.1, highest=1.0, steps=10, **settings, **CPU)
    run = fit(fresh(), DATA, optimizer=partial(SGD, lr=0.1), **settings, **CPU)
    assert test.losses[:2] == pytest.approx(run.history.steps["loss"][:2])


def test_it_stops_where_the_loss_diverges() -> None:
    """The line's loss has curvature 2 in every direction, so that gradient descent diverges above a rate of 1."""
    batch = [tuple(LINE.train)]
    test = lr_range_test(nn.Linear(1, 1), batch, mse, highest=100.0, **CPU)
    assert 1 < test.lrs[-1] < 100
    best = min(test.smoothed)
    assert test.smoothed[-1] > 4 * best
    assert all(value <= 4 * best for value in test.smoothed[:-1][test.smoothed.index(best) :])
    assert 0.01 < test.suggestion < 1
    patient = lr_range_test(nn.Linear(1, 1), batch, mse, highest=1e12, stop_at=math.inf, **CPU)
    assert test.lrs[-1] < patient.lrs[-1] < 1e12  # there by the first loss that is no number
    assert all(math.isfinite(value) for value in patient.losses)


def falling(centre: float, steps: int = 100, width: float = 0.3) -> RangeTest:
    """A loss that falls from 2 to 1 around a rate, with its steepest point there."""
    lrs = [10 ** (-6 + 7 * index / (steps - 1)) for index in range(steps)]
    losses = tuple(2 - 1 / (1 + math.exp(-math.log10(lr / centre) / width)) for lr in lrs)
    return RangeTest(tuple(lrs), losses, losses)


@pytest.mark.parametrize("centre", [1e-4, 3e-3, 0.1])
@pytest.mark.parametrize("steps", [30, 100, 500])
def test_the_suggestion_is_where_the_loss_falls_most_steeply(centre: float, steps: int) -> None:
    suggestion = falling(centre, steps).suggestion
    assert abs(math.log10(suggestion / centre)) < 4 / steps + 1e-9  # the nearest rate of the test


def test_neither_a_noisy_start_nor_a_fall_after_the_lowest_loss_is_suggested() -> None:
    clean = falling(1e-3)
    smoothed = list(clean.smoothed)
    smoothed[:3] = [3.0, 2.5, 2.2]  # steeper than all that follows
    smoothed[90:] = [9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.5, 2.0, 1.5]  # a leap, and a fall from it
    assert RangeTest(clean.lrs, clean.losses, tuple(smoothed)).suggestion == clean.suggestion


def test_the_suggestion_does_not_follow_the_noise() -> None:
    clean = falling(1e-3)
    smoothed = list(clean.smoothed)
    for index in (20, 70):
        smoothed[index] += 0.15  # a fall by that much in one step is steeper than the curve ever is
    noisy = RangeTest(clean.lrs, clean.losses, tuple(smoothed))
    assert abs(math.log10(noisy.suggestion / 1e-3)) < 0.2


def test_the_suggestion_keeps_away_from_the_rate_with_the_lowest_loss() -> None:
    steepest_last = falling(1.0, steps=101)
    smoothed = [*steepest_last.smoothed[:88], *[2.0] * 13]  # from 10 ** 0.09 on the loss is back where it was
    lowest = steepest_last.lrs[87]
    suggestion = RangeTest(steepest_last.lrs, steepest_last.losses, tuple(smoothed)).suggestion
    assert lowest / 4 / 10**0.07 < suggestion <= lowest / 4


def test_a_loss_that_falls_and_diverges_at_once_gets_a_low_rate() -> None:
    lrs = [10 ** (-1 + index / 10) for index in range(20)]
    losses = (2.0, 2.0, 1.8, 1.4, 1.1, *[5.0] * 15)  # the lowest one lies less than a quarter behind the first
    assert RangeTest(tuple(lrs), losses, losses).suggestion == lrs[0]


def test_training_at_the_suggestion_beats_a_tenth_of_the_rate_with_the_lowest_loss() -> None:
    """The other common rule, over seeds, in a short run; the docstring tells of the wider comparison."""
    ours, theirs = [], []
    for seed in range(3):
        model = fresh(partial(MLP, 64), seed)
        test = lr_range_test(model, DATA, seed=seed, **CPU)
        tenth = test.lrs[test.smoothed.index(min(test.smoothed))] / 10
        for lr, ends in ((test.suggestion, ours), (tenth, theirs)):
            optimizer = partial(SGD, lr=lr)
            run = fit(copy.deepcopy(model), DATA, optimizer=optimizer, epochs=3, seed=seed, **CPU)
            ends.append(run.final("validation_loss"))
    assert max(ours) < 0.45  # from 2.3; none was led astray
    assert sum(ours) < sum(theirs)


class Awkward(nn.Module):
    """All that a careless test would leave changed."""

    def __init__(self) -> None:
        super().__init__()
        self.normalise = nn.BatchNorm2d(1)
        self.frozen = nn.Linear(64, 32)
        self.dropout = nn.Dropout(0.3)
        self.output = nn.Linear(32, 10)
        self.frozen.requires_grad_(False)
        self.output.weight.grad = torch.ones(10, 32)
        self.dropout.eval()
        self.calls = 0

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        return self.output(self.dropout(self.frozen(self.normalise(x).flatten(1)).relu()))


def everything(model: Awkward) -> dict[str, object]:
    return {
        **{name: value.tolist() for name, value in model.state_dict().items()},
        **{f"{name}.at": (id(value), value.data_ptr(), str(value.device)) for name, value in model.named_parameters()},
        **{f"{name}.requires_grad": value.requires_grad for name, value in model.named_parameters()},
        **{f"{name}.grad": None if p.grad is None else p.grad.tolist() for name, p in model.named_parameters()},
        **{f"{name}.training": module.training for name, module in model.named_modules()},
        "calls": model.calls,
        "random": torch.get_rng_state().tolist(),
    }


@pytest.mark.parametrize("seed", [0, 1])
def test_the_model_and_the_random_state_are_left_as_they_were(seed: int) -> None:
    model = fresh(Awkward, seed)
    before = everything(model)
    test = lr_range_test(model, DATA, optimizer=partial(SGD, momentum=0.9), **CPU)
    assert min(test.smoothed) < test.smoothed[0] - 0.5  # it did train
    assert everything(model) == before


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_the_model_is_left_as_it_was_when_the_test_is_broken_off(error: type[BaseException]) -> None:
    def failing(logits: Tensor, target: Tensor) -> Tensor:
        calls.append(None)
        if len(calls) > 20:
            raise error
        return cross_entropy(logits, target)

    calls: list[None] = []
    model = fresh(Awkward)
    before = everything(model)
    with pytest.raises(error):
        lr_range_test(model, DATA, failing, **CPU)
    assert everything(model) == before


def test_the_same_seed_gives_the_same_test_and_another_seed_another() -> None:
    model = fresh(partial(ConvNet, in_shape=(1, 8, 8)))  # with dropout

    def run(seed: int) -> RangeTest:
        torch.manual_seed(len(runs))  # whatever the program drew before
        runs.append(seed)
        return lr_range_test(model, DATA, steps=20, seed=seed, **CPU)

    runs: list[int] = []
    first, again, other = run(1), run(1), run(2)
    assert first == again
    assert first.losses != other.losses


def test_a_strangers_parts_work() -> None:
    loader = DataLoader(TensorDataset(*DATA.train), batch_size=50, shuffle=True)
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 10)).eval()
    test = lr_range_test(model, {"train": loader}, nn.CrossEntropyLoss(), torch.optim.AdamW, **CPU)
    assert 1e-4 < test.suggestion < 0.3


def test_every_group_of_parameters_has_the_rate_of_the_step() -> None:
    def in_groups(parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        return torch.optim.SGD([{"params": [parameter], "lr": 0.5} for parameter in parameters])

    settings = {"highest": 0.1, "steps": 20, **CPU}
    assert lr_range_test(fresh(), DATA, optimizer=in_groups, **settings) == lr_range_test(fresh(), DATA, **settings)


def test_a_model_that_comes_in_eval_mode_is_tested_in_train_mode() -> None:
    make = partial(ConvNet, in_shape=(1, 8, 8))
    assert lr_range_test(fresh(make).eval(), DATA, steps=10, **CPU) == lr_range_test(fresh(make), DATA, steps=10, **CPU)


def test_a_single_bad_batch_does_not_end_the_test() -> None:
    def leaping(logits: Tensor, target: Tensor) -> Tensor:
        calls.append(None)
        return cross_entropy(logits, target) * (10 if len(calls) == 30 else 1)

    calls: list[None] = []
    test = lr_range_test(fresh(), DATA, leaping, highest=1e-3, **CPU)
    assert max(test.losses) > 10
    assert len(test.losses) == 100


def test_a_loss_that_never_falls_has_no_suggestion_but_a_plot() -> None:
    test = lr_range_test(fresh(), DATA, lowest=1e-9, highest=1e-8, **CPU)
    with pytest.raises(ValueError, match=r"no rate to suggest: the loss never fell between 1.0e-09 and 1.0e-08"):
        _ = test.suggestion
    assert "never fell" in test.plot().axes[0].get_title(loc="center") + test.plot().axes[0].get_title(loc="left")
    broken = lr_range_test(nn.Linear(1, 1), [tuple(LINE.train)], mse, lowest=10.0, highest=1e3, **CPU)
    with pytest.raises(ValueError, match="never fell"):
        _ = broken.suggestion


def test_a_fall_within_the_spread_of_single_batches_is_none() -> None:
    lrs = tuple(10 ** (-6 + index / 10) for index in range(60))
    losses = tuple(2 + 0.1 * (-1) ** index for index in range(60))
    drifting = tuple(2 - 0.15 * index / 60 for index in range(60))
    with pytest.raises(ValueError, match="never fell"):
        _ = RangeTest(lrs, losses, drifting).suggestion


def test_the_plot_shows_the_fall_and_not_how_high_the_loss_leaps_behind_it() -> None:
    clean = falling(1e-3)
    leaping = (*clean.losses[:-2], 50.0, 900.0)
    low, high = RangeTest(clean.lrs, leaping, leaping).plot().axes[0].get_ylim()
    assert low < 1 < 2 < high < 3


def test_the_plot_shows_both_curves_and_names_the_suggestion() -> None:
    test = falling(1e-3)
    (axis,) = test.plot().axes
    each, smoothed, mark = axis.get_lines()
    assert axis.get_xscale() == "log"
    assert list(each.get_ydata()) == list(test.losses)
    assert list(smoothed.get_ydata()) == list(test.smoothed)
    assert list(mark.get_xdata()) == [test.suggestion]
    assert [text.get_text() for text in axis.texts] == [f"suggestion: {test.suggestion:.2g}"]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_cuda_gives_the_cpus_test_and_the_model_stays_where_it_is() -> None:
    model = fresh(partial(MLP, 32))
    state = torch.cuda.get_rng_state()
    on_gpu = lr_range_test(model, DATA, highest=0.1, device="cuda")
    on_cpu = lr_range_test(model, DATA, highest=0.1, device="cpu")
    assert on_gpu.losses == pytest.approx(on_cpu.losses, rel=1e-3)
    assert {parameter.device.type for parameter in model.parameters()} == {"cpu"}
    assert torch.equal(torch.cuda.get_rng_state(), state)


X, Y = DATA.test


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"lowest": 0}, ValueError, "lowest and highest must be above 0, finite, and in this order, got 0 and 10.0"),
        ({"lowest": 1.0, "highest": 0.1}, ValueError, "in this order, got 1.0 and 0.1"),
        ({"highest": math.inf}, ValueError, "finite"),
        ({"steps": 9}, ValueError, "steps must be at least 10, got 9"),
        ({"smoothing": 1.0}, ValueError, "smoothing must be from 0 to below 1, got 1.0"),
        ({"stop_at": 1.0}, ValueError, "stop_at must be above 1, got 1.0"),
        ({"optimizer": SGD(Linear().parameters(), lr=0.1)}, TypeError, "optimizer must be a function that makes one"),
        ({"data": {"training": [(X, Y)]}}, ValueError, r"data must hold 'train', got \['training'\]"),
        ({"data": []}, ValueError, "yielded no batch"),
        ({"data": iter([(X, Y)])}, ValueError, "yielded no batch"),
        ({"data": [(X, Y + 1)]}, ValueError, "labels must lie between 0 and 9"),
        ({"loss": lambda z, y: cross_entropy(z, y) * math.nan}, ValueError, "not finite after 0 steps"),
    ],
)
def test_bad_input_is_refused(settings: dict[str, object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        lr_range_test(**{"model": Linear(), "data": DATA, **CPU, **settings})
