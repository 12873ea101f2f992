"""The judges of the loss, of the gradients and of the steps: each names its fault, and is silent on the sound loop."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unstuck.data import load
from unstuck.doctor import Doctor, Report

DIGITS = load("digits")
X, Y = DIGITS.train.x[:600], DIGITS.train.y[:600]
TEST = DIGITS.test


def mlp(*after: nn.Module, width: int = 32) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(64, width), nn.ReLU(), nn.Linear(width, 10), *after)


def fit(
    model: nn.Module,
    loss: Callable[[Tensor, Tensor], Tensor] = F.cross_entropy,
    optimizer: torch.optim.Optimizer | None = None,
    *,
    before: Callable[[torch.optim.Optimizer], None] = lambda optimizer: optimizer.zero_grad(),
    between: Callable[[torch.optim.Optimizer], None] = lambda optimizer: None,
    step: bool = True,
    epochs: int = 8,
    x: Tensor = X,
    y: Tensor = Y,
) -> None:
    """Train a model as scripts do; the arguments plant a fault."""
    optimizer = optimizer or torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    torch.manual_seed(1)
    for _ in range(epochs):
        for rows in torch.randperm(len(x)).split(50):
            before(optimizer)
            loss(model(x[rows]), y[rows]).backward()
            between(optimizer)
            if step:
                optimizer.step()
    with torch.no_grad():
        model(TEST.x).argmax(1).eq(TEST.y).float().mean().item()


def diagnosed(run: Callable[[], Any], *, probes: bool = False) -> Report:
    with Doctor(probes=probes) as doctor:
        run()
    return doctor.report()


def causes(run: Callable[[], Any], *, probes: bool = False) -> list[str]:
    return [finding.cause for finding in diagnosed(run, probes=probes).findings]


def nothing(_: torch.optim.Optimizer) -> None:
    """Leave something out."""


def sgd(model: nn.Module, **settings: float) -> torch.optim.Optimizer:
    return torch.optim.SGD(model.parameters(), **{"lr": 0.1, "momentum": 0.9, **settings})


def negative(output: Tensor, target: Tensor) -> Tensor:
    return -F.cross_entropy(output, target)


def cut(optimizer: torch.optim.Optimizer) -> None:
    optimizer.zero_grad()


class Listed(nn.Module):
    """Keeps its hidden layers where ``parameters()`` does not find them."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.hidden = [nn.Linear(64, 32), nn.Linear(32, 32)]
        self.out = nn.Linear(32, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = x.flatten(1)
        for layer in self.hidden:
            x = layer(x).relu()
        return self.out(x)


class Detached(nn.Module):
    """Cuts the gradient between its layers."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = nn.Linear(64, 32), nn.Linear(32, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.two(self.one(x.flatten(1)).relu().detach())


class Forgetful(nn.Module):
    """Makes its last layer whenever it is called."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.hidden = nn.Linear(64, 32)

    def forward(self, x: Tensor) -> Tensor:
        out = nn.Linear(32, 10)
        return out(self.hidden(x.flatten(1)).relu())


class Attention(nn.Module):
    """Weighs the rows of an image by one another."""

    def __init__(self, axis: int) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.query, self.key, self.axis = nn.Linear(8, 8), nn.Linear(8, 8), axis
        self.out = nn.Linear(64, 10)

    def forward(self, x: Tensor) -> Tensor:
        rows = x.flatten(1, 2)
        scores = torch.einsum("bid,bjd->bij", self.query(rows), self.key(rows))
        mixed = torch.einsum("bij,bjd->bid", scores.softmax(self.axis), rows)
        return self.out(mixed.flatten(1))


def half_an_optimizer() -> None:
    model = mlp()
    fit(model, optimizer=torch.optim.SGD(model[3].parameters(), lr=0.1))


def another_models_optimizer() -> None:
    other = mlp()
    fit(mlp(), optimizer=sgd(other))


def a_layer_replaced_too_late() -> None:
    model = mlp()
    optimizer = sgd(model)
    model[3] = nn.Linear(32, 10)
    fit(model, optimizer=optimizer)


def an_image_is_optimised() -> None:
    model = mlp()
    fit(model, epochs=6)
    image = torch.zeros(1, 1, 8, 8, requires_grad=True)
    optimizer = torch.optim.Adam([image], lr=0.05)
    for _ in range(60):
        optimizer.zero_grad()
        F.cross_entropy(model(image), torch.tensor([3])).backward()
        optimizer.step()


def frozen() -> None:
    model = mlp()
    model[1].requires_grad_(False)
    fit(model)


def a_copy_of_what_was_trained() -> None:
    trained = mlp()
    fit(trained)
    model = copy.deepcopy(trained)
    model[1].requires_grad_(False)
    nn.init.normal_(model[-1].weight, std=0.1)
    fit(model)


def misspelt() -> None:
    model = mlp()
    fit(model, epochs=2)
    model[1].requires_grad_(False)
    for parameter in model[1].parameters():
        parameter.require_grad = True  # type: ignore[attr-defined]
    fit(model)


def idle_optimizer() -> None:
    model = mlp()
    fit(model, optimizer=sgd(model), step=False)


def no_backward() -> None:
    model = mlp()
    optimizer = sgd(model)
    for _ in range(8):
        optimizer.zero_grad()
        F.cross_entropy(model(X), Y)
        optimizer.step()


def out_of_bounds() -> None:
    fit(mlp(), y=Y + 1)


def off_by_one_in_evaluation() -> None:
    model = mlp()
    fit(model, x=X[Y > 0], y=Y[Y > 0] - 1)


def regression(loss: Callable[[Tensor, Tensor], Tensor], *after: nn.Module) -> None:
    torch.manual_seed(0)
    x = torch.randn(400, 5)
    y = x[:, 0] - 2 * x[:, 1]
    model = nn.Sequential(nn.Linear(5, 16), nn.Tanh(), nn.Linear(16, 1), *after)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(15):
        for rows in torch.randperm(400).split(40):
            optimizer.zero_grad()
            loss(model(x[rows]), y[rows]).backward()
            optimizer.step()


def by_hand(output: Tensor, target: Tensor) -> Tensor:
    return ((output - target) ** 2).mean()


def broadcasting(output: Tensor, target: Tensor) -> Tensor:
    return ((output - target) ** 2).mean()


def of_one_shape(output: Tensor, target: Tensor) -> Tensor:
    return by_hand(output.squeeze(1), target)


def two_classes(loss: Callable[[Tensor, Tensor], Tensor], *after: nn.Module) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 1), *after)
    fit(model, lambda out, y: loss(out.squeeze(1), (y > 4).float()))


def scaled(unscaled: bool) -> None:
    model = mlp()
    optimizer, scaler = sgd(model), torch.amp.GradScaler("cpu", init_scale=1024.0)
    for _ in range(10):
        for rows in torch.randperm(len(X)).split(50):
            optimizer.zero_grad()
            scaler.scale(F.cross_entropy(model(X[rows]), Y[rows])).backward()
            if unscaled:
                scaler.unscale_(optimizer)
            nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            scaler.step(optimizer)
            scaler.update()


class Tagger(nn.Module):
    """Reads eight steps of a sequence, and returns log-probabilities of ten classes for each."""

    def __init__(self, axis: int) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.rnn, self.out, self.axis = nn.GRU(8, 16, batch_first=True), nn.Linear(16, 10), axis

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.rnn(x.flatten(1, 2))[0]).log_softmax(self.axis)


def tagged(axis: int, *, flattened: bool = True) -> None:
    y = Y[:, None].repeat(1, 8)

    def loss(out: Tensor, target: Tensor) -> Tensor:
        return F.nll_loss(out.flatten(0, 1), target.flatten()) if flattened else F.nll_loss(out.mT, target)

    model = Tagger(axis)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(6):
        for rows in torch.randperm(len(X)).split(50):
            optimizer.zero_grad()
            loss(model(X[rows]), y[rows]).backward()
            optimizer.step()


def likelihood(sign: float) -> None:
    torch.manual_seed(0)
    x = torch.randn(400, 3)
    y = x[:, 0] + 0.3 * torch.randn(400)
    model = nn.Sequential(nn.Linear(3, 16), nn.Tanh(), nn.Linear(16, 2))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
    for _ in range(6):
        for rows in torch.randperm(400).split(40):
            mean, spread = model(x[rows]).unbind(1)
            optimizer.zero_grad()
            (sign * torch.distributions.Normal(mean, spread.clamp(-2, 2).exp()).log_prob(y[rows]).mean()).backward()
            optimizer.step()


def preferences(sign: float) -> None:
    torch.manual_seed(0)
    x, items = torch.randint(60, (1200,)), torch.randint(40, (1200,))
    users, goods = nn.Embedding(60, 4), nn.Embedding(40, 4)
    optimizer = torch.optim.Adam([*users.parameters(), *goods.parameters()], lr=0.02)
    for _ in range(4):
        for rows in torch.randperm(1200).split(50):
            other = torch.randint(40, (50,))
            better = (users(x[rows]) * (goods(items[rows]) - goods(other))).sum(1)
            optimizer.zero_grad()
            (sign * F.logsigmoid(better).mean()).backward()
            optimizer.step()


def costly_actions() -> None:
    model = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 3))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(60):
        state = torch.randn(32, 4)
        policy = torch.distributions.Categorical(logits=model(state))
        action = policy.sample()
        cost = 1.0 + (action - state.argmax(1) % 3).abs()  # a reward that is never positive
        optimizer.zero_grad()
        (policy.log_prob(action) * cost).mean().backward()
        optimizer.step()


def sharpness_aware() -> None:
    model = mlp()
    optimizer = sgd(model, lr=0.05)
    for _ in range(8):
        for rows in torch.randperm(len(X)).split(50):
            F.cross_entropy(model(X[rows]), Y[rows]).backward()
            with torch.no_grad():
                climbs = [0.05 * p.grad / p.grad.norm().clamp(min=1e-12) for p in model.parameters()]
                for p, climb in zip(model.parameters(), climbs, strict=True):
                    p.add_(climb)
            optimizer.zero_grad()
            F.cross_entropy(model(X[rows]), Y[rows]).backward()
            with torch.no_grad():
                for p, climb in zip(model.parameters(), climbs, strict=True):
                    p.sub_(climb)
            optimizer.step()
            optimizer.zero_grad()


def two_optimizers(*, cleared: bool) -> None:
    model = mlp()
    first = torch.optim.SGD(model[1].parameters(), lr=0.1, momentum=0.9)
    second = torch.optim.SGD(model[3].parameters(), lr=0.1, momentum=0.9)

    def between(optimizer: torch.optim.Optimizer) -> None:
        first.step()
        if cleared:
            model.zero_grad()

    fit(model, optimizer=second, before=lambda optimizer: model.zero_grad(), between=between)


def a_second_loss(*, backward: bool) -> None:
    """Train one network on what another leaves over, each with an optimiser of its own."""
    x = torch.linspace(-1, 1, 96)[:, None]
    first, second = (nn.Sequential(nn.Linear(1, 16), nn.Tanh(), nn.Linear(16, 1)) for _ in range(2))
    one, two = (torch.optim.Adam(model.parameters(), lr=0.01) for model in (first, second))
    for _ in range(40):
        one.zero_grad()
        two.zero_grad()
        out = first(x)
        F.mse_loss(out, x.sin()).backward()
        one.step()
        rest = F.mse_loss(second(x), (x.sin() - out).detach().square())
        if backward:
            rest.backward()
        two.step()


def overlap(*, maximised: bool) -> None:
    """Minimise how far the guessed part of one class agrees with the true one, or how far it does not."""
    zero = (Y == 0).float()
    model = nn.Sequential(mlp(), nn.Linear(10, 1))

    def dice(out: Tensor, y: Tensor) -> Tensor:
        share = out.squeeze(1).sigmoid()
        common = (2 * (share * y).sum() + 1) / (share.sum() + y.sum() + 1)
        return common if maximised else 1 - common

    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(8):
        for rows in torch.randperm(len(X)).split(50):
            optimizer.zero_grad()
            dice(model(X[rows]), zero[rows]).backward()
            optimizer.step()


def slope_at_the_start() -> None:
    model = nn.Sequential(nn.Linear(1, 16), nn.Tanh(), nn.Linear(16, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    start = torch.zeros(1, 1, requires_grad=True)
    x = torch.linspace(-1, 1, 64)[:, None]
    for _ in range(60):
        (slope,) = torch.autograd.grad(model(start).sum(), start, create_graph=True)
        optimizer.zero_grad()
        (F.mse_loss(model(x), x.sin()) + (slope - 1).square().sum()).backward()
        optimizer.step()


FAULTS: dict[str, tuple[str, Callable[[], Any]]] = {
    "softmax module": ("softmax_before_cross_entropy", lambda: fit(mlp(nn.Softmax(dim=1)))),
    "softmax function": (
        "softmax_before_cross_entropy",
        lambda: fit(mlp(), lambda out, y: F.cross_entropy(out.softmax(1), y)),
    ),
    "sigmoid": (
        "sigmoid_before_logit_loss",
        lambda: two_classes(F.binary_cross_entropy_with_logits, nn.Sigmoid()),
    ),
    "ReLU on logits": ("relu_on_output", lambda: fit(mlp(nn.ReLU()))),
    "ReLU on a regression": ("relu_on_output", lambda: regression(of_one_shape, nn.ReLU())),
    "nll of logits": ("nll_without_log_softmax", lambda: fit(mlp(), F.nll_loss)),
    "nll of probabilities": ("nll_without_log_softmax", lambda: fit(mlp(nn.Softmax(1)), F.nll_loss)),
    "log-softmax over the batch": ("softmax_wrong_axis", lambda: fit(mlp(nn.LogSoftmax(dim=0)), F.nll_loss)),
    "attention over the wrong axis": ("softmax_wrong_axis", lambda: fit(Attention(1))),
    "a layer made in forward": ("unregistered_parameters", lambda: fit(Forgetful())),
    "log-softmax over time": ("softmax_wrong_axis", lambda: tagged(1)),
    "likelihood made smaller": ("loss_sign_flipped", lambda: likelihood(1.0)),
    "preferences made unlikely": ("loss_sign_flipped", lambda: preferences(1.0)),
    "minus": ("loss_sign_flipped", lambda: fit(mlp(), negative, epochs=2)),
    "mse broadcast": ("loss_shape_broadcast", lambda: regression(F.mse_loss)),
    "by hand broadcast": ("loss_shape_broadcast", lambda: regression(broadcasting)),
    "labels from 1": ("label_index_error", out_of_bounds),
    "labels shifted in training only": ("label_index_error", off_by_one_in_evaluation),
    "no zero_grad": ("missing_zero_grad", lambda: fit(mlp(), before=nothing)),
    "zero_grad after backward": ("zero_grad_after_backward", lambda: fit(mlp(), between=cut)),
    "zero_grad between two steps": ("zero_grad_after_backward", lambda: two_optimizers(cleared=True)),
    "no backward": ("missing_backward", no_backward),
    "no backward for a second loss": ("missing_backward", lambda: a_second_loss(backward=False)),
    "no step": ("missing_optimizer_step", idle_optimizer),
    "half an optimiser": ("optimizer_misses_parameters", half_an_optimizer),
    "another model's optimiser": ("optimizer_misses_parameters", another_models_optimizer),
    "a layer replaced too late": ("optimizer_misses_parameters", a_layer_replaced_too_late),
    "layers in a list": ("unregistered_parameters", lambda: fit(Listed())),
    "frozen": ("frozen_parameters", frozen),
    "requires_grad misspelt": ("frozen_parameters", misspelt),
    "detached": ("detached_graph", lambda: fit(Detached())),
    "clip before unscale": ("clip_before_unscale", lambda: scaled(unscaled=False)),
}

SOUND: dict[str, Callable[[], Any]] = {
    "plain": lambda: fit(mlp()),
    "nll of log-softmax": lambda: fit(mlp(nn.LogSoftmax(dim=1)), F.nll_loss),
    "zero_grad after the step": lambda: fit(
        mlp(), before=nothing, between=lambda o: (o.step(), o.zero_grad()), step=False
    ),  # type: ignore[arg-type, return-value]
    "logits of two classes": lambda: two_classes(F.binary_cross_entropy_with_logits),
    "probabilities into BCE": lambda: two_classes(F.binary_cross_entropy, nn.Sigmoid()),
    "layers of a copy of what was trained are frozen": a_copy_of_what_was_trained,
    "an image is optimised": an_image_is_optimised,
    "one shape": lambda: regression(of_one_shape),
    "clip after unscale": lambda: scaled(unscaled=True),
    "attention": lambda: fit(Attention(2)),
    "classes last, flattened": lambda: tagged(2),
    "classes last, moved": lambda: tagged(2, flattened=False),
    "likelihood made larger": lambda: likelihood(-1.0),
    "preferences made likely": lambda: preferences(-1.0),
    "actions weighed by what they cost": costly_actions,
    "sharpness-aware": sharpness_aware,
    "a second loss": lambda: a_second_loss(backward=True),
    "two optimisers": lambda: two_optimizers(cleared=False),
    "the gradient of an input": slope_at_the_start,
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_named_from_what_was_watched(name: str) -> None:
    cause, run = FAULTS[name]
    doctor = Doctor(probes=False)
    with suppress(IndexError), warnings.catch_warnings():  # PyTorch itself refuses one, and warns of another
        warnings.simplefilter("ignore", UserWarning)
        with doctor:
            run()
    assert doctor.report().findings[0].cause == cause


@pytest.mark.parametrize("name", SOUND)
def test_a_sound_loop_is_not_accused(name: str) -> None:
    report = diagnosed(SOUND[name])
    assert (report.verdict, report.findings) == ("healthy", ())


@pytest.mark.parametrize(
    ("settings", "cause"),
    [
        ({"lr": 1e-5}, "lr_too_low"),
        ({"lr": 8.0}, "lr_too_high"),
        ({"weight_decay": 0.3}, "weight_decay_too_strong"),
        ({"momentum": 0.999}, "momentum_too_high"),
    ],
    ids=str,
)
def test_a_setting_is_named_once_a_rerun_without_it_cures(settings: dict[str, float], cause: str) -> None:
    model = mlp()
    report = diagnosed(lambda: fit(model, optimizer=sgd(model, **settings)), probes=True)
    first = report.findings[0]
    assert (first.cause, first.confirmed) == (cause, True)
    assert "->" in first.tried


@pytest.mark.parametrize("library", [False, True])
def test_a_penalty_by_hand_that_outweighs_the_data_is_named(library: bool) -> None:
    def run() -> None:
        torch.manual_seed(0)
        x = torch.rand(400, 4) * 3 - 1.5
        y = x[:, 0] * x[:, 1] + x[:, 2].abs()
        model = nn.Sequential(nn.Linear(4, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 1))
        optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
        for _ in range(20):
            for rows in torch.randperm(400).split(40):
                out = model(x[rows]).squeeze(1)
                error = F.mse_loss(out, y[rows]) if library else ((out - y[rows]) ** 2).mean()
                loss = error + 0.05 * sum(p.square().sum() for p in model.parameters() if p.ndim > 1)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()

    assert causes(run, probes=True)[0] == "weight_decay_too_strong"


def test_a_clip_that_decides_the_step_is_named() -> None:
    model = mlp()
    clip: Callable[[Any], None] = lambda o: nn.utils.clip_grad_norm_(model.parameters(), 1e-3)  # type: ignore[assignment, return-value] # noqa: E731
    assert causes(lambda: fit(model, between=clip), probes=True)[0] == "clip_too_small"


def test_a_schedule_that_ends_the_run_early_is_named() -> None:
    model = mlp()
    optimizer = sgd(model, lr=0.05)
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
    stepped: Callable[[Any], None] = lambda o: (o.step(), scheduler.step(), None)[-1]  # noqa: E731
    assert causes(lambda: fit(model, optimizer=optimizer, between=stepped, step=False), probes=True)[0] == (
        "lr_decays_too_fast"
    )


def test_the_line_named_is_the_one_to_change() -> None:
    report = diagnosed(lambda: fit(mlp(nn.Softmax(dim=1)), epochs=2))
    where = report.findings[0].where
    assert where is not None
    assert "nn.Softmax(dim=1)" in where.source
    assert where.file.endswith("test_doctor_steps.py")


def test_a_certain_fault_ends_the_search_for_matters_of_degree() -> None:
    model = mlp(nn.Softmax(dim=1))
    report = diagnosed(lambda: fit(model, optimizer=sgd(model, lr=1e-4)), probes=True)
    assert [finding.cause for finding in report.findings] == ["softmax_before_cross_entropy"]


def test_a_loop_without_a_module_is_not_called_healthy() -> None:
    x = torch.linspace(-1, 1, 64)
    weight = torch.zeros(1, requires_grad=True)
    with Doctor() as doctor:
        for _ in range(20):
            ((weight * x - 2 * x) ** 2).mean().backward()
            with torch.no_grad():
                weight -= 0.5 * weight.grad
                weight.grad = None
    report = doctor.report()
    assert (report.verdict, report.findings) == ("uncertain", ())


# -- gradients that are for something else, or come from elsewhere ----------------------------------------------------


def transformed() -> None:
    """Give each parameter the gradient that torch.func computes, sample by sample."""
    model = mlp()
    parameters = dict(model.named_parameters())
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)

    def loss(values: dict[str, Tensor], x: Tensor, y: Tensor) -> Tensor:
        return F.cross_entropy(torch.func.functional_call(model, values, (x[None],)), y[None])

    per_sample = torch.func.vmap(torch.func.grad(loss), in_dims=(None, 0, 0))
    for rows in torch.arange(len(X)).split(100):
        found = per_sample({name: p.detach() for name, p in parameters.items()}, X[rows], Y[rows])
        for name, parameter in parameters.items():
            parameter.grad = found[name].mean(0)
        optimizer.step()


def attacked() -> None:
    """Train on inputs that are moved uphill first, which leaves gradients in the weights."""
    model = mlp()
    optimizer = sgd(model)
    for rows in torch.arange(len(X)).repeat(3).split(50):
        shift = torch.zeros_like(X[rows], requires_grad=True)
        F.cross_entropy(model(X[rows] + shift), Y[rows]).backward()
        optimizer.zero_grad()
        F.cross_entropy(model(X[rows] + 0.02 * shift.grad.sign()), Y[rows]).backward()
        optimizer.step()
        optimizer.zero_grad()


def test_gradients_that_a_script_sets_itself_are_no_missing_backward() -> None:
    report = diagnosed(transformed)
    assert report.findings == ()
    assert report.verdict == "uncertain"  # what a function was transformed to is not seen


def test_what_a_pass_for_the_inputs_leaves_in_the_weights_may_be_cleared() -> None:
    assert causes(attacked) == []


def test_only_the_better_runs_of_a_sweep_are_judged_by_their_settings() -> None:
    def sweep(*rates: float) -> None:
        for rate in rates:
            model = mlp()
            fit(model, optimizer=torch.optim.Adam(model.parameters(), lr=rate))

    assert causes(lambda: sweep(1e-4), probes=True) == ["lr_too_low"]
    assert causes(lambda: sweep(1e-4, 1e-2), probes=True) == []


@pytest.mark.parametrize("maximised", [True, False])
def test_a_score_that_is_minimised_turns_the_answers_round(maximised: bool) -> None:
    assert causes(lambda: overlap(maximised=maximised), probes=True)[:1] == ["loss_sign_flipped"] * maximised


def counted(sign: float) -> None:
    """Fit the rates of counts by their likelihood, written down by hand, or by its negative."""
    torch.manual_seed(0)
    x = torch.randn(800, 6)
    y = torch.poisson((0.4 * x[:, 0] + 0.3 * x[:, 1] + 1).exp())
    model = nn.Sequential(nn.Linear(6, 32), nn.Tanh(), nn.Linear(32, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.003)
    for _ in range(30):
        for rows in torch.randperm(800).split(50):
            rate = model(x[rows]).squeeze(1)
            loss = sign * (y[rows] * rate - rate.exp()).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()


def pointing(sign: float) -> None:
    """Learn to point at the code of a class, or away from it."""
    torch.manual_seed(0)
    codes = F.normalize(torch.randn(10, 16), dim=1)
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 16))
    fit(
        model,
        lambda out, y: sign * F.cosine_similarity(out, codes[y]).mean(),
        torch.optim.Adam(model.parameters(), 4e-3),
    )


def compared(*, swapped: bool) -> None:
    """Learn which of two comes first, with the two the right way round or not, and print how often it is right."""
    torch.manual_seed(0)
    x = torch.randn(600, 8)
    worth = x[:, :3].sum(1)
    model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.002)
    for _ in range(12):
        for _ in range(8):
            one, other = torch.randint(600, (2, 64))
            first = torch.sign(worth[one] - worth[other])
            pair = (model(x[one]).squeeze(1), model(x[other]).squeeze(1))
            loss = F.margin_ranking_loss(*(reversed(pair) if swapped else pair), first, margin=0.5)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        with torch.no_grad():
            one, other = torch.randint(600, (2, 500))
            score = model(x).squeeze(1)
            right = (score[one] > score[other]) == (worth[one] > worth[other])
        print(f"pair accuracy {right.float().mean():.3f}")


SIGNS: dict[str, Callable[[bool], None]] = {
    "a loss without an end": lambda flipped: counted(1.0 if flipped else -1.0),
    "answers that point away": lambda flipped: pointing(1.0 if flipped else -1.0),
    "a printed score that falls": lambda flipped: compared(swapped=flipped),
}


@pytest.mark.parametrize("flipped", [True, False])
@pytest.mark.parametrize("name", SIGNS)
def test_a_sign_shows_in_more_than_scores(name: str, flipped: bool) -> None:
    assert causes(lambda: SIGNS[name](flipped), probes=True)[:1] == ["loss_sign_flipped"] * flipped
