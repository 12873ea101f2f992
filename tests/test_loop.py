"""The loop: exact means, the same numbers from the same seed, and anybody's parts."""

import math
import os
import signal
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from types import SimpleNamespace

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import lr_scheduler
from torch.utils.data import DataLoader, TensorDataset

from unstuck.data import Split, load
from unstuck.history import DivergedError, History
from unstuck.loop import evaluate, fit, pick_device
from unstuck.losses import cross_entropy, mse
from unstuck.models import MLP, ConvNet, Linear
from unstuck.optim import SGD
from unstuck.run import Interrupt, Observer, Run

DATA = load("digits")
CPU = {"device": "cpu"}


def fresh(make: type[nn.Module] = Linear, seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return make()


def weights(model: nn.Module) -> Tensor:
    return nn.utils.parameters_to_vector(model.parameters()).detach()


def test_a_run_learns_and_returns_its_history() -> None:
    run = fit(fresh(), DATA, optimizer=partial(SGD, lr=0.1), epochs=4, **CPU)
    assert run.final("test_accuracy") > 0.9
    assert len(run.history) == 4
    assert run.history["step"] == [19, 38, 57, 76]  # 1,197 samples in batches of 64
    assert run.history.steps["samples"][18] == 1197 % 64
    assert {"train_loss", "validation_accuracy", "test_loss"} < set(run.history.epochs)


def test_it_is_the_loop_that_anybody_would_write_by_hand() -> None:
    run = fit(fresh(), DATA, optimizer=partial(torch.optim.SGD, lr=0.1), epochs=2, batch_size=100, seed=5, **CPU)
    model = fresh()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    losses = []
    batches = DATA.train.batches(100, shuffle=True, seed=5)
    for _ in range(2):
        for x, y in batches:
            loss = cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    assert run.history.steps["loss"] == losses
    assert torch.equal(weights(run.model), weights(model))


@pytest.mark.parametrize("make", [MLP, partial(ConvNet, in_shape=(1, 8, 8))])
def test_the_same_seed_gives_the_same_numbers_bit_for_bit_and_another_seed_others(make: type[nn.Module]) -> None:
    def run(seed: int) -> Run:
        model = fresh(make)
        torch.manual_seed(len(runs))  # whatever the program drew before
        runs.append(seed)
        return fit(model, DATA, optimizer=partial(SGD, lr=0.05, momentum=0.9), epochs=2, seed=seed, **CPU)

    runs: list[int] = []
    first, again, other = run(1), run(1), run(2)
    assert first.history.to_dict() == again.history.to_dict()
    assert torch.equal(weights(first.model), weights(again.model))
    assert first.history.steps["loss"] != other.history.steps["loss"]


def test_the_callers_random_state_is_left_alone() -> None:
    model = fresh(partial(ConvNet, in_shape=(1, 8, 8)))
    state = torch.get_rng_state()
    fit(model, DATA, optimizer=partial(SGD, lr=0.05), **CPU)
    assert torch.equal(torch.get_rng_state(), state)


def test_a_strangers_parts_work() -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))
    loader = DataLoader(TensorDataset(*DATA.train), batch_size=50, shuffle=True)
    run = fit(
        model,
        {"train": loader, "test": [tuple(DATA.test)]},
        nn.CrossEntropyLoss(),
        torch.optim.AdamW(model.parameters(), lr=0.01),
        partial(lr_scheduler.StepLR, step_size=1, gamma=0.1),
        epochs=2,
        **CPU,
    )
    assert run.final("test_accuracy") > 0.85
    assert set(run.history.epochs) == {"step", "loss", "test_loss", "test_accuracy"}
    assert run.history.steps["lr"][:1] + run.history.steps["lr"][-1:] == [0.01, pytest.approx(0.001)]


def test_plain_batches_and_regression_work() -> None:
    line = load("line")
    model = nn.Linear(1, 1)
    run = fit(model, [tuple(line.train)], mse, partial(SGD, lr=0.3), epochs=30, **CPU)
    # the line was drawn with slope 1.5 and noise of deviation 0.3; its inputs are normalised
    assert model.weight.item() / line.std.item() == pytest.approx(1.5, abs=0.05)
    assert run.final("loss") == pytest.approx(0.09, abs=0.02)
    assert set(run.history.epochs) == {"step", "loss"}


def test_evaluation_weighs_samples_not_batches_and_leaves_the_model_alone() -> None:
    model = fresh(partial(ConvNet, in_shape=(1, 8, 8)))
    x, y = DATA.test
    whole = evaluate(model, [(x, y)])
    uneven = evaluate(model, [(x[:350], y[:350]), (x[350:], y[350:])])
    assert uneven["loss"] == pytest.approx(whole["loss"], rel=1e-6)
    assert uneven["accuracy"] == whole["accuracy"]
    model.eval()
    with torch.no_grad():
        assert whole["loss"] == pytest.approx(float(F.cross_entropy(model(x), y)), rel=1e-6)  # no dropout
        assert whole["accuracy"] == pytest.approx(float((model(x).argmax(1) == y).double().mean()))
    model.train()
    model.dropout1.eval()  # a part that is frozen in its own mode
    evaluate(model, [(x, y)])
    assert model.training
    assert not model.dropout1.training
    with pytest.raises(ValueError, match="no batch to evaluate on"):
        evaluate(model, [])


def test_evaluation_builds_no_graph_and_training_goes_on_in_train_mode() -> None:
    seen: list[tuple[bool, bool]] = []

    class Probe(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = Linear()

        def forward(self, x: Tensor) -> Tensor:
            seen.append((self.training, torch.is_grad_enabled()))
            return self.body(x)

    fit(Probe(), DATA, optimizer=partial(SGD, lr=0.1), epochs=2, batch_size=1197, **CPU)
    watching, training = (False, False), (True, True)
    splits = 2 + 1 + 1  # the training split is evaluated in two batches, the others in one
    assert seen == [watching, training, *splits * [watching], training, *splits * [watching]]


@pytest.mark.parametrize(
    ("schedule", "every", "expected"),
    [
        (partial(lr_scheduler.ExponentialLR, gamma=0.5), None, [0.1, 0.1, 0.05, 0.05]),
        (partial(lr_scheduler.ExponentialLR, gamma=0.5), "step", [0.1, 0.05, 0.025, 0.0125]),
        (partial(lr_scheduler.CyclicLR, base_lr=0.0, max_lr=0.4, step_size_up=2), None, [0.0, 0.2, 0.4, 0.2]),
        (partial(lr_scheduler.LambdaLR, lr_lambda=lambda step: 1 / (step + 1)), "step", [0.1, 0.05, 0.1 / 3, 0.025]),
    ],
)
def test_schedules_step_when_they_are_meant_to(schedule: object, every: str | None, expected: list[float]) -> None:
    batches = [tuple(DATA.test), tuple(DATA.test)]
    run = fit(
        fresh(), batches, optimizer=partial(SGD, lr=0.1), schedule=schedule, schedule_every=every, epochs=2, **CPU
    )
    assert run.history.steps["lr"] == pytest.approx(expected)


def test_a_plateau_is_judged_by_the_validation_loss() -> None:
    worse = [(x, (y + 1) % 10) for x, y in [tuple(DATA.test)]]  # gets worse while training gets better
    run = fit(
        fresh(),
        {"train": [tuple(DATA.test)], "validation": worse},
        optimizer=partial(SGD, lr=0.1),
        schedule=partial(lr_scheduler.ReduceLROnPlateau, factor=0.1, patience=0),
        epochs=4,
        **CPU,
    )
    assert run.history["loss"] == sorted(run.history["loss"], reverse=True)
    assert run.history.steps["lr"][-1] < 0.02


def test_a_model_that_comes_in_eval_mode_is_trained_in_train_mode() -> None:
    frozen, fitted = fresh(partial(ConvNet, in_shape=(1, 8, 8))).eval(), fresh(partial(ConvNet, in_shape=(1, 8, 8)))
    runs = [fit(model, DATA, optimizer=partial(SGD, lr=0.05), **CPU) for model in (frozen, fitted)]
    assert runs[0].history.to_dict() == runs[1].history.to_dict()


def test_observers_are_told_of_everything_in_order_and_of_an_end_by_error() -> None:
    told: list[str] = []

    class Recorder(Observer):
        def on_start(self, run: Run) -> None:
            told.append("start")

        def on_step(self, run: Run) -> None:
            told.append("step")

        def on_epoch(self, run: Run) -> None:
            told.append(f"epoch {len(run.history)}")
            if len(run.history) == 3:
                raise KeyboardInterrupt

        def on_end(self, run: Run) -> None:
            told.append("end")

    batches = [tuple(DATA.test)]
    fit(fresh(), batches, optimizer=partial(SGD, lr=0.1), epochs=2, observers=[Recorder()], **CPU)
    assert told == ["start", "step", "epoch 1", "step", "epoch 2", "end"]
    with pytest.raises(KeyboardInterrupt):
        fit(fresh(), batches, optimizer=partial(SGD, lr=0.1), epochs=5, observers=[Recorder()], **CPU)
    assert told[-2:] == ["epoch 3", "end"]


def test_every_observer_that_has_begun_is_told_of_the_end_also_where_another_fails() -> None:
    told: list[str] = []

    class Named(Observer):
        def __init__(self, name: str, fails: str = "") -> None:
            self.name, self.fails = name, fails

        def tell(self, event: str) -> None:
            told.append(f"{self.name} {event}")
            if event == self.fails:
                raise RuntimeError(f"{self.name} failed at its {event}")

        def on_start(self, run: Run) -> None:
            self.tell("start")

        def on_end(self, run: Run) -> None:
            self.tell("end")

    settings = {"optimizer": partial(SGD, lr=0.1), **CPU}
    with pytest.raises(RuntimeError, match="b failed at its start"):
        fit(fresh(), DATA, observers=[Named("a"), Named("b", "start"), Named("c")], **settings)
    assert told == ["a start", "b start", "a end"]
    told.clear()
    with pytest.raises(RuntimeError, match="a failed at its end"):
        fit(fresh(), DATA, observers=[Named("a", "end"), Named("b")], **settings)
    assert told == ["a start", "b start", "a end", "b end"]


def test_a_penalty_is_in_the_recorded_loss_and_in_no_evaluation() -> None:
    def penalty(parameters: Iterable[Tensor]) -> Tensor:
        return 7.0 + 0 * sum(p.sum() for p in parameters)

    plain, paying = (
        fit(fresh(), DATA, optimizer=partial(SGD, lr=0.1), epochs=2, penalty=p, **CPU) for p in (None, penalty)
    )
    assert paying.history.steps["loss"] == pytest.approx([loss + 7 for loss in plain.history.steps["loss"]])
    assert paying.history["loss"] == pytest.approx([loss + 7 for loss in plain.history["loss"]])
    for column in set(plain.history.epochs) - {"loss"}:
        assert paying.history[column] == plain.history[column]


def test_training_batches_are_transformed_and_no_others() -> None:
    def shift(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        sizes.append(len(x))
        return x.roll(1, dims=-1), y

    sizes: list[int] = []
    run = fit(fresh(), DATA, optimizer=partial(SGD, lr=0.1), epochs=2, transform=shift, **CPU)
    moved = DATA.map_splits(lambda split: Split(split.x.roll(1, dims=-1), split.y))
    by_hand = fit(fresh(), moved, optimizer=partial(SGD, lr=0.1), epochs=2, evaluate_on=(), **CPU)
    assert run.history.steps["loss"] == by_hand.history.steps["loss"]
    assert run.history["test_loss"][-1] == evaluate(run.model, DATA.test.batches())["loss"]
    assert sum(sizes) == 2 * len(DATA.train)


def test_a_transform_draws_before_the_model_from_the_random_state_that_is_seeded() -> None:
    def noise(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        return x + 0.1 * torch.randn_like(x), y

    def make() -> nn.Module:
        return nn.Sequential(nn.Dropout(0.5), Linear())

    batches = [tuple(DATA.test)]
    run = fit(fresh(make), batches, optimizer=partial(SGD, lr=0.1), epochs=3, seed=4, transform=noise, **CPU)
    model, losses = fresh(make), []
    optimizer = SGD(model.parameters(), lr=0.1)
    torch.manual_seed(4)
    for _ in range(3):
        x, y = noise(*DATA.test)
        loss = cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert run.history.steps["loss"] == losses


def test_a_transform_that_yields_nonsense_is_refused_before_any_training() -> None:
    model = Untouched()
    with pytest.raises(ValueError, match="inputs of the first batch hold NaN"):
        fit(model, DATA, optimizer=partial(SGD, lr=0.1), transform=lambda x, y: (x / 0 * 0, y), **CPU)


def test_soft_targets_are_trained_on_and_evaluated_without_an_accuracy() -> None:
    x, y = DATA.test
    soft = 0.9 * F.one_hot(y, 10).float() + 0.01
    run = fit(
        fresh(),
        {"train": [(x, soft)], "soft": [(x, soft)], "hard": [(x, y)]},
        optimizer=partial(SGD, lr=0.1),
        epochs=30,
        **CPU,
    )
    assert set(run.history.epochs) == {"step", "loss", "soft_loss", "hard_loss", "hard_accuracy"}
    assert run.final("hard_accuracy") > 0.9
    with torch.no_grad():
        assert run.final("soft_loss") == pytest.approx(float(F.cross_entropy(run.model(x), soft)), rel=1e-6)


def test_a_run_can_be_stopped_at_the_end_of_an_epoch() -> None:
    told: list[str] = []

    class Stopper(Observer):
        def on_step(self, run: Run) -> None:
            if len(run.history) == 1:
                run.stop()  # in the middle of the second epoch

        def on_epoch(self, run: Run) -> None:
            told.append(f"epoch {len(run.history)}")

        def on_end(self, run: Run) -> None:
            told.append("end")

    run = fit(fresh(), DATA, optimizer=partial(SGD, lr=0.1), epochs=9, observers=[Stopper()], **CPU)
    assert told == ["epoch 1", "epoch 2", "end"]
    assert (run.stopped, run.epochs, len(run.history)) == (True, 9, 2)
    assert run.history["step"] == [19, 38]  # the epoch was finished
    assert not fit(fresh(), DATA, optimizer=partial(SGD, lr=0.1), **CPU).stopped

    class Early(Observer):
        def on_start(self, run: Run) -> None:
            run.stop()

    run = fit(fresh(), DATA, optimizer=partial(SGD, lr=0.1), epochs=9, observers=[Early()], **CPU)
    assert len(run.history) == 1


class Press(Observer):
    """Presses Ctrl-C: after so many steps, or while an epoch is measured."""

    def __init__(self, *, step: int) -> None:
        self.step, self.epochs = step, 0

    def on_step(self, run: Run) -> None:
        if run.step == self.step:
            os.kill(os.getpid(), signal.SIGINT)

    def on_epoch(self, run: Run) -> None:
        self.epochs += 1


def test_an_interrupt_ends_the_run_at_a_steps_end_with_the_history_so_far() -> None:
    whole = fit(fresh(), DATA, optimizer=partial(SGD, lr=0.1), epochs=2, evaluate_on=(), **CPU)
    handler = signal.getsignal(signal.SIGINT)
    press = Press(step=24)
    run = fit(fresh(), DATA, optimizer=partial(SGD, lr=0.1), epochs=9, evaluate_on=(), observers=[press], **CPU)
    assert run.interrupted
    assert not run.stopped
    assert (run.step, run.batch, len(run.history), press.epochs) == (25, 6, 1, 1)
    assert (
        run.history.steps["loss"] == whole.history.steps["loss"][:25]
    )  # the step in which the key was pressed is over
    assert run.history["loss"] == whole.history["loss"][:1]  # and a part of an epoch is no row
    assert signal.getsignal(signal.SIGINT) is handler
    assert not whole.interrupted


def test_an_interrupt_while_an_epoch_is_measured_ends_the_run_after_its_row() -> None:
    pressed = []

    def batches() -> Iterator[tuple[Tensor, Tensor]]:
        pressed.append(os.kill(os.getpid(), signal.SIGINT))
        yield tuple(DATA.test)

    class Measured:
        def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
            return batches()

    data = {"train": [tuple(DATA.test)] * 3, "validation": Measured()}
    run = fit(fresh(), data, optimizer=partial(SGD, lr=0.1), epochs=5, **CPU)
    assert run.interrupted
    assert (len(run.history), run.batch, len(pressed)) == (1, 0, 1)


def test_a_second_interrupt_breaks_off_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    interrupt = Interrupt()
    with interrupt.watch():
        assert not interrupt
        os.kill(os.getpid(), signal.SIGINT)
        assert interrupt
        clock[0] += 0.5
        os.kill(os.getpid(), signal.SIGINT)  # one that came twice, by way of torchrun
        clock[0] += 0.6
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


def test_another_thread_than_the_main_one_can_train_too() -> None:
    with ThreadPoolExecutor(1) as pool:
        job = pool.submit(fit, fresh(), DATA, optimizer=partial(SGD, lr=0.1), **CPU)
        assert not job.result().interrupted


def test_a_loss_that_is_not_finite_stops_the_run_and_tells_where() -> None:
    class Told(Observer):
        ended = False

        def on_end(self, run: Run) -> None:
            self.ended = True

    told = Told()
    settings = {"optimizer": partial(SGD, lr=1e4), "epochs": 9, "evaluate_on": (), **CPU}
    with pytest.raises(
        DivergedError, match=r"became (nan|inf) at step \d+, at a learning rate of 1e\+04.*unstuck doctor.*symptoms"
    ) as caught:
        fit(fresh(MLP), DATA, mse_of_scores, observers=[told], **settings)
    error = caught.value
    losses = error.history.steps["loss"]
    assert not math.isfinite(losses[error.step - 1])
    assert all(map(math.isfinite, losses[: error.step - 1]))
    assert (error.lr, str(error.loss)) == (1e4, str(losses[error.step - 1]))
    assert told.ended
    assert len(losses) % 19 == 0  # noticed where the losses are read, at the end of an epoch
    run = fit(fresh(MLP), DATA, mse_of_scores, nonfinite="ignore", **settings)
    assert len(run.history) == 9
    assert math.isnan(run.final("loss"))


def mse_of_scores(output: Tensor, y: Tensor) -> Tensor:
    return (output - F.one_hot(y, 10)).square().mean()


def test_a_loaders_order_is_that_of_the_seed_and_the_epoch_whatever_was_drawn_before() -> None:
    def orders(seed: int, draw: int) -> list[list[int]]:
        seen: list[list[int]] = []

        def note(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
            seen.append(y.tolist())
            torch.rand(draw)  # as a model with dropout does
            return x, y

        loader = DataLoader(TensorDataset(*DATA.test), batch_size=120, shuffle=True)
        fit(fresh(), {"train": loader}, optimizer=partial(SGD, lr=0.1), epochs=2, seed=seed, transform=note, **CPU)
        return seen

    first = orders(0, draw=1)
    assert orders(0, draw=7) == first
    assert orders(1, draw=1) != first
    assert first[:3] != first[3:]


def test_auto_picks_cuda_then_mps_then_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    for cuda, mps, expected in ((True, True, "cuda"), (False, True, "mps"), (False, False, "cpu")):
        monkeypatch.setattr(torch.cuda, "is_available", lambda cuda=cuda: cuda)
        monkeypatch.setattr(torch.backends, "mps", SimpleNamespace(is_available=lambda mps=mps: mps))
        assert pick_device("auto").type == expected
    assert pick_device("cpu").type == "cpu"


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_cuda_gives_the_cpus_run() -> None:
    on_cpu = fit(fresh(MLP), DATA, optimizer=partial(SGD, lr=0.1), epochs=2, device="cpu")
    on_gpu = fit(fresh(MLP), DATA, optimizer=partial(SGD, lr=0.1), epochs=2, device="cuda")
    assert on_gpu.history.steps["loss"] == pytest.approx(on_cpu.history.steps["loss"], rel=1e-3)


class Untouched(nn.Module):
    """Fails the test if anything trains it."""

    def __init__(self) -> None:
        super().__init__()
        self.body = Linear()

    def forward(self, x: Tensor) -> Tensor:
        assert not self.training, "trained before its input was checked"
        return self.body(x)


X, Y = DATA.test


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"epochs": 0}, "epochs must be at least 1, got 0"),
        ({"optimizer": None}, "an optimizer is needed"),
        ({"optimizer": partial(SGD, lr=-0.1)}, "lr must be at least 0, got -0.1"),
        ({"optimizer": SGD(Linear().parameters(), lr=0.1)}, "holds no parameter of this model"),
        ({"schedule": lr_scheduler.ExponentialLR(SGD(Linear().parameters(), lr=1), 0.9)}, "another optimizer"),
        ({"schedule_every": "batch"}, "schedule_every must be 'step' or 'epoch', got 'batch'"),
        ({"data": {"training": [(X, Y)]}}, r"data must hold 'train', got \['training'\]"),
        ({"evaluate_on": ["tset"]}, r"evaluate_on names \['tset'\]"),
        ({"batch_size": 0, "data": DATA}, "batch_size must be at least 1"),
        ({"seed": -1, "data": DATA}, "seed must be at least 0"),
        ({"data": [(X, Y + 1)]}, "labels must lie between 0 and 9.*1 to 10"),
        ({"data": [(X * torch.nan, Y)]}, "NaN or infinity"),
        ({"data": [(X, Y[:3])]}, "360 inputs and 3 targets"),
        ({"data": [(X, X[:, 0, :1, 0])], "loss": F.mse_loss}, "would broadcast"),
        ({"data": []}, "yielded no batch"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_bad_input_is_refused_before_any_training(settings: dict[str, object], message: str) -> None:
    sound = {"data": [(X, Y)], "optimizer": partial(SGD, lr=0.1), **CPU}
    model = Untouched()
    before = weights(model).clone()
    with pytest.raises(ValueError, match=message):
        fit(model, **{**sound, **settings})
    assert torch.equal(weights(model), before)


def test_an_unknown_column_is_answered_with_those_there_are() -> None:
    run = Run(Linear(), SGD(Linear().parameters(), lr=0.1), History(), torch.device("cpu"), 0, 1)
    with pytest.raises(KeyError, match="no column 'acc'"):
        run.final("acc")
