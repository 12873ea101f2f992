"""Judges of the model and of the run's length: each names its fault in a small loop, and is silent on the sound one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import pairwise
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unstuck.doctor.case import Budget, Case, Suspicion, Verdict
from unstuck.doctor.causes import JUDGES
from unstuck.doctor.causes.flow import ended
from unstuck.doctor.remakes import levelled, redrawn, sums
from unstuck.doctor.signals import listen
from unstuck.doctor.streams import streams_of
from unstuck.doctor.watch.install import watching
from unstuck.doctor.watch.watcher import Watcher

Make = Callable[[], nn.Module]


def rings(count: int = 400, noise: float = 0.1) -> tuple[Tensor, Tensor]:
    """Two rings of points: what no straight line tells apart."""
    generator = torch.Generator().manual_seed(1)
    y = torch.arange(count) % 2
    angle = 6.283 * torch.rand(count, generator=generator)
    radius = 1.0 + 1.0 * y + noise * torch.randn(count, generator=generator)
    return torch.stack([radius * angle.cos(), radius * angle.sin()], 1) / 1.2, y


def trained(
    make: Make,
    data: tuple[Tensor, Tensor] | None = None,
    *,
    epochs: int = 15,
    batch: int = 25,
    lr: float = 5e-3,
    held: int = 100,
    modes: tuple[bool, bool] = (True, False),
    kind: Callable[..., torch.optim.Optimizer] = torch.optim.Adam,
    loss: str = "cross_entropy",
) -> Case:
    """Train as a script would, and return the case of it; ``modes`` are those of training and of evaluation."""
    watcher = Watcher()
    x, y = data or rings()
    with watching(watcher):
        torch.manual_seed(0)
        model = make()
        optimizer = kind(model.parameters(), lr=lr)
        for _ in range(epochs):
            model.train(modes[0])
            for index in (torch.randperm(len(x) - held) + held).split(batch):
                optimizer.zero_grad()
                getattr(F, loss)(model(x[index]), y[index]).backward()
                optimizer.step()
            model.train(modes[1])
            with torch.no_grad():
                out = model(x[:held])
                (out.argmax(1) == y[:held]).float().mean() if y.ndim == 1 else getattr(F, loss)(out, y[:held])
    return Case(streams_of(watcher.seen)[0], Budget(60.0))


def mlp(*widths: int, activation: Callable[[], nn.Module] = nn.ReLU, after: Iterable[nn.Module] = ()) -> nn.Sequential:
    layers: list[nn.Module] = []
    for given, wide in pairwise(widths):
        layers += [nn.Linear(given, wide), activation(), *after]
    return nn.Sequential(*layers[: -1 - len(list(after))])


def with_weights(model: nn.Module, change: Callable[[Tensor], object], kind: str = "weight") -> nn.Module:
    for name, parameter in model.named_parameters():
        if kind in name:
            with torch.no_grad():
                change(parameter)
    return model


def asked(slug: str, case: Case) -> tuple[Suspicion | None, Verdict | None]:
    """Return what a judge says, and what its probe says to it."""
    suspicion = JUDGES[slug](case)
    return suspicion, suspicion.probe() if suspicion is not None and suspicion.probe is not None else None


def names_it(slug: str, case: Case) -> Suspicion:
    suspicion, verdict = asked(slug, case)
    assert suspicion is not None
    assert suspicion.cause == slug
    assert verdict is None or verdict.confirmed, verdict
    assert verdict is not None or suspicion.confidence >= 0.5
    assert suspicion.where is not None
    assert suspicion.where.file == __file__
    return suspicion


def is_silent(slug: str, case: Case) -> None:
    suspicion, verdict = asked(slug, case)
    assert suspicion is None or (verdict is not None and not verdict.confirmed and not suspicion.certain), suspicion


@pytest.fixture(scope="module")
def sound() -> Case:
    return trained(lambda: mlp(2, 32, 32, 2), epochs=20)


MODEL = (
    "zero_or_constant_init", "init_too_large", "vanishing_gradients", "exploding_gradients", "dying_relu",
    "under_capacity", "dropout_too_strong", "wrong_train_eval_mode", "batch_norm_tiny_batch",
    "shared_parameters_by_accident", "too_few_steps", "overfitting",
)  # fmt: skip


@pytest.mark.parametrize("slug", MODEL)
def test_a_sound_run_is_accused_of_nothing(slug: str, sound: Case) -> None:
    is_silent(slug, sound)


def test_equal_weights_are_named_with_the_line_that_made_them_equal() -> None:
    case = trained(lambda: with_weights(mlp(2, 16, 2), lambda weight: weight.fill_(0.3), ""), epochs=6)
    suspicion = names_it("zero_or_constant_init", case)
    assert suspicion.evidence["equal_units"] == 1


def test_equal_weights_of_free_tensors_are_seen_without_a_module() -> None:
    watcher = Watcher()
    x, y = rings()
    with watching(watcher):
        first, last = torch.zeros(2, 8, requires_grad=True), torch.zeros(8, 2, requires_grad=True)
        bias = torch.zeros(2, requires_grad=True)
        optimizer = torch.optim.SGD([first, last, bias], lr=0.1)
        for index in torch.arange(len(x)).split(40):
            optimizer.zero_grad()
            F.cross_entropy(torch.tanh(x[index] @ first) @ last + bias, y[index] * 0).backward()
            optimizer.step()
    assert JUDGES["zero_or_constant_init"](Case(streams_of(watcher.seen)[0], None)) is not None


def by_hand(draw: Callable[[int, int], Tensor], *, cleared: bool = True) -> Case:
    """Descend by hand with tensors that no module holds, as lecture notes do."""
    watcher = Watcher()
    x, y = rings()
    with watching(watcher):
        torch.manual_seed(0)
        weights = [draw(*shape).requires_grad_() for shape in ((2, 32), (32, 32), (32, 2))]
        for index in torch.randperm(len(x)).repeat(4).split(40):
            hidden = torch.tanh(torch.tanh(x[index] @ weights[0]) @ weights[1])
            F.cross_entropy(hidden @ weights[2], y[index]).backward()
            with torch.no_grad():
                for weight in weights:
                    weight -= 0.1 * weight.grad
                    if cleared:
                        weight.grad = None
    return Case(streams_of(watcher.seen)[0], None)


def drawn(rows: int, columns: int) -> Tensor:
    return torch.randn(rows, columns) / rows**0.5


@pytest.mark.parametrize(
    ("slug", "draw", "cleared"),
    [
        ("zero_or_constant_init", lambda rows, columns: torch.full((rows, columns), 0.1), True),
        ("init_too_large", lambda rows, columns: 2 * torch.randn(rows, columns), True),
        ("missing_zero_grad", drawn, False),
    ],
)
def test_a_descent_by_hand_is_judged_by_what_its_passes_left(
    slug: str, draw: Callable[[int, int], Tensor], cleared: bool
) -> None:
    suspicion = JUDGES[slug](by_hand(draw, cleared=cleared))
    assert suspicion is not None
    assert suspicion.confidence >= 0.5
    assert suspicion.where is not None
    assert suspicion.where.file == __file__
    assert JUDGES[slug](by_hand(drawn)) is None


class Factors(nn.Module):
    """Two kinds of things, and how well each of one goes with each of the other: one matrix in all."""

    def __init__(self, start: Tensor) -> None:
        super().__init__()
        self.factors = nn.Parameter(start)

    def forward(self, pairs: Tensor) -> Tensor:
        return self.factors[pairs].prod(1).sum(1, keepdim=True)


@pytest.mark.parametrize("constant", [True, False])
def test_factors_that_start_equal_stay_equal(constant: bool) -> None:
    torch.manual_seed(1)
    pairs = torch.stack([torch.randint(0, 12, (400,)), torch.randint(12, 24, (400,))], 1)
    truth = torch.randn(24, 4)[pairs].prod(1).sum(1, keepdim=True)
    start = torch.full((24, 4), 0.3) if constant else 0.3 * torch.randn(24, 4)
    case = trained(lambda: Factors(start), (pairs, truth / truth.std()), epochs=10, lr=0.02, loss="mse_loss")
    assert (JUDGES["zero_or_constant_init"](case) is not None) == constant


def test_a_last_layer_of_zeros_is_meant() -> None:
    def make() -> nn.Module:
        model = mlp(2, 16, 2)
        nn.init.zeros_(model[2].weight)  # type: ignore[arg-type]
        return model

    is_silent("zero_or_constant_init", trained(make, epochs=6))


def test_large_weights_are_named() -> None:
    case = trained(
        lambda: with_weights(mlp(2, 64, 64, 2, activation=nn.Tanh), lambda w: w.normal_(0, 2)), lr=5e-3, epochs=10
    )
    assert names_it("init_too_large", case).evidence["gain"] > 3


def test_a_signal_that_fades_is_named() -> None:
    case = trained(lambda: with_weights(mlp(2, *[24] * 6, 2), lambda w: w.normal_(0, 0.05)), epochs=8, lr=1e-3)
    assert names_it("vanishing_gradients", case).evidence["ratio"] < 1e-3


class WideAndDeep(nn.Module):
    """A layer beside many, which fade."""

    def __init__(self) -> None:
        super().__init__()
        self.wide = nn.Linear(2, 2)
        self.deep = with_weights(mlp(2, *[24] * 6, 2), lambda w: w.normal_(0, 0.05))

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.wide(x) + self.deep(x)
        return out


def test_a_signal_that_fades_beside_another_is_named() -> None:
    assert names_it("vanishing_gradients", trained(WideAndDeep, epochs=8, lr=1e-3)).evidence["ratio"] < 1e-3


def test_a_signal_that_grows_is_named() -> None:
    case = trained(
        lambda: with_weights(mlp(2, *[48] * 9, 2), lambda w: w.normal_(0, 0.4)),
        epochs=10,
        lr=0.05,
        kind=torch.optim.SGD,
    )  # gains of 2, which no layer would be accused of by itself
    assert names_it("exploding_gradients", case).evidence["forwards"] > 20


def test_gradients_that_burst_on_the_way_are_named() -> None:
    class Sum(nn.Module):
        """Adds up a sequence in a state that nothing holds in bounds."""

        def __init__(self) -> None:
            super().__init__()
            self.rnn, self.out = nn.RNN(1, 16, nonlinearity="relu", batch_first=True), nn.Linear(16, 1)
            nn.init.eye_(self.rnn.weight_hh_l0)

        def forward(self, x: Tensor) -> Tensor:
            return self.out(self.rnn(x[..., None])[0][:, -1])

    x = torch.randn(400, 40, generator=torch.Generator().manual_seed(0))
    data = x, x.sum(1, keepdim=True) / 6
    case = trained(Sum, data, epochs=12, lr=0.03, kind=torch.optim.SGD, loss="mse_loss")
    assert ended(case)
    suspicion, _ = asked("exploding_gradients", case)
    assert suspicion is not None
    assert suspicion.where is not None


def test_units_that_never_speak_are_named() -> None:
    case = trained(lambda: with_weights(mlp(2, 32, 2), lambda bias: bias.fill_(-1.5), "0.bias"), epochs=16, lr=2e-2)
    assert names_it("dying_relu", case).evidence["dead_first"] > 0.5


def test_a_linear_model_is_too_little_for_rings() -> None:
    case = trained(lambda: nn.Sequential(nn.Linear(2, 16), nn.Linear(16, 2)), epochs=20)
    assert "no activation" in names_it("under_capacity", case).summary


def test_a_narrow_model_is_too_little() -> None:
    case = trained(lambda: mlp(2, 1, 2), epochs=15, lr=2e-2)
    suspicion, verdict = asked("under_capacity", case)
    assert suspicion is not None
    assert suspicion.evidence["narrowest"] == 1
    assert verdict is not None
    assert verdict.confirmed, verdict.tried


def test_dropout_that_leaves_next_to_nothing_is_named() -> None:
    case = trained(lambda: mlp(2, 16, 16, 2, after=[nn.Dropout(0.85)]), epochs=15)
    names_it("dropout_too_strong", case)


def test_a_usual_dropout_is_not() -> None:
    is_silent("dropout_too_strong", trained(lambda: mlp(2, 32, 32, 2, after=[nn.Dropout(0.3)]), epochs=8))


@pytest.mark.parametrize("modes", [(False, False), (True, True)])
def test_a_wrong_mode_is_named(modes: tuple[bool, bool]) -> None:
    case = trained(lambda: mlp(2, 16, 2, after=[nn.Dropout(0.5)]), epochs=4, modes=modes)
    suspicion, _ = asked("wrong_train_eval_mode", case)
    assert suspicion is not None
    assert suspicion.certain


def test_no_mode_is_wrong_where_none_matters() -> None:
    is_silent("wrong_train_eval_mode", trained(lambda: mlp(2, 16, 2), epochs=4, modes=(False, True)))


def test_the_right_modes_are_not_named() -> None:
    is_silent("wrong_train_eval_mode", trained(lambda: mlp(2, 16, 2, after=[nn.Dropout(0.5)]), epochs=4))


class Dropping(nn.Module):
    def __init__(self, *, always: bool) -> None:
        super().__init__()
        self.first, self.last, self.always = nn.Linear(2, 32), nn.Linear(32, 2), always

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.last(F.dropout(F.relu(self.first(x)), 0.5, self.always or self.training))
        return out


def test_a_functional_dropout_that_is_always_on_is_named_at_its_line() -> None:
    suspicion, _ = asked("wrong_train_eval_mode", trained(lambda: Dropping(always=True), epochs=4))
    assert suspicion is not None
    assert suspicion.where is not None
    assert "F.dropout" in Path(__file__).read_text(encoding="utf8").splitlines()[suspicion.where.line - 1]
    is_silent("wrong_train_eval_mode", trained(lambda: Dropping(always=False), epochs=4))


def test_an_average_over_dropout_is_meant() -> None:
    watcher = Watcher()
    x, y = rings()
    with watching(watcher):
        model = mlp(2, 16, 2, after=[nn.Dropout(0.5)])
        optimizer = torch.optim.Adam(model.parameters())
        for index in torch.arange(len(x)).split(40):
            optimizer.zero_grad()
            F.cross_entropy(model(x[index]), y[index]).backward()
            optimizer.step()
        with torch.no_grad():
            (torch.stack([model(x) for _ in range(10)]).mean(0).argmax(1) == y).sum()
    is_silent("wrong_train_eval_mode", Case(streams_of(watcher.seen)[0], Budget(60.0)))


def test_batch_statistics_of_two_samples_are_named() -> None:
    case = trained(lambda: mlp(2, 16, 2, after=[nn.BatchNorm1d(16)]), batch=2, epochs=1)
    suspicion, _ = asked("batch_norm_tiny_batch", case)
    assert suspicion is not None
    assert suspicion.evidence["values_per_channel"] == 2
    is_silent("batch_norm_tiny_batch", trained(lambda: mlp(2, 16, 2, after=[nn.BatchNorm1d(16)]), epochs=1))


class Additive(nn.Module):
    def __init__(self, parts: list[nn.Module]) -> None:
        super().__init__()
        self.parts = nn.ModuleList(parts)

    def forward(self, x: Tensor) -> Tensor:
        return torch.stack([part(x[:, [i]]) for i, part in enumerate(self.parts)]).sum(0)


def test_a_module_listed_twice_is_named_and_modules_of_their_own_are_not() -> None:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(500, 2, generator=generator)
    y = x[:, :1].abs() - x[:, 1:].abs()
    options = {"data": (x, y), "loss": "mse_loss", "epochs": 12}
    names_it("shared_parameters_by_accident", trained(lambda: Additive([mlp(1, 16, 1)] * 2), **options))  # type: ignore[arg-type]
    own = trained(lambda: Additive([mlp(1, 16, 1) for _ in range(2)]), **options)  # type: ignore[arg-type]
    is_silent("shared_parameters_by_accident", own)


class Listed(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(2, 32), nn.Linear(32, 2)
        self.layers = nn.ModuleList([self.first, self.last])

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.layers[1](F.relu(self.layers[0](x)))
        return out


def test_a_module_of_two_names_that_is_called_once_is_not_shared() -> None:
    assert JUDGES["shared_parameters_by_accident"](trained(Listed, epochs=2)) is None


def test_a_run_cut_short_is_named_with_the_number_of_its_epochs() -> None:
    x, _ = rings()
    y = (2 * x[:, :1]).sin() + x[:, 1:] ** 2
    case = trained(lambda: mlp(2, 32, 32, 1), (x, y), epochs=3, batch=20, lr=2e-3, loss="mse_loss")
    suspicion = names_it("too_few_steps", case)
    assert suspicion.evidence["epochs"] == 3


def test_a_run_that_turned_is_named() -> None:
    x, _ = rings(240)
    y = torch.randint(0, 2, (240,), generator=torch.Generator().manual_seed(2))
    y = torch.where(x[:, 0] > 0, 1, 0) ^ (torch.rand(240, generator=torch.Generator().manual_seed(3)) < 0.25).long()
    case = trained(lambda: mlp(2, 128, 128, 2), (x, y), epochs=80, held=180, batch=20)
    suspicion, _ = asked("overfitting", case)
    assert suspicion is not None
    assert suspicion.evidence["train"] > suspicion.evidence["evaluation"]


def test_listening_sees_functions_and_gradients_and_leaves_no_trace(sound: Case) -> None:
    again = sound.rerun
    assert again is not None
    models = again.final()
    before = torch.random.get_rng_state()
    signals = listen(again, models, again.batches[0])
    assert torch.equal(before, torch.random.get_rng_state())
    assert [call.kind for call in signals.calls] == ["layer", "activation", "layer", "activation", "layer"]
    assert all(call.delta > 0 for call in signals.layers)
    assert all(p.grad is None for model in models.values() for p in model.parameters())


def test_levelling_gives_every_layer_but_the_last_a_unit_output(sound: Case) -> None:
    again = sound.rerun
    assert again is not None
    models = again.fresh()
    for model in models.values():
        with_weights(model, lambda weight: weight.mul_(0.01))
    levelled(again, models)
    layers = listen(again, models, again.batches[0], training=True).layers
    assert [call.spread for call in layers[:-1]] == pytest.approx([1.0, 1.0], rel=0.05)


def test_redrawing_and_summing_keep_the_size_of_the_output(sound: Case) -> None:
    again = sound.rerun
    assert again is not None
    models = again.fresh()
    first = {name: p.detach().clone() for model in models.values() for name, p in model.named_parameters()}
    redrawn(models)
    assert all(not torch.equal(first[name], p) for model in models.values() for name, p in model.named_parameters())
    wider = sums(again, 4)
    assert wider.model is not None
    torch.manual_seed(0)
    wide = wider.model(again.fresh())
    assert wide is not None
    one = listen(again, again.fresh(), again.batches[0]).given
    four = listen(again, wide, again.batches[0]).given
    assert one is not None
    assert four is not None
    assert 0.3 < float(four.std() / one.std()) < 3
